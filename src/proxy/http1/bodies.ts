/**
 * The bodies of an exchange on their way: from client to server and back, as they come (pending.ts holds what is not taken).
 * Where a message ends is known by its Flow; what comes behind it is left to the caller.
 */
import { COUNTER } from "../../board/words.ts";
import { BUFFER_BYTES } from "../../linux/loop.ts";
import { createPending, type Pending } from "../pending.ts";
import type { Plane } from "../plane.ts";
import type { Session } from "../session.ts";
import { moveBulk } from "../tcp/bulk.ts";
import { CHUNK, scanChunks } from "./chunked.ts";
import type { Flow } from "./exchange.ts";
import { BODY } from "./head.ts";

const { bytesIn: BYTES_IN, bytesOut: BYTES_OUT } = COUNTER;
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

export interface Bodies extends Pending {
  /** Counts what has come from the client, from the server (size.ts). */
  countUp(session: Session, bytes: number): void;
  countDown(session: Session, bytes: number): void;
  /** Counts to backend and server what came before they were known. */
  creditUp(session: Session): void;
  /** Counts the content that has come since the last time. */
  countBodyUp(session: Session): void;
  countBodyDown(session: Session): void;
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
  const pending = createPending(plane);
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

  return {
    ...pending,
    countUp,
    creditUp,
    countDown,
    countBodyUp,
    countBodyDown,
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
          return pending.leaveDown(session);
        case "blocked":
          return loop.pause(server);
        case "more":
          return loop.readOn(server);
        case "done":
          pending.leaveDown(session);
          flow.done = true;
          // Should there be more than announced, it must be seen before anybody else uses the connection.
          loop.readOn(server);
          return after.downMoved(session);
        case "end":
          pending.leaveDown(session);
          return after.serverEnd(session);
      }
    },
    moveUp(session) {
      const flow = session.http!.request;
      const { client, server } = session;
      switch (moveBulk(loop, session, session.upPipe!, client, server, readUp, wroteUp, flow)) {
        case "little":
          return pending.leaveUp(session);
        case "blocked":
          return loop.pause(client);
        case "more":
          return loop.readOn(client);
        case "done":
          pending.leaveUp(session);
          flow.done = true;
          loop.readOn(client);
          return after.upMoved(session);
        case "end":
          pending.leaveUp(session);
          return after.clientEnd(session);
      }
    },
  };
}
