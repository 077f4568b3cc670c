/**
 * The two legs of an established TCP session: bytes, ends and resets pass from one to the other.
 *
 * Back-pressure: pending.ts.
 */
import { COUNTER } from "../../board/words.ts";
import { BUFFER_BYTES } from "../../linux/loop.ts";
import type { Finisher } from "../finish.ts";
import { createPending } from "../pending.ts";
import type { Plane } from "../plane.ts";
import { type Session, STATE } from "../session.ts";
import { moveBulk, NO_LIMIT } from "./bulk.ts";

const { bytesIn: BYTES_IN, bytesOut: BYTES_OUT } = COUNTER;

export interface Relay {
  clientData(session: Session, bytes: Buffer, length: number): void;
  serverData(session: Session, bytes: Buffer, length: number): void;
  /** More of what passes in bulk. */
  clientReadable(session: Session): void;
  serverReadable(session: Session): void;
  clientDrain(session: Session): void;
  serverDrain(session: Session): void;
  clientEnd(session: Session): void;
  serverEnd(session: Session): void;
  serverReset(session: Session): void;
  /** The connection to the server is up: what the client has sent so far goes out. */
  start(session: Session): void;
  /** Arms the wheel when a limit has become shorter than what it was armed for. */
  watch(session: Session): void;
  /** When the session must be looked at next, by its sides' inactivity. Infinity: never. */
  idleDeadline(session: Session): number;
}

