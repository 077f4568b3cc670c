/** Orders of turns: haproxy's own for farms of usual size, exact shares for all, bounded memory for huge ones. */
import { describe, expect, test } from "bun:test";
import { mapSchedule, MAX_PERIOD, type Schedule, smoothSchedule, turnOf, type Weighted } from "./schedule.ts";

const farm = (weights: number[]): Weighted => ({
  count: weights.length,
  servers: Int32Array.from(weights.keys()),
  weights: Int32Array.from(weights),
});

const turns = (schedule: Schedule, count: number): string =>
  Array.from({ length: count }, (_, i) => turnOf(schedule, i)).join("");

// As haproxy 2.6 was seen to choose: roundrobin, static-rr.
const ORDERS: [weights: number[], smooth: string, map: string][] = [
  [[1], "000", "000"],
  [[1, 1, 1], "012012", "012012"],
  [[3, 1, 2], "0201020201020201020201", "0020120020120020120020"],
  [[10, 20], "1101101101101101101101", "0110110110110110110110"],
  [[10, 1], "0000000000100000000001", "0000000000100000000001"],
  [[1, 2, 3, 4], "3231230321323123032132", "0132312323013231232301"],
  // Their first rounds differ from the next ones.
  [[5, 2, 3, 2, 2, 6], "5025105320540512503504", "0125035024501520534501"],
  [[6, 4, 6], "0202102012021020120210201202102012021020", "0120120201201202"],
];
test.each(ORDERS)("%p", (weights, smooth, map) => {
  expect(turns(smoothSchedule(farm(weights)), smooth.length)).toBe(smooth);
  expect(turns(mapSchedule(farm(weights)), map.length)).toBe(map);
});

function counts(schedule: Schedule, from: number, servers: number): number[] {
  const counts = new Array<number>(servers).fill(0);
  for (let i = 0; i < schedule.period; i++) counts[turnOf(schedule, from + i)]! += 1;
  return counts;
}

describe("any weights", () => {
  const seed = Number(process.env.FUZZ_SEED ?? 20_260);
  test(`each server has its weight in each period (FUZZ_SEED ${seed})`, () => {
    let state = seed;
    const below = (limit: number): number =>
      (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % 65_537 % limit;
    for (let round = 0; round < 300; round++) {
      const weights = Array.from({ length: 1 + below(9) }, () => 1 + below(round % 2 === 0 ? 7 : 256));
      for (const build of [smoothSchedule, mapSchedule]) {
        const schedule = build(farm(weights));
        const divisor = weights.reduce((sum, weight) => sum + weight, 0) / schedule.period;
        const want = weights.map((weight) => weight / divisor);
        expect([weights, counts(schedule, schedule.lead, weights.length)]).toEqual([weights, want]);
        expect([weights, counts(schedule, 4_000_000_000, weights.length)]).toEqual([weights, want]);
      }
    }
  });
});

test("only what is usable of a farm counts, under its own numbers", () => {
  const part = { count: 2, servers: Int32Array.of(7, 70_000, 1), weights: Int32Array.of(2, 1, 5) };
  for (const build of [smoothSchedule, mapSchedule]) {
    const schedule = build(part);
    expect([0, 1, 2].map((ticket) => turnOf(schedule, ticket)).sort()).toEqual([7, 7, 70_000]);
  }
});

const HUGE: [name: string, weights: number[], kept: number][] = [
  ["10 000 alike", new Array<number>(10_000).fill(100), 10_000],
  ["10 000 of weights 1 to 256", Array.from({ length: 10_000 }, (_, i) => 1 + i * 7919 % 256), 0],
];
test.each(HUGE)("memory is bounded: %s", (_, weights, kept) => {
  for (const build of [smoothSchedule, mapSchedule]) {
    const schedule = build(farm(weights));
    expect(schedule.order.length).toBe(kept);
    expect(schedule.order.length).toBeLessThanOrEqual(2 * MAX_PERIOD);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(counts(schedule, 0, weights.length).map((count) => count * total / schedule.period)).toEqual(weights);
  }
});

test("without a kept order a server's turns are spread evenly", () => {
  const weights = HUGE[1]![1];
  const schedule = smoothSchedule(farm(weights));
  const last = new Int32Array(weights.length).fill(-1);
  let widest = 0;
  let narrowest = Infinity;
  for (let ticket = 0; ticket < schedule.period; ticket++) {
    const server = turnOf(schedule, ticket);
    if (last[server]! >= 0) {
      const gap = (ticket - last[server]!) * weights[server]! / schedule.period;
      widest = Math.max(widest, gap);
      narrowest = Math.min(narrowest, gap);
    }
    last[server] = ticket;
  }
  // In units of the ideal distance.
  expect(widest).toBeLessThan(3);
  expect(narrowest).toBeGreaterThan(0.25);
});
