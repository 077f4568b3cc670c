/**
 * The supervisor while it serves: obeys signals, reloads, stops.
 *
 * Reload: accept the new text, open what is new, start the new roles on the same sockets, and only when all are ready let
 * the old ones drain. Any failure before that leaves the old ones serving.
 */
import type { Model } from "../config/haproxy/model.ts";
import { identityProblem } from "../linux/identity.ts";
import type { Generation } from "./generation.ts";
import { discard } from "./handover.ts";
import { createHeritage } from "./heritage.ts";
import { settleLimits } from "./limits.ts";
import { abandon, openListeners, type Pool, publish, resumeAll, suspendAll } from "./listeners.ts";
import type { Notify } from "./notify.ts";
import { descriptorProblem, type Facts, listenerCount, type Serving, startRoles, workersOf } from "./roles.ts";
import type { Signals } from "./signals.ts";

export interface Helpers {
  facts: Facts;
  /** The exit code tells the signal, as the shell does. */
  masterWorker: boolean;
  signals: Signals;
  notify: Notify;
  /** Reads the configuration again and says what is wrong with it; null: refused. */
  accept(): Promise<Model | null>;
  /** Offers the listening sockets to a successor. */
  offer(pool: () => Pool): { stop(): void };
}

/** Runs until it is told to stop; resolves with the exit code. */
export function serve(first: Serving, helpers: Helpers): Promise<number> {
  const { facts, masterWorker, signals, notify, accept, offer } = helpers;
  const { complain } = facts;
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const living = new Set<Generation>();
  const heritage = createHeritage();
  let serving = first;
  const offered = offer(() => serving.opened.pool);
  let reloading = false;
  let askedAgain = false;
  let stopping = false;
  let exitCode = 0;

  function enlist({ generation }: Serving): void {
    living.add(generation);
    void generation.gone.then(() => {
      living.delete(generation);
      if (stopping && living.size === 0) finish();
    });
  }

  async function reload(): Promise<void> {
    // Asked again meanwhile: the files may have changed since they were read.
    askedAgain = reloading;
    if (reloading || stopping) return;
    reloading = true;
    notify("reloading");
    try {
      await replace();
      complain("Reloaded", "NOTICE");
    } catch (error) {
      complain(`Cannot reload: ${(error as Error).message}: the old configuration goes on`);
    }
    reloading = false;
    if (stopping) return;
    notify("serving");
    if (askedAgain) await reload();
  }

  async function replace(): Promise<void> {
    const model = await accept();
    if (model === null) throw new Error("the configuration is refused");
    if (stopping) throw new Error("told to stop meanwhile");
    if (listenerCount(model) === 0) throw new Error("no enabled listener found");
    const problem = identityProblem(model.global) ?? descriptorProblem(model);
    if (problem !== null) throw new Error(problem);
    const limits = settleLimits(model);
    if (limits.complaint !== null) {
      if (model.global.strictLimits) throw new Error(limits.complaint);
      complain(limits.complaint, "WARNING");
    }
    const opened = openListeners(model, workersOf(model), limits.maxconn, serving.opened.pool);
    if (opened.failures.length > 0) {
      opened.failures.forEach((failure) => complain(failure));
      abandon(opened);
      throw new Error("some listeners could not be opened");
    }
    const next = startRoles(model, limits, opened, facts, serving);
    enlist(next);
    try {
      await next.generation.ready;
      if (stopping) throw new Error("told to stop meanwhile");
      publish(opened);
    } catch (error) {
      abandon(opened);
      next.generation.kill();
      throw error;
    }
    const old = serving;
    serving = next;
    heritage.pass(old, next);
    await drain(old);
    // Nobody accepts on these any more, and no configuration names them.
    const kept = new Set([...opened.pool.values()].flat());
    discard([...old.opened.pool.values()].flat().filter((fd) => !kept.has(fd)));
  }

  /** Resolves when the generation accepts no more; it goes on until its last session has ended. */
  function drain({ generation, model }: Serving): Promise<void> {
    generation.retire();
    const { hardStopAfterMs } = model.global;
    if (hardStopAfterMs !== null) setTimeout(() => living.has(generation) && generation.kill(), hardStopAfterMs);
    return generation.order("drain", "stopped");
  }

  function finish(): void {
    offered.stop();
    end(exitCode);
  }

  function softStop(): void {
    if (stopping) return;
    stopping = true;
    notify("stopping");
    setTimeout(async () => {
      await drain(serving);
      // A successor has copies of these; without one, new clients are refused from here on.
      discard([...serving.opened.pool.values()].flat());
      serving.opened.pool.clear();
      serving.opened.backlogs.clear();
    }, serving.model.global.graceMs);
  }

  function hardStop(code: number): void {
    if (!stopping) notify("stopping");
    stopping = true;
    exitCode = code;
    for (const generation of living) generation.kill();
  }

  // A mistake of ours must not end what serves.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error) => complain(`Internal error: ${error instanceof Error ? error.stack : error}`));
  }
  enlist(first);
  signals.obey({
    SIGTERM: () => hardStop(masterWorker ? 143 : 0),
    SIGINT: () => hardStop(masterWorker ? 130 : 0),
    SIGUSR1: softStop,
    SIGUSR2: () => void reload(),
    SIGHUP: () => void reload(),
    SIGTTOU: () => void serving.generation.order("pause", "paused").then(() => suspendAll(serving.opened)),
    SIGTTIN() {
      resumeAll(serving.opened);
      void serving.generation.order("resume", null);
    },
  });
  if (!stopping) notify("serving");
  return ended;
}
