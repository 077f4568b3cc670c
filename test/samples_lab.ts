/**
 * What the tests that compare samples with haproxy share: the cases in their files, and which of them haproxy refuses.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HAPROXY, launch } from "./harness/processes.ts";

/** Of test/fixtures/samples: one case in a line, as it stands in a configuration. */
export const linesOf = (name: string): string[] =>
  readFileSync(join(import.meta.dir, "fixtures/samples", name), "utf8").trimEnd().split("\n");

export const REFUSED = "refused";
export const NOT_YET = "not supported yet";
export const refusal = (message: string): string => message.includes(NOT_YET) ? NOT_YET : REFUSED;

/** Pattern files that cases name. */
export const FILES: Readonly<Record<string, string>> = {
  words: "# comment\n  abc  \n\nDeF\n #x\nwith space here\nkey value\r\n/a\n",
  map: "# comment\nkey value\nwith space here\n",
  networks: "1.2.3.0/24\n#c\n10.0.0.1\n2001:db8::/64\n",
  numbers: "10:20\n5\n",
  operators: "gt 5\n",
  many: Array.from({ length: 40 }, (_, i) => `${i}\nabc${i}.\n`).join(""),
};

export function writeFiles(directory: string): void {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
}

/** The line with the paths of the files it names. */
export const withFiles = (line: string, directory: string): string =>
  line.replace(/(-f) ([a-z]+)/g, `$1 ${directory}/$2`);

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** As the configuration's lexer does it, for the lines of the cases: blanks, quotes, a backslash before a blank. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    words.push(match[0].replace(/"([^"]*)"|'([^']*)'|\\(.)/g, (_all, a, b, c) => a ?? b ?? c));
  }
  return words;
}

/** The cases that haproxy refuses. It gives up after some fifty errors, so it is asked until it has none left. */
export async function refused(
  directory: string,
  head: string,
  cases: readonly string[],
  config: (text: string, i: number) => string,
): Promise<Set<string>> {
  const path = join(directory, "check.cfg");
  const bad = new Set<string>();
  for (;;) {
    const asked = cases.filter((text) => !bad.has(text));
    const before = bad.size;
    let lines = head.split("\n").length;
    const byLine = new Map<number, string>();
    const parts = asked.map((text, i) => {
      const part = config(text, i);
      for (const _ of part.split("\n")) byLine.set(lines++, text);
      return part;
    });
    writeFileSync(path, Buffer.from(`${head}${parts.join("\n")}\n`));
    const checked = launch([HAPROXY!, "-c", "-f", path], directory);
    await checked.exited;
    for (const match of checked.stderr().matchAll(/\[ALERT\].*?check\.cfg:(\d+)\](?!: too many fatal)/g)) {
      bad.add(byLine.get(Number(match[1]))!);
    }
    if (bad.size === before) return bad;
  }
}
