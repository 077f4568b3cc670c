/**
 * The event loop with real sockets: Bun's own are at the other ends, so each test also shows that both loops go on
 * beside each other.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect as connectPeer } from "../../test/harness/client.ts";
import type { Peer } from "../../test/harness/peer.ts";
import { freePort } from "../../test/harness/ports.ts";
import { behaviours, startFullServers, startServer } from "../../test/harness/servers.ts";
import { type ConnectPlan, startConnect } from "./connect.ts";
import { closeDescriptor, descriptorLimit, duplicate, isOpen, setDescriptorLimit } from "./descriptors.ts";
import { type Handlers, type Leg, newLeg } from "./leg.ts";
import { openListener } from "./listen.ts";
import { BUFFER_BYTES, createLoop } from "./loop.ts";
import { ipSockaddr } from "./sockaddr.ts";

const ECONNREFUSED = 111;
const ECONNRESET = 104;
const EPIPE = 32;

const loop = createLoop();

/** Two ends of Bun's: a byte from one to the other lets Bun have its turn, where a timer of its would wait for it. */
let knock: (() => Promise<void>) | null = null;

beforeAll(async () => {
  let heard = () => {};
  const listener = Bun.listen<Peer>({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: () => heard() },
  });
  const knocker = await connectPeer(listener.port);
  knock = () =>
    new Promise((resolve) => {
      heard = resolve;
      knocker.send("x");
    });
  loop.start({ nextAt: () => Infinity, turn() {} });
});

async function waitFor<T>(condition: () => T | false | undefined, what: string | (() => string)): Promise<T> {
  const end = performance.now() + 4_000;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`Waited in vain for ${typeof what === "string" ? what : what()}`);
    await knock!();
  }
}
const ended = (peer: Peer) => waitFor(() => peer.ending !== "open" && peer.ending, "an end");

/** A leg that writes down what happens to it; `on` says what else is to be done. */
interface Seen {
  leg: Leg<Seen>;
  events: string[];
  bytes: number;
  hasher: Bun.CryptoHasher;
  on: Partial<Record<keyof Handlers<Seen>, () => void>>;
}

const handlers: Handlers<Seen> = {
  connected: ({ owner }) => note(owner, "connected"),
  data({ owner }, bytes, length) {
    owner.bytes += length;
    owner.hasher.update(bytes.subarray(0, length));
    if (owner.events.at(-1) !== "data") owner.events.push("data");
    owner.on.data?.();
  },
  readable: ({ owner }) => note(owner, "readable"),
  drain: ({ owner }) => note(owner, "drain"),
  end: ({ owner }) => note(owner, "end"),
  broken: ({ owner }, errno) => note(owner, `broken ${errno}`, "broken"),
};

function note(owner: Seen, text: string, event = text as keyof Handlers<Seen>): void {
  owner.events.push(text);
  owner.on[event]?.();
}

function newSeen(): Seen {
  const seen = { events: [], bytes: 0, hasher: new Bun.CryptoHasher("sha1"), on: {} } as unknown as Seen;
  seen.leg = newLeg(seen, handlers);
  return seen;
}

const listenOptions = (port: number) => ({
  address: { kind: "ip", family: 4, host: "127.0.0.1", port } as const,
  interface: null,
  v6only: false,
  transparent: false,
  deferAccept: false,
  tfo: false,
  mss: 0,
  tcpUserTimeoutMs: 0,
  unix: { mode: null, uid: null, gid: null },
});
const opened: number[] = [];
function listen(): { port: number; fd: number } {
  const port = freePort();
  const fd = openListener(listenOptions(port), { backlog: 64, rcvbuf: 0, sndbuf: 0, reusePort: false });
  opened.push(fd);
  return { port, fd };
}
afterAll(() => opened.forEach(closeDescriptor));

interface Pair {
  seen: Seen;
  peer: Peer;
}

