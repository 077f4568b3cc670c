/** What checks know goes over a reload, by names, and only for who is checked in both. */
import { expect, test } from "bun:test";
import { model, proxy, server } from "../../test/stats_fixture.ts";
import type { Model, Server } from "../config/haproxy/model.ts";
import { type Board, initBoard, wordAt } from "./board.ts";
import { carryChecks } from "./carry_checks.ts";
import { CHECK, checkAt, readCheck, readCheckText, TEXT_BYTES, writeCheckText } from "./check_cells.ts";
import { layoutBoard } from "./layout.ts";
import { changeServer } from "./servers.ts";
import { ADMIN, SERVER_STATE, WORD } from "./words.ts";

const MADE_MS = 1_700_000_000_000;

function site(servers: [name: string, given?: Partial<Server>][], madeAtMs = MADE_MS): { model: Model; board: Board } {
  const made = servers.map(([name, given], i) => server(name, i + 1, "127.0.0.1", 80, { check: true, ...given }));
  const of = model([proxy("frontend", "f", 2), proxy("backend", "b", 3, { servers: made })]);
  const layout = layoutBoard(of, 2);
  return { model: of, board: initBoard(new Uint8Array(layout.bytes), layout, of, madeAtMs) };
}

const entityOf = ({ board }: { board: Board }, s: number): number => board.layout.proxies[1]!.firstServer + s;
const backendOf = ({ board }: { board: Board }): number => board.layout.proxies[1]!.backend;
const stateOf = (of: { board: Board }, s: number): number => of.board.words[wordAt(entityOf(of, s), WORD.state)]!;

function goDown(of: { model: Model; board: Board }, s: number, nowMs: number): void {
  const entity = entityOf(of, s);
  changeServer(of.board, of.model.proxies[1]!, of.board.layout.proxies[1]!, s, { state: SERVER_STATE.down }, nowMs);
  for (const [word, value] of [[CHECK.health, 0], [CHECK.status, 17], [CHECK.code, 404], [CHECK.downs, 2]] as const) {
    of.board.checks[checkAt(entity, word)] = value;
  }
  writeCheckText(of.board, entity, "Not Found");
}

test("a server that is down stays down, since when it was, in a backend that counts it so", () => {
  const old = site([["x"], ["y"]]);
  goDown(old, 1, MADE_MS + 10_000);
  const next = site([["new"], ["y"], ["x"]], MADE_MS + 60_000);
  carryChecks(old, next, MADE_MS + 60_000);
  expect([0, 1, 2].map((s) => stateOf(next, s))).toEqual([SERVER_STATE.up, SERVER_STATE.down, SERVER_STATE.up]);
  const y = entityOf(next, 1);
  const cells = [CHECK.health, CHECK.status, CHECK.code, CHECK.downs].map((cell) => readCheck(next.board, y, cell));
  expect([...cells, readCheckText(next.board, y)]).toEqual([0, 17, 404, 2, "Not Found"]);
  expect(next.board.words[wordAt(y, WORD.stateSince)]).toBe(-50);
  expect(next.board.words[wordAt(backendOf(next), WORD.active)]).toBe(2);
});

test("a backend without a server left stays down since then", () => {
  const old = site([["x"]]);
  goDown(old, 0, MADE_MS + 10_000);
  const next = site([["x"]], MADE_MS + 60_000);
  carryChecks(old, next, MADE_MS + 60_000);
  expect(next.board.words[wordAt(backendOf(next), WORD.active)]).toBe(0);
  expect(next.board.words[wordAt(backendOf(next), WORD.stateSince)]).toBe(-50);
});

const HEALTHS: [name: string, health: number, carried: number][] = [
  ["the top is the new top", 4, 9],
  ["on its way down: one step from it", 3, 4],
  ["on its way up: from the bottom", 1, 0],
];
test.each(HEALTHS)("other limits: %s", (_, health, carried) => {
  const old = site([["x", { rise: 2, fall: 3 }]]);
  if (health < 2) goDown(old, 0, MADE_MS);
  old.board.checks[checkAt(entityOf(old, 0), CHECK.health)] = health;
  const next = site([["x", { rise: 4, fall: 6 }]]);
  carryChecks(old, next, MADE_MS);
  expect(readCheck(next.board, entityOf(next, 0), CHECK.health)).toBe(carried);
});

test("not over: who is not checked any more, who was taken out by the operator, who is now by the file", () => {
  const old = site([["x"], ["y"], ["z"]]);
  for (const s of [0, 1, 2]) goDown(old, s, MADE_MS);
  old.board.words[wordAt(entityOf(old, 1), WORD.admin)] = ADMIN.forcedMaint;
  const next = site([["x", { check: false }], ["y"], ["z", { disabled: true }]]);
  carryChecks(old, next, MADE_MS);
  expect([0, 1].map((s) => stateOf(next, s))).toEqual([SERVER_STATE.up, SERVER_STATE.up]);
  expect(readCheck(next.board, entityOf(next, 2), CHECK.status)).toBe(1);
});

test("a text is kept as far as there is room, and no further", () => {
  const of = site([["x"], ["y"]]);
  writeCheckText(of.board, entityOf(of, 0), "\xe9".repeat(500));
  expect(readCheckText(of.board, entityOf(of, 0))).toBe("\xe9".repeat(TEXT_BYTES - 1));
  expect(readCheck(of.board, entityOf(of, 1), CHECK.health)).toBe(of.model.proxies[1]!.servers[1]!.rise);
  writeCheckText(of.board, entityOf(of, 0), "");
  expect(readCheckText(of.board, entityOf(of, 0))).toBe("");
});
