/** The timer wheel against a plain list of deadlines, in virtual time. */
import { expect, test } from "bun:test";
import { createWheel } from "./timers.ts";

/** Turns the wheel as the loop does, from due time to due time, until `untilMs`. */
function run(wheel: ReturnType<typeof createWheel>, untilMs: number): void {
  for (let at = wheel.nextAt(); at <= untilMs; at = wheel.nextAt()) wheel.turn(at);
  wheel.turn(untilMs);
}

test("each slot is looked at once, never early, at most one tick late", () => {
  const deadlines: number[] = [];
  const looked: [slot: number, nowMs: number][] = [];
  const wheel = createWheel(1000, (slot, nowMs) => looked.push([slot, nowMs]));
  for (let i = 0; i < 3000; i++) {
    const slot = wheel.take();
    deadlines[slot] = 1001 + ((i * 37) % 4999);
    wheel.arm(slot, deadlines[slot]!);
  }
  run(wheel, 7000);
  expect(looked.length).toBe(3000);
  expect(new Set(looked.map(([slot]) => slot)).size).toBe(3000);
  const late = looked.map(([slot, nowMs]) => nowMs - deadlines[slot]!);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...late)).toBeLessThanOrEqual(4);
  expect(wheel.nextAt()).toBe(Infinity);
});

test("a disarmed or released slot is not looked at; arming again replaces", () => {
  const looked: number[] = [];
  const wheel = createWheel(0, (slot) => looked.push(slot));
  const [kept, dropped, freed] = [wheel.take(), wheel.take(), wheel.take()];
  for (const slot of [kept, dropped, freed]) wheel.arm(slot, 50);
  wheel.arm(kept, 150);
  wheel.disarm(dropped);
  wheel.release(freed);
  expect(wheel.armedFor(dropped)).toBe(Infinity);
  run(wheel, 140);
  expect(looked).toEqual([]);
  run(wheel, 160);
  expect(looked).toEqual([kept]);
  expect(wheel.take()).toBe(freed);
});

test("a slot that is armed again while it is looked at waits for its new time", () => {
  const looked: number[] = [];
  const wheel = createWheel(0, (slot, nowMs) => {
    looked.push(nowMs);
    if (looked.length < 4) wheel.arm(slot, nowMs + 100);
  });
  wheel.arm(wheel.take(), 100);
  run(wheel, 1000);
  expect(looked).toEqual([100, 200, 300, 400]);
});

test("who is looked at late and armed again for far away is looked at once in that turn", () => {
  let looks = 0;
  const wheel = createWheel(0, (slot, nowMs) => {
    looks++;
    wheel.arm(slot, nowMs + 3_600_000);
  });
  wheel.arm(wheel.take(), 100);
  // One tick late: the farthest bucket is then the one that is being looked at.
  wheel.turn(104);
  expect(looks).toBe(1);
});

test("a deadline beyond the horizon is looked at early, so that the owner can arm it again", () => {
  const wheel = createWheel(0, () => {});
  const slot = wheel.take();
  wheel.arm(slot, 3_600_000);
  expect(wheel.armedFor(slot)).toBeLessThan(8_200);
});

test("a process that slept for longer than the wheel is round looks at all that became due", () => {
  let looked = 0;
  const wheel = createWheel(0, () => looked++);
  for (let i = 1; i <= 500; i++) wheel.arm(wheel.take(), i * 16);
  wheel.turn(60_000);
  expect(looked).toBe(500);
});
