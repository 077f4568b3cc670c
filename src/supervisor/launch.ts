/**
 * `-D` and `daemon`: the program starts itself again in a session of its own and returns once that one serves.
 *
 * Bun cannot fork; what the child writes until then reaches the caller's terminal, and its exit code is ours.
 */
import { selfCommand } from "./generation.ts";

/** First argument of the child. */
export const DAEMON = "role:daemon";

export async function launchDaemon(args: readonly string[]): Promise<number> {
  const { promise: serving, resolve } = Promise.withResolvers<number>();
  const child = Bun.spawn({
    cmd: [...selfCommand(), DAEMON, ...args],
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
    serialization: "json",
    ipc: () => resolve(0),
    onExit: (_child, code) => resolve(code ?? 1),
  });
  const code = await serving;
  child.unref();
  return code;
}
