/** The fields of a log line that only HTTP has (logs/record.ts), from the present exchange. */
import type { SessionRecord } from "../../logs/record.ts";
import type { Session } from "../session.ts";
import type { Http } from "./exchange.ts";

/** configuration.txt 8.4: times run from one event of the exchange to the next; -1 where it was not reached. */
export function fillExchange(record: SessionRecord, session: Session, http: Http, now: number): void {
  const begun = !Number.isNaN(http.firstByteAt);
  const startAt = begun ? http.firstByteAt : session.idleAt;
  record.acceptedAtMs = session.acceptedDate;
  record.requestAtMs = begun ? http.requestDate : session.acceptedDate;
  record.idleMs = begun ? Math.trunc(http.firstByteAt - session.idleAt) : -1;
  record.requestMs = Number.isNaN(http.receivedAt) ? -1 : Math.trunc(http.receivedAt - startAt);
  record.responseMs = Number.isNaN(http.answeredAt) || Number.isNaN(http.sentAt)
    ? -1
    : Math.trunc(http.answeredAt - http.sentAt);
  record.activeMs = Math.trunc(now - startAt);
  record.totalMs = Math.trunc(now - session.idleAt);
  record.dataMs = Number.isNaN(http.answeredAt) ? -1 : Math.trunc(now - http.answeredAt);
  record.requestLine = http.requestLine;
  record.status = http.status;
  record.requestCookie = http.requestCookie;
  record.responseCookie = http.responseCookie;
  record.requestCaptures = http.requestCaptures;
  record.responseCaptures = http.responseCaptures;
  record.uniqueId = http.uniqueId;
  record.level = null;
  if (!http.stats) return;
  // haproxy's page is a server of its own, which is there at once.
  record.serverName = "<STATS>";
  record.queueMs = 0;
  record.connectMs = 0;
  record.responseMs = 0;
}
