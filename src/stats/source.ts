/**
 * What the statistics are made from: the model, the board, and what only the running program knows of itself.
 */
import type { Board } from "../board/board.ts";
import type { Model } from "../config/haproxy/model.ts";

export interface StatsSource {
  model: Model;
  board: Board;
  startedAtMs: number;
  /** Of the launched process, as in the log lines. */
  pid: number;
  version: string;
  /** `YYYY/MM/DD`. */
  releaseDate: string;
  /** Number of proxy processes. */
  workers: number;
  /** Limits in force: connections of the whole program, open files of a process. */
  maxconn: number;
  ulimitN: number;
  /** The limit of `-m` in MB; 0: none. */
  memMaxMb: number;
  /** Number of listening sockets. */
  listenerCount(): number;
  stopping(): boolean;
  /** ms since 1970, on the clock of the board's rate meters. */
  now(): number;
  meters: Meters;
}

/** Values that need two looks at the board some time apart (meters.ts): those of the time between the last two. */
export interface Meters {
  bytesOutPerSecond: number;
  /** Share of the time that the proxy processes spent waiting, in percent; null: not known, as without /proc in a chroot. */
  idlePercent: number | null;
  /** Between the two looks; 0: there has been one at most, and the values say nothing yet. */
  seconds: number;
  /** To be called about once per second, or whenever somebody asks. */
  sample(nowMs: number): void;
}