/** A connection accepted by the loop, with Bun's socket at the other end. */
async function pair(prepare: (seen: Seen) => void = () => {}): Promise<Pair> {
  const { port, fd } = listen();
  const seen = newSeen();
  prepare(seen);
  const stop = loop.accept(fd, 1, (accepted) => loop.attach(seen.leg, accepted, false));
  const peer = await connectPeer(port);
  await waitFor(() => seen.leg.fd >= 0 || seen.events.length > 0, "the connection to be accepted");
  stop();
  return { seen, peer };
}

const plan = (port: number): ConnectPlan => ({
  family: 2,
  address: ipSockaddr("127.0.0.1", 4, port),
  source: null,
  sourcePorts: false,
  interface: null,
  keepAlive: null,
  tfo: false,
  userTimeoutMs: 0,
  sndbuf: 0,
  rcvbuf: 0,
});

function connectLeg(port: number, seen = newSeen()): Seen {
  const fd = startConnect(plan(port));
  expect(fd).toBeGreaterThan(0);
  loop.attach(seen.leg, fd, true);
  return seen;
}

function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = length; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
const sha1 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha1").update(bytes).digest("hex");

/** In the next turn, which does not wait for events. */
function nextTurn(run: () => void): void {
  const stop = loop.every(0, () => {
    stop();
    run();
  });
}

/** Two turns of both loops: what has been told by the kernel until now has been handled. */
async function turns(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await Promise.all([new Promise<void>(nextTurn), knock!()]);
  }
}

const SIZES = [1, 1000, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 17 * BUFFER_BYTES, 5_000_003];
test.each(SIZES)("%d bytes and an end arrive, in this order", async (size) => {
  const { seen, peer } = await pair();
  const bytes = noise(size);
  peer.send(bytes);
  peer.shutdown();
  await waitFor(() => seen.events.includes("end"), () => `the end; there came ${seen.bytes} bytes`);
  expect([seen.events, seen.bytes]).toEqual([["data", "end"], size]);
  expect(seen.hasher.digest("hex")).toBe(sha1(bytes));
  loop.close(seen.leg);
  expect(await ended(peer)).toBe("fin");
});

test("what comes while a leg is paused is held, and its end behind it", async () => {
  const { seen, peer } = await pair();
  loop.pause(seen.leg);
  peer.send(noise(100_000));
  peer.shutdown();
  await waitFor(() => (seen.leg.waiting & 0x2000) !== 0, "the kernel to tell the end"); // EPOLLRDHUP
  expect(seen.events).toEqual([]);
  loop.resume(seen.leg);
  await waitFor(() => seen.events.includes("end"), "the end");
  expect([seen.events, seen.bytes]).toEqual([["data", "end"], 100_000]);
  loop.close(seen.leg);
});

test("a leg that pauses itself in each read loses nothing", async () => {
  const { seen, peer } = await pair();
  seen.on.data = () => {
    loop.pause(seen.leg);
    nextTurn(() => loop.resume(seen.leg));
  };
  const bytes = noise(3_000_000);
  peer.send(bytes);
  peer.shutdown();
  await waitFor(() => seen.events.includes("end"), () => `the end; there came ${seen.bytes} bytes`);
  expect(seen.hasher.digest("hex")).toBe(sha1(bytes));
  loop.close(seen.leg);
});

test("after the peer's end we can still write, and end ourselves", async () => {
  const { seen, peer } = await pair();
  peer.shutdown();
  await waitFor(() => seen.events.includes("end"), "the end");
  expect(loop.write(seen.leg, Buffer.from("still here"), 0, 10)).toBe(10);
  loop.shutdown(seen.leg);
  expect(await ended(peer)).toBe("fin");
  expect(peer.received()).toBe("still here");
  loop.close(seen.leg);
});

test("a part of the bytes is written from where it is said", async () => {
  const { seen, peer } = await pair();
  expect(loop.write(seen.leg, Buffer.from("0123456789"), 3, 4)).toBe(4);
  loop.close(seen.leg);
  await ended(peer);
  expect(peer.received()).toBe("3456");
});

