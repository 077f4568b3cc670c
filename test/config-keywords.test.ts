/**
 * Every keyword with a row against Debian's haproxy 2.6: accepted, warned about or refused in the same sections.
 * test/golden/config/keywords.txt holds haproxy's verdicts; where haproxy is installed they are taken anew.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIND_OPTIONS } from "../src/config/haproxy/sections/bind.ts";
import { globalTable } from "../src/config/haproxy/sections/global.ts";
import { proxyTable } from "../src/config/haproxy/sections/proxy.ts";
import { SERVER_PARAMETERS } from "../src/config/haproxy/sections/server.ts";
import { loadText } from "./config_fixture.ts";
import { CHECK_DIFFERENCES, CHECK_SERVER_LINES } from "./config_keyword_check_lines.ts";
import { HTTP_DIFFERENCES, HTTP_LINES } from "./config_keyword_http_lines.ts";
import { RULE_DIFFERENCES, RULE_LINES, RULE_PLACE_LINES } from "./config_keyword_rule_lines.ts";
import { ALL_PROXY_LINES, BIND_LINES, DIFFERENCES, GLOBAL_LINES, SERVER_LINES } from "./config_keyword_lines.ts";

const GOLDEN = join(import.meta.dir, "golden/config/keywords.txt");

/** The ways a line may stand; each line of keywords.txt has one verdict per way: a(ccepted) w(arned) r(efused). */
const SECTIONS = ["defaults", "named", "frontend", "backend", "listen"] as const;
type Section = (typeof SECTIONS)[number] | "global";

const preamble = (mode: string) => [
  "defaults base",
  `  mode ${mode}`,
  "  timeout client 1s",
  "  timeout server 1s",
  "  timeout connect 1s",
  "backend target from base",
  "  server s 127.0.0.1:1",
];

interface Table {
  lines: readonly string[];
  sections: readonly Section[];
  mode: "tcp" | "http";
}

/** One file in which each line of the list stands once per section, and where that is. */
function compose({ lines, sections, mode }: Table, skip: ReadonlySet<string> = new Set()) {
  const text = preamble(mode);
  const places = new Map<number, string>();
  const last: string[] = [];
  const lastPlaces: [number, string][] = [];
  lines.forEach((line, i) => {
    for (const section of sections) {
      const key = `${section} ${line}`;
      if (skip.has(key)) continue;
      if (section === "defaults" || section === "named") {
        // At the end, where no proxy takes its settings from them.
        last.push(section === "named" ? `defaults d${i}` : "defaults", `  ${line}`);
        lastPlaces.push([last.length, key]);
        continue;
      }
      if (section === "global") text.push("global");
      else {
        text.push(`${section} ${section}${i} from base`);
        if (section !== "backend") text.push(`  bind 127.0.0.1:9`);
      }
      text.push(`  ${line}`);
      places.set(text.length, key);
    }
  });
  for (const [number, key] of lastPlaces) places.set(text.length + number, key);
  return { text: [...text, ...last, ""].join("\n"), places };
}

type Verdicts = Map<string, "a" | "w" | "r">;

/** As below: what was refused is left out of a second run, in which the whole is judged. */
function ours(table: Table): Verdicts {
  const verdicts: Verdicts = new Map();
  const refused = new Set<string>();
  for (let run = 0; run < 2; run++) {
    const { text, places } = compose(table, refused);
    for (const key of places.values()) verdicts.set(key, "a");
    for (const one of loadText(text).diagnostics.list) {
      const key = one.place === null ? undefined : places.get(one.place.line);
      // What is said about a section as a whole haproxy says without a line.
      if (key === undefined || one.severity === "notice" || one.whole === true) continue;
      if (one.severity === "alert") refused.add(key);
      else verdicts.set(key, "w");
    }
  }
  for (const key of refused) verdicts.set(key, "r");
  return verdicts;
}

