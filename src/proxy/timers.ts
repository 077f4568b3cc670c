/**
 * A coarse timer wheel over slots: typed arrays, no object and no JavaScript timer per connection; the event loop turns it.
 *
 * The wheel only says "look at this slot now"; the owner knows its deadlines and arms the slot again when it is early.
 * So activity costs a store of the time, not a move in the wheel.
 */

const TICK_MS = 4;
const BUCKETS = 2048;
const MASK = BUCKETS - 1;
const HORIZON_TICKS = BUCKETS - 1;
const NOWHERE = -1;

export interface Wheel {
  /** A slot of its own for its owner, until released. */
  take(): number;
  release(slot: number): void;
  /** Look at the slot at `atMs` or, when that is beyond the wheel's horizon (8 s), earlier. Replaces what was armed. */
  arm(slot: number, atMs: number): void;
  disarm(slot: number): void;
  /** When the slot will be looked at, in ms; Infinity when it is not armed. */
  armedFor(slot: number): number;
  /** When the first armed slot is due, or earlier; Infinity: none is armed. */
  nextAt(): number;
  /** Looks at all that is due. */
  turn(nowMs: number): void;
}

/**
 * Times are ms on one clock, which never goes back.
 *
 * @param startMs the present time
 * @param look called for each slot whose time has come; the slot is disarmed before
 */
export function createWheel(startMs: number, look: (slot: number, nowMs: number) => void): Wheel {
  const heads = new Int32Array(BUCKETS).fill(NOWHERE);
  let next = new Int32Array(256).fill(NOWHERE);
  let previous = new Int32Array(256).fill(NOWHERE);
  /** The tick a slot is armed for; NOWHERE: not armed. */
  let ticks = new Int32Array(256).fill(NOWHERE);
  let used = 0;
  const free: number[] = [];
  let armed = 0;
  /** All ticks up to this one have been looked at. */
  let done = Math.floor(startMs / TICK_MS);
  /** No armed slot is due before this tick. */
  let firstTick = Infinity;

  function grow(): void {
    const size = next.length * 2;
    const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const array = new Int32Array(size).fill(NOWHERE);
      array.set(old);
      return array;
    };
    next = larger(next);
    previous = larger(previous);
    ticks = larger(ticks);
  }

  function unlink(slot: number): void {
    const before = previous[slot]!;
    const after = next[slot]!;
    if (before === NOWHERE) heads[ticks[slot]! & MASK] = after;
    else next[before] = after;
    if (after !== NOWHERE) previous[after] = before;
    ticks[slot] = NOWHERE;
    armed--;
  }

  /** Who was late and armed again for far away may lie in a bucket that the same turn looks at: it is not due. */
  function firstDue(bucket: number, now: number): number {
    let slot = heads[bucket]!;
    while (slot !== NOWHERE && ticks[slot]! > now) slot = next[slot]!;
    return slot;
  }

  function turn(nowMs: number): void {
    const now = Math.floor(nowMs / TICK_MS);
    // A process that slept longer than the wheel is round need not go round twice.
    const from = Math.max(done + 1, now - HORIZON_TICKS);
    // Before looking: who is looked at may be armed again.
    done = now;
    firstTick = Infinity;
    for (let tick = from; tick <= now; tick++) {
      const bucket = tick & MASK;
      for (let slot = firstDue(bucket, now); slot !== NOWHERE; slot = firstDue(bucket, now)) {
        unlink(slot);
        look(slot, nowMs);
      }
    }
    if (armed === 0) return;
    let tick = now + 1;
    while (heads[tick & MASK] === NOWHERE) tick++;
    firstTick = tick;
  }

  return {
    take() {
      const slot = free.pop();
      if (slot !== undefined) return slot;
      if (used === next.length) grow();
      return used++;
    },
    release(slot) {
      if (ticks[slot] !== NOWHERE) unlink(slot);
      free.push(slot);
    },
    arm(slot, atMs) {
      if (ticks[slot] !== NOWHERE) unlink(slot);
      const tick = Math.min(Math.max(Math.ceil(atMs / TICK_MS), done + 1), done + HORIZON_TICKS);
      const bucket = tick & MASK;
      const head = heads[bucket]!;
      next[slot] = head;
      previous[slot] = NOWHERE;
      if (head !== NOWHERE) previous[head] = slot;
      heads[bucket] = slot;
      ticks[slot] = tick;
      armed++;
      if (tick < firstTick) firstTick = tick;
    },
    disarm(slot) {
      if (ticks[slot] !== NOWHERE) unlink(slot);
    },
    armedFor: (slot) => (ticks[slot] === NOWHERE ? Infinity : ticks[slot]! * TICK_MS),
    nextAt: () => firstTick * TICK_MS,
    turn,
  };
}
