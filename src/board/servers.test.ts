/** What follows from a change of one server: since when, how long it was down, who is left. */
import { expect, test } from "bun:test";
import { model as parse } from "../../test/config_fixture.ts";
import { initBoard, wordAt } from "./board.ts";
import { layoutBoard } from "./layout.ts";
import { changeServer, isServerUp, type ServerChange, takesClients } from "./servers.ts";
import { ADMIN, SERVER_STATE, WORD } from "./words.ts";

const AT = 1_000_000;
const model = parse(`
backend b
  server one 127.0.0.1:1 weight 10
  server two 127.0.0.1:2
  server spare 127.0.0.1:3 backup
`);

function open() {
  const layout = layoutBoard(model, 1);
  const board = initBoard(new Uint8Array(layout.bytes), layout, model, AT);
  const entities = layout.proxies[0]!;
  const word = (entity: number, which: number): number => board.words[wordAt(entity, which)]!;
  return {
    board,
    entities,
    change: (server: number, change: ServerChange, second: number) =>
      changeServer(board, model.proxies[0]!, entities, server, change, AT + second * 1000),
    server: (server: number, which: number) => word(entities.firstServer + server, which),
    backend: (which: number) => word(entities.backend, which),
  };
}

test("down and up again: since when, and how long it was away", () => {
  const { change, server, backend, board, entities } = open();
  expect(change(0, { state: SERVER_STATE.down }, 5)).toBe("down");
  expect([server(0, WORD.stateSince), server(0, WORD.downtime), isServerUp(board, entities.firstServer)])
    .toEqual([5, 0, false]);
  expect([backend(WORD.active), backend(WORD.backup), backend(WORD.version)]).toEqual([1, 1, 1]);
  expect(change(0, { state: SERVER_STATE.down }, 6)).toBe("same");
  expect(change(0, { state: SERVER_STATE.up }, 12)).toBe("up");
  expect([server(0, WORD.stateSince), server(0, WORD.downtime), backend(WORD.active)]).toEqual([12, 7, 2]);
});

test("drain and weight 0: up, but nobody new", () => {
  const { change, board, entities, backend } = open();
  expect(change(0, { admin: ADMIN.forcedDrain }, 1)).toBe("same");
  expect([isServerUp(board, entities.firstServer), takesClients(board, entities.firstServer)]).toEqual([true, false]);
  expect(change(1, { weight: 0 }, 1)).toBe("same");
  expect([backend(WORD.active), backend(WORD.backup)]).toEqual([0, 1]);
});

test("a backend is down while no server takes clients", () => {
  const { change, backend } = open();
  for (const server of [0, 1, 2]) change(server, { admin: ADMIN.forcedMaint }, 3 + server);
  expect([backend(WORD.active), backend(WORD.backup), backend(WORD.stateSince)]).toEqual([0, 0, 5]);
  change(2, { admin: 0 }, 20);
  expect([backend(WORD.backup), backend(WORD.stateSince), backend(WORD.downtime)]).toEqual([1, 20, 15]);
});

test("a drain is a change of its own, and its time counts as down", () => {
  const { change, server } = open();
  expect(change(0, { admin: ADMIN.forcedDrain }, 5)).toBe("same");
  expect([server(0, WORD.stateSince), server(0, WORD.downtime)]).toEqual([5, 0]);
  expect(change(0, { weight: 3 }, 6)).toBe("same");
  expect(server(0, WORD.stateSince)).toBe(5);
  expect(change(0, { admin: 0 }, 9)).toBe("same");
  expect([server(0, WORD.stateSince), server(0, WORD.downtime)]).toEqual([9, 4]);
});

test("a server that the configuration disables is up once the operator has enabled it", () => {
  const { change } = open();
  change(0, { admin: ADMIN.forcedMaint | ADMIN.configMaint, state: SERVER_STATE.down }, 1);
  expect(change(0, { admin: ADMIN.configMaint, state: SERVER_STATE.up }, 2)).toBe("up");
});
