/**
 * A generation: the roles that serve one accepted configuration, from their start to the exit of the last of them.
 *
 * A role that dies is started again on the same board and sockets, with back-off; a role that never became ready fails
 * the generation.
 */
import type { Subprocess } from "bun";
import type { Board } from "../board/board.ts";
import { reclaim } from "../board/board.ts";
import type { Order, Report, Task } from "../board/boot.ts";
import { createErrands } from "./errands.ts";

export type PlainOrder = Exclude<Order["order"], "do" | "done">;

export interface RoleStart {
  /** First argument of the process: `role:proxy` or `role:control`. */
  role: string;
  /** Position among the proxy processes; -1: no proxy. */
  worker: number;
  /** Descriptors it inherits from number 3 on. */
  descriptors: number[];
}

export interface Generation {
  board: Board;
  /** Resolves when every role is ready; rejects when one dies before or takes too long. */
  ready: Promise<void>;
  /** Resolves when the last role has gone. */
  gone: Promise<void>;
  order(order: PlainOrder, answer: Report["report"] | null): Promise<void>;
  /** From now on a role that exits is not started again. */
  retire(): void;
  /** Ends all at once: SIGKILL for who does not obey the order within a moment. */
  kill(): void;
  alive(): number;
}

const READY_WITHIN_MS = 10_000;
const KILL_AFTER_MS = 100;
/** A role that is stopped or stuck holds up no reload for longer than this. */
const ANSWER_WITHIN_MS = 2_000;
/** How long after its retirement a role without traffic may live. */
const CONTROL_LEAVES_WITHIN_MS = 1_000;
/** A signal to the whole group reaches the roles first: our own may be on its way. */
const GROUP_SIGNAL_MS = 50;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** A role that lived so long starts with a clean slate. */
const STEADY_MS = 10_000;

interface Role {
  start: RoleStart;
  process: Subprocess;
  ready: boolean;
  startedAt: number;
  pauseMs: number;
}

/**
 * How this very program is started again: from its sources Bun runs main.ts; compiled it is one file, and the one that we
 * run, whatever stands under its path by now: after an upgrade that would be another version.
 */
export const startSelf = (words: readonly string[]): { cmd: string[]; argv0?: string } =>
  Bun.main.startsWith("/$bunfs/")
    ? { cmd: ["/proc/self/exe", ...words], argv0: process.argv0 }
    : { cmd: [process.execPath, Bun.main, ...words] };

export interface GenerationSetup {
  board: Board;
  starts: RoleStart[];
  /** The supervisor's own part in a task: done at once; what it returns, when all proxies have answered. */
  take(task: Task): () => void;
  complain(text: string): void;
}

