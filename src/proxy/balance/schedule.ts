/**
 * The order in which servers take turns: computed once from their weights, read by a ticket from the board's cursor,
 * so that processes that draw tickets from one cursor keep one order.
 *
 * Two orders are made here, both haproxy's: the smooth one of roundrobin, and the map of static-rr and map-based hashing.
 */
import type { Ring } from "./ring.ts";

/** What the order is made of: servers (any numbers) and their weights, all above 0, in the same positions. */
export interface Weighted {
  count: number;
  servers: Int32Array;
  weights: Int32Array;
}

export interface Schedule {
  /** Turns after which the order repeats. */
  period: number;
  /** First turns that differ from the repeated ones. */
  lead: number;
  /** Servers by turn; empty when it would be too long: then `starts` and `stride` say it. */
  order: Uint16Array | Uint32Array;
  servers: Int32Array;
  /** Each server's first place among `period` places, one per unit of weight. */
  starts: Uint32Array;
  stride: number;
}

/** Longest order kept: 10 ms of work and 256 kB. */
export const MAX_PERIOD = 65_536;
/** Most comparisons that the map's order may cost. */
const MAX_MAP_WORK = 1 << 24;
const GOLDEN = 0.6180339887498949;
const NOTHING = new Uint32Array(0);
const NO_SERVERS = new Int32Array(0);

/** @param ticket 0 and up */
export function turnOf(schedule: Schedule, ticket: number): number {
  const { order, lead, period } = schedule;
  if (order.length > 0) return order[ticket < lead ? ticket : lead + (ticket - lead) % period]!;
  const place = (ticket % period) * schedule.stride % period;
  let low = 0;
  let high = schedule.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (schedule.starts[middle]! <= place) low = middle;
    else high = middle - 1;
  }
  return schedule.servers[low]!;
}

/**
 * The smooth order of roundrobin: heavier servers start first, each is then due again after total/weight turns.
 *
 * A turn goes to the server due longest; none due yet, to the next that has not started; all started, to the one due
 * soonest. Among those due at the same turn the one with the most weight not yet served comes first, then the one
 * that has waited longest.
 */
export function smoothSchedule(of: Weighted): Schedule {
  const { weights, period } = reduce(of);
  if (period > MAX_PERIOD) return compactSchedule(of, weights, period);
  const turns = smoothTurns(weights, period, 2 * period);
  // As servers start one after another, the first round may differ from those that follow.
  let lead = 0;
  for (let i = 0; i < period && lead === 0; i++) if (turns[i] !== turns[period + i]) lead = period;
  return tableSchedule(of, turns.subarray(0, lead + period), lead, period);
}

/** Positions (not servers) by turn. */
function smoothTurns(weights: Int32Array, total: number, count: number): Uint32Array {
  const starters = Array.from(weights.keys()).sort((a, b) => weights[b]! - weights[a]! || a - b);
  const due = new Float64Array(weights.length);
  const rest = new Int32Array(weights.length);
  const started = newHeap(weights.length);
  const turns = new Uint32Array(count);
  for (let turn = 0, next = 0; turn < count; turn++) {
    let position: number;
    if (started.size > 0 && due[started.items[0]!]! <= turn) position = pop(started);
    else if (next < starters.length) due[position = starters[next++]!] = turn;
    else position = pop(started);
    turns[turn] = position;
    const weight = weights[position]!;
    due[position]! += Math.floor(total / weight);
    rest[position]! += total % weight;
    if (rest[position]! >= weight) {
      rest[position]! -= weight;
      due[position]! += 1;
    }
    // Due turn < 2^18, unserved weight ≤ 2^8, age < 2^18: together below 2^53.
    push(started, (due[position]! * 512 + 256 + rest[position]! - weight) * 262_144 + turn, position);
  }
  return turns;
}

/**
 * The map of static-rr and of map-based hashing: each place goes to the first server, in the order of declaration,
 * whose claim is greatest; a claim grows by the weight at each place and shrinks by the total when served, and counts in
 * whole totals.
 */
