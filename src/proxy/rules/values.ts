/**
 * Replacing in header values (`replace-header`, `replace-value`): where the values of a comma-separated list lie, and what a
 * regex makes of one.
 */
import type { SampleContext } from "../samples/context.ts";
import { compileReplacement } from "../../config/regex.ts";
import type { RuleText } from "./text.ts";

/** The value rewritten; null: the regex does not match, so it stays. */
export type Rewrite = (value: string, context: SampleContext) => string | null;

/** A value that matches is replaced as a whole; references to groups are resolved in what the format has given. */
export function compileRewrite(regex: RegExp, text: RuleText): Rewrite {
  const fixed = text.constant === null ? null : compileReplacement(text.constant);
  return (value, context) => {
    const match = regex.exec(value);
    if (match === null) return null;
    const fill = fixed ?? compileReplacement(text.string(context));
    // It tells the groups from what follows them by the number, as a replacer of String.replace would.
    return fill(...match, match.index as unknown as string);
  };
}

/** Each value of a list on its own; blanks around one that is replaced go, as in haproxy. null: none has changed. */
export function rewriteList(list: string, rewrite: Rewrite, context: SampleContext): string | null {
  let out = "";
  let kept = 0;
  let changed = false;
  for (let at = 0; at <= list.length;) {
    const end = valueEnd(list, at);
    const made = rewrite(trim(list.slice(at, end)), context);
    if (made !== null) {
      out += list.slice(kept, at) + made;
      kept = end;
      changed = true;
    }
    at = end + 1;
  }
  return changed ? out + list.slice(kept) : null;
}

/** The next comma outside of quotes, or the end (RFC 9110 §5.6.4). */
function valueEnd(list: string, from: number): number {
  let quoted = false;
  for (let at = from; at < list.length; at++) {
    const char = list[at];
    if (char === '"') quoted = !quoted;
    else if (quoted && char === "\\") at++;
    else if (!quoted && char === ",") return at;
  }
  return list.length;
}

const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, "");