export function startGeneration({ board, starts, take, complain }: GenerationSetup): Generation {
  const roles: Role[] = [];
  const waits: { answer: Report["report"]; missing: Set<Role>; done: () => void }[] = [];
  const errands = createErrands<Role>(ANSWER_WITHIN_MS);
  let retired = false;
  let allReady = false;
  const ready = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const timer = setTimeout(() => ready.reject(new Error("A role was not ready in time")), READY_WITHIN_MS);

  const { NOTIFY_SOCKET: _, ...environment } = process.env;

  function start(role: Role): void {
    role.ready = false;
    role.startedAt = performance.now();
    role.process = Bun.spawn({
      ...startSelf([role.start.role, String(role.start.worker)]),
      env: environment,
      stdio: ["ignore", "inherit", "inherit", ...role.start.descriptors],
      serialization: "json",
      ipc: (message: Report) => heard(role, message),
      onExit: (_process, code, signal) => exited(role, code, signal),
    });
  }

  function heard(role: Role, message: Report): void {
    if (message.report === "ask") return pass(role, message.id, message.task);
    if (message.report === "did") return errands.answered(role, message.id, message.answer);
    const { report } = message;
    if (report === "ready") {
      role.ready = true;
      if (roles.every((one) => one.ready)) {
        allReady = true;
        clearTimeout(timer);
        ready.resolve();
      }
    }
    settle(role, report);
  }

  /** A task of the control role: to all proxies, and their answers back to it. */
  function pass(from: Role, id: number, task: Task): void {
    const after = take(task);
    const proxies = roles.filter(({ start, ready }) => start.worker >= 0 && ready);
    errands.begin(proxies, (role, number) => tell(role, { order: "do", id: number, task }), (answers) => {
      after();
      tell(from, { order: "done", id, answers });
    });
  }

  function tell(role: Role, order: Order): boolean {
    try {
      role.process.send(order);
      return true;
    } catch {
      return false; // It is dying: its exit follows.
    }
  }

  /** Who waits for an answer need not wait for this role any more. */
  function settle(role: Role, report: Report["report"] | null): void {
    for (const wait of [...waits]) {
      if (report !== null && wait.answer !== report) continue;
      wait.missing.delete(role);
      if (wait.missing.size > 0) continue;
      waits.splice(waits.indexOf(wait), 1);
      wait.done();
    }
  }

  function exited(role: Role, code: number | null, signal: number | string | null): void {
    if (role.start.worker >= 0) reclaim(board, role.start.worker);
    settle(role, null);
    errands.gone(role);
    if (!retired && allReady) return again(role, signal === null ? `exit code ${code}` : `signal ${signal}`);
    if (!allReady) {
      clearTimeout(timer);
      ready.reject(
        new Error(
          `${role.start.role} ended at its start with ${signal === null ? `exit code ${code}` : `signal ${signal}`}`,
        ),
      );
    }
    left(role);
  }

  function again(role: Role, how: string): void {
    const steady = performance.now() - role.startedAt > STEADY_MS;
    const pauseMs = steady ? 0 : role.pauseMs;
    role.pauseMs = steady ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pauseMs * 2));
    const { role: name, worker } = role.start;
    const said = `Role ${name.slice(5)} ${Math.max(0, worker) + 1} (pid ${role.process.pid}) ended with ${how}`;
    const restart = (): void => {
      if (retired) return left(role);
      complain(`${said}: it is started again`);
      try {
        start(role);
      } catch (error) {
        complain(`Cannot start role ${name.slice(5)}: ${(error as Error).message}`);
        setTimeout(restart, LONGEST_PAUSE_MS);
      }
    };
    const waitMs = Math.max(pauseMs, /SIG(TERM|INT)/.test(how) ? GROUP_SIGNAL_MS : 0);
    if (waitMs === 0) restart();
    else setTimeout(restart, waitMs);
  }

  function left(role: Role): void {
    roles.splice(roles.indexOf(role), 1);
    if (roles.length === 0) gone.resolve();
  }

  for (const one of starts) {
    const role: Role = { start: one, process: null as never, ready: false, startedAt: 0, pauseMs: 0 };
    try {
      start(role);
      roles.push(role);
    } catch (error) {
      clearTimeout(timer);
      ready.reject(error);
    }
  }
  if (roles.length === 0) gone.resolve();

  return {
    board,
    ready: ready.promise,
    gone: gone.promise,
    order(order: PlainOrder, answer) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const missing = new Set(roles);
      if (answer === null || missing.size === 0) resolve();
      else {
        waits.push({ answer, missing, done: resolve });
        setTimeout(() => [...missing].forEach((role) => settle(role, answer)), ANSWER_WITHIN_MS);
      }
      for (const role of roles) {
        if (!tell(role, { order })) settle(role, null);
      }
      return promise;
    },
    retire() {
      retired = true;
      const idle = roles.filter((role) => role.start.worker < 0);
      setTimeout(() => idle.forEach((role) => role.process.kill("SIGKILL")), CONTROL_LEAVES_WITHIN_MS);
    },
    kill() {
      retired = true;
      void this.order("kill", null);
      setTimeout(() => roles.forEach((role) => role.process.kill("SIGKILL")), KILL_AFTER_MS);
    },
    alive: () => roles.length,
  };
}
