/**
 * What a TCP proxy must not change: the bytes, each side's end of file, and the pace of the slower side.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { waitFor, waitForRest } from "../harness/conditions.ts";
import { connect } from "../harness/client.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort } from "../harness/ports.ts";
import { memory } from "../harness/proc.ts";
import { cleanUp, type Running, start, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { behaviours, startServer, type TestServer } from "../harness/servers.ts";

setDefaultTimeout(60_000);

const MiB = 1 << 20;
let running: Running;
let frontPort: number;
/** What the server does with its next connections; each test sets its own. */
let behave: (peer: Peer) => void = behaviours.echo();
let server: TestServer;

beforeAll(async () => {
  server = startServer((peer) => behave(peer));
  frontPort = freePort();
  running = await start(
    `
global
  nbthread 1
  maxconn 500
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen relay
  bind 127.0.0.1:${frontPort}
  server s1 127.0.0.1:${server.port}
`,
    { ready: [frontPort] },
  );
});
afterAll(async () => {
  await server.stop();
  cleanUp();
});

/** Opens a connection through the proxy; the peers are its two ends. */
async function open(behaviour: (peer: Peer) => void = behaviours.mute()): Promise<{ client: Peer; far: Peer }> {
  behave = behaviour;
  const index = server.peers.length;
  const client = await connect(frontPort);
  return { client, far: await server.peer(index) };
}

/** The same bytes from the same seed, so that both ends can make them. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer);
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  return bytes;
}

const hash = (bytes: Uint8Array) => new Bun.CryptoHasher("sha1").update(bytes).digest("hex");

/** 40 MB up and down at the same time; each side ends right after its last byte, or once both have all. */
async function bothWays(endsAtOnce: boolean): Promise<void> {
  const up = noise(40 * MiB, 1);
  const down = noise(40 * MiB, 2);
  const { client, far } = await open((peer) => {
    peer.keep = false;
    peer.hasher = new Bun.CryptoHasher("sha1");
    peer.onData = () => {
      if (peer.sent > 0) return; // only once the client is ready to hash
      peer.send(down);
      if (endsAtOnce) peer.shutdown();
    };
  });
  client.keep = false;
  client.hasher = new Bun.CryptoHasher("sha1");
  client.send(up);
  if (endsAtOnce) client.shutdown();
  else {
    await Promise.all([client.untilBytes(down.length), far.untilBytes(up.length)]);
    client.shutdown();
    far.shutdown();
  }
  await Promise.all([client.untilEnded(), far.untilEnded()]);
  expect([client.ending, client.bytes, far.ending, far.bytes]).toEqual(["fin", down.length, "fin", up.length]);
  expect({ up: far.hasher?.digest("hex"), down: client.hasher.digest("hex") }).toEqual({
    up: hash(up),
    down: hash(down),
  });
}

test("40 MB each way at the same time arrive byte for byte", () => bothWays(false));
// haproxy 2.6 now and then takes a short read for the end when both sides have sent theirs: up to 4 MB are
// missing, and its log says "--".
test.skipIf(UNDER_TEST_IS_HAPROXY)("the same when each side ends right after its last byte", () => bothWays(true));

test("the client's half-close reaches the server, whose answer still comes", async () => {
  const { client, far } = await open((peer) => {
    peer.onEnding = () => {
      peer.send("after your end");
      peer.shutdown();
    };
  });
  client.send("request");
  client.shutdown();
  expect(await client.untilEnded()).toBe("fin");
  expect([far.received(), client.received()]).toEqual(["request", "after your end"]);
});

test("the server's half-close reaches the client, whose bytes still arrive", async () => {
  const { client, far } = await open((peer) => {
    peer.send("bye");
    peer.shutdown();
  });
  expect(await client.untilEnded()).toBe("fin");
  client.send("after your end");
  client.shutdown();
  expect(await far.untilEnded()).toBe("fin");
  expect([client.received(), far.received()]).toEqual(["bye", "after your end"]);
});

test("the server may speak first", async () => {
  const { client } = await open(behaviours.saysFirst("220 ready\r\n"));
  await client.untilBytes(11);
  expect(client.received()).toBe("220 ready\r\n");
  client.close();
});

test("the server's reset ends the client's side", async () => {
  const { client, far } = await open();
  client.send("x");
  await far.untilBytes(1);
  far.reset();
  await client.untilEnded(); // by FIN or by RST: haproxy closes in the orderly way
});

test("the client's reset reaches the server as one", async () => {
  const { client, far } = await open(behaviours.echo());
  client.send("x");
  await client.untilBytes(1);
  client.reset();
  expect(await far.untilEnded()).toBe("reset");
});

test("a server that dies mid-stream ends the client's side with what it had sent", async () => {
  const { client, far } = await open();
  far.send("half of it");
  await client.untilBytes(10);
  far.reset();
  await client.untilEnded();
  expect(client.received()).toBe("half of it");
});

test("one byte at a time", async () => {
  const { client } = await open(behaviours.echo());
  for (let i = 1; i <= 50; i++) {
    client.send(String.fromCharCode(i));
    await client.untilBytes(i);
  }
  expect(client.received()).toBe(Array.from({ length: 50 }, (_, i) => String.fromCharCode(i + 1)).join(""));
  client.close();
});

for (const slow of ["client", "server"] as const) {
  test(`a ${slow} that does not read holds the other side back, in bounded memory, and loses nothing`, async () => {
    const CONNECTIONS = 8;
    const bytes = noise(24 * MiB, 3); // more than all socket buffers between the ends
    const before = memory(running.tree()).privateKb;
    const pairs = [];
    for (let i = 0; i < CONNECTIONS; i++) pairs.push(await open());
    const readers = pairs.map(({ client, far }) => slow === "client" ? client : far);
    const writers = pairs.map(({ client, far }) => slow === "client" ? far : client);
    for (const reader of readers) {
      reader.keep = false;
      reader.hasher = new Bun.CryptoHasher("sha1");
      reader.socket.pause();
    }
    for (const writer of writers) writer.send(bytes);
    const total = () => writers.reduce((sum, writer) => sum + writer.sent, 0);
    const taken = await waitForRest(total, "the writers");
    expect(taken).toBeLessThan(CONNECTIONS * bytes.length);
    const grownKb = memory(running.tree()).privateKb - before;
    expect(grownKb).toBeLessThan(CONNECTIONS * 1024 + 8 * 1024); // 1 MB each, and room for a heap to breathe
    for (const reader of readers) reader.socket.resume();
    for (const writer of writers) writer.shutdown();
    for (const reader of readers) await reader.untilEnded();
    expect(readers.map((reader) => reader.hasher?.digest("hex"))).toEqual(Array(CONNECTIONS).fill(hash(bytes)));
    for (const { client, far } of pairs) {
      client.close();
      far.close();
    }
  });
}

test("when all is over the program holds no connection", async () => {
  const sockets = () => server.peers.filter((peer) => peer.ending === "open").length;
  await waitFor(() => sockets() === 0, () => `${sockets()} connections at the server to end`);
});
