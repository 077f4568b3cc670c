/**
 * From a session without a server to one with a connection: choice, queue, connection attempt, retry, redispatch.
 *
 * Follows configuration.txt "retries", "option redispatch", "maxqueue", "timeout queue"; the waits and the order of
 * events were read off a running haproxy (test/tcp/fate.test.ts compares them).
 */
import { enter, enterBelow, enterQueue, enterServed, noteMost } from "../board/cells.ts";
import { countEvent } from "../board/rates.ts";
import { COUNTER, WORD } from "../board/words.ts";
import { startConnect } from "../linux/connect.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import { dynamicMaxconn, FULL, NONE } from "./balance/farm.ts";
import type { Finisher } from "./finish.ts";
import type { Backend, Plane, Target } from "./plane.ts";
import { append, listOf, type Queue } from "./queue.ts";
import { redispatched } from "./rules/persistence.ts";
import { asSample } from "./sample_context.ts";
import { keepLocalName, NAME, portOf } from "./session_names.ts";
import { type Session, STATE } from "./session.ts";
import type { Turns } from "./turns.ts";

const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;
/** How often a process with queued sessions looks for slots that other processes have freed. */
const PUMP_MS = 1;

/** What the modes do differently. */
export interface Ways {
  /** There will be no server: the session ends, or its exchange with an answer of our own. */
  fail(session: Session, cause: "S" | "s", stage: "C" | "Q"): void;
  /** Takes a kept connection to the session's target, if there is one and it may be used. */
  reuse(session: Session): boolean;
  /** A connection to the session's target is under way, which the loop has not been told of: it may have come about at once. */
  hurry(session: Session, fd: number): Hurry;
}

/** The request has gone out on it; it was refused; it takes its time. */
export type Hurry = "done" | "failed" | "later";

export interface Connector {
  /** Counts the session into its backend. */
  enter(session: Session, backend: Backend): void;
  /** Looks for a server and connects, or waits. */
  assign(session: Session): void;
  /** The pending attempt has failed: refused, reset (`SC`) or too slow (`sC`). */
  failed(session: Session, failure: "SC" | "sC"): void;
  /** What the session waits for has taken too long: a place in the queue, a connection, or the turn-around is over. */
  due(session: Session): void;
  /** The request is sent again, after an answer or a failure that `retry-on` names; the caller has closed the connection. */
  retry(session: Session): void;
  /** Another connection to the same server, in place of a kept one that was closed meanwhile. */
  reconnect(session: Session): void;
  /** A server has lost a connection: those who wait for one are served. */
  serve(target: Target): void;
  /** A server takes no new clients: those who wait for it and may go elsewhere do. Returns how many. */
  leave(target: Target): number;
}

