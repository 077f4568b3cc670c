/** The agenda against a sorted list, and where checks begin; no clock is looked at. */
import { expect, test } from "bun:test";
import { createAgenda, firstDelays, spreadInterval } from "./agenda.ts";

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

test("as a sorted list gives them, through many changes", () => {
  const random = generator(7);
  const count = 200;
  const agenda = createAgenda(count);
  const times = new Map<number, number>();
  for (let round = 0; round < 20_000; round++) {
    const check = Math.floor(random() * count);
    const kind = random();
    if (kind < 0.6) {
      const at = Math.floor(random() * 1000);
      agenda.set(check, at);
      times.set(check, at);
    } else if (kind < 0.7) {
      agenda.set(check, Infinity);
      times.delete(check);
    } else {
      const first = Math.min(...times.values());
      expect(agenda.nextAt()).toBe(first);
      expect(agenda.due(first - 1)).toBe(-1);
      if (first === Infinity) continue;
      const due = agenda.due(first);
      expect(times.get(due)).toBe(first);
      times.delete(due);
    }
    expect(agenda.at(check)).toBe(times.get(check) ?? Infinity);
  }
});

test("an empty agenda has nothing due", () => {
  const agenda = createAgenda(0);
  expect([agenda.nextAt(), agenda.due(1e9)]).toEqual([Infinity, -1]);
});

const DELAYS: [name: string, intervals: number[], most: number, delays: number[]][] = [
  ["none", [], 0, []],
  ["one begins at once", [2000], 0, [0]],
  ["equal ones are spread over the interval", [2000, 2000, 2000, 2000], 0, [0, 500, 1000, 1500]],
  ["different ones over the shortest", [4000, 2000], 0, [0, 1000]],
  ["a longer one over its own", [2000, 4000], 0, [0, 2000]],
  ["those under a second do not count for others", [100, 2000], 0, [0, 1000]],
  ["they are spread over the others' interval", [2000, 100], 0, [0, 1000]],
  ["only short ones: each over its own", [100, 200], 0, [0, 100]],
  ["max-spread-checks", [60_000, 60_000], 1000, [0, 500]],
];
test.each(DELAYS)("where checks begin: %s", (_, intervals, most, delays) => {
  expect(firstDelays(intervals, most)).toEqual(delays);
});

test("spread-checks is up to so many percent, either way", () => {
  expect([0, 0.5, 1].map((random) => spreadInterval(2000, 50, random))).toEqual([3000, 2000, 1000]);
  expect(spreadInterval(2000, 0, 0.9)).toBe(2000);
});
