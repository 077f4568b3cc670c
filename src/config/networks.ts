/**
 * Sets of addresses: single ones and CIDR networks of both families, and which of them an address matches best.
 *
 * Pure. An IPv4 address mapped into IPv6 counts as the IPv4 address that it is.
 */
import { isIPv4, isIPv6 } from "node:net";

export interface Network {
  /** 4 or 16 of them. */
  bytes: readonly number[];
  /** How many leading bits count. */
  bits: number;
}

/** An address, or one with /bits behind it; null: neither. */
export function parseNetwork(text: string): Network | null {
  const parts = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text);
  const bytes = addressBytes(parts?.[1] ?? "");
  if (parts === null || bytes === null) return null;
  const all = bytes.length * 8;
  const bits = parts[2] === undefined ? all : Number(parts[2]);
  return bits > all ? null : { bytes, bits };
}

/** Bits of the narrowest network that the address lies in; -1: in none. */
export function bestMatch(networks: readonly Network[], address: string): number {
  const bytes = addressBytes(address);
  if (bytes === null) return -1;
  let best = -1;
  for (const network of networks) if (network.bits > best && contains(network, bytes)) best = network.bits;
  return best;
}

function contains(network: Network, bytes: readonly number[]): boolean {
  if (network.bytes.length !== bytes.length) return false;
  for (let at = 0, left = network.bits; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 0xff : 0xff << (8 - left) & 0xff;
    if (((network.bytes[at]! ^ bytes[at]!) & mask) !== 0) return false;
  }
  return true;
}

/** The bytes of a numeric address; null: it is none. */
export function addressBytes(text: string): number[] | null {
  if (isIPv4(text)) return text.split(".").map(Number);
  if (!isIPv6(text)) return null;
  const [plain = ""] = text.split("%");
  const embedded = /^(.*:)([0-9.]+)$/.exec(plain);
  // The last four bytes may be written as IPv4 does (RFC 4291 §2.2).
  const tail = embedded !== null && isIPv4(embedded[2]!) ? embedded[2]!.split(".").map(Number) : [];
  const head = tail.length > 0 ? embedded![1]!.replace(/([^:]):$/, "$1") : plain;
  const [left = "", right] = head.split("::");
  const before = groups(left);
  const after = groups(right ?? "");
  const zeros = 16 - before.length - after.length - tail.length;
  const bytes = [...before, ...new Array<number>(Math.max(zeros, 0)).fill(0), ...after, ...tail];
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff &&
    bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").filter((group) => group !== "").flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
