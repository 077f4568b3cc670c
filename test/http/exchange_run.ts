/**
 * Plays the rows of the exchange tables through one program, many at a time, and writes down what clients, servers,
 * log and statistics saw of each.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { type HttpLog, parseHttpLog } from "../harness/http_log.ts";
import { freePort } from "../harness/ports.ts";
import { connecting } from "../harness/proc.ts";
import { type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { startFullServers, startServer, type TestServer } from "../harness/servers.ts";
import { startSyslog, type Syslog } from "../harness/syslog.ts";
import { type Fate, labels, logLine, ownLine, sawLines, serverLines, statLine } from "./exchange_fate.ts";
import { type Case, type Client, type End, newClient, newServerEnd, type Scene } from "./exchange_scene.ts";

export interface Outcome {
  fate: Fate;
  /** "STATUS TERMINATION" of each line. */
  log: readonly string[];
  lastLine: HttpLog | null;
}

interface Stage {
  of: Case;
  port: number;
  servers: Map<string, TestServer>;
  /** The ends of the connections of each server. */
  ends: Map<string, End[]>;
  ports: Map<string, number>;
  /** What "@NAME@" stands for. */
  places: Map<string, string>;
}

interface Site {
  stages: readonly Stage[];
  syslog: Syslog;
  /** The stats socket. */
  stats: string;
  fencePort: number;
  echoPort: number;
}

/** So many rows play at a time: timeouts of a row must not pass because others are busy. */
const AT_A_TIME = 48;

/** How many log lines a row leaves behind; null: not known yet. */
export type ExpectedLines = (name: string) => number | null;

/** Resolves with the outcome, or the failure, of each row by its name. */
export async function playAll(
  program: string,
  cases: readonly Case[],
  expected: ExpectedLines,
): Promise<Map<string, Outcome | Error>> {
  await using syslog = await startSyslog();
  await using echo = startServer((peer) => {
    peer.onData = (data) => peer.send(new Uint8Array(data));
    peer.onEnding = () => peer.shutdown();
  });
  const standing = cases.flatMap((row) => Object.values(row.servers ?? {}));
  await using full = await startFullServers(standing.filter(({ is }) => is === "full").length);
  const fullPorts = [...full.ports];
  const folder = temporaryDirectory();
  const stages = cases.map((row) => setUp(row, folder, () => fullPorts.pop() ?? 0));
  const site = { stages, syslog, stats: join(folder, "stats"), fencePort: freePort(), echoPort: echo.port };
  const outcomes = new Map<string, Outcome | Error>();
  try {
    await using running = await startWithoutRefused(site, program, outcomes);
    const waiting = stages.filter(({ of }) => !outcomes.has(of.name));
    await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
      for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) {
        outcomes.set(stage.of.name, await play(stage, site, expected(stage.of.name)).catch(toError));
      }
    }));
    if (running.exitCode() !== null) throw new Error(`It ended with ${running.exitCode()}:\n${running.stderr()}`);
    addStats(outcomes, cases, await exchange({ unix: site.stats }, "show stat\n"));
    return outcomes;
  } finally {
    for (const stage of stages) for (const server of stage.servers.values()) await server.stop();
  }
}

const toError = (cause: unknown) => cause instanceof Error ? cause : new Error(String(cause));

/** A row whose lines the program refuses fails alone: the others are played without it. */
async function startWithoutRefused(
  site: Site,
  program: string,
  outcomes: Map<string, Outcome | Error>,
): Promise<Running> {
  let lines = configuration(site);
  while (true) {
    const check = await start(text(lines), { program, args: ["-c"], mayFail: true });
    if (await check.exited === 0) break;
    const refused = new Map<Case, string>();
    for (const problem of check.stderr().split("\n").filter((said) => !/\bwarning\b/i.test(said))) {
      const owner = lines[Number(/\.cfg:(\d+)/.exec(problem)?.[1]) - 1]?.of;
      if (owner) refused.set(owner, refused.get(owner) ?? problem);
    }
    if (refused.size === 0) throw new Error(`Refused as a whole:\n${check.stderr()}`);
    for (const [{ name }, problem] of refused) outcomes.set(name, new Error(`Refused: ${problem}`));
    lines = lines.filter(({ of }) => of === null || !refused.has(of));
  }
  return await start(text(lines), { program, ready: [site.stats] });
}

