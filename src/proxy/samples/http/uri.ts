/**
 * The parts of a request target (RFC 9112 §3.2) as places in its bytes.
 */
const SLASH = 0x2f;
const QUESTION = 0x3f;
const COLON = 0x3a;
const STAR = 0x2a;
const AT = 0x40;

export function indexOfByte(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let at = from; at < to; at++) if (bytes[at] === byte) return at;
  return -1;
}

/** Where the path begins in origin and absolute form; -1: it has none (`*`, an authority, a scheme and host alone). */
export function pathStart(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === SLASH) return at;
  const authority = authorityStart(bytes, at, end);
  return authority < 0 ? -1 : indexOfByte(bytes, SLASH, authority, end);
}

/** Behind `scheme://`; -1: not in absolute form. */
export function authorityStart(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] === SLASH || bytes[at] === STAR) return -1;
  const colon = indexOfByte(bytes, COLON, at, end);
  return colon >= 0 && colon + 2 < end && bytes[colon + 1] === SLASH && bytes[colon + 2] === SLASH ? colon + 3 : -1;
}

/** A user's name before the host is not part of it. */
export function hostStart(bytes: Uint8Array, authority: number, end: number): number {
  const sign = indexOfByte(bytes, AT, authority, end);
  return sign < 0 ? authority : sign + 1;
}

/** Where the question mark stands, or the end. */
export function queryMark(bytes: Uint8Array, at: number, end: number): number {
  const mark = indexOfByte(bytes, QUESTION, at, end);
  return mark < 0 ? end : mark;
}
