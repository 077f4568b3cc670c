/**
 * Destinations of log lines: batches, what happens when one takes nothing, is gone, or comes back; and that drops are counted.
 */
import { afterEach, expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogTarget } from "../config/haproxy/model.ts";
import { aimUdp, openUdp, sendDatagrams } from "../linux/datagram.ts";
import { putText } from "./line_buffer.ts";
import { createOutlets, type DatagramCalls, type Outlet, type Outlets } from "./targets.ts";

const directory = mkdtempSync(join(tmpdir(), "log-targets-"));
let opened: Outlets[] = [];
afterEach(() => {
  for (const outlets of opened) outlets.close();
  opened = [];
});
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

/** A datagram socket as the kernel would be: `daemon` null is a path nobody listens on, `room` what its queue still takes. */
function fakeSockets(): DatagramCalls & {
  daemon: string[] | null;
  room: number;
  opens: number;
  nonBlocking: number[];
} {
  const fake = {
    daemon: [] as string[] | null,
    room: Infinity,
    opens: 0,
    nonBlocking: [] as number[],
    /** The daemon each descriptor was connected to. */
    peers: new Map<number, string[]>(),
    openUnixDatagram(path: string): number {
      fake.opens++;
      if (fake.daemon === null) return -2;
      expect(path).toBe("/dev/log");
      const fd = openSync("/dev/null", "r");
      fake.peers.set(fd, fake.daemon);
      return fd;
    },
    sendDatagrams(fd: number, bytes: Uint8Array, lengths: Uint32Array, count: number): number {
      const peer = fake.peers.get(fd)!;
      if (peer !== fake.daemon) return -111; // ECONNREFUSED
      let at = 0;
      let taken = 0;
      for (; taken < count && fake.room > 0; taken++, fake.room--) {
        peer.push(Buffer.from(bytes.buffer, bytes.byteOffset + at, lengths[taken]).toString("latin1"));
        at += lengths[taken]!;
      }
      return taken > 0 ? taken : -11; // EAGAIN
    },
    openUdp,
    aimUdp,
    setNonBlocking(fd: number): void {
      fake.nonBlocking.push(fd);
    },
  };
  return fake;
}

interface Opened {
  outlets: Outlets;
  outlet: Outlet;
  lost: () => number;
}

function open(to: LogTarget["to"], calls: DatagramCalls = fakeSockets()): Opened {
  let lost = 0;
  const outlets = createOutlets(calls, (lines) => lost += lines);
  opened.push(outlets);
  return { outlets, outlet: outlets.open(to), lost: () => lost };
}

function put(outlet: Outlet, text: string): void {
  const line = outlet.reserve(65_535);
  if (line === null) return;
  putText(line, text);
  outlet.commit();
}

const UNIX: LogTarget["to"] = { kind: "unix", path: "/dev/log" };

test("the same destination is one outlet, another is not", () => {
  const { outlets, outlet } = open(UNIX);
  expect(outlets.open({ kind: "unix", path: "/dev/log" })).toBe(outlet);
  expect(outlets.open({ kind: "unix", path: "/dev/other" })).not.toBe(outlet);
});

test("lines leave as datagrams, in order, at a flush", () => {
  const sockets = fakeSockets();
  const { outlets, outlet, lost } = open(UNIX, sockets);
  put(outlet, "one\n");
  put(outlet, "two\n");
  expect(sockets.daemon).toEqual([]);
  outlets.flush();
  expect(sockets.daemon).toEqual(["one\n", "two\n"]);
  put(outlet, "three\n");
  outlets.flush();
  expect(sockets.daemon).toEqual(["one\n", "two\n", "three\n"]);
  expect([sockets.opens, lost()]).toEqual([1, 0]);
});

test("lines leave by themselves", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sockets = fakeSockets();
  sockets.sendDatagrams = (_fd, bytes, lengths, count) => {
    resolve(Buffer.from(bytes.subarray(0, lengths[0])).toString());
    return count;
  };
  put(open(UNIX, sockets).outlet, "alone\n");
  expect(await promise).toBe("alone\n");
});

test("a full queue keeps the lines that wait, and drops what no longer fits", () => {
  const sockets = fakeSockets();
  const { outlets, outlet, lost } = open(UNIX, sockets);
  sockets.room = 2;
  for (let i = 0; i < 1030; i++) put(outlet, `${i}\n`);
  expect(sockets.daemon).toEqual(["0\n", "1\n"]);
  expect(lost()).toBe(4); // 2 were taken, 1024 wait.
  sockets.room = Infinity;
  outlets.flush();
  expect(sockets.daemon).toHaveLength(1026);
  expect(sockets.daemon!.at(-1)).toBe("1025\n");
  expect(lost()).toBe(4);
});