const RESETS: [
  when: string,
  prepare: (seen: Seen, peer: Peer) => void | Promise<void>,
  before: string[],
  errno?: number,
][] = [
  ["while it reads", () => {}, []],
  [
    "after data",
    async (seen, peer) => {
      peer.send("x");
      await waitFor(() => seen.bytes === 1, "the byte");
    },
    ["data"],
  ],
  [
    "after its end",
    async (seen, peer) => {
      peer.shutdown();
      await waitFor(() => seen.events.includes("end"), "the end");
    },
    ["end"],
    EPIPE, // what Linux says of a reset behind an end
  ],
];
test.each(RESETS)(
  "a reset %s is told once, and the socket is closed by then",
  async (_, prepare, before, errno = ECONNRESET) => {
    const { seen, peer } = await pair();
    let fd = seen.leg.fd;
    const number = fd;
    seen.on.broken = () => void (fd = seen.leg.fd);
    await prepare(seen, peer);
    peer.reset();
    await waitFor(() => seen.events.length > before.length, "the reset");
    await turns();
    expect([seen.events, fd]).toEqual([[...before, `broken ${errno}`], -1]);
    expect(isOpen(number)).toBe(false);
  },
);

test("a reset while a leg is paused is told when it is resumed", async () => {
  const { seen, peer } = await pair();
  loop.pause(seen.leg);
  peer.reset();
  await waitFor(() => seen.leg.waiting !== 0 || seen.events.length > 0, "the kernel to tell");
  loop.resume(seen.leg);
  await waitFor(() => seen.events.length > 0, "the reset");
  expect(seen.events).toEqual([`broken ${ECONNRESET}`]);
});

test("a write to a peer that is gone fails, and broken follows even when the leg is paused", async () => {
  const { seen, peer } = await pair();
  loop.pause(seen.leg);
  peer.reset();
  await waitFor(() => seen.leg.waiting !== 0, "the kernel to tell");
  expect(loop.write(seen.leg, Buffer.from("x"), 0, 1)).toBe(-1);
  await waitFor(() => seen.events.length > 0, "the failure");
  await turns();
  expect(seen.events.map((event) => event.split(" ")[0]!)).toEqual(["broken"]);
  expect(seen.leg.fd).toBe(-1);
});

test("connecting: told when it is up, and what the peer says at once comes behind", async () => {
  await using server = startServer(behaviours.saysAndEnds("hello"));
  const seen = connectLeg(server.port);
  await waitFor(() => seen.events.includes("end"), "all of it");
  expect(seen.events).toEqual(["connected", "data", "end"]);
  loop.close(seen.leg);
});

test("connecting: refused", async () => {
  const seen = connectLeg(freePort());
  await waitFor(() => seen.events.length > 0, "the refusal");
  await turns();
  expect([seen.events, seen.leg.fd]).toEqual([[`broken ${ECONNREFUSED}`], -1]);
});

test("connecting: a server that never answers says nothing, and closing ends it", async () => {
  await using full = await startFullServers(1);
  const seen = connectLeg(full.ports[0]!);
  const { fd } = seen.leg;
  await turns();
  loop.close(seen.leg);
  await turns();
  expect([seen.events, isOpen(fd)]).toEqual([[], false]);
});

test("back-pressure: a write takes less, drain follows once there is room, all arrives", async () => {
  const { seen, peer } = await pair();
  const bytes = noise(20_000_000);
  peer.keep = false;
  peer.hasher = new Bun.CryptoHasher("sha1");
  peer.socket.pause();
  let at = 0;
  const push = () => {
    while (at < bytes.length) {
      const length = Math.min(100_000, bytes.length - at);
      const taken = loop.write(seen.leg, bytes, at, length);
      at += taken;
      if (taken < length) return;
    }
    loop.close(seen.leg);
  };
  seen.on.drain = push;
  push();
  await turns();
  expect([seen.events, at < bytes.length]).toEqual([[], true]); // nobody reads: no room comes
  peer.socket.resume();
  await ended(peer);
  expect([peer.bytes, peer.hasher.digest("hex")]).toEqual([bytes.length, sha1(bytes)]);
  expect(new Set(seen.events)).toEqual(new Set(["drain"]));
});

