/** The words that say what `deny` and `return` answer (configuration.txt, "http-request return"). */
import { warning } from "../../diagnostics.ts";
import { title } from "../draft.ts";
import { notYet } from "../later.ts";
import type { Reply } from "../model.ts";
import type { Word } from "../words.ts";
import { namedFile } from "./arguments.ts";
import { ERROR_STATUSES, readMessage } from "./errors.ts";
import { checkFormat, oneLine, type ReadAction, readFormat, type RuleReader } from "./http_rules_reader.ts";

const ends = (word: Word | undefined): boolean => word === undefined || word.text === "if" || word.text === "unless";

/** With no argument, or `deny_status` alone, it answers with the error page. */
export function readDeny(args: Word[], rule: RuleReader): ReturnType<ReadAction> {
  const status = rule.kind === "request" ? 403 : 502;
  if (ends(args[0])) return { action: { kind: "deny", reply: errorPage(status) }, rest: args };
  const legacy = args[0]?.text === "deny_status";
  const made = readReply(args, status, legacy, rule);
  if (made === null) return null;
  const { reply, rest } = made;
  if (!legacy || args.length - rest.length > 2) return { action: { kind: "deny", reply }, rest };
  if (!hasPage(reply.status, rule)) return null;
  return { action: { kind: "deny", reply: errorPage(reply.status) }, rest };
}

export function readReturn(args: Word[], rule: RuleReader): ReturnType<ReadAction> {
  const made = readReply(args, 200, false, rule);
  return made === null ? null : { action: { kind: "return", reply: made.reply }, rest: made.rest };
}

const errorPage = (status: number): Reply => ({ status, body: { kind: "default" }, contentType: null, headers: [] });

function hasPage(status: number, rule: RuleReader): boolean {
  if (ERROR_STATUSES.includes(status)) return true;
  const known = `It is one of ${ERROR_STATUSES.join(", ")}`;
  rule.fail(undefined, `status code '${status}' not handled by default with 'default-errorfiles' argument.`, known);
  return false;
}

/** What has been read so far. */
interface Draft {
  reply: Reply;
  contentType: Word | null;
  /** The word that says what the body is. */
  body: Word | null;
  headers: Word | null;
}

/** Reads the words behind the name of an argument; null: a mistake, which has been reported. */
type Read = (name: Word, values: Word[], draft: Draft, rule: RuleReader) => true | null;

const ARGUMENTS: Readonly<Record<string, { values: readonly string[]; read: Read }>> = {
  status: { values: ["<status_code>"], read: status },
  "content-type": { values: ["<ctype>"], read: contentType },
  hdr: { values: ["<name>", "<value>"], read: header },
  "default-errorfiles": { values: [], read: body(() => ({ kind: "default" })) },
  errorfile: { values: ["<fmt>"], read: body(message) },
  errorfiles: {
    values: ["<name>"],
    read: body((_, word, { load, what }) => {
      notYet(load, word, `${what} errorfiles`, `'errorfiles' in ${what} is not supported yet`);
      return null;
    }),
  },
  file: { values: ["<file>"], read: body((path, _, rule) => payload("string", readFile(path, rule), rule)) },
  "lf-file": { values: ["<file>"], read: body((path, _, rule) => payload("format", readFile(path, rule), rule)) },
  string: { values: ["<str>"], read: body((text, _, rule) => payload("string", text, rule)) },
  "lf-string": { values: ["<fmt>"], read: body((text, _, rule) => payload("format", text, rule)) },
};

/** @param legacy the first word, `deny_status`, is `status` */
function readReply(
  args: Word[],
  status: number,
  legacy: boolean,
  rule: RuleReader,
): { reply: Reply; rest: Word[] } | null {
  const draft: Draft = { reply: { ...errorPage(status), body: null }, contentType: null, body: null, headers: null };
  let at = 0;
  while (at < args.length) {
    const name = args[at]!;
    const key = legacy && at === 0 ? "status" : name.text;
    const argument = Object.hasOwn(ARGUMENTS, key) ? ARGUMENTS[key] : undefined;
    if (argument === undefined) break;
    const values = args.slice(at + 1, at + 1 + argument.values.length);
    if (values.length < argument.values.length || values.some(({ text }) => text === "")) {
      const expected = argument.values.join(" and ");
      const count = argument.values.length > 1 ? "arguments" : "argument";
      return rule.fail(name, `'${key}' expects ${expected} as ${count}.`);
    }
    if (argument.read(name, values, draft, rule) === null) return null;
    at += 1 + values.length;
  }
  return finish(draft, rule) ? { reply: draft.reply, rest: args.slice(at) } : null;
}

