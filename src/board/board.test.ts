/** The board's places, its shared counts, and what is given back for a process that died. */
import { expect, test } from "bun:test";
import { proxy, server } from "../../test/stats_fixture.ts";
import { bind, ip } from "../../test/stats_fixture.ts";
import type { Model, Proxy } from "../config/haproxy/model.ts";
import { type Board, initBoard, openBoard, raiseMax, readCounter, reclaim, rowAt, wordAt } from "./board.ts";
import { cellOf, enter, enterBelow, enterQueue, enterServed, leave, leaveQueue, noteMost } from "./cells.ts";
import { type Layout, layoutBoard } from "./layout.ts";
import { ADMIN, COUNTER, COUNTERS, COUNTERS_PER_ROW, SERVER_STATE, WORD, WORDS_PER_ENTITY } from "./words.ts";

const binds = (count: number) => Array.from({ length: count }, (_, i) => bind(ip("127.0.0.1", 8000 + i)));
const servers = (count: number) =>
  Array.from({ length: count }, (_, i) => server(`s${i}`, i + 1, "127.0.0.1", 9000 + i));
const modelOf = (proxies: Proxy[]): Model => ({ global: {} as Model["global"], proxies, environment: {} });

const MODELS: [what: string, model: Model][] = [
  ["nothing", modelOf([])],
  ["a frontend", modelOf([proxy("frontend", "f", 2, { binds: binds(3) })])],
  ["a backend", modelOf([proxy("backend", "b", 2, { servers: servers(4) })])],
  ["a backend without servers", modelOf([proxy("backend", "b", 2, {})])],
  [
    "all kinds",
    modelOf([
      proxy("listen", "l", 2, { binds: binds(2), servers: servers(3) }),
      proxy("frontend", "f", 3, { binds: binds(1) }),
      proxy("backend", "b", 4, { servers: servers(2) }),
    ]),
  ],
];
const WORKERS = [1, 2, 7];

const entitiesOf = (model: Model, layout: Layout): number[] =>
  layout.proxies.flatMap(({ frontend, firstListener, backend, firstServer }, p) => [
    ...(frontend < 0 ? [] : [frontend, ...model.proxies[p]!.binds.map((_, b) => firstListener + b)]),
    ...(backend < 0 ? [] : [...model.proxies[p]!.servers.map((_, s) => firstServer + s), backend]),
  ]);

test.each(MODELS.flatMap(([what, model]) => WORKERS.map((workers) => [what, workers, model] as const)))(
  "layout of %s for %d processes: each thing has cells of its own, inside the memory",
  (_, workers, model) => {
    const layout = layoutBoard(model, workers);
    const entities = [0, ...entitiesOf(model, layout)];
    expect(entities.toSorted((a, b) => a - b)).toEqual(Array.from({ length: layout.entities }, (_, i) => i));
    const board = initBoard(new Uint8Array(layout.bytes), layout, model, 0);
    // Each cell gets a number of its own; if two were one, the first would be gone.
    board.words.fill(0);
    for (const entity of entities) board.words.fill(entity + 1, wordAt(entity, 0), wordAt(entity, WORDS_PER_ENTITY));
    for (let worker = 0; worker < workers; worker++) {
      for (const entity of entities) {
        const row = rowAt(layout, worker, entity);
        board.rows.fill(worker * 1000 + entity, row, row + COUNTERS_PER_ROW);
      }
    }
    board.workerWords.fill(-1);
    for (const entity of entities) {
      expect(board.words[wordAt(entity, 0)]).toBe(entity + 1);
      expect(board.words[wordAt(entity, WORDS_PER_ENTITY - 1)]).toBe(entity + 1);
      for (let worker = 0; worker < workers; worker++) {
        expect(board.rows[rowAt(layout, worker, entity)]).toBe(worker * 1000 + entity);
        expect(board.rows[rowAt(layout, worker, entity) + COUNTERS_PER_ROW - 1]).toBe(worker * 1000 + entity);
      }
    }
    expect(board.rows.byteOffset % 8).toBe(0);
    expect(() => openBoard(new Uint8Array(board.words.buffer), layout)).not.toThrow();
  },
);

