/**
 * Parameters `name=value` of a request target, walked by name as places in its bytes. They are parted by `&` and `;`
 * and by the character behind which they begin.
 */
import type { Head } from "../../http1/head.ts";
import type { SampleContext } from "../context.ts";
import { setSpan, TAKE, type Take } from "./span.ts";
import { indexOfByte } from "./uri.ts";

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

export interface ParameterName {
  /** Empty: any. */
  name: Uint8Array;
  delimiter: number;
}

/** Sets the span to each value in turn until `take` matches. */
export function eachParameter(head: Head, parameter: ParameterName, context: SampleContext, take: Take): boolean {
  const { bytes, uriAt, uriEnd } = head;
  const { name, delimiter } = parameter;
  const begin = indexOfByte(bytes, delimiter, uriAt, uriEnd);
  if (begin < 0) return false;
  for (let at = begin + 1; at < uriEnd;) {
    const value = name.length === 0 ? anyValue(bytes, at, uriEnd) : valueOf(bytes, at, uriEnd, name, delimiter);
    if (value < 0) return false;
    let end = value;
    while (end < uriEnd && !parts(bytes[end]!, delimiter)) end++;
    setSpan(bytes, value, end);
    const said = take(context);
    if (said !== TAKE.next) return said === TAKE.match;
    at = end;
  }
  return false;
}

const parts = (byte: number, delimiter: number): boolean =>
  byte === AMPERSAND || byte === SEMICOLON || byte === delimiter;

/** Where the next value begins, whatever its name; -1: there is none. */
function anyValue(bytes: Uint8Array, at: number, end: number): number {
  const equals = indexOfByte(bytes, EQUALS, at, end);
  return equals < 0 ? -1 : equals + 1;
}

/** Where the next value of that name begins; -1: there is none. */
function valueOf(bytes: Uint8Array, from: number, end: number, name: Uint8Array, delimiter: number): number {
  for (let at = from; at + name.length < end; at++) {
    if (bytes[at + name.length] === EQUALS && startsWith(bytes, at, name)) return at + name.length + 1;
    while (at < end && !parts(bytes[at]!, delimiter)) at++;
  }
  return -1;
}

function startsWith(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}
