/**
 * What the proxy answers when it must refuse: haproxy's standard pages, `errorfile` and `errorloc` in their place. All
 * bytes are made at load; while traffic runs they are only copied.
 */
import type { ErrorPage } from "../../config/haproxy/model.ts";
import { METHOD } from "../http1/head.ts";
import { type ErrorMessage, parseErrorMessage } from "./error_message.ts";
import type { Reply } from "./reply.ts";

export interface ErrorReply extends Reply {
  /**
   * The connection ends behind this reply whatever the request wants: the page says so (as the standard 400 and 408 do), or
   * has no length. `write` then says `connection: close` by itself.
   */
  closes: boolean;
  /** An empty errorfile: nothing is sent, the connection is closed. */
  silent: boolean;
}

export type ErrorPages = (status: number) => ErrorReply;

/** The standard pages: status, reason, text. The words and bytes are haproxy's, as seen on the wire. */
const STANDARD: readonly (readonly [status: number, reason: string, text: string])[] = [
  [200, "OK", "Service ready."],
  [400, "Bad request", "Your browser sent an invalid request."],
  [401, "Unauthorized", "You need a valid user and password to access this content."],
  [403, "Forbidden", "Request forbidden by administrative rules."],
  [404, "Not Found", "The resource could not be found."],
  [
    405,
    "Method Not Allowed",
    "A request was made of a resource using a request method not supported by that resource",
  ],
  [407, "Unauthorized", "You need a valid user and password to access this content."],
  [408, "Request Time-out", "Your browser didn't send a complete request in time."],
  [410, "Gone", "The resource is no longer available and will not be available again."],
  [413, "Payload Too Large", "The request entity exceeds the maximum allowed."],
  [421, "Misdirected Request", "Request sent to a non-authoritative server."],
  [422, "Unprocessable Content", "The server cannot process the contained instructions."],
  [425, "Too Early", "Your browser sent early data."],
  [429, "Too Many Requests", "You have sent too many requests in a given amount of time."],
  [500, "Internal Server Error", "An internal server error occurred."],
  [501, "Not Implemented", ".The server does not support the functionality required to fulfill the request."],
  [502, "Bad Gateway", "The server returned an invalid or incomplete response."],
  [503, "Service Unavailable", "No server is available to handle this request."],
  [504, "Gateway Time-out", "The server didn't respond in time."],
];

/** Of these two the standard page ends the connection: whoever could not say a request cannot be trusted to say the next. */
const CLOSING = [400, 408];

/** Statuses that have a page: those of `errorfile` and `deny_status`. */
export const ERROR_STATUSES: readonly number[] = STANDARD.map(([status]) => status);

/**
 * What is answered with each status. The last page given for a status wins: a backend's list is given behind its
 * frontend's. A status without a page of its own gets that of 500, as in haproxy.
 */
export function createErrorPages(...lists: (readonly ErrorPage[])[]): ErrorPages {
  const replies = new Map(standardReplies());
  for (const page of lists.flat()) replies.set(page.status, replyOf(page));
  const other = replies.get(500)!;
  return (status) => replies.get(status) ?? other;
}

/** The message of a status as it stands in the page, for answers that add fields of their own to it (401 and its challenge). */
export function errorMessage(pages: readonly ErrorPage[], status: number): ErrorMessage {
  const page = pages.findLast((page) => page.status === status);
  return messageOf(page === undefined ? standardText(status) : textOf(page), status);
}

let standard: Map<number, ErrorReply> | null = null;

function standardReplies(): Map<number, ErrorReply> {
  standard ??= new Map(ERROR_STATUSES.map((status) => {
    const text = standardText(status);
    return [status, createReply(status, messageOf(text, status), Buffer.from(text, "latin1"))];
  }));
  return standard;
}

/** Made once for each page, however many proxies have taken it from their `defaults`. */
const made = new WeakMap<ErrorPage, ErrorReply>();

function replyOf(page: ErrorPage): ErrorReply {
  let reply = made.get(page);
  if (reply === undefined) {
    const text = textOf(page);
    reply = text === ""
      ? silence(page.status)
      // What could not be read as a request gets the standard page in any case (seen with haproxy 2.6).
      : createReply(page.status, messageOf(text, page.status), Buffer.from(standardText(page.status), "latin1"));
    made.set(page, reply);
  }
  return reply;
}

function standardText(status: number): string {
  const [, reason, text] = STANDARD.find((row) => row[0] === status) ?? STANDARD.find((row) => row[0] === 500)!;
  const body = `<html><body><h1>${status} ${reason}</h1>\n${text}\n</body></html>\n`;
  const close = CLOSING.includes(status) ? "Connection: close\r\n" : "";
  return `HTTP/1.1 ${status} ${reason}\r\nContent-length: ${body.length}\r\nCache-Control: no-cache\r\n${close}` +
    `Content-Type: text/html\r\n\r\n${body}`;
}

function textOf({ page }: ErrorPage): string {
  if (page.kind === "message") return page.text;
  const reason = page.code === 302 ? "Found" : "See Other";
  return `HTTP/1.1 ${page.code} ${reason}\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ${page.url}\r\n\r\n`;
}

function messageOf(text: string, status: number): ErrorMessage {
  const message = parseErrorMessage(text);
  if ("problem" in message) throw new SyntaxError(`Cannot use the error page of status ${status}: ${message.problem}`);
  return message;
}

/** What the head says of the connection, by what it must tell: a 1.1 message persists unless it says otherwise. */
const CONNECTION = [
  { keepAlive11: "", keepAlive10: "connection: keep-alive\r\n", close: "connection: close\r\n" },
  { keepAlive11: "connection: keep-alive\r\n", keepAlive10: "connection: keep-alive\r\n", close: "" },
];

/** @param status that the log tells and rules asked for, whatever the page itself says */
function createReply(status: number, message: ErrorMessage, raw: Buffer): ErrorReply {
  const { head, body, closes } = message;
  const says = CONNECTION[message.minor === 0 ? 1 : 0]!;
  const whole = (connection: string) => Buffer.from(`${head}${connection}\r\n${body}`, "latin1");
  const keepAlive11 = whole(says.keepAlive11);
  const keepAlive10 = whole(says.keepAlive10);
  const closing = whole(says.close);
  return {
    status,
    termination: "PR",
    closes,
    silent: false,
    size: Math.max(keepAlive10.length, closing.length, raw.length),
    write(_context, request, out, at, close) {
      // No request that could be read: the bytes as they stand in the table, as haproxy's multiplexer sends them.
      if (request === null) return at + raw.copy(out, at);
      const message = close || closes ? closing : request.minor === 0 ? keepAlive10 : keepAlive11;
      const end = request.method === METHOD.HEAD ? message.length - body.length : message.length;
      return at + message.copy(out, at, 0, end);
    },
  };
}

function silence(status: number): ErrorReply {
  return {
    status,
    termination: "PR",
    closes: true,
    silent: true,
    size: 0,
    write: (_context, _request, _out, at) => at,
  };
}
