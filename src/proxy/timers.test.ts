/** The timer wheel against a plain list of deadlines. */
import { expect, test } from "bun:test";
import { clockMs, createWheel, type Wheel } from "./timers.ts";

test("each slot is looked at once, never early, in order of its deadline", async () => {
  const looked: number[] = [];
  const deadlines: number[] = [];
  const early: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const wheel: Wheel = createWheel((slot, nowMs) => {
    if (nowMs < deadlines[slot]!) early.push(slot);
    looked.push(slot);
    if (looked.length === 600) resolve();
  });
  const start = clockMs();
  for (let i = 0; i < 600; i++) {
    const slot = wheel.take();
    deadlines[slot] = start + ((i * 37) % 200);
    wheel.arm(slot, deadlines[slot]!);
  }
  await promise;
  expect(early).toEqual([]);
  expect(new Set(looked).size).toBe(600);
  const order = looked.map((slot) => Math.ceil(deadlines[slot]! / 4));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test("a disarmed or released slot is not looked at; arming again replaces", async () => {
  const looked: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const wheel = createWheel((slot) => {
    looked.push(slot);
    if (slot === last) resolve();
  });
  const [kept, dropped, freed, last] = [wheel.take(), wheel.take(), wheel.take(), wheel.take()];
  const now = clockMs();
  for (const slot of [kept, dropped, freed]) wheel.arm(slot, now + 5);
  wheel.arm(kept, now + 15);
  wheel.disarm(dropped);
  wheel.release(freed);
  wheel.arm(last, now + 40);
  expect(wheel.armedFor(dropped)).toBe(Infinity);
  await promise;
  expect(looked).toEqual([kept, last]);
  expect(wheel.take()).toBe(freed);
});

test("a deadline beyond the horizon is looked at early, so that the owner can arm it again", () => {
  const wheel = createWheel(() => {});
  const slot = wheel.take();
  wheel.arm(slot, clockMs() + 3_600_000);
  expect(wheel.armedFor(slot)).toBeLessThan(clockMs() + 8_200);
  wheel.release(slot);
});
