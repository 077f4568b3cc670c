/**
 * The way in: finds the server that a request's cookie names, and rewrites the Cookie fields for the server. What is left of
 * a field, to the blank, is what haproxy leaves (compared in test/http/persistence.test.ts).
 */
import { deleteEntry, fieldName, findField, replaceValue } from "../http1/edit.ts";
import { type Head, STRIDE, VALUE_AT, VALUE_END } from "../http1/head.ts";
import { SPACE } from "../http1/characters.ts";
import { DOLLAR, isBlank, isNamed, isSpaced, newCookie, readCookie } from "./cookies.ts";
import { BAR, isOutdated, readDate } from "./persistence_dates.ts";
import type { Found, Site } from "./persistence.ts";

const COOKIE = fieldName("cookie");
/** Between the server's value and the application's own, in `prefix` mode. */
const TILDE = 126;
const EQUALS = 61;

const cookie = newCookie();
/** A field as it is rewritten. Blanks around "=" are left out and one may be added per cookie taken out: it never grows. */
let draft = Buffer.alloc(16_384);
let length = 0;

type Usable = (server: number) => boolean;

export function readRequest(site: Site, head: Head, found: Found, usable: Usable, nowSec: number): boolean {
  for (let i = findField(head, COOKIE, 0); i >= 0; i = findField(head, COOKIE, i + 1)) {
    if (!readField(site, head, i, found, usable, nowSec)) return false;
  }
  return true;
}

function readField(site: Site, head: Head, index: number, found: Found, usable: Usable, nowSec: number): boolean {
  const { mode, indirect } = site.settings;
  const removes = mode === "insert" && indirect;
  const { bytes } = head;
  const start = head.entries[index * STRIDE + VALUE_AT] as number;
  const end = head.entries[index * STRIDE + VALUE_END] as number;
  /** Where the cookie begins that is being read: the delimiter before it, but for the first. */
  let from = start;
  let edited = false;
  /** Since where cookies are being left out, with their attributes; -1: the last one was kept. */
  let leftOutFrom = -1;
  let keepsAny = false;
  length = 0;

  for (let first = true; first || from < end; first = false) {
    readCookie(bytes, first ? from : from + 1, end, cookie);
    const next = cookie.end;
    const isAttribute = cookie.nameAt < end && bytes[cookie.nameAt] === DOLLAR;
    const ours = !isAttribute && cookie.hasValue && isNamed(bytes, cookie, site.name, false);
    let valueAt = cookie.valueAt;
    if (ours) {
      const valueEnd = find(bytes, valueAt, cookie.valueEnd, mode === "prefix" ? TILDE : BAR);
      take(site, head, valueAt, valueEnd, cookie.valueEnd, found, usable, nowSec);
      if (mode === "prefix" && valueEnd < cookie.valueEnd) valueAt = valueEnd + 1;
    }
    if (ours && removes || isAttribute && leftOutFrom >= 0) {
      if (!edited) begin(bytes, start, from);
      edited = true;
      if (leftOutFrom < 0) leftOutFrom = from;
    } else {
      if (!isAttribute) keepsAny = true;
      const changed = valueAt !== cookie.valueAt || !site.readOnly && !isAttribute && isSpaced(cookie);
      if (changed && !edited) {
        begin(bytes, start, from);
        edited = true;
      }
      if (edited) {
        const textAt = leftOutFrom < 0 ? from : join(bytes, start, leftOutFrom, from, next);
        keep(bytes, textAt, next, changed, valueAt);
      }
      leftOutFrom = -1;
    }
    from = next;
  }
  if (!edited) return true;
  if (length === 0 || removes && !keepsAny) {
    deleteEntry(head, index);
    return true;
  }
  return replaceValue(head, index, draft.toString("latin1", 0, length));
}

/** First `byte` in bytes[at, end), or `end`. */
function find(bytes: Uint8Array, at: number, end: number, byte: number): number {
  while (at < end && bytes[at] !== byte) at++;
  return at;
}

/** The draft is begun with what has been read and kept so far. */
function begin(bytes: Buffer, start: number, from: number): void {
  length = 0;
  append(bytes, start, from);
}

function append(bytes: Buffer, at: number, end: number): void {
  if (length + end - at + 8 > draft.length) {
    const larger = Buffer.alloc(2 * (length + end - at + 8));
    draft.copy(larger, 0, 0, length);
    draft = larger;
  }
  length += bytes.copy(draft, length, at, end);
}

/** Behind cookies left out: the delimiter before the next one, if it is not the first now. Returns where its text begins. */
function join(bytes: Buffer, start: number, leftOutFrom: number, from: number, next: number): number {
  let textAt = from + 1;
  while (textAt < next && isBlank(bytes[textAt] as number)) textAt++;
  if (leftOutFrom === start) return textAt;
  while (length > 0 && isBlank(draft[length - 1] as number)) length--;
  append(bytes, from, from + 1);
  draft[length++] = SPACE;
  return textAt;
}

/** The cookie just read: its name from `at` on, "=", and its value from `valueAt` on. */
function keep(bytes: Buffer, at: number, end: number, changed: boolean, valueAt: number): void {
  if (!changed) return append(bytes, at, end);
  append(bytes, at, cookie.nameEnd);
  draft[length++] = EQUALS;
  append(bytes, valueAt, end);
}

/** One cookie of ours: the first that names a usable server is followed, of the others the log tells. */
function take(
  site: Site,
  head: Head,
  valueAt: number,
  valueEnd: number,
  end: number,
  found: Found,
  usable: Usable,
  nowSec: number,
): void {
  if (found.server >= 0) return;
  const { mode, maxidleSec, maxlifeSec } = site.settings;
  if (mode !== "prefix") {
    readDates(head.bytes, valueEnd, end, found);
    const old = isOutdated(found.firstDate, nowSec, maxlifeSec);
    if (old || isOutdated(found.lastDate, nowSec, maxidleSec)) {
      found.request = old ? "O" : "E";
      found.lastDate = 0;
      found.firstDate = 0;
      return;
    }
  }
  if (found.forced) {
    if (found.request === "N") found.request = "U";
    return;
  }
  const servers = site.serversOf.get(head.bytes.toString("latin1", valueAt, valueEnd));
  if (servers === undefined) {
    if (found.request === "N") found.request = "I";
    return;
  }
  for (let i = 0; i < servers.length; i++) {
    const server = servers[i] as number;
    const up = usable(server);
    if (!up && !site.evenDown) continue;
    found.server = server;
    found.request = up ? "V" : "D";
    return;
  }
  found.request = "D";
}

/** "|last|first", from the first bar on. A cookie without them leaves those of the one before. */
function readDates(bytes: Uint8Array, at: number, end: number, found: Found): void {
  if (at < end) found.lastDate = readDate(bytes, at + 1, end) || found.lastDate;
  const second = find(bytes, at + 1, end, BAR);
  if (second < end) found.firstDate = readDate(bytes, second + 1, end) || found.firstDate;
}
