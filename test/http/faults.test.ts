/**
 * Things that go wrong around an HTTP service: servers that die, fall silent, talk nonsense or drop idle connections,
 * peers that are slow, descriptors used up, a full listen queue. What a client gets is said by its status and by the
 * log; service comes back by itself, and nothing leaks.
 *
 * FAULTS_REQUESTS sets the length of the last test (20 000): `FAULTS_REQUESTS=200000` for the long run.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { waitFor, waitForRest } from "../harness/conditions.ts";
import { connect } from "../harness/client.ts";
import { chunked, get, head, methodsIn, ok, readAnswers } from "../harness/http.ts";
import { parseHttpLog } from "../harness/http_log.ts";
import { startLoad } from "../harness/load.ts";
import { startNginx } from "../harness/nginx.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort } from "../harness/ports.ts";
import { cpuMs, descriptors, descriptorsOf, memory } from "../harness/proc.ts";
import { cleanUp, type Running, start } from "../harness/processes.ts";
import { type Behaviour, behaviours, startServer } from "../harness/servers.ts";
import { startSyslog, type Syslog } from "../harness/syslog.ts";

const REQUESTS = Number(process.env["FAULTS_REQUESTS"] ?? 20_000);
setDefaultTimeout(Math.max(60_000, REQUESTS * 3));

let syslog: Syslog;
beforeAll(async () => {
  syslog = await startSyslog();
});
afterAll(async () => {
  await syslog[Symbol.asyncDispose]();
  cleanUp();
});

async function startProxy(
  serverPort: number,
  lines: readonly string[] = [],
  bind = "",
): Promise<{ running: Running; port: number }> {
  const port = freePort();
  const config = `
global
  nbthread 1
  maxconn 4000
  log 127.0.0.1:${syslog.port} local0
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen web
  bind 127.0.0.1:${port} ${bind}
${lines.map((line) => `  ${line}\n`).join("")}  server s1 127.0.0.1:${serverPort}
`;
  return { running: await start(config, { ready: [port] }), port };
}

/** Answers each request by `answer`, given how many there were before on all connections. */
const perRequest = (answer: (peer: Peer, nth: number) => void): Behaviour => {
  let nth = 0;
  return (peer) => {
    let handled = 0;
    peer.onData = () => {
      const heads = peer.received().split("\r\n\r\n").length - 1;
      while (handled < heads) {
        handled += 1;
        answer(peer, nth++);
      }
    };
    peer.onEnding = () => peer.shutdown();
  };
};

/** One request on a connection of its own: what came back, and how it ended. */
async function ask(port: number, request = get("/", "Connection: close")): Promise<{ status: string; whole: boolean }> {
  const peer = await connect(port);
  peer.send(request);
  await peer.untilEnded();
  const { messages, begun } = readAnswers(peer.received(), methodsIn(request), true);
  peer.close();
  return { status: (messages[0] ?? begun)?.line.split(" ")[1] ?? "", whole: messages.length > 0 };
}

const HALF = head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234";
const faults: [name: string, does: Behaviour, status: string, whole: boolean, termination: string][] = [
  ["dies in the body", resetsBehind(HALF), "200", false, "SD--"],
  ["ends in the body", perRequest((peer) => (peer.send(HALF), peer.shutdown())), "200", false, "SD--"],
  [
    "dies between chunks",
    resetsBehind(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "1\r\nx\r\n"),
    "200",
    false,
    "SD--",
  ],
  ["ends before the answer", perRequest((peer) => peer.shutdown()), "502", true, "SH--"],
  ["dies before the answer", perRequest((peer) => peer.reset()), "502", true, "SH--"],
  ["talks nonsense", perRequest((peer) => peer.send("220 smtp ready\r\n\r\n")), "502", true, "PH--"],
  ["never answers", perRequest(() => {}), "504", true, "sH--"],
  ["stops in the head", perRequest((peer) => peer.send("HTTP/1.1 200 OK\r\nX: ")), "504", true, "sH--"],
  ["stops in the body", perRequest((peer) => peer.send(HALF)), "200", false, "sD--"],
];
test.each(faults)("a server that %s, many times over", async (_, does, status, whole, termination) => {
  await using server = startServer(does);
  const { running: started, port } = await startProxy(server.port, [
    "log global",
    "option httplog",
    "timeout server 300ms",
  ]);
  await using running = started;
  const from = syslog.lines.length;
  const all = await Promise.all(Array.from({ length: 30 }, () => ask(port)));
  expect(all).toEqual(all.map(() => ({ status, whole })));
  await waitFor(() => syslog.lines.length >= from + 30, "30 log lines");
  const lines = syslog.lines.slice(from).map(parseHttpLog);
  expect(lines.map((line) => `${line?.status} ${line?.termination}`)).toEqual(
    lines.map(() => `${status} ${termination}`),
  );
  await waitFor(() => server.peers.every((peer) => peer.ending !== "open"), "the connections to the server to end");
  expect(running.exitCode()).toBe(null);
});

