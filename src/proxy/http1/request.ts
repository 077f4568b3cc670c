/**
 * A request on its way to a server: read, checked, run through the rules of frontend and backend, written anew with what
 * they changed, and given to the connector. configuration.txt 4.2 names the order: http-request, redirect, use_backend.
 */
import { countEvent } from "../../board/rates.ts";
import { COUNTER, WORD } from "../../board/words.ts";
import { BUFFER_BYTES } from "../../linux/loop.ts";
import type { Plane } from "../plane.ts";
import { asSample } from "../sample_context.ts";
import type { Parts } from "../service.ts";
import { type Session, STATE } from "../session.ts";
import { addField, requestLine, uriString } from "./edit.ts";
import { advance, type Bodies, isBad } from "./bodies.ts";
import { findHeadEnd, PARSED, parseRequest } from "./parse.ts";
import { composeHead } from "./compose.ts";
import { announce, sanitizeRequest, wantsKeepAlive } from "./connection.ts";
import type { Ends } from "./ends.ts";
import { type Http, startFlow } from "./exchange.ts";
import { METHOD, newHead, SEEN } from "./head.ts";
import { requestSize } from "./size.ts";
import { type BackendHttp, forwardedOf, type Side } from "./site.ts";
import { fillRecord } from "../session_record.ts";
import type { Reply } from "../rules/reply.ts";

export interface Requests {
  /** Bytes from the client. */
  fromClient(session: Session, bytes: Buffer, length: number): void;
  /** The connection is ready for the next request; it may have come already. */
  ready(session: Session): void;
  /** There is a connection to the server: the request goes out. */
  send(session: Session): void;
  /** All of the request has gone to the server. */
  sent(session: Session): void;
  /** The request will not be sent again. */
  forget(http: Http): void;
  /** More of the body may come. */
  resume(session: Session): void;
  /** The client has begun a request, or was expected to, and will not complete it: 400 or 408, or nothing more. */
  broken(session: Session, status: 400 | 408, cause: "C" | "c"): void;
}

/** Requests up to this size are kept until their answer comes, so that they can be sent again. */
const SAVED_BYTES = 2048;
const SAFE_TO_REPEAT = [METHOD.GET, METHOD.HEAD, METHOD.OPTIONS, METHOD.TRACE, METHOD.PUT, METHOD.DELETE] as number[];

