/**
 * Outgoing TCP and unix connections: made non-blocking here, taken over by the loop (loop.ts).
 *
 * On the path of each connection: the addresses are encoded once at load, nothing is allocated per call.
 */
import { dlopen } from "bun:ffi";
import { closeDescriptor } from "./descriptors.ts";
import { errno } from "./errors.ts";
import { AF_INET, AF_INET6, AF_UNIX, newSockaddr, readSockaddr, type SocketName } from "./sockaddr.ts";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
}).symbols;

const STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
const EINPROGRESS = 115;
const EAGAIN = 11;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_KEEPALIVE = 9;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_USER_TIMEOUT = 18;
const TCP_FASTOPEN_CONNECT = 30;
const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;

const ONE = new Int32Array([1]);
const value = new Int32Array(1);
const name = newSockaddr();
const nameLength = new Uint32Array(1);

/** Options of connections to one server, settled at load. */
export interface ConnectPlan {
  family: number;
  address: Uint8Array;
  /** Our own address; null: the kernel's choice. */
  source: Uint8Array | null;
  /** With source ports of our own the port is written into `source` before each call. */
  sourcePorts: boolean;
  interface: Uint8Array | null;
  keepAlive: KeepAlive | null;
  tfo: boolean;
  userTimeoutMs: number;
  sndbuf: number;
  rcvbuf: number;
}

/** Seconds and probes; 0: the system's. */
export interface KeepAlive {
  idleSec: number;
  intervalSec: number;
  count: number;
}

export const familyOf = (address: Uint8Array): number => address[0]! | (address[1]! << 8);

function setInt(fd: number, level: number, option: number, to: number): number {
  value[0] = to;
  return libc.setsockopt(fd, level, option, value, 4);
}

/** A descriptor whose connection is under way, or minus errno. */
export function startConnect(plan: ConnectPlan): number {
  const fd = libc.socket(plan.family, STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return -errno();
  if (plan.family !== AF_UNIX) libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
  if (plan.keepAlive !== null) setKeepAlive(fd, plan.keepAlive);
  if (plan.tfo) setInt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  if (plan.userTimeoutMs > 0) setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, plan.userTimeoutMs);
  if (plan.sndbuf > 0) setInt(fd, SOL_SOCKET, SO_SNDBUF, plan.sndbuf);
  if (plan.rcvbuf > 0) setInt(fd, SOL_SOCKET, SO_RCVBUF, plan.rcvbuf);
  let failed = 0;
  if (plan.interface !== null) {
    failed = libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, plan.interface, plan.interface.length);
  }
  if (failed === 0 && plan.source !== null) {
    // Without a port of its own the kernel picks one at connect time, so that 64 k connections per server fit.
    if (!plan.sourcePorts) libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ONE, 4);
    else libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ONE, 4);
    failed = libc.bind(fd, plan.source, plan.source.length);
  }
  if (failed === 0) failed = libc.connect(fd, plan.address, plan.address.length);
  if (failed === 0) return fd;
  const why = errno();
  if (why === EINPROGRESS) return fd;
  closeDescriptor(fd);
  // A unix socket with a full queue says EAGAIN: nobody will tell us when there is room.
  return -(why === EAGAIN && plan.family === AF_UNIX ? 111 : why);
}

export function setKeepAlive(fd: number, { idleSec, intervalSec, count }: KeepAlive): void {
  libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, ONE, 4);
  if (idleSec > 0) setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, idleSec);
  if (intervalSec > 0) setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, intervalSec);
  if (count > 0) setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
}

export function localName(fd: number): SocketName | null {
  nameLength[0] = name.length;
  return libc.getsockname(fd, name, nameLength) < 0 ? null : readSockaddr(name, nameLength[0]!);
}

/** Bytes that one saved name takes: its length, and a sockaddr as long as IPv6 needs; a longer one is a unix socket's. */
export const SAVED_NAME = 32;

/** Keeps the name of a socket's end for the time after its close: no string is made. */
export function saveLocalName(fd: number, into: Uint8Array, at: number): void {
  nameLength[0] = name.length;
  keepName(name, libc.getsockname(fd, name, nameLength) < 0 ? 0 : nameLength[0]!, into, at);
}

/** The same for a name that accept has brought along. */
export function keepName(from: Uint8Array, length: number, into: Uint8Array, at: number): void {
  const kept = Math.min(length, SAVED_NAME - 1);
  into[at] = kept;
  for (let i = 0; i < kept; i++) into[at + 1 + i] = from[i]!;
}

/** The name kept at `at`; null when there was none. */
export function savedName(from: Uint8Array, at: number): SocketName | null {
  const length = from[at]!;
  return length === 0 ? null : readSockaddr(from.subarray(at + 1, at + 1 + length), length);
}

/** Bytes of the kept IP address into `into`; returns 4 or 16, or 0: a unix socket, or nothing kept. IPv4-mapped comes out as 4. */
export function savedAddress(from: Uint8Array, at: number, into: Uint8Array): 0 | 4 | 16 {
  const name = at + 1;
  const family = from[at] === 0 ? AF_UNIX : from[name]! | (from[name + 1]! << 8);
  if (family === AF_INET) return copy(from, name + 4, into, 4);
  if (family !== AF_INET6) return 0;
  let zeros = 0;
  while (zeros < 10 && from[name + 8 + zeros] === 0) zeros++;
  const mapped = zeros === 10 && from[name + 18] === 0xff && from[name + 19] === 0xff;
  return mapped ? copy(from, name + 20, into, 4) : copy(from, name + 8, into, 16);
}

function copy(from: Uint8Array, at: number, into: Uint8Array, length: 4 | 16): 4 | 16 {
  for (let i = 0; i < length; i++) into[i] = from[at + i]!;
  return length;
}

/** The port of the kept name; 0 of a unix socket. */
export function savedPort(from: Uint8Array, at: number): number {
  const name = at + 1;
  const family = from[at] === 0 ? AF_UNIX : from[name]! | (from[name + 1]! << 8);
  return family === AF_UNIX ? 0 : (from[name + 2]! << 8) | from[name + 3]!;
}