test("a server that drops idle connections at random costs no request when empty answers are retried", async () => {
  const random = seeded(20_261);
  await using server = startServer(perRequest((peer) => {
    peer.send(ok("x".repeat(100)));
    if (random() < 0.2) peer.shutdown();
  }));
  const { running: started, port } = await startProxy(server.port, [
    "retry-on conn-failure empty-response",
    "retries 10",
    "timeout connect 100ms",
  ]);
  await using _running = started;
  const load = startLoad({ port, connections: 16, keepAlive: true });
  await waitFor(() => load.done() >= 3_000, () => `3000 answers; failures: ${[...load.failures()]}`);
  await load.stop();
  expect([...load.failures()]).toEqual([]);
  expect(server.peers.length).toBeGreaterThan(100);
});

/** More than the kernel's buffers of the sockets on the way hold. */
const LARGE = 256 << 20;
const large = () => new Uint8Array(LARGE).fill(0x61);

test("a reader that stops is not read ahead for, and gets everything in the end", async () => {
  await using server = startServer(perRequest((peer) => {
    peer.send(head("HTTP/1.1 200 OK", `Content-Length: ${LARGE}`));
    peer.send(large());
  }));
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  expect((await ask(port, "nonsense\r\n\r\n")).status).toBe("400"); // what is compiled and allocated once
  const before = memory(running.tree()).privateKb;
  const client = await connect(port);
  client.keep = false;
  client.socket.pause();
  client.send(get());
  const peer = await server.peer();
  await waitForRest(() => peer.sent, "the server's sending");
  expect(peer.sent).toBeLessThan(LARGE);
  expect(memory(running.tree()).privateKb - before).toBeLessThan(16 * 1024);
  client.socket.resume();
  await waitFor(() => client.bytes > LARGE, () => `the rest; ${client.bytes} of ${LARGE} came`);
  client.close();
});

test("a server that stops reading is not sent more, and gets everything in the end", async () => {
  await using server = startServer((peer) => {
    peer.keep = false;
    peer.socket.pause();
  });
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  expect((await ask(port, "nonsense\r\n\r\n")).status).toBe("400");
  const before = memory(running.tree()).privateKb;
  const client = await connect(port);
  client.send(head("POST / HTTP/1.1", "Host: h", `Content-Length: ${LARGE}`));
  client.send(large());
  const peer = await server.peer();
  await waitForRest(() => client.sent, "the client's sending");
  expect(client.sent).toBeLessThan(LARGE);
  expect(memory(running.tree()).privateKb - before).toBeLessThan(16 * 1024);
  peer.socket.resume();
  await waitFor(() => peer.bytes > LARGE, () => `the rest; ${peer.bytes} of ${LARGE} came`);
  peer.send(ok());
  await client.untilBytes(ok().length - 2);
  client.close();
});

test("a thousand writers that never finish their heads are sent away in time, others are served meanwhile", async () => {
  await using server = startServer(perRequest((peer) => peer.send(ok())));
  const { running: started, port } = await startProxy(server.port, ["timeout http-request 2s"]);
  await using running = started;
  const slow: Peer[] = [];
  for (let i = 0; i < 1_000; i++) {
    const client = await connect({ port, from: `127.0.1.${1 + i % 200}` });
    client.send("GET / HTTP/1.1\r\nX-");
    slow.push(client);
  }
  expect(await ask(port)).toEqual({ status: "200", whole: true });
  await waitFor(() => slow.every((client) => client.ending !== "open"), "all slow clients to be sent away");
  expect(slow.filter((client) => !client.received().startsWith("HTTP/1.1 408 "))).toEqual([]);
  for (const client of slow) client.close();
  expect(running.exitCode()).toBe(null);
});