export function createRelay(plane: Plane, finisher: Finisher): Relay {
  const { loop } = plane;
  const { rows } = plane.board;
  const pending = createPending(plane);
  const { upDone, downDone } = pending;
  let ending: Session[] = [];

  function countUp(session: Session, bytes: number): void {
    rows[session.frontend!.cell.row + BYTES_IN]! += bytes;
    rows[session.listener!.cell.row + BYTES_IN]! += bytes;
    rows[session.backend!.cell.row + BYTES_IN]! += bytes;
    rows[session.target!.cell.row + BYTES_IN]! += bytes;
  }

  function countDown(session: Session, bytes: number): void {
    rows[session.frontend!.cell.row + BYTES_OUT]! += bytes;
    rows[session.listener!.cell.row + BYTES_OUT]! += bytes;
    rows[session.backend!.cell.row + BYTES_OUT]! += bytes;
    rows[session.target!.cell.row + BYTES_OUT]! += bytes;
  }

  function clientData(session: Session, bytes: Buffer, length: number): void {
    session.bytesUp += length;
    if (session.state !== STATE.established) return holdEarly(session, bytes, length);
    countUp(session, length);
    session.clientActive = loop.now;
    if (pending.writeUp(session, bytes, 0, length) && length === BUFFER_BYTES) enterBulkUp(session);
  }

  /** Sent before there is a server: kept up to a buffer's size, then the client is not read. */
  function holdEarly(session: Session, bytes: Buffer, length: number): void {
    const chunk = bytes.subarray(0, length);
    session.up = session.up === null ? Buffer.from(chunk) : Buffer.concat([session.up, chunk]);
    if (session.up.length >= plane.model.global.tune.bufsize) loop.pause(session.client);
  }

  function serverData(session: Session, bytes: Buffer, length: number): void {
    session.bytesDown += length;
    countDown(session, length);
    session.serverActive = loop.now;
    if (pending.writeDown(session, bytes, 0, length) && length === BUFFER_BYTES) enterBulkDown(session);
  }

  function enterBulkUp(session: Session): void {
    session.upPipe = plane.pipes.take();
    session.client.raw = session.upPipe !== null;
  }

  function enterBulkDown(session: Session): void {
    session.downPipe = plane.pipes.take();
    session.server.raw = session.downPipe !== null;
  }

  const readUp = (session: Session, bytes: number): void => {
    session.bytesUp += bytes;
    session.clientActive = loop.now;
    countUp(session, bytes);
  };
  const readDown = (session: Session, bytes: number): void => {
    session.bytesDown += bytes;
    session.serverActive = loop.now;
    countDown(session, bytes);
  };
  const wroteUp = (session: Session): void => void (session.serverActive = loop.now);
  const wroteDown = (session: Session): void => void (session.clientActive = loop.now);

  function clientReadable(session: Session): void {
    const { client, server } = session;
    switch (moveBulk(loop, session, session.upPipe!, client, server, readUp, wroteUp, NO_LIMIT)) {
      case "little":
        return pending.leaveUp(session);
      case "blocked":
        return loop.pause(client);
      case "more":
        return loop.readOn(client);
      case "end":
        pending.leaveUp(session);
        return clientEnd(session);
    }
  }

  function serverReadable(session: Session): void {
    const { client, server } = session;
    switch (moveBulk(loop, session, session.downPipe!, server, client, readDown, wroteDown, NO_LIMIT)) {
      case "little":
        return pending.leaveDown(session);
      case "blocked":
        return loop.pause(server);
      case "more":
        return loop.readOn(server);
      case "end":
        pending.leaveDown(session);
        return serverEnd(session);
    }
  }

  /** The server's reset reaches the client as an end, behind what the server had sent. */
  function serverReset(session: Session): void {
    session.up = null;
    session.serverShut = true;
    session.serverEnded = true;
    if (downDone(session)) finisher.finish(session, "S", "D");
  }

  function serverDrain(session: Session): void {
    if (session.upPipe !== null) {
      loop.resume(session.client);
      return clientReadable(session);
    }
    if (session.up === null || !pending.flushUp(session)) return;
    if (session.clientEnded) passEndUp(session);
    else resumeClient(session);
  }

  function clientDrain(session: Session): void {
    if (session.downPipe !== null) {
      // A server that was reset has nothing more to say: what it had said is still passed on.
      if (session.server.fd < 0) return pending.flushDown(session) ? finisher.finish(session, "S", "D") : undefined;
      loop.resume(session.server);
      return serverReadable(session);
    }
    if (session.down === null || !pending.flushDown(session)) return;
    if (session.serverEnded) return passEndDown(session);
    session.serverActive = loop.now;
    loop.resume(session.server);
  }

  function resumeClient(session: Session): void {
    session.clientActive = loop.now;
    loop.resume(session.client);
  }

  function passEndUp(session: Session): void {
    if (session.serverShut) return;
    session.serverShut = true;
    // haproxy does the same: a server is told of the end by a reset, and that is the end of both.
    if (session.backend!.proxy.options.nolinger) return finisher.finish(session, "-");
    if (session.serverEnded && downDone(session)) return finisher.finish(session, "-");
    session.serverLimit = Math.min(session.serverLimit, session.backend!.serverFinMs);
    session.serverActive = loop.now;
    loop.shutdown(session.server);
    watch(session);
  }

  function passEndDown(session: Session): void {
    if (session.clientShut) return;
    session.clientShut = true;
    if (session.clientEnded && upDone(session)) return finisher.finish(session, "-");
    // The server was reset: what it had sent before has now been passed on.
    if (session.server.fd < 0) return finisher.finish(session, "S", "D");
    session.clientLimit = Math.min(session.clientLimit, session.frontend!.clientFinMs);
    session.clientActive = loop.now;
    loop.shutdown(session.client);
    watch(session);
  }

  /**
   * One side's end waits for the turn's: the other often ends too, and one close then does for both. Only a session that
   * meanwhile has not ended, nor been reused, is still marked.
   */
  function endLater(session: Session): void {
    if (session.clientEnded && session.serverEnded && upDone(session) && downDone(session)) {
      return finisher.finish(session, "-");
    }
    if (ending.length === 0) loop.atTurnEnd(passEnds);
    session.endWaits = true;
    ending.push(session);
  }

  function passEnds(): void {
    const list = ending;
    ending = [];
    for (const session of list) {
      if (!session.endWaits) continue;
      session.endWaits = false;
      if (session.serverEnded && downDone(session)) passEndDown(session);
      if (session.clientEnded && upDone(session) && session.state === STATE.established) passEndUp(session);
    }
  }

  function watch(session: Session): void {
    const at = idleDeadline(session);
    if (at < plane.wheel.armedFor(session.slot)) plane.wheel.arm(session.slot, at);
  }

  function idleDeadline(session: Session): number {
    // A side is answerable for silence only while something is expected of it: bytes that we read, or room for ours.
    const up = upDone(session);
    const down = downDone(session);
    const client = !down || (!session.clientEnded && up);
    const server = !up || (!session.serverEnded && down);
    return Math.min(
      client ? session.clientActive + session.clientLimit : Infinity,
      server ? session.serverActive + session.serverLimit : Infinity,
    );
  }

  function clientEnd(session: Session): void {
    session.clientEnded = true;
    if (upDone(session)) endLater(session);
  }

  function serverEnd(session: Session): void {
    session.serverEnded = true;
    if (downDone(session)) endLater(session);
  }

  return {
    clientData,
    serverData,
    clientReadable,
    serverReadable,
    clientDrain,
    serverDrain,
    idleDeadline,
    watch,
    clientEnd,
    serverEnd,
    serverReset,
    start(session) {
      if (session.bytesUp > 0) countUp(session, session.bytesUp);
      if (!pending.flushUp(session)) return;
      if (session.clientEnded) passEndUp(session);
      else resumeClient(session);
    },
  };
}
