/**
 * Reloads of an HTTP service while clients are busy on connections they keep: by `-sf`, in place by SIGUSR2 and
 * SIGHUP. No request may fail: a kept connection of the old process is not closed under the client's next request, but
 * answered once more, with `connection: close`. How long the old process waits for that is bounded.
 *
 * Each new configuration listens on one more port than the one before: that port shows that it is in force.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../harness/conditions.ts";
import { connect } from "../harness/client.ts";
import { fieldOf, get, head, ok, post, readAnswers } from "../harness/http.ts";
import { type Load, startLoad } from "../harness/load.ts";
import { type NginxFarm, startNginx } from "../harness/nginx.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort } from "../harness/ports.ts";
import { listening } from "../harness/proc.ts";
import { cleanUp, type Running, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { startServer } from "../harness/servers.ts";

setDefaultTimeout(60_000);

const RELOADS = 10;
/** haproxy's master executes itself anew when it has started; a signal that comes just then is lost. */
const testOurs = test.skipIf(UNDER_TEST_IS_HAPROXY);

let farm: NginxFarm;
beforeAll(async () => {
  farm = await startNginx("one", "two");
});
afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  cleanUp();
});

interface Site {
  directory: string;
  port: number;
  stats: string;
  servers: readonly number[];
  global: readonly string[];
  lines: readonly string[];
}

const newSite = (more: Partial<Site> = {}): Site => {
  const directory = temporaryDirectory();
  return {
    directory,
    port: freePort(),
    stats: join(directory, "stats"),
    servers: farm.ports,
    global: [],
    lines: [],
    ...more,
  };
};

/** haproxy waits for the next request of a kept connection only when told so; with us that is always the case. */
const WAITS = UNDER_TEST_IS_HAPROXY ? ["option idle-close-on-response"] : [];

function configuration(site: Site, signPort: number): string {
  const lines = (all: readonly string[]) => all.map((line) => `  ${line}\n`).join("");
  return `
global
  nbthread 1
  maxconn 2000
  stats socket ${site.stats} mode 600 level admin expose-fd listeners
${lines(site.global)}
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen web
  bind 127.0.0.1:${site.port}
${lines([...WAITS, ...site.lines])}${lines(site.servers.map((port, i) => `server s${i} 127.0.0.1:${port}`))}
listen sign
  bind 127.0.0.1:${signPort}
  server one 127.0.0.1:${farm.ports[0]}
`;
}

async function launched(site: Site, ...args: string[]): Promise<Running> {
  const sign = freePort();
  return await start(configuration(site, sign), { directory: site.directory, args: ["-db", ...args], ready: [sign] });
}

/** The next process takes the listening sockets over, and asks the one before to finish. */
const successor = (site: Site, old: Running) => launched(site, "-x", site.stats, "-sf", String(old.pid));

async function reloadInPlace(site: Site, master: Running, signal: NodeJS.Signals): Promise<void> {
  const sign = freePort();
  writeFileSync(master.configPath, configuration(site, sign));
  master.signal(signal);
  await waitFor(() => listening(sign), () => `the reload to open port ${sign}:\n${master.stderr()}`);
}

const busyClients = ({ port }: Site): Load[] => [
  startLoad({ port, connections: 8, keepAlive: false }),
  startLoad({ port, connections: 16, keepAlive: true }),
  startLoad({ port, connections: 2, keepAlive: true, path: "/1m" }),
];

/** Resolves once every load has got so many more answers: traffic flows through whoever serves now. */
async function flows(loads: readonly Load[], more: number = 50): Promise<void> {
  await Promise.all(loads.map(async (load) => {
    const target = load.done() + more;
    await waitFor(() => load.done() >= target, () => `${more} more answers; failures: ${[...load.failures()]}`);
  }));
}

async function endLoads(loads: readonly Load[]): Promise<void> {
  await Promise.all(loads.map((load) => load.stop()));
  for (const load of loads) expect([...load.failures()]).toEqual([]);
}

/** A client that has had one answer and stays. */
async function keptClient(port: number): Promise<Peer> {
  const client = await connect(port);
  client.send(get("/small.txt"));
  await waitFor(() => answersOf(client).length === 1, "the first answer");
  return client;
}

const answersOf = (client: Peer) => readAnswers(client.received(), [], client.ending === "fin").messages;

/** The next answer says that it is the last, and so it is. */
async function expectLastAnswer(client: Peer): Promise<void> {
  expect(await nextAnswerCloses(client)).toBe(true);
  expect(await client.untilEnded()).toBe("fin");
  client.close();
}

/** Asks once more; the answer is whole, whether it is the last or not. */
async function nextAnswerCloses(client: Peer): Promise<boolean> {
  const before = answersOf(client).length;
  client.send(get("/small.txt"));
  await waitFor(() => answersOf(client).length > before, () => `one more answer; the connection ${client.ending}`);
  const answer = answersOf(client)[before]!;
  expect(answer.line).toBe("HTTP/1.1 200 OK");
  return fieldOf(answer, "connection") === "close";
}

test("ten -sf reloads lose no request", async () => {
  const site = newSite();
  let current = await launched(site);
  const loads = busyClients(site);
  const old: Running[] = [];
  await flows(loads);
  for (let i = 0; i < RELOADS; i++) {
    old.push(current);
    current = await successor(site, current);
    await flows(loads);
  }
  await endLoads(loads);
  // haproxy's old process may die by SIGSEGV on its way out (2.6.12).
  for (const running of old) expect(UNDER_TEST_IS_HAPROXY ? [0, 139] : [0]).toContain(await running.exited);
  await current.stop();
});

