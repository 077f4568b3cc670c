/** Rise and fall: whole courses of results, and every cell of the table. */
import { expect, test } from "bun:test";
import type { Meaning } from "../board/check_results.ts";
import { SERVER_STATE } from "../board/words.ts";
import { type Change, intervalOf, nextHealth, progress, settledHealth, step } from "./machine.ts";

const { down, up, stopping, starting } = SERVER_STATE;
const AFTER: Record<Exclude<Change, "stay">, number> = { up, down, stopping };
const MEANING: Record<string, Meaning> = { "-": "failed", "+": "passed", "~": "conditional" };

/** Plays results (+ passed, - failed, ~ conditional) on a server that is up and unchecked: each step as "2/3 UP". */
function play(results: string, rise: number, fall: number): string[] {
  const limits = { rise, fall };
  let state: number = up;
  let health = rise;
  return [...results].map((letter) => {
    const meaning = MEANING[letter]!;
    health = nextHealth(health, meaning, limits);
    const change = step(state, health, meaning, limits);
    if (change !== "stay") state = AFTER[change];
    const word = state === up ? "UP" : state === down ? "DOWN" : "NOLB";
    return `${progress(health, limits)} ${word}${change === "stay" ? "" : "!"}`;
  });
}

const COURSES: [name: string, results: string, rise: number, fall: number, course: string[]][] = [
  ["the first failure takes an unchecked server down", "-", 2, 3, ["0/2 DOWN!"]],
  ["the first success makes it whole", "+--", 2, 3, ["3/3 UP", "2/3 UP", "1/3 UP"]],
  ["down after fall failures", "+---", 2, 3, ["3/3 UP", "2/3 UP", "1/3 UP", "0/2 DOWN!"]],
  ["up again after rise successes", "-++", 2, 3, ["0/2 DOWN!", "1/2 DOWN", "3/3 UP!"]],
  ["a failure on the way up begins anew", "-+-++", 2, 3, ["0/2 DOWN!", "1/2 DOWN", "0/2 DOWN", "1/2 DOWN", "3/3 UP!"]],
  ["a success on the way down is one step back", "+-+", 2, 3, ["3/3 UP", "2/3 UP", "3/3 UP"]],
  ["rise 1 fall 1", "+-+", 1, 1, ["1/1 UP", "0/1 DOWN!", "1/1 UP!"]],
  ["conditional: stops, and comes back at once", "~+", 2, 3, ["3/3 NOLB!", "3/3 UP!"]],
  ["conditional while down: from rise on it is stopping", "-~~", 2, 3, ["0/2 DOWN!", "1/2 DOWN", "3/3 NOLB!"]],
  ["stopping, then down", "~---", 2, 3, ["3/3 NOLB!", "2/3 NOLB", "1/3 NOLB", "0/2 DOWN!"]],
];
test.each(COURSES)("%s", (_, results, rise, fall, course) => {
  expect(play(results, rise, fall)).toEqual(course);
});

test("whatever comes, a change takes fall failures or rise successes in a row", () => {
  for (const [rise, fall] of [[1, 1], [1, 4], [4, 1], [2, 3], [3, 2]] as const) {
    for (let course = 0; course < 512; course++) {
      const results = Array.from({ length: 9 }, (_, bit) => (course >> bit & 1) === 1 ? "+" : "-").join("");
      // One success first: the first failure of an unchecked server counts for all.
      const states = play(`+${results}`, rise, fall);
      states.forEach((state, i) => {
        if (!state.endsWith("!")) return;
        const [letter, count] = state.includes("UP") ? ["+", rise] : ["-", fall];
        expect([results, `+${results}`.slice(i + 1 - count, i + 1)]).toEqual([results, letter.repeat(count)]);
      });
    }
  }
});

const SETTLED: [state: number, health: number, settled: number][] = [
  [up, 0, 2],
  [up, 1, 2],
  [up, 3, 3],
  [starting, 0, 2],
  [stopping, 0, 2],
  [down, 4, 0],
  [down, 1, 1],
];
test.each(SETTLED)("state %p set from outside with health %p: %p", (state, health, settled) => {
  expect(settledHealth(health, state, { rise: 2, fall: 3 })).toBe(settled);
});

const INTERVALS: [name: string, health: number, state: number, ms: number][] = [
  ["wholly up", 4, up, 1000],
  ["going down", 3, up, 100],
  ["unchecked", 2, up, 100],
  ["going up", 1, down, 100],
  ["wholly down", 0, down, 10],
];
test.each(INTERVALS)("the interval of one that is %s", (_, health, state, ms) => {
  const intervals = { rise: 2, fall: 3, interMs: 1000, fastinterMs: 100, downinterMs: 10 };
  expect(intervalOf(health, state, intervals)).toBe(ms);
});
