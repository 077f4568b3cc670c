/**
 * Plays all cases of fate_cases.ts through one program at once and writes down what clients, servers and log saw.
 */
import { join } from "node:path";
import { waitFor } from "../harness/conditions.ts";
import { connect, exchange } from "../harness/client.ts";
import type { Peer } from "../harness/peer.ts";
import { connecting } from "../harness/proc.ts";
import { freePort } from "../harness/ports.ts";
import { start, temporaryDirectory } from "../harness/processes.ts";
import { startFullServers, startServer, type TestServer } from "../harness/servers.ts";
import { parseTcpLog, startSyslog, type Syslog, type TcpLog } from "../harness/syslog.ts";
import type { Case, Scene } from "./fate_cases.ts";

/** What of an exchange must be the same with every program; ports, times and pids are left out. */
export interface Fate {
  clients: readonly string[];
  servers: readonly string[];
  log: readonly string[];
  /** The rows of its proxies in `show stat` when all is over, without what is not counted in whole exchanges. */
  stats: string[];
}

/** What `show stat` counts whole: averages, rates and ages depend on how long things took. */
const COUNTED = "qcur qmax scur smax stot bin bout dreq ereq econ eresp wretr wredis lbtot cli_abrt srv_abrt connect"
  .split(" ");

export interface Outcome {
  fate: Fate;
  /** Of the clients, in their order; "" where none was written. */
  terminations: readonly string[];
  lastLine: TcpLog | null;
}

interface Stage {
  of: Case;
  port: number;
  servers: Map<string, TestServer>;
  ports: Map<string, number>;
  /** What follows `server NAME`. */
  addresses: Map<string, string>;
  /** Of a frontend on a unix socket. */
  path: string | null;
}

/** Resolves with the outcome, or the failure, of each case by its name. */
export async function playAll(program: string, cases: readonly Case[]): Promise<Map<string, Outcome | Error>> {
  await using syslog = await startSyslog();
  const standing = cases.flatMap((row) => Object.values(row.servers ?? {}));
  await using full = await startFullServers(standing.filter(({ is }) => is === "full").length);
  const fullPorts = [...full.ports];
  const folder = temporaryDirectory();
  const stages = cases.map((row) => setUp(row, folder, () => fullPorts.pop() ?? 0));
  try {
    const stats = join(folder, "stats");
    const ready = [...stages.filter(({ path }) => path === null).map(({ port }) => port), stats];
    await using _running = await start(configuration(stages, syslog, stats), { program, ready });
    const outcomes = new Map<string, Outcome | Error>();
    await Promise.all(stages.map(async (stage) => {
      outcomes.set(stage.of.name, await play(stage, syslog, stats).catch((cause: unknown) => toError(cause)));
    }));
    addStats(outcomes, await exchange({ unix: stats }, "show stat\n"));
    return outcomes;
  } finally {
    for (const stage of stages) for (const server of stage.servers.values()) await server.stop();
  }
}

/** Every case has proxies of its own, so their rows tell its story alone. */
function addStats(outcomes: Map<string, Outcome | Error>, table: string): void {
  const [header = "", ...rows] = table.trim().split("\n").map((line) => line.split(","));
  const columns = COUNTED.map((name) => [name, header.indexOf(name)] as const);
  for (const row of rows) {
    const outcome = outcomes.get(row[0]?.slice(2) ?? "");
    if (outcome === undefined || outcome instanceof Error) continue;
    const counts = columns.flatMap(([name, at]) => row[at] ? [`${name}=${row[at]}`] : []);
    outcome.fate.stats.push(`${row[0]} ${row[1]}: ${counts.join(" ")}`);
  }
}

const toError = (cause: unknown) => cause instanceof Error ? cause : new Error(String(cause));

function setUp(row: Case, folder: string, fullPort: () => number): Stage {
  const stage: Stage = {
    of: row,
    port: freePort(),
    servers: new Map(),
    ports: new Map(),
    addresses: new Map(),
    path: row.unixBind ? join(folder, row.name) : null,
  };
  for (const [name, { is, unix }] of Object.entries(row.servers ?? {})) {
    const path = join(folder, `${row.name}.${name}`);
    const port = is === "full" ? fullPort() : freePort();
    stage.ports.set(name, port);
    stage.addresses.set(name, unix ? `unix@${path}` : `127.0.0.1:${port}`);
    if (typeof is !== "string") stage.servers.set(name, startServer(is, unix ? path : port));
  }
  return stage;
}

function configuration(stages: readonly Stage[], syslog: Syslog, stats: string): string {
  const lines = [
    "global",
    "  nbthread 1",
    "  maxconn 500",
    `  stats socket ${stats} mode 600 level admin`,
    `  log 127.0.0.1:${syslog.port} local0`,
    "defaults",
    "  mode tcp",
    "  log global",
    "  option tcplog",
    "  timeout connect 5s",
    "  timeout client 10s",
    "  timeout server 10s",
    "  timeout queue 5s",
  ];
  const sourcePort = freePort();
  for (const { of: row, port, path, addresses } of stages) {
    lines.push(
      `frontend f_${row.name}`,
      `  bind ${path === null ? `127.0.0.1:${port}` : `unix@${path}`}`,
      ...(row.frontend ?? []).map((line) => `  ${line}`),
    );
    if (row.backend === null) continue;
    lines.push(`  default_backend b_${row.name}`, `backend b_${row.name}`);
    lines.push(...(row.backend ?? []).map((line) => `  ${line}`));
    for (const [name, { options }] of Object.entries(row.servers ?? {})) {
      const words = options?.replaceAll("@PORT@", () => String(sourcePort)) ?? "";
      lines.push(`  server ${name} ${addresses.get(name)} ${words}`.trimEnd());
    }
  }
  return lines.join("\n") + "\n";
}

