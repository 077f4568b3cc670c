/**
 * What a role is given at its start: the accepted configuration and what the supervisor decided, as JSON in shared memory,
 * and the numbers under which it finds its inherited descriptors.
 */
import { closeSync, readFileSync, writeSync } from "node:fs";
import type { Model } from "../config/haproxy/model.ts";
import { createSharedMemory, mapShared } from "../linux/descriptors.ts";
import { type Board, openBoard } from "./board.ts";
import { layoutBoard } from "./layout.ts";

export interface Boot {
  model: Model;
  /** Number of proxy processes. */
  workers: number;
  /** Connections at once over all proxy processes. */
  maxconn: number;
  /** Descriptors a process may have. */
  ulimitN: number;
  /** Of the launched process: what log lines and the stats socket show. */
  pid: number;
  hostname: string;
  version: string;
  releaseDate: string;
  startedAtMs: number;
  /** -m in MB; 0: none. */
  memMaxMb: number;
  /** By proxy process: what the descriptors from FIRST_LISTENER on are. */
  accepts: ListenerRef[][];
  /** Numbers of the descriptors that log targets name (`fd@N`): inherited in this order, as the last of all. */
  logDescriptors: number[];
  /** For the control role: stats sockets by their index in the configuration, then what `expose-fd listeners` hands out. */
  statsSockets: number[];
  offered: ListenerRef[];
}

/** A listening address of the model: index of the proxy, and of the bind entry in it. */
export interface ListenerRef {
  proxy: number;
  bind: number;
}

export const BOOT_FD = 3;
export const BOARD_FD = 4;
export const FIRST_LISTENER = 5;

/** Commands of the supervisor, and what a role answers. */
export type Order =
  | { order: "pause" | "resume" | "drain" | "kill" | "detach" }
  /** To a proxy: a task of the control role; to the control role: what all proxies have answered to its task. */
  | { order: "do"; id: number; task: Task }
  | { order: "done"; id: number; answers: string[] };
export type Report =
  | { report: "ready" | "paused" | "resumed" | "stopped" | "detached" }
  | { report: "ask"; id: number; task: Task }
  | { report: "did"; id: number; answer: string };

/** What the control role has the proxy processes do, through the supervisor, where a word on the board is not enough. */
export type Task =
  /** The frontend's word `admin` has changed; the supervisor acts on it too. */
  | { task: "followFrontend"; proxy: number }
  /**
   * The server takes no new clients: who waits for it may go elsewhere, kept connections are of no use. `ends`: sessions that it
   * serves are ended. Answered with the number of those who went elsewhere.
   */
  | { task: "leaveServer"; proxy: number; server: number; ends: boolean }
  | { task: "endSessions"; proxy: number; server: number }
  /** Answered with "1" by who has it. */
  | { task: "endSession"; id: string }
  | { task: "listSessions" }
  /** Of this process's rows: the highest values, or all. */
  | { task: "clearCounters"; all: boolean };

/** Log targets name descriptors by the launched process's numbers: a role has them from `first` on. */
export function renumberLogs({ model, logDescriptors }: Boot, first: number): void {
  for (const { to } of model.proxies.flatMap((proxy) => proxy.log.targets)) {
    const place = to.kind === "fd" ? logDescriptors.indexOf(to.fd) : -1;
    if (to.kind === "fd" && place >= 0) to.fd = first + place;
  }
}

export function writeBoot(boot: Boot): number {
  const text = Buffer.from(JSON.stringify(boot));
  const fd = createSharedMemory("appliance-boot", 0);
  let at = 0;
  while (at < text.length) at += writeSync(fd, text, at, text.length - at, at);
  return fd;
}

/** Reads both inherited memories. The boot document's descriptor is closed: nobody needs it twice. */
export function readBoot(): { boot: Boot; board: Board } {
  const boot = JSON.parse(readFileSync(`/proc/self/fd/${BOOT_FD}`, "utf8")) as Boot;
  closeSync(BOOT_FD);
  const board = openBoard(mapShared(BOARD_FD), layoutBoard(boot.model, boot.workers));
  return { boot, board };
}
