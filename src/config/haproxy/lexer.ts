/**
 * Cuts one line of a haproxy configuration into words: blanks, comments, quotes, escapes and variables as
 * configuration.txt 2.2 and 2.3 say. Pure; a line has no continuation, a backslash at its end is a character.
 */
import { toByteString } from "../byte_strings.ts";
import { didYouMean, quote } from "../diagnostics.ts";
import { type Environment, PSEUDO_VARIABLES, type PseudoVariables } from "./environment.ts";
import type { Word } from "./words.ts";

/** haproxy stops at 64 words; more does no harm, but there must be an end. */
export const MAX_WORDS = 1024;
/** Characters of a line, and of all its words once variables are in. */
export const MAX_LINE = 1 << 20;

export interface LineContext {
  file: string;
  /** From 1. */
  line: number;
  environment: Environment;
  /** Name of the section being read, its type where it has no name, "" before the first. */
  section: string;
  /** Whether # begins a comment: not on the command line (-cc). */
  comments: boolean;
}

export interface LexError {
  /** From 1, never beyond the end of the line by more than one. */
  column: number;
  length: number;
  message: string;
  hint: string | null;
}

export type Lexed = { words: Word[]; error: null } | { words: null; error: LexError };

/** Blanks between words: what isspace() takes, but for the line's own end. */
const BLANK = /[ \t\v\f]/;
/** A run of characters that mean themselves wherever they stand. */
const PLAIN = /[^\0 \t\v\f\r\n"'\\$#]+/y;
/** The dot is for pseudo-variables alone. */
const NAME = /\.?[A-Za-z0-9_]*/y;
const HEX = /[0-9A-Fa-f]{2}/y;
/** What may stand in a bare word for a variable; any other dollar there is a dollar (regular expressions end in one). */
const BARE_VARIABLE = /\$\{[A-Za-z_.][A-Za-z0-9_]*(?:\[\*\])?(?:-[^}\s]*)?\}/y;

const LETTERS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

export function lexLine(line: string, context: LineContext): Lexed {
  if (line.length > MAX_LINE) {
    return fail(MAX_LINE, 0, `Cannot read a line of ${line.length} characters: at most ${MAX_LINE}`);
  }
  const words: Word[] = [];
  /** Pieces of the word being read; "[*]" makes several of one. */
  let text = "";
  /** Where it began; -1: between words. */
  let start = -1;
  let firstPiece = 0;
  /** It held a "[*]": nothing left of it then means no word, not an empty one. */
  let split = false;
  let openQuote = "";
  let openedAt = 0;
  let total = 0;

  const push = () =>
    words.push({ text, place: { file: context.file, line: context.line, column: start + 1 }, length: 0, line });
  const endWord = (end: number) => {
    if (start < 0) return;
    if (text !== "" || !split) push();
    for (let k = firstPiece; k < words.length; k++) (words[k] as Word).length = end - start;
    firstPiece = words.length;
    text = "";
    start = -1;
    split = false;
  };

  let i = 0;
  while (i < line.length) {
    PLAIN.lastIndex = i;
    const plain = PLAIN.exec(line);
    if (plain !== null) {
      if (start < 0) start = i;
      text += plain[0];
      i += plain[0].length;
      continue;
    }
    const char = line.charAt(i);
    if (openQuote === "") {
      if (BLANK.test(char)) {
        endWord(i);
        if (words.length > MAX_WORDS) return tooMany(words);
        i++;
        continue;
      }
      if (char === "#" && context.comments) break;
      if (char === "\r" && /^[\r\n]*$/.test(line.slice(i))) break;
    }
    if (char === "\0") return fail(i, 1, "Stray NUL character: expected text");
    if (char === "\r" || char === "\n") {
      return fail(
        i,
        1,
        "Stray end of line inside a line: expected it at the end alone",
        "Write \\r or \\n for the character",
      );
    }
    if (start < 0) start = i;
    if ((char === '"' || char === "'") && (openQuote === "" || openQuote === char)) {
      openQuote = openQuote === "" ? char : "";
      openedAt = i;
      i++;
      continue;
    }
    if (char === "\\" && openQuote !== "'") {
      const escape = readEscape(line, i, openQuote === '"');
      if ("error" in escape) return { words: null, error: escape.error };
      text += escape.text;
      i += escape.length;
      continue;
    }
    BARE_VARIABLE.lastIndex = i;
    if (char === "$" && (openQuote === '"' || (openQuote === "" && BARE_VARIABLE.test(line)))) {
      const variable = readVariable(line, i, context);
      if ("error" in variable) return { words: null, error: variable.error };
      total += variable.value.length;
      if (total > MAX_LINE) return fail(i, variable.length, `Cannot expand a line to more than ${MAX_LINE} characters`);
      if (variable.split) {
        split = true;
        const parts = variable.value.split(/[ \t\n\v\f\r]+/);
        text += parts[0] ?? "";
        for (const part of parts.slice(1)) {
          if (text !== "") push();
          if (words.length > MAX_WORDS) return tooMany(words);
          text = part;
        }
      } else {
        text += variable.value;
      }
      i += variable.length;
      continue;
    }
    text += char;
    i++;
  }
  if (openQuote !== "") {
    const kind = openQuote === '"' ? "double" : "single";
    return fail(openedAt, 1, `Unmatched ${kind} quote: expected another ${openQuote} before the end of the line`);
  }
  endWord(i);
  return words.length > MAX_WORDS ? tooMany(words) : { words, error: null };
}

