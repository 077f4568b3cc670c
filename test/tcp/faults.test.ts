/**
 * Things that go wrong around the program: roles killed, descriptors used up, a full listen queue, many quick
 * connections. Service must come back by itself and nothing may leak.
 *
 * FAULTS_CONNECTIONS sets the number of quick connections (20 000): `FAULTS_CONNECTIONS=200000` for the long run.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { waitFor } from "../harness/conditions.ts";
import { connect, exchange } from "../harness/client.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort } from "../harness/ports.ts";
import {
  childrenOf,
  commandLine,
  cpuMs,
  descriptors,
  descriptorsOf,
  isAlive,
  listening,
  memory,
} from "../harness/proc.ts";
import { cleanUp, type Running, start, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";

setDefaultTimeout(Math.max(60_000, Number(process.env["FAULTS_CONNECTIONS"] ?? 0) * 3));
afterAll(cleanUp);

/** One process, no roles: nothing to kill. */
const testRoles = test.skipIf(UNDER_TEST_IS_HAPROXY);

const answer = "pong";
const talk = (port: number) => exchange(port, "ping");

async function startProxy(serverPort: number, more = ""): Promise<{ running: Running; port: number }> {
  const port = freePort();
  const config = `
global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 10s
  timeout client 30s
  timeout server 30s
listen web
  bind 127.0.0.1:${port} ${more}
  server s1 127.0.0.1:${serverPort}
`;
  return { running: await start(config, { ready: [port] }), port };
}

const answering = () => startServer(behaviours.answersAndCloses(answer));

testRoles("each role killed comes back, and the listening sockets stay open meanwhile", async () => {
  await using server = answering();
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  expect(await talk(port)).toBe(answer);
  const roles = childrenOf(running.pid).map((pid) => ({ pid, role: commandLine(pid) }));
  expect(roles.length).toBeGreaterThan(0);
  for (const { pid, role } of roles) {
    const before = childrenOf(running.pid).length;
    process.kill(pid, "SIGKILL");
    // Refused would be an exception: the connection is queued until the successor accepts it.
    expect({ role, got: await talk(port) }).toEqual({ role, got: answer });
    await waitFor(() => !isAlive(pid) && childrenOf(running.pid).length === before, `${role} to be replaced`);
    expect(await talk(port)).toBe(answer);
  }
  expect(running.exitCode()).toBe(null);
  await running.stop();
});

test("the launched process killed takes all others with it, and the port can be had again", async () => {
  await using server = answering();
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  expect(await talk(port)).toBe(answer);
  running.signal("SIGKILL");
  await waitFor(() => running.family().length === 0, () => `${running.family().map(commandLine)} to end as well`);
  await waitFor(() => !listening(port), "the port to be free");
});

test("descriptors used up: no spinning, and service again once some are free", async () => {
  await using server = startServer(behaviours.saysFirst("hello"));
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  await waitFor(() => answersHello(port), "the first connection to be served");
  for (const pid of running.tree()) limitDescriptors(pid, descriptorsOf(pid).length + 20);
  const clients: Peer[] = [];
  for (let i = 0; i < 60; i++) clients.push(await connect(port)); // the kernel's queue takes what is not accepted
  await waitFor(() => clients.some((client) => client.bytes > 0), "some connections to be served");
  const served = clients.filter((client) => client.bytes > 0).length;
  expect(served).toBeLessThan(60);
  const before = cpuMs(running.tree());
  const from = performance.now();
  await waitFor(() => performance.now() - from > 500, "half a second of exhaustion"); // a span to measure over, not a wait
  expect((cpuMs(running.tree()) - before) / (performance.now() - from)).toBeLessThan(0.6);
  for (const client of clients) client.close();
  await waitFor(() => answersHello(port), "service to come back");
  expect(running.exitCode()).toBe(null);
});

