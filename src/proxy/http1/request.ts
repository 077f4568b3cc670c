/**
 * Requests as they come in: heads are put together and parsed, bodies passed on, what comes before its time is held, and
 * what is none is refused. What becomes of a request is decided in routing.ts.
 */
import { countEvent } from "../../board/rates.ts";
import { COUNTER, WORD } from "../../board/words.ts";
import { BUFFER_BYTES } from "../../linux/loop.ts";
import type { Plane } from "../plane.ts";
import type { Parts } from "../service.ts";
import { type Session, STATE } from "../session.ts";
import { advance, type Bodies, isBad } from "./bodies.ts";
import { sanitizeRequest, wantsKeepAlive } from "./connection.ts";
import { requestLine } from "./edit.ts";
import type { Ends } from "./ends.ts";
import { type Exchanges, type Http, startFlow } from "./exchange.ts";
import { newHead, SEEN } from "./head.ts";
import { findHeadEnd, PARSED, parseRequest } from "./parse.ts";
import type { Route } from "./routing.ts";
import type { Sending } from "./sending.ts";
import { requestSize } from "./size.ts";

export interface Requests {
  /** Bytes from the client. */
  fromClient(session: Session, bytes: Buffer, length: number): void;
  /** The connection is ready for the next request; it may have come already. */
  ready(session: Session): void;
  /** The client has begun a request, or was expected to, and will not complete it: 400 or 408, or nothing more. */
  broken(session: Session, status: 400 | 408, cause: "C" | "c"): void;
}

