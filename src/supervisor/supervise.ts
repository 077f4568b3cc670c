/**
 * The supervisor: opens, starts, reloads, stops. It never touches traffic; what it does is decided by signals and exits.
 *
 * Reload: accept the new text, open what is new, start the new roles on the same sockets, and only when all are ready let
 * the old ones drain. Any failure before that leaves the old ones serving.
 */
import { rmSync, writeFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { initBoard } from "../board/board.ts";
import { type Boot, writeBoot } from "../board/boot.ts";
import { layoutBoard } from "../board/layout.ts";
import type { Invocation } from "../cli/invocation.ts";
import type { Checks } from "../config/haproxy/load.ts";
import type { Model } from "../config/haproxy/model.ts";
import { closeDescriptor, createSharedMemory, mapShared } from "../linux/descriptors.ts";
import { detachOutput } from "../linux/identity.ts";
import { BUILD, VERSION } from "../version.ts";
import { acceptConfiguration, type Accepted, showDiagnostics } from "./configuration.ts";
import { type Generation, startGeneration } from "./generation.ts";
import { discard, fetchFrom, offerListeners } from "./handover.ts";
import { type Limits, settleLimits } from "./limits.ts";
import { type Opened, openListeners, type Pool, poolOf, resumeAll, suspendAll } from "./listeners.ts";
import { createNotify } from "./notify.ts";

/** What serves now. */
interface Serving {
  model: Model;
  opened: Opened;
  generation: Generation;
}

/** How often, and how long in all, a busy address is tried again after its owner was asked to step aside. */
const BIND_TRIES = 200;
const BIND_PAUSE_MS = 10;

/**
 * Runs until it is told to stop; resolves with the exit code.
 *
 * @param read the configuration, where the caller has read it already
 */
export async function supervise(asked: Invocation, checks: Checks, read?: Accepted): Promise<number> {
  const startedAtMs = Date.now();
  const complain = (text: string, level = "ALERT"): void =>
    void process.stderr.write(`${`[${level}]`.padEnd(10)} (${process.pid}) : ${text}\n`);

  const accepted = read ?? await acceptConfiguration(asked, checks);
  showDiagnostics(accepted.diagnostics, asked);
  if (accepted.model === null) return 1;
  if (listenerCount(accepted.model) === 0) {
    complain("No enabled listener found (check for 'bind' directives) ! Exiting.");
    return 1;
  }

  let taken: Pool;
  try {
    taken = poolOf(await fetchFrom(asked.socketsFrom, asked.oldPids));
  } catch (error) {
    complain(`Failed to get the sockets from the old process: ${(error as Error).message}`);
    return 1;
  }
  const { model } = accepted;
  const limits = settleLimits(model);
  if (limits.complaint !== null) {
    complain(limits.complaint, model.global.strictLimits ? "ALERT" : "WARNING");
    if (model.global.strictLimits) return 1;
  }
  const opened = await openPatiently(model, limits, taken, asked.oldPids);
  const unused = [...taken.entries()].filter(([key]) => !opened.pool.has(key)).flatMap(([, fds]) => fds);
  discard(unused);
  if (opened.failures.length > 0) {
    for (const failure of opened.failures) complain(failure);
    complain("Some protocols failed to start their listeners! Exiting.");
    resumeOld(asked.oldPids);
    return 1;
  }
  const pidfile = model.global.pidfile;
  if (pidfile !== null && !writePid(pidfile, complain)) {
    resumeOld(asked.oldPids);
    return 1;
  }

  const facts = { startedAtMs, memMaxMb: asked.memoryMaxMb ?? 0 };
  const complainOfRoles = (text: string): void => complain(text);
  let serving: Serving = { model, opened, generation: bringUp(model, limits, opened, facts, complainOfRoles) };
  try {
    await serving.generation.ready;
  } catch (error) {
    serving.generation.kill();
    complain(`Cannot start: ${(error as Error).message}`);
    if (pidfile !== null) rmSync(pidfile, { force: true });
    resumeOld(asked.oldPids);
    return 1;
  }

  const notify = createNotify(asked.notify ? process.env.NOTIFY_SOCKET : undefined);
  const offer = offerListeners(() =>
    [...serving.opened.pool.values()].flat().map((fd) => ({ fd, namespace: "", interface: null }))
  );
  for (const pid of asked.oldPids) signal(pid, asked.oldPidsSignal);
  notify("serving");
  becomeDaemon(model, asked);
  return await serve();

  /** Obeys signals until the end. */
  function serve(): Promise<number> {
    const { promise: ended, resolve: end } = Promise.withResolvers<number>();
    const retired = new Set<Generation>();
    let reloading = false;
    let askedAgain = false;
    let stopping = false;

    async function reload(): Promise<void> {
      if (stopping) return;
      // Asked again meanwhile: the files may have changed since they were read.
      askedAgain = reloading;
      if (reloading) return;
      reloading = true;
      notify("reloading");
      try {
        await replace();
      } catch (error) {
        complain(`Cannot reload: ${(error as Error).message}: the old configuration goes on`);
      }
      notify("serving");
      reloading = false;
      if (askedAgain) await reload();
    }

    async function replace(): Promise<void> {
      const next: Accepted = await acceptConfiguration(asked, checks);
      showDiagnostics(next.diagnostics, asked);
      if (next.model === null) throw new Error("the configuration is refused");
      if (listenerCount(next.model) === 0) throw new Error("no enabled listener found");
      const nextLimits = settleLimits(next.model);
      const nextOpened = openListeners(next.model, workersOf(next.model), nextLimits.maxconn, serving.opened.pool);
      if (nextOpened.failures.length > 0) {
        nextOpened.failures.forEach((failure) => complain(failure));
        discard(nextOpened.fresh);
        throw new Error("some listeners could not be opened");
      }
      const generation = bringUp(next.model, nextLimits, nextOpened, facts, complainOfRoles);
      try {
        await generation.ready;
      } catch (error) {
        generation.kill();
        discard(nextOpened.fresh);
        throw error;
      }
      const old = serving;
      serving = { model: next.model, opened: nextOpened, generation };
      await drain(old.generation);
      // Nobody accepts on these any more, and no configuration names them.
      const kept = new Set([...nextOpened.pool.values()].flat());
      discard([...old.opened.pool.values()].flat().filter((fd) => !kept.has(fd)));
      complain("Reloaded", "NOTICE");
    }

    /** Resolves when the generation accepts no more; it goes on until its last session has ended. */
    function drain(generation: Generation): Promise<void> {
      generation.retire();
      retired.add(generation);
      void generation.gone.then(() => {
        retired.delete(generation);
        if (stopping && retired.size === 0) finish(0);
      });
      const { hardStopAfterMs } = serving.model.global;
      if (hardStopAfterMs !== null) {
        setTimeout(() => retired.has(generation) && generation.kill(), hardStopAfterMs).unref();
      }
      return generation.order("drain", "stopped");
    }

    function finish(code: number): void {
      offer.stop();
      end(code);
    }

    function softStop(): void {
      if (stopping) return;
      stopping = true;
      notify("stopping");
      setTimeout(async () => {
        await drain(serving.generation);
        // A successor has copies of these; without one, new clients are refused from here on.
        discard([...serving.opened.pool.values()].flat());
        serving.opened.pool.clear();
      }, serving.model.global.graceMs);
    }

    function hardStop(code: number): void {
      notify("stopping");
      stopping = true;
      const all = [...retired, serving.generation];
      for (const generation of all) generation.kill();
      void Promise.all(all.map((generation) => generation.gone)).then(() => finish(code));
    }

    const suspended = (): number[] => [...serving.opened.pool.values()].flat();
    const master = model.global.masterWorker;
    const handlers: Partial<Record<NodeJS.Signals, () => void>> = {
      SIGTERM: () => hardStop(master ? 143 : 0),
      SIGINT: () => hardStop(master ? 130 : 0),
      SIGUSR1: softStop,
      SIGUSR2: reload,
      SIGHUP: reload,
      SIGTTOU: () => void serving.generation.order("pause", "paused").then(() => suspendAll(suspended())),
      SIGTTIN() {
        resumeAll(suspended(), serving.model.global.maxconn || 1024);
        void serving.generation.order("resume", null);
      },
    };
    for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
    return ended;
  }
}

export const workersOf = (model: Model): number => model.global.nbthread || availableParallelism();

export const listenerCount = (model: Model): number =>
  model.proxies.reduce((sum, proxy) => sum + (proxy.kind === "backend" || proxy.disabled ? 0 : proxy.binds.length), 0);

/**
 * Asks the owners of busy addresses to step aside (SIGTTOU), as haproxy does, and tries for two seconds. Not those that have
 * handed over their sockets: what is busy then is somebody else's.
 */
async function openPatiently(model: Model, limits: Limits, taken: Pool, oldPids: readonly number[]): Promise<Opened> {
  let opened = openListeners(model, workersOf(model), limits.maxconn, taken);
  const waits = oldPids.length > 0 && taken.size === 0;
  for (let tries = 0; waits && tries < BIND_TRIES && opened.failures.length > 0; tries++) {
    discard(opened.fresh);
    if (tries === 0) { for (const pid of oldPids) signal(pid, "SIGTTOU"); }
    await Bun.sleep(BIND_PAUSE_MS);
    opened = openListeners(model, workersOf(model), limits.maxconn, taken);
  }
  return opened;
}

/** The start has failed: who stepped aside may go on. */
function resumeOld(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, "SIGTTIN");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone already.
  }
}

