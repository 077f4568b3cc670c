/**
 * What the tests of processes share: a small TCP configuration, a command run to the end of its output, questions to a
 * stats socket, and what /proc and ss know.
 */
import { readFileSync } from "node:fs";
import { connect } from "../harness/client.ts";
import { LIMIT_MS } from "../harness/conditions.ts";
import { APPLIANCE, temporaryDirectory } from "../harness/processes.ts";

export interface Site {
  /** Lines of the global section. */
  global?: string;
  /** Lines of the listen section `web` beside its server. */
  web: string;
  server?: number;
  /** Sections behind it. */
  more?: string;
}

export const configuration = ({ global = "nbthread 1", web, server = 1, more = "" }: Site): string => `
global
  ${global}
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen web
  ${web}
  server one 127.0.0.1:${server}
${more}
`;

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Resolves when the command has ended and nobody holds its output any more; whoever does fails the test. */
export async function run(
  words: readonly string[],
  { env = {}, cwd = temporaryDirectory(), program = APPLIANCE }: {
    env?: Record<string, string>;
    cwd?: string;
    program?: string;
  } = {},
): Promise<Result> {
  const child = Bun.spawn([program, ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`"${words.join(" ")}" has not ended, or somebody holds its output`));
    }, LIMIT_MS);
  });
  try {
    const [code, stdout, stderr] = await Promise.race([all, late]);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** One command on a stats socket. */
export async function ask(path: string, command: string): Promise<string> {
  const peer = await connect({ unix: path });
  peer.send(`${command}\n`);
  peer.shutdown();
  await peer.untilEnded();
  const answer = peer.received();
  peer.close();
  return answer;
}

export async function info(path: string): Promise<Map<string, string>> {
  const lines = (await ask(path, "show info")).trim().split("\n");
  return new Map(lines.map((line) => line.split(": ", 2) as [string, string]));
}

/** Rows of `show stat` by "proxy/name", each by column. */
export async function stat(path: string): Promise<Map<string, Record<string, string>>> {
  const [head = "", ...rows] = (await ask(path, "show stat")).trim().split("\n");
  const columns = head.slice(2).split(",");
  return new Map(rows.map((row) => {
    const fields = row.split(",");
    return [`${fields[0]}/${fields[1]}`, Object.fromEntries(columns.map((column, i) => [column, fields[i] ?? ""]))];
  }));
}

/** A line of /proc/PID/status, as words. */
export function status(pid: number, name: string): string[] {
  const line = new RegExp(`^${name}:(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
  return line.trim().split(/\s+/).filter((word) => word !== "");
}

/** The backlogs (Send-Q) of the sockets that listen on a port, from ss. */
export function backlogs(port: number): number[] {
  const { stdout } = Bun.spawnSync(["ss", "-Htln", `sport = :${port}`]);
  return stdout.toString().trim().split("\n").map((line) => Number(line.trim().split(/\s+/)[2]));
}
