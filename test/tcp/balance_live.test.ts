/**
 * Who gets a connection, over two proxy processes: balancing that is exact, choice of a backend, addresses on either side,
 * and what the sockets are made with. One program runs it all; each test has proxies of its own.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { cleanUp, type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { startServer, type TestServer } from "../harness/servers.ts";
import { parseTcpLog, startSyslog, type Syslog } from "../harness/syslog.ts";

setDefaultTimeout(60_000);

const NAMES = ["s0", "s1", "s2"] as const;
const folder = temporaryDirectory();
/** Ports of the frontends by the test's own names. */
const ports = new Map<string, number>();
const portOf = (name: string): number => {
  if (!ports.has(name)) ports.set(name, freePort());
  return ports.get(name)!;
};

/** Three servers that say their name, and then their peer's address. */
const servers: TestServer[] = [];
let unixServer: TestServer;
let syslog: Syslog;
let running: Running;
/** A port of the proxy's whose server has the same number plus 1000: both must be free. */
let mapped: number;
let mappedServer: TestServer;
let ownPort: TestServer;
const [lowPort = 0, highPort = 0] = pairOfPorts();

function pairOfPorts(): [number, number] {
  for (;;) {
    const [low = 0, high = 0] = freePorts(2);
    if (high === low + 1) return [low, high];
  }
}

const saysName = (name: string) => (peer: Peer) => {
  peer.send(`${name} ${peer.socket.remoteAddress}:${peer.remotePort}\n`);
  peer.onEnding = () => peer.shutdown();
};

const listen = (name: string, lines: readonly string[], bind = `127.0.0.1:${portOf(name)}`): string =>
  [`listen ${name}`, `  bind ${bind}`, ...lines.map((line) => `  ${line}`)].join("\n");
const three = (...options: readonly string[]): string[] =>
  NAMES.map((name, i) => `server ${name} 127.0.0.1:${servers[i]!.port} ${options[i] ?? ""}`);

beforeAll(async () => {
  servers.push(...NAMES.map((name) => startServer(saysName(name))));
  unixServer = startServer(saysName("unix"), join(folder, "server.sock"));
  syslog = await startSyslog();
  mapped = await portWithNeighbour();
  mappedServer = startServer(saysName("mapped"), mapped + 1000);
  ownPort = startServer(saysName("own"), portOf("same_port"), "127.0.0.9");
  const s0 = `127.0.0.1:${servers[0]!.port}`;
  running = await start(
    [
      `
global
  nbthread 2
  maxconn 1000
  log 127.0.0.1:${syslog.port} local0
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 5s
  timeout client 20s
  timeout server 20s`,
      listen("roundrobin", three()),
      listen("weighted", three("weight 1", "weight 2", "weight 3")),
      listen("static", ["balance static-rr", ...three("weight 1", "weight 2", "weight 3")]),
      listen("leastconn", ["balance leastconn", ...three()]),
      listen("leastconn_weighted", ["balance leastconn", ...three("weight 1", "weight 1", "weight 2")]),
      listen("source", ["balance source", ...three()]),
      listen("source_consistent", ["balance source", "hash-type consistent", ...three()]),
      listen("hash", ["balance hash src", ...three()]),
      listen("first", ["balance first", ...three("maxconn 2", "maxconn 2")]),
      listen("random", ["balance random(2)", ...three()]),
      listen("passed_over", three("disabled", "", "backup")),
      listen("backups", three("disabled", "backup", "backup")),
      listen("all_backups", ["option allbackups", ...three("disabled", "backup", "backup")]),
      listen("unix_server", [`server s ${join(folder, "server.sock")}`]),
      listen("abstract_outside", [`server s abns@${folder}/inner`]),
      listen("abstract_inside", [`server s0 ${s0}`], `abns@${folder}/inner`),
      listen("unix_bind", [`server s0 ${s0}`], `unix@${join(folder, "front.sock")} id 7`),
      listen("same_port", ["server s 127.0.0.9"]),
      listen("plus", ["server s 127.0.0.1:+1000"], `127.0.0.1:${mapped}`),
      listen("source_address", [`server s0 ${s0} source 127.0.0.55`]),
      listen("source_backend", ["source 127.0.0.56", `server s0 ${s0}`]),
      listen("source_ports", [`server s0 ${s0} source 127.0.0.57:${lowPort}-${highPort}`]),
      listen("interface", [`server s0 ${s0} source 0.0.0.0 interface lo`]),
      listen("keepalive", [
        "option clitcpka",
        "option srvtcpka",
        "clitcpka-idle 50s",
        "srvtcpka-idle 70s",
        `server s0 ${s0}`,
      ]),
      listen("no_keepalive", [`server s0 ${s0}`]),
      `
frontend chosen
  bind 127.0.0.1:${portOf("chosen")}
  bind 127.0.0.1:${portOf("chosen2")}
  bind 127.0.0.1:${portOf("chosen3")}
  acl special src 127.0.0.66 127.7.0.0/16
  acl second dst_port ${portOf("chosen2")}
  use_backend b_s1 if special !second
  use_backend b_s2 if special second
  use_backend b_%[dst_port] if { dst_port ${portOf("chosen3")} } !{ src 127.0.0.90 }
  use_backend nowhere_%[dst_port] if { src 127.0.0.90 }
  use_backend b_s2 if { src 127.0.0.90 }
  default_backend b_s0
backend b_s0
  server s0 ${s0}
backend b_s1
  server s1 127.0.0.1:${servers[1]!.port}
backend b_${portOf("chosen3")}
  server s1 127.0.0.1:${servers[1]!.port}
backend b_s2
  server s2 127.0.0.1:${servers[2]!.port}
`,
      "",
    ].join("\n"),
    { ready: [portOf("chosen"), portOf("roundrobin"), join(folder, "front.sock")] },
  );
});

