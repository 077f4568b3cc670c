/**
 * Comma-separated lists in field values (RFC 9110 §5.6.1), read where they lie.
 *
 * A loop over the members of bytes[p,end):
 *
 *     while (p < end) {
 *       const stop = memberEnd(bytes, p, end);
 *       p = skipBlanks(bytes, p, stop);
 *       … bytes[p, trimEnd(bytes, p, stop)) is the member, perhaps empty …
 *       p = stop + 1;
 *     }
 */
import { COMMA, isBlank, sameText } from "./characters.ts";

/** Where the member that begins at `at` ends: at its comma, or at `end`. */
export function memberEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && bytes[p] !== COMMA) p++;
  return p;
}

export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && isBlank(bytes[p] as number)) p++;
  return p;
}

/** Where bytes[at,end) ends without the blanks at its end. */
export function trimEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = end;
  while (p > at && isBlank(bytes[p - 1] as number)) p--;
  return p;
}

/** Is the word, given in lower case, a member? */
export function hasMember(bytes: Uint8Array, at: number, end: number, lower: Uint8Array): boolean {
  let p = at;
  while (p < end) {
    const stop = memberEnd(bytes, p, end);
    p = skipBlanks(bytes, p, stop);
    if (sameText(bytes, p, trimEnd(bytes, p, stop), lower)) return true;
    p = stop + 1;
  }
  return false;
}
