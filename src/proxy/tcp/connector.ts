/**
 * From a session without a server to one with a connection: choice, queue, connection attempt, retry, redispatch.
 *
 * Follows configuration.txt "retries", "option redispatch", "maxqueue", "timeout queue"; the waits and the order of
 * events were read off a running haproxy (test/tcp/fate.test.ts compares them).
 */
import { enter, enterBelow, enterQueue, enterServed, leave } from "../../board/cells.ts";
import { countEvent } from "../../board/rates.ts";
import { COUNTER, WORD } from "../../board/words.ts";
import { localName, startConnect } from "../../linux/connect.ts";
import { dynamicMaxconn, FULL, NONE } from "../balance/farm.ts";
import { NO_KEY } from "../balance/request_key.ts";
import type { Finisher } from "../finish.ts";
import type { Backend, Plane, Target } from "../plane.ts";
import { append, type Queue } from "../queue.ts";
import { asSample } from "../sample_context.ts";
import { type Session, STATE } from "../session.ts";

const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;
/** How often a process with queued sessions looks for slots that other processes have freed. */
const PUMP_MS = 1;

export interface Connector {
  /** Counts the session into its backend and looks for a server. */
  begin(session: Session, backend: Backend): void;
  /** The pending attempt has failed: refused, reset (`SC`) or too slow (`sC`). */
  failed(session: Session, failure: "SC" | "sC" | "RC"): void;
  /** The turn-around is over: the same server again. */
  again(session: Session): void;
  /** A server has lost a connection: those who wait for one are served. */
  serve(target: Target): void;
}