/** A line of the configuration and the row it belongs to. */
interface Line {
  text: string;
  of: Case | null;
}

const text = (lines: readonly Line[]) => lines.map((line) => `${line.text}\n`).join("");

/** Every row has proxies of its own, so their rows tell its story alone. */
function addStats(outcomes: Map<string, Outcome | Error>, cases: readonly Case[], table: string): void {
  const [header = [], ...rows] = table.trim().split("\n").map((line) => line.split(","));
  const leftOut = new Map(cases.map((row) => [row.name, row.leaveOut ?? []]));
  for (const row of rows) {
    const name = row[0]?.slice(2).split(".")[0] ?? "";
    const outcome = outcomes.get(name);
    if (outcome === undefined || outcome instanceof Error) continue;
    outcome.fate.stats.push(statLine(header, row, leftOut.get(name) ?? []));
  }
}

function setUp(row: Case, folder: string, fullPort: () => number): Stage {
  const stage: Stage = {
    of: row,
    port: freePort(),
    servers: new Map(),
    ends: new Map(),
    ports: new Map(),
    places: new Map(),
  };
  for (const [name, text] of Object.entries(row.files ?? {})) {
    const path = join(folder, `${row.name}.${name}`);
    writeFileSync(path, text, "latin1");
    stage.places.set(name, path);
  }
  for (const [name, { is }] of Object.entries(row.servers ?? {})) {
    const port = is === "full" ? fullPort() : freePort();
    const ends: End[] = [];
    const state = { requests: 0 };
    stage.ports.set(name, port);
    stage.places.set(name, `127.0.0.1:${port}`);
    stage.ends.set(name, ends);
    if (typeof is === "string") continue;
    stage.servers.set(name, startServer((peer) => void ends.push(newServerEnd(peer, is, state)), port));
  }
  return stage;
}

function configuration({ stages, syslog, stats, fencePort, echoPort }: Site): Line[] {
  const common = [
    "global",
    "  nbthread 1",
    "  maxconn 4000",
    `  stats socket ${stats} mode 600 level admin`,
    `  log 127.0.0.1:${syslog.port} local0`,
    "listen fence",
    "  mode tcp",
    "  timeout connect 10s",
    "  timeout client 1m",
    "  timeout server 1m",
    `  bind 127.0.0.1:${fencePort}`,
    `  server echo 127.0.0.1:${echoPort}`,
    "defaults",
    "  mode http",
    "  log global",
    "  timeout connect 5s",
    "  timeout client 10s",
    "  timeout server 10s",
    "  timeout queue 5s",
  ];
  const lines: Line[] = common.map((line) => ({ text: line, of: null }));
  for (const { of: row, port, places } of stages) {
    const own = [
      `${row.listen ? "listen" : "frontend"} f_${row.name}`,
      `  bind 127.0.0.1:${port}`,
      ...(row.ownFormat ? [] : ["  option httplog"]),
      ...(row.frontend ?? []).map((line) => `  ${line}`),
    ];
    if (row.backend !== null) {
      if (!row.listen) own.push(`  default_backend b_${row.name}`, `backend b_${row.name}`);
      own.push(...(row.backend ?? []).map((line) => `  ${line}`));
      for (const [name, { options, apart }] of Object.entries(row.servers ?? {})) {
        if (!apart) own.push(`  server ${name} ${places.get(name)} ${options ?? ""}`.trimEnd());
      }
    }
    own.push(...(row.more ?? []));
    const placed = (line: string) => line.replace(/@(\w+)@/g, (whole, name: string) => places.get(name) ?? whole);
    lines.push(...own.map((line) => ({ text: placed(line), of: row })));
  }
  return lines;
}

