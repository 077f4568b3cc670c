/**
 * `mode tcp`: what happens from accept to close. Puts gates, connector, relay and finisher together.
 *
 * All handlers are made once; a session is found by the socket's data.
 */
import { countEvent } from "../../board/rates.ts";
import { COUNTER, WORD } from "../../board/words.ts";
import { keepName, saveLocalName, setKeepAlive } from "../../linux/connect.ts";
import type { Handlers } from "../../linux/leg.ts";
import type { Timers } from "../../linux/loop.ts";
import { createFinisher } from "../finish.ts";
import { createGates, type Gates } from "../gate.ts";
import type { Backend, Listener, Plane } from "../plane.ts";
import { asSample } from "../sample_context.ts";
import { NAME, newSession, resetSession, type Session, STATE } from "../session.ts";
import { createWheel } from "../timers.ts";
import { createTurns } from "../turns.ts";
import { createConnector } from "./connector.ts";
import { createRelay } from "./relay.ts";

export interface Service {
  gates: Gates;
  /** What is due by time. */
  timers: Timers;
  /** Ends every session at once (hard stop). */
  killAll(): void;
}

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createTcpService(plane: Plane, localLimit: number): Service {
  const { board } = plane;
  const { rows, words } = board;
  const sessions: Session[] = [];
  const pool: Session[] = [];

  plane.wheel = createWheel(plane.loop.now, (slot, nowMs) => {
    try {
      look(sessions[slot]!, nowMs);
    } catch (error) {
      failed(sessions[slot]!, error);
    }
  });

  const turns = createTurns(board, plane.worker, plane.loop);
  const finisher = createFinisher(plane, turns, pool, {
    freed(session, serverReleased) {
      if (serverReleased) connector.serve(session.target!);
      gates.freed();
    },
  });

  const serverHandlers: Handlers<Session> = {
    connected: ({ owner }) => guard(owner, established),
    data({ owner }, bytes, length) {
      try {
        relay.serverData(owner, bytes, length);
      } catch (error) {
        failed(owner, error);
      }
    },
    readable: ({ owner }) => guard(owner, relay.serverReadable),
    drain: ({ owner }) => guard(owner, relay.serverDrain),
    end: ({ owner }) => guard(owner, relay.serverEnd),
    broken: ({ owner }) => guard(owner, serverBroken),
  };
  const clientHandlers: Handlers<Session> = {
    connected() {},
    data({ owner }, bytes, length) {
      try {
        relay.clientData(owner, bytes, length);
      } catch (error) {
        failed(owner, error);
      }
    },
    readable: ({ owner }) => guard(owner, relay.clientReadable),
    drain: ({ owner }) => guard(owner, relay.clientDrain),
    end: ({ owner }) => guard(owner, clientEnded),
    broken: ({ owner }) => guard(owner, clientBroken),
  };
  const connector = createConnector(plane, finisher, turns);
  const relay = createRelay(plane, finisher);
  const gates = createGates(plane, turns, accepted, localLimit);

  /** A mistake of ours in a handler costs its session, not the process. */
  function guard(session: Session, handler: (session: Session) => void): void {
    try {
      handler(session);
    } catch (error) {
      failed(session, error);
    }
  }

  function failed(session: Session, error: unknown): void {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    process.stderr.write(`[ALERT]    (${process.pid}) : Cannot go on with a session: ${text}\n`);
    finisher.finish(session, "I");
  }

  function sessionFor(listener: Listener): Session {
    let session = pool.pop();
    if (session === undefined) {
      session = newSession(plane.wheel.take(), clientHandlers, serverHandlers);
      sessions[session.slot] = session;
    }
    resetSession(session);
    session.listener = listener;
    session.frontend = listener.frontend;
    return session;
  }

  function accepted(listener: Listener, fd: number, name: Uint8Array, nameLength: number): void {
    const { frontend } = listener;
    const session = sessionFor(listener);
    session.acceptedAt = plane.loop.now;
    session.clientActive = session.acceptedAt;
    session.acceptedDate = Date.now();
    const nowSec = Math.floor(session.acceptedDate / 1000);
    plane.sessions++;
    plane.sequence++;
    rows[plane.process.row + COUNTER.sessions]! += 1;
    rows[plane.process.row + COUNTER.connections]! += 1;
    rows[frontend.cell.row + COUNTER.sessions]! += 1;
    rows[frontend.cell.row + COUNTER.connections]! += 1;
    rows[listener.cell.row + COUNTER.sessions]! += 1;
    countEvent(words, plane.process.word + WORD.connSec, nowSec);
    countEvent(words, plane.process.word + WORD.sessSec, nowSec);
    countEvent(words, frontend.cell.word + WORD.connSec, nowSec);
    countEvent(words, frontend.cell.word + WORD.sessSec, nowSec);
    plane.loop.attach(session.client, fd, false);
    if (frontend.keepAlive !== null) setKeepAlive(fd, frontend.keepAlive);
    guardedStart(session, name, nameLength);
  }

  function guardedStart(session: Session, name: Uint8Array, nameLength: number): void {
    try {
      keepNames(session, name, nameLength);
      finisher.logAt(session, "accept", "--");
      const backend = chooseBackend(session);
      if (backend === null) finisher.finish(session, "S", "C");
      else connector.begin(session, backend);
    } catch (error) {
      failed(session, error);
    }
  }

  /** Their sockets will be closed when the line is written. */
  function keepNames(session: Session, name: Uint8Array, nameLength: number): void {
    const { needs, active } = session.frontend!.logger;
    if (!active) return;
    session.names ??= new Uint8Array(NAME.bytes);
    session.names[NAME.source] = 0;
    if (needs.client) keepName(name, nameLength, session.names, NAME.client);
    if (needs.local) saveLocalName(session.client.fd, session.names, NAME.local);
  }

  function chooseBackend(session: Session): Backend | null {
    const { rules, defaultBackend } = session.frontend!;
    if (rules.length === 0) return defaultBackend;
    const context = asSample(plane, session);
    for (const { test, choose } of rules) {
      // A name that leads nowhere leads to the default: the rules behind it are not asked.
      if (test === null || test(context)) return choose(context) ?? defaultBackend;
    }
    return defaultBackend;
  }

  function established(session: Session): void {
    const nowMs = plane.loop.now;
    const backend = session.backend!;
    session.state = STATE.established;
    session.connectMs = Math.trunc(nowMs - session.connectStart);
    session.deadline = Infinity;
    const { logger } = session.frontend!;
    if (logger.active && logger.needs.source) saveLocalName(session.server.fd, session.names!, NAME.source);
    session.serverActive = nowMs;
    session.clientActive = nowMs;
    session.clientLimit = backend.tunnelMs ?? session.frontend!.clientMs;
    session.serverLimit = backend.tunnelMs ?? backend.serverMs;
    finisher.logAt(session, "connect", "--");
    const at = Math.min(session.clientLimit, session.serverLimit) + nowMs;
    if (at < plane.wheel.armedFor(session.slot)) plane.wheel.arm(session.slot, at);
    relay.start(session);
  }

  function clientEnded(session: Session): void {
    if (session.state === STATE.established) return relay.clientEnd(session);
    session.clientEnded = true;
    // A client that leaves before its server is there takes its request along, unless it had sent one.
    if (session.up === null || session.backend!.proxy.options.abortonclose) finisher.finish(session, "C");
  }

  /** The client's reset is passed on; haproxy names the data phase wherever the session stands. */
  function clientBroken(session: Session): void {
    plane.loop.reset(session.server);
    finisher.finish(session, "C", "D");
  }

  function serverBroken(session: Session): void {
    if (session.state === STATE.connecting) return connector.failed(session, "SC");
    rows[session.backend!.cell.row + COUNTER.respErrors]! += 1;
    rows[session.target!.cell.row + COUNTER.respErrors]! += 1;
    relay.serverReset(session);
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
          if (session.target !== null) rows[session.target.cell.row + COUNTER.connErrors]! += 1;
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
    timers: plane.wheel,
    killAll() {
      for (const session of sessions) if (session.state !== STATE.closed) finisher.finish(session, "K");
    },
  };
}
