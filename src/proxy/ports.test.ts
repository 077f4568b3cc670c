/** Source ports: each once, none twice, every process its own. */
import { expect, test } from "bun:test";
import { createPortRing } from "./ports.ts";

const RINGS: [low: number, high: number, share: number, of: number, ports: number[]][] = [
  [5000, 5003, 0, 1, [5000, 5001, 5002, 5003]],
  [5000, 5003, 0, 2, [5000, 5002]],
  [5000, 5003, 1, 2, [5001, 5003]],
  [5000, 5000, 0, 1, [5000]],
  [5000, 5000, 1, 2, []], // fewer ports than processes: some have none
  [65534, 65535, 0, 1, [65534, 65535]],
];
test.each(RINGS)("%d-%d, share %d of %d: %p", (low, high, share, of, ports) => {
  const ring = createPortRing(low, high, share, of);
  expect(ports.map(() => ring.take())).toEqual(ports);
  expect([ring.take(), ring.take()]).toEqual([0, 0]);
  for (const port of ports.toReversed()) ring.giveBack(port);
  expect(ports.map(() => ring.take())).toEqual(ports.toReversed());
  expect(ring.take()).toBe(0);
});

test("what was given back last comes last", () => {
  const ring = createPortRing(7000, 7002, 0, 1);
  const first = ring.take();
  ring.giveBack(first);
  expect([ring.take(), ring.take(), ring.take(), ring.take()]).toEqual([7001, 7002, 7000, 0]);
});