const CLOSING: [handler: keyof Handlers<Seen>, act: (peer: Peer) => void, events: string[]][] = [
  ["data", (peer) => (peer.send(noise(1_000_000)), peer.shutdown()), ["data"]],
  ["end", (peer) => (peer.send("x"), peer.shutdown()), ["data", "end"]],
  ["broken", (peer) => peer.reset(), [`broken ${ECONNRESET}`]],
];
for (const way of ["close", "reset"] as const) {
  test.each(CLOSING)(`${way} inside %s: nothing comes after it`, async (handler, act, events) => {
    const { seen, peer } = await pair((one) => one.on[handler] = () => loop[way](one.leg));
    act(peer);
    await waitFor(() => seen.events.length === events.length && seen.leg.fd === -1, () => `${seen.events}`);
    if (handler !== "broken") await ended(peer);
    await turns();
    expect(seen.events).toEqual(events);
  });

  test(`${way} inside connected and inside drain: nothing comes after it`, async () => {
    await using server = startServer(behaviours.saysAndEnds("hello"));
    const seen = newSeen();
    seen.on.connected = () => loop[way](seen.leg);
    connectLeg(server.port, seen);
    await waitFor(() => seen.leg.fd === -1, "it to be closed");
    const { seen: writer, peer } = await pair();
    writer.on.drain = () => loop[way](writer.leg);
    peer.socket.pause();
    while (loop.write(writer.leg, noise(100_000), 0, 100_000) === 100_000);
    peer.socket.resume();
    await waitFor(() => writer.leg.fd === -1, "the writer to be closed");
    await turns();
    expect([seen.events, writer.events]).toEqual([["connected"], ["drain"]]);
  });
}

test("reset reaches the peer as one, close as an orderly end", async () => {
  const one = await pair();
  loop.reset(one.seen.leg);
  const other = await pair();
  loop.close(other.seen.leg);
  expect([await ended(one.peer), await ended(other.peer)]).toEqual(["reset", "fin"]);
});

/**
 * Of two legs that have events in the same turn the first closes the second and opens a socket that gets its number: the
 * second's event is nobody's.
 */
async function reuse(event: (peer: Peer) => void, fresh: (after: Seen) => void): Promise<Seen> {
  const [second, first] = [await pair(), await pair()].sort((a, b) => a.seen.leg.fd - b.seen.leg.fd) as [Pair, Pair];
  const after = newSeen();
  const number = second.seen.leg.fd;
  const fillers: number[] = [];
  const { on } = first.seen;
  on.data = on.broken = () => {
    // All lower numbers are taken, so that the second's is the next one to be given out.
    while ((fillers.at(-1) ?? 0) < number) fillers.push(duplicate(0));
    loop.close(second.seen.leg);
    fresh(after);
    first.seen.on = {};
  };
  event(first.peer);
  event(second.peer); // in the same call: the kernel tells both in one turn, the first first
  await waitFor(() => after.leg.fd >= 0 || after.events.length > 0, "the number to be taken over");
  await turns();
  expect([second.seen.events, after.leg.fd]).toEqual([[], number]);
  fillers.forEach(closeDescriptor);
  return after;
}

test("a number used again within a turn: data of its former socket is not the new one's", async () => {
  await using full = await startFullServers(1);
  const after = await reuse((peer) => peer.send("x"), (seen) => connectLeg(full.ports[0]!, seen));
  expect(after.events).toEqual([]);
  loop.close(after.leg);
});

// Fails as long as a leg's turn begins at 0: two legs at their first socket have the same one.
test("a number used again within a turn: the reset of its former socket does not make the new one connected", async () => {
  await using full = await startFullServers(1);
  const after = await reuse((peer) => peer.reset(), (seen) => connectLeg(full.ports[0]!, seen));
  expect(after.events).toEqual([]);
  loop.close(after.leg);
});

