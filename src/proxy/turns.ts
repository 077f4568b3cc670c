/**
 * Whose turn it is among the proxy processes, where somebody waits for room: each says on the board since when its first
 * has waited, and lets an older one of another process go before its own.
 *
 * Without it the process that frees a place would give it to its own clients for as long as it has any.
 */
import { rowAt } from "../board/board.ts";
import type { Board } from "../board/board.ts";
import type { Cell } from "../board/cells.ts";
import { COUNTER, WORDS_PER_ENTITY } from "../board/words.ts";
import { monotonicMs } from "../linux/clock.ts";
import type { Loop } from "../linux/loop.ts";

/** A difference that is not worth a free place: the other process would take it up to a look later. */
const TOLERANCE_MS = 5;
/** A process that has not taken a free place for so long may hang: the place is taken. */
const PATIENCE_MS = 20;

export interface Turns {
  /** The present in ms, on a clock that all processes share. */
  now(): number;
  /** Writes down since when the first of this process waits at the entity; 0: nobody does. */
  waits(cell: Cell, since: number): void;
  /** There is room at the entity: is it for another process, where somebody waits since before `since`? */
  yields(cell: Cell, since: number): boolean;
}

export function createTurns(board: Board, worker: number, loop: Loop): Turns {
  const { layout, rows } = board;
  const zero = monotonicMs() - performance.now();
  const WAITS = COUNTER.waitsSince;
  /** By entity: whom this process yields to, since when, and when it was last asked. */
  const older = new Float64Array(layout.entities);
  const yielding = new Float64Array(layout.entities);
  const asked = new Float64Array(layout.entities);

  function oldestElsewhere(entity: number): number {
    let oldest = Infinity;
    for (let other = 0; other < layout.workers; other++) {
      const since = rows[rowAt(layout, other, entity) + WAITS]!;
      if (other !== worker && since > 0 && since < oldest) oldest = since;
    }
    return oldest;
  }

  return {
    now: () => loop.now + zero,
    waits(cell, since) {
      rows[cell.row + WAITS] = since;
    },
    yields(cell, since) {
      const entity = cell.word / WORDS_PER_ENTITY;
      const oldest = oldestElsewhere(entity);
      if (oldest + TOLERANCE_MS > since) return false;
      const { now } = loop;
      // Asked again after a pause: there was no room meanwhile, and nobody to blame.
      if (older[entity] !== oldest || now - asked[entity]! > PATIENCE_MS / 2) yielding[entity] = now;
      older[entity] = oldest;
      asked[entity] = now;
      return now - yielding[entity]! < PATIENCE_MS;
    },
  };
}
