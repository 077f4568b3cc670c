/**
 * Sets of integers and of addresses as sorted ranges that do not touch: one binary search answers, whatever the size,
 * and nothing is allocated to ask.
 */
import type { Int } from "./types.ts";

export type IntRange = readonly [min: Int, max: Int];

export function compileIntRanges(ranges: readonly IntRange[]): (value: Int) => boolean {
  const sorted = [...ranges].filter(([min, max]) => min <= max).sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
  const mins: Int[] = [];
  const maxs: Int[] = [];
  for (const [min, max] of sorted) {
    const last = maxs.length - 1;
    if (last >= 0 && min <= maxs[last]!) {
      if (max > maxs[last]!) maxs[last] = max;
    } else {
      mins.push(min);
      maxs.push(max);
    }
  }
  return (value) => {
    let low = 0;
    let high = mins.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (mins[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low > 0 && value <= maxs[low - 1]!;
  };
}

/** A network: the address already masked, and its mask. */
export interface Network {
  address: Uint8Array;
  mask: Uint8Array;
}

/** Networks of one family, whose masks are ones before zeros. Asked with the bytes of an address that begin at `at`. */
export function compileNetworks(
  networks: readonly Network[],
  size: 4 | 16,
): (bytes: Uint8Array, at: number) => boolean {
  const ranges = networks.map(({ address, mask }) => ({
    min: address,
    max: address.map((byte, i) => byte | ~mask[i]!),
  }));
  ranges.sort((a, b) => compare(a.min, 0, b.min, 0, size) || -compare(a.max, 0, b.max, 0, size));
  // Networks nest or are apart: one that lies in the last one kept adds nothing.
  const kept: typeof ranges = [];
  for (const range of ranges) {
    const last = kept.at(-1);
    if (last === undefined || compare(range.min, 0, last.max, 0, size) > 0) kept.push(range);
  }
  const mins = new Uint8Array(kept.length * size);
  const maxs = new Uint8Array(kept.length * size);
  kept.forEach(({ min, max }, i) => {
    mins.set(min, i * size);
    maxs.set(max, i * size);
  });
  return (bytes, at) => {
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(mins, middle * size, bytes, at, size) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compare(bytes, at, maxs, (low - 1) * size, size) <= 0;
  };
}

function compare(a: Uint8Array, atA: number, b: Uint8Array, atB: number, size: number): number {
  for (let i = 0; i < size; i++) {
    const difference = a[atA + i]! - b[atB + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
