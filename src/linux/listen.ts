/**
 * Listening sockets as the supervisor makes them: every option set before bind, ready to be inherited.
 *
 * Bun's own listen offers none of these options. The event loop (loop.ts) accepts on what is made here.
 */
import { dlopen } from "bun:ffi";
import { chmodSync, chownSync, renameSync, unlinkSync } from "node:fs";
import { closeDescriptor, setNonBlocking } from "./descriptors.ts";
import { check, errno, SystemCallError } from "./errors.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  ipSockaddr,
  newSockaddr,
  readSockaddr,
  type SocketName,
  unixSockaddr,
} from "./sockaddr.ts";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
}).symbols;

const SOCK_STREAM = 1;
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_REUSEPORT = 15;
const SO_BINDTODEVICE = 25;
const SO_ACCEPTCONN = 30;
const IPPROTO_IP = 0;
const IP_FREEBIND = 15;
const IP_TRANSPARENT = 19;
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
const TCP_DEFER_ACCEPT = 9;
const TCP_USER_TIMEOUT = 18;
const TCP_FASTOPEN = 23;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_TRANSPARENT = 75;
const IPV6_FREEBIND = 78;

function setInt(fd: number, level: number, option: number, value: number, what: string): void {
  check(libc.setsockopt(fd, level, option, new Int32Array([value]), 4), "setsockopt", what);
}

function getInt(fd: number, level: number, option: number): number {
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  return libc.getsockopt(fd, level, option, value, length) < 0 ? -1 : value[0]!;
}

/** Where an inherited descriptor listens; null when it is no listening stream socket. */
export function listeningName(fd: number): SocketName | null {
  if (getInt(fd, SOL_SOCKET, SO_TYPE) !== SOCK_STREAM || getInt(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) return null;
  return socketName(fd);
}

/** Made by somebody else, it may be blocking: accepting until nobody is left would then wait for the next. */
export const adopt = setNonBlocking;

/** The interface that a socket is bound to; null: none. */
export function interfaceOf(fd: number): string | null {
  const name = new Uint8Array(16); // IFNAMSIZ
  const length = new Uint32Array([name.length]);
  if (libc.getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, length) < 0) return null;
  const text = new TextDecoder().decode(name.subarray(0, length[0]!)).replace(/\0.*$/s, "");
  return text === "" ? null : text;
}

export function socketName(fd: number): SocketName | null {
  const bytes = newSockaddr();
  const length = new Uint32Array([bytes.length]);
  return libc.getsockname(fd, bytes, length) < 0 ? null : readSockaddr(bytes, length[0]!);
}

export type ListenAddress =
  | { kind: "ip"; family: 4 | 6; host: string; port: number }
  | { kind: "unix"; path: string }
  | { kind: "abstract"; name: string; padded: boolean }
  | { kind: "fd"; fd: number };

/** The options of a `bind` line that are the kernel's business. */
export interface ListenOptions {
  address: ListenAddress;
  interface: string | null;
  v6only: boolean;
  transparent: boolean;
  deferAccept: boolean;
  tfo: boolean;
  mss: number;
  tcpUserTimeoutMs: number;
  unix: { mode: number | null; uid: number | null; gid: number | null };
}

/** Socket buffers of accepted connections are inherited from the listener (tune.rcvbuf.client, tune.sndbuf.client). */
export interface ListenTuning {
  backlog: number;
  rcvbuf: number;
  sndbuf: number;
  reusePort: boolean;
}

/** Options of a `bind` line on an IP socket: [wanted, level, option by family, value]. */
function bindOptions(
  bind: ListenOptions,
  family: 4 | 6,
): [wanted: boolean, level: number, option: number, value: number, what: string][] {
  const v6 = family === 6;
  return [
    [v6, IPPROTO_IPV6, IPV6_V6ONLY, bind.v6only ? 1 : 0, "v6only"],
    [bind.transparent, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1, "freebind"],
    [bind.mss > 0, IPPROTO_TCP, TCP_MAXSEG, bind.mss, "mss"],
    [bind.tcpUserTimeoutMs > 0, IPPROTO_TCP, TCP_USER_TIMEOUT, bind.tcpUserTimeoutMs, "tcp-ut"],
    [bind.deferAccept, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60, "defer-accept"],
  ];
}

