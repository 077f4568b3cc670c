/** Arguments of keywords: the readers of values.ts and addresses.ts, with what they complain about put at its column. */
import { alert, type Located } from "../../diagnostics.ts";
import type { AddressError } from "../addresses.ts";
import type { Load } from "../draft.ts";
import { MAX_TIME, type Parsed, parseInteger, parseSize, parseTime, type TimeUnit } from "../values.ts";
import type { ConfigLine, Word } from "../words.ts";

/** What haproxy's own integers hold. */
export const MAX_INT = 2_147_483_647;

/** The part of a word from `offset` on; the whole word where quotes or escapes hide which part that is. */
export function inside(word: Word, offset: number, length = word.text.length - offset): Located {
  const quoted = word.length === word.text.length + 2 && /^["']/.test(word.line.slice(word.place.column - 1));
  if (word.length !== word.text.length && !quoted) return word;
  const column = word.place.column + Math.min(Math.max(offset, 0), word.text.length) + (quoted ? 1 : 0);
  return { place: { ...word.place, column }, length, line: word.line };
}

/** The value, or null after the complaint has been reported under the keyword's name. */
export function value<T>(word: Word, name: string, parsed: Parsed<T>, load: Load): T | null {
  if ("value" in parsed) return parsed.value;
  alert(load.diagnostics, word, `'${name}' : ${parsed.error}`, parsed.hint);
  return null;
}

export function wholeNumber(word: Word, name: string, load: Load, min = 0, max = MAX_INT): number | null {
  return value(word, name, parseInteger(word.text, { min, max }), load);
}

/** A time of at least `least`, in milliseconds whatever unit a bare number has. */
export function milliseconds(word: Word, name: string, load: Load, unit: TimeUnit = "ms", least = 0): number | null {
  // A bare number counts in the keyword's unit; a written unit keeps its own precision.
  const text = /^[0-9]+$/.test(word.text) ? word.text + unit : word.text;
  const ms = value(word, name, parseTime(text), load);
  if (ms === null || ms >= least) return ms;
  alert(load.diagnostics, word, `'${name}' : Cannot use time "${word.text}": must be ${least} ms to ${MAX_TIME} ms`);
  return null;
}

export function bytes(word: Word, name: string, load: Load, min = 0, max = MAX_INT): number | null {
  return value(word, name, parseSize(word.text, { min, max }), load);
}

export function user(word: Word, name: string, load: Load): number | null {
  const uid = load.accounts.user(word.text);
  if (uid === null) alert(load.diagnostics, word, `'${name}' : unknown user name '${word.text}'`);
  return uid;
}

export function group(word: Word, name: string, load: Load): number | null {
  const gid = load.accounts.group(word.text);
  if (gid === null) alert(load.diagnostics, word, `'${name}' : unknown group name '${word.text}'`);
  return gid;
}

/** A file that a line names, as seen from where `default-path` says. */
export function namedFile(path: string, line: ConfigLine, load: Load): string {
  const directory = load.directory(line);
  return path.startsWith("/") || directory === "" ? path : `${directory}/${path}`;
}

/** Reports what is wrong with an address, at the part of the word it is about. */
export function badAddress(word: Word, name: string, problem: AddressError, load: Load): void {
  const at = inside(word, problem.offset, problem.length);
  alert(load.diagnostics, at, `'${name}' : ${problem.error}`, problem.hint);
}