for (const signal of ["SIGUSR2", "SIGHUP"] as const) {
  test(`ten reloads in place by ${signal} lose no request`, async () => {
    const site = newSite();
    await using master = await launched(site, "-W");
    const loads = busyClients(site);
    await flows(loads);
    const processes = master.tree().length;
    for (let i = 0; i < RELOADS; i++) {
      await reloadInPlace(site, master, signal);
      await flows(loads);
    }
    await endLoads(loads);
    await waitFor(() => master.tree().length === processes, "the old workers to end with their connections");
    expect([0, 143]).toContain(await master.stop());
  });
}

test("a kept connection is not closed under the client: its next request is answered, as its last", async () => {
  const site = newSite();
  const old = await launched(site);
  const clients = await Promise.all(Array.from({ length: 5 }, () => keptClient(site.port)));
  await using current = await successor(site, old);
  await waitFor(async () => (await keptClient(site.port)).ending === "open", "the new process to serve");
  expect(clients.map((client) => client.ending)).toEqual(clients.map(() => "open"));
  expect(old.exitCode()).toBe(null);
  for (const client of clients) await expectLastAnswer(client);
  expect(await old.exited).toBe(0);
  expect(current.exitCode()).toBe(null);
});

testOurs("the same for a reload in place", async () => {
  const site = newSite();
  await using master = await launched(site, "-W");
  const processes = master.tree().length;
  const client = await keptClient(site.port);
  await reloadInPlace(site, master, "SIGUSR2");
  await waitFor(() => nextAnswerCloses(client), "the old worker's last answer"); // it learns that it is old a little later
  expect(await client.untilEnded()).toBe("fin");
  client.close();
  await waitFor(() => master.tree().length === processes, "the old worker to end");
});

test("SIGUSR1: the same, and then the process ends", async () => {
  const site = newSite();
  await using running = await launched(site);
  const client = await keptClient(site.port);
  running.signal("SIGUSR1");
  await waitFor(() => !listening(site.port), "the port to be closed");
  expect(client.ending).toBe("open");
  await expectLastAnswer(client);
  expect(await running.exited).toBe(0);
});

test("what is under way is finished: an answer, a request's body, a tunnel", async () => {
  await using server = startServer((peer) => {
    peer.onEnding = () => peer.shutdown();
  });
  const site = newSite({ servers: [server.port] });
  const old = await launched(site);
  const reader = await connect(site.port);
  reader.send(get("/answer"));
  (await server.peer(0)).send(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234");
  await waitFor(() => reader.received().endsWith("01234"), "half of the answer");
  const writer = await connect(site.port);
  writer.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 10") + "01234");
  await waitFor(() => server.peers[1]?.received().endsWith("01234"), "half of the request");
  const tunnel = await connect(site.port);
  tunnel.send(get("/", "Connection: upgrade", "Upgrade: other"));
  (await server.peer(2)).send(head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: other"));
  await waitFor(() => answersOf(tunnel).length === 1, "the tunnel");

  await using _current = await successor(site, old);
  (await server.peer(0)).send("56789");
  await waitFor(() => answersOf(reader)[0]?.body === "0123456789", "the rest of the answer");
  writer.send("56789");
  await waitFor(() => server.peers[1]?.received().endsWith("0123456789"), "the rest of the request");
  (await server.peer(1)).send(ok("done"));
  await waitFor(() => answersOf(writer)[0]?.body === "done", "the answer to the request");
  tunnel.send("ping");
  await waitFor(() => server.peers[2]?.received().endsWith("ping"), "bytes through the tunnel");
  expect(old.exitCode()).toBe(null);
  for (const client of [reader, writer, tunnel]) client.close();
  expect(await old.exited).toBe(0);
});

test("a request that was queued is served by the old process", async () => {
  await using server = startServer((peer) => {
    peer.onEnding = () => peer.shutdown();
  });
  const site = newSite({ servers: [server.port], lines: ["fullconn 1", "default-server maxconn 1"] });
  const old = await launched(site);
  const first = await connect(site.port);
  first.send(post("first"));
  await waitFor(() => server.peers[0]?.received().endsWith("first"), "the first request");
  const second = await connect(site.port);
  second.send(post("second"));
  await using _current = await successor(site, old);
  (await server.peer(0)).send(ok("one", "Connection: close"));
  await waitFor(() => answersOf(first)[0]?.body === "one", "the first answer");
  await waitFor(() => server.peers[1]?.received().endsWith("second"), "the second request");
  (await server.peer(1)).send(ok("two", "Connection: close"));
  await waitFor(() => answersOf(second)[0]?.body === "two", "the second answer");
  for (const client of [first, second]) client.close();
  expect(await old.exited).toBe(0);
});

test("a client that never comes back holds the old process no longer than its keep-alive timeout", async () => {
  const site = newSite({ lines: ["timeout http-keep-alive 1s"] });
  const old = await launched(site);
  const client = await keptClient(site.port);
  await using _current = await successor(site, old);
  expect(await client.untilEnded()).toBe("fin");
  expect(answersOf(client).length).toBe(1);
  client.close();
  expect(await old.exited).toBe(0);
});

test("nor longer than hard-stop-after", async () => {
  const site = newSite({ global: ["hard-stop-after 1s"] });
  const old = await launched(site);
  const client = await keptClient(site.port);
  await using _current = await successor(site, old);
  await client.untilEnded();
  client.close();
  expect([0, 1]).toContain(await old.exited);
});
