/**
 * The names of a session's sockets. The client's comes with the accept; ours is asked for when somebody wants it. They are kept
 * as the kernel gave them, since the log line is written when the sockets are closed; text is made once per connection.
 */
import { keepName, savedAddress, savedName, savedPort, saveLocalName } from "../linux/connect.ts";
import type { SocketName } from "../linux/sockaddr.ts";
import { NAME, type Session } from "./session.ts";

/** Of a new connection. */
export function keepClientName(session: Session, name: Uint8Array, length: number): void {
  const { names } = session;
  keepName(name, length, names, NAME.client);
  names[NAME.local] = 0;
  names[NAME.source] = 0;
  session.clientHost = "";
}

/** The address the client connected to: asked of the kernel once, while the connection is there. */
export function keepLocalName({ names, client }: Session): void {
  if (names[NAME.local] === 0 && client.fd >= 0) saveLocalName(client.fd, names, NAME.local);
}

/** As text: an address, "unix", or "" for none. */
export function clientHost(session: Session): string {
  if (session.clientHost === "") session.clientHost = hostOf(savedName(session.names, NAME.client));
  return session.clientHost;
}

export const hostOf = (name: SocketName | null): string => name === null ? "" : name.kind === "ip" ? name.host : "unix";

const bytes = new Uint8Array(new ArrayBuffer(16));
const views = { 4: bytes.subarray(0, 4), 16: bytes };

/** 4 or 16 bytes, good until the next call; null on a unix socket. `which` is one of NAME. */
export function addressOf({ names }: Session, which: number): Uint8Array | null {
  const length = savedAddress(names, which, bytes);
  return length === 0 ? null : views[length];
}

export const portOf = ({ names }: Session, which: number): number => savedPort(names, which);
