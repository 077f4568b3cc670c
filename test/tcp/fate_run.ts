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
}

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
}

/** Resolves with the outcome, or the failure, of each case by its name. */
export async function playAll(program: string, cases: readonly Case[]): Promise<Map<string, Outcome | Error>> {
  await using syslog = await startSyslog();
  const standing = cases.flatMap((row) => Object.values(row.servers ?? {}));
  await using full = await startFullServers(standing.filter(({ is }) => is === "full").length);
  const fullPorts = [...full.ports];
  const stages = cases.map((row) => setUp(row, () => fullPorts.pop() ?? 0));
  try {
    const stats = join(temporaryDirectory(), "stats");
    const ready = [...stages.map((stage) => stage.port), stats];
    await using _running = await start(configuration(stages, syslog, stats), { program, ready });
    const outcomes = new Map<string, Outcome | Error>();
    await Promise.all(stages.map(async (stage) => {
      outcomes.set(stage.of.name, await play(stage, syslog, stats).catch((cause: unknown) => toError(cause)));
    }));
    return outcomes;
  } finally {
    for (const stage of stages) for (const server of stage.servers.values()) await server.stop();
  }
}

const toError = (cause: unknown) => cause instanceof Error ? cause : new Error(String(cause));

function setUp(row: Case, fullPort: () => number): Stage {
  const stage: Stage = { of: row, port: freePort(), servers: new Map(), ports: new Map() };
  for (const [name, { is }] of Object.entries(row.servers ?? {})) {
    if (is === "refuses") stage.ports.set(name, freePort());
    else if (is === "full") stage.ports.set(name, fullPort());
    else {
      const server = startServer(is);
      stage.servers.set(name, server);
      stage.ports.set(name, server.port);
    }
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
  for (const { of: row, port, ports } of stages) {
    lines.push(
      `frontend f_${row.name}`,
      `  bind 127.0.0.1:${port}`,
      ...(row.frontend ?? []).map((line) => `  ${line}`),
    );
    if (row.backend === null) continue;
    lines.push(`  default_backend b_${row.name}`, `backend b_${row.name}`);
    lines.push(...(row.backend ?? []).map((line) => `  ${line}`));
    for (const [name, { options }] of Object.entries(row.servers ?? {})) {
      lines.push(`  server ${name} 127.0.0.1:${ports.get(name)} ${options ?? ""}`.trimEnd());
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
  const scene: Scene = {
    async connect(from) {
      const client = await connect({ port: stage.port, ...(from === undefined ? {} : { from }) });
      clients.push(client);
      return client;
    },
    server: (name, index) => server(name).peer(index),
    seen: (name) => server(name).peers.length,
    async connecting(name) {
      await waitFor(() => connecting(stage.ports.get(name) ?? 0) > 0, `a connection to ${name} in SYN-SENT`);
    },
    async queued(count) {
      await waitFor(async () => {
        const stat = await exchange({ unix: stats }, "show stat\n");
        const line = stat.split("\n").find((text) => text.startsWith(`b_${row.name},BACKEND,`));
        return Number(line?.split(",")[2]) === count; // qcur
      }, `${count} connections in the queue of b_${row.name}`);
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
  const numberOf = (line: TcpLog) => number.get(`${line.client}:${line.clientPort}`) ?? -1;
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
