/**
 * When each check is due: one time per check, kept in a heap of numbers, so that ten thousand of them cost no timer each.
 * Time is handed in, on the clock of the loop that asks.
 */

export interface Agenda {
  /** Sets the time of a check; Infinity takes it off. */
  set(check: number, atMs: number): void;
  at(check: number): number;
  /** Of the first; Infinity: there is none. */
  nextAt(): number;
  /** Takes off a check that is due by now; -1: there is none. */
  due(nowMs: number): number;
}

export function createAgenda(count: number): Agenda {
  const times = new Float64Array(count).fill(Infinity);
  /** Checks by their time, as a binary heap; where each stands in it, -1: nowhere. */
  const heap = new Int32Array(count);
  const places = new Int32Array(count).fill(-1);
  let size = 0;

  function put(place: number, check: number): void {
    heap[place] = check;
    places[check] = place;
  }

  function rise(from: number): void {
    const check = heap[from]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (times[heap[parent]!]! <= times[check]!) break;
      put(place, heap[parent]!);
      place = parent;
    }
    put(place, check);
  }

  function sink(from: number): void {
    const check = heap[from]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && times[heap[child + 1]!]! < times[heap[child]!]!) child++;
      if (times[heap[child]!]! >= times[check]!) break;
      put(place, heap[child]!);
      place = child;
    }
    put(place, check);
  }

  function remove(check: number): void {
    const place = places[check]!;
    if (place < 0) return;
    places[check] = -1;
    size--;
    if (place === size) return;
    put(place, heap[size]!);
    rise(place);
    sink(place);
  }

  const agenda: Agenda = {
    set(check, atMs) {
      remove(check);
      times[check] = atMs;
      if (atMs === Infinity) return;
      put(size, check);
      rise(size++);
    },
    at: (check) => times[check]!,
    nextAt: () => size === 0 ? Infinity : times[heap[0]!]!,
    due(nowMs) {
      if (size === 0 || agenda.nextAt() > nowMs) return -1;
      const check = heap[0]!;
      remove(check);
      times[check] = Infinity;
      return check;
    },
  };
  return agenda;
}

/** Checks that come less than this apart say nothing about how far the others are spread (haproxy's threshold). */
const SHORTEST_SPREAD_MS = 1000;

/**
 * How long after the start each check begins: they are spread over the shortest interval there is, or their own when that
 * is longer, but no further than max-spread-checks.
 */
export function firstDelays(intervalsMs: readonly number[], maxSpreadMs: number): number[] {
  const long = intervalsMs.filter((ms) => ms >= SHORTEST_SPREAD_MS);
  const shortest = long.reduce((least, ms) => Math.min(least, ms), Infinity);
  return intervalsMs.map((ms, i) => {
    const own = Math.max(shortest === Infinity ? 0 : shortest, ms);
    const span = maxSpreadMs > 0 ? Math.min(own, maxSpreadMs) : own;
    return span * i / intervalsMs.length;
  });
}

/** The interval with its random part (`spread-checks`, in percent either way); `random` is from 0 to 1. */
export function spreadInterval(ms: number, percent: number, random: number): number {
  return ms + ms * percent / 100 * (1 - 2 * random);
}
