/**
 * The bodies of an exchange on their way: from client to server and back, as they come, with back-pressure.
 *
 * What a side does not take is held (at most one read, or a pipe), and the other side is not read until it is gone. Where a
 * message ends is known by its Flow; what comes behind it is left to the caller.
 */
import { COUNTER } from "../../board/words.ts";
import { BUFFER_BYTES } from "../../linux/loop.ts";
import { emptyPipe, type Pipe } from "../../linux/pipes.ts";
import type { Plane } from "../plane.ts";
import type { Session } from "../session.ts";
import { moveBulk } from "../tcp/bulk.ts";
import { CHUNK, scanChunks } from "./chunked.ts";
import type { Flow } from "./exchange.ts";
import { BODY } from "./head.ts";

const { bytesIn: BYTES_IN, bytesOut: BYTES_OUT } = COUNTER;
const EAGAIN = 11;
/** A pipe is worth its calls for more than one more read. */
const BULK_BYTES = 2 * BUFFER_BYTES;

/** How far bytes[at, end) belong to the message; flow.done tells when it is complete. */
export function advance(flow: Flow, bytes: Buffer, at: number, end: number): number {
  switch (flow.kind) {
    case BODY.length: {
      const here = Math.min(flow.left, end - at);
      flow.left -= here;
      flow.data += here;
      flow.done = flow.left === 0;
      return at + here;
    }
    case BODY.chunked: {
      const stop = scanChunks(flow.chunks, bytes, at, end);
      flow.done = flow.chunks.phase === CHUNK.done;
      // haproxy counts the end of the chunks as one byte of content.
      flow.data = flow.chunks.data - (flow.chunks.phase === CHUNK.data ? flow.chunks.left : 0) + (flow.done ? 1 : 0);
      return stop;
    }
    case BODY.untilClose:
      flow.data += end - at;
      return end;
    default:
      return at;
  }
}

export const isBad = (flow: Flow): boolean => flow.kind === BODY.chunked && flow.chunks.phase === CHUNK.bad;

export interface Bodies {
  /** Counts what has come from the client, from the server (size.ts). */
  countUp(session: Session, bytes: number): void;
  countDown(session: Session, bytes: number): void;
  /** Counts to backend and server what came before they were known. */
  creditUp(session: Session): void;
  /** Counts the content that has come since the last time. */
  countBodyUp(session: Session): void;
  countBodyDown(session: Session): void;
  /** Writes to the server, to the client; what is not taken is held, and its source not read. */
  writeUp(session: Session, bytes: Buffer, at: number, end: number): void;
  writeDown(session: Session, bytes: Buffer, at: number, end: number): void;
  /** Writes on what was held. True: nothing is left. */
  flushUp(session: Session): boolean;
  flushDown(session: Session): boolean;
  /** Nothing waits to be written. */
  upDone(session: Session): boolean;
  downDone(session: Session): boolean;
  /** The rest of a long body passes through a pipe, from the server or from the client, if there is one. */
  bulkDown(session: Session): void;
  bulkUp(session: Session): void;
  /** The source, or the reader, of such a body is ready for more. */
  moveDown(session: Session): void;
  moveUp(session: Session): void;
}

/** Told when a body that went through a pipe has come to its end, or its source has. */
export interface AfterBulk {
  upMoved(session: Session): void;
  downMoved(session: Session): void;
  serverEnd(session: Session): void;
  clientEnd(session: Session): void;
}

