/** The limit that minconn, maxconn and fullconn give, and what makes a server full. */
import { expect, test } from "bun:test";
import { backend } from "../../../test/balance_fixture.ts";
import { WORD } from "../../board/words.ts";
import { dynamicMaxconn, isFull, openFarm } from "./farm.ts";

const LIMITS: [maxconn: number, minconn: number, fullconn: number, connections: number, limit: number][] = [
  [100, 0, 1000, 0, 100],
  [100, 10, 1000, 0, 10],
  [100, 10, 1000, 100, 10],
  [100, 10, 1000, 119, 11],
  [100, 10, 1000, 999, 99],
  [100, 10, 1000, 1000, 100],
  [100, 10, 1000, 5000, 100],
  [100, 10, 0, 0, 100], // no fullconn
  [100, 100, 1000, 0, 100],
  [100, 200, 1000, 0, 100],
];
test.each(LIMITS)("maxconn %d, minconn %d, fullconn %d at %d: %d", (maxconn, minconn, fullconn, connections, limit) => {
  expect(dynamicMaxconn(maxconn, minconn, fullconn, connections)).toBe(limit);
});

const FULLNESS: [maxconn: number, cur: number, queued: number, full: boolean][] = [
  [0, 1_000_000, 0, false],
  [0, 5, 5, false], // without a limit nobody waits for long
  [2, 1, 0, false],
  [2, 2, 0, true],
  [2, 3, 0, true],
  [2, 0, 1, true], // who waits comes first
];
test.each(FULLNESS)("maxconn %d with %d connections and %d waiting: %p", (maxconn, cur, queued, full) => {
  const made = backend({ balance: { kind: "roundrobin" }, servers: [{ maxconn }] });
  made.word(0, WORD.cur, cur);
  made.word(0, WORD.queued, queued);
  expect(isFull(openFarm(made.proxy, made.board, made.entities), 0)).toBe(full);
});
