/**
 * The listening sockets of the program: made once for an address, kept over reloads, shared out among the proxy processes.
 *
 * An IP address has one SO_REUSEPORT socket per proxy process, anything else one that all accept from. A socket that has
 * once been open is closed only when no configuration names it any more, so that nothing in a backlog is lost.
 */
import type { ListenerRef } from "../board/boot.ts";
import { backlogOf } from "../config/haproxy/limits.ts";
import type { Bind, Model, Proxy } from "../config/haproxy/model.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import {
  adopt,
  interfaceOf,
  listeningName,
  openListener,
  publishPath,
  resumeListener,
  setBacklog,
  suspendListener,
  withdrawPath,
} from "../linux/listen.ts";
import { ipSockaddr, readSockaddr, type SocketName } from "../linux/sockaddr.ts";
import type { FetchedListener } from "../linux/passing.ts";

/** Descriptors by address. */
export type Pool = Map<string, number[]>;

export interface Opened {
  pool: Pool;
  /** What was opened now, to be closed again should the start fail. */
  fresh: number[];
  /** Paths among them, which get their names when the start has succeeded. */
  freshPaths: string[];
  /** By descriptor; an inherited one (`fd@N`) keeps its owner's and is not among them. */
  backlogs: Map<number, number>;
  /** The same of sockets whose frontend the operator has disabled: they do not listen. */
  resting: Map<number, number>;
  /** By proxy process: what it accepts on. */
  accepts: (ListenerRef & { fd: number })[][];
  statsSockets: number[];
  failures: string[];
}

/** The name under which a socket is found again: its address and what it is bound to. */
function keyOf({ address, interface: device }: Bind): string {
  switch (address.kind) {
    case "ip":
      // As the kernel would write it: an IPv6 address has many forms.
      return keyOfName(readSockaddr(ipSockaddr(address.host, address.family, address.port), Infinity), device);
    case "unix":
      return `unix ${address.path}`;
    case "abstract":
      return `abstract ${address.name}`;
    case "fd":
      return `fd ${address.fd}`;
  }
}

function keyOfName(name: SocketName, device: string | null): string {
  switch (name.kind) {
    case "ip":
      return `${name.host} ${name.port} ${device ?? ""}`;
    case "unix":
      // Another program may have bound it under a name of its own before it moved it into place.
      return `unix ${name.path.replace(/\.\d+\.tmp$/, "")}`;
    case "abstract":
      return `abstract ${name.name}`;
  }
}

/** Sorts sockets taken over from another process by what they listen on; the rest is closed. */
export function poolOf(fetched: readonly FetchedListener[]): Pool {
  const pool: Pool = new Map();
  for (const { fd } of fetched) {
    const name = listeningName(fd);
    if (name === null) {
      closeDescriptor(fd);
      continue;
    }
    adopt(fd);
    add(pool, keyOfName(name, interfaceOf(fd)), fd);
  }
  return pool;
}

function add(pool: Pool, key: string, fd: number): void {
  const fds = pool.get(key);
  if (fds === undefined) pool.set(key, [fd]);
  else fds.push(fd);
}

