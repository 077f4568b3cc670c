/**
 * xinetd's lines as entries with places: sections with their attributes, includes between them (xinetd.conf(5)).
 *
 * Pure. Knows no attribute by name. A line has no quotes and no escapes: words are what stands between blanks.
 */
import { alert, type Diagnostics, didYouMean, type Located, quote } from "../diagnostics.ts";

export interface Word extends Located {
  text: string;
  length: number;
}

export type Operator = "=" | "+=" | "-=";

export interface Attribute {
  name: Word;
  operator: Operator;
  values: Word[];
}

export type Entry =
  | { kind: "service"; head: Word; name: Word; attributes: Attribute[] }
  | { kind: "defaults"; head: Word; attributes: Attribute[] }
  | { kind: "include" | "includedir"; head: Word; path: Word };

/** Words an entry begins with, and how many follow. */
const HEADS: Readonly<Record<Entry["kind"], { words: number; block: boolean; expected: string }>> = {
  service: { words: 1, block: true, expected: "the name of the service" },
  defaults: { words: 0, block: true, expected: "" },
  include: { words: 1, block: false, expected: "the path of a file" },
  includedir: { words: 1, block: false, expected: "the path of a directory" },
};

const ATTRIBUTE = /^([ \t]*)([^ \t=+-]+)[ \t]*(\+=|-=|=)(.*)$/;

type Section = Pick<Extract<Entry, { attributes: Attribute[] }>, "head" | "attributes">;

/** All problems go to the diagnostics; what has one is left out. */
export function readEntries(file: string, text: string, diagnostics: Diagnostics): Entry[] {
  const entries: Entry[] = [];
  let section: Section | null = null;
  /** Its brace has come. */
  let inside = false;
  const lines = text.split("\n");
  for (const [at, raw] of lines.entries()) {
    const line = raw.replace(/\r$/, "");
    const words = readWords(file, at + 1, line, 0);
    const [first] = words;
    if (first === undefined || first.text.startsWith("#")) continue;
    if (section !== null && !inside) {
      if (first.text === "{") {
        inside = true;
        tooMany(words.slice(1), diagnostics);
        continue;
      }
      alert(diagnostics, first, `Missing "{" before ${quote(first.text)}`);
      inside = true;
    }
    if (section !== null) {
      if (first.text === "}") {
        section = null;
        inside = false;
        tooMany(words.slice(1), diagnostics);
        continue;
      }
      const attribute = readAttribute(file, at + 1, line);
      if (attribute !== null) section.attributes.push(attribute);
      else if (Object.hasOwn(HEADS, first.text)) {
        alert(diagnostics, first, `Missing "}" before ${quote(first.text)}`);
        section = null;
        inside = false;
      } else alert(diagnostics, first, `Missing "=" in ${quote(line.trim())}: expected ATTRIBUTE = VALUE...`);
      if (section !== null) continue;
    }
    const entry = readHead(words, diagnostics);
    if (entry !== null) entries.push(entry);
    // What follows a head with a mistake in it is still its block.
    if ((entry?.kind ?? first.text) === "service" || entry?.kind === "defaults") {
      section = entry !== null && "attributes" in entry ? entry : { head: first, attributes: [] };
      inside = words.at(-1)!.text === "{";
    }
  }
  if (section !== null) alert(diagnostics, section.head, `Missing "}" before the end of the file`);
  return entries;
}

function readHead(words: Word[], diagnostics: Diagnostics): Entry | null {
  const [head, ...rest] = words as [Word, ...Word[]];
  if (!Object.hasOwn(HEADS, head.text)) {
    const hint = didYouMean(head.text, Object.keys(HEADS));
    alert(
      diagnostics,
      head,
      `Unknown word ${quote(head.text)}: expected service, defaults, include or includedir`,
      hint,
    );
    return null;
  }
  const kind = head.text as Entry["kind"];
  const { words: wanted, block, expected } = HEADS[kind];
  if (block && rest.at(-1)?.text === "{") rest.pop();
  if (rest.length < wanted) {
    alert(diagnostics, head, `Nothing follows ${quote(kind)}: expected ${expected}`);
    return null;
  }
  tooMany(rest.slice(wanted), diagnostics);
  if (kind === "defaults") return { kind, head, attributes: [] };
  return kind === "service" ? { kind, head, name: rest[0]!, attributes: [] } : { kind, head, path: rest[0]! };
}

function tooMany(words: readonly Word[], diagnostics: Diagnostics): void {
  if (words[0] !== undefined) alert(diagnostics, words[0], `Unexpected ${quote(words[0].text)}`);
}

function readAttribute(file: string, number: number, line: string): Attribute | null {
  const parts = ATTRIBUTE.exec(line);
  if (parts === null) return null;
  const [, blank = "", name = "", operator = "", rest = ""] = parts;
  const place = { file, line: number, column: blank.length + 1 };
  return {
    name: { text: name, place, length: name.length, line },
    operator: operator as Operator,
    values: readWords(file, number, line, line.length - rest.length),
  };
}

function readWords(file: string, number: number, line: string, from: number): Word[] {
  return [...line.slice(from).matchAll(/[^ \t]+/g)].map(({ 0: text, index }) => ({
    text,
    place: { file, line: number, column: from + index + 1 },
    length: text.length,
    line,
  }));
}
