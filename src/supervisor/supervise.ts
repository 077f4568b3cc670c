/**
 * The supervisor: opens, starts, serves until it is told to stop. It never touches traffic.
 *
 * Until all roles are ready nothing is visible from outside but bound ports: unix sockets get their names, the pid file
 * is written and old processes are told to leave only then, so that a start that fails leaves nothing behind.
 */
import { writeFileSync } from "node:fs";
import type { Invocation } from "../cli/invocation.ts";
import type { Checks } from "../config/haproxy/load.ts";
import type { Model } from "../config/haproxy/model.ts";
import { detachOutput, identityProblem } from "../linux/identity.ts";
import { acceptConfiguration, type Accepted, isQuiet, showDiagnostics } from "./configuration.ts";
import { discard, fetchFrom, offerListeners } from "./handover.ts";
import { type Limits, settleLimits } from "./limits.ts";
import { abandon, type Opened, openListeners, type Pool, poolOf, publish } from "./listeners.ts";
import { createNotify } from "./notify.ts";
import {
  type Complain,
  descriptorProblem,
  type Facts,
  listenerCount,
  type Serving,
  startRoles,
  workersOf,
} from "./roles.ts";
import { serve } from "./serve.ts";
import { collectSignals } from "./signals.ts";

/** How often, and how long in all, a busy address is tried again after its owner was asked to step aside. */
const BIND_TRIES = 200;
const BIND_PAUSE_MS = 10;

/**
 * Resolves with the exit code.
 *
 * @param read the configuration, where the caller has read it already
 */
export async function supervise(asked: Invocation, checks: Checks, read?: Accepted): Promise<number> {
  const startedAtMs = Date.now();
  const signals = collectSignals();
  const accepted = read ?? await acceptConfiguration(asked, checks);
  const quiet = isQuiet(asked, accepted.model);
  showDiagnostics(accepted.diagnostics, asked, quiet);
  if (accepted.model === null) return 1;
  const complain: Complain = (text, level = "ALERT") => {
    if (!quiet) process.stderr.write(`${`[${level}]`.padEnd(10)} (${process.pid}) : ${text}\n`);
  };
  const facts: Facts = { startedAtMs, memMaxMb: asked.memoryMaxMb ?? 0, complain };
  let serving: Serving;
  try {
    serving = await begin(accepted.model, asked, facts);
  } catch (error) {
    complain((error as Error).message);
    // They may have stepped aside.
    for (const pid of asked.oldPids) sendSignal(pid, "SIGTTIN");
    return 1;
  }
  for (const pid of asked.oldPids) sendSignal(pid, asked.oldPidsSignal);
  const daemon = accepted.model.global.daemon && !asked.foreground && !asked.debug;
  if (process.send !== undefined) await becomeDaemon(serving, daemon);
  return await serve(serving, {
    facts,
    // -db keeps the foreground; it does not take back -W.
    masterWorker: asked.masterWorker || accepted.model.global.masterWorker,
    signals,
    notify: createNotify(asked.notify ? process.env.NOTIFY_SOCKET : undefined),
    async accept() {
      const next = await acceptConfiguration(asked, checks);
      showDiagnostics(next.diagnostics, asked, quiet);
      return next.model;
    },
    offer: (pool) => offerListeners(pool, complain),
  });
}

/** From an accepted model to serving roles. What it throws says why not; nothing is left then. */
async function begin(model: Model, asked: Invocation, facts: Facts): Promise<Serving> {
  if (listenerCount(model) === 0) throw new Error("No enabled listener found (check for 'bind' directives) ! Exiting.");
  const problem = identityProblem(model.global) ?? descriptorProblem(model);
  if (problem !== null) throw new Error(problem);
  const limits = settleLimits(model);
  if (limits.complaint !== null) {
    if (model.global.strictLimits) throw new Error(limits.complaint);
    facts.complain(limits.complaint, "WARNING");
  }
  const taken = await takeOver(asked);
  const opened = await openPatiently(model, limits, taken, asked.oldPids);
  discard([...taken.entries()].filter(([key]) => !opened.pool.has(key)).flatMap(([, fds]) => fds));
  if (opened.failures.length > 0) {
    abandon(opened);
    opened.failures.forEach((failure) => facts.complain(failure));
    throw new Error("Some protocols failed to start their listeners! Exiting.");
  }
  const serving = startRoles(model, limits, opened, facts);
  try {
    await serving.generation.ready;
    if (model.global.pidfile !== null) writePid(model.global.pidfile);
    publish(opened);
  } catch (error) {
    abandon(opened);
    serving.generation.kill();
    await serving.generation.gone;
    throw new Error(`Cannot start: ${(error as Error).message}`, { cause: error });
  }
  return serving;
}

async function takeOver(asked: Invocation): Promise<Pool> {
  try {
    return poolOf(await fetchFrom(asked.socketsFrom, asked.oldPids));
  } catch (error) {
    throw new Error(`Failed to get the sockets from the old process: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Asks the owners of busy addresses to step aside (SIGTTOU), as haproxy does, and tries for two seconds. Not those that have
 * handed over their sockets: what is busy then is somebody else's.
 */
async function openPatiently(model: Model, limits: Limits, taken: Pool, oldPids: readonly number[]): Promise<Opened> {
  let opened = openListeners(model, workersOf(model), limits.maxconn, taken);
  const waits = oldPids.length > 0 && taken.size === 0;
  for (let tries = 0; waits && tries < BIND_TRIES && opened.failures.length > 0; tries++) {
    abandon(opened);
    if (tries === 0) { for (const pid of oldPids) sendSignal(pid, "SIGTTOU"); }
    await Bun.sleep(BIND_PAUSE_MS);
    opened = openListeners(model, workersOf(model), limits.maxconn, taken);
  }
  return opened;
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone already.
  }
}

function writePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    throw new Error(`cannot create pidfile "${path}" (${(error as Error).message})`, { cause: error });
  }
}

/** The start is over. All let go of the terminal or pipe first: whoever launched us may wait for its end. */
async function becomeDaemon({ generation }: Serving, daemon: boolean): Promise<void> {
  if (daemon) {
    await generation.order("detach", "detached");
    detachOutput();
  }
  process.send?.("serving");
  process.disconnect?.();
}
