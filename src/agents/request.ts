/**
 * What a client asks an agent: a request of HTTP/1.0 or 1.1, or nothing at all, as the shell scripts expected.
 *
 * Pure. No more of HTTP is read than an answer depends on: method, path, query.
 */

export type Asked =
  | { kind: "partial" }
  /** Not HTTP: the client wants what the script said to everybody. */
  | { kind: "bare" }
  | { kind: "request"; method: string; path: string; query: string }
  | { kind: "tooLong" };

/** Of a request with all its fields; checks send a few hundred bytes. */
export const MAX_REQUEST_BYTES = 8192;

const REQUEST_LINE = /^([A-Z]{1,32}) ([^ ]+)(?: HTTP\/[0-9]\.[0-9])?$/;

/** @param text what has come until now, one character per byte; @param ended nothing follows it */
export function readRequest(text: string, ended: boolean): Asked {
  const lineEnd = text.indexOf("\n");
  const line = (lineEnd < 0 ? text : text.slice(0, lineEnd)).replace(/\r$/, "");
  if (lineEnd < 0 && !ended) return text.length > MAX_REQUEST_BYTES ? { kind: "tooLong" } : { kind: "partial" };
  const parts = REQUEST_LINE.exec(line);
  if (parts === null) return { kind: "bare" };
  // The fields are waited for, though none is read: closing before they have come could cost the client its answer.
  const whole = ended || /\n\r?\n/.test(text) || !line.includes(" HTTP/");
  if (!whole) return text.length > MAX_REQUEST_BYTES ? { kind: "tooLong" } : { kind: "partial" };
  const [path, query] = splitTarget(parts[2]!);
  return { kind: "request", method: parts[1]!, path, query };
}

/** The path of a target in origin or absolute form (RFC 9112 §3.2), and what follows its question mark. */
function splitTarget(target: string): [path: string, query: string] {
  const plain = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "");
  const mark = plain.indexOf("?");
  const path = mark < 0 ? plain : plain.slice(0, mark);
  return [path === "" || path === "*" ? "/" : path, mark < 0 ? "" : plain.slice(mark + 1)];
}
