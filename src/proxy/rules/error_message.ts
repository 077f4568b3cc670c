/**
 * A whole HTTP response in a file (`errorfile`, `return ... errorfile`), taken apart at load into what is sent: names in
 * lower case, lines joined, and nothing left of what the proxy itself says about the connection.
 */

export interface ErrorMessage {
  status: number;
  /** 0: the file says HTTP/1.0, and so does what is sent. */
  minor: number;
  /** Status line and fields, each line with its end; neither a connection option of ours nor the empty line. */
  head: string;
  body: string;
  /** The connection ends behind it: it says so, or only the end of the connection ends its body. */
  closes: boolean;
}

export interface Problem {
  problem: string;
}

/** Characters of a token (RFC 9110 §5.6.2): names of fields. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const STATUS_LINE = /^HTTP\/(\d)\.(\d) +(\d{3})(?: +([^\r\n]*))?$/;
/** Connection options that the proxy decides itself. */
const OWN_OPTIONS = ["keep-alive", "close"];

/** Reads a byte string; a problem is worded as haproxy words it, for a message that names the file before it. */
export function parseErrorMessage(text: string): ErrorMessage | Problem {
  const start = /^(?:\r?\n)*/.exec(text)![0].length;
  const end = /\n\r?\n/.exec(text.slice(start));
  // A length of -2 is how haproxy says "incomplete".
  if (end === null) return unreadable(/^HTTP\/\d/.test(text.slice(start)) ? -2 : start);
  const lines = text.slice(start, start + end.index).split("\n");
  const body = text.slice(start + end.index + end[0].length);

  const first = STATUS_LINE.exec(withoutCr(lines[0]!));
  if (first === null) return unreadable(start);
  const status = Number(first[3]);
  if (status < 101) return { problem: `invalid http status code for an error message (${status})` };
  const minor = first[1] === "1" && first[2] === "0" ? 0 : 1;

  const fields: Field[] = [];
  let at = start + lines[0]!.length + 1;
  for (const line of lines.slice(1)) {
    const problem = takeLine(fields, withoutCr(line), at);
    if (problem !== null) return problem;
    at += line.length + 1;
  }
  return assemble({ status, minor, reason: first[4] ?? "", fields, body });
}

const withoutCr = (line: string): string => line.replace(/\r$/, "");

interface Field {
  name: string;
  value: string;
}

function takeLine(fields: Field[], line: string, at: number): Problem | null {
  const last = fields.at(-1);
  if (/^[ \t]/.test(line) && last !== undefined) { // a folded value (RFC 9112 §5.2)
    last.value = `${last.value}  ${line}`.trim(); // the line's end becomes blanks
    return null;
  }
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!TOKEN.test(name)) return unreadable(at + (/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/.exec(line)?.index ?? 0));
  fields.push({ name: name.toLowerCase(), value: line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "") });
  return null;
}

function assemble(
  parts: { status: number; minor: number; reason: string; fields: Field[]; body: string },
): ErrorMessage | Problem {
  const { status, minor, reason, body } = parts;
  let { fields } = parts;
  const codings = fields.filter(({ name }) => name === "transfer-encoding");
  if (codings.some(({ value }) => /(^|,)\s*chunked\s*$/i.test(value))) {
    return { problem: "chunk-encoded payload not supported" };
  }
  // RFC 9112 §6.3: these never have one.
  const bodiless = status === 204 || status === 304 || status < 200;
  if (bodiless && body !== "") return { problem: "message payload not expected" };

  const lengths = new Set(fields.filter(({ name }) => name === "content-length").map(({ value }) => value));
  const [length] = lengths;
  if (lengths.size > 1 || length !== undefined && !/^\d+$/.test(length)) return unreadable(0);
  if (length !== undefined && !bodiless && Number(length) !== body.length) {
    return { problem: `payload size does not match the announced content-length (${body.length} != ${length})` };
  }
  // Said once, where it was said first.
  fields = fields.filter((field) =>
    field.name !== "content-length" || field === fields.find((f) => f.name === field.name)
  );

  let closes = length === undefined && !bodiless;
  for (const field of fields.filter(({ name }) => name === "connection")) {
    const options = field.value.split(",").map((option) => option.trim().toLowerCase());
    if (options.includes("close")) closes = true;
    field.value = field.value.split(",").filter((option) => !OWN_OPTIONS.includes(option.trim().toLowerCase()))
      .join(",").trim();
  }
  const lines = fields.filter(({ name, value }) => name !== "connection" || value !== "")
    .map(({ name, value }) => `${name}: ${value}\r\n`);
  return { status, minor, head: `HTTP/1.${minor} ${status} ${reason}\r\n${lines.join("")}`, body, closes };
}

/** @param offset of the byte that could not be read, as haproxy counts */
const unreadable = (offset: number): Problem => ({ problem: `unable to parse headers (error offset: ${offset})` });
