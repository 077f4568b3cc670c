/**
 * Problems found in a configuration: gathered as data, rendered once as the operator sees them.
 *
 * The first line keeps haproxy's own shape because scripts grep it; the lines after it show the place.
 */
import { fromByteString } from "./byte_strings.ts";
import type { Place } from "./place.ts";

export type Severity = "alert" | "warning" | "notice" | "diag";

export interface Diagnostic {
  severity: Severity;
  /** null: about the whole, not about a line. */
  place: Place | null;
  /** Characters of the source line it is about; 0: not known. */
  length: number;
  /** The source line as written, "" if there is none. */
  line: string;
  message: string;
  /** A way out, e.g. did you mean "balance"; lines apart by newlines. */
  hint: string | null;
  /** About a section as a whole: as with haproxy the first line names no place, the lines after it do. */
  whole?: true;
}

export interface Diagnostics {
  list: Diagnostic[];
}

/** Anything with a place will do: a Word, a ConfigLine, one of the two cut down. */
export interface Located {
  place: Place;
  length?: number;
  line: string;
}

export function newDiagnostics(): Diagnostics {
  return { list: [] };
}

/** A fatal mistake: the configuration is not applied. */
export function alert(d: Diagnostics, at: Located | null, message: string, hint: string | null = null): void {
  add(d, "alert", at, message, hint);
}

export function warning(d: Diagnostics, at: Located | null, message: string, hint: string | null = null): void {
  add(d, "warning", at, message, hint);
}

/** A warning about the section that begins there. */
export function sectionWarning(d: Diagnostics, at: Located, message: string, hint: string | null = null): void {
  add(d, "warning", at, message, hint);
  Object.assign(d.list.at(-1) ?? {}, { whole: true });
}

export function notice(d: Diagnostics, at: Located | null, message: string, hint: string | null = null): void {
  add(d, "notice", at, message, hint);
}

/** Shown with -dD only. */
export function diag(d: Diagnostics, at: Located | null, message: string, hint: string | null = null): void {
  add(d, "diag", at, message, hint);
}

export function hasErrors(d: Diagnostics): boolean {
  return d.list.some((one) => one.severity === "alert");
}

export function hasWarnings(d: Diagnostics): boolean {
  return d.list.some((one) => one.severity === "warning");
}

function add(d: Diagnostics, severity: Severity, at: Located | null, message: string, hint: string | null): void {
  const length = at?.length ?? 0;
  d.list.push({ severity, place: at?.place ?? null, length, line: at?.line ?? "", message, hint });
}

/** In the order of the text, whenever they were found: files as given, what is about none of their lines last. */
export function sortByPlace(d: Diagnostics, files: readonly string[]): void {
  const ranks = new Map(files.map((file, rank) => [file, rank]));
  const rankOf = ({ place }: Diagnostic): number => place === null ? Infinity : ranks.get(place.file) ?? ranks.size;
  const compare = (a: number, b: number): number => a < b ? -1 : a > b ? 1 : 0;
  d.list.sort((a, b) =>
    compare(rankOf(a), rankOf(b)) || compare(a.place?.line ?? 0, b.place?.line ?? 0) ||
    compare(a.place?.column ?? 0, b.place?.column ?? 0)
  );
}

/** As haproxy writes them, padded so that the process id stands in one column. */
const PREFIX: Record<Severity, string> = {
  alert: "[ALERT]    ",
  warning: "[WARNING]  ",
  notice: "[NOTICE]   ",
  diag: "[DIAG]     ",
};

/** What is shown of a source line, so that the caret stays in sight on a terminal. */
const SHOWN_COLUMNS = 100;

