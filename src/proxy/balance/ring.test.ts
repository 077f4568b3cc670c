/** The ring: where points stand, which is closest, and that a change moves no more keys than it must. */
import { expect, test } from "bun:test";
import { avalanche } from "./hash.ts";
import { closestPoint, fullRing, MAX_POINTS, type Ring, ringFor } from "./ring.ts";

const ring = (keys: number[]): Ring => ({
  size: keys.length,
  keys: Uint32Array.from(keys),
  owners: Uint16Array.from(keys.keys()),
});

const CLOSEST: [keys: number[], hash: number, point: number][] = [
  [[100, 200, 300], 100, 0],
  [[100, 200, 300], 149, 0],
  [[100, 200, 300], 150, 0], // as far from both: the one before
  [[100, 200, 300], 151, 1],
  [[100, 200, 300], 301, 2],
  [[100, 200, 300], 0xffffffff, 0], // around the end
  [[100, 200, 300], 10, 0],
  [[1000, 0xfffffff0], 5, 1],
  [[1000, 0xfffffff0], 0xffffffff, 1],
  [[7], 0x80000000, 0],
];
test.each(CLOSEST)("in %p closest to %d is point %d", (keys, hash, point) => {
  expect(closestPoint(ring(keys), hash)).toBe(point);
});

test("a server has 16 points per unit of weight, found from its id", () => {
  const full = fullRing(Int32Array.of(3), Int32Array.of(2));
  const want = Array.from({ length: 32 }, (_, p) => avalanche(3 * 4096 + p)).sort((a, b) => a - b);
  expect([...full.keys]).toEqual(want);
});

test("a server that goes moves only its own keys; a lower weight only keys it loses", () => {
  const weights = Int32Array.of(2, 3, 1, 4);
  const full = fullRing(Int32Array.of(1, 2, 3, 4), weights);
  const before = ringFor(full, weights);
  const without = ringFor(full, Int32Array.of(2, 0, 1, 4));
  const lower = ringFor(full, Int32Array.of(2, 1, 1, 4));
  let moved = 0;
  for (let key = 0; key < 2000; key++) {
    const hash = avalanche(key);
    const owner = before.owners[closestPoint(before, hash)]!;
    const next = without.owners[closestPoint(without, hash)]!;
    const less = lower.owners[closestPoint(lower, hash)]!;
    if (owner !== 1) expect([next, less]).toEqual([owner, owner]);
    else expect(next).not.toBe(1);
    if (less !== owner) moved++;
  }
  expect(moved).toBeGreaterThan(100);
  expect(
    ringFor(fullRing(Int32Array.of(1, 2, 3, 4), Int32Array.of(2, 1, 1, 4)), Int32Array.of(2, 1, 1, 4)).keys
      .slice(0, lower.size),
  ).toEqual(lower.keys.slice(0, lower.size));
});

test("memory is bounded, and each server stays on the ring", () => {
  const count = 10_000;
  const ids = Int32Array.from({ length: count }, (_, i) => i + 1);
  const weights = Int32Array.from({ length: count }, (_, i) => i % 256 + 1);
  const full = fullRing(ids, weights);
  expect(full.keys.length).toBeLessThanOrEqual(MAX_POINTS + count);
  expect(new Set(full.owners).size).toBe(count);
});