/** Opens what the model names and `before` does not have. Goes on after a failure, to report all of them. */
export function openListeners(model: Model, workers: number, maxconn: number, before: Pool): Opened {
  const opened: Opened = {
    pool: new Map(),
    fresh: [],
    freshPaths: [],
    backlogs: new Map(),
    resting: new Map(),
    accepts: Array.from({ length: workers }, () => []),
    statsSockets: [],
    failures: [],
  };
  const { tune } = model.global;
  const obtain = (bind: Bind, count: number, backlog: number, who: string): number[] => {
    const key = keyOf(bind);
    // The same address twice: each has sockets of its own.
    const fds = opened.pool.has(key) ? [] : [...(before.get(key) ?? [])];
    if (bind.address.kind !== "fd") fds.forEach((fd) => setBacklog(fd, backlog));
    try {
      while (fds.length < count) {
        const fd = openListener(bind, {
          backlog,
          rcvbuf: tune.rcvbufClient,
          sndbuf: tune.sndbufClient,
          reusePort: true,
        });
        fds.push(fd);
        if (bind.address.kind !== "fd") opened.fresh.push(fd);
        if (bind.address.kind === "unix") opened.freshPaths.push(bind.address.path);
      }
    } catch (error) {
      const { syscall } = error as { syscall?: string };
      opened.failures.push(
        `${who}: cannot ${syscall === "bind" ? "bind" : "open"} socket (${reason(error as Error)}) [${shown(bind)}]`,
      );
    }
    for (const fd of fds) {
      add(opened.pool, key, fd);
      if (bind.address.kind !== "fd") opened.backlogs.set(fd, backlog);
    }
    return fds;
  };
  model.proxies.forEach((proxy, p) => {
    if (proxy.kind === "backend" || proxy.disabled) return;
    proxy.binds.forEach((bind, b) => {
      const taking = bind.threads?.map((thread) => thread - 1).filter((worker) => worker < workers) ??
        Array.from({ length: workers }, (_, worker) => worker);
      const fds = obtain(
        bind,
        bind.address.kind === "ip" ? taking.length : 1,
        backlogOf(proxy, bind.backlog, maxconn),
        titleOf(proxy),
      );
      shareOut(fds, taking, (worker, fd) => opened.accepts[worker]!.push({ proxy: p, bind: b, fd }));
    });
  });
  for (const bind of model.global.statsSockets) {
    const [fd] = obtain(bind, 1, bind.backlog || 128, "Starting stats socket");
    if (fd !== undefined) opened.statsSockets.push(fd);
  }
  return opened;
}

/** All serve: the new unix sockets get their names, from whoever had them. */
export function publish({ freshPaths }: Opened): void {
  freshPaths.splice(0).forEach(publishPath);
}

/** The start has failed: what it had opened goes, what was there before stays. */
export function abandon({ fresh, freshPaths }: Opened): void {
  freshPaths.splice(0).forEach(withdrawPath);
  fresh.splice(0).forEach(closeDescriptor);
}

/** Each socket has someone who accepts from it, each process a socket, whichever are more. */
function shareOut(
  fds: readonly number[],
  workers: readonly number[],
  give: (worker: number, fd: number) => void,
): void {
  const count = fds.length === 0 ? 0 : Math.max(fds.length, workers.length);
  for (let i = 0; i < count; i++) give(workers[i % workers.length]!, fds[i % fds.length]!);
}

const titleOf = (proxy: Proxy): string => `Starting ${proxy.kind === "listen" ? "proxy" : proxy.kind} ${proxy.name}`;

const REASONS: Record<string, string> = {
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  ENODEV: "No such device",
  ENOENT: "No such file or directory",
  ENOTSOCK: "Not a listening socket",
  EBADF: "Bad file descriptor",
  EAFNOSUPPORT: "Address family not supported by protocol",
};
const reason = (error: Error & { code?: string }): string => REASONS[error.code ?? ""] ?? error.message;

/** As haproxy shows it: address:port, path, abns@name, fd@N. */
export function shown({ address }: Pick<Bind, "address">): string {
  switch (address.kind) {
    case "ip":
      return `${address.host}:${address.port}`;
    case "unix":
      return address.path;
    case "abstract":
      return `${address.padded ? "abns" : "abnsz"}@${address.name}`;
    case "fd":
      return `fd@${address.fd}`;
  }
}

/** SIGTTOU and SIGTTIN: the addresses are given up for someone else, and taken again. */
export const suspendAll = ({ backlogs }: Opened): void => [...backlogs.keys()].forEach(suspendListener);
export const resumeAll = ({ backlogs }: Opened): void => backlogs.forEach((backlog, fd) => resumeListener(fd, backlog));