export function createRequests(
  plane: Plane,
  parts: Parts,
  bodies: Bodies,
  ends: Ends,
  exchanges: Exchanges,
  sending: Sending,
  route: Route,
): Requests {
  const { loop, wheel } = plane;
  const { rows, words } = plane.board;
  const { bufsize, maxrewrite, httpMaxhdr } = plane.model.global.tune;
  /** Room for what rules add is kept free (configuration.txt, "tune.maxrewrite"). */
  const headLimit = bufsize - maxrewrite;
  const head = newHead(httpMaxhdr, Math.max(bufsize, BUFFER_BYTES) + bufsize + maxrewrite);
  let waiting: Session[] = [];

  function fromClient(session: Session, bytes: Buffer, length: number): void {
    const http = session.http!;
    session.clientActive = loop.now;
    switch (session.state) {
      case STATE.idle:
      case STATE.request:
        return read(session, bytes, length, false);
      case STATE.lingering:
        return;
      default:
        if (http.request.done || session.state === STATE.answering) return hold(session, bytes, 0, length);
        return body(session, bytes, length);
    }
  }

  /** What comes before its time waits, and so does its sender. */
  function hold(session: Session, bytes: Buffer, at: number, end: number): void {
    const http = session.http!;
    const chunk = bytes.subarray(at, end);
    http.input = http.input === null ? Buffer.from(chunk) : Buffer.concat([http.input, chunk]);
    loop.pause(session.client);
  }

  function body(session: Session, bytes: Buffer, length: number): void {
    const http = session.http!;
    const stop = advance(http.request, bytes, 0, length);
    bodies.countBodyUp(session);
    if (isBad(http.request)) return badBody(session);
    if (session.state === STATE.established) {
      bodies.writeUp(session, bytes, 0, stop);
      if (length === BUFFER_BYTES && session.state === STATE.established) bodies.bulkUp(session);
    } else {
      const chunk = bytes.subarray(0, stop);
      session.up = session.up === null ? Buffer.from(chunk) : Buffer.concat([session.up, chunk]);
      if (session.up.length >= bufsize) loop.pause(session.client);
    }
    if (stop < length) hold(session, bytes, stop, length);
    if (http.request.done && session.up === null) sending.sent(session);
  }

  function badBody(session: Session): void {
    countBad(session);
    session.http!.keepClient = false;
    ends.refuse(session, 400, "P", session.http!.answered ? "D" : "H");
  }

  function countBad({ frontend, listener }: Session): void {
    rows[frontend!.cell.row + COUNTER.reqErrors]! += 1;
    rows[listener!.cell.row + COUNTER.reqErrors]! += 1;
  }

  /** Bytes of a head, perhaps with what is behind it. @param ours they are nobody else's, and stay */
  function read(session: Session, bytes: Buffer, end: number, ours: boolean): void {
    const http = session.http ?? exchanges.begin(session);
    if (Number.isNaN(http.firstByteAt)) firstByte(session, http);
    const { input } = http;
    if (input !== null) {
      bytes = Buffer.concat([input, bytes.subarray(0, end)]);
      end = bytes.length;
      ours = true;
      // What comes byte by byte is searched once, not parsed again for each byte.
      if (end < headLimit && findHeadEnd(bytes, http.searched, end) < 0) return awaitMore(session, bytes, end, ours);
      http.input = null;
    }
    const result = parseRequest(head, bytes, 0, end, httpMaxhdr);
    if (result === PARSED.done && head.end - head.start <= headLimit) begin(session, bytes, end);
    else if (result === PARSED.more && end < headLimit) awaitMore(session, bytes, end, ours);
    else bad(session, end, result === PARSED.bad && head.status > 0 ? head.status : 400);
  }

  /** The request's own time begins; that of the first one at the accept (configuration.txt, "timeout http-request"). */
  function firstByte(session: Session, http: Http): void {
    http.firstByteAt = loop.now;
    http.requestDate = Date.now();
    session.state = STATE.request;
    session.deadline = (session.exchanges === 0 ? session.acceptedAt : loop.now) + session.frontend!.http!.requestMs;
    if (session.deadline < wheel.armedFor(session.slot)) wheel.arm(session.slot, session.deadline);
  }

  function awaitMore(session: Session, bytes: Buffer, end: number, ours: boolean): void {
    const http = session.http!;
    http.searched = Math.max(0, end - 3);
    http.input = ours ? bytes : Buffer.from(bytes.subarray(0, end));
  }

  function bad(session: Session, length: number, status = 400): void {
    const http = session.http!;
    session.bytesUp += length;
    countRequest(session);
    countBad(session);
    // The rest of what it sends is nothing that could be answered.
    http.input = null;
    ends.refuse(session, status, "P", "R");
  }

  function countRequest(session: Session): void {
    const { frontend } = session;
    const http = session.http!;
    session.exchanges++;
    http.count = session.exchanges;
    rows[frontend!.cell.row + COUNTER.requests]! += 1;
    rows[plane.process.row + COUNTER.requests]! += 1;
    countEvent(words, frontend!.cell.word + WORD.reqSec, Math.floor(http.requestDate / 1000));
  }

  /** The head is complete: bytes[head.end, end) is what came behind it. */
  function begin(session: Session, bytes: Buffer, end: number): void {
    const http = session.http!;
    const { frontend } = session;
    const site = frontend!.http!;
    startFlow(http.request, head.body, head.length);
    const stop = advance(http.request, bytes, head.end, end);
    if (isBad(http.request)) return bad(session, end);
    countRequest(session);
    http.whole = true;
    http.receivedAt = loop.now;
    session.workAt = loop.now;
    session.state = STATE.assign;
    http.method = head.method;
    http.minor = head.minor;
    http.keepClient = wantsKeepAlive(head) && site.keepsClient && !plane.stopping;
    http.body = bytes;
    http.bodyAt = head.end;
    http.bodyEnd = stop;
    http.upgrade = (head.seen & SEEN.upgrade) !== 0;
    sanitizeRequest(head, true);
    bodies.countUp(session, requestSize(head));
    bodies.countBodyUp(session);
    if (stop < end) hold(session, bytes, stop, end);
    if (site.needsLine) http.requestLine = requestLine(head, site.logurilen);
    ends.log(session, "accept");
    route(session, head, bytes, stop);
  }

  /** Requests that were sent ahead are taken up when the turn's events are done, so that nobody has two in hand. */
  function ready(session: Session): void {
    // What was sent ahead by a client that has gone meanwhile is nobody's.
    if (session.http === null || loop.wasReset(session.client)) return loop.resume(session.client);
    if (waiting.length === 0) loop.atTurnEnd(takeUp);
    waiting.push(session);
  }

  function takeUp(): void {
    const list = waiting;
    waiting = [];
    for (const session of list) if (session.state === STATE.idle) readInput(session);
  }

  const readInput = parts.guard((session) => {
    const http = session.http!;
    const { input } = http;
    http.input = null;
    if (input === null) return;
    loop.resume(session.client);
    read(session, input, input.length, true);
  });

  function broken(session: Session, status: 400 | 408, cause: "C" | "c"): void {
    const { dontlognull, httpIgnoreProbes } = session.frontend!.proxy.options;
    const nothing = session.state === STATE.idle;
    if (nothing && (session.exchanges > 0 || httpIgnoreProbes)) return ends.closeIdle(session);
    const http = session.http ?? exchanges.begin(session);
    session.logged = nothing && dontlognull;
    session.bytesUp += http.input?.length ?? 0;
    http.input = null;
    http.requestDate = Date.now();
    countRequest(session);
    countBad(session);
    ends.refuse(session, status, cause, "R");
  }

  return { fromClient, ready, broken };
}
