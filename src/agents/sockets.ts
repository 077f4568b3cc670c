/** Listening sockets of agents: an address that somebody else uses is an error, other than with a load balancer's. */
import type { ListenAddress } from "../config/haproxy/model.ts";
import { openListener, publishPath } from "../linux/listen.ts";

const BACKLOG = 128;

/** Throws when it cannot be opened; then nothing is left open. */
export function openAgentSocket(address: ListenAddress, v6only = false): number {
  const fd = openListener({
    address,
    interface: null,
    v6only,
    transparent: false,
    deferAccept: false,
    tfo: false,
    mss: 0,
    tcpUserTimeoutMs: 0,
    unix: { mode: null, uid: null, gid: null },
  }, { backlog: BACKLOG, rcvbuf: 0, sndbuf: 0, reusePort: false });
  if (address.kind === "unix") publishPath(address.path);
  return fd;
}

export function nameOf(address: ListenAddress): string {
  switch (address.kind) {
    case "ip":
      return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
    case "unix":
      return address.path;
    case "abstract":
      return `@${address.name}`;
    case "fd":
      return `fd@${address.fd}`;
  }
}
