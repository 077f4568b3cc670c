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

/** What happened when bulk was moved: nothing more to read now, no room, others first, the source's end, a failure. */
export type Moved = "idle" | "little" | "blocked" | "more" | "end" | "failed";

/** Moves what there is. `count` is told what was read, `wrote` that something was taken. */
export function moveBulk(
  loop: Loop,
  session: Session,
  pipe: Pipe,
  from: Leg<Session>,
  to: Leg<Session>,
  count: (session: Session, bytes: number) => void,
  wrote: (session: Session) => void,
): Moved {
  let last = LITTLE_BYTES;
  for (let fills = 0; fills < FILLS_PER_TURN; fills++) {
    const got = from.ended ? 0 : fillPipe(pipe, from.fd);
    if (got > 0) {
      count(session, got);
      last = got;
    } else if (got === 0) {
      from.ended = true;
      if (pipe.filled === 0) return "end";
    } else if (got === -EAGAIN) {
      if (pipe.filled === 0) return last < LITTLE_BYTES ? "little" : "idle";
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
