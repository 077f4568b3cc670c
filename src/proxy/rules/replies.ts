/**
 * Answers that rules make (`deny`, `return`): an error page, a file that is a whole message, or a head and body of our own.
 * What never changes is bytes made at load; the rest is composed when the rule runs, and copied when it is sent.
 */
import type { Reply as ReplyModel } from "../../config/haproxy/model.ts";
import { type LineBuffer, lineBuffer, putByte, putInt, putText } from "../../logs/line_buffer.ts";
import { METHOD } from "../http1/head.ts";
import type { SampleContext } from "../samples/context.ts";
import type { Scope } from "../samples/types.ts";
import { createErrorPages, type ErrorReply } from "./error_pages.ts";
import { saysClose } from "./fields.ts";
import { reasonOf } from "./reasons.ts";
import type { Reply } from "./reply.ts";
import type { RuleSite } from "./site.ts";
import { compileText, type RuleText } from "./text.ts";

export type Termination = Reply["termination"];

/** What gives the answer now; it is to be sent before the next one is asked for. */
export type ReplyMaker = (context: SampleContext) => ErrorReply;

export function compileReply(model: ReplyModel, termination: Termination, site: RuleSite, scope: Scope): ReplyMaker {
  const { status, body } = model;
  if (body?.kind === "default") {
    const end = ending(termination);
    return (context) => end(site.errorPage(context, status));
  }
  if (body?.kind === "message") {
    const page = createErrorPages([{ status, page: { kind: "message", text: body.text } }])(status);
    const reply: ErrorReply = { ...page, status, termination };
    return () => reply;
  }
  return compileMessage(model, termination, site, scope);
}

/** Gives error pages another termination state. Made once for each page. */
export function ending(termination: Termination): (page: ErrorReply) => ErrorReply {
  const made = new Map<ErrorReply, ErrorReply>();
  return (page) => {
    if (page.termination === termination) return page;
    let reply = made.get(page);
    if (reply === undefined) made.set(page, reply = { ...page, termination });
    return reply;
  };
}

interface Field {
  /** With the colon and the blank behind it. */
  name: string;
  value: RuleText;
}

/** The connection is the multiplexer's business: a rule's field can but end it. */
const isConnection = (name: string): boolean => name.toLowerCase() === "connection";

function compileMessage(model: ReplyModel, termination: Termination, site: RuleSite, scope: Scope): ReplyMaker {
  const { status, headers } = model;
  const fields: Field[] = headers.filter(({ name }) => !isConnection(name)).map(({ name, format }) => ({
    name: `${name.toLowerCase()}: `,
    value: compileText(format, site, scope),
  }));
  const closes = headers.some(({ name, format }) => isConnection(name) && saysClose(format));
  const body = bodyOf(model, site, scope);
  const reply = newReply(status, termination, closes);
  const statusLine = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;

  function compose(context: SampleContext, head: LineBuffer, payload: LineBuffer): void {
    payload.at = 0;
    body?.put(context, payload);
    head.at = 0;
    putText(head, statusLine);
    for (const { name, value } of fields) {
      putText(head, name);
      value.put(context, head);
      putText(head, "\r\n");
    }
    // RFC 9110 §8.6
    if (status === 204) return;
    putText(head, "content-length: ");
    putInt(head, payload.at);
    putText(head, "\r\n");
    if (payload.at > 0 && model.contentType !== null) putText(head, `content-type: ${model.contentType}\r\n`);
  }

  const constant = fields.every(({ value }) => value.constant !== null) && (body === null || body.constant !== null);
  if (constant) {
    const head = lineBuffer(staticSize(statusLine, fields, model));
    const payload = lineBuffer(body?.constant?.length ?? 0);
    compose(NO_CONTEXT, head, payload);
    reply.set(head, payload);
    return () => reply;
  }
  const overflow = ending(termination);
  reserve(site.bufsize);
  return (context) => {
    compose(context, headBuffer, bodyBuffer);
    if (isFull(headBuffer) || isFull(bodyBuffer)) return overflow(site.errorPage(context, 500));
    reply.set(headBuffer, bodyBuffer);
    return reply;
  };
}

/** For texts that do not look at it. */
const NO_CONTEXT = undefined as unknown as SampleContext;

function bodyOf({ body }: ReplyModel, site: RuleSite, scope: Scope): RuleText | null {
  switch (body?.kind) {
    case "format":
      return compileText(body.text, site, scope);
    case "string": {
      const { text } = body;
      // No format: a percent sign is one.
      return { constant: text, string: () => text, put: (_, out) => putText(out, text), add: () => false };
    }
    default:
      return null;
  }
}

const staticSize = (statusLine: string, fields: readonly Field[], model: ReplyModel): number =>
  statusLine.length + fields.reduce((sum, { name, value }) => sum + name.length + value.constant!.length + 2, 0) +
  (model.contentType?.length ?? 0) + 64;

/** Where answers that depend on the request are composed: one at a time. */
let headBuffer = lineBuffer(0);
let bodyBuffer = lineBuffer(0);

function reserve(bytes: number): void {
  if (headBuffer.bytes.length >= bytes) return;
  headBuffer = lineBuffer(bytes);
  bodyBuffer = lineBuffer(bytes);
}

/** What did not fit has been cut off. */
const isFull = ({ at, bytes }: LineBuffer): boolean => at >= bytes.length;

/** An answer whose parts are set when they are known. */
export interface PartsReply extends ErrorReply {
  /** Status line and fields, each with its end; and the body. They are copied when the answer is written. */
  set(head: LineBuffer, body: LineBuffer): void;
}

const CLOSE = "connection: close\r\n";
const KEEP_ALIVE = "connection: keep-alive\r\n";

export function newReply(status: number, termination: Termination, closes: boolean): PartsReply {
  let head = NOTHING;
  let body = NOTHING;
  const reply: PartsReply = {
    status,
    termination,
    closes,
    silent: false,
    size: 0,
    set(newHead, newBody) {
      head = newHead;
      body = newBody;
      reply.size = head.at + body.at + KEEP_ALIVE.length + 2;
    },
    write(_context, request, out, at, close) {
      const line: LineBuffer = { bytes: out, at: at + head.bytes.copy(out, at, 0, head.at), blankAt: 0 };
      if (close || closes) putText(line, CLOSE);
      else if (request?.minor === 0) putText(line, KEEP_ALIVE);
      putByte(line, 13);
      putByte(line, 10);
      return request?.method === METHOD.HEAD ? line.at : line.at + body.bytes.copy(out, line.at, 0, body.at);
    },
  };
  return reply;
}

export const NOTHING: LineBuffer = lineBuffer(0);