afterAll(async () => {
  for (const server of [...servers, unixServer, mappedServer, ownPort]) await server?.stop();
  await syslog?.[Symbol.asyncDispose]();
  cleanUp();
});

async function portWithNeighbour(): Promise<number> {
  for (;;) {
    const port = freePort();
    try {
      await startServer(() => {}, port + 1000).stop();
      return port;
    } catch { /* taken: the next one */ }
  }
}

interface From {
  from?: string;
}

/** The server's name, and the address it saw. */
async function ask(name: string, { from }: From = {}): Promise<{ server: string; peer: string }> {
  const client = await greet(portOf(name), from);
  client.shutdown();
  await client.untilEnded();
  return parts(client);
}

const parts = (client: Peer) => {
  const [server = "", peer = ""] = client.received().trim().split(" ");
  return { server, peer };
};

async function greet(port: number, from?: string): Promise<Peer> {
  const client = await connect({ port, ...(from === undefined ? {} : { from }) });
  await waitFor(() => client.received().endsWith("\n"), () => `a greeting; there came "${client.received()}"`);
  return client;
}

async function tally(name: string, count: number, width: number): Promise<number[]> {
  const counts = NAMES.map(() => 0);
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) {
      next++;
      counts[NAMES.indexOf((await ask(name)).server as typeof NAMES[number])]! += 1;
    }
  }));
  return counts;
}

const turns: [name: string, counts: number[]][] = [
  ["roundrobin", [20, 20, 20]],
  ["weighted", [10, 20, 30]],
  ["static", [10, 20, 30]],
  ["passed_over", [0, 60, 0]],
  ["backups", [0, 60, 0]],
  ["all_backups", [0, 30, 30]],
];
test.each(turns)("%s: 60 connections are shared out to the last one", async (name, counts) => {
  expect(await tally(name, 60, 12)).toEqual(counts);
});

test.each([
  ["leastconn", 30, [10, 10, 10]],
  ["leastconn_weighted", 32, [8, 8, 16]],
  ["first", 9, [2, 2, 5]],
])("%s: %p connections that stay", async (name, count, wanted) => {
  const clients: Peer[] = [];
  for (let i = 0; i < count; i++) clients.push(await greet(portOf(name)));
  const counts = NAMES.map((one) => clients.filter((client) => parts(client).server === one).length);
  for (const client of clients) client.close();
  expect(counts).toEqual(wanted);
});

test("random: everybody gets something", async () => {
  const counts = await tally("random", 60, 4);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(counts.reduce((a, b) => a + b)).toBe(60);
});