function openIp(bind: ListenOptions, host: string, family: 4 | 6, port: number, tuning: ListenTuning): number {
  const fd = check(libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | NONBLOCK_CLOEXEC, 0), "socket");
  try {
    setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1, "reuseaddr");
    if (tuning.reusePort) setInt(fd, SOL_SOCKET, SO_REUSEPORT, 1, "reuseport");
    if (bind.transparent) {
      // Without CAP_NET_ADMIN freebind alone still lets an address be bound that is not there yet.
      const v6 = family === 6;
      libc.setsockopt(
        fd,
        v6 ? IPPROTO_IPV6 : IPPROTO_IP,
        v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT,
        new Int32Array([1]),
        4,
      );
    }
    for (const [wanted, level, option, value, what] of bindOptions(bind, family)) {
      if (wanted) setInt(fd, level, option, value, what);
    }
    if (bind.interface !== null) {
      const name = new TextEncoder().encode(`${bind.interface}\0`);
      check(
        libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length),
        "setsockopt",
        `interface "${bind.interface}"`,
      );
    }
    setBuffers(fd, tuning);
    const address = ipSockaddr(host, family, port);
    check(libc.bind(fd, address, address.length), "bind");
    if (bind.tfo) setInt(fd, IPPROTO_TCP, TCP_FASTOPEN, tuning.backlog, "tfo");
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

function setBuffers(fd: number, tuning: ListenTuning): void {
  if (tuning.rcvbuf > 0) setInt(fd, SOL_SOCKET, 8, tuning.rcvbuf, "rcvbuf");
  if (tuning.sndbuf > 0) setInt(fd, SOL_SOCKET, 7, tuning.sndbuf, "sndbuf");
}

/** Where a unix socket waits until its start has succeeded: haproxy knows the form `PATH.PID.tmp` as well. */
export const provisionalPath = (path: string): string => `${path}.${process.pid}.tmp`;

/** Under a provisional name: a start that fails has not touched what stood under the real one. */
function openUnixPath(bind: ListenOptions, path: string, tuning: ListenTuning): number {
  const fd = check(libc.socket(AF_UNIX, SOCK_STREAM | NONBLOCK_CLOEXEC, 0), "socket");
  const temporary = provisionalPath(path);
  try {
    const address = unixSockaddr(temporary, false, false);
    removeFile(temporary);
    check(libc.bind(fd, address, address.length), "bind");
    const { mode, uid, gid } = bind.unix;
    if (uid !== null || gid !== null) chownSync(temporary, uid ?? -1, gid ?? -1);
    if (mode !== null) chmodSync(temporary, mode);
    check(libc.listen(fd, tuning.backlog), "listen");
    return fd;
  } catch (error) {
    removeFile(temporary);
    closeDescriptor(fd);
    throw error;
  }
}

/** The socket gets its real name. It listens already, so that a client never meets a dead file. */
export const publishPath = (path: string): void => renameSync(provisionalPath(path), path);

/** The start has failed. */
export const withdrawPath = (path: string): void => removeFile(provisionalPath(path));

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Not there, which is what was wanted.
  }
}

function openAbstract(name: string, padded: boolean): number {
  const fd = check(libc.socket(AF_UNIX, SOCK_STREAM | NONBLOCK_CLOEXEC, 0), "socket");
  const address = unixSockaddr(name, true, padded);
  if (libc.bind(fd, address, address.length) < 0) {
    const why = errno();
    closeDescriptor(fd);
    throw new SystemCallError("bind", why);
  }
  return fd;
}

/**
 * Makes the socket of one bind entry and lets it listen; that of a path is still to be published (publishPath).
 * Throws a SystemCallError, or Node's error of the same shape; nothing is left open then.
 */
export function openListener(bind: ListenOptions, tuning: ListenTuning): number {
  const { address } = bind;
  switch (address.kind) {
    case "ip": {
      const fd = openIp(bind, address.host, address.family, address.port, tuning);
      return listenOrClose(fd, tuning.backlog);
    }
    case "unix":
      return openUnixPath(bind, address.path, tuning);
    case "abstract":
      return listenOrClose(openAbstract(address.name, address.padded), tuning.backlog);
    case "fd":
      // Already listening: its owner's backlog stays.
      if (listeningName(address.fd) === null) throw new SystemCallError("getsockname", 88, `descriptor ${address.fd}`);
      adopt(address.fd);
      return address.fd;
  }
}

function listenOrClose(fd: number, backlog: number): number {
  if (libc.listen(fd, backlog) === 0) return fd;
  const why = errno();
  closeDescriptor(fd);
  throw new SystemCallError("listen", why);
}

/** Sets the backlog again: of a socket kept over a reload, or adopted by Bun, which sets 511. */
export const setBacklog = (fd: number, backlog: number): void => void libc.listen(fd, backlog);

/** Takes a TCP listener out of service without closing it: it keeps its address and refuses (SIGTTOU). */
export function suspendListener(fd: number): void {
  const unspecified = new Uint8Array(new ArrayBuffer(16));
  libc.connect(fd, unspecified, 16);
}

/** Back into service on the address it kept (SIGTTIN). */
export const resumeListener = setBacklog;
