/**
 * How an exchange ends: with its answer, with one of our own, or with nothing any more; and what becomes of the two
 * connections then. Termination states are those of configuration.txt 8.5.
 */
import { COUNTER } from "../../board/words.ts";
import type { LogMoment } from "../../logs/logger.ts";
import { type Finisher, stageOf } from "../finish.ts";
import type { Backend, Plane } from "../plane.ts";
import type { ErrorReply } from "../rules/error_pages.ts";
import type { Reply } from "../rules/reply.ts";
import { asSample } from "../sample_context.ts";
import type { Parts } from "../service.ts";
import { resetSession, type Session, STATE } from "../session.ts";
import type { Bodies } from "./bodies.ts";
import { type Exchanges, type Http, resetExchange } from "./exchange.ts";
import { BODY, type Head, newHead } from "./head.ts";
import { parseResponse } from "./parse.ts";
import { closeServer, type Pool } from "./pool.ts";
import { pagesOf } from "./site.ts";
import { responseSize } from "./size.ts";
import { sanitizeResponse } from "./connection.ts";

/** How long a client may take to notice that we have closed before it sent everything; then its bytes are answered by a reset. */
const LINGER_MS = 1000;
/** An idle connection is left to the client for so long when the process is to end (a reload). */
export const DRAIN_IDLE_MS = 10_000;

export interface Ends {
  /** What comes from the server has all been passed on, or our own answer has: goes on when it is all written. */
  complete(session: Session): void;
  /** There is no way to say more to the client: both sides are closed. */
  abort(session: Session, cause: string, stage: string): void;
  /** Answers with the error page of a status; an exchange that has begun to answer is aborted. */
  refuse(session: Session, status: number, cause: string, stage: string): void;
  /** The answer breaks off here: what has come of it is still passed on. */
  breakOff(session: Session, cause: string, stage: string): void;
  /** Answers with what a rule says; `head` is the request as received, null: it is gone. */
  reply(session: Session, head: Head | null, reply: Reply, cause: string, stage: string): void;
  /** Writes the exchange's line if it is due at this moment. */
  log(session: Session, moment: LogMoment): void;
  /** May the connection to the client go on behind what we answer ourselves? */
  mayGoOn(session: Session): boolean;
  /** Closes the connection to the server, if there is one. */
  dropServer(session: Session): void;
  /** Counts an end that client or server brought about before its time. */
  countAbort(session: Session, counter: number): void;
  /** Of a tunnel: as the finisher's. */
  finishTunnel: Finisher["finish"];
  /** Closes a client's connection that has no exchange. */
  closeIdle(session: Session): void;
}

export interface AfterExchange {
  /** Nothing of the request is needed any more. */
  done(http: Http): void;
  /** The next request may be read. */
  ready(session: Session): void;
}

const STATUS_COUNTERS = [
  COUNTER.httpOther,
  COUNTER.http1xx,
  COUNTER.http2xx,
  COUNTER.http3xx,
  COUNTER.http4xx,
  COUNTER.http5xx,
] as const;

export const statusCounter = (status: number): number => STATUS_COUNTERS[Math.floor(status / 100)] ?? COUNTER.httpOther;

