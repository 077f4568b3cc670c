/**
 * `mode tcp`: what happens from accept to close. Puts gates, connector, relay and finisher together.
 *
 * All handlers are made once; a session is found by the socket's data.
 */
import type { Socket, SocketHandler } from "bun";
import { enter } from "../../board/cells.ts";
import { countEvent } from "../../board/rates.ts";
import { COUNTER, WORD } from "../../board/words.ts";
import { saveLocalName, savePeerName, setKeepAlive } from "../../linux/connect.ts";
import { createFinisher, fdOf } from "../finish.ts";
import { createGates, type Gates } from "../gate.ts";
import type { Backend, Listener, Plane } from "../plane.ts";
import { asSample } from "../sample_context.ts";
import { type Leg, NAME, newSession, resetSession, type Session, STATE } from "../session.ts";
import { clockMs, createWheel } from "../timers.ts";
import { createConnector } from "./connector.ts";
import { createRelay } from "./relay.ts";

export interface Service {
  gates: Gates;
  /** Ends every session at once (hard stop). */
  killAll(): void;
}

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createTcpService(plane: Plane, localLimit: number): Service {
  const { board } = plane;
  const { rows, words } = board;
  const sessions: Session[] = [];
  const pool: Session[] = [];

  plane.wheel = createWheel((slot, nowMs) => look(sessions[slot]!, nowMs));

  const finisher = createFinisher(plane, pool, {
    freed(session, serverReleased) {
      if (serverReleased) connector.serve(session.target!);
      gates.freed();
    },
  });

  /** Bun calls these with the socket; the ones of a session that has let go of it do nothing. */
  const serverHandlers: SocketHandler<Session> = {
    binaryType: "buffer",
    open(server) {
      server.data.server = server;
    },
    // The first drain means connected (BUN_FACTS §2).
    drain(server) {
      const session = server.data;
      if (session.server !== server) return;
      if (session.state === STATE.connecting) established(session);
      else relay.serverDrain(session);
    },
    data: (server, chunk) => relay.serverData(server, chunk),
    end(server) {
      const session = server.data;
      if (session.server === server && session.state === STATE.established) relay.serverEnd(session);
    },
    close: (server, error) => serverClosed(server, error),
    error: (server, error) => broken(server, error),
  };
  const clientHandlers: SocketHandler<never> = {
    binaryType: "buffer",
    open: (client) => accepted(client),
    drain: (client) => relay.clientDrain(client as Leg),
    data: (client, chunk) => relay.clientData(client as Leg, chunk),
    end: (client) => clientEnded(client as Leg),
    close: (client, error) => clientClosed(client as Leg, error),
    error: (client, error) => broken(client as Leg, error),
  };
  const connector = createConnector(plane, finisher, serverHandlers);
  const relay = createRelay(plane, finisher);
  const gates = createGates(plane, clientHandlers, localLimit);

  function sessionFor(client: Leg, listener: Listener): Session {
    let session = pool.pop();
    if (session === undefined) {
      session = newSession(plane.wheel.take());
      sessions[session.slot] = session;
    }
    resetSession(session);
    session.client = client;
    session.listener = listener;
    session.frontend = listener.frontend;
    return session;
  }

  function accepted(socket: Socket<never>): void {
    const client = socket as unknown as Leg;
    const listener = client.data as unknown as Listener;
    const { frontend } = listener;
    const session = sessionFor(client, listener);
    client.data = session;
    session.acceptedAt = clockMs();
    session.clientActive = session.acceptedAt;
    session.acceptedDate = Date.now();
    const nowSec = Math.floor(session.acceptedDate / 1000);
    plane.sessions++;
    plane.sequence++;
    enter(board, plane.process);
    enter(board, frontend.cell);
    enter(board, listener.cell);
    rows[plane.process.row + COUNTER.sessions]! += 1;
    rows[plane.process.row + COUNTER.connections]! += 1;
    rows[frontend.cell.row + COUNTER.sessions]! += 1;
    rows[frontend.cell.row + COUNTER.connections]! += 1;
    rows[listener.cell.row + COUNTER.sessions]! += 1;
    countEvent(words, plane.process.word + WORD.connSec, nowSec);
    countEvent(words, plane.process.word + WORD.sessSec, nowSec);
    countEvent(words, frontend.cell.word + WORD.connSec, nowSec);
    countEvent(words, frontend.cell.word + WORD.sessSec, nowSec);
    gates.review(frontend);
    if (frontend.keepAlive !== null) setKeepAlive(fdOf(client), frontend.keepAlive);
    keepNames(session);
    finisher.logAt(session, "accept", "--");
    const backend = chooseBackend(session);
    if (backend === null) return finisher.finish(session, "S", "C");
    connector.begin(session, backend);
  }

  /** Their sockets will be closed when the line is written. */
  function keepNames(session: Session): void {
    const { needs, active } = session.frontend!.logger;
    if (!active) return;
    session.names ??= new Uint8Array(NAME.bytes);
    session.names[NAME.source] = 0;
    const fd = fdOf(session.client);
    if (needs.client) savePeerName(fd, session.names, NAME.client);
    if (needs.local) saveLocalName(fd, session.names, NAME.local);
  }

  function chooseBackend(session: Session): Backend | null {
    const { rules, defaultBackend } = session.frontend!;
    if (rules.length === 0) return defaultBackend;
    const context = asSample(plane, session);
    for (const { test, choose } of rules) {
      if (test === null || test(context)) {
        const backend = choose(context);
        if (backend !== null) return backend;
      }
    }
    return defaultBackend;
  }

  function established(session: Session): void {
    const nowMs = clockMs();
    const backend = session.backend!;
    session.state = STATE.established;
    session.connectMs = Math.trunc(nowMs - session.connectStart);
    session.deadline = Infinity;
    const { logger } = session.frontend!;
    if (logger.active && logger.needs.source) saveLocalName(fdOf(session.server), session.names!, NAME.source);
    session.serverActive = nowMs;
    session.clientActive = nowMs;
    session.clientLimit = backend.tunnelMs ?? session.frontend!.clientMs;
    session.serverLimit = backend.tunnelMs ?? backend.serverMs;
    finisher.logAt(session, "connect", "--");
    const at = Math.min(session.clientLimit, session.serverLimit) + nowMs;
    if (at < plane.wheel.armedFor(session.slot)) plane.wheel.arm(session.slot, at);
    relay.start(session);
  }

  function clientEnded(client: Leg): void {
    const session = client.data;
    if (session.client !== client) return;
    if (session.state === STATE.established) return relay.clientEnd(session);
    session.clientEnded = true;
    // A client that leaves before its server is there takes its request along, unless it had sent one.
    if (session.up === null || session.backend!.proxy.options.abortonclose) finisher.finish(session, "C");
  }

  function clientClosed(client: Leg, error: Error | undefined): void {
    const session = client.data;
    // A socket that never became a session's: closed within accept.
    if (session.client !== client) return;
    session.client = null;
    if (error !== undefined) return clientReset(session);
    if (session.state !== STATE.established) return finisher.finish(session, "C");
    // After our own end its end comes without an event of its own (BUN_FACTS §1).
    relay.clientEnd(session);
  }

  /** The client's reset is passed on; haproxy names the data phase wherever the session stands. */
  function clientReset(session: Session): void {
    const { server } = session;
    session.server = null;
    server?.terminate();
    finisher.finish(session, "C", "D");
  }

  function serverClosed(server: Leg, error: Error | undefined): void {
    const session = server.data;
    if (session.server !== server) return;
    session.server = null;
    if (session.state === STATE.connecting) return connector.failed(session, "SC");
    if (session.state !== STATE.established) return;
    if (error !== undefined) {
      session.up = null;
      session.serverShut = true;
      if (session.down === null) return finisher.finish(session, "S", "D");
    }
    relay.serverEnd(session);
  }

  /** A mistake of ours in a handler costs its session, not the process. */
  function broken(leg: Leg, error: Error): void {
    process.stderr.write(
      `[ALERT]    (${process.pid}) : Cannot go on with a session: ${error.stack ?? error.message}\n`,
    );
    const session = leg.data;
    if (session.client === leg || session.server === leg) finisher.finish(session, "I");
  }

  /** The wheel says it may be time: acts on what has lasted too long, else arms again. */
  function look(session: Session, nowMs: number): void {
    switch (session.state) {
      case STATE.closed:
        return;
      case STATE.established:
        return lookIdle(session, nowMs);
      default:
        if (nowMs < session.deadline) return plane.wheel.arm(session.slot, session.deadline);
        if (session.state === STATE.queued) {
          rows[session.backend!.cell.row + COUNTER.connErrors]! += 1;
          finisher.finish(session, "s", "Q");
        } else if (session.state === STATE.connecting) connector.failed(session, "sC");
        else connector.again(session);
    }
  }

  function lookIdle(session: Session, nowMs: number): void {
    const at = relay.idleDeadline(session);
    if (at === Infinity) return;
    if (nowMs < at) return plane.wheel.arm(session.slot, at);
    // Both may be due: the client's silence is named first, as haproxy does.
    const client = nowMs >= session.clientActive + session.clientLimit &&
      (session.down !== null || (!session.clientEnded && session.up === null));
    finisher.finish(session, client ? "c" : "s");
  }

  return {
    gates,
    killAll() {
      for (const session of sessions) if (session.state !== STATE.closed) finisher.finish(session, "K");
    },
  };
}
