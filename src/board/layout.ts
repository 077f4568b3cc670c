/**
 * Where everything lies on the board: a pure function of the model and the number of proxy processes, so that
 * each role finds the same cell for the same thing without asking.
 */
import type { Model, Proxy } from "../config/haproxy/model.ts";
import { CHECK_WORDS } from "./check_cells.ts";
import { COUNTERS_PER_ROW, WORDS_PER_ENTITY } from "./words.ts";

/** Entities of one proxy; -1 where it has no such side. Listeners and servers are consecutive, in model order. */
export interface ProxyEntities {
  frontend: number;
  firstListener: number;
  backend: number;
  firstServer: number;
}

export interface Layout {
  workers: number;
  entities: number;
  proxies: ProxyEntities[];
  /** Bytes from the start of the board. */
  workerWordsAt: number;
  wordsAt: number;
  rowsAt: number;
  /** What checks have found out (check_cells.ts). */
  checksAt: number;
  bytes: number;
}

/** Entity 0 is the process as a whole. */
export const PROCESS = 0;
/** Header words: magic, workers, entities, and the time the board was made (Float64 ms since 1970 at byte 16). */
export const HEADER_BYTES = 64;
export const MAGIC = 0x41504231; // "APB1"
/** Int32 words of a proxy process: its pid, and a beat it moves on once per second. */
export const WORKER_WORD = { pid: 0, beat: 1, sessions: 2 } as const;
export const WORDS_PER_WORKER = 16;

export const hasFrontend = (proxy: Proxy): boolean => proxy.kind !== "backend";
export const hasBackend = (proxy: Proxy): boolean => proxy.kind !== "frontend";
/** Are there servers to be checked? */
export const hasChecks = ({ proxies }: Model): boolean =>
  proxies.some(({ disabled, servers }) => !disabled && servers.some(({ check }) => check));

export function layoutBoard(model: Model, workers: number): Layout {
  let next = PROCESS + 1;
  const proxies = model.proxies.map((proxy): ProxyEntities => {
    const frontend = hasFrontend(proxy) ? next++ : -1;
    const firstListener = next;
    if (hasFrontend(proxy)) next += proxy.binds.length;
    const firstServer = next;
    if (hasBackend(proxy)) next += proxy.servers.length;
    const backend = hasBackend(proxy) ? next++ : -1;
    return { frontend, firstListener, backend, firstServer };
  });
  const workerWordsAt = HEADER_BYTES;
  const wordsAt = workerWordsAt + workers * WORDS_PER_WORKER * 4;
  const rowsAt = wordsAt + next * WORDS_PER_ENTITY * 4;
  // One row more than processes: what was counted before a reload (carry.ts).
  const checksAt = rowsAt + (workers + 1) * next * COUNTERS_PER_ROW * 8;
  const bytes = checksAt + next * CHECK_WORDS * 4;
  return { workers, entities: next, proxies, workerWordsAt, wordsAt, rowsAt, checksAt, bytes };
}
