/**
 * The ring of consistent hashing and of `balance random`: each server stands at many points, found from its id alone,
 * so that a server that comes or goes moves only its own share of the keys.
 */
import { avalanche } from "./hash.ts";

/** All points of all servers, sorted by key; what is in force is a Ring made of it. */
export interface FullRing {
  keys: Uint32Array;
  owners: Uint16Array | Uint32Array;
  /** Number of the point within its server: a weight in force keeps the first ones. */
  points: Uint16Array;
  /** The weights for which it has points. */
  weights: Int32Array;
  pointsPerWeight: number;
}

export interface Ring {
  size: number;
  keys: Uint32Array;
  owners: Uint16Array | Uint32Array;
}

/** haproxy's number of points per unit of weight, and the span of numbers that each id has for its points. */
export const POINTS_PER_WEIGHT = 16;
const POINTS_PER_ID = 4096;
/** Beyond, servers get fewer points per unit of weight than haproxy gives them: 100 ms of sorting, 8 MB. */
export const MAX_POINTS = 1 << 20;

/** @param ids of the servers, in the order of declaration (haproxy's puid) */
export function fullRing(ids: Int32Array, weights: Int32Array): FullRing {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const pointsPerWeight = Math.min(POINTS_PER_WEIGHT, MAX_POINTS / total);
  let size = 0;
  for (const weight of weights) size += pointsFor(weight, pointsPerWeight);
  const owners = ids.length < 65_536 ? new Uint16Array(size) : new Uint32Array(size);
  const points = new Uint16Array(size);
  // Sorted as key · 2^21 + number: points of one key stay in the order of declaration.
  const numbered = new Float64Array(size);
  let number = 0;
  for (let s = 0; s < ids.length; s++) {
    for (let p = 0; p < pointsFor(weights[s]!, pointsPerWeight); p++) {
      owners[number] = s;
      points[number] = p;
      numbered[number] = avalanche(Math.imul(ids[s]!, POINTS_PER_ID) + p) * 2_097_152 + number;
      number++;
    }
  }
  numbered.sort();
  const full: FullRing = {
    keys: new Uint32Array(size),
    owners: owners.slice(),
    points: points.slice(),
    weights: weights.slice(),
    pointsPerWeight,
  };
  for (let i = 0; i < size; i++) {
    const key = Math.floor(numbered[i]! / 2_097_152);
    const from = numbered[i]! - key * 2_097_152;
    full.keys[i] = key;
    full.owners[i] = owners[from]!;
    full.points[i] = points[from]!;
  }
  return full;
}

function pointsFor(weight: number, pointsPerWeight: number): number {
  return weight === 0 ? 0 : Math.max(1, Math.floor(weight * pointsPerWeight));
}

/** The points in force. @param weights by server; 0: none of its points */
export function ringFor(full: FullRing, weights: Int32Array): Ring {
  const quota = weights.map((weight) => pointsFor(weight, full.pointsPerWeight));
  const ring: Ring = { size: 0, keys: new Uint32Array(full.keys.length), owners: full.owners.slice() };
  for (let i = 0; i < full.keys.length; i++) {
    const owner = full.owners[i]!;
    if (full.points[i]! >= quota[owner]!) continue;
    ring.keys[ring.size] = full.keys[i]!;
    ring.owners[ring.size++] = owner;
  }
  return ring;
}

/** Index of the point closest to the hash on either side; of two as close, the one before. */
export function closestPoint(ring: Ring, hash: number): number {
  const { keys, size } = ring;
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < hash) low = middle + 1;
    else high = middle;
  }
  const after = low === size ? 0 : low;
  if (keys[after] === hash) return after;
  const before = low === 0 ? size - 1 : low - 1;
  return (hash - keys[before]!) >>> 0 <= (keys[after]! - hash) >>> 0 ? before : after;
}
