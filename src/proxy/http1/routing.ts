/**
 * What is decided about a request: the rules of frontend and backend, which backend, which server by cookie or rule; then it
 * is written anew with what they changed, and given to the connector. configuration.txt 4.2 names the order.
 */
import { COUNTER } from "../../board/words.ts";
import type { Plane } from "../plane.ts";
import type { Reply } from "../rules/reply.ts";
import { asSample } from "../sample_context.ts";
import type { Parts } from "../service.ts";
import { recordNow } from "../session_record.ts";
import type { Session } from "../session.ts";
import { composeHead } from "./compose.ts";
import { announce, sanitizeRequest } from "./connection.ts";
import { addField, uriString } from "./edit.ts";
import type { Ends } from "./ends.ts";
import { type Head, SEEN } from "./head.ts";
import type { Sending } from "./sending.ts";
import { type BackendHttp, forwardedOf, type Side } from "./site.ts";

/** Takes a whole head; bytes[http.bodyAt, stop) is what of its body has come with it. */
export type Route = (session: Session, head: Head, bytes: Buffer, stop: number) => void;

export function createRouting(plane: Plane, { connector, chooseBackend }: Parts, ends: Ends, sending: Sending): Route {
  const { rows } = plane.board;
  const { bufsize } = plane.model.global.tune;

  /** Runs the rules and finds the backend. */
  function route(session: Session, head: Head, bytes: Buffer, stop: number): void {
    const { frontend } = session;
    const site = frontend!.http!;
    const http = session.http!;
    plane.samples.request = head;
    const context = asSample(plane, session);
    if (site.monitorUri !== null && uriString(head) === site.monitorUri) return monitor(session, head);
    site.captures?.request(head, http);
    if (site.needsUniqueId) {
      session.uniqueId = frontend!.logger.uniqueId(recordNow(plane, session, frontend!.logger.needs));
      http.uniqueId = session.uniqueId;
    }
    if (!pass(session, head, site)) return;
    const backend = chooseBackend(session);
    // A computed name may lead to a backend of the other mode.
    if (backend === null || backend.http === null) {
      plane.samples.request = null;
      return ends.refuse(session, 503, "S", "C");
    }
    connector.enter(session, backend);
    rows[backend.cell.row + COUNTER.requests]! += 1;
    const side = backend.http;
    side.persist?.begin(http.found);
    if (backend.index !== frontend!.index && !pass(session, head, side)) return;
    if (backend.useServer !== null) session.wanted = backend.useServer(context);
    if (site.uniqueIdHeader !== null) addField(head, site.uniqueIdHeader, http.uniqueId);
    forwardedOf(frontend!, backend)?.(context, head);
    site.captures?.requestCookie(head, http);
    if (side.persist !== null) {
      http.found.forced = session.wanted >= 0;
      if (!side.persist.fromRequest(head, http.found, side.usable, Math.floor(http.requestDate / 1000))) {
        return noRoom(session);
      }
      if (http.found.server >= 0) session.wanted = http.found.server;
    }
    if (!compose(session, head, side, bytes, stop)) return noRoom(session);
    connector.assign(session);
    plane.samples.request = null;
    sending.settle(session);
  }

  /** Rules, statistics page and redirects of one proxy. False: the request has been answered. */
  function pass(session: Session, head: Head, side: Side): boolean {
    const context = asSample(plane, session);
    const verdict = side.requestRules?.run(context, head) ?? null;
    if (verdict !== null) return answer(session, head, verdict);
    if (side.stats !== null && side.stats.matches(head)) {
      session.http!.stats = true;
      return answer(session, head, side.stats.answer(head));
    }
    const redirect = side.redirects?.run(context, head) ?? null;
    return redirect === null || answer(session, head, redirect);
  }

  function count({ frontend }: Session, counter: number): void {
    rows[frontend!.cell.row + counter]! += 1;
  }

  function answer(session: Session, head: Head, reply: Reply): false {
    const denied = reply.termination === "PR";
    if (denied) {
      count(session, COUNTER.deniedReq);
      if (session.backend !== null && session.backend.index !== session.frontend!.index) {
        rows[session.backend.cell.row + COUNTER.deniedReq]! += 1;
      }
    } else count(session, COUNTER.intercepted);
    ends.reply(session, head, reply, reply.termination[0]!, reply.termination[1]!);
    plane.samples.request = null;
    return false;
  }

  /** `monitor-uri`: another machine asks whether we serve; nothing of it is logged. */
  function monitor(session: Session, head: Head): void {
    const site = session.frontend!.http!;
    const context = asSample(plane, session);
    const failed = site.monitorFail.some((test) => test(context));
    session.logged = true;
    count(session, COUNTER.intercepted);
    ends.reply(session, head, site.errorPages(failed ? 503 : 200), "L", "R");
    plane.samples.request = null;
  }

  /** Writes the request as the server is to get it, with the part of its body that is here. */
  function compose(session: Session, head: Head, side: BackendHttp, bytes: Buffer, stop: number): boolean {
    const http = session.http!;
    // The frontend's option holds for the server's connection too, and so does what a rule has written.
    const said = sanitizeRequest(head, true);
    const closes = side.closesServer || session.frontend!.http!.closesServer || (said & SEEN.close) !== 0;
    if (!closes) {
      if (head.minor === 0) announce(head, "keep-alive");
    } else if (head.minor === 1) announce(head, "close");
    http.keepServer = !closes;
    const { bodyAt } = http;
    let at = composeHead(head, true, sending.out, 0);
    // `out` has room for a head of a buffer's size and the body that came with it.
    if (at < 0 || at > bufsize) return false;
    if (stop > bodyAt) at += bytes.copy(sending.out, at, bodyAt, stop);
    sending.composed(session, at);
    return true;
  }

  /** Rules have made the head larger than there is room for (configuration.txt, "tune.maxrewrite"). */
  function noRoom(session: Session): void {
    plane.samples.request = null;
    rows[session.frontend!.cell.row + COUNTER.internalErrors]! += 1;
    ends.refuse(session, 500, "P", "R");
  }

  return route;
}