test("accept: no more than asked for at a time, all in the end, none after it was stopped", async () => {
  const { port, fd } = listen();
  let inTurn = 0;
  let most = 0;
  let count = 0;
  const accepted: number[] = [];
  const on = (one: number) => {
    if (inTurn++ === 0) loop.atTurnEnd(() => void (inTurn = 0));
    most = Math.max(most, inTurn);
    accepted.push(one);
    count++;
  };
  const clients = await Promise.all(Array.from({ length: 9 }, () => connectPeer(port)));
  const stop = loop.accept(fd, 2, on);
  await waitFor(() => count === 9, () => `nine, not ${count}`);
  expect(most).toBe(2);
  stop();
  stop(); // a second time does nothing
  clients.push(await connectPeer(port));
  await turns();
  expect(count).toBe(9);
  // Stopped from within: the rest stays in the kernel's queue.
  const again = loop.accept(fd, 100, (one) => {
    accepted.push(one);
    again();
  });
  clients.push(await connectPeer(port));
  await waitFor(() => accepted.length === 10, "one more");
  await turns();
  expect(accepted.length).toBe(10);
  accepted.forEach(closeDescriptor);
  for (const client of clients) client.close();
});

test("accept hands over the client's name", async () => {
  const { port, fd } = listen();
  let name = "";
  const stop = loop.accept(fd, 1, (one, bytes, length) => {
    name = Buffer.from(bytes.subarray(0, length)).toString("hex");
    closeDescriptor(one);
  });
  const client = await connectPeer({ port, from: "127.1.2.3" });
  await waitFor(() => name !== "", "a name");
  stop();
  expect(name).toBe(Buffer.from(ipSockaddr("127.1.2.3", 4, client.localPort)).toString("hex"));
});

test("accept tells when descriptors run out, and goes on when there are some", async () => {
  const { port, fd } = listen();
  const got: number[] = [];
  const client = await connectPeer(port);
  const { soft } = descriptorLimit();
  setDescriptorLimit(3); // what is open stays open
  try {
    const stop = loop.accept(fd, 1, (one) => got.push(one));
    await waitFor(() => got.length > 0, "the lack to be told");
    stop();
  } finally {
    setDescriptorLimit(soft);
  }
  expect(got[0]).toBe(-24);
  const stop = loop.accept(fd, 1, (one) => got.push(one));
  await waitFor(() => got.at(-1)! > 0, "the connection");
  stop();
  closeDescriptor(got.at(-1)!);
  client.close();
});

test("every: again and again until it is stopped, from within as well", async () => {
  let calls = 0;
  const stop = loop.every(1, () => {
    if (++calls === 3) stop();
  });
  let others = 0;
  const stopOthers = loop.every(1, () => others++);
  await waitFor(() => others >= 8, "the other interval to go on");
  stopOthers();
  expect(calls).toBe(3);
});

test("at the end of the turn: each once, in their order; what is asked there waits for the next", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const stop = loop.every(1, () => {
      stop();
      loop.atTurnEnd(() => {
        order.push("first");
        loop.atTurnEnd(() => order.push("asked at the end"));
        loop.atTurnEnd(resolve);
        nextTurn(() => {});
      });
      loop.atTurnEnd(() => order.push("second"));
    });
  });
  await turns();
  expect(order).toEqual(["first", "second", "asked at the end"]);
});

test("Bun's timers, promises and sockets go on, while the loop is idle and while it is busy", async () => {
  await using echo = startServer(behaviours.echo());
  for (const busy of [false, true]) {
    const stop = busy ? loop.every(0, () => {}) : () => {};
    const client = await connectPeer(echo.port);
    const from = performance.now();
    for (let i = 1; i <= 20; i++) {
      client.send("x");
      await waitFor(() => client.bytes === i, "the echo");
    }
    await Promise.all([Bun.sleep(1), new Promise((resolve) => setTimeout(resolve, 1)), Promise.resolve()]);
    // Each would take a tenth of a second if Bun had its turn only when the loop's own is over.
    expect(performance.now() - from).toBeLessThan(20 * 100);
    client.close();
    stop();
  }
});
