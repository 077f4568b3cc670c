/** What a column of `show stat` is, and the makers of those that are alike: a counter, a word of the board, a rate, a mean. */
import { readCounter, rowAt, wordAt } from "../board/board.ts";
import { readRate } from "../board/rates.ts";
import { COUNTER, type Counter, TIME_SAMPLES } from "../board/words.ts";
import { type Kind, readWord, type Row, type View } from "./rows.ts";

export type ValueType = "str" | "u32" | "s32" | "u64" | "flt";
/** null: no value, an empty field. */
export type Value = (row: Row) => string | number | null;

export interface Cell {
  /** Origin, nature, scope, persistence; management.txt 9.2. */
  tags: string;
  type: ValueType;
  value: Value;
}

export interface Column {
  name: string;
  description: string;
  cells: Partial<Record<Kind, Cell>>;
}

const KIND: Record<string, Kind> = { L: "listener", F: "frontend", B: "backend", S: "server" };
/** Nothing on the board outlives its configuration: all values are volatile. */
const VOLATILE = "V";

type Part = [kinds: string, tags: string, type: ValueType, value: Value];

export function column(name: string, description: string, ...parts: Part[]): Column {
  const cells: Column["cells"] = {};
  for (const [kinds, tags, type, value] of parts) {
    for (const letter of kinds) cells[KIND[letter]!] = { tags: tags + VOLATILE, type, value };
  }
  return { name, description, cells };
}

export const counter = (name: string, kinds: string, source: Counter, description: string): Column =>
  column(name, description, [kinds, "MCP", "u64", ({ view, entity }) => readCounter(view.board, entity, source)]);

/** A counter that exists in mode http alone. */
export const httpCounter = (name: string, kinds: string, source: Counter, description: string): Column =>
  column(name, description, [kinds, "MCP", "u64", (row) => isHttp(row) ? count(row, source) : null]);

export const always = (amount: number): Value => () => amount;
export const zeroCounter = (name: string, kinds: string, description: string): Column =>
  column(name, description, [kinds, "MCP", "u64", always(0)]);
export const zeroGauge = (name: string, kinds: string, type: ValueType, description: string): Column =>
  column(name, description, [kinds, "MGP", type, always(0)]);

export const isHttp = ({ proxy }: Row): boolean => proxy.mode === "http";
export const count = ({ view, entity }: Row, source: Counter): number => readCounter(view.board, entity, source);
export const word = (which: number): Value => ({ view, entity }) => readWord(view.board, entity, which);
export const rate = (firstWord: number): Value => ({ view, entity }) =>
  readRate(view.board.words, wordAt(entity, firstWord), view.nowMs);
export const ageSec = (view: View, secondsOfBoard: number): number =>
  Math.max(0, Math.floor((view.nowMs - view.board.madeAtMs) / 1000) - secondsOfBoard);

/**
 * Mean of the last sessions in ms. Each process keeps a sliding sum over its own; one that has seen fewer sessions than
 * the window holds is divided by what it has seen.
 */
export const mean = (source: Counter): Value => ({ view: { board }, entity }) => {
  let total = 0;
  let sessions = 0;
  for (let worker = 0; worker <= board.layout.workers; worker++) {
    const row = rowAt(board.layout, worker, entity);
    const seen = board.rows[row + COUNTER.sessions]!;
    if (seen === 0) continue;
    total += board.rows[row + COUNTER[source]]! / Math.min(seen, TIME_SAMPLES) * seen;
    sessions += seen;
  }
  return sessions === 0 ? 0 : Math.ceil(total / sessions);
};