async function play(stage: Stage, site: Site, expectedLines: number | null): Promise<Outcome> {
  const { of: row } = stage;
  const clients: Client[] = [];
  const isOurs = new RegExp(`[ "(]f_${row.name}[ ":/)]`);
  const lines = () => site.syslog.lines.filter((line) => isOurs.test(line));
  const logged = async (count: number) => {
    await waitFor(() => lines().length >= count, () => `${count} log lines, there were:\n${lines().join("")}`);
  };
  try {
    await row.clients(sceneOf(stage, site, clients, logged));
    await settle(site); // what the program ends by itself has ended now
    const before = clients.map(({ peer }) => peer.ending);
    for (const client of clients) client.close();
    await logged(expectedLines ?? 0);
    await settle(site);
    const parsed = row.ownFormat ? [] : lines().map(parsedLine);
    const numberOf = (port: number) => clients.findIndex(({ peer }) => peer.localPort === port);
    const inOrder = parsed.map((line, i) => ({ line, by: numberOf(line.clientPort), i }))
      .sort((a, b) => a.by - b.by || a.i - b.i);
    const named = labels(stage.port, stage.ports, clients, stage.ends, site);
    const leftOut = row.leaveOut ?? [];
    return {
      fate: {
        clients: clients.map((client, i) => sawLines(client, before[i] ?? "open", named, leftOut)),
        servers: Object.fromEntries(
          [...stage.ends].map(([name, ends]) => [
            name,
            ends.map((end) => serverLines(end, named, leftOut)),
          ]),
        ),
        log: row.ownFormat
          ? lines().map((line) => ownLine(named(line.slice(line.indexOf("]: ") + 3).trimEnd())))
          : inOrder.map(({ line, by }) => `client ${by} ${named(logLine(line, leftOut))}`),
        stats: [],
      },
      log: row.ownFormat
        ? lines().map(() => "?")
        : inOrder.map(({ line: { status, termination } }) => `${status} ${termination}`),
      lastLine: inOrder.at(-1)?.line ?? null,
    };
  } finally {
    for (const client of clients) client.close();
  }
}

function sceneOf(stage: Stage, site: Site, clients: Client[], logged: Scene["logged"]): Scene {
  const { of: row, port } = stage;
  const backend = `${row.listen ? "f" : "b"}_${row.name}`;
  /** The queues' lengths: of each server, then of the backend. */
  const queues = async (): Promise<number[]> => {
    const stat = await exchange({ unix: site.stats }, `show stat ${backend} -1 -1\n`);
    return stat.split("\n").filter((text) => text.startsWith(`${backend},`) && !text.includes(",FRONTEND,"))
      .map((text) => Number(text.split(",")[2])); // qcur
  };
  return {
    async connect(from) {
      const client = newClient(await connect({ port, ...(from === undefined ? {} : { from }) }));
      clients.push(client);
      return client;
    },
    async server(name, index = 0) {
      const ends = stage.ends.get(name) ?? [];
      return await waitFor(() => ends[index], () => `connection ${index} at ${name}; it had ${ends.length}`);
    },
    seen: (name) => stage.ends.get(name)?.length ?? 0,
    async connecting(name) {
      await waitFor(() => connecting(stage.ports.get(name) ?? 0) > 0, `a connection to ${name} in SYN-SENT`);
    },
    async queued(count) {
      await waitFor(async () => (await queues()).at(-1) === count, `${count} requests in the queue of ${backend}`);
    },
    async queuedAtServer(count) {
      await waitFor(
        async () => (await queues()).slice(0, -1).reduce((sum, one) => sum + one, 0) === count,
        `${count} requests in the servers' queues of ${backend}`,
      );
    },
    logged,
    settled: () => settle(site),
  };
}

/** Twice: what the program does in the turn that sees the connection come may be seen by the other side in the next. */
async function settle(site: Site): Promise<void> {
  for (let i = 0; i < 2; i++) await exchange(site.fencePort, "ping");
}

function parsedLine(line: string): HttpLog {
  const parsed = parseHttpLog(line);
  if (parsed === null) throw new Error(`Not a line of httplog: ${line}`);
  return parsed;
}