function fail(
  at: number,
  length: number,
  message: string,
  hint: string | null = null,
): { words: null; error: LexError } {
  return { words: null, error: { column: at + 1, length, message, hint } };
}

function tooMany(words: Word[]): Lexed {
  const at = words[MAX_WORDS] as Word;
  return fail(at.place.column - 1, at.length, `Cannot take more than ${MAX_WORDS} words on a line`);
}

type Escape = { text: string; length: number } | { error: LexError };

/** Outside quotes a backslash before a dollar stays, as it does before any character that needs none. */
function readEscape(line: string, at: number, inDoubleQuotes: boolean): Escape {
  const char = line.charAt(at + 1);
  if (char !== "" && (" \\#\"'".includes(char) || (char === "$" && inDoubleQuotes))) return { text: char, length: 2 };
  const letter = LETTERS[char];
  if (letter !== undefined) return { text: letter, length: 2 };
  if (char !== "x") return { text: "\\", length: 1 };
  HEX.lastIndex = at + 2;
  const hex = HEX.exec(line);
  if (hex === null) {
    const found = line.slice(at, at + 4);
    return fail(at, found.length, `Truncated escape ${quote(found)}: expected two hexadecimal digits after "\\x"`);
  }
  if (hex[0] === "00") {
    return fail(at, 4, 'Cannot use "\\x00": a word cannot hold a NUL character');
  }
  return { text: String.fromCharCode(parseInt(hex[0], 16)), length: 4 };
}

type Variable = { value: string; split: boolean; length: number } | { error: LexError };

/** $NAME, ${NAME}, ${NAME-default}, each with braces also as ${NAME[*]}. The default is taken as it stands. */
function readVariable(line: string, at: number, context: LineContext): Variable {
  let i = at + 1;
  const brace = line.charAt(i) === "{";
  if (brace) i++;
  NAME.lastIndex = i;
  const name = NAME.exec(line)?.[0] ?? "";
  if (name === "" || /^[0-9]/.test(name)) {
    const found = line.charAt(i);
    const message = found === ""
      ? 'Cannot end a line after "$": expected the name of a variable'
      : `Cannot begin the name of a variable with ${quote(found)}: expected a letter or "_"`;
    return fail(found === "" ? at : i, 1, message, 'Write "\\$" for a dollar, or use single quotes');
  }
  let value = context.environment.get(name);
  if (name.startsWith(".")) {
    const pseudo: PseudoVariables = {
      ".FILE": toByteString(context.file),
      ".LINE": String(context.line),
      ".SECTION": context.section,
    };
    value = Object.hasOwn(pseudo, name) ? pseudo[name as keyof PseudoVariables] : undefined;
    if (value === undefined) {
      const known = PSEUDO_VARIABLES.join(", ");
      return fail(
        i,
        name.length,
        `Unknown pseudo-variable ${quote(name)}: expected one of ${known}`,
        didYouMean(name, PSEUDO_VARIABLES),
      );
    }
  }
  i += name.length;
  if (!brace) return { value: value ?? "", split: false, length: i - at };

  let split = false;
  if (line.charAt(i) === "[") {
    if (!line.startsWith("[*]", i)) {
      const end = line.indexOf("]", i);
      const found = line.slice(i, end < 0 ? i + 1 : end + 1);
      return fail(i, found.length, `Cannot expand ${quote(found)}: expected "[*]"`);
    }
    split = true;
    i += 3;
  }
  const end = line.indexOf("}", i);
  if (end < 0 || (end > i && line.charAt(i) !== "-")) {
    const hint = line.startsWith(":-", i) ? `Write "\${${name}-value}" for a default` : null;
    const message = end < 0 ? 'expected "}"' : `expected "}" or "-" after ${quote(name)}`;
    return fail(at + 1, 1, `Unmatched brace in a variable: ${message}`, hint);
  }
  if (end > i) value ??= line.slice(i + 1, end);
  return { value: value ?? "", split, length: end + 1 - at };
}
