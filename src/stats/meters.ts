/**
 * The two figures of `show info` that compare the present with a second ago: bytes sent and idle time.
 *
 * Relies on the pids that the proxy processes wrote on the board, and on /proc for their CPU time.
 */
import { readFileSync } from "node:fs";
import { type Board, readCounter } from "../board/board.ts";
import { WORDS_PER_WORKER, WORKER_WORD } from "../board/layout.ts";
import type { Meters } from "./source.ts";

/** USER_HZ: the unit of /proc/PID/stat on every Linux that we run on. */
const TICKS_PER_SECOND = 100;

/** Two looks closer together tell little, as CPU time counts in steps of 10 ms; further apart they are of no present. */
const SHORTEST_MS = 500;
const LONGEST_MS = 120_000;

export function createMeters(board: Board, cpuTicksOf: (pid: number) => number | null = readCpuTicks): Meters {
  let last: { atMs: number; bytesOut: number; ticks: number | null } | null = null;
  const meters: Meters = {
    bytesOutPerSecond: 0,
    idlePercent: 100,
    seconds: 0,
    sample(nowMs) {
      const pastMs = last === null ? 0 : nowMs - last.atMs;
      if (last !== null && pastMs >= 0 && pastMs < SHORTEST_MS) return;
      const next = { atMs: nowMs, bytesOut: totalBytesOut(board), ticks: totalTicks(board, cpuTicksOf) };
      meters.seconds = pastMs > 0 && pastMs <= LONGEST_MS ? pastMs / 1000 : 0;
      if (last !== null && meters.seconds > 0) {
        const { seconds } = meters;
        meters.bytesOutPerSecond = Math.round((next.bytesOut - last.bytesOut) / seconds);
        meters.idlePercent = next.ticks === null || last.ticks === null
          ? null
          : idlePercent((next.ticks - last.ticks) / TICKS_PER_SECOND / seconds / board.layout.workers);
      }
      last = next;
    },
  };
  return meters;
}

/** What went to the clients, over all frontends. */
export function totalBytesOut(board: Board): number {
  let total = 0;
  for (const { frontend } of board.layout.proxies) if (frontend >= 0) total += readCounter(board, frontend, "bytesOut");
  return total;
}

/** A process that was replaced takes its ticks with it: the sum may fall. */
const idlePercent = (busy: number): number => Math.round(100 * Math.min(1, Math.max(0, 1 - busy)));

/** null: of no process. */
function totalTicks(board: Board, cpuTicksOf: (pid: number) => number | null): number | null {
  let total: number | null = null;
  for (let worker = 0; worker < board.layout.workers; worker++) {
    const pid = board.workerWords[worker * WORDS_PER_WORKER + WORKER_WORD.pid]!;
    const ticks = pid > 0 ? cpuTicksOf(pid) : null;
    if (ticks !== null) total = (total ?? 0) + ticks;
  }
  return total;
}

/** utime + stime of proc_pid_stat(5); the name in parentheses may hold blanks, so fields are counted after it. */
function readCpuTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null; // gone since the board was read, or there is no /proc here
  }
}
