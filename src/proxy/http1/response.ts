/**
 * An answer on its way to the client: read, checked, run through the rules of backend and frontend, written anew with what
 * they changed.
 */
import { COUNTER } from "../../board/words.ts";
import { BUFFER_BYTES } from "../../linux/loop.ts";
import type { Plane } from "../plane.ts";
import { asSample } from "../sample_context.ts";
import type { Parts } from "../service.ts";
import { type Session, STATE } from "../session.ts";
import { advance, type Bodies, isBad } from "./bodies.ts";
import { composeHead } from "./compose.ts";
import { announce, sanitizeResponse, wantsKeepAlive } from "./connection.ts";
import { type Ends, statusCounter } from "./ends.ts";
import { startFlow } from "./exchange.ts";
import { BODY, METHOD, newHead, SEEN } from "./head.ts";
import { PARSED, parseResponse } from "./parse.ts";
import { responseSize } from "./size.ts";
import type { Side } from "./site.ts";

export interface Responses {
  fromServer(session: Session, bytes: Buffer, length: number): void;
  serverEnd(session: Session): void;
  serverBroken(session: Session): void;
  /** No answer came in time. */
  serverSilent(session: Session): void;
}

/** @param tunnel takes the session over when both sides have agreed on another protocol */
export function createResponses(
  plane: Plane,
  { connector }: Parts,
  bodies: Bodies,
  ends: Ends,
  tunnel: (session: Session) => void,
): Responses {
  const { loop } = plane;
  const { rows } = plane.board;
  const { bufsize, maxrewrite, httpMaxhdr } = plane.model.global.tune;
  const headLimit = bufsize - maxrewrite;
  const head = newHead(httpMaxhdr, Math.max(bufsize, BUFFER_BYTES) + bufsize + maxrewrite);
  const out = Buffer.from(new ArrayBuffer(bufsize + maxrewrite + Math.max(bufsize, BUFFER_BYTES) + bufsize));

  function fromServer(session: Session, bytes: Buffer, length: number): void {
    const http = session.http!;
    session.serverActive = loop.now;
    if (http.answered) return body(session, bytes, length);
    const { output } = http;
    if (output === null) return read(session, bytes, 0, length);
    http.output = null;
    const all = Buffer.concat([output, bytes.subarray(0, length)]);
    read(session, all, 0, all.length);
  }

  function body(session: Session, bytes: Buffer, length: number): void {
    const http = session.http!;
    const stop = advance(http.response, bytes, 0, length);
    bodies.countBodyDown(session);
    // More than was announced: whatever it is, the connection is of no use any more.
    if (stop < length) http.keepServer = false;
    if (isBad(http.response)) return badBody(session);
    bodies.writeDown(session, bytes, 0, stop);
    if (http.response.done) return ends.complete(session);
    if (length === BUFFER_BYTES) bodies.bulkDown(session);
  }

  function badBody(session: Session): void {
    countErrors(session);
    ends.abort(session, "S", "D");
  }

  function countErrors({ backend, target }: Session): void {
    rows[backend!.cell.row + COUNTER.respErrors]! += 1;
    rows[target!.cell.row + COUNTER.respErrors]! += 1;
  }

  function read(session: Session, bytes: Buffer, at: number, end: number): void {
    const http = session.http!;
    const result = parseResponse(head, bytes, at, end, http.method, httpMaxhdr);
    if (result === PARSED.more && end - at < headLimit) {
      if (end > at) http.output = Buffer.from(bytes.subarray(at, end));
      return;
    }
    if (result !== PARSED.done || head.end - head.start > headLimit) return badHead(session);
    if (head.status === 101 && !http.upgrade) return badHead(session);
    if (head.status < 200 && head.status !== 101) {
      interim(session);
      if (session.state === STATE.established && !http.answered) read(session, bytes, head.end, end);
      return;
    }
    http.answeredAt = loop.now;
    http.status = head.status;
    if (retriesStatus(session, head.status)) return retry(session);
    answer(session, bytes, end);
  }

  function badHead(session: Session): void {
    session.http!.answeredAt = NaN;
    countErrors(session);
    if (session.backend!.proxy.retryOn.junkResponse && mayRetry(session)) return retry(session);
    ends.refuse(session, 502, "P", "H");
  }

  /** 100, 103 and their like are passed on as they come; HTTP/1.0 knows none of them (RFC 9110 §15.2). */
  function interim(session: Session): void {
    const { cell } = session.target!;
    rows[cell.row + COUNTER.http1xx]! += 1;
    rows[cell.row + COUNTER.requests]! += 1;
    if (session.http!.minor === 0) return;
    const end = composeHead(head, false, out, 0);
    bodies.countDown(session, responseSize(head));
    bodies.writeDown(session, out, 0, end);
  }

  const mayRetry = (session: Session): boolean =>
    session.http!.savedLength > 0 && session.attempts < session.backend!.proxy.retries && !session.clientEnded;

  const retriesStatus = (session: Session, status: number): boolean => {
    const { statuses } = session.backend!.proxy.retryOn;
    return statuses.length > 0 && statuses.includes(status) && mayRetry(session);
  };

  function retry(session: Session): void {
    const http = session.http!;
    http.answeredAt = NaN;
    http.status = -1;
    http.output = null;
    http.fresh = true;
    ends.dropServer(session);
    connector.retry(session);
  }

  /** The head of the final answer is here: bytes[head.end, end) is what came behind it. */
  function answer(session: Session, bytes: Buffer, end: number): void {
    const http = session.http!;
    const { frontend, backend, target } = session;
    startFlow(http.response, head.body, head.length);
    const stop = advance(http.response, bytes, head.end, end);
    if (isBad(http.response)) return badHead(session);
    rows[target!.cell.row + statusCounter(head.status)]! += 1;
    rows[target!.cell.row + COUNTER.requests]! += 1;
    sanitizeResponse(head);
    bodies.countDown(session, responseSize(head));
    frontend!.http!.captures?.response(head, http);
    bodies.countBodyDown(session);
    http.keepServer &&= wantsKeepAlive(head) && head.body !== BODY.untilClose && stop === end;
    plane.samples.response = head;
    if (!pass(session, backend!.http!) || (frontend!.index !== backend!.index && !pass(session, frontend!.http!))) {
      plane.samples.response = null;
      return;
    }
    const nowSec = Math.floor(http.requestDate / 1000);
    const { captures } = frontend!.http!;
    captures?.responseCookie(head, http);
    const { persist } = backend!.http!;
    const fits = persist === null || persist.toResponse(head, http.found, target!.index, http.method, nowSec);
    plane.samples.response = null;
    if (!fits) return noRoom(session);
    http.status = head.status;
    const switches = head.status === 101 || (http.method === METHOD.CONNECT && head.status < 300);
    if (switches) return open(session, bytes, end);
    // A rule may have written that it ends; HTTP/1.0 has no chunks, so nobody could tell where this answer does.
    const ends10 = head.minor === 0 && head.body === BODY.chunked;
    const closes = (sanitizeResponse(head) & SEEN.close) !== 0 || ends10 || head.body === BODY.untilClose;
    http.keepClient &&= !closes && !plane.stopping;
    if (!http.keepClient) announce(head, "close");
    else if (http.minor === 0 || head.minor === 0) announce(head, "keep-alive");
    let at = composeHead(head, false, out, 0);
    // `out` has room for a head of a buffer's size and the body that came with it.
    if (at < 0 || at > bufsize) return noRoom(session);
    if (stop > head.end) at += bytes.copy(out, at, head.end, stop);
    http.answered = true;
    bodies.writeDown(session, out, 0, at);
    ends.log(session, "response");
    if (http.response.done) return ends.complete(session);
    if (end === BUFFER_BYTES) bodies.bulkDown(session);
  }

  /** Rules have made the head larger than there is room for (configuration.txt, "tune.maxrewrite"). */
  function noRoom(session: Session): void {
    rows[session.backend!.cell.row + COUNTER.internalErrors]! += 1;
    ends.refuse(session, 500, "P", "H");
  }

  /** The answer rules of one proxy. False: something else has been answered. */
  function pass(session: Session, side: Side): boolean {
    if (side.responseRules === null) return true;
    const verdict = side.responseRules.run(asSample(plane, session), head);
    if (verdict === null) return true;
    const { backend, frontend, target } = session;
    session.http!.answeredAt = NaN;
    // What has not come whole would be taken for the next answer.
    if (!session.http!.response.done) ends.dropServer(session);
    if (verdict.termination === "PR" || verdict.termination === "PH") {
      for (const place of [frontend!, backend!, target!]) rows[place.cell.row + COUNTER.deniedResp]! += 1;
      ends.reply(session, null, verdict, "P", "H");
    } else ends.reply(session, null, verdict, "L", "H");
    return false;
  }

  /** Both sides speak another protocol from here on. */
  function open(session: Session, bytes: Buffer, end: number): void {
    const http = session.http!;
    http.keepServer = false;
    http.keepClient = false;
    let at = composeHead(head, false, out, 0);
    if (at < 0 || at > bufsize) return noRoom(session);
    if (end > head.end) at += bytes.copy(out, at, head.end, end);
    http.answered = true;
    bodies.countDown(session, end - head.end);
    bodies.writeDown(session, out, 0, at);
    tunnel(session);
  }

  function serverEnd(session: Session): void {
    const http = session.http!;
    session.serverEnded = true;
    if (!http.answered) return noAnswer(session, false);
    if (http.response.done) return;
    if (http.response.kind === BODY.untilClose) {
      http.response.done = true;
      return ends.complete(session);
    }
    cutShort(session);
  }

  function serverBroken(session: Session): void {
    const http = session.http!;
    if (!http.answered) return noAnswer(session, true);
    if (!http.response.done) cutShort(session);
  }

  /** What the server has sent is passed on, and then the connection is closed: the client sees that something is missing. */
  function cutShort(session: Session): void {
    countErrors(session);
    ends.countAbort(session, COUNTER.serverAborts);
    ends.breakOff(session, "S", "D");
  }

  /** The connection is gone before a whole head has come: ended, or broken. */
  function noAnswer(session: Session, broken: boolean): void {
    const http = session.http!;
    const { retryOn } = session.backend!.proxy;
    // Nobody has answered on a connection that was kept: its server most likely closed it as the request was under way.
    const lost = session.server.uses > 1 && http.output === null && http.savedLength > 0 && !http.fresh;
    if (lost) {
      ends.dropServer(session);
      http.fresh = true;
      return connector.reconnect(session);
    }
    if (retryOn.emptyResponse && mayRetry(session)) {
      if (broken) countErrors(session);
      return retry(session);
    }
    countErrors(session);
    ends.refuse(session, 502, "S", "H");
  }

  return {
    fromServer,
    serverEnd,
    serverBroken,
    serverSilent(session) {
      if (session.http!.answered) {
        ends.countAbort(session, COUNTER.serverAborts);
        return ends.abort(session, "s", "D");
      }
      if (session.backend!.proxy.retryOn.responseTimeout && mayRetry(session)) return retry(session);
      countErrors(session);
      ends.refuse(session, 504, "s", "H");
    },
  };
}
