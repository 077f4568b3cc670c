/** Who goes first among processes: a board of two, in virtual time. */
import { beforeEach, expect, test } from "bun:test";
import { proxy, server } from "../../test/stats_fixture.ts";
import { type Board, initBoard, reclaim } from "../board/board.ts";
import { type Cell, cellOf } from "../board/cells.ts";
import { layoutBoard } from "../board/layout.ts";
import type { Loop } from "../linux/loop.ts";
import { createTurns, type Turns } from "./turns.ts";

const clock = { now: 0 };
let board: Board;
let mine: Turns;
let others: Turns;
let cell: Cell;
let otherCell: Cell;

beforeEach(() => {
  const model = {
    global: {} as never,
    proxies: [proxy("backend", "b", 2, { servers: [server("s", 1, "127.0.0.1", 1)] })],
    environment: {},
  };
  const layout = layoutBoard(model, 2);
  board = initBoard(new Uint8Array(layout.bytes), layout, model, 0);
  clock.now = 0;
  mine = createTurns(board, 0, clock as Loop);
  others = createTurns(board, 1, clock as Loop);
  cell = cellOf(board, 0, layout.proxies[0]!.firstServer);
  otherCell = cellOf(board, 1, layout.proxies[0]!.firstServer);
});

const ORDER: [what: string, mine: number, theirs: number, yields: boolean][] = [
  ["nobody waits elsewhere", 100, 0, false],
  ["who waits elsewhere came later", 100, 200, false],
  ["they came at the same time", 100, 100, false],
  ["a little before is not worth a free place", 104, 100, false],
  ["long before", 110, 100, true],
];
test.each(ORDER)("%s", (_, own, theirs, yields) => {
  others.waits(otherCell, theirs);
  expect(mine.yields(cell, own)).toBe(yields);
});

test("processes do not yield to each other at the same time", () => {
  mine.waits(cell, 100);
  others.waits(otherCell, 150);
  expect([mine.yields(cell, 100), others.yields(otherCell, 150)]).toEqual([false, true]);
});

test("a process that does not take its turn loses it after a while, and has it again when it moves", () => {
  others.waits(otherCell, 100);
  const asked: boolean[] = [];
  for (clock.now = 0; clock.now <= 24; clock.now += 4) asked.push(mine.yields(cell, 500));
  expect(asked).toEqual([true, true, true, true, true, false, false]);
  others.waits(otherCell, 101);
  expect(mine.yields(cell, 500)).toBe(true);
});

test("where there was no room to take for a time, nobody is blamed", () => {
  others.waits(otherCell, 100);
  expect(mine.yields(cell, 500)).toBe(true);
  clock.now = 1000; // not asked meanwhile: there was no room
  expect(mine.yields(cell, 500)).toBe(true);
});

test("a dead process holds nobody up", () => {
  others.waits(otherCell, 100);
  reclaim(board, 1);
  expect(mine.yields(cell, 500)).toBe(false);
});

test("all processes read the same clock", () => {
  expect(Math.abs(mine.now() - others.now())).toBeLessThan(5);
});
