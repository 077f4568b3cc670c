/**
 * Connections to servers that are kept between requests (configuration.txt "http-reuse", "pool-max-conn",
 * "pool-purge-delay"): one list per server and process, of what nobody uses now.
 *
 * A kept connection stays in the event loop with handlers of its own: when its server closes it, it is gone from the list
 * before anybody takes it.
 */
import type { Handlers } from "../../linux/leg.ts";
import { COUNTER } from "../../board/words.ts";
import type { Loop } from "../../linux/loop.ts";
import type { Finisher } from "../finish.ts";
import type { Plane, Target } from "../plane.ts";
import { newServerLeg, NO_SERVER, type ServerLeg, type Session } from "../session.ts";

const PURGE_LOOK_MS = 1000;
/** Of the descriptors of all sessions: beyond it no more connections are kept. */
const KEPT_SHARE = 0.75;

export interface Pool {
  /** Gives the session a kept connection to its target, if its `http-reuse` permits one. */
  take(session: Session): boolean;
  /** Keeps the session's connection for later, or closes it. */
  give(session: Session): void;
  /** A connection is to be opened: if there are hardly descriptors left, one that is kept goes for it. */
  makeRoom(): void;
  /** A connection has been begun or closed otherwise. */
  opened(target: Target): void;
  closed(target: Target): void;
  /** Gives the session a leg without a socket, for its exchange; takes it back, closed. */
  lend(session: Session): void;
  takeBack(session: Session): void;
  /** Closes what the session has kept for itself. */
  drop(session: Session): void;
  closeIdle(target: Target): void;
  closeAll(): void;
}

/**
 * Who closes first keeps the port for a minute (TIME_WAIT), of which there are 28 000: a server that has not closed yet is
 * reset, as haproxy does.
 */
