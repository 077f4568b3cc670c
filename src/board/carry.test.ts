/** Counters carried from board to board, over models that differ. */
import { expect, test } from "bun:test";
import type { Model } from "../config/haproxy/model.ts";
import { initBoard, readCounter, rowAt, wordAt } from "./board.ts";
import { type Counted, createCarrier } from "./carry.ts";
import { layoutBoard } from "./layout.ts";
import { COUNTER, WORD } from "./words.ts";

function counted(workers: number, madeAtMs: number, ...servers: string[]): Counted {
  const proxy = {
    name: "web",
    kind: "listen",
    binds: [{ address: { kind: "ip", family: 4, host: "0.0.0.0", port: 80 } }],
    servers: servers.map((name) => ({ name, disabled: false, backup: false, weight: 1, maxconn: 0 })),
  };
  const model = { proxies: [proxy] } as unknown as Model;
  const layout = layoutBoard(model, workers);
  return { model, board: initBoard(new Uint8Array(new ArrayBuffer(layout.bytes)), layout, model, madeAtMs) };
}

const server = ({ board }: Counted, index: number) => board.layout.proxies[0]!.firstServer + index;
const frontend = ({ board }: Counted) => board.layout.proxies[0]!.frontend;
const count = (of: Counted, worker: number, entity: number, counter: keyof typeof COUNTER, by: number) =>
  of.board.rows[rowAt(of.board.layout, worker, entity) + COUNTER[counter]]! += by;

test("sums go over once, by name, and what came later goes over later", () => {
  const old = counted(2, 1_000_000, "a", "b");
  const now = counted(3, 1_060_000, "b", "c");
  count(old, 0, frontend(old), "sessions", 10);
  count(old, 1, frontend(old), "sessions", 5);
  count(old, 1, server(old, 1), "bytesOut", 700);
  count(old, 0, server(old, 0), "bytesOut", 99);
  const carry = createCarrier(old, now);
  carry();
  carry();
  expect(readCounter(now.board, frontend(now), "sessions")).toBe(15);
  expect(readCounter(now.board, server(now, 0), "bytesOut")).toBe(700); // b, which was the second
  expect(readCounter(now.board, server(now, 1), "bytesOut")).toBe(0);
  count(old, 0, frontend(old), "sessions", 1);
  count(now, 2, frontend(now), "sessions", 2);
  carry();
  expect(readCounter(now.board, frontend(now), "sessions")).toBe(18);
});

test("through two reloads nothing is lost nor counted twice", () => {
  const [first, second, third] = [counted(1, 0, "a"), counted(1, 10_000, "a"), counted(1, 20_000, "a")];
  const older = createCarrier(first, second);
  count(first, 0, frontend(first), "connections", 3);
  older();
  const newer = createCarrier(second, third);
  count(second, 0, frontend(second), "connections", 4);
  newer();
  count(first, 0, frontend(first), "connections", 5); // a session of the first generation that is still there
  older();
  newer();
  expect(readCounter(third.board, frontend(third), "connections")).toBe(12);
});

test("what is held at present stays behind; maxima and the last session go along", () => {
  const old = counted(1, 1_000_000, "a");
  const now = counted(1, 1_060_000, "a");
  count(old, 0, frontend(old), "heldCur", 7);
  old.board.words[wordAt(frontend(old), WORD.max)] = 42;
  old.board.words[wordAt(frontend(old), WORD.lastSession)] = 63;
  count(old, 0, server(old, 0), "totalTimeMax", 1234);
  createCarrier(old, now)();
  expect(readCounter(now.board, frontend(now), "heldCur")).toBe(0);
  expect(now.board.words[wordAt(frontend(now), WORD.max)]).toBe(42);
  expect(now.board.words[wordAt(frontend(now), WORD.lastSession)]).toBe(3);
  expect(readCounter(now.board, server(now, 0), "totalTimeMax")).toBe(1234);
});
