/**
 * `mode http`: the events of both connections, and of time, and who acts on them. request.ts and response.ts carry the two
 * messages of an exchange, bodies.ts their bodies, ends.ts what comes after; pool.ts keeps connections to servers.
 */
import { COUNTER } from "../../board/words.ts";
import type { Handlers } from "../../linux/leg.ts";
import type { Hurry } from "../connector.ts";
import type { Plane } from "../plane.ts";
import type { Parts, Protocol } from "../service.ts";
import { keepSourceName } from "../session_names.ts";
import { newSession, type Session, STATE } from "../session.ts";
import { createTcp } from "../tcp/protocol.ts";
import { createBodies } from "./bodies.ts";
import { createEnds, DRAIN_IDLE_MS } from "./ends.ts";
import { createExchanges } from "./exchange.ts";
import { createPool } from "./pool.ts";
import { createRequests } from "./request.ts";
import { createResponses } from "./response.ts";
import { createRouting } from "./routing.ts";
import { createSending } from "./sending.ts";

const EAGAIN = 11;

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createHttp(plane: Plane, parts: Parts, localLimit: number): Protocol {
  const { finisher, connector, guard } = parts;
  const { loop, wheel } = plane;

  const on = {
    connected: guard(connected),
    serverData: guard((session, bytes: Buffer, length: number) => responses.fromServer(session, bytes, length)),
    serverReadable: guard((session) => bodies.moveDown(session)),
    serverDrain: guard(serverDrain),
    serverEnd: guard((session) => responses.serverEnd(session)),
    serverBroken: guard(serverBroken),
    clientData: guard((session, bytes: Buffer, length: number) => requests.fromClient(session, bytes, length)),
    clientReadable: guard((session) => bodies.moveUp(session)),
    clientDrain: guard(clientDrain),
    clientEnd: guard(clientEnd),
    clientBroken: guard(clientBroken),
  };
  const server: Handlers<Session> = {
    connected: ({ owner }) => on.connected(owner),
    data: ({ owner }, bytes, length) => on.serverData(owner, bytes, length),
    readable: ({ owner }) => on.serverReadable(owner),
    drain: ({ owner }) => on.serverDrain(owner),
    end: ({ owner }) => on.serverEnd(owner),
    broken: ({ owner }) => on.serverBroken(owner),
  };
  const client: Handlers<Session> = {
    connected() {},
    data: ({ owner }, bytes, length) => on.clientData(owner, bytes, length),
    readable: ({ owner }) => on.clientReadable(owner),
    drain: ({ owner }) => on.clientDrain(owner),
    end: ({ owner }) => on.clientEnd(owner),
    broken: ({ owner }) => on.clientBroken(owner),
  };

  const pool = createPool(plane, finisher, server, localLimit);
  const bodies = createBodies(plane, {
    upMoved: (session) => sending.sent(session),
    downMoved: (session) => ends.complete(session),
    serverEnd: (session) => responses.serverEnd(session),
    clientEnd,
  });
  const exchanges = createExchanges(pool);
  const ends = createEnds(plane, parts, pool, bodies, exchanges, {
    done: (http) => sending.forget(http),
    ready: (session) => requests.ready(session),
  });
  const sending = createSending(plane, bodies, ends);
  const requests = createRequests(
    plane,
    parts,
    bodies,
    ends,
    exchanges,
    sending,
    createRouting(plane, parts, ends, sending),
  );
  const responses = createResponses(plane, parts, bodies, ends, openTunnel);
  const tunnel = createTcp(plane, { ...parts, finisher: { ...finisher, finish: ends.finishTunnel } });

  function connected(session: Session): void {
    const { target } = session;
    session.connectMs = Math.trunc(loop.now - session.connectStart);
    session.server.uses = 1;
    pool.opened(target!);
    keepSource(session);
    sending.send(session);
  }

  /** On this machine a connection is there as soon as it is asked for: its server is woken once, not twice. */
  function hurry(session: Session, fd: number): Hurry {
    const { target } = session;
    if (!target!.instant) return "later";
    const written = sending.first(session, fd);
    if (written < 0) return written === -EAGAIN ? "later" : "failed";
    loop.attach(session.server, fd, false);
    session.connectMs = 0;
    session.server.uses = 1;
    pool.opened(target!);
    keepSource(session);
    sending.begun(session, written);
    return "done";
  }

  function keepSource(session: Session): void {
    const { logger } = session.frontend!;
    if (logger.active && logger.needs.source) keepSourceName(session);
  }

  function reuse(session: Session): boolean {
    if (!pool.take(session)) {
      pool.makeRoom();
      return false;
    }
    session.connectMs = 0;
    keepSource(session);
    sending.send(session);
    return true;
  }

  function openTunnel(session: Session): void {
    session.http!.tunnel = true;
    bodies.creditUp(session);
    session.client.handlers = tunnel.client;
    session.server.handlers = tunnel.server;
    tunnel.adopt(session);
    const { input } = session.http!;
    session.http!.input = null;
    if (input !== null) tunnel.client.data(session.client, input, input.length);
  }

  function serverDrain(session: Session): void {
    if (session.upPipe !== null) {
      loop.resume(session.client);
      return bodies.moveUp(session);
    }
    if (session.up === null || !bodies.flushUp(session)) return;
    if (session.http!.request.done) sending.sent(session);
    else sending.resume(session);
  }

  function clientDrain(session: Session): void {
    if (session.downPipe !== null && session.server.fd >= 0) {
      loop.resume(session.server);
      return bodies.moveDown(session);
    }
    if (!bodies.flushDown(session)) return;
    if (session.http!.response.done) return ends.complete(session);
    session.serverActive = loop.now;
    loop.resume(session.server);
  }

  function clientEnd(session: Session): void {
    const http = session.http!;
    session.clientEnded = true;
    switch (session.state) {
      case STATE.idle:
      case STATE.request:
        return requests.broken(session, 400, "C");
      case STATE.lingering:
        return ends.closeIdle(session);
      case STATE.answering:
        return;
    }
    // An end of sending is not yet an end of reading, unless the operator says so.
    if (http.request.done && !session.backend!.proxy.options.abortonclose) return;
    if (http.request.done && session.state === STATE.established && http.answered) return;
    clientAborted(session);
  }

  function clientAborted(session: Session): void {
    const stage = stageOf(session);
    if (session.state === STATE.established) ends.countAbort(session, COUNTER.clientAborts);
    if (stage === "H") ends.refuse(session, 400, "C", stage);
    else ends.abort(session, "C", stage);
  }

  function stageOf({ state, http }: Session): string {
    switch (state) {
      case STATE.idle:
      case STATE.request:
        return "R";
      case STATE.queued:
        return "Q";
      case STATE.assign:
      case STATE.connecting:
      case STATE.turnaround:
        return "C";
      default:
        return http!.answered || !http!.request.done ? "D" : "H";
    }
  }

  function clientBroken(session: Session): void {
    const http = session.http!;
    session.clientEnded = true;
    switch (session.state) {
      case STATE.lingering:
        return ends.closeIdle(session);
      case STATE.idle:
      case STATE.request:
        return requests.broken(session, 400, "C");
    }
    ends.countAbort(session, COUNTER.clientAborts);
    // A whole request goes on to its server, as long as nobody has asked for anything else.
    if (!http.answered && http.request.done && !session.backend!.proxy.options.abortonclose) return;
    // haproxy names the data phase wherever the exchange stands, but for the queue.
    ends.abort(session, "C", session.state === STATE.queued ? "Q" : "D");
  }

  function serverBroken(session: Session): void {
    if (session.state === STATE.connecting) return connector.failed(session, "SC");
    responses.serverBroken(session);
  }

  function look(session: Session, nowMs: number): void {
    if (session.state === STATE.closed) return;
    if (session.http !== null && session.http.tunnel) return tunnel.look(session, nowMs);
    const at = session.state === STATE.established ? idleDeadline(session) : session.deadline;
    if (at === Infinity) return lookAgain(session, nowMs);
    if (nowMs < at) return wheel.arm(session.slot, at);
    switch (session.state) {
      case STATE.idle:
      case STATE.request:
        return requests.broken(session, 408, "c");
      case STATE.lingering:
        return ends.closeIdle(session);
      case STATE.answering:
        return ends.abort(session, "c", "D");
      case STATE.established:
        return sideLate(session, nowMs);
      default:
        connector.due(session);
    }
  }

  /** The side that is to act now may take for ever; the other one, whose turn comes, may not. */
  function lookAgain(session: Session, nowMs: number): void {
    if (session.state !== STATE.established) return;
    const { clientLimit, serverLimit } = session;
    const limit = Math.min(clientLimit, serverLimit);
    if (limit !== Infinity) wheel.arm(session.slot, nowMs + limit);
  }

  /** A side is answerable for silence while something is expected of it: bytes, or room for ours. */
  const clientOwes = (session: Session): boolean =>
    // As with haproxy the rest of a body is the server's to wait for, until it has answered.
    !bodies.downDone(session) ||
    (session.http!.answered && !session.http!.request.done && bodies.upDone(session));
  const serverOwes = (session: Session): boolean =>
    !bodies.upDone(session) || (!session.http!.response.done && bodies.downDone(session));

  function idleDeadline(session: Session): number {
    return Math.min(
      clientOwes(session) ? session.clientActive + session.clientLimit : Infinity,
      serverOwes(session) ? session.serverActive + session.serverLimit : Infinity,
    );
  }

  function sideLate(session: Session, nowMs: number): void {
    const serverLate = serverOwes(session) && nowMs >= session.serverActive + session.serverLimit;
    if (serverLate) return responses.serverSilent(session);
    ends.countAbort(session, COUNTER.clientAborts);
    if (session.http!.answered) return ends.abort(session, "c", "D");
    ends.refuse(session, 408, "c", session.http!.request.done ? "H" : "D");
  }

  return {
    client,
    server,
    newSession: (slot) => newSession(slot, client, true),
    accepted(session) {
      session.client.handlers = client;
      session.exchanges = 0;
      session.idleAt = loop.now;
      session.lastTarget = null;
      session.state = STATE.idle;
      session.deadline = loop.now + session.frontend!.http!.requestMs;
      if (session.deadline < wheel.armedFor(session.slot)) wheel.arm(session.slot, session.deadline);
    },
    look,
    fail: (session, cause, stage) => ends.refuse(session, 503, cause, stage),
    reuse,
    hurry,
    kill(session, cause, stage = stageOf(session)) {
      if (session.state === STATE.idle || session.state === STATE.lingering) ends.closeIdle(session);
      else ends.abort(session, cause, stage);
    },
    adopt() {},
    forget: pool.closeIdle,
    drain(session) {
      // The client is told with the next answer; closing under it could cost the request that is on its way.
      if (session.state !== STATE.idle || session.exchanges === 0) return;
      const { closeSpreadMs } = plane.model.global;
      if (closeSpreadMs < 0) return;
      const spreadMs = closeSpreadMs > 0 ? Math.random() * closeSpreadMs : DRAIN_IDLE_MS;
      session.deadline = Math.min(session.deadline, loop.now + spreadMs);
      if (session.deadline < wheel.armedFor(session.slot)) wheel.arm(session.slot, session.deadline);
    },
  };
}
