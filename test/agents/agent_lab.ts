/** Starts agents and asks them as their clients do: curl, and bare TCP connections. */
import { curl } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { listening } from "../harness/proc.ts";
import { APPLIANCE, launch, type Running } from "../harness/processes.ts";

export interface Agent {
  port: number;
  running: Running;
  /** What curl says: status and body, e.g. "200 MySQL is running." */
  ask(path?: string, ...curl: string[]): Promise<string>;
}

export async function startAgent(kind: "mysql" | "pgsql", args: readonly string[], env = {}): Promise<Agent> {
  const port = freePort();
  return await started(["agent", kind, "--listen", `127.0.0.1:${port}`, ...args], port, env);
}

/** Any agent, once its port listens. */
export async function started(args: readonly string[], port: number, env = {}): Promise<Agent> {
  const running = launch([APPLIANCE, ...args], undefined, "", env);
  await waitFor(() => {
    if (running.exitCode() !== null) {
      throw new Error(`The agent ended with ${running.exitCode()}:\n${running.stderr()}`);
    }
    return listening(port);
  }, () => `the agent to listen; it said:\n${running.stderr()}`);
  return { port, running, ask: (path = "/", ...curl) => ask(port, path, curl) };
}

async function ask(port: number, path: string, args: readonly string[]): Promise<string> {
  const got = await curl("-w", "%{stderr}%{http_code}", ...args, `http://127.0.0.1:${port}${path}`);
  return `${got.stderr} ${got.stdout.trim()}`.trim();
}

/** The command to its end: exit code and what it said. */
export async function runToEnd(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([APPLIANCE, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
