/**
 * A reused byte buffer that log lines are written into piece by piece; strings are byte strings (latin1).
 *
 * What does not fit is cut off: a line that long is longer than any target takes.
 */
export interface LineBuffer {
  bytes: Buffer;
  /** Where the next byte goes. */
  at: number;
  /** Where a merged blank was written last (or the line began): no second blank is written there. */
  blankAt: number;
}

export function lineBuffer(capacity: number): LineBuffer {
  return { bytes: Buffer.allocUnsafe(capacity), at: 0, blankAt: 0 };
}

const ZERO = 0x30;
const MINUS = 0x2d;
const HEX_DIGITS = "0123456789ABCDEF";

export function putByte(out: LineBuffer, byte: number): void {
  if (out.at < out.bytes.length) out.bytes[out.at++] = byte;
}

export function putText(out: LineBuffer, text: string): void {
  const { bytes } = out;
  const start = out.at;
  const count = Math.min(text.length, bytes.length - start);
  for (let i = 0; i < count; i++) bytes[start + i] = text.charCodeAt(i);
  out.at = start + count;
}

export function putBytes(out: LineBuffer, from: Buffer, start: number, end: number): void {
  const count = Math.min(end - start, out.bytes.length - out.at);
  if (count <= 0) return;
  from.copy(out.bytes, out.at, start, start + count);
  out.at += count;
}

/** A whole number, in decimal. */
export function putInt(out: LineBuffer, value: number): void {
  // Most numbers of a line are counts and times of one digit.
  if (value >= 0 && value < 10) return putByte(out, ZERO + value);
  let rest = value;
  if (rest < 0) {
    putByte(out, MINUS);
    rest = -rest;
  }
  let digits = 1;
  for (let power = 10; power <= rest; power *= 10) digits++;
  putPadded(out, rest, digits);
}

/** The last `width` decimal digits, with zeros in front. */
export function putPadded(out: LineBuffer, value: number, width: number): void {
  const { bytes } = out;
  const end = out.at + width;
  if (end > bytes.length) return;
  let rest = value;
  for (let i = end - 1; i >= out.at; i--) {
    const next = Math.floor(rest / 10);
    bytes[i] = ZERO + (rest - next * 10);
    rest = next;
  }
  out.at = end;
}

/** Upper-case hexadecimal of a 32-bit number, with zeros in front up to `width` digits. */
export function putHex(out: LineBuffer, value: number, width: number): void {
  const word = value >>> 0;
  let digits = width;
  while (digits < 8 && word >>> (digits * 4) !== 0) digits++;
  for (let i = digits - 1; i >= 0; i--) putByte(out, HEX_DIGITS.charCodeAt((word >>> (i * 4)) & 15));
}