test("descriptors used up: no spinning, and service again once some are free", async () => {
  await using server = startServer(perRequest((peer) => peer.send(ok())));
  const { running: started, port } = await startProxy(server.port);
  await using running = started;
  expect(await ask(port)).toEqual({ status: "200", whole: true });
  for (const pid of running.tree()) limitDescriptors(pid, descriptorsOf(pid).length + 20);
  const clients: Peer[] = [];
  for (let i = 0; i < 60; i++) {
    const client = await connect(port); // the kernel's queue takes what is not accepted
    client.send(get());
    clients.push(client);
  }
  await waitFor(() => clients.some((client) => client.bytes > 0), "some requests to be served");
  const before = cpuMs(running.tree());
  const from = performance.now();
  await waitFor(() => performance.now() - from > 500, "half a second of exhaustion"); // a span to measure over, not a wait
  expect((cpuMs(running.tree()) - before) / (performance.now() - from)).toBeLessThan(0.6);
  for (const client of clients) client.close();
  await waitFor(async () => (await ask(port)).status === "200", "service to come back");
  expect(running.exitCode()).toBe(null);
});

test("a listen queue that overflows while the program is stopped: all that got in are served", async () => {
  await using server = startServer(perRequest((peer) => peer.send(ok())));
  const { running: started, port } = await startProxy(server.port, [], "backlog 8");
  await using running = started;
  expect(await ask(port)).toEqual({ status: "200", whole: true });
  const tree = running.tree();
  for (const pid of tree) process.kill(pid, "SIGSTOP");
  const waiting = Array.from({ length: 40 }, () => ask(port));
  await waitFor(() => queued(port) > 8, () => `the queue to be full; it holds ${queued(port)}`);
  const got = queued(port);
  for (const pid of tree) process.kill(pid, "SIGCONT");
  const ends = await Promise.all(waiting);
  // What did not fit is tried again or reset by the kernel; what got in is served, and nothing is served by half.
  expect(ends.filter((end) => end.whole && end.status === "200").length).toBeGreaterThanOrEqual(got);
  expect(ends.filter((end) => !end.whole && end.status !== "")).toEqual([]);
});

test("many requests, kept and new connections, errors among them, leave descriptors and memory flat", async () => {
  await using farm = await startNginx("one", "two");
  await using silent = startServer(behaviours.resetsOnData());
  const { running: started, port } = await startProxy(farm.ports[0]!, [
    `server s2 127.0.0.1:${farm.ports[1]}`,
    "http-request set-header X-Path %[path]",
    "http-request deny if { path /denied }",
    "use-server dead if { path /dead }",
    `server dead 127.0.0.1:${silent.port} weight 0`,
    "option httplog",
    "log global",
  ]);
  await using running = started;
  const many = async (count: number) => {
    const loads = [
      startLoad({ port, connections: 16, keepAlive: true }),
      startLoad({ port, connections: 8, keepAlive: false }),
      startLoad({ port, connections: 4, keepAlive: true, path: "/1m" }),
    ];
    const done = () => loads.reduce((sum, load) => sum + load.done(), 0);
    let odd = 0;
    const oddities = (async () => {
      while (done() < count) {
        if (running.exitCode() !== null) throw new Error(`It ended with ${running.exitCode()}:\n${running.stderr()}`);
        for (const path of ["/denied", "/dead", "/not-there"]) await ask(port, get(path, "Connection: close"));
        await ask(port, "nonsense\r\n\r\n");
        await ask(
          port,
          head("POST /small.txt HTTP/1.1", "Host: h", "Transfer-Encoding: chunked", "Connection: close") +
            chunked(["x"]),
        );
        odd += 5;
      }
    })();
    await waitFor(() => done() >= count, () => `${count} answers; there were ${done()}`, count * 3);
    await oddities;
    await Promise.all(loads.map((load) => load.stop()));
    expect(loads.flatMap((load) => [...load.failures()])).toEqual([]);
    expect(odd).toBeGreaterThan(0);
  };
  await many(8_000); // pools and compiled code come first
  const before = { descriptors: descriptors(running.tree()), memory: memory(running.tree()).privateKb };
  await many(REQUESTS);
  // Idle connections to servers may be kept: as many as clients, at most.
  await waitFor(() => descriptors(running.tree()) <= before.descriptors + 32, "the descriptors to be closed");
  expect(memory(running.tree()).privateKb - before.memory).toBeLessThan(16 * 1024); // whatever the count
});

/** Sends the text, and RST once the peer has it: what is reset at once may never be read. */
function resetsBehind(text: string): Behaviour {
  return perRequest((peer) => {
    peer.send(text);
    setTimeout(() => peer.reset(), 50); // no condition tells a server what its peer has read
  });
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
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
