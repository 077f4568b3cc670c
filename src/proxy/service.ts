/**
 * What happens from accept to close, in either mode: puts gates, connector and finisher together, and hands each session to
 * the protocol of its frontend's mode (tcp/protocol.ts, http1/protocol.ts).
 *
 * All handlers are made once; a session is found by the socket's owner.
 */
import { countEvent } from "../board/rates.ts";
import { COUNTER, WORD } from "../board/words.ts";
import type { Mode } from "../config/haproxy/model.ts";
import { setKeepAlive } from "../linux/connect.ts";
import type { Handlers } from "../linux/leg.ts";
import type { Timers } from "../linux/loop.ts";
import { type Connector, createConnector, type Hurry } from "./connector.ts";
import { createFinisher, type Finisher, stageOf } from "./finish.ts";
import { createGates, type Gates } from "./gate.ts";
import { createHttp } from "./http1/protocol.ts";
import type { Backend, Listener, Plane, Target } from "./plane.ts";
import { asSample } from "./sample_context.ts";
import { keepClientName, keepLocalName } from "./session_names.ts";
import { resetSession, type Session, STATE } from "./session.ts";
import { createTcp } from "./tcp/protocol.ts";
import { createWheel } from "./timers.ts";
import { createTurns } from "./turns.ts";

export interface Service {
  gates: Gates;
  /** What is due by time. */
  timers: Timers;
  /** No new connections come: those between two requests may be closed. */
  drain(): void;
  /** Ends every session at once (hard stop). */
  killAll(): void;
  /** What lives, for whoever looks on from outside. */
  living(): Iterable<Session>;
  /** Ends one session: a hard stop or the operator ("K"), its server has gone down ("D"). */
  kill(session: Session, cause: "K" | "D"): void;
  /** A server takes no new clients: see Connector. */
  leave(target: Target): number;
}

/** What is done for a session; what more it is given depends on the event. */
type Deed<A = void, B = void> = (session: Session, a: A, b: B) => void;

/** What all modes share. */
export interface Parts {
  finisher: Finisher;
  connector: Connector;
  /** A mistake of ours in a handler costs its session, not the process. */
  guard: <A = void, B = void>(deed: Deed<A, B>) => Deed<A, B>;
  /** By the frontend's use_backend rules; null: none. */
  chooseBackend(session: Session): Backend | null;
}

export interface Protocol {
  client: Handlers<Session>;
  server: Handlers<Session>;
  newSession(slot: number): Session;
  /** The connection has been accepted and counted. */
  accepted(session: Session): void;
  /** The wheel says it may be time: acts on what has lasted too long, else arms again. */
  look(session: Session, nowMs: number): void;
  /** As the connector's ways. */
  fail(session: Session, cause: "S" | "s", stage: "C" | "Q"): void;
  reuse(session: Session): boolean;
  hurry(session: Session, fd: number): Hurry;
  /** Ends a session from outside: a hard stop or the operator ("K"), a server that went down ("D"), a mistake of ours ("I"). */
  kill(session: Session, cause: "K" | "D" | "I", stage?: string): void;
  /** Kept connections to the server are closed. */
  forget(target: Target): void;
  /** Takes over a session of another protocol whose connections are both there. */
  adopt(session: Session): void;
  /** The process is draining. */
  drain(session: Session): void;
}

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createService(plane: Plane, localLimit: number): Service {
  const { board } = plane;
  const { rows, words } = board;
  const sessions: Session[] = [];
  const pools: Record<Mode, Session[]> = { tcp: [], http: [] };

  plane.wheel = createWheel(plane.loop.now, (slot, nowMs) => look(sessions[slot]!, nowMs));

  const turns = createTurns(board, plane.worker, plane.loop);
  const finisher = createFinisher(plane, turns, {
    freed(session, serverReleased) {
      if (serverReleased) connector.serve(session.target!);
      gates.freed();
    },
    pooled: (session) => void pools[session.isHttp ? "http" : "tcp"].push(session),
  });
  const connector = createConnector(plane, finisher, turns, {
    fail: (session, cause, stage) => protocolOf(session).fail(session, cause, stage),
    reuse: (session) => protocolOf(session).reuse(session),
    hurry: (session, fd) => protocolOf(session).hurry(session, fd),
  });
  const parts: Parts = { finisher, connector, guard, chooseBackend };
  const protocols: Record<Mode, Protocol> = {
    tcp: createTcp(plane, parts),
    http: createHttp(plane, parts, localLimit),
  };
  const gates = createGates(plane, turns, accepted, localLimit);

  const protocolOf = (session: Session): Protocol => session.isHttp ? protocols.http : protocols.tcp;
  const look = guard((session, nowMs: number) => protocolOf(session).look(session, nowMs));

  function guard<A = void, B = void>(deed: Deed<A, B>): Deed<A, B> {
    return (session, a, b) => {
      try {
        deed(session, a, b);
      } catch (error) {
        failed(session, error);
      }
    };
  }

  function failed(session: Session, error: unknown): void {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    process.stderr.write(`[ALERT]    (${process.pid}) : Cannot go on with a session: ${text}\n`);
    plane.samples.request = null;
    plane.samples.response = null;
    protocolOf(session).kill(session, "I");
  }

  function sessionFor(listener: Listener): Session {
    const { mode } = listener.frontend.proxy;
    let session = pools[mode].pop();
    if (session === undefined) {
      session = protocols[mode].newSession(plane.wheel.take());
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
    session.workAt = session.acceptedAt;
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
    begin(session, name, nameLength);
  }

  const begin = guard((session, name: Uint8Array, nameLength: number) => {
    keepClientName(session, name, nameLength);
    const { needs, active } = session.frontend!.logger;
    // The socket will be closed when the line is written.
    if (active && needs.local) keepLocalName(session);
    protocolOf(session).accepted(session);
  });

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

  function* living(): Generator<Session> {
    for (const session of sessions) if (session !== undefined && session.state !== STATE.closed) yield session;
  }

  return {
    gates,
    timers: plane.wheel,
    living,
    // In the data phase haproxy names no stage where it was told from outside.
    kill: guard((session, cause: "K" | "D") => {
      protocolOf(session).kill(session, cause, session.state === STATE.established ? "-" : stageOf(session));
    }),
    leave(target) {
      protocols.http.forget(target);
      return connector.leave(target);
    },
    drain() {
      for (const session of sessions) if (session.state !== STATE.closed) protocolOf(session).drain(session);
    },
    killAll() {
      for (const session of sessions) if (session.state !== STATE.closed) protocolOf(session).kill(session, "K");
    },
  };
}
