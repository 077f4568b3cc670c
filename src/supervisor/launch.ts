/**
 * `-D` and `daemon`: the program starts itself again in a session of its own and returns once that one serves.
 *
 * Bun cannot fork; what the child writes until then reaches the caller's terminal, and its exit code is ours.
 */
import type { Model } from "../config/haproxy/model.ts";
import { isOpen } from "../linux/descriptors.ts";
import { startSelf } from "./generation.ts";

/** First argument of the child. */
export const DAEMON = "role:daemon";
const FIRST_INHERITED = 3;

export async function launchDaemon(args: readonly string[], model: Model): Promise<number> {
  const { promise: serving, resolve } = Promise.withResolvers<number>();
  const child = Bun.spawn({
    ...startSelf([DAEMON, ...args]),
    stdio: ["ignore", "inherit", "inherit", ...inheritedBy(model)],
    detached: true,
    serialization: "json",
    ipc: () => resolve(0),
    onExit: (_child, code) => resolve(code ?? 1),
  });
  const code = await serving;
  child.unref();
  return code;
}

/** The descriptors that the configuration names (`fd@N`), under the same numbers; no other goes on to the child. */
function inheritedBy(model: Model): (number | "ignore")[] {
  const binds = [...model.proxies.flatMap((proxy) => proxy.binds), ...model.global.statsSockets];
  const named = new Set(
    binds.flatMap(({ address }) => address.kind === "fd" && isOpen(address.fd) ? [address.fd] : []),
  );
  const count = Math.max(0, ...[...named].map((fd) => fd + 1 - FIRST_INHERITED));
  return Array.from({ length: count }, (_, i) => named.has(FIRST_INHERITED + i) ? FIRST_INHERITED + i : "ignore");
}