async function play(stage: Stage, syslog: Syslog, stats: string): Promise<Outcome> {
  const { of: row, servers } = stage;
  const clients: Peer[] = [];
  const frontend = `f_${row.name}`;
  const lines = () => syslog.lines.filter((line) => line.includes(` ${frontend} `));
  const logged = async (count: number) => {
    await waitFor(() => lines().length >= count, () => `${count} log lines, there were:\n${lines().join("")}`);
  };
  const server = (name: string): TestServer => {
    const found = servers.get(name);
    if (found === undefined) throw new Error(`Case ${row.name} has no server "${name}"`);
    return found;
  };
  /** The queues' lengths: of each server, then of the backend. */
  const queues = async (): Promise<number[]> => {
    const stat = await exchange({ unix: stats }, "show stat\n");
    return stat.split("\n").filter((text) => text.startsWith(`b_${row.name},`)).map((text) => Number(text.split(",")[2]) // qcur
    );
  };
  const scene: Scene = {
    async connect(from) {
      const to = stage.path === null ? { port: stage.port } : { unix: stage.path };
      const client = await connect({ ...to, ...(from === undefined ? {} : { from }) });
      clients.push(client);
      return client;
    },
    server: (name, index) => server(name).peer(index),
    seen: (name) => server(name).peers.length,
    async connecting(name) {
      await waitFor(() => connecting(stage.ports.get(name) ?? 0) > 0, `a connection to ${name} in SYN-SENT`);
    },
    async queued(count) {
      await waitFor(
        async () => (await queues()).at(-1) === count,
        `${count} connections in the queue of b_${row.name}`,
      );
    },
    async queuedAtServer(count) {
      const atServers = async () => (await queues()).slice(0, -1).reduce((sum, one) => sum + one, 0);
      await waitFor(
        async () => await atServers() === count,
        `${count} connections in the servers' queues of ${row.name}`,
      );
    },
    async served(count) {
      const all = () => [...servers.values()].reduce((sum, { peers }) => sum + peers.length, 0);
      await waitFor(() => all() === count, () => `${count} connections at the servers; there were ${all()}`);
    },
    logged,
  };
  try {
    await row.clients(scene);
    for (const client of clients) client.close(); // what was told to end is not logged before we end as well
    await logged(row.termination.filter((state) => state !== "").length);
    const peers = [...servers.values()].flatMap((one) => one.peers);
    for (const peer of row.ignoreServerEnd ? [] : peers) await peer.untilEnded();
  } finally {
    for (const client of clients) client.close();
  }
  // Ports of different source addresses may be the same number.
  const number = new Map(clients.map((client, index) => [`${client.localAddress}:${client.localPort}`, index]));
  const numberOf = (line: TcpLog) => stage.path === null ? number.get(`${line.client}:${line.clientPort}`) ?? -1 : 0; // a unix client has no name
  const parsed = row.ownFormat ? [] : lines().map((line) => parsedLine(line))
    .sort((a, b) => numberOf(a) - numberOf(b));
  return {
    fate: {
      clients: clients.map(seenBy),
      servers: [...servers].flatMap(([name, { peers }]) =>
        peers.map((peer) => row.ignoreServerEnd ? name : `${name}: ${seenBy(peer)}`)
      ),
      log: row.ownFormat
        ? lines().map((line) => line.slice(line.indexOf("]: ") + 3).trimEnd())
        : parsed.map((line) => `client ${numberOf(line)} ${normalised(line)}`),
      stats: [],
    },
    terminations: row.ownFormat
      ? row.termination
      : clients.map((_, index) => parsed.find((line) => numberOf(line) === index)?.termination ?? ""),
    lastLine: parsed.at(-1) ?? null,
  };
}

function parsedLine(line: string): TcpLog {
  const parsed = parseTcpLog(line);
  if (parsed === null) throw new Error(`Not a line of tcplog: ${line}`);
  return parsed;
}

function seenBy(peer: Peer): string {
  const text = peer.received();
  return `${text.length > 20 ? `${text.length} bytes` : JSON.stringify(text)}, ${peer.ending}`;
}

/** Times become N (or stay -1), the process-wide connection count goes: other cases run meanwhile. */
function normalised(line: TcpLog): string {
  const time = (ms: number) => ms < 0 ? String(ms) : "N";
  const early = line.early ? "+" : "";
  const [, fe, be, srv, retries] = line.connections;
  return [
    line.client,
    `${line.frontend} ${line.backend}/${line.server}`,
    `${time(line.queueMs)}/${time(line.connectMs)}/${early}${time(line.totalMs)}`,
    `${early}${line.bytes}`,
    line.termination,
    `${fe}/${be}/${srv}/${retries}`,
    line.queues.join("/"),
  ].join(" ");
}
