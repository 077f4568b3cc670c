/**
 * One function for each kind of load: puts it on a proxy that runs alone with fresh back ends, and measures.
 *
 * Times count over the measured span only, after a warm-up under the same load; processor time is that of the
 * launched process and all its descendants.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { cpuMs, listening, memory } from "../harness/proc.ts";
import { launch, type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { parseH2loadLog, parseWrk, type WrkResult } from "./parse.ts";
import type { Load, Plan, Row } from "./rows.ts";
import type { Sample } from "./report.ts";

export interface Run {
  row: Row;
  program: string;
  plan: Plan;
  seconds: number;
  /** haproxy's requests/s flat out under the row's load; asked for by paced loads only. */
  peak: () => Promise<number>;
  /** Says what went wrong without ending the benchmark. */
  warn: (text: string) => void;
}

type LoadOf<Kind extends Load["kind"]> = Extract<Load, { kind: Kind }>;

const WARM_UP_SECONDS = 1;

export function measure(run: Run): Promise<Sample> {
  const { load } = run.row;
  switch (load.kind) {
    case "wrk":
      return flatOut(run, load);
    case "paced":
      return paced(run, load);
    case "idle":
      return idle(run, load);
    case "start":
      return startTime(run);
    case "reload":
      return reloads(run, load);
  }
}

function launchProxy({ row, program, plan }: Run): Promise<Running> {
  const options = { program, directory: plan.directory, ready: [plan.port] };
  if (basename(program) !== "nginx") return start(row.config(plan), options);
  return start(row.nginx!(plan), { ...options, command: (path) => [program, "-p", plan.directory, "-c", path] });
}

const url = ({ plan }: Run, path: string) => `http://127.0.0.1:${plan.port}${path}`;

/** Runs a command to its end and gives back what it printed. */
async function output(...command: string[]): Promise<string> {
  await using running = launch(command);
  if (await running.exited !== 0) throw new Error(`Cannot run ${command.join(" ")}:\n${running.stderr()}`);
  return running.stdout();
}

export async function wrk(run: Run, load: Omit<LoadOf<"wrk">, "kind">, seconds: number): Promise<WrkResult> {
  const header = load.newConnections ? ["-H", "Connection: close"] : [];
  const args = ["-t1", `-c${load.connections}`, `-d${seconds}s`, "--latency", ...header, url(run, load.path)];
  const result = parseWrk(await output("wrk", ...args));
  if (result.errors > 0) run.warn(`wrk counted ${result.errors} errors`);
  return result;
}

function memoryOf(proxy: Running): { rss: number; pss: number } {
  const { rssKb, pssKb } = memory(proxy.tree());
  return { rss: rssKb / 1_024, pss: pssKb / 1_024 };
}

async function flatOut(run: Run, load: LoadOf<"wrk">): Promise<Sample> {
  await using proxy = await launchProxy(run);
  await wrk(run, load, WARM_UP_SECONDS);
  const before = cpuMs(proxy.tree());
  const { requests, rate, p50Ms, p99Ms } = await wrk(run, load, run.seconds);
  const cpu = (cpuMs(proxy.tree()) - before) * 1_000 / requests;
  return { cpu, rate, p50: p50Ms, p99: p99Ms, ...memoryOf(proxy) };
}

async function paced(run: Run, load: LoadOf<"paced">): Promise<Sample> {
  const each = Math.round(await run.peak() * load.share / load.connections);
  await using proxy = await launchProxy(run);
  await wrk(run, load, WARM_UP_SECONDS);
  const log = join(run.plan.directory, "h2load.log");
  const rate = [`-c${load.connections}`, `--rps=${each}`, `--duration=${run.seconds}`];
  const before = cpuMs(proxy.tree());
  await output("h2load", "--h1", "-t1", ...rate, `--log-file=${log}`, url(run, load.path));
  const spent = cpuMs(proxy.tree()) - before;
  const result = parseH2loadLog(readFileSync(log, "latin1"));
  if (result.errors > 0) run.warn(`h2load counted ${result.errors} errors`);
  const { requests, p50Ms, p99Ms } = result;
  return { p50: p50Ms, p99: p99Ms, cpu: spent * 1_000 / requests, rate: requests / run.seconds, ...memoryOf(proxy) };
}

