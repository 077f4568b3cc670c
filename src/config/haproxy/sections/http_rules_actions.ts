/** The actions of `http-request` and `http-response` that change or look at a message, and the table of all that are built. */
import { didYouMean } from "../../diagnostics.ts";
import { hasSide } from "../draft.ts";
import { notYet } from "../later.ts";
import type { Word } from "../words.ts";
import { MAX_INT } from "./arguments.ts";
import {
  oneLine,
  type ReadAction,
  readExpression,
  readFormat,
  readName,
  readRegex,
  type RuleKind,
  type RuleReader,
} from "./http_rules_reader.ts";
import { readRedirect } from "./http_rules_redirects.ts";
import { readDeny, readReturn } from "./http_rules_replies.ts";

const BOTH: Readonly<Record<string, ReadAction>> = {
  allow: (args) => ({ action: { kind: "allow" }, rest: args }),
  "set-header": header("set-header"),
  "add-header": header("add-header"),
  "del-header": delHeader,
  "replace-header": replace("replace-header"),
  "replace-value": replace("replace-value"),
  deny: readDeny,
  return: readReturn,
  redirect(args, rule) {
    const made = readRedirect(args, rule, true);
    return made === null ? null : { action: { kind: "redirect", redirect: made.redirect }, rest: made.rest };
  },
};

export const ACTIONS: Readonly<Record<RuleKind, Readonly<Record<string, ReadAction | undefined>>>> = {
  request: {
    ...BOTH,
    "set-method": requestLine("set-method"),
    "set-path": requestLine("set-path"),
    "set-pathq": requestLine("set-pathq"),
    "set-query": requestLine("set-query"),
    "set-uri": requestLine("set-uri"),
    capture: captureRequest,
  },
  response: { ...BOTH, "set-status": setStatus, capture: captureResponse },
};

/** An empty word is no argument, as in haproxy. */
const given = (args: readonly Word[], count: number): boolean =>
  args.slice(0, count).filter(({ text }) => text !== "").length === count;

function header(kind: "set-header" | "add-header"): ReadAction {
  return (args, rule) => {
    const [word, format] = args;
    if (word === undefined || format === undefined || !given(args, 2)) {
      return rule.fail(undefined, "expects exactly 2 arguments.");
    }
    const name = readName(word, rule);
    const text = readFormat(format, rule);
    return name === null || text === null ? null : { action: { kind, name, format: text }, rest: args.slice(2) };
  };
}

const MATCHES = ["str", "beg", "end", "sub", "reg"] as const;

function delHeader(args: Word[], rule: RuleReader): ReturnType<ReadAction> {
  const [word, flag, method] = args;
  if (word === undefined || !given(args, 1)) return rule.fail(undefined, "expects at least 1 argument.");
  if (flag?.text !== "-m") {
    const name = readName(word, rule);
    return name === null ? null : { action: { kind: "del-header", name, match: "str" }, rest: args.slice(1) };
  }
  if (method === undefined) return rule.fail(flag, "-m flag expects exactly 1 argument.");
  const match = MATCHES.find((one) => one === method.text);
  if (match === undefined) {
    const hint = didYouMean(method.text, MATCHES) ?? `It is one of ${MATCHES.join(", ")}`;
    return rule.fail(method, `-m with unsupported matching method '${method.text}'.`, hint);
  }
  const name = match === "reg" ? readRegex(word, rule) : match === "str" ? readName(word, rule) : word.text;
  return name === null ? null : { action: { kind: "del-header", name, match }, rest: args.slice(3) };
}

function replace(kind: "replace-header" | "replace-value"): ReadAction {
  return (args, rule) => {
    const [word, pattern, format] = args;
    if (word === undefined || pattern === undefined || format === undefined || !given(args, 3)) {
      return rule.fail(undefined, "expects exactly 3 arguments.");
    }
    const name = readName(word, rule);
    const regex = readRegex(pattern, rule);
    const text = readFormat(format, rule);
    if (name === null || regex === null || text === null) return null;
    return { action: { kind, name, regex, format: text }, rest: args.slice(3) };
  };
}

