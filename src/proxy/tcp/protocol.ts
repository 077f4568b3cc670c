/** `mode tcp`: from accept over the connection to the server to the relay between the two. */
import { COUNTER } from "../../board/words.ts";
import type { Handlers } from "../../linux/leg.ts";
import type { Plane } from "../plane.ts";
import { asSample } from "../sample_context.ts";
import type { Parts, Protocol } from "../service.ts";
import { keepSourceName } from "../session_names.ts";
import { newServerLeg, newSession, type Session, STATE } from "../session.ts";
import { createRelay } from "./relay.ts";

export function createTcp(plane: Plane, { finisher, connector, guard, chooseBackend }: Parts): Protocol {
  const { rows } = plane.board;
  const relay = createRelay(plane, finisher);

  const guarded = {
    established: guard(established),
    serverData: guard(relay.serverData),
    serverReadable: guard(relay.serverReadable),
    serverDrain: guard(relay.serverDrain),
    serverEnd: guard(relay.serverEnd),
    serverBroken: guard(serverBroken),
    clientData: guard(relay.clientData),
    clientReadable: guard(relay.clientReadable),
    clientDrain: guard(relay.clientDrain),
    clientEnded: guard(clientEnded),
    clientBroken: guard(clientBroken),
  };
  const server: Handlers<Session> = {
    connected: ({ owner }) => guarded.established(owner),
    data: ({ owner }, bytes, length) => guarded.serverData(owner, bytes, length),
    readable: ({ owner }) => guarded.serverReadable(owner),
    drain: ({ owner }) => guarded.serverDrain(owner),
    end: ({ owner }) => guarded.serverEnd(owner),
    broken: ({ owner }) => guarded.serverBroken(owner),
  };
  const client: Handlers<Session> = {
    connected() {},
    data: ({ owner }, bytes, length) => guarded.clientData(owner, bytes, length),
    readable: ({ owner }) => guarded.clientReadable(owner),
    drain: ({ owner }) => guarded.clientDrain(owner),
    end: ({ owner }) => guarded.clientEnded(owner),
    broken: ({ owner }) => guarded.clientBroken(owner),
  };

  function established(session: Session): void {
    session.state = STATE.established;
    session.connectMs = Math.trunc(plane.loop.now - session.connectStart);
    session.deadline = Infinity;
    const { logger } = session.frontend!;
    if (logger.active && logger.needs.source) keepSourceName(session);
    finisher.logAt(session, "connect", "--");
    adopt(session);
    relay.start(session);
  }

  function adopt(session: Session): void {
    const { backend, frontend } = session;
    session.serverActive = plane.loop.now;
    session.clientActive = plane.loop.now;
    session.clientLimit = backend!.tunnelMs ?? frontend!.clientMs;
    session.serverLimit = backend!.tunnelMs ?? backend!.serverMs;
    relay.watch(session);
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
    client,
    server,
    newSession(slot) {
      const session = newSession(slot, client, false);
      session.server = newServerLeg(session, server);
      return session;
    },
    accepted(session) {
      finisher.logAt(session, "accept", "--");
      const backend = chooseBackend(session);
      if (backend === null) return finisher.finish(session, "S", "C");
      connector.enter(session, backend);
      if (backend.useServer !== null) session.wanted = backend.useServer(asSample(plane, session));
      connector.assign(session);
    },
    look(session, nowMs) {
      switch (session.state) {
        case STATE.closed:
          return;
        case STATE.established:
          return lookIdle(session, nowMs);
        default:
          if (nowMs < session.deadline) return plane.wheel.arm(session.slot, session.deadline);
          connector.due(session);
      }
    },
    fail: finisher.finish,
    reuse: () => false,
    hurry: () => "later",
    kill: finisher.finish,
    adopt,
    forget() {},
    drain() {},
  };
}