test("a daemon that is not there costs lines, counted; one that is restarted gets the next ones", () => {
  const sockets = fakeSockets();
  const { outlets, outlet, lost } = open(UNIX, sockets);
  sockets.daemon = null;
  put(outlet, "early\n");
  put(outlet, "early\n");
  outlets.flush();
  expect(lost()).toBe(2);
  const first: string[] = sockets.daemon = [];
  put(outlet, "first\n");
  outlets.flush();
  const second: string[] = sockets.daemon = [];
  put(outlet, "second\n");
  outlets.flush();
  expect([first, second, lost()]).toEqual([["first\n"], ["second\n"], 2]);
  sockets.daemon = null;
  put(outlet, "late\n");
  outlets.flush();
  expect(lost()).toBe(3);
});

test("lines that still wait when the outlets close are counted", () => {
  const sockets = fakeSockets();
  const { outlets, outlet, lost } = open(UNIX, sockets);
  sockets.room = 0;
  put(outlet, "x\n");
  outlets.close();
  expect(lost()).toBe(1);
});

test("UDP: a batch arrives as one datagram per line; a reader that went away and came back goes on reading", async () => {
  let got: string[] = [];
  let wanted = Promise.withResolvers<void>();
  const listen = (port: number): Promise<Bun.udp.Socket<"buffer">> =>
    Bun.udpSocket({
      hostname: "127.0.0.1",
      port,
      socket: {
        data(_socket, data) {
          got.push(data.toString("latin1"));
          if (got.at(-1) === "last\n") wanted.resolve();
        },
      },
    });
  let reader = await listen(0);
  const { port } = reader;
  const calls = { ...fakeSockets(), sendDatagrams };
  const { outlets, outlet, lost } = open({ kind: "udp", host: "127.0.0.1", port, family: 4 }, calls);
  put(outlet, "first\n");
  put(outlet, "caf\xe9\n");
  put(outlet, "last\n");
  await wanted.promise;
  expect(got).toEqual(["first\n", "caf\xe9\n", "last\n"]);
  reader.close();
  for (let i = 0; i < 5; i++) {
    put(outlet, "unheard\n");
    put(outlet, "unheard\n");
    outlets.flush();
  }
  got = [];
  wanted = Promise.withResolvers();
  reader = await listen(port);
  put(outlet, "again\n");
  put(outlet, "last\n");
  outlets.flush();
  await wanted.promise;
  expect(got).toEqual(["again\n", "last\n"]);
  expect(lost()).toBe(0);
  reader.close();
});

test("descriptors: a file gets whole lines at its end; it is not made non-blocking and stays open", () => {
  const path = join(directory, "file");
  const fd = openSync(path, "a");
  const sockets = fakeSockets();
  const { outlets, outlet, lost } = open({ kind: "fd", fd }, sockets);
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i} ${"x".repeat(i % 50)}\n`);
  for (const line of lines) put(outlet, line);
  outlets.close();
  expect(readFileSync(path, "latin1")).toBe(lines.join(""));
  expect([lost(), sockets.nonBlocking]).toEqual([0, []]);
  writeSync(fd, "mine\n");
  closeSync(fd);
});

test("descriptors: a full pipe delays lines and cuts none, and loses only what finds no room", () => {
  const path = join(directory, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const sockets = fakeSockets();
  const { outlets, outlet, lost } = open({ kind: "fd", fd }, sockets);
  expect(sockets.nonBlocking).toEqual([fd]);
  const line = (i: number): string => `${String(i).padStart(5, "0")}${"x".repeat(i % 7 === 0 ? 9000 : 300)}\n`;
  const total = 2000;
  for (let i = 0; i < total; i++) put(outlet, line(i));
  outlets.flush();
  expect(lost()).toBeGreaterThan(0);
  const chunk = Buffer.alloc(65_536);
  let text = "";
  for (let empty = 0; empty < 2;) {
    let size = 0;
    try {
      size = readSync(fd, chunk);
    } catch { // EAGAIN: the pipe is empty.
    }
    text += chunk.toString("latin1", 0, size);
    if (size === 0) empty++;
    outlets.flush();
  }
  const got = text.split("\n").slice(0, -1);
  expect(got.length + lost()).toBe(total);
  for (const one of got) expect(`${one}\n`).toBe(line(Number(one.slice(0, 5))));
  closeSync(fd);
});

test("descriptors: one that is closed loses lines, counted, and throws nothing", () => {
  const { outlets, outlet, lost } = open({ kind: "fd", fd: 987 });
  put(outlet, "x\n");
  put(outlet, "y\n");
  outlets.flush();
  expect(lost()).toBe(2);
});
