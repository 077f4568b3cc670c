/** The words of a redirect, behind `redirect`, `http-request redirect` and `http-response redirect`. */
import { didYouMean } from "../../diagnostics.ts";
import type { Redirect } from "../model.ts";
import type { Word } from "../words.ts";
import { oneLine, readFormat, type RuleReader } from "./http_rules_reader.ts";

const KINDS: readonly Redirect["kind"][] = ["prefix", "location", "scheme"];
const CODES: readonly Redirect["code"][] = [301, 302, 303, 307, 308];
const FLAGS = { "drop-query": "dropQuery", "append-slash": "appendSlash", "ignore-empty": "ignoreEmpty" } as const;
const NAMES = ["code", ...KINDS, "set-cookie", "clear-cookie", ...Object.keys(FLAGS)];

/** @param formats a percent sign begins a variable; else texts are taken as they are */
export function readRedirect(
  args: Word[],
  rule: RuleReader,
  formats: boolean,
): { redirect: Redirect; rest: Word[] } | null {
  const made: Omit<Redirect, "kind"> = {
    format: "",
    code: 302,
    dropQuery: false,
    appendSlash: false,
    ignoreEmpty: false,
    setCookie: null,
  };
  let kind: Redirect["kind"] | null = null;
  let target: Word | null = null;
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at]!;
    const { text } = word;
    if (text === "if" || text === "unless") break;
    if (isFlag(text)) {
      made[FLAGS[text]] = true;
      continue;
    }
    if (!NAMES.includes(text)) return unknownWord(word, rule);
    const value = args[++at];
    if (value === undefined || value.text === "") return rule.fail(word, `missing argument for '${text}'.`);
    const named = KINDS.find((one) => one === text);
    if (named !== undefined) {
      if (rule.kind === "response" && named !== "location") {
        return rule.fail(word, "response only supports redirect type 'location'.");
      }
      kind = named;
      target = value;
    } else if (text === "code") {
      const code = CODES.find((one) => String(one) === value.text);
      if (code === undefined) {
        const known = "(must be one of 301, 302, 303, 307 or 308)";
        return rule.fail(value, `'code': unsupported HTTP code '${value.text}' ${known}.`);
      }
      made.code = code;
    } else {
      if (oneLine(value, rule) === null) return null;
      made.setCookie = `${value.text}; path=/;${text === "clear-cookie" ? " Max-Age=0;" : ""}`;
    }
  }
  if (kind === null || target === null) {
    return rule.fail(undefined, "redirection type expected ('prefix', 'location', or 'scheme').");
  }
  const format = formats ? readFormat(target, rule) : literal(oneLine(target, rule));
  return format === null ? null : { redirect: { ...made, kind, format }, rest: args.slice(at) };
}

const isFlag = (text: string): text is keyof typeof FLAGS => Object.hasOwn(FLAGS, text);

/** As the format that yields it. */
const literal = (text: string | null): string | null => text?.replaceAll("%", "%%") ?? null;

function unknownWord(word: Word, rule: RuleReader): null {
  const expected = "expects 'code', 'prefix', 'location', 'scheme', 'set-cookie', 'clear-cookie', 'drop-query', " +
    `'ignore-empty' or 'append-slash' (was '${word.text}').`;
  return rule.fail(word, expected, didYouMean(word.text, [...NAMES, "if", "unless"]));
}