function bringUp(
  model: Model,
  limits: Limits,
  opened: Opened,
  facts: { startedAtMs: number; memMaxMb: number },
  complain: (text: string) => void,
): Generation {
  const workers = workersOf(model);
  const layout = layoutBoard(model, workers);
  const boardFd = createSharedMemory("appliance-board", layout.bytes);
  const board = initBoard(mapShared(boardFd), layout, model, Date.now());
  const accepts = opened.accepts.map((list) => list.map(({ proxy, bind }) => ({ proxy, bind })));
  const exposed = model.global.statsSockets.some((socket) => socket.exposeFdListeners);
  const offered = exposed ? opened.accepts.flat() : [];
  const boot: Boot = {
    model,
    workers,
    maxconn: limits.maxconn,
    ulimitN: limits.ulimitN,
    pid: process.pid,
    hostname: hostname(),
    version: VERSION,
    releaseDate: BUILD.date,
    ...facts,
    accepts,
    statsSockets: opened.statsSockets.map((_, i) => i),
    offered: offered.map(({ proxy, bind }) => ({ proxy, bind })),
  };
  const bootFd = writeBoot(boot);
  const starts = opened.accepts.map((list, worker) => ({
    role: "role:proxy",
    worker,
    descriptors: [bootFd, boardFd, ...list.map(({ fd }) => fd)],
  }));
  if (opened.statsSockets.length > 0) {
    starts.push({
      role: "role:control",
      worker: -1,
      descriptors: [bootFd, boardFd, ...opened.statsSockets, ...offered.map(({ fd }) => fd)],
    });
  }
  const generation = startGeneration({ board, starts, complain });
  // A role that dies needs both again.
  void generation.gone.then(() => [bootFd, boardFd].forEach(closeDescriptor));
  return generation;
}

function writePid(path: string, complain: (text: string) => void): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
    return true;
  } catch (error) {
    complain(`Cannot create pidfile "${path}": ${(error as Error).message}`);
    return false;
  }
}

/** The start is over: whoever launched us in the background is told, and its terminal is let go of. */
function becomeDaemon(model: Model, asked: Invocation): void {
  if (process.send === undefined) return;
  process.send("serving");
  process.disconnect?.();
  if (model.global.daemon && !asked.foreground && !asked.debug) detachOutput();
}
