/**
 * The end of a session: what it held is given back, its line is written, its sockets are closed, its object is reused.
 *
 * Termination states are those of configuration.txt 8.5: who or what ended it, and where it stood.
 */
import { type Cell, enterServed, leave, leaveQueue } from "../board/cells.ts";
import { COUNTER, TIME_SAMPLES } from "../board/words.ts";
import type { Leg } from "../linux/leg.ts";
import type { LogMoment } from "../logs/logger.ts";
import type { Plane } from "./plane.ts";
import { remove } from "./queue.ts";
import { type ServerLeg, type Session, STATE } from "./session.ts";
import { fillRecord } from "./session_record.ts";
import type { Turns } from "./turns.ts";

export type Cause = "-" | "C" | "S" | "c" | "s" | "P" | "R" | "I" | "K" | "D" | "L";

/** Second letter of the termination state by where the session stands. */
const STAGE: Record<number, string> = {
  [STATE.assign]: "C",
  [STATE.queued]: "Q",
  [STATE.connecting]: "C",
  [STATE.turnaround]: "C",
  [STATE.established]: "D",
};

export const stageOf = (session: Session): string => {
  const over = session.state === STATE.established && session.serverEnded && session.serverShut;
  return over ? "L" : STAGE[session.state]!;
};

export interface Finisher {
  /** Ends the session. `stage` "" means where it stands now; cause "-" is a normal end. */
  finish(session: Session, cause: Cause, stage?: string): void;
  /** Writes the line if it is due at this moment (logasap, or formats that are complete before the end). */
  logAt(session: Session, moment: LogMoment, termination: string): void;
  /** Gives back the server's connection; returns true if it held one. */
  releaseServer(session: Session): boolean;
  leaveQueue(session: Session): void;
  /** Gives back the source port of a server connection that is closed. */
  freePort(leg: ServerLeg): void;
  /**
   * Ends the work for a backend: gives back its places in queue, server and backend, and counts its times. True: a server's
   * connection was given back, so who waits for one is to be served.
   */
  endWork(session: Session): boolean;
  /** Closes both sides, gives back what the connection itself held, and keeps the object for the next one. */
  close(session: Session, serverReleased: boolean): void;
}

/** What the rest of the data plane does when a session has gone. */
export interface AfterFinish {
  freed(session: Session, serverReleased: boolean): void;
  /** It may be used again. */
  pooled(session: Session): void;
}

