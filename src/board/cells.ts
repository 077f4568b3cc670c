/**
 * Counting on the board from the path of a connection: where an entity's cells are, entering and leaving it.
 *
 * A Cell is settled at load for each entity and process. What this process holds of a shared word is mirrored in its own
 * row, so that the supervisor can give it back should the process die.
 */
import { type Board, raiseMax, rowAt, wordAt } from "./board.ts";
import { COUNTER, WORD } from "./words.ts";

/** Index of the first shared word and of the first counter of an entity. */
export interface Cell {
  word: number;
  row: number;
}

export const cellOf = (board: Board, worker: number, entity: number): Cell => ({
  word: wordAt(entity, 0),
  row: rowAt(board.layout, worker, entity),
});

/** One more connection. */
export function enter(board: Board, cell: Cell): void {
  Atomics.add(board.words, cell.word + WORD.cur, 1);
  board.rows[cell.row + COUNTER.heldCur]! += 1;
  noteMost(board, cell);
}

/** What is in now is compared with the most that ever was. */
export function noteMost({ words }: Board, { word }: Cell): void {
  const now = words[word + WORD.cur]!;
  if (now > words[word + WORD.max]!) raiseMax(words, word + WORD.max, now);
}

export function leave(board: Board, cell: Cell): void {
  Atomics.sub(board.words, cell.word + WORD.cur, 1);
  board.rows[cell.row + COUNTER.heldCur]! -= 1;
}

/**
 * Enters only if fewer than `limit` are in (0: no limit). Exact across processes: nobody ever sees more than the limit.
 * Who may yet step back leaves noteMost to when it stays.
 */
export function enterBelow(board: Board, cell: Cell, limit: number): boolean {
  const { words } = board;
  const at = cell.word + WORD.cur;
  for (let seen = Atomics.load(words, at); limit === 0 || seen < limit;) {
    const was = Atomics.compareExchange(words, at, seen, seen + 1);
    if (was === seen) {
      board.rows[cell.row + COUNTER.heldCur]! += 1;
      return true;
    }
    seen = was;
  }
  return false;
}

/** One more in the queue of a server or backend; returns how many were there before it. */
export function enterQueue(board: Board, cell: Cell): number {
  const { words } = board;
  const at = cell.word + WORD.queued;
  const before = Atomics.add(words, at, 1);
  board.rows[cell.row + COUNTER.heldQueued]! += 1;
  if (before >= words[at + 1]!) raiseMax(words, at + 1, before + 1);
  return before;
}

export function leaveQueue(board: Board, cell: Cell): void {
  Atomics.sub(board.words, cell.word + WORD.queued, 1);
  board.rows[cell.row + COUNTER.heldQueued]! -= 1;
}

/** A backend's connections that have a server: what a dynamic maxconn is computed from. */
export function enterServed(board: Board, cell: Cell, by: 1 | -1): void {
  Atomics.add(board.words, cell.word + WORD.served, by);
  board.rows[cell.row + COUNTER.heldServed]! += by;
}
