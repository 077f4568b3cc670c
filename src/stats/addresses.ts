/**
 * Addresses of listeners and servers as the statistics show them: `host:port`, IPv6 in brackets, or "unix".
 */
import type { ListenAddress, ServerAddress } from "../config/haproxy/model.ts";

const WILDCARD = { 4: "0.0.0.0", 6: "::" } as const;
const hostPort = (family: 4 | 6, host: string, port: number): string => {
  const shown = host === "" || host === "*" ? WILDCARD[family] : host;
  return family === 6 ? `[${shown}]:${port}` : `${shown}:${port}`;
};

/** null: not known here, as of an inherited descriptor. */
export function listenerAddress(address: ListenAddress): string | null {
  if (address.kind === "ip") return hostPort(address.family, address.host, address.port);
  return address.kind === "fd" ? null : "unix";
}

/** The port as configured: of one that follows the client's, the offset; 0 without a port. */
export function serverPort(address: ServerAddress): number {
  if (address.kind !== "ip") return 0;
  return address.portMode === "map" ? address.portOffset : address.port;
}

export function serverAddress(address: ServerAddress): string {
  if (address.kind !== "ip") return "unix";
  return hostPort(address.family, address.host, serverPort(address));
}

/** haproxy's name of the protocol. */
export function protocol(address: ListenAddress): string | null {
  if (address.kind === "ip") return address.family === 4 ? "tcpv4" : "tcpv6";
  return address.kind === "fd" ? null : "unix_stream";
}