test("words and counters have places of their own", () => {
  const { sessCur, sessPrev, sessMax, connCur, connPrev, connMax, reqCur, reqPrev, reqMax } = WORD;
  expect(new Set(Object.values(WORD)).size).toBe(Object.keys(WORD).length);
  expect(Math.max(...Object.values(WORD))).toBeLessThan(WORDS_PER_ENTITY);
  expect([WORD.max - WORD.cur, WORD.queuedMax - WORD.queued]).toEqual([1, 1]); // a count and its maximum
  expect([sessCur, sessPrev, sessMax].map((word) => word - WORD.sessSec)).toEqual([1, 2, 3]); // a rate meter
  expect([connCur, connPrev, connMax].map((word) => word - WORD.connSec)).toEqual([1, 2, 3]);
  expect([reqCur, reqPrev, reqMax].map((word) => word - WORD.reqSec)).toEqual([1, 2, 3]);
  expect(new Set(COUNTERS.map(([name]) => name)).size).toBe(COUNTERS_PER_ROW);
});

const two = modelOf([proxy("listen", "l", 2, { binds: binds(1), servers: servers(2) })]);
function make(model = two, workers = 2): { board: Board; layout: Layout } {
  const layout = layoutBoard(model, workers);
  return { board: initBoard(new Uint8Array(layout.bytes), layout, model, 1_234.5), layout };
}

const REFUSED: [what: string, spoil: (memory: Uint8Array<ArrayBuffer>) => Uint8Array, error: RegExp][] = [
  ["too little memory", (memory) => memory.subarray(0, memory.length - 1), /bytes, .* needed/],
  ["another configuration", (memory) => memory.fill(9, 8, 12), /belongs to another/],
  ["another number of processes", (memory) => memory.fill(9, 4, 8), /belongs to another/],
  ["no board at all", (memory) => memory.fill(0), /belongs to another/],
];
test.each(REFUSED)("%s is refused", (_, spoil, error) => {
  const { board, layout } = make();
  expect(() => openBoard(spoil(new Uint8Array(board.words.buffer as ArrayBuffer)), layout)).toThrow(error);
});

test("servers begin in the states that the configuration says", () => {
  const model = modelOf([
    proxy("backend", "b", 2, {
      servers: [
        server("a", 1, "127.0.0.1", 1, { weight: 7, maxconn: 9 }),
        server("b", 2, "127.0.0.1", 2, { backup: true }),
        server("c", 3, "127.0.0.1", 3, { disabled: true }),
        server("d", 4, "127.0.0.1", 4, { backup: true, disabled: true }),
      ],
    }),
  ]);
  const { board, layout } = make(model);
  const { firstServer, backend } = layout.proxies[0]!;
  const of = (s: number) =>
    [WORD.state, WORD.admin, WORD.weight, WORD.maxconn].map((word) => board.words[wordAt(firstServer + s, word)]!);
  const maintained = ADMIN.forcedMaint | ADMIN.configMaint;
  expect([of(0), of(1), of(2), of(3)]).toEqual([
    [SERVER_STATE.up, 0, 7, 9],
    [SERVER_STATE.up, 0, 1, 0],
    [SERVER_STATE.down, maintained, 1, 0],
    [SERVER_STATE.down, maintained, 1, 0],
  ]);
  expect([WORD.active, WORD.backup].map((word) => board.words[wordAt(backend, word)])).toEqual([1, 1]);
  expect(openBoard(new Uint8Array(board.words.buffer), layout).madeAtMs).toBe(1_234.5);
});

test("entering below a limit: never above it, and only who stays raises the maximum", () => {
  const { board, layout } = make();
  const [mine, other] = [0, 1].map((worker) => cellOf(board, worker, layout.proxies[0]!.firstServer));
  const cur = () => board.words[mine!.word + WORD.cur]!;
  const max = () => board.words[mine!.word + WORD.max]!;
  expect([enterBelow(board, mine!, 2), enterBelow(board, other!, 2), enterBelow(board, mine!, 2)]).toEqual([
    true,
    true,
    false,
  ]);
  expect([cur(), max()]).toEqual([2, 0]);
  noteMost(board, mine!);
  expect(max()).toBe(2);
  leave(board, other!);
  expect([enterBelow(board, mine!, 2), enterBelow(board, other!, 2), cur()]).toEqual([true, false, 2]);
  expect([enterBelow(board, other!, 0), cur()]).toEqual([true, 3]); // 0 is no limit
  enter(board, other!);
  expect([cur(), max()]).toEqual([4, 4]);
  expect([mine!, other!].map(({ row }) => board.rows[row + COUNTER.heldCur]!)).toEqual([2, 2]);
});