export function createConnector(plane: Plane, finisher: Finisher, turns: Turns, ways: Ways): Connector {
  const { board } = plane;
  const { rows, words } = board;
  let stopPump: (() => void) | null = null;
  /** By place of the server's counters: its queue is being served. */
  const serving: boolean[] = [];

  function enterBackend(session: Session, backend: Backend): void {
    session.backend = backend;
    session.holdsBackend = true;
    enter(board, backend.cell);
    rows[backend.cell.row + COUNTER.sessions]! += 1;
    const nowSec = Math.floor(session.acceptedDate / 1000);
    countEvent(words, backend.cell.word + WORD.sessSec, nowSec);
    words[backend.cell.word + WORD.lastSession] = nowSec - Math.floor(board.madeAtMs / 1000) + 1;
  }

  function begin(session: Session): void {
    const backend = session.backend!;
    if (backend.key !== null) session.key = backend.key(asSample(plane, session));
    assign(session);
  }

  /** Finds a server and connects, or waits in a queue, or ends the session. */
  function assign(session: Session): void {
    const backend = session.backend!;
    const before = session.target;
    const { wanted } = session;
    if (wanted >= 0) return assignTo(session, backend.servers[wanted]!);
    const last = backend.proxy.options.preferLastServer ? session.lastTarget : null;
    if (last !== null && before === null && last.backend === backend && usable(last) && !isFull(last)) {
      if (take(session, last)) {
        session.target = last;
        return connect(session);
      }
    }
    // Who has waited longest goes first: a newcomer does not overtake the backend's queue.
    const mustWait = !backend.balancer.deterministic && words[backend.cell.word + WORD.queued]! > 0 &&
      words[backend.cell.word + WORD.served]! > 0;
    const choice = mustWait ? FULL : backend.balancer.pick(session.key, before === null ? -1 : before.index);
    const target = choice < 0 ? null : backend.servers[choice]!;
    session.target = target;
    if (target !== null && target !== before) count(target, COUNTER.chosen);
    if (before !== null) countRetry(session, before);
    if (choice === NONE) {
      rows[backend.cell.row + COUNTER.connErrors]! += 1;
      return ways.fail(session, "S", "C");
    }
    if (target === null) return wait(session, backend.queue);
    if (!isFull(target) && take(session, target)) return connect(session);
    // Another process was quicker: by a hash only this server will do, else any.
    if (isFull(target) || backend.balancer.deterministic) return waitFor(session, target);
    session.target = null;
    wait(session, backend.queue);
  }

  /** The server that a cookie or a rule names: it does not count as chosen. */
  function assignTo(session: Session, target: Target): void {
    const before = session.target;
    session.target = target;
    if (before !== null) countRetry(session, before);
    if (!isFull(target) && take(session, target)) return connect(session);
    waitFor(session, target);
  }

  /** For the server and for its backend. */
  function count({ cell, backend }: Target, counter: number): void {
    rows[cell.row + counter]! += 1;
    rows[backend.cell.row + counter]! += 1;
  }

  /** A second choice: the same server again is a retry, another one, or none for now, a redispatch. */
  function countRetry(session: Session, before: Target): void {
    if (before === session.target) return count(before, COUNTER.retries);
    session.redispatched = true;
    count(before, COUNTER.redispatches);
  }

  const limitOf = ({ server, cell, backend }: Target): number =>
    dynamicMaxconn(
      words[cell.word + WORD.maxconn]!,
      server.minconn,
      backend.fullconn,
      words[backend.cell.word + WORD.cur]!,
    );

  function hasRoom(target: Target): boolean {
    const limit = limitOf(target);
    return limit === 0 || words[target.cell.word + WORD.cur]! < limit;
  }

  const isFull = (target: Target): boolean =>
    !hasRoom(target) || (words[target.cell.word + WORD.queued]! > 0 && words[target.cell.word + WORD.maxconn]! > 0);

  function waitFor(session: Session, target: Target): void {
    const { maxqueue } = target.server;
    if (maxqueue > 0 && words[target.cell.word + WORD.queued]! >= maxqueue) {
      count(target, COUNTER.connErrors);
      return ways.fail(session, "S", "Q");
    }
    wait(session, target.queue);
  }

  function wait(session: Session, queue: Queue): void {
    const { backend, target } = session;
    session.state = STATE.queued;
    session.queue = queue;
    session.queuedSince = turns.now();
    append(queue, session);
    plane.queued++;
    const { cell } = target ?? backend!;
    const position = enterQueue(board, cell) + 1;
    if (target === null) session.backendQueue = position;
    else {
      session.serverQueue = position;
      backend!.balancer.taken(target.index);
    }
    if (queue.first === session) turns.waits(cell, session.queuedSince);
    session.deadline = plane.loop.now + backend!.queueMs;
    watch(session);
    stopPump ??= plane.loop.every(PUMP_MS, lookForSlots);
  }

  /** Another process, or the runtime API, may have made room without this one knowing. */
  function lookForSlots(): void {
    if (plane.queued === 0) {
      stopPump!();
      stopPump = null;
      return;
    }
    for (const backend of plane.backends) {
      if (backend.queue.first === null && !backend.servers.some((target) => target.queue.first !== null)) continue;
      for (const target of backend.servers) serve(target);
    }
  }

  function serve(target: Target): void {
    // A connection attempt that fails at once comes back here: the loop further up goes on with the next.
    if (serving[target.cell.row] === true) return;
    serving[target.cell.row] = true;
    try {
      while (serveNext(target));
    } finally {
      serving[target.cell.row] = false;
    }
  }

  /** Gives room at the server to who has waited longest, for it or for any of its backend's. */
  function serveNext(target: Target): boolean {
    const { backend } = target;
    const own = target.queue.first;
    const common = backend.queue.first !== null && usable(target) ? backend.queue.first : null;
    const session = own === null || (common !== null && common.queuedSince < own.queuedSince) ? common : own;
    if (session === null || !hasRoom(target)) return false;
    const since = session.queuedSince;
    if (turns.yields(target.cell, since) || (usable(target) && turns.yields(backend.cell, since))) return false;
    if (!take(session, target)) return false;
    finisher.leaveQueue(session);
    session.target = target;
    connect(session);
    return true;
  }

  /** As haproxy's: only with `option redispatch`, and not where `option persist` wants this server all the same. */
  function leave({ backend, queue }: Target): number {
    const { redispatch, options } = backend.proxy;
    if (redispatch === null || options.persist) return 0;
    let left = 0;
    for (const session of listOf(queue)) {
      // One that finds no server ends, which may serve another.
      if (session.queue !== queue) continue;
      finisher.leaveQueue(session);
      forgetWanted(session);
      session.state = STATE.assign;
      assign(session);
      left++;
    }
    return left;
  }

  function usable(target: Target): boolean {
    const at = target.cell.word;
    return target.backend.balancer.usable(target.index) && words[at + WORD.weight]! > 0;
  }

  /** Takes one of the server's connections; false when another process was quicker. */
  function take(session: Session, target: Target): boolean {
    if (!enterBelow(board, target.cell, limitOf(target))) return false;
    session.holdsServer = true;
    enterServed(board, target.backend.cell, 1);
    target.backend.balancer.taken(target.index);
    return true;
  }

  function connect(session: Session): void {
    const target = session.target!;
    const { plan } = target;
    const nowMs = plane.loop.now;
    session.state = STATE.connecting;
    if (session.queueMs < 0) {
      session.queueMs = Math.trunc(nowMs - session.workAt);
      session.connectStart = nowMs;
    }
    if (ways.reuse(session)) return countSession(target);
    session.server.target = target;
    session.server.uses = 0;
    if (target.portOffset !== null) {
      keepLocalName(session);
      const port = portOf(session, NAME.local) + target.portOffset;
      plan.address[2] = port >> 8;
      plan.address[3] = port & 255;
    }
    count(target, COUNTER.connects);
    const fd = target.ports === null ? startConnect(plan) : connectFromPort(session, target);
    // The kernel's answer comes at once: there is no server to wait for, and haproxy does not either.
    if (fd < 0) return failed(session, "SC", true);
    countSession(target);
    const hurry = ways.hurry(session, fd);
    if (hurry === "done") return;
    if (hurry === "failed") {
      closeDescriptor(fd);
      return failed(session, "SC");
    }
    session.deadline = nowMs + target.backend.connectMs;
    watch(session);
    plane.loop.attach(session.server, fd, true);
  }

  /** Each attempt is a session of the server, as haproxy counts them. */
  function countSession({ cell }: Target): void {
    noteMost(board, cell);
    rows[cell.row + COUNTER.sessions]! += 1;
    const nowSec = Math.floor(Date.now() / 1000);
    countEvent(words, cell.word + WORD.sessSec, nowSec);
    words[cell.word + WORD.lastSession] = nowSec - Math.floor(board.madeAtMs / 1000) + 1;
  }

  /** Tries its source ports one after the other: those of connections in TIME_WAIT are refused by the kernel. */
  function connectFromPort(session: Session, target: Target): number {
    const { plan } = target;
    const ports = target.ports!;
    let fd = -EADDRINUSE;
    for (let tries = 0; tries < 64 && (fd === -EADDRINUSE || fd === -EADDRNOTAVAIL); tries++) {
      const port = ports.take();
      if (port === 0) return fd;
      plan.source![2] = port >> 8;
      plan.source![3] = port & 255;
      fd = startConnect(plan);
      if (fd >= 0) session.server.sourcePort = port;
      else ports.giveBack(port);
    }
    return fd;
  }

  function failed(session: Session, failure: "SC" | "sC", atOnce = false): void {
    const backend = session.backend!;
    const target = session.target!;
    const { proxy } = backend;
    if (session.failure === "") session.failure = failure;
    plane.loop.close(session.server);
    finisher.freePort(session.server);
    if (session.attempts >= proxy.retries || !proxy.retryOn.connFailure) {
      count(target, COUNTER.connErrors);
      return ways.fail(session, session.failure[0] as "S" | "s", "C");
    }
    session.attempts++;
    if (mayRedispatch(session, backend)) {
      forgetWanted(session);
      finisher.releaseServer(session);
      const others = backend.roundRobinKind && activeCount(backend) > 1;
      serve(target);
      return atOnce || failure === "sC" || others ? assign(session) : turnAround(session);
    }
    count(target, COUNTER.retries);
    // A server's refusal would most likely come again at once; a time-out has waited long enough.
    if (atOnce || failure === "sC") return connect(session);
    turnAround(session);
  }

  function forgetWanted(session: Session): void {
    session.wanted = -1;
    if (session.http !== null) redispatched(session.http.found);
  }

  function turnAround(session: Session): void {
    session.state = STATE.turnaround;
    session.deadline = plane.loop.now + session.backend!.turnaroundMs;
    watch(session);
  }

  /** Backups that serve do not count, as with haproxy. */
  const activeCount = ({ cell }: Backend): number => words[cell.word + WORD.active]!;

  /**
   * Another server may be tried: by interval (`option redispatch N`; negative counts from the last retry), or at once
   * when the choice depends on nothing of the client's.
   */
  function mayRedispatch(session: Session, backend: Backend): boolean {
    const { redispatch, retries } = backend.proxy;
    if (redispatch === null) return false;
    const left = retries - session.attempts;
    const due = redispatch > 0 ? left % redispatch === 0 : redispatch < 0 && left % (retries + 1 + redispatch) === 0;
    return due || (backend.roundRobinKind && activeCount(backend) > 1);
  }

  function watch(session: Session): void {
    if (session.deadline < plane.wheel.armedFor(session.slot)) plane.wheel.arm(session.slot, session.deadline);
  }

  return {
    enter: enterBackend,
    assign: begin,
    failed,
    serve,
    leave,
    reconnect: connect,
    retry(session) {
      session.attempts++;
      count(session.target!, COUNTER.retries);
      if (!mayRedispatch(session, session.backend!)) {
        // haproxy counts the decision and the attempt.
        count(session.target!, COUNTER.retries);
        return connect(session);
      }
      const target = session.target!;
      forgetWanted(session);
      finisher.releaseServer(session);
      serve(target);
      assign(session);
    },
    due(session) {
      if (session.state === STATE.queued) {
        rows[session.backend!.cell.row + COUNTER.connErrors]! += 1;
        if (session.target !== null) rows[session.target.cell.row + COUNTER.connErrors]! += 1;
        ways.fail(session, "s", "Q");
      } else if (session.state === STATE.connecting) failed(session, "sC");
      else if (session.holdsServer) connect(session);
      else assign(session);
    },
  };
}