/** Starts generator.ts and waits until its load stands; `end` resolves with the last line it writes. */
async function generator(...words: (string | number)[]): Promise<{ end: () => Promise<string> }> {
  const command = [process.execPath, join(import.meta.dir, "generator.ts"), ...words.map(String)];
  const child = Bun.spawn(["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...command], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) text += decoder.decode(chunk);
  })();
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`The generator ended with ${child.exitCode}`);
      return text.startsWith("ready");
    },
    "the generator's load to stand",
    60_000,
  );
  return {
    async end() {
      await child.stdin.end();
      await read;
      if (await child.exited !== 0) throw new Error(`The generator ended with ${child.exitCode}`);
      return text.trim().split("\n").at(-1) ?? "";
    },
  };
}

async function idle(run: Run, load: LoadOf<"idle">): Promise<Sample> {
  await using proxy = await launchProxy(run);
  await wrk(run, { connections: 50, path: "/small.txt" }, WARM_UP_SECONDS);
  await Bun.sleep(500); // connections of the warm-up end, heaps settle
  const before = memory(proxy.tree());
  const held = await generator("idle", run.plan.port, load.connections);
  await Bun.sleep(1_000);
  const after = memory(proxy.tree());
  await held.end();
  return {
    pssEach: (after.pssKb - before.pssKb) / load.connections,
    privateEach: (after.privateKb - before.privateKb) / load.connections,
    pss: after.pssKb / 1_024,
    rss: after.rssKb / 1_024,
  };
}

async function startTime(run: Run): Promise<Sample> {
  const config = run.row.config(run.plan); // not part of what is timed
  const from = performance.now();
  await using proxy = await start(config, { program: run.program, directory: run.plan.directory });
  while (!listening(run.plan.port)) {
    if (proxy.exitCode() !== null) throw new Error(`Cannot start ${run.program}:\n${proxy.stderr()}`);
    await Bun.sleep(1);
  }
  const answer = await exchange(run.plan.port, "GET /small.txt HTTP/1.0\r\n\r\n");
  const took = performance.now() - from;
  if (!answer.startsWith("HTTP/1.1 200")) run.warn(`the first answer was "${answer.slice(0, 40)}"`);
  return { start: took };
}

async function reloads(run: Run, load: LoadOf<"reload">): Promise<Sample> {
  const config = run.row.config(run.plan);
  const started = [await launchProxy(run)];
  try {
    const clients = await generator("busy", run.plan.port, 8, 8);
    for (let i = 0; i < load.reloads; i++) {
      const old = started.at(-1) as Running;
      const socket = join(run.plan.directory, "stats");
      const args = ["-db", "-x", socket, "-sf", String(old.pid)];
      const next = await start(config, { program: run.program, directory: run.plan.directory, args });
      started.push(next);
      await waitFor(() => servedBy(socket, next), "the new process to serve");
      await Bun.sleep(run.seconds * 1_000 / load.reloads);
    }
    const { rate, failed } = JSON.parse(await clients.end()) as { rate: number; failed: number };
    return { lost: failed, rate };
  } finally {
    for (const running of started) await running[Symbol.asyncDispose]();
  }
}

/** Does the process behind the stats socket belong to this start? */
async function servedBy(socket: string, running: Running): Promise<boolean> {
  if (running.exitCode() !== null) throw new Error(`Cannot reload:\n${running.stderr()}`);
  const info = await exchange({ unix: socket }, "show info\n").catch(() => "");
  return running.tree().includes(Number(/^Pid: ([0-9]+)$/m.exec(info)?.[1]));
}

/**
 * A UDP socket that nobody reads: the kernel takes what is sent to it, and no reader's time is taken from the programs
 * that are measured.
 */
export async function startSink(): Promise<{ port: number }> {
  const script = `
    use IO::Socket::INET;
    my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1") or die $!;
    $| = 1; print $s->sockport, "\\n";
    sleep;
  `;
  const running = launch(["perl", "-e", script]);
  const port = await waitFor(() => Number(running.stdout()), "the sink of log lines");
  return { port };
}

/** A directory, a port and fresh back ends are one run's own: no run inherits another's sockets in TIME-WAIT. */
export const newDirectory = temporaryDirectory;
