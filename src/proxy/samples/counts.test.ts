/** The numbers of fetches, read from a real board. */
import { expect, test } from "bun:test";
import { initBoard, wordAt } from "../../board/board.ts";
import { layoutBoard, PROCESS } from "../../board/layout.ts";
import { countEvent } from "../../board/rates.ts";
import { ADMIN, SERVER_STATE, WORD } from "../../board/words.ts";
import type { Model } from "../../config/haproxy/model.ts";
import { boardCounts } from "./counts.ts";

const server = (name: string, maxconn: number, maxqueue: number, backup = false) =>
  ({ name, weight: 1, maxconn, maxqueue, backup, disabled: false }) as unknown;

function fixture(allbackups = false) {
  const servers = [server("a", 10, 5), server("b", 20, 5), server("x", 4, 1, true), server("y", 6, 1, true)];
  const model = {
    proxies: [
      { name: "fe", kind: "frontend", binds: [{}, {}], servers: [], options: {} },
      { name: "be", kind: "backend", binds: [], servers, options: { allbackups } },
    ],
  } as unknown as Model;
  const layout = layoutBoard(model, 2);
  const board = initBoard(new Uint8Array(layout.bytes), layout, model, 0);
  const set = (entity: number, word: number, value: number) => board.words[wordAt(entity, word)] = value;
  const { frontend, firstListener } = layout.proxies[0]!;
  const { backend, firstServer } = layout.proxies[1]!;
  return { board, set, frontend, firstListener, backend, firstServer, counts: boardCounts(board, model, () => 5500) };
}

test("connections and queues are those of the entity asked for", () => {
  const { set, frontend, firstListener, backend, firstServer, counts } = fixture();
  set(PROCESS, WORD.cur, 9);
  set(frontend, WORD.cur, 7);
  set(firstListener + 1, WORD.cur, 3);
  set(backend, WORD.cur, 5);
  set(backend, WORD.queued, 2);
  set(firstServer, WORD.queued, 4);
  set(firstServer + 1, WORD.cur, 6);
  expect(counts.processConnections()).toBe(9);
  expect(counts.frontendConnections(0)).toBe(7);
  expect([counts.listenerConnections(0, 0), counts.listenerConnections(0, 1)]).toEqual([0, 3]);
  expect(counts.backendConnections(1)).toBe(5);
  expect(counts.backendQueued(1)).toBe(6);
  expect([counts.serverQueued(1, 0), counts.serverQueued(1, 1)]).toEqual([4, 0]);
  expect([counts.serverConnections(1, 0), counts.serverConnections(1, 1)]).toEqual([0, 6]);
});

test("rates", () => {
  const { board, frontend, backend, firstServer, counts } = fixture();
  for (let i = 0; i < 3; i++) countEvent(board.words, wordAt(frontend, WORD.sessSec), 5);
  countEvent(board.words, wordAt(frontend, WORD.reqSec), 5);
  for (let i = 0; i < 4; i++) countEvent(board.words, wordAt(backend, WORD.sessSec), 4);
  countEvent(board.words, wordAt(firstServer + 1, WORD.sessSec), 5);
  expect([counts.frontendSessionRate(0), counts.frontendRequestRate(0)]).toEqual([3, 1]);
  expect(counts.backendSessionRate(1)).toBe(2); // half of the last second is left
  expect(counts.serverSessionRate(1, 1)).toBe(1);
});

test("free places: active servers, without them the first backup or all", () => {
  const { set, firstServer, counts } = fixture();
  set(firstServer, WORD.cur, 4);
  expect(counts.usableServers(1)).toBe(2);
  expect(counts.freeConnections(1)).toBe(26);
  expect(counts.serverFreeConnections(1, 0)).toBe(6);
  expect(counts.freeSlots(1)).toBe(6 + 5 + 20 + 5 + 4 + 1 + 6 + 1);
  set(firstServer, WORD.maxconn, 0);
  expect([counts.freeConnections(1), counts.freeSlots(1), counts.serverFreeConnections(1, 0)]).toEqual([-1, -1, -1]);
  set(firstServer, WORD.state, SERVER_STATE.down);
  expect(counts.freeConnections(1)).toBe(20);
  set(firstServer + 1, WORD.admin, ADMIN.forcedMaint);
  expect([counts.usableServers(1), counts.freeConnections(1)]).toEqual([1, 4]);

  const all = fixture(true);
  all.set(all.firstServer, WORD.state, SERVER_STATE.down);
  all.set(all.firstServer + 1, WORD.weight, 0);
  expect([all.counts.usableServers(1), all.counts.freeConnections(1)]).toEqual([2, 10]);
});

test("states of servers", () => {
  const { set, firstServer, counts } = fixture();
  expect(counts.serverIsUp(1, 0)).toBe(true);
  set(firstServer, WORD.admin, ADMIN.forcedDrain);
  expect(counts.serverIsUp(1, 0)).toBe(true); // drained, not down
  set(firstServer, WORD.admin, ADMIN.inheritedMaint);
  expect(counts.serverIsUp(1, 0)).toBe(false);
  set(firstServer + 1, WORD.state, SERVER_STATE.down);
  expect(counts.serverIsUp(1, 1)).toBe(false);
  set(firstServer + 1, WORD.weight, 42);
  expect(counts.serverWeight(1, 1)).toBe(42);
});
