/** A session, or the present exchange of an HTTP one, as its log line shows it (logs/record.ts). */
import { WORD } from "../board/words.ts";
import { savedName, saveLocalName, savePeerName } from "../linux/connect.ts";
import type { RecordNeeds, SessionRecord } from "../logs/record.ts";
import { fillExchange } from "./http1/exchange_record.ts";
import type { Plane } from "./plane.ts";
import { NAME, type Session } from "./session.ts";

/** Fills the process's one record, which is good until the next call. */
export function fillRecord(
  plane: Plane,
  session: Session,
  termination: string,
  needs: RecordNeeds = session.frontend!.logger.needs,
): SessionRecord {
  const { record } = plane;
  const { words } = plane.board;
  const { frontend, backend, target } = session;
  const { now } = plane.loop;
  if (needs.client) nameInto(plane, session, NAME.client, "clientHost", "clientPort");
  if (needs.local) nameInto(plane, session, NAME.local, "localHost", "localPort");
  if (needs.source) nameInto(plane, session, NAME.source, "sourceHost", "sourcePort");
  plane.samples.session = session;
  if (needs.server) serverInto(plane, session);
  record.acceptedAtMs = session.acceptedDate;
  record.frontendName = frontend!.proxy.name;
  record.backendName = backend === null ? frontend!.proxy.name : backend.proxy.name;
  record.serverName = target === null ? "<NOSRV>" : target.server.name;
  record.tls = false;
  record.handshakeMs = 0;
  record.queueMs = session.queueMs;
  record.connectMs = session.connectMs;
  record.totalMs = Math.trunc(now - session.acceptedAt);
  record.dataMs = session.connectMs < 0 ? -1 : Math.max(0, record.totalMs - session.queueMs - session.connectMs);
  record.bytesUp = session.bytesUp;
  record.bytesDown = session.bytesDown;
  record.termination = termination;
  record.actConn = words[plane.process.word + WORD.cur]!;
  record.feConn = words[frontend!.cell.word + WORD.cur]!;
  record.beConn = backend === null ? 0 : words[backend.cell.word + WORD.cur]!;
  record.srvConn = target === null ? 0 : words[target.cell.word + WORD.cur]!;
  record.retries = session.attempts;
  record.redispatched = session.redispatched;
  record.serverQueue = session.serverQueue;
  record.backendQueue = session.backendQueue;
  record.uniqueId = session.uniqueId;
  record.sequence = plane.sequence;
  record.http = session.http !== null;
  if (session.http !== null) fillExchange(record, session, session.http, now);
  return record;
}

/** The same while the exchange goes on: what the log does not need may not have been kept of its sockets. */
export function recordNow(plane: Plane, session: Session, needs: RecordNeeds): SessionRecord {
  const { logger } = session.frontend!;
  const { fd } = session.client;
  session.names ??= new Uint8Array(NAME.bytes);
  if (needs.client && !(logger.active && logger.needs.client)) savePeerName(fd, session.names, NAME.client);
  if (needs.local && !(logger.active && logger.needs.local)) saveLocalName(fd, session.names, NAME.local);
  const { server } = session;
  if (needs.source && server.fd >= 0 && !(logger.active && logger.needs.source)) {
    saveLocalName(server.fd, session.names, NAME.source);
  }
  return fillRecord(plane, session, "--", needs);
}

function nameInto(
  { record }: Plane,
  session: Session,
  which: number,
  host: "clientHost" | "localHost" | "sourceHost",
  port: "clientPort" | "localPort" | "sourcePort",
): void {
  const name = savedName(session.names!, which);
  record[host] = name === null ? "" : name.kind === "ip" ? name.host : "unix";
  record[port] = name === null ? 0 : name.kind === "ip" ? name.port : session.listener!.bind.id;
}

function serverInto({ record }: Plane, { target }: Session): void {
  const address = target?.server.address;
  record.serverHost = address === undefined ? "" : address.kind === "ip" ? address.host : "unix";
  record.serverPort = address?.kind === "ip" ? address.port : 0;
}
