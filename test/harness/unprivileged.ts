/**
 * Programs that refuse to run as root (database servers) run as nobody, in directories that nobody owns.
 */
import { chmodSync, chownSync } from "node:fs";
import { temporaryDirectory } from "./processes.ts";

const NOBODY = 65_534;
const root = process.getuid!() === 0;

/** The command as somebody without privileges; as it is when we are one. */
export function unprivileged(command: readonly string[]): string[] {
  if (!root) return [...command];
  return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", ...command];
}

/** A temporary directory such a command may write in; removed by cleanUp. */
export function openDirectory(): string {
  const directory = temporaryDirectory();
  if (root) chownSync(directory, NOBODY, NOBODY);
  chmodSync(directory, 0o700);
  return directory;
}

/** Runs a command to its end; rejects with what it said when it fails. */
export async function runUnprivileged(command: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn(unprivileged(command), { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const said = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (said[2] !== 0) throw new Error(`${command[0]} ended with ${said[2]}:\n${said[0]}${said[1]}`);
}
