/**
 * Lines of the stats socket: a table, and words escaped and split again.
 */
import { expect, test } from "bun:test";
import { parseDelayMs, splitLine } from "./split.ts";

const lines: [text: string, commands: string[][], payloadEnd: string | null][] = [
  ["", [[]], null],
  [" \t ", [[]], null],
  ["show  stat\t-1 4", [["show", "stat", "-1", "4"]], null],
  ["show info;show stat", [["show", "info"], ["show", "stat"]], null],
  ["show info;", [["show", "info"], []], null],
  [";;", [[], [], []], null],
  ["set map a\\;b c\\\\d", [["set", "map", "a;b", "c\\d"]], null],
  ["add a\\ b", [["add", "a b"]], null],
  ["end\\", [["end\\"]], null],
  ["add map m <<", [["add", "map", "m"]], ""],
  ["a; b <<%EOF%", [["a"], ["b"]], "%EOF%"],
  ["<<", [[]], ""],
  ["a<<", [["a<<"]], null], // glued to a word
  ["a << b", [["a", "<<", "b"]], null], // not the last word
  ["a <<;b", [["a"]], ";b"], // a pattern like any other
  [`a <<${"x".repeat(64)}`, [["a"]], "x".repeat(64)],
  [`a <<${"x".repeat(65)}`, [["a", `<<${"x".repeat(65)}`]], null],
];
test.each(lines)("splitLine %p", (text, commands, payloadEnd) => {
  expect(splitLine(text)).toEqual({ commands, payloadEnd });
});

const delays: [text: string, ms: number | null][] = [
  ["10", 10_000],
  ["10s", 10_000],
  ["1500ms", 1500],
  ["1us", 1],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["1d", 86_400_000],
  ["0", null],
  ["-1", null],
  ["abc", null],
  ["1x", null],
  ["1.5s", null],
  ["", null],
  ["999999d", null],
];
test.each(delays)("parseDelayMs %p", (text, ms) => expect(parseDelayMs(text)).toBe(ms));

/** Words to a line and back: whatever is escaped comes out as it went in. */
test("splitting undoes escaping, and no text makes it fail", () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_120);
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = Math.imul(state ^ (state >>> 15), state | 1) + 0x6d2b79f5 >>> 0;
    return ((state ^ (state >>> 14)) >>> 0) % below;
  };
  const alphabet = "ab;; \t\\\\<<\"'#\r\x00\xff";
  const word = (): string => Array.from({ length: 1 + random(6) }, () => alphabet[random(alphabet.length)]).join("");
  for (let round = 0; round < 20_000; round++) {
    const commands = Array.from({ length: 1 + random(3) }, () => Array.from({ length: random(4) }, word));
    const escaped = commands.map((words) => words.map((text) => text.replace(/./gs, "\\$&")).join(" ")).join(";");
    const raw = word() + " " + word();
    try {
      expect(splitLine(escaped)).toEqual({ commands, payloadEnd: null });
      const line = splitLine(raw);
      // Nothing is made up: the words hold no more characters than the line.
      expect(line.commands.flat().join("").length).toBeLessThanOrEqual(raw.length);
      expect(line.commands.flat().every((text) => text !== "")).toBe(true);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify({ escaped, raw })}`, { cause: error });
    }
  }
});
