/**
 * Keyword tables: what a row says, and how one line finds its row.
 *
 * A keyword of the language is one row (name, where it may stand, how many arguments, what `no` does) and one function;
 * everything that can be said from the row alone (unknown words, wrong sections, missing arguments) is said here.
 */
import { alert, didYouMean, type Located, quote, warning } from "../diagnostics.ts";
import type { Load, ProxyDraft } from "./draft.ts";
import { notYet } from "./later.ts";
import type { ConfigLine, Word } from "./words.ts";

export type Prefix = "" | "no" | "default";

/** One use of a keyword: what its function gets besides the arguments. */
export interface Call<T> {
  load: Load;
  /** What the section is filling. */
  target: T;
  line: ConfigLine;
  /** The name of the row, e.g. "timeout client". */
  name: string;
  /** The (last) word of the name: where a problem with the whole line is shown. */
  keyword: Word;
  prefix: Prefix;
}

export interface Row<T> {
  /** One word, or two: "timeout client". */
  name: string;
  /** Fewest and most arguments. */
  args: readonly [min: number, max: number];
  /** The arguments as the documentation writes them, for messages. */
  usage?: string;
  /** Whether `no` and `default` may stand before it. */
  prefix?: boolean;
  parse(args: Word[], call: Call<T>): void;
}

/** In which proxy sections a keyword has a meaning, and what becomes of it in the others. */
export interface ProxyRow extends Row<ProxyDraft> {
  /** The side of a proxy it belongs to; `listen` has both. */
  side: "frontend" | "backend" | "any";
  /** Without that side: a warning, as haproxy gives, or an error where it would mean something else than meant. */
  elsewhere: "ignored" | "refused";
  /** `defaults` sections: all, those with a name, none. */
  defaults: "yes" | "named" | "no";
  /** A keyword one probably meant on the other side. */
  instead?: string;
}

/** What is known of the words that may begin a line of a section. */
export interface Table<R> {
  rows: ReadonlyMap<string, R>;
  /** First words that need a second one: "timeout", "option". */
  families: ReadonlyMap<string, string[]>;
  /** Names of the language that are not built yet; whole families by their first word. */
  unsupported: ReadonlySet<string>;
  /** Names of old, with the words that say what to write instead. */
  removed: ReadonlyMap<string, string>;
}

export function table<R extends { name: string }>(
  rows: readonly R[],
  language: Iterable<string>,
  removed: Iterable<readonly [string, string]> = [],
): Table<R> {
  const known = new Map<string, R>();
  const families = new Map<string, string[]>();
  const waiting = new Set(language);
  for (const row of rows) {
    if (known.has(row.name)) throw new Error(`Two rows named "${row.name}"`);
    known.set(row.name, row);
    waiting.delete(row.name);
  }
  for (const name of [...known.keys(), ...waiting]) {
    const [first = "", second] = name.split(" ");
    if (second === undefined) continue;
    waiting.delete(first);
    const members = families.get(first);
    if (members) members.push(second);
    else families.set(first, [second]);
  }
  return { rows: known, families, unsupported: waiting, removed: new Map(removed) };
}

/** Does a line of the section begin with this word, built or not, or did one once? */
export function knowsWord(t: Table<unknown>, word: string): boolean {
  return t.rows.has(word) || t.families.has(word) || t.unsupported.has(word) || t.removed.has(word);
}

export type Found<R> = { row: R; name: string; keyword: Word; args: Word[]; prefix: Prefix };

/**
 * The row of a line; null when there is none, which has then been reported. `section` is its name for messages, and
 * only rows that `fits` are proposed for an unknown word.
 */
export function findRow<R extends { name: string; prefix?: boolean }>(
  t: Table<R>,
  line: ConfigLine,
  section: string,
  load: Load,
  fits: (row: R) => boolean = () => true,
): Found<R> | null {
  const d = load.diagnostics;
  const words = line.words;
  let at = 0;
  let prefix: Prefix = "";
  const head = words[0];
  if (head === undefined) return null;
  if ((head.text === "no" || head.text === "default") && !t.rows.has(head.text)) {
    prefix = head.text;
    at = 1;
    if (words[1] === undefined) {
      alert(d, head, `'${head.text}' expects the name of an option behind it in '${section}' section`);
      return null;
    }
  }
  const first = words[at] ?? head;
  const second = words[at + 1];
  const members = t.families.get(first.text);
  const pair = second === undefined ? first.text : `${first.text} ${second.text}`;
  const double = members === undefined ? undefined : t.rows.get(pair);
  const row = double ?? t.rows.get(first.text);
  if (row === undefined) {
    reportUnknown(t, first, second, section, load, fits);
    return null;
  }
  const name = row.name;
  const keyword = double !== undefined && second !== undefined ? second : first;
  if (prefix !== "" && row.prefix !== true) {
    alert(
      d,
      head,
      `negation/default is not supported for '${name}' ('${prefix}' stands before options, log and strict-limits)`,
    );
    return null;
  }
  return { row, name, keyword, args: words.slice(at + (double === undefined ? 1 : 2)), prefix };
}

