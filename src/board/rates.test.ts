/** Rate meters in virtual time: seconds that turn, a clock that stands still, jumps or goes back. */
import { expect, test } from "bun:test";
import { countEvent, readRate } from "./rates.ts";

type Step = [atMs: number, events: number, rate: number];

/** Events at a time, and the rate read right after them. */
const CASES: [what: string, steps: Step[], max: number][] = [
  ["within one second", [[5_000, 3, 3], [5_500, 2, 5], [5_999, 0, 5]], 5],
  ["half of the last second still counts", [[5_000, 10, 10], [6_000, 0, 10], [6_500, 0, 5], [6_900, 0, 0]], 10],
  ["both seconds add up", [[5_000, 10, 10], [6_500, 4, 9], [7_000, 0, 4], [7_500, 0, 2], [8_000, 0, 0]], 10],
  ["a pause of two seconds forgets", [[5_000, 10, 10], [7_000, 1, 1]], 10],
  ["a long pause forgets", [[5_000, 10, 10], [500_000, 1, 1], [501_000, 0, 1]], 10],
  ["never counted", [[5_000, 0, 0], [9_999, 0, 0]], 0],
  // Another process has turned the second already when this one, which read the clock before, counts.
  ["a moment back into the last second", [[5_999, 4, 4], [6_000, 1, 5], [5_999, 1, 2], [6_000, 0, 6]], 4],
  ["the clock set back by an hour", [[5_000_000, 9, 9], [1_400_000, 2, 2], [1_401_500, 0, 1]], 9],
  // Seconds of 1970 no longer fit a signed word from 2038 on.
  ["over the end of a word's seconds", [[(2 ** 31 - 1) * 1000, 6, 6], [2 ** 31 * 1000 + 500, 1, 4]], 6],
  ["after it", [[(2 ** 31 + 5) * 1000, 6, 6], [(2 ** 31 + 6) * 1000 + 500, 2, 5]], 6],
];
test.each(CASES)("%s", (_, steps, max) => {
  const words = new Int32Array(6).fill(-77); // its neighbours stay as they are
  words.fill(0, 1, 5);
  for (const [atMs, events, rate] of steps) {
    for (let i = 0; i < events; i++) countEvent(words, 1, Math.floor(atMs / 1000));
    expect({ atMs, rate: readRate(words, 1, atMs) }).toEqual({ atMs, rate });
  }
  expect(words[4]).toBe(max);
  expect([words[0], words[5]]).toEqual([-77, -77]);
});

test("counting returns the count of the second", () => {
  const words = new Int32Array(4);
  expect([7, 7, 8, 8, 8].map((sec) => countEvent(words, 0, sec))).toEqual([1, 2, 1, 2, 3]);
});
