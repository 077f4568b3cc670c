/**
 * An HTTP answer as a check reads it: status line, a head that must be complete, a body as far as it came. Lines may end in
 * a bare LF, and nothing behind what is asked for is looked at, as with haproxy (test/checks compares them).
 */

export type Answer =
  /** More bytes may settle it. */
  | { kind: "incomplete" }
  /** No HTTP. */
  | { kind: "invalid" }
  | { kind: "head"; status: number; reason: string; body: string; bodyEnded: boolean };

const INCOMPLETE: Answer = { kind: "incomplete" };
const INVALID: Answer = { kind: "invalid" };

const STATUS_LINE = /^HTTP\/[0-9]\.[0-9] +([0-9]+)(?: +([^\r\n]*))?$/;
const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/;

/** @param ended the server sends no more */
export function readAnswer(text: string, ended: boolean): Answer {
  let at = 0;
  // RFC 9112 §2.2: an empty line or two before the start are let pass.
  while (text[at] === "\r" || text[at] === "\n") at++;
  if (!startsLikeHttp(text.slice(at, at + 5))) return INVALID;
  const lineEnd = text.indexOf("\n", at);
  if (lineEnd < 0) return ended ? INVALID : INCOMPLETE;
  const status = STATUS_LINE.exec(withoutCr(text.slice(at, lineEnd)));
  if (status === null) return INVALID;
  at = lineEnd + 1;
  let length: number | null = null;
  let chunked = false;
  let fields = 0;
  for (;;) {
    const end = text.indexOf("\n", at);
    if (end < 0) return ended ? INVALID : INCOMPLETE;
    const line = withoutCr(text.slice(at, end));
    at = end + 1;
    if (line === "") break;
    // A CR of its own is none of a line's (RFC 9112 §2.2).
    if (line.includes("\r")) return INVALID;
    // A line that begins with a blank goes on with the one before (RFC 9112 §5.2).
    if (fields > 0 && (line.startsWith(" ") || line.startsWith("\t"))) continue;
    fields++;
    if (!FIELD.test(line)) return INVALID;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "content-length") {
      if (!/^[0-9]+$/.test(value)) return INVALID;
      if (length !== null && length !== Number(value)) return INVALID;
      length = Number(value);
    } else if (name === "transfer-encoding") chunked = /(^|,)\s*chunked$/i.test(value);
  }
  const code = Number(status[1]);
  const rest = text.slice(at);
  const head = { kind: "head", status: code, reason: status[2] ?? "" } as const;
  if (chunked) return { ...head, ...dechunk(rest, ended) };
  // RFC 9112 §6.3: none of these has a body.
  const none = code < 200 || code === 204 || code === 304;
  const most = none ? 0 : length ?? Infinity;
  return { ...head, body: rest.slice(0, most), bodyEnded: ended || rest.length >= most };
}

const startsLikeHttp = (text: string): boolean => "HTTP/".startsWith(text);
const withoutCr = (line: string): string => line.endsWith("\r") ? line.slice(0, -1) : line;

function dechunk(text: string, ended: boolean): { body: string; bodyEnded: boolean } {
  let body = "";
  let at = 0;
  for (;;) {
    const size = /^([0-9a-fA-F]{1,8})[^\n]*\n/.exec(text.slice(at, at + 256));
    if (size === null) return { body, bodyEnded: ended };
    const length = parseInt(size[1]!, 16);
    if (length === 0) return { body, bodyEnded: true };
    at += size[0].length;
    body += text.slice(at, at + length);
    at = text.indexOf("\n", at + length) + 1;
    if (at === 0) return { body, bodyEnded: ended };
  }
}
