/**
 * `http-request`, `http-response`, `redirect` and `use-server`: which action a rule has, and the condition behind it. The
 * arguments of the actions are read by http_rules_actions.ts and its like.
 */
import { alert, didYouMean, warning } from "../../diagnostics.ts";
import { hasSide, type Load, type ProxyDraft, type Standing, title } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import { HTTP_REQUEST_ACTIONS, HTTP_RESPONSE_ACTIONS } from "../language.ts";
import { notYet } from "../later.ts";
import type { Condition, HttpAction } from "../model.ts";
import type { Word } from "../words.ts";
import { readCondition } from "./acl.ts";
import { inside } from "./arguments.ts";
import { ACTIONS } from "./http_rules_actions.ts";
import type { RuleKind, RuleReader } from "./http_rules_reader.ts";
import { readRedirect } from "./http_rules_redirects.ts";
import { warnMisplaced } from "./order.ts";

const ANY = { side: "any", elsewhere: "ignored", defaults: "named" } as const;

export const ruleRows: ProxyRow[] = [
  { name: "http-request", args: [0, Infinity], ...ANY, parse: httpRule("request", HTTP_REQUEST_ACTIONS) },
  { name: "http-response", args: [0, Infinity], ...ANY, parse: httpRule("response", HTTP_RESPONSE_ACTIONS) },
  { name: "redirect", args: [0, Infinity], ...ANY, defaults: "no", parse: redirect },
  {
    name: "use-server",
    args: [1, Infinity],
    usage: "a server name",
    side: "backend",
    elsewhere: "ignored",
    defaults: "no",
    parse: useServer,
  },
];

/** Nothing behind such a rule is reached, unless it has a condition. */
const FINAL: readonly HttpAction["kind"][] = ["allow", "deny", "return", "redirect"];

/** Rules of a listen run for its backend. */
const standingOf = (kind: RuleKind, draft: ProxyDraft): Standing => {
  if (kind === "response") return "http-response";
  return draft.section === "frontend" ? "frontend http-request" : "backend http-request";
};

function httpRule(kind: RuleKind, language: readonly string[]) {
  const keyword = `http-${kind}`;
  const field = kind === "request" ? "httpRequestRules" : "httpResponseRules";
  return (args: Word[], call: Call<ProxyDraft>): void => {
    const { target, load } = call;
    const word = args[0];
    if (word === undefined) {
      return alert(load.diagnostics, call.keyword, `'${keyword}' expects an action (missing argument)`);
    }
    const read = ACTIONS[kind][word.text];
    if (read === undefined) return unknownAction(word, keyword, language, load);
    warnUnreachable(word, field, keyword, call);
    const rule = ruleOf(`'${keyword} ${word.text}'`, word, kind, call);
    const made = read(args.slice(1), rule);
    if (made === null) return;
    const condition = conditionOf(
      made.rest,
      `'${keyword} ${word.text}'`,
      `an '${keyword} ${word.text}' condition`,
      rule,
    );
    if (condition === undefined) return;
    if (kind === "request") warnMisplaced("http-request", call.keyword, target, load);
    target.proxy[field].push({ action: made.action, condition, place: call.keyword.place });
  };
}

function ruleOf(what: string, at: Word, kind: RuleKind, { load, line, target }: Call<ProxyDraft>): RuleReader {
  return {
    load,
    line,
    draft: target,
    at,
    kind,
    what,
    where: standingOf(kind, target),
    fail(word, message, hint = null) {
      const problem = `error detected in ${title(target)} while parsing ${what} rule : ${message}`;
      alert(load.diagnostics, word ?? at, problem, hint);
      return null;
    },
  };
}