/** Several lines of text without a newline at the end. `pid` is that of the launched process. */
export function renderDiagnostic(d: Diagnostic, pid: number): string {
  const head = `${PREFIX[d.severity]}(${pid}) : config : `;
  const message = visible(d.message);
  const lines: string[] = [];
  if (d.place === null) {
    lines.push(head + message);
  } else {
    const file = visible(d.place.file);
    lines.push(d.whole === true ? head + message : `${head}parsing [${file}:${d.place.line}] : ${message}`);
    // Bytes before the mistake, shown as the characters a person counts.
    const column = [...fromByteString(d.line.slice(0, d.place.column - 1))].length + 1;
    lines.push(`   | ${file}:${d.place.line}:${d.line === "" ? d.place.column : column}`);
    if (d.line !== "") lines.push(...excerpt(d.line, d.place.column - 1, d.length).map((line) => `   | ${line}`));
  }
  // A hint may have several lines.
  if (d.hint !== null) lines.push(...d.hint.split("\n").map((line) => `   | ${visible(line)}`));
  return lines.join("\n");
}

/** The source line, cut around the mistake, and the line of carets under it. */
function excerpt(line: string, start: number, length: number): [source: string, carets: string] {
  const from = Math.min(Math.max(start, 0), line.length);
  const to = Math.min(Math.max(from + length, from), line.length);
  let before = visible(line.slice(0, from), " ");
  let marked = visible(line.slice(from, to), " ");
  let after = visible(line.slice(to), " ");
  if (marked.length > SHOWN_COLUMNS / 2) {
    marked = marked.slice(0, SHOWN_COLUMNS / 2);
    after = "";
    marked += "...";
  }
  const room = SHOWN_COLUMNS - marked.length;
  if (before.length + after.length > room) {
    const keepBefore = Math.max(Math.floor(room * 0.6), room - after.length);
    if (before.length > keepBefore) before = "..." + before.slice(before.length - keepBefore + 3);
    const keepAfter = Math.max(room - before.length, 0);
    if (after.length > keepAfter) after = after.slice(0, Math.max(keepAfter - 3, 0)) + "...";
  }
  const carets = " ".repeat(Bun.stringWidth(before)) + "^".repeat(Math.max(Bun.stringWidth(marked), 1));
  return [before + marked + after, carets];
}

/** Characters that would move the cursor, reorder or hide text, as escapes of the configuration language. */
const HIDDEN = /[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/gu;
const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text from outside made fit for a terminal or a log: one line, nothing hidden. */
export function visible(text: string, tab = "\\t"): string {
  const native = fromByteString(text);
  // Bytes that are no UTF-8 stay as they are, and are then shown by their value.
  const bytes = native === text && /[\x80-\xff]/.test(text) && !/[^\x00-\xff]/.test(text);
  return native.replace(bytes ? /[\x00-\x1f\x7f-\xff]/g : HIDDEN, (char) => {
    if (char === "\t") return tab;
    const code = char.codePointAt(0) ?? 0;
    return NAMED[char] ?? (code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`);
  });
}

const QUOTED_LENGTH = 80;

/** A word of the operator's as a message quotes it. */
export function quote(text: string): string {
  const shown = visible(text);
  return `"${shown.length > QUOTED_LENGTH ? shown.slice(0, QUOTED_LENGTH - 3) + "..." : shown}"`;
}

/** The candidate most like a mistyped word; null when none is close enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  if (wanted === "" || wanted.length > 64) return null;
  // One slip in a short word, up to three in a long one.
  const limit = wanted.length < 3 ? 1 : Math.min(3, Math.floor((wanted.length + 2) / 3));
  let best: string | null = null;
  let bestScore = limit + 0.5;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    let score = distance(wanted, known, limit);
    // A word broken off, or one with something behind it, is close however long the rest is.
    const stem = Math.min(wanted.length, known.length);
    if (score > 1 && stem >= 3 && (known.startsWith(wanted) || (stem >= 4 && wanted.startsWith(known)))) {
      score = Math.min(score, 1 + Math.abs(known.length - wanted.length) / 64);
    }
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** The usual hint behind an unknown word; null when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const near = nearest(word, candidates);
  return near === null ? null : `Did you mean "${near}"?`;
}

/** Damerau-Levenshtein (adjacent swaps count one), given up as soon as it must exceed the limit. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return Infinity;
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? Infinity;
}
