/** A session, or the present exchange of an HTTP one, as its log line shows it (logs/record.ts). */
import { WORD } from "../board/words.ts";
import type { RecordNeeds, SessionRecord } from "../logs/record.ts";
import { fillExchange } from "./http1/exchange_record.ts";
import type { Plane } from "./plane.ts";
import { clientHost, hostOf, keepLocalName, keepSourceName, NAME, portOf } from "./session_names.ts";
import type { Session } from "./session.ts";

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
  if (needs.client) clientInto(plane, session);
  if (needs.local) localInto(plane, session);
  if (needs.source) sourceInto(plane, session);
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
  if (needs.local) keepLocalName(session);
  if (needs.source && session.server.fd >= 0) keepSourceName(session);
  return fillRecord(plane, session, "--", needs);
}

/** A unix socket has the listener's id for a port. */
const portFor = (session: Session, host: string, which: number): number =>
  host === "unix" ? session.listener!.bind.id : portOf(session, which);

function clientInto({ record }: Plane, session: Session): void {
  record.clientHost = clientHost(session);
  record.clientPort = portFor(session, record.clientHost, NAME.client);
}

function localInto({ record }: Plane, session: Session): void {
  record.localHost = hostOf(session, NAME.local);
  record.localPort = portFor(session, record.localHost, NAME.local);
}

function sourceInto({ record }: Plane, session: Session): void {
  record.sourceHost = hostOf(session, NAME.source);
  record.sourcePort = portFor(session, record.sourceHost, NAME.source);
}

function serverInto({ record }: Plane, { target }: Session): void {
  const address = target?.server.address;
  record.serverHost = address === undefined ? "" : address.kind === "ip" ? address.host : "unix";
  record.serverPort = address?.kind === "ip" ? address.port : 0;
}