/** Keywords that say little without the word behind them. */
const RULES: ReadonlySet<string> = new Set([
  ...["http-after-response", "http-check", "http-request", "http-response", "stats", "stick"],
  ...["tcp-check", "tcp-request", "tcp-response"],
]);

/** Two words of a line and what is between them. */
const span = (first: Word, last: Word): Located => ({
  place: first.place,
  length: last.place.column + last.length - first.place.column,
  line: first.line,
});

function reportUnknown<R>(
  t: Table<R>,
  first: Word,
  second: Word | undefined,
  section: string,
  load: Load,
  fits: (row: R) => boolean,
): void {
  const d = load.diagnostics;
  const pair = second === undefined ? first.text : `${first.text} ${second.text}`;
  const successor = t.removed.get(pair) ?? t.removed.get(first.text);
  if (successor !== undefined) return alert(d, first, successor);
  const notBuilt = (at: Located, name: string) =>
    notYet(load, at, `${section} ${name}`, `'${name}' is not supported yet in '${section}' section`);
  if (second !== undefined && t.unsupported.has(pair)) return notBuilt(second, pair);
  if (t.unsupported.has(first.text)) {
    return second !== undefined && RULES.has(first.text)
      ? notBuilt(span(first, second), pair)
      : notBuilt(first, first.text);
  }
  const members = t.families.get(first.text);
  if (members === undefined) {
    return alert(
      d,
      first,
      `unknown keyword '${first.text}' in '${section}' section`,
      didYouMean(first.text, candidates(t, fits)),
    );
  }
  if (first.text === "option") {
    if (second === undefined) return alert(d, first, "'option' expects an option name");
    return alert(d, second, `unknown option '${second.text}'`, didYouMean(second.text, members));
  }
  const list = members.map((member) => `'${member}'`).join(", ");
  alert(
    d,
    second ?? first,
    `'${first.text}' supports ${list} (got '${second?.text ?? ""}')`,
    second === undefined ? null : didYouMean(second.text, members),
  );
}

/** Words that may begin a line: what is not built yet is proposed too, being what was meant. */
function candidates<R>(t: Table<R>, fits: (row: R) => boolean): Set<string> {
  const words = new Set<string>(SECTION_NAMES);
  for (const [name, row] of t.rows) if (fits(row)) words.add(name.replace(/ .*/, ""));
  for (const name of t.unsupported) words.add(name.replace(/ .*/, ""));
  return words;
}

/** Sections end by the next one's name, so a mistyped name looks like a keyword. */
const SECTION_NAMES = ["global", "defaults", "frontend", "backend", "listen"];

/** Too few or too many arguments are reported here; true: go on. */
export function countArguments(
  row: { args: readonly [number, number]; usage?: string },
  name: string,
  keyword: Word,
  args: Word[],
  load: Load,
): boolean {
  const [min, max] = row.args;
  if (args.length < min) {
    const usage = row.usage === undefined ? "" : ` ${row.usage}`;
    const what = min === 1 && usage === "" ? "an argument" : `${usage === "" ? `${min} arguments` : usage.trim()}`;
    alert(load.diagnostics, keyword, `'${name}' expects ${what}`);
    return false;
  }
  const extra = args[max];
  if (extra !== undefined) {
    alert(load.diagnostics, extra, `'${name}' cannot handle unexpected argument '${extra.text}'`);
    return false;
  }
  return true;
}

/** Says that a keyword does nothing in this proxy, as haproxy does. */
export function ignored(call: Call<ProxyDraft>, side: "frontend" | "backend", instead?: string): void {
  const { section, proxy } = call.target;
  const more = instead === undefined ? "" : ` Maybe you want '${instead}' instead ?`;
  const name = call.name.replace(/^option /, "");
  warning(
    call.load.diagnostics,
    call.keyword,
    `'${name}' ignored because ${section} '${proxy.name}' has no ${side} capability.${more}`,
  );
}

/** An argument from a fixed set of words; null when it is none of them, which has then been reported. */
export function oneOf<V>(word: Word, name: string, values: Readonly<Record<string, V>>, load: Load): V | null {
  if (Object.hasOwn(values, word.text)) return values[word.text] ?? null;
  const names = Object.keys(values);
  const list = names.map((value) => `'${value}'`).join(", ");
  alert(
    load.diagnostics,
    word,
    `'${name}' expects one of ${list}, got ${quote(word.text)}`,
    didYouMean(word.text, names),
  );
  return null;
}
