/**
 * haproxy's regular expressions (PCRE2, on bytes) as JavaScript's on byte strings. What the two write alike but read
 * differently is rewritten; what JavaScript cannot say is refused rather than misread.
 */
import { quote } from "./diagnostics.ts";

const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t-\\r ",
  upper: "A-Z",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/** At the very end, or before a newline there. */
const END = "(?=\\n?(?![^]))";

/** Outside a class. JavaScript's \s and . know more characters than those of the C locale. */
const OUTSIDE: Readonly<Record<string, string>> = {
  s: "[\\t-\\r ]",
  S: "[^\\t-\\r ]",
  h: "[ \\t\\xa0]",
  H: "[^ \\t\\xa0]",
  N: "[^\\n]",
  R: "(?:\\r\\n|[\\n-\\r\\x85])",
  A: "^",
  Z: END,
  z: "(?![^])",
  a: "\\x07",
  e: "\\x1b",
};

/** Inside one. */
const INSIDE: Readonly<Record<string, string>> = {
  s: "\\t-\\r ",
  S: "\\x00-\\x08\\x0e-\\x1f!-\\xff",
  h: " \\t\\xa0",
  a: "\\x07",
  e: "\\x1b",
};

/** Escapes both read alike: classes, control characters, references. */
const ALIKE = /[dDwWbBfnrtv0-9xc]/;

/** The expression, or what is wrong with it. */
export function toRegExp(source: string, ignoreCase: boolean, global = false): RegExp | string {
  const options = /^\(\?([im]+)\)/.exec(source);
  const body = options === null ? source : source.slice(options[0].length);
  const translated = translate(body);
  if (typeof translated !== "string") return `Cannot use regex ${quote(source)}: ${translated.problem}`;
  let flags = global ? "g" : "";
  if (ignoreCase || options?.[1]?.includes("i")) flags += "i";
  if (options?.[1]?.includes("m")) flags += "m";
  try {
    return new RegExp(translated, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression:\s*/, "") : "";
    return `Cannot read regex ${quote(source)}: ${reason}`;
  }
}

function translate(source: string): string | { problem: string } {
  const no = (what: string) => ({ problem: `${what} is not supported` });
  let out = "";
  let at = 0;
  while (at < source.length) {
    const char = source[at]!;
    if (char === "\\") {
      const next = source[at + 1];
      if (next === undefined) return { problem: "nothing follows the backslash at its end" };
      if (next === "Q") {
        const end = source.indexOf("\\E", at + 2);
        out += source.slice(at + 2, end < 0 ? undefined : end).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
        at = end < 0 ? source.length : end + 2;
        continue;
      }
      const word = OUTSIDE[next];
      if (word !== undefined) out += word;
      else if (next === "x" && source[at + 2] === "{") {
        const hex = /^\{([0-9a-fA-F]{1,2})\}/.exec(source.slice(at + 2));
        if (hex === null) return no("a character beyond one byte");
        out += `\\x${hex[1]!.padStart(2, "0")}`;
        at += hex[0].length;
      } else if (next === "k" && source[at + 2] === "<") out += "\\k";
      else if (/[A-Za-z]/.test(next) && !ALIKE.test(next)) return no(`"\\${next}"`);
      else out += `\\${next}`;
      at += 2;
    } else if (char === "[") {
      const end = translateClass(source, at);
      if (typeof end === "string") return { problem: end };
      out += end.text;
      at = end.end;
    } else if (char === "(" && source[at + 1] === "?") {
      if (source.startsWith("(?#", at)) {
        const end = source.indexOf(")", at);
        if (end < 0) return { problem: "a comment does not end" };
        at = end + 1;
        continue;
      }
      const named = /^\(\?P?(<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/.exec(source.slice(at));
      const plain = /^\(\?(?::|=|!|<=|<!)/.exec(source.slice(at));
      if (named !== null) out += `(?<${named[1]!.slice(1, -1)}>`;
      else if (plain !== null) out += plain[0];
      else return no(quote(source.slice(at, at + 4)));
      at += (named ?? plain)![0].length;
    } else if (/[*+?}]/.test(char) && source[at + 1] === "+") {
      return no("a possessive quantifier");
    } else {
      out += char === "." ? "[^\\n]" : char === "$" ? END : char;
      at++;
    }
  }
  return out;
}

/** A bracket expression: `]` may come first, and [:names:] may stand inside. */
function translateClass(source: string, open: number): { text: string; end: number } | string {
  let at = open + 1;
  let out = "[";
  if (source[at] === "^") out += source[at++];
  const first = at;
  for (; at < source.length; at++) {
    const char = source[at]!;
    if (char === "]" && at > first) return { text: `${out}]`, end: at + 1 };
    if (char === "[" && source[at + 1] === ":") {
      const name = /^\[:(\^?)([a-z]+):\]/.exec(source.slice(at));
      if (name !== null) {
        const set = Object.hasOwn(POSIX, name[2]!) ? POSIX[name[2]!] : undefined;
        if (set === undefined || name[1] === "^") return `${quote(name[0])} is not supported`;
        out += set;
        at += name[0].length - 1;
        continue;
      }
    }
    if (char === "\\") {
      const next = source[++at];
      if (next === undefined) break;
      const word = INSIDE[next];
      if (word === undefined && /[A-Za-z]/.test(next) && !ALIKE.test(next)) {
        return `"\\${next}" in brackets is not supported`;
      }
      out += word ?? `\\${next}`;
    } else out += char === "[" || char === "]" ? `\\${char}` : char;
  }
  return "a bracket is not closed";
}

/**
 * Replacement text of haproxy: \0 the whole match, \1 to \9 the groups (nothing, where a group took no part), \xHH a
 * byte, a backslash before anything else that character.
 */
export function compileReplacement(text: string): (...match: (string | undefined)[]) => string {
  const parts: (string | number)[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1];
    if (char !== "\\" || next === undefined) parts.push(char);
    else if (/[0-9]/.test(next)) {
      parts.push(Number(next));
      i++;
    } else if (next === "x" && /^[0-9a-fA-F]{2}$/.test(text.slice(i + 2, i + 4))) {
      parts.push(String.fromCharCode(parseInt(text.slice(i + 2, i + 4), 16)));
      i += 3;
    } else {
      parts.push(next);
      i++;
    }
  }
  return (...match) => {
    let out = "";
    // After the groups come the offset and the text: numbers beyond the groups must not reach them.
    const groups = match.findIndex((part) => typeof part === "number");
    for (const part of parts) out += typeof part === "string" ? part : part < groups ? match[part] ?? "" : "";
    return out;
  };
}
