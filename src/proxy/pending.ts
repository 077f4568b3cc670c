/**
 * What waits to be written to either side of a session, in both modes: what a side does not take is held (a read's worth, or a
 * pipe), and the other side is not read until it is gone.
 */
import { emptyPipe, type Pipe } from "../linux/pipes.ts";
import type { Plane } from "./plane.ts";
import type { Session } from "./session.ts";

const EAGAIN = 11;

export interface Pending {
  /** Writes bytes[at, end) to the server, to the client; holds what is not taken. True: all of it was. */
  writeUp(session: Session, bytes: Buffer, at: number, end: number): boolean;
  writeDown(session: Session, bytes: Buffer, at: number, end: number): boolean;
  /** Writes on what was held. True: nothing is left. */
  flushUp(session: Session): boolean;
  /** The same; also what is left in the pipe of a server that is gone. */
  flushDown(session: Session): boolean;
  /** Nothing waits. */
  upDone(session: Session): boolean;
  downDone(session: Session): boolean;
  /** No more passes through the pipe. */
  leaveUp(session: Session): void;
  leaveDown(session: Session): void;
}

export function createPending({ loop, pipes }: Plane): Pending {
  function writeUp(session: Session, bytes: Buffer, at: number, end: number): boolean {
    if (session.up !== null) {
      session.up = Buffer.concat([session.up.subarray(session.upAt), bytes.subarray(at, end)]);
      session.upAt = 0;
      loop.pause(session.client);
      return false;
    }
    const written = loop.write(session.server, bytes, at, end - at);
    if (written < 0) return false; // Broken: its event follows.
    session.serverActive = loop.now;
    if (written === end - at) return true;
    session.up = Buffer.from(bytes.subarray(at + written, end));
    session.upAt = 0;
    loop.pause(session.client);
    return false;
  }

  function writeDown(session: Session, bytes: Buffer, at: number, end: number): boolean {
    // A client that was reset while its answer was waited for.
    if (session.client.fd < 0) return false;
    if (session.down !== null) {
      session.down = Buffer.concat([session.down.subarray(session.downAt), bytes.subarray(at, end)]);
      session.downAt = 0;
      loop.pause(session.server);
      return false;
    }
    const written = loop.write(session.client, bytes, at, end - at);
    if (written < 0) return false;
    session.clientActive = loop.now;
    if (written === end - at) return true;
    session.down = Buffer.from(bytes.subarray(at + written, end));
    session.downAt = 0;
    loop.pause(session.server);
    return false;
  }

  function flushUp(session: Session): boolean {
    const { up } = session;
    if (up === null) return true;
    const written = loop.write(session.server, up, session.upAt, up.length - session.upAt);
    if (written < 0) return false;
    if (written > 0) session.serverActive = loop.now;
    session.upAt += written;
    if (session.upAt < up.length) return false;
    session.up = null;
    return true;
  }

  function flushDown(session: Session): boolean {
    const { down, downPipe } = session;
    if (downPipe !== null && !flushPipe(session, downPipe)) return false;
    if (down === null) return true;
    const written = loop.write(session.client, down, session.downAt, down.length - session.downAt);
    if (written < 0) return false;
    if (written > 0) session.clientActive = loop.now;
    session.downAt += written;
    if (session.downAt < down.length) return false;
    session.down = null;
    return true;
  }

  function flushPipe(session: Session, pipe: Pipe): boolean {
    const { client } = session;
    while (pipe.filled > 0) {
      const moved = emptyPipe(pipe, client.fd);
      if (moved <= 0) {
        if (moved === -EAGAIN) loop.awaitRoom(client);
        else loop.failSoon(client);
        return false;
      }
      session.clientActive = loop.now;
    }
    leaveDown(session);
    return true;
  }

  function leaveUp(session: Session): void {
    pipes.giveBack(session.upPipe!);
    session.upPipe = null;
    session.client.raw = false;
  }

  function leaveDown(session: Session): void {
    pipes.giveBack(session.downPipe!);
    session.downPipe = null;
    session.server.raw = false;
  }

  return {
    writeUp,
    writeDown,
    flushUp,
    flushDown,
    upDone: ({ up, upPipe }) => up === null && (upPipe === null || upPipe.filled === 0),
    downDone: ({ down, downPipe }) => down === null && (downPipe === null || downPipe.filled === 0),
    leaveUp,
    leaveDown,
  };
}
