/**
 * Bulk from one leg to the other through a pipe in the kernel, without copying: entered by a read that filled the whole
 * buffer, left when little comes.
 *
 * The measure (docs/performance.md): 1 MiB answers cost 0.56 of haproxy's CPU when copied, 0.33 so.
 */
import type { Leg } from "../../linux/leg.ts";
import { emptyPipe, fillPipe, type Pipe } from "../../linux/pipes.ts";
import type { Loop } from "../../linux/loop.ts";
import type { Session } from "../session.ts";

const EAGAIN = 11;
/** Fills of one pipe before others have their turn. */
const FILLS_PER_TURN = 16;
/** A pipe that is emptied by so little is worth no two system calls more than a copy. */
const LITTLE_BYTES = 16_384;

/**
 * What happened when bulk was moved: nothing more to read now, no room, others first, all that was to be moved is, the
 * source's end, a failure.
 */
export type Moved = "idle" | "little" | "blocked" | "more" | "done" | "end" | "failed";

/** What is still to be moved, in bytes. */
export interface Limit {
  left: number;
}

/** Of a connection that is moved to its end. */
export const NO_LIMIT: Limit = { left: Infinity };

/** Moves what there is, up to the limit. `count` is told what was read, `wrote` that something was taken. */
export function moveBulk(
  loop: Loop,
  session: Session,
  pipe: Pipe,
  from: Leg<Session>,
  to: Leg<Session>,
  count: (session: Session, bytes: number) => void,
  wrote: (session: Session) => void,
  limit: Limit,
): Moved {
  let last = LITTLE_BYTES;
  for (let fills = 0; fills < FILLS_PER_TURN; fills++) {
    const over = limit.left === 0;
    const got = over ? -EAGAIN : from.ended ? 0 : fillPipe(pipe, from.fd, limit.left);
    if (got > 0) {
      limit.left -= got;
      count(session, got);
      last = got;
    } else if (got === 0) {
      from.ended = true;
      if (pipe.filled === 0) return "end";
    } else if (got === -EAGAIN) {
      if (pipe.filled === 0) return over ? "done" : last < LITTLE_BYTES ? "little" : "idle";
    } else {
      loop.failSoon(from);
      return "failed";
    }
    const moved = emptyPipe(pipe, to.fd);
    if (moved > 0) wrote(session);
    else if (moved === -EAGAIN) {
      loop.awaitRoom(to);
      return "blocked";
    } else {
      loop.failSoon(to);
      return "failed";
    }
  }
  return "more";
}