export function mapSchedule(of: Weighted): Schedule {
  const { weights, period } = reduce(of);
  if (period > MAX_PERIOD || period * weights.length > MAX_MAP_WORK) {
    return weights.every((weight) => weight === 1)
      ? tableSchedule(of, Uint32Array.from(weights.keys()), 0, period)
      : compactSchedule(of, weights, period);
  }
  const claims = new Int32Array(weights.length);
  const turns = new Uint32Array(period);
  for (let place = 0; place < period; place++) {
    let best = 0;
    let most = -1;
    for (let i = 0; i < weights.length; i++) {
      const claim = claims[i]! += weights[i]!;
      const whole = Math.floor((claim + period) / period);
      if (whole > most) {
        most = whole;
        best = i;
      }
    }
    turns[place] = best;
    claims[best]! -= period;
  }
  return tableSchedule(of, turns, 0, period);
}

/** The ring's points one after another: the turns of those that consistent hashing has no key for. */
export function ringSchedule(ring: Ring): Schedule {
  const order = ring.owners.subarray(0, ring.size);
  return { period: ring.size, lead: 0, order, servers: NO_SERVERS, starts: NOTHING, stride: 0 };
}

/** Weights without their common divisor: the order is the same, and shorter. */
function reduce(of: Weighted): { weights: Int32Array; period: number } {
  let divisor = 0;
  let total = 0;
  for (let i = 0; i < of.count; i++) {
    divisor = greatestCommonDivisor(of.weights[i]!, divisor);
    total += of.weights[i]!;
  }
  return { weights: of.weights.subarray(0, of.count).map((weight) => weight / divisor), period: total / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function tableSchedule(of: Weighted, turns: Uint32Array, lead: number, period: number): Schedule {
  let widest = 0;
  for (let i = 0; i < of.count; i++) widest = Math.max(widest, of.servers[i]!);
  const order = widest < 65_536 ? new Uint16Array(turns.length) : new Uint32Array(turns.length);
  for (let i = 0; i < turns.length; i++) order[i] = of.servers[turns[i]!]!;
  return { period, lead, order, servers: NO_SERVERS, starts: NOTHING, stride: 0 };
}

/**
 * For periods too long to be kept: place by place in steps of the golden section, which visits every place once per
 * period and a stretch of places at nearly even distances. Exact shares, but not haproxy's order.
 */
function compactSchedule(of: Weighted, weights: Int32Array, period: number): Schedule {
  const starts = new Uint32Array(weights.length);
  for (let i = 1; i < starts.length; i++) starts[i] = starts[i - 1]! + weights[i - 1]!;
  return {
    period,
    lead: 0,
    order: NOTHING,
    servers: of.servers.slice(0, of.count),
    starts,
    stride: evenStride(period),
  };
}

/**
 * Of the strides near the golden section the one that spreads best: none of the quotients of its division by the period
 * (Euclid's) is large, as then no number of steps comes back close to where it started.
 */
function evenStride(period: number): number {
  const golden = Math.round(period * GOLDEN);
  let best = 1;
  let least = Infinity;
  for (let stride = golden; stride < golden + 256; stride++) {
    let largest = 0;
    let a = period;
    let b = stride;
    while (b !== 0) {
      largest = Math.max(largest, Math.floor(a / b));
      [a, b] = [b, a % b];
    }
    if (a !== 1 || largest >= least) continue; // not 1: it would not visit every place
    best = stride;
    least = largest;
  }
  return best;
}

/** A binary heap, smallest key on top. */
interface Heap {
  size: number;
  keys: Float64Array;
  items: Uint32Array;
}

function newHeap(capacity: number): Heap {
  return { size: 0, keys: new Float64Array(capacity), items: new Uint32Array(capacity) };
}

function push(heap: Heap, key: number, item: number): void {
  const { keys, items } = heap;
  let at = heap.size++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (keys[parent]! <= key) break;
    keys[at] = keys[parent]!;
    items[at] = items[parent]!;
    at = parent;
  }
  keys[at] = key;
  items[at] = item;
}

function pop(heap: Heap): number {
  const { keys, items } = heap;
  const top = items[0]!;
  const size = --heap.size;
  const key = keys[size]!;
  const item = items[size]!;
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && keys[child + 1]! < keys[child]!) child++;
    if (keys[child]! >= key) break;
    keys[at] = keys[child]!;
    items[at] = items[child]!;
    at = child;
  }
  keys[at] = key;
  items[at] = item;
  return top;
}