export function createRequests(plane: Plane, parts: Parts, bodies: Bodies, ends: Ends): Requests {
  const { connector, chooseBackend } = parts;
  const { loop, wheel } = plane;
  const { rows, words } = plane.board;
  const { bufsize, maxrewrite, httpMaxhdr } = plane.model.global.tune;
  /** Room for what rules add is kept free (configuration.txt, "tune.maxrewrite"). */
  const headLimit = bufsize - maxrewrite;
  const head = newHead(httpMaxhdr, Math.max(bufsize, BUFFER_BYTES) + bufsize + maxrewrite);
  /** The request that is being given to the connector, as it goes out. */
  const out = Buffer.from(new ArrayBuffer(bufsize + maxrewrite + Math.max(bufsize, BUFFER_BYTES) + bufsize));
  const lent: Buffer[] = [];
  let composed: Session | null = null;
  let composedEnd = 0;
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
    if (http.request.done && session.up === null) sent(session);
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
    const http = session.http!;
    if (Number.isNaN(http.firstByteAt)) firstByte(session);
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
    else bad(session, end);
  }

  /** The request's own time begins; that of the first one at the accept (configuration.txt, "timeout http-request"). */
  function firstByte(session: Session): void {
    const http = session.http!;
    http.firstByteAt = loop.now;
    http.requestDate = Date.now();
    session.state = STATE.request;
    session.deadline = (http.count === 0 ? session.acceptedAt : loop.now) + session.frontend!.http!.requestMs;
    if (session.deadline < wheel.armedFor(session.slot)) wheel.arm(session.slot, session.deadline);
  }

  function awaitMore(session: Session, bytes: Buffer, end: number, ours: boolean): void {
    const http = session.http!;
    http.searched = Math.max(0, end - 3);
    http.input = ours ? bytes : Buffer.from(bytes.subarray(0, end));
  }

  function bad(session: Session, length: number): void {
    const http = session.http!;
    session.bytesUp += length;
    countRequest(session);
    countBad(session);
    // The rest of what it sends is nothing that could be answered.
    http.input = null;
    ends.refuse(session, 400, "P", "R");
  }

  function countRequest(session: Session): void {
    const { frontend } = session;
    const http = session.http!;
    http.count++;
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
    route(session, bytes, stop);
  }

  /** Runs the rules and finds the backend. */
  function route(session: Session, bytes: Buffer, stop: number): void {
    const { frontend } = session;
    const site = frontend!.http!;
    const http = session.http!;
    plane.samples.request = head;
    const context = asSample(plane, session);
    if (site.monitorUri !== null && uriString(head) === site.monitorUri) return monitor(session);
    site.captures?.request(head, http);
    if (site.needsUniqueId) {
      session.uniqueId = frontend!.logger.uniqueId(fillRecord(plane, session, "--"));
      http.uniqueId = session.uniqueId;
    }
    if (!pass(session, site)) return;
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
    if (backend.index !== frontend!.index && !pass(session, side)) return;
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
    if (!compose(session, side, bytes, stop)) return noRoom(session);
    connector.assign(session);
    plane.samples.request = null;
    if (composed !== session) return;
    composed = null;
    // It must wait for its server: `out` is needed for others meanwhile.
    if (session.state === STATE.closed || session.state === STATE.answering) return;
    session.up = Buffer.from(out.subarray(0, composedEnd));
    session.upAt = 0;
    if (!http.request.done && session.up.length >= bufsize) loop.pause(session.client);
  }

  /** Rules, statistics page and redirects of one proxy. False: the request has been answered. */
  function pass(session: Session, side: Side): boolean {
    const context = asSample(plane, session);
    const verdict = side.requestRules?.run(context, head) ?? null;
    if (verdict !== null) return answer(session, verdict);
    if (side.stats !== null && side.stats.matches(head)) {
      session.http!.stats = true;
      return answer(session, side.stats.answer(head));
    }
    const redirect = side.redirects?.run(context, head) ?? null;
    return redirect === null || answer(session, redirect);
  }

  function count({ frontend }: Session, counter: number): void {
    rows[frontend!.cell.row + counter]! += 1;
  }

  function answer(session: Session, reply: Reply): false {
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
  function monitor(session: Session): void {
    const site = session.frontend!.http!;
    const context = asSample(plane, session);
    const failed = site.monitorFail.some((test) => test(context));
    session.logged = true;
    count(session, COUNTER.intercepted);
    ends.reply(session, head, site.errorPages(failed ? 503 : 200), "L", "R");
    plane.samples.request = null;
  }

  /** Writes the request as the server is to get it, with the part of its body that is here. */
  function compose(session: Session, side: BackendHttp, bytes: Buffer, stop: number): boolean {
    const http = session.http!;
    // The frontend's option holds for the server's connection too.
    const closes = side.closesServer || session.frontend!.http!.closesServer;
    if (!closes) {
      if (head.minor === 0) announce(head, "keep-alive");
    } else if (head.minor === 1) announce(head, "close");
    http.keepServer = !closes;
    const { bodyAt } = http;
    let at = composeHead(head, true, out, 0);
    if (at < 0) return false;
    if (stop > bodyAt) at += bytes.copy(out, at, bodyAt, stop);
    composed = session;
    composedEnd = at;
    return true;
  }

  /** Rules have made the head larger than there is room for (configuration.txt, "tune.maxrewrite"). */
  function noRoom(session: Session): void {
    plane.samples.request = null;
    rows[session.frontend!.cell.row + COUNTER.internalErrors]! += 1;
    ends.refuse(session, 500, "P", "R");
  }

  function send(session: Session): void {
    const http = session.http!;
    session.state = STATE.established;
    http.sentAt = loop.now;
    session.deadline = Infinity;
    session.clientActive = loop.now;
    session.serverActive = loop.now;
    session.clientLimit = session.frontend!.clientMs;
    session.serverLimit = session.backend!.serverMs;
    const at = loop.now + Math.min(session.clientLimit, session.serverLimit);
    if (at < wheel.armedFor(session.slot)) wheel.arm(session.slot, at);
    if (composed === session) {
      composed = null;
      save(session, out, composedEnd);
      bodies.writeUp(session, out, 0, composedEnd);
    } else if (http.savedLength > 0 && session.up === null) {
      bodies.writeUp(session, http.saved!, 0, http.savedLength);
    } else {
      if (session.up !== null) save(session, session.up, session.up.length);
      if (bodies.flushUp(session)) resume(session);
    }
    if (http.request.done && session.up === null && session.server.fd >= 0) sent(session);
  }

  /** Keeps what may have to be sent again: over a kept connection that its server is about to close, or by `retry-on`. */
  function save(session: Session, bytes: Buffer, length: number): void {
    const http = session.http!;
    if (!http.request.done) return;
    const { retriesAnswers } = session.backend!.http!;
    // As much as a buffer holds (configuration.txt, "retry-on").
    if (retriesAnswers && length <= headLimit) {
      forget(http);
      http.saved = Buffer.from(bytes.subarray(0, length));
      http.savedLength = length;
    } else if (session.server.uses > 1 && length <= SAVED_BYTES && SAFE_TO_REPEAT.includes(http.method)) {
      http.saved ??= lent.pop() ?? Buffer.allocUnsafeSlow(SAVED_BYTES);
      bytes.copy(http.saved, 0, 0, length);
      http.savedLength = length;
    }
  }

  function sent(session: Session): void {
    session.serverActive = loop.now;
    if (session.http!.response.done) ends.complete(session);
  }

  function resume(session: Session): void {
    if (session.http!.request.done) return;
    session.clientActive = loop.now;
    loop.resume(session.client);
  }

  /** Requests that were sent ahead are taken up when the turn's events are done, so that nobody has two in hand. */
  function ready(session: Session): void {
    if (session.http!.input === null) return loop.resume(session.client);
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
    if (input === null) return;
    http.input = null;
    loop.resume(session.client);
    read(session, input, input.length, true);
  });

  function broken(session: Session, status: 400 | 408, cause: "C" | "c"): void {
    const { dontlognull, httpIgnoreProbes } = session.frontend!.proxy.options;
    const nothing = session.state === STATE.idle;
    if (nothing && (session.http!.count > 0 || httpIgnoreProbes)) return ends.closeIdle(session);
    session.logged = nothing && dontlognull;
    session.bytesUp += session.http!.input?.length ?? 0;
    session.http!.input = null;
    session.http!.requestDate = Date.now();
    countRequest(session);
    countBad(session);
    ends.refuse(session, status, cause, "R");
  }

  function forget(http: Http): void {
    const { saved } = http;
    if (saved === null) return;
    if (saved.length === SAVED_BYTES) lent.push(saved);
    http.saved = null;
    http.savedLength = 0;
  }

  return { fromClient, ready, send, sent, resume, broken, forget };
}
