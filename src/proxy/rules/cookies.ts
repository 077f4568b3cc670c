/**
 * Cookies where they lie in the value of a Cookie or Set-Cookie field: offsets, no strings. More is read than RFC 6265
 * §4.2.1 allows, and as haproxy reads it: quoted values, commas between cookies, blanks around "=".
 */
import { COMMA, SEMICOLON, SPACE, TAB } from "../http1/characters.ts";

const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;
/** Begins the name of an attribute of the cookie before it (`$Path`, RFC 2965 §3.3.4). */
export const DOLLAR = 36;

/** One "name=value" of a field; the blanks around both are left out. Without a "=" it has no value. */
export interface Cookie {
  nameAt: number;
  nameEnd: number;
  hasValue: boolean;
  valueAt: number;
  valueEnd: number;
  /** Of the delimiter behind it, or the field's end. */
  end: number;
}

export const newCookie = (): Cookie => ({ nameAt: 0, nameEnd: 0, hasValue: false, valueAt: 0, valueEnd: 0, end: 0 });

export const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;

/** Reads what stands in bytes[at, end) up to the next delimiter. */
export function readCookie(bytes: Uint8Array, at: number, end: number, cookie: Cookie): void {
  while (at < end && isBlank(bytes[at] as number)) at++;
  cookie.nameAt = at;
  cookie.nameEnd = at;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === EQUALS || byte === SEMICOLON || byte === COMMA) break;
    if (!isBlank(byte)) cookie.nameEnd = at + 1;
  }
  cookie.hasValue = at < end && bytes[at] === EQUALS;
  if (cookie.hasValue) { for (at++; at < end && isBlank(bytes[at] as number);) at++; }
  cookie.valueAt = at;
  cookie.valueEnd = at;
  cookie.end = cookie.hasValue ? readValue(bytes, at, end, cookie) : at;
}

/** Where the value is delimited; no delimiter counts between quotes. */
function readValue(bytes: Uint8Array, at: number, end: number, cookie: Cookie): number {
  let quoted = false;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH && at + 1 < end) at++;
    else if (!quoted && (byte === SEMICOLON || byte === COMMA)) break;
    if (!isBlank(byte)) cookie.valueEnd = at + 1;
  }
  return at;
}

/** Where the attributes behind a cookie of Set-Cookie2 end: at the comma before its next cookie (RFC 2965 §3.2.2). */
export function attributesEnd(bytes: Uint8Array, at: number, end: number): number {
  let quoted = false;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) at++;
    else if (!quoted && byte === COMMA) return at;
  }
  return end;
}

/** Is that the cookie's name? Names are told apart by case (RFC 6265 §5.3). `prefix`: how it begins. */
export function isNamed(bytes: Uint8Array, cookie: Cookie, name: Uint8Array, prefix: boolean): boolean {
  const length = cookie.nameEnd - cookie.nameAt;
  if (prefix ? length < name.length : length !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[cookie.nameAt + i] !== name[i]) return false;
  return true;
}

/** Are there blanks around the "="? haproxy passes the cookie on without them. */
export const isSpaced = (cookie: Cookie): boolean => cookie.hasValue && cookie.valueAt !== cookie.nameEnd + 1;