function requestLine(kind: "set-method" | "set-path" | "set-pathq" | "set-query" | "set-uri"): ReadAction {
  return (args, rule) => {
    const [format, next] = args;
    const ends = next === undefined || next.text === "if" || next.text === "unless";
    if (format === undefined || !given(args, 1) || !ends) {
      return rule.fail(next, "expects exactly 1 argument <format>.");
    }
    const text = readFormat(format, rule);
    return text === null ? null : { action: { kind, format: text }, rest: args.slice(1) };
  };
}

/** Statuses whose answers have no body: the one that comes would be taken for the next answer. */
const isBodiless = (status: number): boolean => status < 200 || status === 204 || status === 304;

function setStatus(args: Word[], rule: RuleReader): ReturnType<ReadAction> {
  const [code, keyword, phrase] = args;
  if (code === undefined) {
    return rule.fail(undefined, "expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>.");
  }
  const status = /^[0-9]{3}$/.test(code.text) ? Number(code.text) : 0;
  if (status < 100) return rule.fail(code, "expects an integer status code between 100 and 999.");
  if (isBodiless(status)) {
    const message = `'http-response set-status ${status}' is not supported yet: such an answer has no body`;
    notYet(rule.load, code, `set-status ${status}`, message);
    return null;
  }
  const hasReason = keyword?.text === "reason" && phrase !== undefined;
  if (hasReason && oneLine(phrase, rule) === null) return null;
  const action = { kind: "set-status", status, reason: hasReason ? phrase.text : null } as const;
  return { action, rest: args.slice(hasReason ? 3 : 1) };
}

/** "capture <sample> { len <length> | id <slot> }" */
function captureRequest(args: Word[], rule: RuleReader): ReturnType<ReadAction> {
  const [sample, keyword, number, ...rest] = joined(args);
  if (sample === undefined || keyword === undefined || number === undefined) {
    return rule.fail(keyword, "expects <expression> [ 'len' <length> | id <idx> ].");
  }
  const expression = readExpression(sample, rule);
  if (expression === null) return null;
  switch (keyword.text) {
    case "len": {
      const { draft } = rule;
      if (!hasSide(draft, "frontend")) {
        return rule.fail(keyword, `proxy '${draft.proxy.name}' has no frontend capability.`);
      }
      const length = wholeNumber(number.text);
      if (length === null || length < 1) return rule.fail(number, "length must be > 0.");
      draft.places.capture ??= rule.at;
      const slot = draft.proxy.requestCaptures.push({ name: "", length }) - 1;
      return { action: { kind: "capture", expression, slot }, rest };
    }
    case "id": {
      const slot = readSlot(number, rule);
      return slot === null ? null : { action: { kind: "capture", expression, slot }, rest };
    }
    default:
      return rule.fail(keyword, `expects 'len' or 'id', found '${keyword.text}'.`);
  }
}

/** "capture <sample> id <slot>" */
function captureResponse(args: Word[], rule: RuleReader): ReturnType<ReadAction> {
  const [sample, keyword, number, ...rest] = joined(args);
  if (sample === undefined || keyword === undefined || number === undefined) {
    return rule.fail(keyword, "expects <expression> id <idx>.");
  }
  const expression = readExpression(sample, rule);
  if (expression === null) return null;
  if (keyword.text !== "id") return rule.fail(keyword, `expects 'id', found '${keyword.text}'.`);
  const slot = readSlot(number, rule);
  return slot === null ? null : { action: { kind: "capture", expression, slot }, rest };
}

/** Converters may stand behind the fetch as words of their own. */
function joined(args: Word[]): Word[] {
  const end = args.findIndex(({ text }, i) => i > 0 && (text === "len" || text === "id"));
  const [first] = args;
  if (first === undefined || end < 2) return args;
  return [{ ...first, text: args.slice(0, end).map(({ text }) => text).join(",") }, ...args.slice(end)];
}

/** Of a slot: whether there is one is known when the whole has been read. */
function readSlot(word: Word, rule: RuleReader): number | null {
  const slot = wholeNumber(word.text);
  return slot === null ? rule.fail(word, `cannot parse id '${word.text}'.`) : slot;
}

function wholeNumber(text: string): number | null {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= MAX_INT ? Number(text) : null;
}
