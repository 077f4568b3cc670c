/**
 * The names of a session's sockets, kept as the kernel gave them, since the log line is written when the sockets are closed: one
 * table for all sessions, by slot. The client's comes with the accept; ours is asked for when somebody wants it.
 */
import { keepName, SAVED_NAME, savedAddress, savedName, savedPort, saveLocalName } from "../linux/connect.ts";
import type { SocketName } from "../linux/sockaddr.ts";
import type { Session } from "./session.ts";

/** Which of a session's names: the client, where it connected to, our end towards the server. */
export const NAME = { client: 0, local: SAVED_NAME, source: 2 * SAVED_NAME } as const;
const PER_SESSION = 3 * SAVED_NAME;

let names = new Uint8Array(new ArrayBuffer(256 * PER_SESSION));

const placeOf = ({ slot }: Session, which: number): number => slot * PER_SESSION + which;

/** Of a new connection. */
export function keepClientName(session: Session, name: Uint8Array, length: number): void {
  const at = placeOf(session, NAME.client);
  if (at >= names.length) grow(at);
  keepName(name, length, names, at);
  names[at + NAME.local] = 0;
  names[at + NAME.source] = 0;
  session.clientHost = "";
}

function grow(at: number): void {
  const larger = new Uint8Array(new ArrayBuffer(Math.max(2 * names.length, at + PER_SESSION)));
  larger.set(names);
  names = larger;
}

/** The address the client connected to: asked of the kernel once, while the connection is there. */
export function keepLocalName(session: Session): void {
  const at = placeOf(session, NAME.local);
  if (names[at] === 0 && session.client.fd >= 0) saveLocalName(session.client.fd, names, at);
}

/** Our end of the connection to the server. */
export const keepSourceName = (session: Session): void =>
  saveLocalName(session.server.fd, names, placeOf(session, NAME.source));

/** The client's address as text, "unix", or "" for none; made once per connection. */
export function clientHost(session: Session): string {
  if (session.clientHost === "") session.clientHost = hostOf(session, NAME.client);
  return session.clientHost;
}

export function hostOf(session: Session, which: number): string {
  const name: SocketName | null = savedName(names, placeOf(session, which));
  return name === null ? "" : name.kind === "ip" ? name.host : "unix";
}

const bytes = new Uint8Array(new ArrayBuffer(16));
const views = { 4: bytes.subarray(0, 4), 16: bytes };

/** 4 or 16 bytes, good until the next call; null on a unix socket. */
export function addressOf(session: Session, which: number): Uint8Array | null {
  const length = savedAddress(names, placeOf(session, which), bytes);
  return length === 0 ? null : views[length];
}

export const portOf = (session: Session, which: number): number => savedPort(names, placeOf(session, which));
