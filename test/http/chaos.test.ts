/**
 * Clients and servers that do anything at any moment: odd and mutated requests in pieces of any size, resets, ends, silence,
 * broken answers; with rules, cookies, captures, queues and retries in between. The proxy says nothing on stderr (a mistake of its
 * own would be told there), goes on serving, and holds nothing when all is over.
 *
 * CHAOS_SEED plays one again; CHAOS_CONNECTIONS sets the length (1 500).
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { cleanUp, start, temporaryDirectory } from "../harness/processes.ts";

const CONNECTIONS = Number(process.env["CHAOS_CONNECTIONS"] ?? 1_500);
const SEED = Number(process.env["CHAOS_SEED"] ?? Date.now() % 2 ** 31);
const CLIENTS = 60;
setDefaultTimeout(60_000 + CONNECTIONS * 20);
afterAll(cleanUp);

let state = SEED || 1;
/** Xorshift: a whole number below `n`. */
function random(n: number): number {
  state ^= state << 13;
  state >>>= 0;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state % n;
}
const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
const ANSWERS: readonly (string | ((socket: Socket) => void))[] = [
  (socket) => void socket.destroy(),
  (socket) => void socket.resetAndDestroy(),
  (socket) => void socket.end(),
  () => {}, // silence
  (socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
  "garbage\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  `${CHUNKED}0\r\n\r\n`,
  `${CHUNKED}zz\r\n`,
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
  `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${"y".repeat(200_000)}`,
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: SRV=zz\r\nConnection: close\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
];

function answer(socket: Socket): void {
  const how = pick(ANSWERS);
  if (typeof how !== "string") return how(socket);
  if (random(3) > 0) return void socket.write(how);
  const cut = random(how.length + 1);
  socket.write(how.slice(0, cut));
  setTimeout(() => {
    if (!socket.destroyed) socket.write(how.slice(cut));
    if (random(4) === 0) socket.end();
  }, random(20));
}

function request(): Buffer {
  const uri = pick(["/", "/a?b=c", "*", "http://h/x", "h:80", `/${"p".repeat(random(200))}`]);
  let text = `${pick(["GET", "POST", "HEAD", "PUT", "CONNECT", "OPTIONS", "foo"])} ${uri} HTTP/1.${
    pick([1, 1, 0])
  }\r\nHost: ${pick(["a", "b"])}\r\n`;
  for (let i = random(6); i > 0; i--) {
    const name = pick(["X-A", "Cookie", "Connection", "Expect", "Upgrade", "X-Forwarded-For", "TE"]);
    const value = pick(["1", "SRV=s1", "close", "keep-alive", "upgrade", "100-continue", "x".repeat(random(3000))]);
    text += `${name}: ${value}\r\n`;
  }
  text += pick([
    "Content-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    `Content-Length: 100000\r\n\r\n${"z".repeat(pick([5_000, 100_000]))}`,
    "\r\n",
    "\r\n",
  ]);
  const bytes = Buffer.from(text, "latin1");
  if (random(5) === 0) { for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256); }
  return bytes;
}

/** One connection, from its first byte to its end, whoever makes that. */
function client(port: number): Promise<void> {
  const bytes = Buffer.concat(Array.from({ length: 1 + random(3) }, request));
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1");
  const patience = setTimeout(() => socket.destroy(), 300 + random(900));
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(patience);
    resolve();
  });
  if (random(6) > 0) socket.on("data", () => {});
  let at = 0;
  const next = (): void => {
    if (socket.destroyed) return;
    if (at >= bytes.length) {
      return void pick([
        () => socket.end(),
        () => socket.resetAndDestroy(),
        () => {},
        () => {},
      ])();
    }
    const size = random(4) === 0 ? 1 + random(20) : 1 + random(bytes.length);
    socket.write(bytes.subarray(at, at + size));
    at += size;
    if (random(3) === 0) setTimeout(next, random(8));
    else setImmediate(next);
  };
  next();
  return promise;
}

test(`nothing is left of ${CONNECTIONS} connections that went as they liked (seed ${SEED})`, async () => {
  const serverPort = freePort();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => answer(socket));
    socket.on("close", () => sockets.delete(socket));
  }).listen(serverPort, "127.0.0.1");
  const port = freePort();
  const stats = join(temporaryDirectory(), "stats");
  await using running = await start(configuration(port, serverPort, stats), { ready: [port, stats] });

  let begun = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (begun++ < CONNECTIONS) await client(port);
  }));

  // Columns qcur and scur of every row, but for a place that nobody counts.
  const held = async (): Promise<string[]> => {
    const rows = (await exchange({ unix: stats }, "show stat\n")).trim().split("\n").slice(1);
    return rows.map((row) => row.split(",")).filter(([, , queued, , current]) => Number(queued) + Number(current) > 0)
      .map((row) => row.slice(0, 5).join());
  };
  await waitFor(async () => (await held()).length === 0, () => "all connections to be given back", 10_000);
  expect(running.stderr()).toBe("");
  expect(running.exitCode()).toBeNull();
  for (const socket of sockets) socket.destroy();
  server.close();
});

const configuration = (port: number, serverPort: number, stats: string): string => `
global
  nbthread 2
  maxconn 500
  stats socket ${stats}
defaults
  mode http
  retries 2
  option redispatch
  retry-on all-retryable-errors
  timeout connect 300ms
  timeout client 600ms
  timeout server 500ms
  timeout queue 300ms
  timeout tunnel 400ms
frontend web
  bind 127.0.0.1:${port}
  capture request header host len 10
  http-request set-header X-R %[src] if { path_beg /a }
  http-request deny if { hdr(x-a) 1 } { rand(10) 3 }
  http-request redirect location /x if { rand(30) 3 }
  option forwardfor
  default_backend servers
backend servers
  balance uri
  cookie SRV insert indirect nocache
  http-response set-header X-S %s
  http-response deny if { rand(20) 2 }
  server s1 127.0.0.1:${serverPort} maxconn 20 cookie s1
  server s2 127.0.0.1:${serverPort} maxconn 20 cookie s2
`;