/** What was refused is left out of a further run: some errors end the reading, and late warnings need a file without any. */
function haproxys(table: Table): Verdicts {
  const verdicts: Verdicts = new Map();
  const refused = new Set<string>();
  for (let run = 0; run < 300; run++) {
    const { text, places } = compose(table, refused);
    for (const key of places.values()) verdicts.set(key, "a");
    let found = false;
    for (const line of runHaproxy(text).split("\n")) {
      const number = /\[[^\]\s]*:([0-9]+)\]/.exec(line)?.[1];
      const key = number === undefined ? undefined : places.get(Number(number));
      if (key === undefined) continue;
      if (line.startsWith("[ALERT]") && !line.includes("Continuing")) {
        refused.add(key);
        found = true;
      } else if (line.startsWith("[WARNING]")) verdicts.set(key, "w");
    }
    if (!found) break;
  }
  for (const key of refused) verdicts.set(key, "r");
  return verdicts;
}

function runHaproxy(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "keywords-"));
  try {
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, text);
    return Bun.spawnSync(["haproxy", "-c", "-f", file], { stderr: "pipe" }).stderr.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function render({ lines, sections }: Table, verdicts: Verdicts): string[] {
  return lines.map((line) => {
    const marks = sections.map((section) => verdicts.get(`${section} ${line}`) ?? "-").join("");
    return `${marks.padEnd(SECTIONS.length)} ${line}`;
  });
}

const TABLES: readonly Table[] = [
  { lines: ALL_PROXY_LINES, sections: SECTIONS, mode: "tcp" },
  { lines: HTTP_LINES, sections: SECTIONS, mode: "http" },
  { lines: RULE_PLACE_LINES, sections: SECTIONS, mode: "http" },
  { lines: RULE_LINES, sections: ["frontend"], mode: "http" },
  { lines: GLOBAL_LINES, sections: ["global"], mode: "tcp" },
];

async function golden(): Promise<string[]> {
  return (await Bun.file(GOLDEN).text()).trimEnd().split("\n").filter((line) => !line.startsWith("#"));
}

test.if(Bun.which("haproxy") !== null)("the verdicts are those of haproxy 2.6", async () => {
  const version = Bun.spawnSync(["haproxy", "-v"]).stdout.toString();
  if (!version.includes(" 2.6.")) return;
  const found = TABLES.flatMap((table) => render(table, haproxys(table)));
  if (process.env["UPDATE_GOLDEN"] === "1") {
    const head =
      "# Verdicts of haproxy 2.6.12 on one line in: anonymous defaults, named defaults, frontend, backend, listen; or global.\n";
    await Bun.write(GOLDEN, `${head}${found.join("\n")}\n`);
  }
  expect(await golden()).toEqual(found);
}, 60_000);

test("ours are the same, but for the differences listed", async () => {
  const found = TABLES.flatMap((table) => render(table, ours(table)));
  const wanted = (await golden()).map((line) => {
    const text = line.slice(SECTIONS.length + 1);
    const own = (DIFFERENCES[text] ?? CHECK_DIFFERENCES[text] ?? HTTP_DIFFERENCES[text] ?? RULE_DIFFERENCES[text])?.[0];
    return own === undefined ? line : `${own.padEnd(SECTIONS.length)} ${text}`;
  });
  expect(found).toEqual(wanted);
});

test("every row has a line here", () => {
  const words = (lines: readonly string[]) => lines.map((line) => line.replace(/^(no|default) /, ""));
  const covered = (names: Iterable<string>, lines: readonly string[]) =>
    [...names].filter((name) => !words(lines).some((line) => line === name || line.startsWith(`${name} `)));
  expect(covered(proxyTable.rows.keys(), [...ALL_PROXY_LINES, ...HTTP_LINES, ...RULE_PLACE_LINES])).toEqual([]);
  expect(covered(globalTable.rows.keys(), GLOBAL_LINES)).toEqual([]);
  expect(covered(Object.keys(SERVER_PARAMETERS), [...SERVER_LINES, ...CHECK_SERVER_LINES])).toEqual([]);
  expect(covered(Object.keys(BIND_OPTIONS), BIND_LINES)).toEqual([]);
});