/** One of the language, perhaps with its arguments in parentheses or the number of a counter; or none. */
function unknownAction(word: Word, keyword: string, language: readonly string[], load: Load): void {
  const name = word.text.replace(/\(.*/s, "").replace(/^track-sc[0-9]+$/, "track-sc");
  if (language.includes(name)) {
    return notYet(load, word, `${keyword} ${name}`, `'${keyword} ${name}' is not supported yet`);
  }
  const other = keyword === "http-request" ? "response" : "request";
  const hint = ACTIONS[other][word.text] === undefined
    ? didYouMean(word.text, language) ?? `It knows ${language.join(", ")}`
    : `It is an action of 'http-${other}'`;
  alert(load.diagnostics, word, `'${keyword}' expects an action, but got '${word.text}'`, hint);
}

function warnUnreachable(
  at: Word,
  field: "httpRequestRules" | "httpResponseRules",
  keyword: string,
  { target, load }: Call<ProxyDraft>,
): void {
  const last = target.proxy[field].at(-1);
  if (last === undefined || last.condition !== null || !FINAL.includes(last.action.kind)) return;
  warning(
    load.diagnostics,
    at,
    `previous '${keyword}' action is final and has no condition attached, further entries are NOOP.`,
  );
}

/** undefined: there is a mistake in it, which has been reported. `rest` is what follows the arguments of `rule`. */
function conditionOf(rest: Word[], rule: string, what: string, reader: RuleReader): Condition | null | undefined {
  const { load, line, draft } = reader;
  const first = rest[0];
  if (first === undefined) return null;
  if (first.text !== "if" && first.text !== "unless") {
    const message = `${rule} expects either 'if' or 'unless' followed by a condition but found '${first.text}'.`;
    alert(load.diagnostics, first, message, didYouMean(first.text, ["if", "unless"]));
    return undefined;
  }
  const condition = readCondition(rest, line, draft, load, what);
  if (condition === null) return undefined;
  warnUnfit(condition, first, reader);
  return condition;
}

/** Places as haproxy calls them. */
const placeName = ({ kind, draft, where }: RuleReader): string => {
  if (where === "http balance") return "backend use-server, balance or stick-match rule";
  return `${hasSide(draft, "frontend") ? "frontend" : "backend"} http-${kind} header rule`;
};

/** An ACL that asks for what is not known there never holds: most likely not what was meant. */
function warnUnfit({ terms }: Condition, at: Word, reader: RuleReader): void {
  const { load, draft, where } = reader;
  for (const name of new Set(terms.flat().map(({ acl }) => acl))) {
    const named = draft.proxy.acls.filter((acl) => acl.name === name);
    const [acl] = named;
    if (acl === undefined || named.some((one) => load.checks.aclFits(one, where))) continue;
    const subject = name.startsWith("{")
      ? `anonymous acl will never match because it uses keyword '${acl.criterion.replace(/[(,].*/s, "")}' which is`
      : `acl '${name}' will never match because it only involves keywords that are`;
    warning(load.diagnostics, at, `${subject} incompatible with '${placeName(reader)}'`);
  }
}

/** Its texts are taken as they are: only behind http-request are they formats. */
function redirect(args: Word[], call: Call<ProxyDraft>): void {
  const { target, load, keyword } = call;
  const rule = ruleOf("redirect", keyword, "request", call);
  const made = readRedirect(args, rule, false);
  if (made === null) return;
  const condition = conditionOf(made.rest, "'redirect'", "redirect rule", rule);
  if (condition === undefined) return;
  warnMisplaced("redirect", keyword, target, load);
  target.proxy.redirects.push({ redirect: made.redirect, condition, place: keyword.place });
}

function useServer(args: Word[], call: Call<ProxyDraft>): void {
  const { target, load, keyword, line } = call;
  const [server, ...rest] = args;
  if (server === undefined) return;
  const [first] = rest;
  if (first === undefined || (first.text !== "if" && first.text !== "unless")) {
    const message = "'use-server' requires either 'if' or 'unless' followed by a condition.";
    return alert(load.diagnostics, first ?? keyword, message);
  }
  const dynamic = server.text.includes("%");
  const complaint = dynamic ? load.checks.logFormat(server.text, "http balance") : null;
  if (complaint !== null) {
    const message = `use-server rule failed to parse log-format '${server.text}' : ${complaint.message}`;
    return alert(load.diagnostics, inside(server, complaint.offset), message);
  }
  const condition = readCondition(rest, line, target, load, "switching rule");
  if (condition === null) return;
  warnUnfit(condition, first, { ...ruleOf("use-server", server, "request", call), where: "http balance" });
  target.proxy.useServers.push({ server: server.text, dynamic, condition, place: server.place });
}
