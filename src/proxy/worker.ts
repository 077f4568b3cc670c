/**
 * The proxy role: one process of the data plane. Adopts inherited listeners, serves, and obeys the supervisor's orders.
 *
 * Order of the start: everything is loaded and compiled, then root and identity are given up, then it accepts.
 */
import { BOARD_FD, FIRST_LISTENER, type Order, readBoot, renumberLogs, type Report } from "../board/boot.ts";
import { WORDS_PER_WORKER, WORKER_WORD } from "../board/layout.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import { becomeUser, detachOutput } from "../linux/identity.ts";
import { loadPlane, pipesFor } from "./load.ts";
import { createService } from "./service.ts";
import { createTasks } from "./tasks.ts";

type Plain = Exclude<Report["report"], "ask" | "did">;
type PlainOrder = Exclude<Order["order"], "do" | "done">;

/** How often a draining process looks whether its last session has gone. */
const DRAIN_LOOK_MS = 5;
const BEAT_MS = 1000;
/** Descriptors that are not a session's: memories, listeners, logs, the runtime's own. */
const OWN_DESCRIPTORS = 64;

export function runProxy(worker: number): void {
  const { boot, board } = readBoot();
  closeDescriptor(BOARD_FD);
  const accepts = boot.accepts[worker]!;
  const descriptors = new Map<string, number[]>();
  accepts.forEach(({ proxy, bind }, i) => {
    const key = `${proxy}/${bind}`;
    descriptors.set(key, [...(descriptors.get(key) ?? []), FIRST_LISTENER + i]);
  });
  renumberLogs(boot, FIRST_LISTENER + accepts.length);
  const plane = loadPlane(boot, board, worker, descriptors);
  const localLimit = Math.max(
    1,
    Math.floor((boot.ulimitN - 2 * accepts.length - 2 * pipesFor(boot.ulimitN) - OWN_DESCRIPTORS) / 2),
  );
  const service = createService(plane, localLimit);
  becomeUser(boot.model.global);

  const tell = (report: Report): void => void process.send?.(report);
  const send = (report: Plain): void => tell({ report });
  const beat = worker * WORDS_PER_WORKER;
  board.workerWords[beat + WORKER_WORD.pid] = process.pid;
  // -m: this process's share of it. The engine gives memory back late: before it counts as held it is asked to.
  const mostBytes = boot.memMaxMb * 2 ** 20 / boot.workers;
  const holdsTooMuch = (): boolean => plane.sessions > 0 && process.memoryUsage.rss() > mostBytes;
  plane.loop.every(BEAT_MS, () => {
    board.workerWords[beat + WORKER_WORD.beat]! += 1;
    if (mostBytes === 0) return;
    if (holdsTooMuch()) Bun.gc(true);
    plane.crowded = holdsTooMuch();
  });

  function exit(): void {
    plane.outlets.flush();
    process.exit(0);
  }

  function drain(): void {
    if (plane.stopping) return;
    plane.stopping = true;
    service.gates.closeAll("stopped");
    service.drain();
    send("stopped");
    plane.loop.every(DRAIN_LOOK_MS, () => plane.sessions === 0 && exit());
  }

  const orders: Record<PlainOrder, () => void> = {
    pause() {
      service.gates.closeAll("paused");
      send("paused");
    },
    resume() {
      if (!plane.stopping) service.gates.openAll();
      send("resumed");
    },
    drain,
    detach() {
      detachOutput();
      send("detached");
    },
    kill() {
      service.killAll();
      exit();
    },
  };
  const tasks = createTasks(plane, service);
  process.on("message", (message: Order) => {
    if (message.order === "do") tell({ report: "did", id: message.id, answer: tasks(message.task) });
    else if (message.order !== "done") orders[message.order]();
  });
  // Without its supervisor a process finishes what it has in hand, and holds nobody's terminal meanwhile.
  process.on("disconnect", () => {
    detachOutput();
    drain();
  });
  // The terminal's Ctrl-C goes to all; the supervisor decides.
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTTOU", "SIGTTIN"] as const) {
    process.on(signal, () => {});
  }

  // It may have gone before anybody listened for that.
  if (!process.connected) process.exit(1);
  service.gates.openAll();
  plane.loop.start(service.timers);
  send("ready");
}
