/** Random and half-sensible text through the lexical layer: never throws, always ends, and every place lies in its line. */
import { expect, test } from "bun:test";
import { newDiagnostics, renderDiagnostic } from "../diagnostics.ts";
import { parseBindAddresses, parseDatagramAddress, parseServerAddress, parseSourceAddress } from "./addresses.ts";
import { type ConditionContext, evaluateArgument, evaluateCondition } from "./conditions.ts";
import { lexLine } from "./lexer.ts";
import { readLines } from "./preprocess.ts";
import { parseInteger, parsePercentage, parseSize, parseThreadSet, parseTime } from "./values.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 20_26);
/** Each of the four parts. */
const BUDGET_MS = 250;

const environment = new Map([["V", "a  b"], ["E", ""], ["X", 'q"\\$V #'], ["S", " "]]);
const condition: Omit<ConditionContext, "environment"> = {
  features: new Set(["EPOLL"]),
  enabled: new Set(["EPOLL"]),
  version: "3.5.0",
  ssl: { name: "BoringSSL", version: "1.1.1f", awslcApi: null, fips: false },
};

/** mulberry32: small, and the same everywhere. */
function random(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const LINE = [
  ...[" ", "\t", "#", '"', "'", "\\", "\\x", "\\x4", "\\n", "\r", "\0", "\xff", "\xc3\xa9", "$", "${", "}", "[*]", "-"],
  ...["${V}", '"${V[*]}"', '"$X"', '"${U-x y}"', "${.LINE}", "a", "server", "1.2.3.4:80", "$E", '"${S[*]}"'],
];
const CONDITION = [
  ...[
    "(",
    ")",
    "!",
    "&&",
    "||",
    "&",
    "0",
    "1",
    "0x1f",
    "08",
    " ",
    ",",
    '"',
    "'",
    "\\",
    "defined(V)",
    "feature(",
    "streq(",
  ],
  ...["version_atleast(3.", "fips_mode", "openssl_version_before(1.1.1", "enabled(EPOLL)", "x", "-1", "\xff"],
];
const FILE = [
  ...LINE,
  "\n",
  "\n",
  "\n.if ",
  "\n.elif ",
  "\n.else\n",
  "\n.endif\n",
  "\n.notice ",
  "\n.foo ",
  "\nglobal\n",
  "1",
  "0",
];
const VALUE = [
  ...[
    "1",
    "10",
    "65536",
    "-",
    "+",
    ":",
    "::",
    "[",
    "]",
    "@",
    "ipv4@",
    "unix@",
    "fd@",
    "stream+",
    "/",
    ",",
    ".",
    "1.2.3.4",
  ],
  ...["s", "ms", "us", "k", "g", "%", "all", "odd", "host", "*", "\0", "\xff", " "],
];

function make(next: (below: number) => number, parts: readonly string[], most: number): string {
  let text = "";
  for (let n = next(most); n > 0; n--) {
    text += next(8) === 0 ? String.fromCharCode(next(256)) : parts[next(parts.length)] ?? "";
  }
  return text;
}

/** Runs until the time is up; on a failure says how to have it again. */
function fuzz(parts: readonly string[], most: number, one: (text: string) => void): void {
  const next = random(SEED);
  const until = performance.now() + BUDGET_MS;
  let runs = 0;
  do {
    const text = make(next, parts, most);
    try {
      one(text);
    } catch (error) {
      throw new Error(`Seed ${SEED}, run ${runs}, input ${JSON.stringify(text)}`, { cause: error });
    }
    runs++;
  } while (performance.now() < until);
  expect(runs).toBeGreaterThan(10);
}

test("lexLine", () => {
  fuzz(LINE, 30, (text) => {
    const lexed = lexLine(text, { file: "f", line: 1, environment, section: "s", comments: true });
    for (const { column, length } of lexed.error === null ? [] : [lexed.error]) {
      expect(column).toBeWithin(1, text.length + 2);
      expect(column - 1 + length).toBeLessThanOrEqual(text.length);
    }
    for (const word of lexed.words ?? []) {
      expect(word.place.column).toBeWithin(1, text.length + 1);
      expect(word.length).toBeGreaterThan(0);
      expect(word.place.column - 1 + word.length).toBeLessThanOrEqual(text.length);
    }
  });
});

test("evaluateCondition and evaluateArgument", () => {
  fuzz(CONDITION, 30, (text) => {
    const context = { ...condition, environment };
    const result = evaluateCondition(text, context);
    if ("error" in result) expect(result.column).toBeWithin(1, text.length + 2);
    else expect(typeof result.value).toBe("boolean");
    evaluateArgument(text, context);
  });
});

test("readLines", () => {
  fuzz(FILE, 80, (text) => {
    const diagnostics = newDiagnostics();
    const lines = text.split("\n");
    readLines(
      { path: "f", text },
      { environment, condition, sections: new Set(["global"]), diagnostics },
      (line) => expect(line.words.length).toBeGreaterThan(0),
    );
    for (const one of diagnostics.list) {
      const { line = 0, column = 0 } = one.place ?? {};
      expect(line).toBeWithin(1, lines.length + 1);
      expect(column).toBeWithin(1, (lines[line - 1] ?? "").length + 2);
      const shown = renderDiagnostic(one, 1);
      // Nothing an operator's file holds may reach the terminal raw.
      expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    }
  });
});

test("values and addresses", () => {
  fuzz(VALUE, 8, (text) => {
    for (const parse of [parseTime, parseSize, parseInteger, parsePercentage]) {
      const result = parse(text);
      if ("value" in result) expect(Number.isSafeInteger(result.value)).toBe(true);
      else expect(result.error.length).toBeGreaterThan(10);
    }
    parseThreadSet(text);
    const addresses = [
      parseBindAddresses(text),
      parseServerAddress(text),
      parseSourceAddress(text),
      parseDatagramAddress(text, 514),
    ];
    for (const result of addresses) {
      if (!("error" in result)) continue;
      expect(result.offset).toBeWithin(0, text.length + 1);
      expect(result.offset + result.length).toBeLessThanOrEqual(text.length);
    }
  });
});
