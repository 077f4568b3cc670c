/**
 * The stats sockets of a program: all of them together, with the limit and the meters that they share.
 */
import type { Bind } from "../config/haproxy/model.ts";
import { createMeters } from "../stats/meters.ts";
import type { RuntimeContext } from "./context.ts";
import { createGate, serveStatsSocket } from "./server.ts";

const SAMPLE_MS = 1000;

type Given = "model" | "board" | "startedAtMs" | "pid" | "version" | "releaseDate" | "maxconn" | "ulimitN" | "memMaxMb";

/** A context over the given facts; the rest is this process's own or follows from them. */
export function createContext(
  given: Pick<RuntimeContext, Given | "listeners" | "stopping" | "events" | "ask">,
): RuntimeContext {
  return {
    ...given,
    workers: given.board.layout.workers,
    environment: given.model.environment,
    meters: createMeters(given.board),
    listenerCount: () => given.listeners.length,
    now: Date.now,
  };
}

/** Serves every stats socket of the configuration on its listening descriptor. */
export function startStatsSocket(sockets: readonly { fd: number; bind: Bind }[], context: RuntimeContext): {
  stop(): void;
} {
  const gate = createGate(context.model.global.statsMaxconn);
  context.meters.sample(context.now());
  const timer = setInterval(() => context.meters.sample(context.now()), SAMPLE_MS);
  const served = sockets.map(({ fd, bind }) => serveStatsSocket(fd, bind, context, gate));
  return {
    stop() {
      clearInterval(timer);
      for (const socket of served) socket.stop();
    },
  };
}
