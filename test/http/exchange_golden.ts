/**
 * Status and termination states of every row, as haproxy logs them: test/golden/exchanges.txt, a line for each row.
 * UPDATE_GOLDEN=1 writes the file anew.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PATH = join(import.meta.dir, "../golden/exchanges.txt");
const BETWEEN = " | ";

/** By the names of the rows. A line of a format of its own is "?". */
export function readGolden(): Map<string, readonly string[]> {
  const lines = existsSync(PATH) ? readFileSync(PATH, "utf8").trimEnd().split("\n") : [];
  return new Map(lines.map((line) => {
    const [name = "", states = ""] = line.split(": ");
    return [name, states === "-" ? [] : states.split(BETWEEN)] as const;
  }));
}

export function writeGolden(states: ReadonlyMap<string, readonly string[]>): void {
  const lines = [...states].map(([name, all]) => `${name}: ${all.length === 0 ? "-" : all.join(BETWEEN)}\n`);
  writeFileSync(PATH, lines.join(""));
}