test.each(["source", "source_consistent", "hash"])("%s: an address stays with its server", async (name) => {
  const addresses = Array.from({ length: 16 }, (_, i) => `127.${i}.3.${1 + i * 7}`);
  const first = await Promise.all(addresses.map(async (from) => (await ask(name, { from })).server));
  for (let round = 0; round < 3; round++) {
    expect(await Promise.all(addresses.map(async (from) => (await ask(name, { from })).server))).toEqual(first);
  }
  expect(new Set(first).size).toBeGreaterThan(1);
});

const choices: [port: string, from: string, server: string][] = [
  ["chosen", "127.0.0.1", "s0"],
  ["chosen", "127.0.0.66", "s1"],
  ["chosen", "127.7.8.9", "s1"],
  ["chosen2", "127.7.8.9", "s2"],
  ["chosen2", "127.8.8.9", "s0"],
  ["chosen3", "127.8.8.9", "s1"],
  ["chosen3", "127.0.0.90", "s0"], // a name that leads nowhere leads to the default, whatever rules follow
];
test.each(choices)("use_backend: port %s from %s goes to %s", async (port, from, server) => {
  expect((await ask(port, { from })).server).toBe(server);
});

test("a server on a unix socket, on an abstract one, on the client's port, on it plus 1000", async () => {
  expect((await ask("unix_server")).server).toBe("unix");
  expect((await ask("abstract_outside")).server).toBe("s0");
  expect((await ask("same_port")).server).toBe("own");
  ports.set("plus", mapped);
  expect((await ask("plus")).server).toBe("mapped");
});

test.each([["source_address", "127.0.0.55"], ["source_backend", "127.0.0.56"], ["interface", "127.0.0.1"]])(
  "%s: the server sees %s",
  async (name, address) => {
    expect((await ask(name)).peer.split(":")[0]).toBe(address);
  },
);

test("a range of source ports is used to its end", async () => {
  // Each process has its share of the range: here one port each.
  const clients: Peer[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < 40 && seen.size < 2; i++) {
    const client = await connect(portOf("source_ports"));
    await waitFor(() => client.bytes > 0 || client.ending !== "open", "a server, or none");
    if (client.bytes > 0) seen.add(parts(client).peer);
    clients.push(client);
  }
  expect([...seen].sort()).toEqual([`127.0.0.57:${lowPort}`, `127.0.0.57:${highPort}`].sort());
  for (const client of clients) client.close();
});

test("a client on a unix socket is logged as unix, with the id of the line it came by", async () => {
  const visitor = await connect({ unix: join(folder, "front.sock") });
  await waitFor(() => visitor.received().startsWith("s0 "), "a greeting");
  visitor.shutdown();
  await visitor.untilEnded();
  const line = await syslog.waitFor((text) => / unix_bind .* -- /.test(text), "a line of unix_bind");
  const { client, clientPort } = parseTcpLog(line)!;
  expect([client, clientPort]).toEqual(["unix", 7]);
});

/** What the kernel says of keepalive timers on the two sockets of the program's: towards the client, towards the server. */
function timers(client: Peer, serverPort: number): { client: string; server: string } {
  const of = (filter: string): string => {
    const { stdout } = Bun.spawnSync(["ss", "-Htno", "state", "established", filter]);
    return /timer:\(keepalive,([^,]*),/.exec(stdout.toString())?.[1] ?? "none";
  };
  const proxyPort = Number(parts(client).peer.split(":")[1]);
  return {
    client: of(`dport = :${client.localPort} and sport = :${client.remotePort}`),
    server: of(`sport = :${proxyPort} and dport = :${serverPort}`),
  };
}

test("tcpka: keepalive timers run on both sides, from their own idle times, or on none", async () => {
  const client = await greet(portOf("keepalive"));
  const { client: front, server: back } = timers(client, servers[0]!.port);
  expect(front).toMatch(/^(50|49|48)/);
  expect(back).toMatch(/^(1min(10|9|8)|69|70)/);
  const other = await greet(portOf("no_keepalive"));
  expect(timers(other, servers[0]!.port)).toEqual({ client: "none", server: "none" });
  client.close();
  other.close();
});

test("the program ends with nobody left behind", async () => {
  expect(await running.stop("SIGUSR1")).toBe(0);
});