test("a queue counts its places over the processes, and its maximum", () => {
  const { board, layout } = make();
  const [mine, other] = [0, 1].map((worker) => cellOf(board, worker, layout.proxies[0]!.backend));
  expect([enterQueue(board, mine!), enterQueue(board, other!), enterQueue(board, mine!)]).toEqual([0, 1, 2]);
  leaveQueue(board, other!);
  expect(enterQueue(board, other!)).toBe(2);
  expect([WORD.queued, WORD.queuedMax].map((word) => board.words[mine!.word + word])).toEqual([3, 3]);
});

test("what a dead process held is given back, what others hold stays, totals stay", () => {
  const { board, layout } = make();
  const { firstServer, backend, frontend } = layout.proxies[0]!;
  for (const worker of [0, 1]) {
    for (const entity of [0, frontend, firstServer, backend]) {
      const cell = cellOf(board, worker, entity);
      for (let i = 0; i <= worker; i++) enter(board, cell);
      enterQueue(board, cell);
      enterServed(board, cell, 1);
      board.rows[cell.row + COUNTER.sessions]! += 5;
      board.rows[cell.row + COUNTER.waitsSince] = 77;
    }
  }
  reclaim(board, 1);
  reclaim(board, 1); // nothing is given back twice
  for (const entity of [0, frontend, firstServer, backend]) {
    const words = [WORD.cur, WORD.queued, WORD.served].map((word) => board.words[wordAt(entity, word)]);
    expect({ entity, words }).toEqual({ entity, words: [1, 1, 1] });
    expect(readCounter(board, entity, "sessions")).toBe(10);
    const waits = [0, 1].map((worker) => board.rows[rowAt(layout, worker, entity) + COUNTER.waitsSince]);
    expect(waits).toEqual([77, 0]);
  }
  reclaim(board, 0);
  expect(board.words[wordAt(0, WORD.cur)]).toBe(0);
});

const FOLDS: [counter: "sessions" | "totalTimeMax" | "totalTimeSum", values: [number, number], folded: number][] = [
  ["sessions", [3, 4], 7],
  ["totalTimeMax", [30, 4], 30],
  ["totalTimeSum", [100, 500], 400], // by sessions: 1 and 3
];
test.each(FOLDS)("%s of two processes: %p is %p", (counter, values, folded) => {
  const { board, layout } = make();
  for (const worker of [0, 1]) {
    const row = rowAt(layout, worker, 1);
    board.rows[row + COUNTER.sessions] = worker === 0 ? 1 : 3;
    board.rows[row + COUNTER[counter]] = values[worker]!;
  }
  expect(readCounter(board, 1, counter)).toBe(folded);
});

test("raising a maximum: only upwards", () => {
  const words = new Int32Array(1);
  const seen = [5, 3, 7, 7, -1].map((value) => (raiseMax(words, 0, value), words[0]));
  expect(seen).toEqual([5, 5, 7, 7, 7]);
});

test("two threads that enter and leave all the time: never more than the limit are in, and none is lost", async () => {
  const limit = 3;
  const memory = new SharedArrayBuffer(WORDS_PER_ENTITY * 4 + 8);
  const words = new Int32Array(memory, 0, WORDS_PER_ENTITY);
  const text = `
    import { enterBelow, leave, noteMost } from ${JSON.stringify(import.meta.resolve("./cells.ts"))};
    self.onmessage = ({ data }) => {
      const board = { words: new Int32Array(data, 0, ${WORDS_PER_ENTITY}), rows: new Float64Array(${COUNTERS_PER_ROW}) };
      const cell = { word: 0, row: 0 };
      let entered = 0;
      for (let i = 0; i < 200_000; i++) {
        const count = 1 + i % 3;
        let got = 0;
        for (let n = 0; n < count; n++) if (enterBelow(board, cell, ${limit})) { got++; noteMost(board, cell); }
        entered += got;
        for (let n = 0; n < got; n++) leave(board, cell);
      }
      self.postMessage(entered);
    };`;
  const url = URL.createObjectURL(new Blob([text], { type: "application/typescript" }));
  const entered = await Promise.all([0, 1].map(() => {
    const worker = new Worker(url);
    return new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }) => (worker.terminate(), resolve(data as number));
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(memory);
    });
  }));
  expect(Math.min(...entered)).toBeGreaterThan(0);
  expect([words[WORD.cur], words[WORD.max]! <= limit]).toEqual([0, true]);
});
