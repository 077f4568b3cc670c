/**
 * A session as `show sess` tells of it: haproxy's words (management.txt 9.3) for what there is here.
 */
import type { Plane } from "./plane.ts";
import { clientHost, NAME, portOf } from "./session_names.ts";
import { type Session, STATE } from "./session.ts";

const NAMES = Object.fromEntries(Object.entries(STATE).map(([name, state]) => [state, name])) as Record<number, string>;

/**
 * Process, moment of the accept and place: session objects are used again, and an id that was read a while ago must not name
 * another client.
 */
export function sessionId({ worker }: Plane, { slot, acceptedDate }: Session): string {
  const moment = Math.trunc(acceptedDate) % 2 ** 28;
  return `0x${(worker + 1).toString(16)}${moment.toString(16).padStart(7, "0")}${slot.toString(16).padStart(6, "0")}`;
}

export function showSession(plane: Plane, session: Session): string {
  const { frontend, backend, target, bytesUp, bytesDown } = session;
  const host = clientHost(session);
  const family = host === "unix" || host === "" ? "unix_stream" : host.includes(":") ? "tcpv6" : "tcpv4";
  const source = family === "unix_stream"
    ? `unix:${session.listener!.bind.id}`
    : `${host}:${portOf(session, NAME.client)}`;
  const age = ageText(Math.max(0, Math.floor((Date.now() - session.acceptedDate) / 1000)));
  const fds = `scf=[fd=${session.client.fd}] scb=[fd=${session.server.fd}]`;
  return `${sessionId(plane, session)}: proto=${family} src=${source} fe=${frontend!.proxy.name} ` +
    `be=${backend?.proxy.name ?? "<NONE>"} srv=${target?.server.name ?? "<none>"} age=${age} ` +
    `state=${NAMES[session.state]} rq[total=${bytesUp}] rp[total=${bytesDown}] ${fds}\n`;
}

/** The two largest units: 1h2m, 5s. */
function ageText(seconds: number): string {
  const units = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;
  let rest = seconds;
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join("") || "0s";
}
