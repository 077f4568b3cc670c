/**
 * HTTP/1 messages as a test sees them: bytes of a connection taken apart into messages, without opinion on what a
 * message may hold, and the writing of requests and answers. What is no message stays as it is.
 */

export interface Message {
  /** The start line as it came. */
  line: string;
  fields: readonly (readonly [name: string, value: string])[];
  body: string;
  framing: "none" | "length" | "chunked" | "close";
  trailers: readonly (readonly [name: string, value: string])[];
  /** Some chunk's size was followed by something: blanks, an extension. */
  extensions: boolean;
}

export interface Reading {
  messages: readonly Message[];
  /** What follows the last whole message, where it is the beginning of one: with as much of the body as there is. */
  begun: Message | null;
  /** The same, as it came. */
  rest: string;
  /** `rest` belongs to another protocol: the connection was upgraded. */
  tunnel: boolean;
}

type Framing = { kind: "none" | "chunked" | "close" | "tunnel" } | { kind: "length"; length: number };
type Head = Pick<Message, "line" | "fields">;

/** `methods`: of the requests, in their order. Without an end a body until close is not whole. */
export function readAnswers(text: string, methods: readonly string[], ended: boolean): Reading {
  let answered = 0;
  return read(text, ended, (head) => {
    const status = Number(head.line.split(" ")[1]);
    if (status === 101) return { kind: "tunnel" };
    if (status < 200) return { kind: "none" };
    const method = methods[answered++] ?? "GET";
    if (method === "CONNECT" && status < 300) return { kind: "tunnel" };
    if (method === "HEAD" || status === 204 || status === 304) return { kind: "none" };
    return framingOf(head) ?? { kind: "close" };
  });
}

/** `switched`: the server has taken the last request as the beginning of another protocol. */
export function readRequests(text: string, switched: (head: Head) => boolean = () => false): Reading {
  return read(text, false, (head) => switched(head) ? { kind: "tunnel" } : framingOf(head) ?? { kind: "none" });
}

export function fieldOf(head: Head, name: string): string | null {
  return head.fields.find(([one]) => one.toLowerCase() === name)?.[1] ?? null;
}

function framingOf(head: Head): Framing | null {
  const codings = head.fields.filter(([name]) => name.toLowerCase() === "transfer-encoding");
  if (codings.some(([, value]) => /\bchunked\b/i.test(value))) return { kind: "chunked" };
  const length = fieldOf(head, "content-length");
  return length === null ? null : { kind: "length", length: Number(length) };
}

function read(text: string, ended: boolean, framing: (head: Head) => Framing): Reading {
  const messages: Message[] = [];
  let begun: Message | null = null;
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [line = "", ...lines] = text.slice(at, end).split("\r\n");
    const head = { line, fields: lines.map(fieldIn) };
    const frame = framing(head);
    const from = end + 4;
    const empty = { ...head, body: "", trailers: [], extensions: false };
    if (frame.kind === "tunnel") {
      messages.push({ ...empty, framing: "none" });
      return { messages, begun: null, rest: text.slice(from), tunnel: true };
    }
    if (frame.kind === "none") {
      messages.push({ ...empty, framing: "none" });
      at = from;
    } else if (frame.kind === "length") {
      const message: Message = { ...empty, body: text.slice(from, from + frame.length), framing: "length" };
      if (message.body.length < frame.length || !(frame.length >= 0)) {
        begun = message;
        break;
      }
      messages.push(message);
      at = from + frame.length;
    } else if (frame.kind === "close") {
      const message: Message = { ...empty, body: text.slice(from), framing: "close" };
      if (!ended) {
        begun = message;
        break;
      }
      messages.push(message);
      at = text.length;
    } else {
      const { end, whole, ...chunks } = readChunks(text, from);
      const message: Message = { ...head, ...chunks, framing: "chunked" };
      if (!whole) {
        begun = message;
        break;
      }
      messages.push(message);
      at = end;
    }
  }
  return { messages, begun, rest: text.slice(at), tunnel: false };
}

function fieldIn(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()];
}

interface Chunks extends Pick<Message, "body" | "trailers" | "extensions"> {
  /** Else what follows is not whole, or no chunk. */
  whole: boolean;
  end: number;
}

function readChunks(text: string, from: number): Chunks {
  const size = /([0-9A-Fa-f]+)([ \t]*(?:;[^\r\n]*)?)\r\n/y;
  const parts: string[] = [];
  let extensions = false;
  const read = (whole: boolean, end: number, trailers: Message["trailers"] = []): Chunks => (
    { body: parts.join(""), trailers, extensions, whole, end }
  );
  for (let at = from;;) {
    size.lastIndex = at;
    const found = size.exec(text);
    if (found === null) return read(false, at);
    extensions ||= found[2] !== "";
    at = size.lastIndex;
    const length = parseInt(found[1] ?? "", 16);
    if (length === 0) {
      const end = text.startsWith("\r\n", at) ? at : text.indexOf("\r\n\r\n", at);
      if (end < 0) return read(false, at);
      return end === at ? read(true, end + 2) : read(true, end + 4, text.slice(at, end).split("\r\n").map(fieldIn));
    }
    parts.push(text.slice(at, at + length));
    if (text.slice(at + length, at + length + 2) !== "\r\n") return read(false, at);
    at += length + 2;
  }
}

/** The methods of all requests in what a client sent, for readAnswers. */
export function methodsIn(sent: string): string[] {
  return [...sent.matchAll(/(?:^|\n)([A-Z]+) \S+ HTTP\/1\.[01]\r?\n/g)].map((found) => found[1] ?? "");
}

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");

/** A message from its lines, with the empty line behind them. */
export const head = (...all: string[]) => lines(...all, "");

export const get = (path: string = "/", ...fields: string[]) => head(`GET ${path} HTTP/1.1`, "Host: h", ...fields);

export const post = (body: string, ...fields: string[]) =>
  head("POST / HTTP/1.1", "Host: h", `Content-Length: ${body.length}`, ...fields) + body;

export const answer = (status: string, body: string, ...fields: string[]) =>
  head(`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields) + body;

export const ok = (body: string = "ok", ...fields: string[]) => answer("200 OK", body, ...fields);

/** The chunks of a body, its last one and the empty line behind the trailers. */
export const chunked = (parts: readonly string[], ...trailers: string[]) =>
  parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("") + lines("0", ...trailers, "");