export function closeServer(loop: Loop, leg: ServerLeg): void {
  if (leg.ended) loop.close(leg);
  else loop.reset(leg);
}

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createPool(
  plane: Plane,
  finisher: Finisher,
  server: Handlers<Session>,
  localLimit: number,
): Pool {
  const { loop } = plane;
  const { rows } = plane.board;
  /** Legs without a socket. */
  const spare: ServerLeg[] = [];
  const since = new Map<Target, number>();
  let total = 0;
  let stop: (() => void) | null = null;

  /** Of a connection that nobody uses: whatever its server does, it is of no use any more. */
  const idle: Handlers<Session> = {
    connected() {},
    data: (leg) => lost(leg as ServerLeg),
    readable() {},
    drain() {},
    end: (leg) => lost(leg as ServerLeg),
    broken: (leg) => lost(leg as ServerLeg),
  };

  function lost(leg: ServerLeg): void {
    const target = leg.target!;
    const at = target.idle.indexOf(leg);
    if (at >= 0) {
      target.idle.splice(at, 1);
      count(target, -1);
    } else if (leg.owner.own === leg) {
      leg.owner.own = null;
      closed(target);
    }
    close(leg);
  }

  function count(target: Target, by: number): void {
    total += by;
    rows[target.cell.row + COUNTER.idle]! += by;
  }

  function close(leg: ServerLeg): void {
    closeServer(loop, leg);
    finisher.freePort(leg);
    spare.push(leg);
  }

  /** The first request of a client is sent over a connection that has shown to be kept, if at all: it cannot be repeated. */
  function mayTake(session: Session, leg: ServerLeg): boolean {
    switch (session.backend!.proxy.httpReuse) {
      case "always":
        return true;
      case "aggressive":
        return session.exchanges > 1 || leg.uses > 1;
      case "safe":
        return session.exchanges > 1;
      default:
        return false;
    }
  }

  function adopt(session: Session, leg: ServerLeg): void {
    spare.push(session.server);
    session.server = leg;
    leg.owner = session;
    leg.handlers = server;
    leg.uses++;
    loop.resume(leg);
  }

  function takeFrom(session: Session): boolean {
    const target = session.target!;
    const { own } = session;
    if (own !== null) {
      session.own = null;
      if (own.target === target) {
        adopt(session, own);
        return true;
      }
      closed(own.target!);
      close(own);
    }
    const last = target.idle.length - 1;
    if (last < 0 || session.http!.fresh || !mayTake(session, target.idle[last]!)) return false;
    adopt(session, target.idle.pop()!);
    count(target, -1);
    opened(target);
    return true;
  }

  function opened(target: Target): void {
    target.inUse++;
    if (target.inUse > target.mostInUse) target.mostInUse = target.inUse;
  }

  const closed = (target: Target): void => void target.inUse--;

  const descriptors = (): number => 2 * plane.sessions + total;

  /** As many are kept as were in use at once of late: more would only burden the server. */
  function hasRoom({ server, idle, inUse, mostInUse }: Target): boolean {
    const { poolMaxConn, poolPurgeDelayMs } = server;
    if (poolPurgeDelayMs === 0 || (poolMaxConn >= 0 && idle.length >= poolMaxConn)) return false;
    if (descriptors() >= KEPT_SHARE * 2 * localLimit) return false;
    return !plane.stopping && idle.length + inUse < mostInUse;
  }

  function closeOldest(target: Target): void {
    count(target, -1);
    close(target.idle.shift()!);
  }

  function closeIdle(target: Target): void {
    while (target.idle.length > 0) closeOldest(target);
  }

  /** Half of what was not needed since the last look goes, so that a pause does not cost all of them. */
  function purge(): void {
    for (const [target, at] of since) {
      const { idle, inUse, server } = target;
      if (idle.length === 0) {
        since.delete(target);
        continue;
      }
      if (loop.now - at < server.poolPurgeDelayMs) continue;
      since.set(target, loop.now);
      const excess = idle.length + inUse - target.mostInUse;
      const unused = idle.filter((leg) => loop.now - leg.idleSince >= server.poolPurgeDelayMs).length;
      for (let i = Math.floor(Math.max(excess, unused) / 2); i > 0; i--) closeOldest(target);
      target.mostInUse = Math.max(inUse, Math.ceil((target.mostInUse + inUse) / 2));
    }
    if (since.size > 0) return;
    stop?.();
    stop = null;
  }

  const pool: Pool = {
    take(session) {
      if (!takeFrom(session)) return false;
      const { cell, backend } = session.target!;
      rows[cell.row + COUNTER.reuses]! += 1;
      rows[backend.cell.row + COUNTER.reuses]! += 1;
      return true;
    },
    give(session) {
      const leg = session.server;
      const target = leg.target!;
      const { maxReuse } = target.server;
      pool.lend(session);
      leg.handlers = idle;
      leg.idleSince = loop.now;
      const worn = maxReuse >= 0 && leg.uses > maxReuse;
      if (target.backend.proxy.httpReuse === "never") {
        if (worn || plane.stopping || !session.http!.keepClient) {
          closed(target);
          return close(leg);
        }
        session.own = leg;
        return;
      }
      closed(target);
      if (worn || !hasRoom(target)) return close(leg);
      // From here on it waits with bytes nobody asked for, should there be any.
      loop.resume(leg);
      target.idle.push(leg);
      count(target, 1);
      if (!since.has(target)) since.set(target, loop.now);
      stop ??= loop.every(PURGE_LOOK_MS, purge);
    },
    makeRoom() {
      if (total === 0 || descriptors() < 2 * localLimit) return;
      for (const target of since.keys()) if (target.idle.length > 0) return closeOldest(target);
    },
    opened,
    closed,
    drop(session) {
      if (session.own === null) return;
      closed(session.own.target!);
      close(session.own);
      session.own = null;
    },
    lend(session) {
      const leg = spare.pop() ?? newServerLeg(session, server);
      leg.owner = session;
      leg.handlers = server;
      leg.uses = 0;
      session.server = leg;
    },
    takeBack(session) {
      spare.push(session.server);
      session.server = NO_SERVER;
    },
    closeIdle,
    closeAll() {
      for (const target of since.keys()) closeIdle(target);
      since.clear();
    },
  };
  return pool;
}
