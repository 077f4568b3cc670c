/**
 * The hash functions of `hash-type`, over bytes, and the hash of a source address: all give unsigned 32-bit numbers.
 *
 * Held to haproxy's values by hash.test.ts: the same input must choose the same server on both.
 */
import type { HashType } from "../../config/haproxy/model.ts";

export type HashFunction = HashType["function"];
type Hasher = (bytes: Uint8Array, from: number, to: number) => number;

const HASHERS: Record<HashFunction, Hasher> = { sdbm, djb2, wt6, crc32, none };

/** Hash of bytes[from..to), with the avalanche step if the type asks for it. */
export function hashBytes(type: HashType, bytes: Uint8Array, from = 0, to = bytes.length): number {
  const hash = HASHERS[type.function](bytes, from, to);
  return type.avalanche ? avalanche(hash) : hash;
}

let scratch = Buffer.alloc(1024);

/** Hash of a byte string: a sample's value, one character per byte. */
export function hashString(type: HashType, text: string): number {
  if (text.length > scratch.length) scratch = Buffer.alloc(text.length * 2);
  return hashBytes(type, scratch, 0, scratch.write(text, 0, "latin1"));
}

const integer = Buffer.alloc(8);

/** Hash of a sample that is a whole number: of its 64 bits in network order. Addresses are hashed as their 4 or 16 bytes. */
export function hashInteger(type: HashType, value: number): number {
  integer.writeInt32BE(Math.floor(value / 4_294_967_296) | 0, 0);
  integer.writeUInt32BE(value >>> 0, 4);
  return hashBytes(type, integer);
}

/**
 * Hash of a client's address for `balance source`: its 32-bit words, in network order, folded by exclusive or.
 * The function of `hash-type` has no part in it, the avalanche step has.
 *
 * @param address 4 bytes (IPv4) or 16 (IPv6), as on the wire
 */
export function hashSource(type: HashType, address: Uint8Array): number {
  let hash = 0;
  for (let i = 0; i + 3 < address.length; i += 4) {
    hash ^= (address[i]! << 24) | (address[i + 1]! << 16) | (address[i + 2]! << 8) | address[i + 3]!;
  }
  return type.avalanche ? avalanche(hash) : hash >>> 0;
}

/** Bob Jenkins' full avalanche of an integer (burtleburtle.net/bob/hash/integer.html), spread by a prime as haproxy does. */
export function avalanche(value: number): number {
  let a = value | 0;
  a = (a + 0x7ed55d16 + (a << 12)) | 0;
  a = a ^ 0xc761c23c ^ (a >>> 19);
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = (a + 0xd3a2646c) ^ (a << 9);
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = a ^ 0xb55a4f09 ^ (a >>> 16);
  return Math.imul(a, 3221225473) >>> 0;
}

export function sdbm(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 65599) + bytes[i]!) | 0;
  return hash >>> 0;
}

export function djb2(bytes: Uint8Array, from: number, to: number): number {
  let hash = 5381;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 33) + bytes[i]!) | 0;
  return hash >>> 0;
}

/** Two lanes that trade places at each byte, rotated by amounts that depend on what came before. */
export function wt6(bytes: Uint8Array, from: number, to: number): number {
  let left = 0xa53c965a | 0;
  let right = 0x5ca6953a;
  let turnRight = 6;
  let turnLeft = 18;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    const a = ~(left ^ byte);
    const b = ~((right + byte) | 0);
    left = (b << turnRight) | (b >>> (32 - turnRight));
    right = (a << turnLeft) | (a >>> (32 - turnLeft));
    const mixed = ((left >>> 16) ^ right) & 0xffff;
    turnRight = mixed & 31;
    turnLeft = mixed >>> 11;
  }
  return (left ^ right) >>> 0;
}

/** IEEE 802.3, as in gzip and PNG. */
export function crc32(bytes: Uint8Array, from: number, to: number): number {
  return Bun.hash.crc32(bytes.subarray(from, to));
}

/** The key is the hash: a decimal number, of which the low 32 bits count; it ends at the first other byte. */
export function none(bytes: Uint8Array, from: number, to: number): number {
  const negative = bytes[from] === 0x2d; // "-"
  let value = 0;
  for (let i = negative ? from + 1 : from; i < to; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = (Math.imul(value, 10) + digit) | 0;
  }
  return (negative ? -value : value) >>> 0;
}
