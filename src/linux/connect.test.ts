/** Outgoing sockets: what each option of a plan does to them, and names that outlive them. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../test/harness/conditions.ts";
import { freePort } from "../../test/harness/ports.ts";
import { startServer, type TestServer } from "../../test/harness/servers.ts";
import {
  type ConnectPlan,
  keepName,
  localName,
  SAVED_NAME,
  savedAddress,
  savedName,
  savedPort,
  saveLocalName,
  setKeepAlive,
  startConnect,
} from "./connect.ts";
import { closeDescriptor } from "./descriptors.ts";
import { ipSockaddr, unixSockaddr } from "./sockaddr.ts";

const folder = mkdtempSync(join(tmpdir(), "connect-"));
const seen: string[] = [];
const server: TestServer = startServer((peer) => void seen.push(`${peer.socket.remoteAddress}:${peer.remotePort}`));
const unix: TestServer = startServer(() => {}, join(folder, "server"));
afterAll(async () => {
  await server.stop();
  await unix.stop();
  rmSync(folder, { recursive: true });
});

const plan = (given: Partial<ConnectPlan> = {}): ConnectPlan => ({
  family: 2,
  address: ipSockaddr("127.0.0.1", 4, server.port),
  source: null,
  sourcePorts: false,
  interface: null,
  keepAlive: null,
  tfo: false,
  userTimeoutMs: 0,
  sndbuf: 0,
  rcvbuf: 0,
  ...given,
});
const unixPlan = (name: string) => plan({ family: 1, address: unixSockaddr(join(folder, name), false, false) });
const open = (): number => readdirSync("/proc/self/fd").length;
const [first = 0, second = 0] = [freePort(), freePort()];

const DONE: [what: string, plan: Partial<ConnectPlan>, seen: RegExp][] = [
  ["nothing special", {}, /^127\.0\.0\.1:/],
  ["a source address", { source: ipSockaddr("127.0.0.44", 4, 0) }, /^127\.0\.0\.44:/],
  [
    "a source port",
    { source: ipSockaddr("127.0.0.45", 4, first), sourcePorts: true },
    new RegExp(`^127.0.0.45:${first}$`),
  ],
  ["an interface", { interface: new TextEncoder().encode("lo\0") }, /^127\.0\.0\.1:/],
  ["all the rest", { tfo: true, userTimeoutMs: 1000, sndbuf: 65536, rcvbuf: 65536 }, /^127\.0\.0\.1:/],
];
test.each(DONE)("%s", async (_, given, address) => {
  const count = seen.length;
  const fd = startConnect(plan(given));
  expect(fd).toBeGreaterThan(2);
  if (given.tfo) Bun.write(Bun.file(fd), "x"); // nothing is sent before there is something to send
  await waitFor(() => seen.length > count, "the server to have it");
  expect(seen.at(-1)!).toMatch(address);
  closeDescriptor(fd);
});

const REFUSED: [what: string, plan: ConnectPlan, errno: number][] = [
  ["a unix socket that is not there", unixPlan("nothing"), 2],
  ["an interface that is not there", plan({ interface: new TextEncoder().encode("nosuch0\0") }), 19],
  ["an address that is not ours", plan({ source: ipSockaddr("192.0.2.1", 4, 0) }), 99],
  ["a port somebody listens on", plan({ source: ipSockaddr("127.0.0.1", 4, server.port), sourcePorts: true }), 98],
  ["a broadcast", plan({ address: ipSockaddr("255.255.255.255", 4, 80) }), 101],
];
test.each(REFUSED)("%s fails at once, and nothing stays open", (_, refused, errno) => {
  const before = open();
  expect(startConnect(refused)).toBe(-errno);
  expect(open()).toBe(before);
});

test("a unix connection is up at once", () => {
  const fd = startConnect(unixPlan("server"));
  expect(fd).toBeGreaterThan(2);
  closeDescriptor(fd);
});

test("options are set: as the kernel tells", () => {
  const fd = startConnect(plan({
    source: ipSockaddr("127.0.0.46", 4, second),
    sourcePorts: true,
    keepAlive: { idleSec: 77, intervalSec: 5, count: 3 },
  }));
  const { stdout } = Bun.spawnSync(["ss", "-Htno", `sport = :${second}`]);
  expect(stdout.toString()).toMatch(/timer:\(keepalive,1min1[5-7]sec/);
  closeDescriptor(fd);
});

test("keepalive with the system's own times", () => {
  const fd = startConnect(plan());
  const { port } = localName(fd) as { port: number };
  setKeepAlive(fd, { idleSec: 0, intervalSec: 0, count: 0 });
  const { stdout } = Bun.spawnSync(["ss", "-Htno", `sport = :${port}`, "and", `dport = :${server.port}`]);
  expect(stdout.toString()).toContain("timer:(keepalive,");
  closeDescriptor(fd);
});

test("names are kept for the time after the close", () => {
  const fd = startConnect(plan({ source: ipSockaddr("127.0.0.47", 4, 0) }));
  const names = new Uint8Array(2 * SAVED_NAME);
  saveLocalName(fd, names, 0);
  closeDescriptor(fd);
  expect(savedName(names, 0)).toMatchObject({ kind: "ip", host: "127.0.0.47" });
  expect(savedName(names, SAVED_NAME)).toBe(null);
  saveLocalName(fd, names, 0); // closed: there is none any more
  expect(savedName(names, 0)).toBe(null);
});

const KEPT: [bytes: Uint8Array, name: object][] = [
  [ipSockaddr("1.2.3.4", 4, 5), { kind: "ip", family: 4, host: "1.2.3.4", port: 5 }],
  [ipSockaddr("2001:db8:1:2:3:4:5:6", 6, 65535), { kind: "ip", family: 6, host: "2001:db8:1:2:3:4:5:6", port: 65535 }],
  [new Uint8Array([1, 0]), { kind: "unix", path: "" }],
];
test.each(KEPT)("keepName: %p", (bytes, name) => {
  const names = new Uint8Array(2 * SAVED_NAME).fill(9);
  keepName(bytes, bytes.length, names, SAVED_NAME);
  expect(savedName(names, SAVED_NAME)).toEqual(name as never);
  expect(names.subarray(0, SAVED_NAME).every((byte) => byte === 9)).toBe(true);
});

const ENDS: [listen: string, to: string, family: 4 | 6, bytes: number[]][] = [
  ["127.0.0.1", "127.0.0.1", 4, [127, 0, 0, 1]],
  ["::1", "::1", 6, [...Array<number>(15).fill(0), 1]],
  ["::", "::ffff:127.0.0.1", 6, [127, 0, 0, 1]], // mapped: the same address as on an IPv4 socket
];
test.each(ENDS)("savedAddress: a listener at %s reached as %s", (listen, to, family, bytes) => {
  const listener = Bun.listen({ hostname: listen, port: 0, socket: { data() {} } });
  const fd = startConnect(plan({ family: family === 4 ? 2 : 10, address: ipSockaddr(to, family, listener.port) }));
  const { port } = localName(fd) as { port: number };
  const names = new Uint8Array(2 * SAVED_NAME);
  saveLocalName(fd, names, SAVED_NAME);
  const into = new Uint8Array(16);
  expect([...into.subarray(0, savedAddress(names, SAVED_NAME, into))]).toEqual(bytes);
  expect(savedPort(names, SAVED_NAME)).toBe(port);
  expect(savedAddress(names, 0, into)).toBe(0);
  expect(savedPort(names, 0)).toBe(0);
  closeDescriptor(fd);
  listener.stop(true);
});

test("a unix socket has neither address nor port", () => {
  const names = new Uint8Array(SAVED_NAME);
  keepName(new Uint8Array([1, 0]), 2, names, 0);
  expect(savedAddress(names, 0, new Uint8Array(16))).toBe(0);
  expect(savedPort(names, 0)).toBe(0);
});