export function createConnector(plane: Plane, finisher: Finisher): Connector {
  const { board } = plane;
  const { rows, words } = board;
  let stopPump: (() => void) | null = null;

  function begin(session: Session, backend: Backend): void {
    session.backend = backend;
    session.holdsBackend = true;
    enter(board, backend.cell);
    rows[backend.cell.row + COUNTER.sessions]! += 1;
    const nowSec = Math.floor(session.acceptedDate / 1000);
    countEvent(words, backend.cell.word + WORD.sessSec, nowSec);
    words[backend.cell.word + WORD.lastSession] = nowSec - Math.floor(board.madeAtMs / 1000) + 1;
    assign(session);
  }

  /** Finds a server and connects, or waits in a queue, or ends the session. */
  function assign(session: Session): void {
    const backend = session.backend!;
    const key = backend.key === null ? NO_KEY : backend.key(asSample(plane, session));
    // Who has waited longest goes first: a newcomer does not overtake the backend's queue.
    const mustWait = !backend.balancer.deterministic && words[backend.cell.word + WORD.queued]! > 0 &&
      words[backend.cell.word + WORD.served]! > 0;
    const choice = mustWait ? FULL : backend.balancer.pick(key, session.avoid);
    if (choice === NONE) {
      rows[backend.cell.row + COUNTER.connErrors]! += 1;
      return finisher.finish(session, "S", "C");
    }
    if (choice === FULL) return wait(session, backend.queue, session.target);
    const target = backend.servers[choice]!;
    if (isFull(target)) return waitFor(session, target);
    if (!take(session, target)) {
      return backend.balancer.deterministic ? waitFor(session, target) : wait(session, backend.queue, session.target);
    }
    connect(session);
  }

  const limitOf = ({ server, cell, backend }: Target): number =>
    dynamicMaxconn(
      words[cell.word + WORD.maxconn]!,
      server.minconn,
      backend.fullconn,
      words[backend.cell.word + WORD.cur]!,
    );

  function isFull(target: Target): boolean {
    const limit = limitOf(target);
    const at = target.cell.word;
    return limit > 0 && (words[at + WORD.queued]! > 0 || words[at + WORD.cur]! >= limit);
  }

  function waitFor(session: Session, target: Target): void {
    const { maxqueue } = target.server;
    if (maxqueue > 0 && words[target.cell.word + WORD.queued]! >= maxqueue) {
      rows[target.backend.cell.row + COUNTER.connErrors]! += 1;
      return finisher.finish(session, "S", "Q");
    }
    wait(session, target.queue, target);
  }

  function wait(session: Session, queue: Queue, target: Target | null): void {
    const backend = session.backend!;
    session.state = STATE.queued;
    session.queue = queue;
    session.queuedSince = plane.loop.now;
    append(queue, session);
    plane.queued++;
    if (queue === backend.queue) session.backendQueue = enterQueue(board, backend.cell) + 1;
    else {
      session.target = target;
      session.serverQueue = enterQueue(board, target!.cell) + 1;
      backend.balancer.taken(target!.index);
    }
    session.deadline = session.queuedSince + backend.queueMs;
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
    const { backend } = target;
    while (true) {
      const own = target.queue.first;
      const common = usable(target) ? backend.queue.first : null;
      const session = own === null || (common !== null && common.queuedSince < own.queuedSince) ? common : own;
      if (session === null || !enterBelow(board, target.cell, limitOf(target))) return;
      leave(board, target.cell);
      finisher.leaveQueue(session);
      if (!take(session, target)) return wait(session, session === own ? target.queue : backend.queue, target);
      connect(session);
    }
  }

  function usable(target: Target): boolean {
    const at = target.cell.word;
    return target.backend.balancer.usable(target.index) && words[at + WORD.weight]! > 0;
  }

  /** Takes one of the server's connections; false when another process was quicker. */
  function take(session: Session, target: Target): boolean {
    if (!enterBelow(board, target.cell, limitOf(target))) return false;
    const { backend } = target;
    const before = session.target;
    session.target = target;
    session.holdsServer = true;
    enterServed(board, backend.cell, 1);
    backend.balancer.taken(target.index);
    rows[target.cell.row + COUNTER.chosen]! += 1;
    rows[backend.cell.row + COUNTER.chosen]! += 1;
    rows[target.cell.row + COUNTER.sessions]! += 1;
    const nowSec = Math.floor(Date.now() / 1000);
    countEvent(words, target.cell.word + WORD.sessSec, nowSec);
    words[target.cell.word + WORD.lastSession] = nowSec - Math.floor(board.madeAtMs / 1000) + 1;
    if (session.avoid >= 0 && before !== null) countRetry(session, before, target);
    return true;
  }

  /** A second choice: another server is a redispatch, the same one a retry. */
  function countRetry(session: Session, before: Target, target: Target): void {
    const counter = before === target ? COUNTER.retries : COUNTER.redispatches;
    if (before !== target) session.redispatched = true;
    rows[before.cell.row + counter]! += 1;
    rows[target.backend.cell.row + counter]! += 1;
    session.avoid = -1;
  }

  function connect(session: Session): void {
    const target = session.target!;
    const { plan } = target;
    const nowMs = plane.loop.now;
    session.state = STATE.connecting;
    if (session.queueMs < 0) {
      session.queueMs = Math.trunc(nowMs - session.acceptedAt);
      session.connectStart = nowMs;
    }
    if (target.portOffset !== null) {
      const local = localName(session.client.fd);
      const port = (local?.kind === "ip" ? local.port : 0) + target.portOffset;
      plan.address[2] = port >> 8;
      plan.address[3] = port & 255;
    }
    rows[target.cell.row + COUNTER.connects]! += 1;
    rows[target.backend.cell.row + COUNTER.connects]! += 1;
    const fd = target.ports === null ? startConnect(plan) : connectFromPort(session, target);
    // The kernel's answer comes at once: still, the attempt fails as one that was refused later does.
    if (fd < 0) return failed(session, fd === -EADDRNOTAVAIL || fd === -EADDRINUSE || fd === -24 ? "RC" : "SC");
    session.deadline = nowMs + target.backend.connectMs;
    watch(session);
    plane.loop.attach(session.server, fd, true);
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
      if (fd >= 0) session.sourcePort = port;
      else ports.giveBack(port);
    }
    return fd;
  }

  function failed(session: Session, failure: "SC" | "sC" | "RC"): void {
    const backend = session.backend!;
    const target = session.target!;
    const { proxy } = backend;
    if (session.failure === "") session.failure = failure;
    plane.loop.close(session.server);
    if (session.attempts >= proxy.retries || !proxy.retryOn.connFailure) {
      rows[backend.cell.row + COUNTER.connErrors]! += 1;
      rows[target.cell.row + COUNTER.connErrors]! += 1;
      return finisher.finish(session, session.failure[0] as "S" | "s" | "R", "C");
    }
    session.attempts++;
    if (mayRedispatch(session, backend)) {
      finisher.releaseServer(session);
      session.avoid = target.index;
      const others = backend.roundRobinKind && usableCount(backend) > 1;
      serve(target);
      return failure === "sC" || others ? assign(session) : turnAround(session);
    }
    rows[backend.cell.row + COUNTER.retries]! += 1;
    rows[target.cell.row + COUNTER.retries]! += 1;
    // A refusal would most likely come again at once; a time-out has waited long enough.
    if (failure === "sC") return connect(session);
    turnAround(session);
  }

  function turnAround(session: Session): void {
    session.state = STATE.turnaround;
    session.deadline = plane.loop.now + session.backend!.turnaroundMs;
    watch(session);
  }

  const usableCount = ({ cell }: Backend): number =>
    words[cell.word + WORD.active]! > 0 ? words[cell.word + WORD.active]! : words[cell.word + WORD.backup]!;

  /**
   * Another server may be tried: by interval (`option redispatch N`; negative counts from the last retry), or at once
   * when the choice depends on nothing of the client's.
   */
  function mayRedispatch(session: Session, backend: Backend): boolean {
    const { redispatch, retries } = backend.proxy;
    if (redispatch === null) return false;
    const left = retries - session.attempts;
    const due = redispatch > 0 ? left % redispatch === 0 : redispatch < 0 && left % (retries + 1 + redispatch) === 0;
    return due || (backend.roundRobinKind && usableCount(backend) > 1);
  }

  function watch(session: Session): void {
    if (session.deadline < plane.wheel.armedFor(session.slot)) plane.wheel.arm(session.slot, session.deadline);
  }

  return {
    begin,
    failed,
    serve,
    again(session) {
      if (session.holdsServer) connect(session);
      else assign(session);
    },
  };
}
