/**
 * Typed views over the board's memory, and the few operations on it that more than one role needs.
 *
 * Relies on layout.ts for the places and words.ts for the meaning. Nothing here waits: Atomics.wait does not
 * work on mapped memory, and a role that needs to see a change looks again.
 */
import type { Model, Server } from "../config/haproxy/model.ts";
import { CHECK, CHECK_WORDS, checkAt } from "./check_cells.ts";
import { HEADER_BYTES, type Layout, MAGIC, PROCESS, WORDS_PER_WORKER } from "./layout.ts";
import {
  ADMIN,
  COUNTER,
  type Counter,
  COUNTERS,
  COUNTERS_PER_ROW,
  PROCESS_WORD,
  SERVER_STATE,
  WORD,
  WORDS_PER_ENTITY,
} from "./words.ts";

export interface Board {
  layout: Layout;
  /** ms since 1970 at which the board was made: the zero of all its seconds. */
  madeAtMs: number;
  words: Int32Array;
  rows: Float64Array;
  workerWords: Int32Array;
  checks: Int32Array;
}

/** Takes memory of at least layout.bytes. Throws when it was laid out for something else. */
export function openBoard(memory: Uint8Array, layout: Layout): Board {
  const { buffer, byteOffset } = memory;
  if (memory.byteLength < layout.bytes) {
    throw new RangeError(`Cannot map the board: ${memory.byteLength} bytes, ${layout.bytes} needed`);
  }
  const header = new Int32Array(buffer, byteOffset, 4);
  if (header[0] !== MAGIC || header[1] !== layout.workers || header[2] !== layout.entities) {
    throw new Error("Cannot map the board: it belongs to another configuration");
  }
  return {
    layout,
    madeAtMs: new Float64Array(buffer, byteOffset + 16, 1)[0]!,
    words: new Int32Array(buffer, byteOffset + layout.wordsAt, layout.entities * WORDS_PER_ENTITY),
    rows: new Float64Array(
      buffer,
      byteOffset + layout.rowsAt,
      (layout.workers + 1) * layout.entities * COUNTERS_PER_ROW,
    ),
    workerWords: new Int32Array(buffer, byteOffset + layout.workerWordsAt, layout.workers * WORDS_PER_WORKER),
    checks: new Int32Array(buffer, byteOffset + layout.checksAt, layout.entities * CHECK_WORDS),
  };
}

/** Writes the header, the servers' first states and the frontends' limits into zeroed memory, and opens it. */
export function initBoard(memory: Uint8Array, layout: Layout, model: Model, nowMs: number): Board {
  const header = new Int32Array(memory.buffer, memory.byteOffset, HEADER_BYTES / 4);
  header[0] = MAGIC;
  header[1] = layout.workers;
  header[2] = layout.entities;
  new Float64Array(memory.buffer, memory.byteOffset + 16, 1)[0] = nowMs;
  const board = openBoard(memory, layout);
  model.proxies.forEach((proxy, p) => {
    const { frontend, backend, firstServer } = layout.proxies[p]!;
    if (frontend >= 0) board.words[wordAt(frontend, WORD.maxconn)] = proxy.maxconn;
    if (backend < 0) return;
    proxy.servers.forEach((server, s) => {
      const at = wordAt(firstServer + s, WORD.state);
      board.words[at] = server.disabled ? SERVER_STATE.down : SERVER_STATE.up;
      board.words[wordAt(firstServer + s, WORD.admin)] = server.disabled ? ADMIN.forcedMaint | ADMIN.configMaint : 0;
      board.words[wordAt(firstServer + s, WORD.weight)] = server.weight;
      board.words[wordAt(firstServer + s, WORD.maxconn)] = server.maxconn;
      if (server.check) beginUnchecked(board, firstServer + s, server);
      if (!server.disabled && server.weight > 0) {
        board.words[wordAt(backend, server.backup ? WORD.backup : WORD.active)]! += 1;
      }
    });
  });
  return board;
}

/** It is up, but its first failure takes it down. 1 is the status of what no check has seen. */
function beginUnchecked({ checks }: Board, entity: number, { rise, disabled }: Server): void {
  checks[checkAt(entity, CHECK.health)] = disabled ? 0 : rise;
  checks[checkAt(entity, CHECK.status)] = 1;
  checks[checkAt(entity, CHECK.durationMs)] = -1;
}

/** The limits of the process as a whole, which the stats socket may change. */
export function setProcessLimits({ words }: Board, { global }: Model, maxconn: number): void {
  words[wordAt(PROCESS, PROCESS_WORD.maxconn)] = maxconn;
  words[wordAt(PROCESS, PROCESS_WORD.connRateLimit)] = global.maxconnrate;
  words[wordAt(PROCESS, PROCESS_WORD.sessRateLimit)] = global.maxsessrate;
}

export const wordAt = (entity: number, word: number): number => entity * WORDS_PER_ENTITY + word;

/** Index of the first counter of an entity in a process's row. */
export const rowAt = (layout: Layout, worker: number, entity: number): number =>
  (worker * layout.entities + entity) * COUNTERS_PER_ROW;

/** A counter over all proxy processes and what was carried over to this board, folded as COUNTERS says. */
export function readCounter(board: Board, entity: number, counter: Counter): number {
  const column = COUNTER[counter];
  const fold = COUNTERS[column]![1];
  let value = 0;
  let weight = 0;
  for (let worker = 0; worker <= board.layout.workers; worker++) {
    const row = rowAt(board.layout, worker, entity);
    const cell = board.rows[row + column]!;
    if (fold === "max") value = Math.max(value, cell);
    else if (fold === "sum") value += cell;
    else {
      const sessions = board.rows[row + COUNTER.sessions]!;
      value += cell * sessions;
      weight += sessions;
    }
  }
  return fold !== "mean" ? value : weight === 0 ? 0 : value / weight;
}

/** Raises a shared maximum. */
export function raiseMax(words: Int32Array, at: number, value: number): void {
  let seen = Atomics.load(words, at);
  while (value > seen) {
    const was = Atomics.compareExchange(words, at, seen, value);
    if (was === seen) return;
    seen = was;
  }
}

/**
 * Gives back what a dead process held of the shared cells: connections, queue places.
 * Called by the supervisor before it starts the process's successor.
 */
export function reclaim(board: Board, worker: number): void {
  const held = [
    [COUNTER.heldCur, WORD.cur],
    [COUNTER.heldQueued, WORD.queued],
    [COUNTER.heldServed, WORD.served],
  ] as const;
  for (let entity = 0; entity < board.layout.entities; entity++) {
    const row = rowAt(board.layout, worker, entity);
    for (const [column, word] of held) {
      const count = board.rows[row + column]!;
      if (count !== 0) Atomics.sub(board.words, wordAt(entity, word), count);
      board.rows[row + column] = 0;
    }
    board.rows[row + COUNTER.idle] = 0;
    board.rows[row + COUNTER.waitsSince] = 0;
  }
}
