/**
 * The two legs of an established TCP session: bytes, ends and resets pass from one to the other.
 *
 * Back-pressure: what a side does not take is held (one read of at most 512 KiB) and the other side is not read until it
 * is gone. A handler is shared by all sessions; Bun calls it with the socket, whose data is the session.
 */
import { COUNTER } from "../../board/words.ts";
import type { Finisher } from "../finish.ts";
import type { Plane } from "../plane.ts";
import { type Leg, type Session, STATE } from "../session.ts";
import { clockMs } from "../timers.ts";

const { bytesIn: BYTES_IN, bytesOut: BYTES_OUT } = COUNTER;

export interface Relay {
  clientData(client: Leg, chunk: Buffer): void;
  serverData(server: Leg, chunk: Buffer): void;
  clientDrain(client: Leg): void;
  serverDrain(session: Session): void;
  clientEnd(session: Session): void;
  serverEnd(session: Session): void;
  /** The connection to the server is up: what the client has sent so far goes out. */
  start(session: Session): void;
  /** When the session must be looked at next, by its sides' inactivity; ends it when it is time. Infinity: never. */
  idleDeadline(session: Session): number;
}

export function createRelay(plane: Plane, finisher: Finisher): Relay {
  const { rows } = plane.board;

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

  function clientData(client: Leg, chunk: Buffer): void {
    const session = client.data;
    if (session.client !== client) return;
    session.bytesUp += chunk.length;
    if (session.state !== STATE.established) return holdEarly(session, chunk);
    countUp(session, chunk.length);
    const { server } = session;
    if (server === null || session.serverShut) return;
    const now = clockMs();
    session.clientActive = now;
    if (session.up !== null) {
      // Read before the pause took hold.
      session.up = Buffer.concat([session.up.subarray(session.upAt), chunk]);
      session.upAt = 0;
      return;
    }
    const written = server.write(chunk);
    if (written === chunk.length) {
      session.serverActive = now;
      return;
    }
    if (written < 0) return; // Closed under us: its close event follows.
    session.up = chunk;
    session.upAt = written;
    session.serverActive = now;
    pauseClient(session);
  }

  /** Sent before there is a server: kept up to a buffer's size, then the client is not read. */
  function holdEarly(session: Session, chunk: Buffer): void {
    session.up = session.up === null ? chunk : Buffer.concat([session.up, chunk]);
    if (session.up.length >= plane.model.global.tune.bufsize) pauseClient(session);
  }

  function serverData(server: Leg, chunk: Buffer): void {
    const session = server.data;
    if (session.server !== server) return;
    const { client } = session;
    session.bytesDown += chunk.length;
    countDown(session, chunk.length);
    if (client === null || session.clientShut) return;
    const now = clockMs();
    session.serverActive = now;
    if (session.down !== null) {
      session.down = Buffer.concat([session.down.subarray(session.downAt), chunk]);
      session.downAt = 0;
      return;
    }
    const written = client.write(chunk);
    if (written === chunk.length) {
      session.clientActive = now;
      return;
    }
    if (written < 0) return;
    session.down = chunk;
    session.downAt = written;
    session.clientActive = now;
    session.serverPaused = true;
    server.pause();
  }

  function pauseClient(session: Session): void {
    if (session.clientPaused) return;
    session.clientPaused = true;
    session.client?.pause();
  }

  function resumeClient(session: Session): void {
    if (!session.clientPaused) return;
    session.clientPaused = false;
    session.clientActive = clockMs();
    session.client?.resume();
  }

  /** Writes what waits for the server. False while some is left. */
  function flushUp(session: Session): boolean {
    const { up, server } = session;
    if (up === null || server === null) return true;
    const written = server.write(up, session.upAt, up.length - session.upAt);
    if (written < 0) return false;
    if (written > 0) session.serverActive = clockMs();
    session.upAt += written;
    if (session.upAt < up.length) return false;
    session.up = null;
    session.upAt = 0;
    return true;
  }

  function serverDrain(session: Session): void {
    if (session.up === null || !flushUp(session)) return;
    if (session.clientEnded) passEndUp(session);
    else resumeClient(session);
  }

  function clientDrain(client: Leg): void {
    const session = client.data;
    const { down } = session;
    if (session.client !== client || down === null) return;
    const written = client.write(down, session.downAt, down.length - session.downAt);
    if (written < 0) return;
    if (written > 0) session.clientActive = clockMs();
    session.downAt += written;
    if (session.downAt < down.length) return;
    session.down = null;
    session.downAt = 0;
    if (session.serverEnded) passEndDown(session);
    else if (session.serverPaused) {
      session.serverPaused = false;
      session.serverActive = clockMs();
      session.server?.resume();
    }
  }

  function passEndUp(session: Session): void {
    if (session.serverShut) return;
    session.serverShut = true;
    if (session.serverEnded && session.down === null) return finisher.finish(session, "-");
    session.serverLimit = Math.min(session.serverLimit, session.backend!.serverFinMs);
    session.serverActive = clockMs();
    session.server?.shutdown();
    watch(session);
  }

  function passEndDown(session: Session): void {
    if (session.clientShut) return;
    session.clientShut = true;
    if (session.clientEnded && session.up === null) return finisher.finish(session, "-");
    if (session.server === null) return finisher.finish(session, "S", "D");
    session.clientLimit = Math.min(session.clientLimit, session.frontend!.clientFinMs);
    session.clientActive = clockMs();
    session.client?.shutdown();
    watch(session);
  }

  /** A limit has become shorter than what the wheel was armed for. */
  function watch(session: Session): void {
    const at = idleDeadline(session);
    if (at < plane.wheel.armedFor(session.slot)) plane.wheel.arm(session.slot, at);
  }

  function idleDeadline(session: Session): number {
    // A side is answerable for silence only while something is expected of it: bytes that we read, or room for ours.
    const client = session.down !== null || (!session.clientEnded && session.up === null);
    const server = session.up !== null || (!session.serverEnded && session.down === null);
    return Math.min(
      client ? session.clientActive + session.clientLimit : Infinity,
      server ? session.serverActive + session.serverLimit : Infinity,
    );
  }

  return {
    clientData,
    serverData,
    clientDrain,
    serverDrain,
    idleDeadline,
    clientEnd(session) {
      session.clientEnded = true;
      if (session.up === null) passEndUp(session);
    },
    serverEnd(session) {
      session.serverEnded = true;
      if (session.down === null) passEndDown(session);
    },
    start(session) {
      if (session.bytesUp > 0) countUp(session, session.bytesUp);
      if (!flushUp(session)) return;
      if (session.clientEnded) passEndUp(session);
      else resumeClient(session);
    },
  };
}