function status(_: Word, [code]: Word[], { reply }: Draft, rule: RuleReader): true | null {
  const text = code?.text ?? "";
  const value = /^[0-9]{3}$/.test(text) ? Number(text) : 0;
  if (value < 200 || value > 599) {
    return rule.fail(code, `Unexpected status code '${text}'.`, "It must be 200 to 599");
  }
  reply.status = value;
  return true;
}

function contentType(name: Word, [type]: Word[], draft: Draft, rule: RuleReader): true | null {
  const text = type === undefined ? null : oneLine(type, rule);
  if (text === null) return null;
  draft.contentType = name;
  draft.reply.contentType = text;
  return true;
}

const OWN_FIELDS = ["content-length", "transfer-encoding", "content-type"];

function header(name: Word, [field, value]: Word[], draft: Draft, rule: RuleReader): true | null {
  if (field === undefined || value === undefined) return null;
  if (OWN_FIELDS.includes(field.text.toLowerCase())) {
    warning(rule.load.diagnostics, field, `header '${field.text}' always ignored by the http reply.`);
    return true;
  }
  const format = readFormat(value, rule);
  if (oneLine(field, rule) === null || format === null) return null;
  draft.headers ??= name;
  draft.reply.headers.push({ name: field.text, format });
  return true;
}

type Body = NonNullable<Reply["body"]>;

/** Of the words that say what the body is there is one at most. `make` gets the first value and its word. */
function body(make: (text: string, word: Word, rule: RuleReader) => Body | null): Read {
  return (name, [value], draft, rule) => {
    if (draft.body !== null) {
      return rule.fail(name, `unexpected '${name.text}' argument, '${draft.body.text}' already defined.`);
    }
    draft.body = name;
    const word = value ?? name;
    draft.reply.body = make(word.text, word, rule);
    if (draft.reply.body === null) return null;
    if (draft.reply.body.kind === "format") {
      const text = { ...word, text: draft.reply.body.text };
      // What stands in a file is not in the line.
      if (checkFormat(name.text === "lf-file" ? { ...text, length: word.length } : text, rule) === null) return null;
    }
    return true;
  };
}

function message(_: string, word: Word, { load, line, what, draft }: RuleReader): Body | null {
  const text = readMessage(word, `error detected in ${title(draft)} while parsing ${what} rule`, line, load);
  return text === null ? null : { kind: "message", text };
}

function readFile(path: string, rule: RuleReader): string | null {
  const { load, line } = rule;
  const text = load.checks.readFile(namedFile(path, line, load));
  return text ?? rule.fail(undefined, `error opening file '${path}'.`);
}

function payload(kind: "string" | "format", text: string | null, rule: RuleReader): Body | null {
  if (text === null) return null;
  const { bufsize, maxrewrite } = rule.load.global.global.tune;
  if (text.length > bufsize) {
    return rule.fail(undefined, `the body exceeds the buffer size (${text.length} > ${bufsize}).`);
  }
  if (kind === "string" && text.length > bufsize - maxrewrite) {
    warning(
      rule.load.diagnostics,
      rule.at,
      "http reply payload runs over the buffer space reserved to headers rewriting. It may lead to internal errors if " +
        "strict rewriting mode is enabled.",
    );
  }
  return { kind, text };
}

/** What only the whole can tell. */
function finish({ reply, contentType, headers, body: at }: Draft, rule: RuleReader): boolean {
  const d = rule.load.diagnostics;
  const { body } = reply;
  const ignored = (reason: string): void => {
    if (contentType === null) return;
    warning(d, contentType, `content-type '${reply.contentType}' ignored by the http reply ${reason}.`);
    reply.contentType = null;
  };
  switch (body?.kind) {
    case undefined:
      ignored("because neither errorfile nor payload defined");
      return true;
    case "default":
    case "message":
      ignored("when used with an errorfile");
      if (headers !== null) {
        warning(d, headers, "hdr parameters ignored by the http reply when used with an errorfile.");
      }
      reply.headers = [];
      return body.kind === "message" || hasPage(reply.status, rule);
    case "string":
      if (body.text === "") {
        ignored("when used with an empty payload");
        return true;
      }
      if (contentType === null) {
        rule.fail(at ?? undefined, "a content type must be defined when non-empty payload is configured.");
        return false;
      }
      break;
    case "format":
      if (contentType === null) {
        rule.fail(at ?? undefined, "a content type must be defined with a log-format payload.");
        return false;
      }
  }
  if (reply.status !== 204 && reply.status !== 304) return true;
  rule.fail(at ?? undefined, `No body expected for ${reply.status} responses.`);
  return false;
}
