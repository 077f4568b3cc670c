/**
 * Reads `fetch[(args)][,converter[(args)]]…` into its parts, with the place of each. Pure text work: what the words
 * mean is expression.ts's business. Never throws.
 */
import { quote } from "../../config/diagnostics.ts";
import type { Problem } from "./types.ts";

export interface SyntaxArg {
  /** Quotes and escapes taken off. */
  text: string;
  offset: number;
}

export interface SyntaxCall {
  name: string;
  offset: number;
  args: SyntaxArg[];
}

export interface Syntax {
  fetch: SyntaxCall;
  converters: SyntaxCall[];
  /** First character behind the expression: `]` in a log format. */
  end: number;
}

const NAME = /[A-Za-z0-9_.+-]*/y;

export function readSyntax(text: string, start = 0): Syntax | Problem {
  const calls: SyntaxCall[] = [];
  let at = start;
  for (;;) {
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0] ?? "";
    if (name === "") {
      const found = at < text.length ? `, not ${quote(text.slice(at, at + 1))}` : "";
      return { message: `Expected the name of a ${calls.length === 0 ? "fetch" : "converter"}${found}`, offset: at };
    }
    const call: SyntaxCall = { name, offset: at, args: [] };
    calls.push(call);
    at += name.length;
    if (text[at] === "(") {
      const after = readArgs(text, at, call);
      if (typeof after !== "number") return after;
      at = after;
    }
    if (text[at] !== ",") break;
    // Several commas count as one, as in haproxy.
    while (text[at] === ",") at++;
  }
  const [fetch, ...converters] = calls;
  return { fetch: fetch!, converters, end: at };
}

/** What a backslash makes of the character behind it; before any other it is a backslash. */
const ESCAPES = new Map([["\\", "\\"], [" ", " "], ['"', '"'], ["'", "'"], ["n", "\n"], ["r", "\r"], ["t", "\t"]]);

/** Returns the place behind the closing parenthesis. `()` is no argument. */
function readArgs(text: string, open: number, call: SyntaxCall): number | Problem {
  let at = open + 1;
  let arg: SyntaxArg = { text: "", offset: at };
  let quoteChar = "";
  let quotedAt = 0;
  let seen = false; // something was written, be it an empty pair of quotes
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (quoteChar !== "" && char === quoteChar) quoteChar = "";
    else if (quoteChar !== "'" && char === "\\" && ESCAPES.has(text[at + 1] ?? "")) {
      at++;
      arg.text += ESCAPES.get(text[at]!);
      seen = true;
    } else if (quoteChar !== "") arg.text += char;
    else if (char === '"' || char === "'") {
      quoteChar = char;
      quotedAt = at;
      seen = true;
    } else if (char === "," || char === ")") {
      if (char === "," || seen || call.args.length > 0) call.args.push(arg);
      if (char === ")") return at + 1;
      arg = { text: "", offset: at + 1 };
      seen = false;
    } else {
      arg.text += char;
      seen = true;
    }
  }
  if (quoteChar !== "") return { message: `Cannot find the end of the quote ${quoteChar}`, offset: quotedAt };
  return { message: `Expected ")" after the arguments of ${quote(call.name)}`, offset: open };
}
