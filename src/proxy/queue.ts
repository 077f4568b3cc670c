/**
 * Sessions that wait for a server: one queue per server and one per backend, first come first served.
 *
 * A queue is a chain through the sessions themselves; its length over all processes is a word on the board.
 */
import type { Session } from "./session.ts";

export interface Queue {
  first: Session | null;
  last: Session | null;
}

export const newQueue = (): Queue => ({ first: null, last: null });

export function append(queue: Queue, session: Session): void {
  session.before = queue.last;
  session.behind = null;
  if (queue.last === null) queue.first = session;
  else queue.last.behind = session;
  queue.last = session;
}

/** Those who wait, in their order, in a list of its own: what is done for one may change the queue. */
export function listOf({ first }: Queue): Session[] {
  const list: Session[] = [];
  for (let session = first; session !== null; session = session.behind) list.push(session);
  return list;
}

export function remove(queue: Queue, session: Session): void {
  const { before, behind } = session;
  if (before === null) queue.first = behind;
  else before.behind = behind;
  if (behind === null) queue.last = before;
  else behind.before = before;
  session.before = null;
  session.behind = null;
}
