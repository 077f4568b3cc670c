/**
 * What the language has and this program has not yet: said once for each keyword, with all the lines that use it, so that
 * a file with fifty rules of one kind gets one message about them.
 */
import { alert, type Located } from "../diagnostics.ts";
import type { Load } from "./draft.ts";
import type { Place } from "../place.ts";
import type { Word } from "./words.ts";

/** `what` tells one kind of use from another; the message is that of the first. */
export function notYet(load: Load, at: Located, what: string, message: string): void {
  const before = load.later.get(what);
  if (before !== undefined) {
    before.places.push(at.place);
    return;
  }
  alert(load.diagnostics, at, message);
  const said = load.diagnostics.list.at(-1);
  if (said !== undefined) load.later.set(what, { said, places: [at.place] });
}

/** Where a line can be read again behind a word whose arguments nobody counts: at the next one that has a meaning there. */
export function nextKnown(words: readonly Word[], from: number, names: readonly string[]): number {
  const found = words.findIndex((word, i) => i >= from && names.includes(word.text));
  return found < 0 ? words.length : found;
}

/** Adds the further lines to what has been said. */
export function listFurtherLines(load: Load): void {
  for (const { said, places } of load.later.values()) {
    const others = places.filter(({ file, line }) => file !== places[0]?.file || line !== places[0].line);
    if (others.length > 0) said.hint = `Also on ${lineList(others, places[0]?.file ?? "")}`;
  }
}

/** More than these are counted. */
const MOST_LISTED = 10;

/** "lines 3-5, 9" of the file at hand, "other.cfg:7" of another. */
function lineList(places: readonly Place[], here: string): string {
  const runs: { file: string; from: number; to: number }[] = [];
  for (const { file, line } of places) {
    const last = runs.at(-1);
    if (last !== undefined && last.file === file && line - last.to <= 1) last.to = line;
    else runs.push({ file, from: line, to: line });
  }
  const shown = runs.slice(0, MOST_LISTED).map(({ file, from, to }) =>
    `${file === here ? "" : `${file}:`}${from === to ? from : `${from}-${to}`}`
  );
  const rest = runs.length - shown.length;
  const word = places.length === 1 ? "line" : "lines";
  return `${word} ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
