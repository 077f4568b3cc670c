/**
 * Counters outlive a reload: what was counted under the old configuration is carried over to the new board, for
 * everything that both configurations have by name.
 *
 * The old processes go on counting until their last session has ended, so what came since is carried again and again.
 */
import type { Model, Proxy } from "../config/haproxy/model.ts";
import { type Board, raiseMax, readCounter, rowAt, wordAt } from "./board.ts";
import { hasBackend, hasFrontend, PROCESS } from "./layout.ts";
import { COUNTER, COUNTERS, COUNTERS_PER_ROW, MOST, PRESENT, WORD } from "./words.ts";

export interface Counted {
  model: Model;
  board: Board;
}

/** Carries over what has been counted since the last call. */
export function createCarrier(from: Counted, to: Counted): () => void {
  const pairs = commonEntities(from, to);
  const carried = new Float64Array(from.board.layout.entities * COUNTERS_PER_ROW);
  return () => {
    for (const [source, target] of pairs) {
      carryCounters(from.board, source, to.board, target, carried);
      carryWords(from.board, source, to.board, target);
    }
  };
}

function carryCounters(from: Board, source: number, to: Board, target: number, carried: Float64Array): void {
  const row = rowAt(to.layout, to.layout.workers, target);
  for (const [name, fold] of COUNTERS) {
    if (PRESENT.has(name)) continue;
    const column = COUNTER[name];
    const value = readCounter(from, source, name);
    const at = source * COUNTERS_PER_ROW + column;
    if (fold === "sum") to.rows[row + column]! += value - carried[at]!;
    else if (fold === "max") to.rows[row + column] = Math.max(to.rows[row + column]!, value);
    else to.rows[row + column] = value;
    carried[at] = value;
  }
}

function carryWords(from: Board, source: number, to: Board, target: number): void {
  for (const word of MOST) raiseMax(to.words, wordAt(target, word), from.words[wordAt(source, word)]!);
  const last = from.words[wordAt(source, WORD.lastSession)]!;
  if (last === 0) return;
  // Seconds since the board was made, of another board: before its time is its first second.
  const shift = Math.round((from.madeAtMs - to.madeAtMs) / 1000);
  raiseMax(to.words, wordAt(target, WORD.lastSession), Math.max(1, last + shift));
}

/** Pairs of entities that have the same name and side in both. */
function commonEntities(from: Counted, to: Counted): [source: number, target: number][] {
  const targets = entityNames(to);
  const pairs: [number, number][] = [];
  for (const [name, source] of entityNames(from)) {
    const target = targets.get(name);
    if (target !== undefined) pairs.push([source, target]);
  }
  return pairs;
}

function entityNames({ model, board }: Counted): Map<string, number> {
  const names = new Map([["process", PROCESS]]);
  model.proxies.forEach((proxy: Proxy, p) => {
    const { frontend, firstListener, backend, firstServer } = board.layout.proxies[p]!;
    if (hasFrontend(proxy)) {
      names.set(`frontend ${proxy.name}`, frontend);
      proxy.binds.forEach(({ address }, b) =>
        names.set(`listener ${proxy.name} ${JSON.stringify(address)}`, firstListener + b)
      );
    }
    if (!hasBackend(proxy)) return;
    names.set(`backend ${proxy.name}`, backend);
    proxy.servers.forEach((server, s) => names.set(`server ${proxy.name} ${server.name}`, firstServer + s));
  });
  return names;
}