export function createEnds(
  plane: Plane,
  { finisher, connector }: Parts,
  pool: Pool,
  bodies: Bodies,
  exchanges: Exchanges,
  after: AfterExchange,
): Ends {
  const { loop, wheel } = plane;
  const { rows } = plane.board;
  /** What a page must know of a request whose head is gone. */
  const shadow = newHead(0, 0);
  /** What we have said ourselves, to be counted. */
  const said = newHead(101, 0);
  let page = Buffer.alloc(32_768);

  const keepsClient = (session: Session): boolean => {
    const http = session.http!;
    return http.keepClient && http.request.done && !session.clientEnded;
  };

  function dropServer(session: Session): void {
    const { server } = session;
    // One that has not come about is in nobody's use; one that broke is closed already.
    if (server.uses > 0) pool.closed(server.target!);
    server.uses = 0;
    if (server.fd >= 0) closeServer(loop, server);
    finisher.freePort(server);
    session.up = null;
    if (session.upPipe !== null) plane.pipes.giveBack(session.upPipe);
    session.upPipe = null;
    session.client.raw = false;
  }

  function count(backend: Backend | null, session: Session, status: number): void {
    const counter = statusCounter(status);
    rows[session.frontend!.cell.row + counter]! += 1;
    if (backend !== null) rows[backend.cell.row + counter]! += 1;
  }

  function log(session: Session, moment: LogMoment): void {
    const { logger } = session.frontend!;
    if (!logger.active || (moment !== "end" && logger.due !== moment)) return;
    const { cause, stage, found } = session.http!;
    finisher.logAt(session, moment, (cause === "" ? "--" : cause + stage) + found.request + found.response);
  }

  /** Counts, writes the line, and gives back what the exchange held. True: a server's place was. */
  function close(session: Session): boolean {
    const http = session.http!;
    bodies.creditUp(session);
    count(session.backend, session, http.status);
    const released = finisher.endWork(session);
    log(session, "end");
    after.done(http);
    return released;
  }

  function complete(session: Session): void {
    const http = session.http!;
    if (!bodies.downDone(session)) return;
    const { server } = session;
    if (loop.wasReset(session.client)) {
      session.clientEnded = true;
      countAbort(session, COUNTER.clientAborts);
    }
    // A server that answers early may still want the rest of the request.
    if (!http.request.done && server.fd >= 0 && !session.serverEnded) return;
    const whole = http.request.done && http.response.done && session.up === null;
    if (http.keepServer && whole && server.fd >= 0 && !server.ended) pool.give(session);
    else dropServer(session);
    const goesOn = keepsClient(session);
    const released = close(session);
    if (!goesOn) return last(session, released);
    const { target } = session;
    session.lastTarget = target;
    next(session);
    if (released) connector.serve(target!);
  }

  /** The connection waits for the next request, which may be there already. */
  function next(session: Session): void {
    const http = session.http!;
    const { frontend } = session;
    resetSession(session);
    // A request that was sent ahead is taken up at once.
    if (http.input !== null) resetExchange(http);
    else exchanges.end(session);
    session.state = STATE.idle;
    session.idleAt = loop.now;
    session.acceptedDate = Date.now();
    session.clientActive = loop.now;
    session.deadline = loop.now +
      (plane.stopping ? Math.min(DRAIN_IDLE_MS, frontend!.http!.keepAliveMs) : frontend!.http!.keepAliveMs);
    if (session.deadline < wheel.armedFor(session.slot)) wheel.arm(session.slot, session.deadline);
    after.ready(session);
  }

  /** No further request: a client that is still sending must read our answer before a reset takes it away. */
  function last(session: Session, released: boolean): void {
    const http = session.http!;
    const { frontend } = session;
    const unread = !http.request.done || http.input !== null;
    if (session.clientEnded || !unread || session.client.fd < 0 || frontend!.proxy.options.nolinger) {
      return hangUp(session, released);
    }
    if (released) connector.serve(session.target!);
    session.state = STATE.lingering;
    exchanges.end(session);
    loop.shutdown(session.client);
    loop.resume(session.client);
    session.deadline = loop.now + Math.min(LINGER_MS, frontend!.clientFinMs, frontend!.clientMs);
    wheel.arm(session.slot, session.deadline);
  }

  function countAbort({ backend, target }: Session, counter: number): void {
    if (backend !== null) rows[backend.cell.row + counter]! += 1;
    if (target !== null) rows[target.cell.row + counter]! += 1;
  }

  function abort(session: Session, cause: string, stage: string): void {
    if (session.state === STATE.closed) return;
    const http = session.http!;
    if (http.cause === "") {
      http.cause = cause;
      http.stage = stage;
    }
    const released = close(session);
    dropServer(session);
    hangUp(session, released);
  }

  function hangUp(session: Session, released: boolean): void {
    exchanges.end(session);
    pool.drop(session);
    finisher.close(session, released);
  }

  function say(session: Session, bytes: Buffer, end: number): void {
    const http = session.http!;
    http.answered = true;
    http.response.done = true;
    session.state = STATE.answering;
    if (end > 0) bodies.writeDown(session, bytes, 0, end);
    session.clientActive = loop.now;
    session.deadline = loop.now + session.frontend!.clientMs;
    if (session.deadline < wheel.armedFor(session.slot)) wheel.arm(session.slot, session.deadline);
    complete(session);
  }

  function mayGoOn(session: Session): boolean {
    const http = session.http!;
    http.keepClient &&= http.request.done && !plane.stopping;
    return http.keepClient;
  }

  function send(session: Session, head: Head | null, reply: Reply, closes: boolean): void {
    const http = session.http!;
    if (closes) http.keepClient = false;
    if (page.length < reply.size) page = Buffer.alloc(reply.size);
    const end = reply.write(asSample(plane, session), head, page, 0, !mayGoOn(session));
    if (head !== null && end > 0) bodies.countDown(session, sizeOf(session, end, closes));
    const { target } = session;
    const released = finisher.endWork(session);
    say(session, page, end);
    if (released) connector.serve(target!);
  }

  function sizeOf(session: Session, end: number, closes: boolean): number {
    parseResponse(said, page, 0, end, session.http!.method, said.states.length);
    // What the page itself says of the connection counts, what we add does not.
    if (!closes) sanitizeResponse(said);
    return responseSize(said) + end - said.end;
  }

  function refuse(session: Session, status: number, cause: string, stage: string): void {
    const http = session.http!;
    if (http.answered) return abort(session, cause, stage);
    dropServer(session);
    http.cause = cause;
    http.stage = stage;
    http.status = status;
    const reply: ErrorReply = pagesOf(session)(status);
    const unread = !http.whole;
    send(session, unread ? null : shadowOf(http), reply, reply.closes || unread);
  }

  function shadowOf({ method, minor }: Http): Head {
    shadow.method = method;
    shadow.minor = minor;
    return shadow;
  }

  function breakOff(session: Session, cause: string, stage: string): void {
    const http = session.http!;
    http.cause = cause;
    http.stage = stage;
    http.keepClient = false;
    http.response.done = true;
    dropServer(session);
    complete(session);
  }

  return {
    complete,
    abort,
    refuse,
    breakOff,
    log,
    mayGoOn,
    dropServer,
    reply(session, head, reply, cause, stage) {
      const http = session.http!;
      http.cause = cause;
      http.stage = stage;
      http.status = reply.status;
      // A redirect sends the client elsewhere with its body: haproxy has no use for the connection then.
      const elsewhere = reply.status >= 301 && reply.status <= 308 && http.request.kind !== BODY.none;
      send(session, head ?? shadowOf(http), reply, ("closes" in reply && reply.closes === true) || elsewhere);
    },
    countAbort,
    finishTunnel(session, cause, stage = stageOf(session)) {
      // The relay has counted the bytes for all four.
      session.http!.creditedUp = session.bytesUp;
      const side = cause.toLowerCase();
      if (side === "c" || side === "s") {
        for (const place of [session.backend!, session.target!]) {
          rows[place.cell.row + (side === "c" ? COUNTER.clientAborts : COUNTER.serverAborts)]! += 1;
        }
      }
      abort(session, cause === "-" ? "" : cause, cause === "-" ? "" : stage);
    },
    closeIdle: (session) => hangUp(session, false),
  };
}
