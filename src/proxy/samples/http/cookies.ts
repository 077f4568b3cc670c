/**
 * Cookies of Cookie and Set-Cookie fields (RFC 6265), walked by name as places in bytes.
 *
 * As haproxy reads them: commas part cookies too, blanks around names and values do not count, a value may be quoted,
 * what has no equals sign or begins with a dollar sign is no cookie.
 */
import { COMMA, SEMICOLON } from "../../http1/characters.ts";
import type { FieldName } from "../../http1/edit.ts";
import type { Head } from "../../http1/head.ts";
import type { SampleContext } from "../context.ts";
import { elementEnd, isBlank, nextField, setTrimmed, valueAt, valueEnd } from "./fields.ts";
import { setSpan, span, TAKE, type Take } from "./span.ts";

const EQUALS = 0x3d;
const DOLLAR = 0x24;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Behind the cookie found last, where the search goes on. */
let next = 0;

/**
 * Sets the span to the value of the first cookie of that name (empty: any); false: there is none.
 * @param list of Cookie; in Set-Cookie attributes stand behind the first pair
 */
function findCookie(bytes: Buffer, from: number, end: number, name: Uint8Array, list: boolean): boolean {
  for (let at = from; at + name.length + 1 < end; at = next) {
    while (at < end && isBlank(bytes[at])) at++;
    let equals = at;
    let nameEnd = at;
    for (; equals < end; equals++) {
      const byte = bytes[equals];
      if (byte === EQUALS || byte === SEMICOLON || (byte === COMMA && list)) break;
      if (!isBlank(byte)) nameEnd = equals + 1;
    }
    next = equals + 1;
    if (equals === end || bytes[equals] !== EQUALS) continue;
    let value = equals + 1;
    while (value < end && isBlank(bytes[value])) value++;
    let valueEnd = cookieEnd(bytes, value, end);
    next = valueEnd + 1;
    if (bytes[at] === DOLLAR) continue;
    if (isName(bytes, at, nameEnd, name)) {
      while (valueEnd > value && isBlank(bytes[valueEnd - 1])) valueEnd--;
      return setSpan(bytes, value, valueEnd);
    }
    if (!list) return false;
  }
  return false;
}

function isName(bytes: Buffer, at: number, end: number, name: Uint8Array): boolean {
  if (name.length === 0) return true;
  if (end - at !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}

/** A semicolon or a comma inside of quotes belongs to the value. */
function cookieEnd(bytes: Buffer, at: number, end: number): number {
  let quoted = false;
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && (byte === SEMICOLON || byte === COMMA)) return i;
    else if (byte === BACKSLASH && quoted) i++;
  }
  return end;
}

export interface CookieName {
  field: FieldName;
  /** Names are told apart by case; empty: any. */
  name: Uint8Array;
  list: boolean;
}

/** Sets the span to each cookie's value in turn until `take` matches. */
export function eachCookie(head: Head, cookie: CookieName, context: SampleContext, take: Take): boolean {
  const { field, name, list } = cookie;
  const { bytes } = head;
  for (let i = nextField(head, field, 0); i >= 0; i = nextField(head, field, i + 1)) {
    const last = valueEnd(head, i);
    for (let at = valueAt(head, i), end = at; end < last; at = end + 1) {
      end = elementEnd(bytes, at, last);
      setTrimmed(bytes, at, end);
      const stop = span.end;
      for (let from = span.at; findCookie(bytes, from, stop, name, list); from = next) {
        const said = take(context);
        if (said !== TAKE.next) return said === TAKE.match;
      }
    }
  }
  return false;
}