test("a listen queue that overflows while the program is stopped: all that got in are served", async () => {
  await using server = answering();
  const { running: started, port } = await startProxy(server.port, "backlog 8");
  await using running = started;
  expect(await talk(port)).toBe(answer);
  const tree = running.tree();
  for (const pid of tree) process.kill(pid, "SIGSTOP");
  const waiting = Array.from({ length: 40 }, async () => {
    const client = await connect(port);
    client.send("ping");
    client.shutdown();
    return { ending: await client.untilEnded(), received: client.received() };
  });
  await waitFor(() => queued(port) > 8, () => `the queue to be full; it holds ${queued(port)}`);
  const got = queued(port);
  for (const pid of tree) process.kill(pid, "SIGCONT");
  const ends = await Promise.all(waiting);
  // What did not fit is tried again or reset by the kernel; what got in is served, and nothing is served by half.
  expect(ends.filter((end) => end.received === answer).length).toBeGreaterThanOrEqual(got);
  expect(ends.filter((end) => end.received !== answer && end.ending !== "reset")).toEqual([]);
  expect(await talk(port)).toBe(answer);
});

test("servers that refuse or reset by the thousand leave no descriptor behind", async () => {
  await using resetting = startServer(behaviours.resetsOnData());
  for (const serverPort of [freePort(), resetting.port]) {
    const { running: started, port } = await startProxy(serverPort, "\n  retries 0");
    await using running = started;
    const many = (count: number) =>
      inParallel(count, 16, async () => {
        const client = await connect(port);
        client.send("ping");
        await ended(client);
        client.close();
      });
    await many(100);
    const before = descriptors(running.tree());
    await many(1_000);
    await waitFor(() => descriptors(running.tree()) <= before + 2, "the descriptors to be closed");
  }
});

test("many quick connections leave descriptors and memory flat", async () => {
  const count = Number(process.env["FAULTS_CONNECTIONS"] ?? 20_000);
  await using server = startServer((peer) => {
    peer.keep = false;
    peer.onData = () => {
      peer.send(answer);
      peer.shutdown();
    };
  });
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  const many = (connections: number) =>
    inParallel(connections, 32, async (i) => {
      const client = await connect({ port, from: `127.0.${i % 4}.${1 + i % 200}` });
      client.send("ping");
      await ended(client);
      if (client.received() !== answer) throw new Error(`Connection ${i} got "${client.received()}"`);
      client.close();
    });
  await many(4_000); // pools and compiled code come first
  await waitFor(() => server.peers.every((peer) => peer.ending !== "open"), "the first connections to end");
  const before = { descriptors: descriptors(running.tree()), memory: memory(running.tree()).privateKb };
  await many(count);
  await waitFor(() => descriptors(running.tree()) <= before.descriptors + 2, "the descriptors to be closed");
  expect(memory(running.tree()).privateKb - before.memory).toBeLessThan(16 * 1024); // whatever the count
});

/** Resolves when the other side has ended, without polling: thousands wait at the same time. */
function ended(peer: Peer): Promise<void> {
  return new Promise((resolve) => {
    if (peer.ending !== "open") resolve();
    else peer.onEnding = resolve;
  });
}

async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) await work(next++);
  }));
}

async function answersHello(port: number): Promise<boolean> {
  const client = await connect(port);
  try {
    await client.untilBytes(5);
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** Connections established by the kernel that the program has not accepted, all listening sockets of the port. */
function queued(port: number): number {
  const { stdout } = Bun.spawnSync(["ss", "-Htln", `sport = :${port}`]);
  return stdout.toString().split("\n").reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[1] ?? 0), 0);
}

function limitDescriptors(pid: number, limit: number): void {
  const { exitCode, stderr } = Bun.spawnSync(["prlimit", `--pid=${pid}`, `--nofile=${limit}:${limit}`]);
  if (exitCode !== 0) throw new Error(`Cannot lower the limit of ${pid}: ${stderr.toString()}`);
}
