/**
 * haproxy's integers: 64-bit signed, saturating. A value is a number while that is exact, a bigint beyond, so that
 * the everyday case costs nothing; every function here takes and gives values in that form.
 */
import type { Int } from "./types.ts";

export const MAX_INT = 2n ** 63n - 1n;
export const MIN_INT = -(2n ** 63n);

/** The shortest exact form of a number of any size, held within 64 bits. */
export function saturate(value: bigint): Int {
  const held = value > MAX_INT ? MAX_INT : value < MIN_INT ? MIN_INT : value;
  return held >= Number.MIN_SAFE_INTEGER && held <= Number.MAX_SAFE_INTEGER ? Number(held) : held;
}

/** As saturate(), but what does not fit wraps round. */
export const wrap = (value: bigint): Int => saturate(BigInt.asIntN(64, value));

export function add(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return saturate(BigInt(a) + BigInt(b));
}

export function sub(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return saturate(BigInt(a) - BigInt(b));
}

export function mul(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0; // no -0
  }
  return saturate(BigInt(a) * BigInt(b));
}

/** By zero: the greatest integer there is (configuration.txt, `div`). */
export function div(a: Int, b: Int): Int {
  if (b === 0) return MAX_INT;
  if (typeof a === "number" && typeof b === "number") return Math.trunc(a / b) + 0;
  return saturate(BigInt(a) / BigInt(b));
}

/** By zero: zero (configuration.txt, `mod`). */
export function mod(a: Int, b: Int): Int {
  if (b === 0) return 0;
  if (typeof a === "number" && typeof b === "number") return (a % b) + 0;
  return saturate(BigInt(a) % BigInt(b));
}

const is32 = (value: Int): value is number => typeof value === "number" && (value | 0) === value;

export const and = (a: Int, b: Int): Int => is32(a) && is32(b) ? a & b : wrap(BigInt(a) & BigInt(b));
export const or = (a: Int, b: Int): Int => is32(a) && is32(b) ? a | b : wrap(BigInt(a) | BigInt(b));
export const xor = (a: Int, b: Int): Int => is32(a) && is32(b) ? a ^ b : wrap(BigInt(a) ^ BigInt(b));
export const neg = (a: Int): Int => typeof a === "number" ? 0 - a : saturate(-a);
export const cpl = (a: Int): Int => typeof a === "number" ? sub(-1, a) : saturate(~a);
export const isOdd = (a: Int): boolean => typeof a === "number" ? a % 2 !== 0 : (a & 1n) === 1n;

/** A whole number and nothing else, as in arguments; null: it is not one. Too large a number becomes the largest. */
export function parseInt64(text: string): Int | null {
  return /^[+-]?[0-9]+$/.test(text) ? leadingInt64(text) : null;
}

/** The number a text begins with, 0 if it begins with none: how haproxy casts a string to an integer. */
export function leadingInt64(text: string): Int {
  const sign = text.charCodeAt(0);
  const from = sign === 0x2b || sign === 0x2d ? 1 : 0;
  let at = from;
  let value = 0;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return saturate(BigInt(text.slice(from, at)) * (sign === 0x2d ? -1n : 1n));
  return sign === 0x2d ? 0 - value : value;
}

/** The low 32 bits as an unsigned number. */
export const low32 = (value: Int): number => is32(value) ? value >>> 0 : Number(BigInt.asUintN(32, BigInt(value)));

/** 8 bytes, most significant first. */
export function toBytes64(value: Int): string {
  const bits = BigInt.asUintN(64, BigInt(value));
  const high = Number(bits >> 32n);
  const low = Number(bits & 0xffff_ffffn);
  return bytes32(high) + bytes32(low);
}

export const bytes32 = (value: number): string =>
  String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
