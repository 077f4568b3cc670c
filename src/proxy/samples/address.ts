/**
 * IPv4 and IPv6 addresses as 4 or 16 bytes in network order: reading, writing, masking. No names, no zones.
 */

/** Four decimal parts, as inet_pton(3); null: not an address. */
export function parseIPv4(text: string): Uint8Array | null {
  const parts = /^(\d{1,10})\.(\d{1,10})\.(\d{1,10})\.(\d{1,10})$/.exec(text);
  return parts === null ? null : fromParts(parts.slice(1));
}

/** What haproxy takes for an IPv4 address at the start of a sample: what follows it does not matter, unless it is a dot. */
export function leadingIPv4(text: string): Uint8Array | null {
  const parts = /^(\d{1,10})\.(\d{1,10})\.(\d{1,10})\.(\d{1,10})(?![.\d])/.exec(text);
  return parts === null ? null : fromParts(parts.slice(1));
}

/** One to four parts, the last taking the bytes that are left out before it: `10.12` is 10.0.0.12. */
export function parseShortIPv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length > 4 || !parts.every((part) => /^\d{1,10}$/.test(part))) return null;
  const last = parts.pop() ?? "";
  return fromParts([...parts, ...Array<string>(3 - parts.length).fill("0"), last]);
}

function fromParts(parts: readonly string[]): Uint8Array | null {
  const bytes = parts.map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : null;
}

/** RFC 4291 §2.2 in its three forms; null: not an address. */
export function parseIPv6(text: string): Uint8Array | null {
  let source = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail !== null) {
    const v4 = parseIPv4(tail[2] ?? "");
    if (v4 === null) return null;
    source = `${tail[1]}${((v4[0]! << 8) | v4[1]!).toString(16)}:${((v4[2]! << 8) | v4[3]!).toString(16)}`;
  }
  const halves = source.split("::");
  if (halves.length > 2) return null;
  const [left, right] = halves.map((half) => half === "" ? [] : half.split(":"));
  const words = [...left ?? [], ...right ?? []];
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return null;
  // "::" stands for at least one group.
  if (halves.length === 1 ? words.length !== 8 : words.length > 7) return null;
  const bytes = new Uint8Array(16);
  const put = (word: string, index: number) => {
    const value = parseInt(word, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 255;
  };
  left?.forEach(put);
  right?.forEach((word, i) => put(word, 8 - right.length + i));
  return bytes;
}

export const formatAddress = (bytes: Uint8Array): string =>
  bytes.length === 4 ? formatIPv4(bytes, 0) : formatIPv6(bytes);

const formatIPv4 = (bytes: Uint8Array, at: number): string =>
  `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;

/** As inet_ntop(3) of glibc, which haproxy uses: RFC 5952, and a dotted tail for mapped and compatible addresses. */
function formatIPv6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!);
  let start = -1;
  let length = 1; // a single group is not shortened
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && words[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
    i += run;
  }
  if (start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff))) {
    return `${length === 6 ? "::" : "::ffff:"}${formatIPv4(bytes, 12)}`;
  }
  const hex = words.map((word) => word.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

export const toUint32 = (bytes: Uint8Array, at = 0): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

export function fromUint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Does ::ffff:0:0/96 hold it? */
export function isMapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && startsZero(bytes, 10) && bytes[10] === 255 && bytes[11] === 255;
}

export function startsZero(bytes: Uint8Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** A mask of `length` bytes with `bits` ones. */
export function maskOf(bits: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (0xff00 >> Math.max(0, Math.min(8, bits - i * 8))) & 255);
}

/** Number of leading ones, or -1 when ones follow a zero. */
export function maskBits(mask: Uint8Array): number {
  let bits = 0;
  while (bits < mask.length * 8 && (mask[bits >> 3]! & (0x80 >> (bits & 7))) !== 0) bits++;
  const clean = maskOf(bits, mask.length);
  return mask.every((byte, i) => byte === clean[i]) ? bits : -1;
}
