/** The roles that a configuration asks for, each with the descriptors it inherits, on a board of their own. */
import { availableParallelism, hostname } from "node:os";
import { initBoard, setProcessLimits } from "../board/board.ts";
import { type Boot, writeBoot } from "../board/boot.ts";
import { carryChecks } from "../board/carry_checks.ts";
import { hasChecks, layoutBoard } from "../board/layout.ts";
import type { Model, Proxy } from "../config/haproxy/model.ts";
import { closeDescriptor, createSharedMemory, isOpen, mapShared } from "../linux/descriptors.ts";
import { BUILD, VERSION } from "../version.ts";
import { type Generation, startGeneration } from "./generation.ts";
import { takeTask } from "./frontends.ts";
import type { Limits } from "./limits.ts";
import type { Opened } from "./listeners.ts";

export type Complain = (text: string, level?: "ALERT" | "WARNING" | "NOTICE") => void;

/** What stays the same over all reloads. */
export interface Facts {
  startedAtMs: number;
  memMaxMb: number;
  complain: Complain;
}

/** What serves now. */
export interface Serving {
  model: Model;
  opened: Opened;
  generation: Generation;
}

export const workersOf = (model: Model): number => model.global.nbthread || availableParallelism();

/** Stats sockets count, as they do for haproxy: a program may be there for them alone. */
export const listenerCount = (model: Model): number =>
  model.proxies.reduce(
    (sum, proxy) => sum + (proxy.kind === "backend" || proxy.disabled ? 0 : proxy.binds.length),
    model.global.statsSockets.length,
  );

/** `log fd@N` beyond the standard three, which every role has. */
const namedDescriptors = ({ log }: Proxy): number[] =>
  log.targets.flatMap(({ to }) => to.kind === "fd" && to.fd > 2 ? [to.fd] : []);

/** A descriptor that a log target names and nobody has handed us; null: all are there. */
export function descriptorProblem(model: Model): string | null {
  const missing = model.proxies.flatMap(namedDescriptors).find((fd) => !isOpen(fd));
  return missing === undefined ? null : `Cannot log to fd@${missing}: no such descriptor was inherited`;
}

/** Starts them; whether they came up is told by the generation's `ready`. */
export function startRoles(
  model: Model,
  limits: Limits,
  opened: Opened,
  facts: Facts,
  before: Serving | null = null,
): Serving {
  const { complain, ...shown } = facts;
  const workers = workersOf(model);
  const layout = layoutBoard(model, workers);
  const boardFd = createSharedMemory("appliance-board", layout.bytes);
  const board = initBoard(mapShared(boardFd), layout, model, Date.now());
  setProcessLimits(board, model, limits.maxconn);
  if (before !== null) {
    carryChecks({ model: before.model, board: before.generation.board }, { model, board }, Date.now());
  }
  const accepts = opened.accepts.map((list) => list.map(({ proxy, bind }) => ({ proxy, bind })));
  const exposed = model.global.statsSockets.some((socket) => socket.exposeFdListeners);
  const offered = exposed ? opened.accepts.flat() : [];
  const logDescriptors = [...new Set(model.proxies.flatMap(namedDescriptors))];
  const boot: Boot = {
    model,
    workers,
    maxconn: limits.maxconn,
    ulimitN: limits.ulimitN,
    pid: process.pid,
    hostname: hostname(),
    version: VERSION,
    releaseDate: BUILD.date,
    ...shown,
    accepts,
    logDescriptors,
    statsSockets: opened.statsSockets.map((_, i) => i),
    offered: offered.map(({ proxy, bind }) => ({ proxy, bind })),
  };
  const bootFd = writeBoot(boot);
  const starts = opened.accepts.map((list, worker) => ({
    role: "role:proxy",
    worker,
    descriptors: [bootFd, boardFd, ...list.map(({ fd }) => fd), ...logDescriptors],
  }));
  if (opened.statsSockets.length > 0 || hasChecks(model)) {
    starts.push({
      role: "role:control",
      worker: -1,
      descriptors: [bootFd, boardFd, ...opened.statsSockets, ...offered.map(({ fd }) => fd), ...logDescriptors],
    });
  }
  const generation = startGeneration({ board, starts, complain, take: (task) => takeTask(task, board, opened) });
  // A role that dies needs both again.
  void generation.gone.then(() => [bootFd, boardFd].forEach(closeDescriptor));
  return { model, opened, generation };
}