export function createFinisher(plane: Plane, turns: Turns, after: AfterFinish): Finisher {
  const { board } = plane;
  const { rows } = board;

  function freePort(leg: ServerLeg): void {
    if (leg.sourcePort === 0) return;
    leg.target!.ports!.giveBack(leg.sourcePort);
    leg.sourcePort = 0;
  }

  function releaseServer(session: Session): boolean {
    const { target, backend } = session;
    if (!session.holdsServer) return false;
    session.holdsServer = false;
    leave(board, target!.cell);
    enterServed(board, backend!.cell, -1);
    backend!.balancer.released(target!.index);
    return true;
  }

  function leaveQueueOf(session: Session): void {
    const { queue, target, backend } = session;
    if (queue === null) return;
    remove(queue, session);
    session.queue = null;
    plane.queued--;
    const { cell } = target ?? backend!;
    leaveQueue(board, cell);
    turns.waits(cell, queue.first === null ? 0 : queue.first.queuedSince);
    if (target !== null) backend!.balancer.released(target.index);
  }

  function countTimes(session: Session, totalMs: number): void {
    if (session.connectMs < 0) return;
    countTimesOf(session.backend!.cell, session, totalMs);
    countTimesOf(session.target!.cell, session, totalMs);
  }

  function countTimesOf({ row }: Cell, { queueMs, connectMs, http }: Session, totalMs: number): void {
    countTime(row + COUNTER.queueTimeSum, row + COUNTER.queueTimeMax, queueMs);
    countTime(row + COUNTER.connectTimeSum, row + COUNTER.connectTimeMax, connectMs);
    if (http !== null && http.answeredAt >= http.sentAt) {
      countTime(row + COUNTER.responseTimeSum, row + COUNTER.responseTimeMax, http.answeredAt - http.sentAt);
    }
    countTime(row + COUNTER.totalTimeSum, row + COUNTER.totalTimeMax, totalMs);
  }

  /** A sliding sum over the last TIME_SAMPLES sessions: each new one pushes a share of the old ones out. */
  function countTime(sum: number, max: number, ms: number): void {
    rows[sum]! += ms - rows[sum]! / TIME_SAMPLES;
    if (ms > rows[max]!) rows[max] = ms;
  }

  function logAt(session: Session, moment: LogMoment, termination: string): void {
    const { logger } = session.frontend!;
    if (session.logged || !logger.active) return;
    // A line that is not due at this moment costs nothing: the logger is asked only when the moment may be the one.
    if (moment !== "end" && logger.due !== moment) return;
    try {
      const record = fillRecord(plane, session, termination);
      session.logged = logger.logSession(record, moment);
      session.uniqueId = record.uniqueId;
    } catch (error) {
      // What it holds must be given back all the same.
      session.logged = true;
      process.stderr.write(`[ALERT]    (${process.pid}) : Cannot write a log line: ${(error as Error).message}\n`);
    }
  }

  function endWork(session: Session): boolean {
    const { backend } = session;
    const totalMs = plane.loop.now - session.workAt;
    if (session.state === STATE.queued) session.queueMs = Math.trunc(totalMs);
    leaveQueueOf(session);
    const released = releaseServer(session);
    if (session.holdsBackend) {
      session.holdsBackend = false;
      leave(board, backend!.cell);
      if (session.state === STATE.established) countTimes(session, totalMs);
    }
    return released;
  }

  function finish(session: Session, cause: Cause, stage = stageOf(session)): void {
    if (session.state === STATE.closed) return;
    if (session.connectMs < 0 && session.bytesUp > 0) countUnsent(session);
    const released = endWork(session);
    countAborts(session, cause, stage);
    logAt(session, "end", cause === "-" ? "--" : cause + stage);
    close(session, released);
  }

  function close(session: Session, serverReleased: boolean): void {
    const { frontend, listener, backend } = session;
    session.state = STATE.closed;
    session.endWaits = false;
    plane.wheel.disarm(session.slot);
    leave(board, listener!.cell);
    leave(board, frontend!.cell);
    leave(board, plane.process);
    plane.sessions--;
    closeLeg(session.client, frontend!.proxy.options.nolinger);
    closeLeg(session.server, backend !== null && backend.proxy.options.nolinger);
    freePort(session.server);
    session.up = null;
    session.down = null;
    if (session.upPipe !== null) plane.pipes.giveBack(session.upPipe);
    if (session.downPipe !== null) plane.pipes.giveBack(session.downPipe);
    session.upPipe = null;
    session.downPipe = null;
    after.freed(session, serverReleased);
    session.listener = null;
    session.frontend = null;
    session.backend = null;
    session.target = null;
    after.pooled(session);
  }

  function closeLeg(leg: Leg<Session>, noLinger: boolean): void {
    if (noLinger) plane.loop.reset(leg);
    else plane.loop.close(leg);
  }

  /** Bytes of a client whose server never came count as well. */
  function countUnsent({ listener, frontend, backend, target, bytesUp }: Session): void {
    for (const place of [listener, frontend, backend, target]) {
      if (place !== null) rows[place.cell.row + COUNTER.bytesIn]! += bytesUp;
    }
  }

  /** Only in the data phase: what fails before it is a connection error, or nobody's. */
  function countAborts({ backend, target }: Session, cause: Cause, stage: string): void {
    if (stage !== "D" && stage !== "L") return;
    const counter = cause === "C" || cause === "c"
      ? COUNTER.clientAborts
      : cause === "S" || cause === "s"
      ? COUNTER.serverAborts
      : -1;
    if (counter < 0) return;
    for (const place of [backend, target]) if (place !== null) rows[place.cell.row + counter]! += 1;
  }

  return { finish, endWork, close, logAt, releaseServer, leaveQueue: leaveQueueOf, freePort };
}