export function createBodies(plane: Plane, after: AfterBulk): Bodies {
  const { loop } = plane;
  const { rows } = plane.board;

  function countUp(session: Session, bytes: number): void {
    session.bytesUp += bytes;
    rows[session.frontend!.cell.row + BYTES_IN]! += bytes;
    rows[session.listener!.cell.row + BYTES_IN]! += bytes;
    if (session.http!.answered) creditUp(session);
  }

  function creditUp(session: Session): void {
    const { backend, target, bytesUp } = session;
    const http = session.http!;
    const bytes = bytesUp - http.creditedUp;
    if (bytes === 0) return;
    http.creditedUp = bytesUp;
    if (backend !== null) rows[backend.cell.row + BYTES_IN]! += bytes;
    if (target !== null) rows[target.cell.row + BYTES_IN]! += bytes;
  }

  function countDown(session: Session, bytes: number): void {
    session.bytesDown += bytes;
    rows[session.frontend!.cell.row + BYTES_OUT]! += bytes;
    rows[session.listener!.cell.row + BYTES_OUT]! += bytes;
    if (session.backend === null) return;
    rows[session.backend.cell.row + BYTES_OUT]! += bytes;
    if (session.target !== null) rows[session.target.cell.row + BYTES_OUT]! += bytes;
  }

  function writeUp(session: Session, bytes: Buffer, at: number, end: number): void {
    if (session.up !== null) {
      session.up = Buffer.concat([session.up.subarray(session.upAt), bytes.subarray(at, end)]);
      session.upAt = 0;
      return loop.pause(session.client);
    }
    const written = loop.write(session.server, bytes, at, end - at);
    if (written < 0) return; // Broken: its event follows.
    session.serverActive = loop.now;
    if (written === end - at) return;
    session.up = Buffer.from(bytes.subarray(at + written, end));
    session.upAt = 0;
    loop.pause(session.client);
  }

  function writeDown(session: Session, bytes: Buffer, at: number, end: number): void {
    // A client that was reset while its answer was waited for.
    if (session.client.fd < 0) return;
    if (session.down !== null) {
      session.down = Buffer.concat([session.down.subarray(session.downAt), bytes.subarray(at, end)]);
      session.downAt = 0;
      return loop.pause(session.server);
    }
    const written = loop.write(session.client, bytes, at, end - at);
    if (written < 0) return;
    session.clientActive = loop.now;
    if (written === end - at) return;
    session.down = Buffer.from(bytes.subarray(at + written, end));
    session.downAt = 0;
    loop.pause(session.server);
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

  /** What a server that is gone had sent in bulk. */
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

  function countBodyUp(session: Session): void {
    const flow = session.http!.request;
    if (flow.data !== flow.counted) countUp(session, flow.data - flow.counted);
    flow.counted = flow.data;
  }

  function countBodyDown(session: Session): void {
    const flow = session.http!.response;
    if (flow.data !== flow.counted) countDown(session, flow.data - flow.counted);
    flow.counted = flow.data;
  }

  const readUp = (session: Session, bytes: number): void => {
    countUp(session, bytes);
    session.clientActive = loop.now;
  };
  const readDown = (session: Session, bytes: number): void => {
    countDown(session, bytes);
    session.serverActive = loop.now;
  };
  const wroteUp = (session: Session): void => void (session.serverActive = loop.now);
  const wroteDown = (session: Session): void => void (session.clientActive = loop.now);

  function leaveDown(session: Session): void {
    plane.pipes.giveBack(session.downPipe!);
    session.downPipe = null;
    session.server.raw = false;
  }

  function leaveUp(session: Session): void {
    plane.pipes.giveBack(session.upPipe!);
    session.upPipe = null;
    session.client.raw = false;
  }

  return {
    countUp,
    creditUp,
    countDown,
    countBodyUp,
    countBodyDown,
    writeUp,
    writeDown,
    flushUp,
    flushDown,
    upDone: ({ up, upPipe }) => up === null && (upPipe === null || upPipe.filled === 0),
    downDone: ({ down, downPipe }) => down === null && (downPipe === null || downPipe.filled === 0),
    bulkDown(session) {
      if (session.http!.response.left < BULK_BYTES || session.down !== null) return;
      session.downPipe = plane.pipes.take();
      session.server.raw = session.downPipe !== null;
    },
    bulkUp(session) {
      if (session.http!.request.left < BULK_BYTES || session.up !== null) return;
      session.upPipe = plane.pipes.take();
      session.client.raw = session.upPipe !== null;
    },
    moveDown(session) {
      const flow = session.http!.response;
      const { client, server } = session;
      switch (moveBulk(loop, session, session.downPipe!, server, client, readDown, wroteDown, flow)) {
        case "little":
          return leaveDown(session);
        case "blocked":
          return loop.pause(server);
        case "more":
          return loop.readOn(server);
        case "done":
          leaveDown(session);
          flow.done = true;
          // Should there be more than announced, it must be seen before anybody else uses the connection.
          loop.readOn(server);
          return after.downMoved(session);
        case "end":
          leaveDown(session);
          return after.serverEnd(session);
      }
    },
    moveUp(session) {
      const flow = session.http!.request;
      const { client, server } = session;
      switch (moveBulk(loop, session, session.upPipe!, client, server, readUp, wroteUp, flow)) {
        case "little":
          return leaveUp(session);
        case "blocked":
          return loop.pause(client);
        case "more":
          return loop.readOn(client);
        case "done":
          leaveUp(session);
          flow.done = true;
          loop.readOn(client);
          return after.upMoved(session);
        case "end":
          leaveUp(session);
          return after.clientEnd(session);
      }
    },
  };
}
