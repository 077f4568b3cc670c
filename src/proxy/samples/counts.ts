/**
 * The numbers that fetches ask for, read from the board: shared words of frontends, listeners, backends and servers.
 */
import { type Board, wordAt } from "../../board/board.ts";
import { PROCESS } from "../../board/layout.ts";
import { readRate } from "../../board/rates.ts";
import { MAINTENANCE, SERVER_STATE, WORD } from "../../board/words.ts";
import type { Model, Server } from "../../config/haproxy/model.ts";
import type { Counts } from "./context.ts";

/** Active servers first, then backups. */
const SIDES = [false, true] as const;

/** @param nowMs the clock that the rates on the board are counted by (board/rates.ts) */
export function boardCounts(board: Board, model: Model, nowMs: () => number): Counts {
  const { layout, words } = board;
  const word = (entity: number, index: number) => Atomics.load(words, wordAt(entity, index));
  const frontend = (proxy: number) => layout.proxies[proxy]!.frontend;
  const backend = (proxy: number) => layout.proxies[proxy]!.backend;
  const server = (proxy: number, index: number) => layout.proxies[proxy]!.firstServer + index;
  const rate = (entity: number, first: number) => readRate(words, wordAt(entity, first), nowMs());
  const serversOf = (proxy: number): readonly Server[] => model.proxies[proxy]!.servers;

  const isUsable = (entity: number) =>
    word(entity, WORD.state) !== SERVER_STATE.down && word(entity, WORD.admin) === 0 && word(entity, WORD.weight) > 0;

  const servesAs = (proxy: number, index: number, backup: boolean) =>
    serversOf(proxy)[index]!.backup === backup && isUsable(server(proxy, index));

  /**
   * Adds `of` up over the servers that get traffic: the active ones; without any, the first backup, or all of them
   * with `option allbackups`. -1 from one of them is the answer for all.
   */
  function overServing(proxy: number, of: (entity: number) => number): number {
    for (const backup of SIDES) {
      let sum = 0;
      let found = false;
      for (let i = 0; i < serversOf(proxy).length; i++) {
        if (!servesAs(proxy, i, backup)) continue;
        const one = of(server(proxy, i));
        if (one < 0) return -1;
        sum += one;
        found = true;
        if (backup && !model.proxies[proxy]!.options.allbackups) break;
      }
      if (found) return sum;
    }
    return 0;
  }

  function freeOf(entity: number): number {
    const maxconn = word(entity, WORD.maxconn);
    return maxconn === 0 ? -1 : Math.max(0, maxconn - word(entity, WORD.cur));
  }
  const one = () => 1;

  return {
    processConnections: () => word(PROCESS, WORD.cur),
    frontendConnections: (proxy) => word(frontend(proxy), WORD.cur),
    frontendSessionRate: (proxy) => rate(frontend(proxy), WORD.sessSec),
    frontendRequestRate: (proxy) => rate(frontend(proxy), WORD.reqSec),
    listenerConnections: (proxy, listener) => word(layout.proxies[proxy]!.firstListener + listener, WORD.cur),
    backendConnections: (proxy) => word(backend(proxy), WORD.cur),
    backendSessionRate: (proxy) => rate(backend(proxy), WORD.sessSec),
    backendQueued(proxy) {
      let queued = word(backend(proxy), WORD.queued);
      for (let i = 0; i < serversOf(proxy).length; i++) queued += word(server(proxy, i), WORD.queued);
      return queued;
    },
    usableServers: (proxy) => overServing(proxy, one),
    freeConnections: (proxy) => overServing(proxy, freeOf),
    freeSlots(proxy) {
      let free = 0;
      const servers = serversOf(proxy);
      for (let i = 0; i < servers.length; i++) {
        const { maxqueue } = servers[i]!;
        const entity = server(proxy, i);
        if (word(entity, WORD.state) === SERVER_STATE.down) continue;
        const maxconn = word(entity, WORD.maxconn);
        if (maxconn === 0 || maxqueue === 0) return -1;
        free += maxconn - word(entity, WORD.cur) + maxqueue - word(entity, WORD.queued);
      }
      return free;
    },
    serverConnections: (proxy, index) => word(server(proxy, index), WORD.cur),
    serverFreeConnections: (proxy, index) => freeOf(server(proxy, index)),
    serverQueued: (proxy, index) => word(server(proxy, index), WORD.queued),
    serverSessionRate: (proxy, index) => rate(server(proxy, index), WORD.sessSec),
    serverIsUp(proxy, index) {
      const entity = server(proxy, index);
      return word(entity, WORD.state) !== SERVER_STATE.down && (word(entity, WORD.admin) & MAINTENANCE) === 0;
    },
    serverWeight: (proxy, index) => word(server(proxy, index), WORD.weight),
  };
}
