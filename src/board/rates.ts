/**
 * Rate meters on the board: events per second over the last second, as haproxy's frequency counters.
 *
 * A meter is four consecutive words: the second it counts, its count, the count of the second before, and the
 * highest count seen. Any role may count; the first to see a new second turns it.
 */
import { raiseMax } from "./board.ts";

/**
 * Counts one event and returns the count in the present second.
 *
 * @param at index of the meter's first word
 * @param nowSec whole seconds on a clock shared by all roles; as the words, it wraps around
 */
export function countEvent(words: Int32Array, at: number, nowSec: number): number {
  const sec = nowSec | 0;
  const seen = Atomics.load(words, at);
  const ahead = (sec - seen) | 0;
  // Who read the clock just before others turned the second counts into the new one; a clock set back turns it.
  if (ahead !== 0 && ahead !== -1 && Atomics.compareExchange(words, at, seen, sec) === seen) {
    const last = Atomics.exchange(words, at + 1, 0);
    Atomics.store(words, at + 2, ahead === 1 ? last : 0);
  }
  const count = Atomics.add(words, at + 1, 1) + 1;
  if (count > words[at + 3]!) raiseMax(words, at + 3, count);
  return count;
}

/** Events per second now: this second's plus the share of the last one that a sliding second still covers. */
export function readRate(words: Int32Array, at: number, nowMs: number): number {
  const nowSec = Math.floor(nowMs / 1000);
  const behind = ((nowSec | 0) - Atomics.load(words, at)) | 0;
  // One second ahead of the reader's clock is the present one.
  if (behind > 1 || behind < -1) return 0;
  const current = behind === 1 ? 0 : words[at + 1]!;
  const previous = behind === 1 ? words[at + 1]! : words[at + 2]!;
  const left = 1 - (nowMs - nowSec * 1000) / 1000;
  return current + Math.floor(previous * left);
}
