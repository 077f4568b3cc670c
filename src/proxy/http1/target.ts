/**
 * Whom a request is for: its target and Host must not name two hosts (RFC 9112 §3.2), or a server behind us might answer for
 * another than the one our rules looked at. A port that its scheme implies is taken out of both, as haproxy does.
 */
import { AT_SIGN, COLON, isDigit, LOWER, sameText, SLASH, SPACE } from "./characters.ts";
import { ENTRY, FIELD, type Head, METHOD, SEEN, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";

const HTTP = Buffer.from("http", "latin1");
const HTTPS = Buffer.from("https", "latin1");
const ASTERISK = 42;
const CLOSING_BRACKET = 93;
/** "PRI", the method of HTTP/2's preface (RFC 9113 §3.4), never one of HTTP/1. */
const PREFACE = Buffer.from("PRI", "latin1");

/** False: the request must be refused. */
export function settleTarget(head: Head): boolean {
  const { bytes, method, uriAt, uriEnd } = head;
  if (method === METHOD.other && isPreface(head)) return false;
  if ((head.seen & SEEN.manyHosts) !== 0 && !sameHosts(head)) return false;
  if (bytes[uriAt] === SLASH || bytes[uriAt] === ASTERISK) return method !== METHOD.CONNECT;
  // Without a scheme it is a host alone, which only CONNECT sends; haproxy lets others pass if Host says the same.
  const schemeEnd = endOfScheme(bytes, uriAt, uriEnd);
  let at = schemeEnd < 0 ? uriAt : schemeEnd + 3;
  let end = at;
  while (end < uriEnd && bytes[end] !== SLASH) end++;
  for (let p = at; p < end; p++) if (bytes[p] === AT_SIGN) at = p + 1; // behind user and password
  const port = portOf(bytes, at, end);
  if (method === METHOD.CONNECT) return settleConnect(head, at, port, end);
  const implied = impliedPort(bytes, uriAt, schemeEnd);
  if (at < end && !sameHost(head, at, port, end, implied)) return false;
  if (port < end && isPort(bytes, port, end, implied)) {
    blankHostPort(head);
    // The rest moves up to what is kept; the blanks left behind it are not written.
    bytes.copyWithin(uriAt + end - port, uriAt, port);
    bytes.fill(SPACE, uriAt, uriAt + end - port);
    head.uriAt = uriAt + end - port;
    head.startEdited = true;
  }
  return true;
}

function isPreface({ bytes, methodAt, methodEnd }: Head): boolean {
  return methodEnd - methodAt === 3 && bytes.compare(PREFACE, 0, 3, methodAt, methodEnd) === 0;
}

/** CONNECT names a port, and Host the same, or none if it is one that a scheme implies. */
function settleConnect(head: Head, at: number, port: number, end: number): boolean {
  const { bytes } = head;
  if (port + 1 >= end) return false;
  for (let p = port + 1; p < end; p++) if (!isDigit(bytes[p] as number)) return false;
  const implied = isPort(bytes, port, end, 443) ? 443 : 80;
  if (!sameHost(head, at, port, end, implied)) return false;
  if (isPort(bytes, port, end, implied)) blankHostPort(head);
  return true;
}

/** All Host fields say the same, case aside: the first is kept. */
function sameHosts(head: Head): boolean {
  const first = hostOf(head);
  const { bytes, entries, ids, states } = head;
  const at = entries[first * STRIDE + VALUE_AT] as number;
  const end = entries[first * STRIDE + VALUE_END] as number;
  for (let i = first + 1; i < head.count; i++) {
    if (ids[i] !== FIELD.host) continue;
    const entry = i * STRIDE;
    if (!same(bytes, at, end, entries[entry + VALUE_AT] as number, entries[entry + VALUE_END] as number)) return false;
    states[i] = ENTRY.deleted;
  }
  return true;
}

/** Index of the first Host; it is there. */
function hostOf({ ids }: Head): number {
  let i = 0;
  while (ids[i] !== FIELD.host) i++;
  return i;
}

/** Does Host name what the target does in bytes[at,end), its port being at `port`? True without Host. */
function sameHost(head: Head, at: number, port: number, end: number, implied: number): boolean {
  if ((head.seen & SEEN.host) === 0) return true;
  const { bytes, entries } = head;
  const entry = hostOf(head) * STRIDE;
  const hostAt = entries[entry + VALUE_AT] as number;
  const hostEnd = entries[entry + VALUE_END] as number;
  if (same(bytes, at, end, hostAt, hostEnd)) return true;
  if (implied === 0) return false;
  const hostPort = portOf(bytes, hostAt, hostEnd);
  if (port < end && !isPort(bytes, port, end, implied)) return false;
  if (hostPort < hostEnd && !isPort(bytes, hostPort, hostEnd, implied)) return false;
  return same(bytes, at, port, hostAt, hostPort);
}

/** Takes the port out of Host. */
function blankHostPort(head: Head): void {
  if ((head.seen & SEEN.host) === 0) return;
  const { bytes, entries } = head;
  const entry = hostOf(head) * STRIDE;
  const hostEnd = entries[entry + VALUE_END] as number;
  const port = portOf(bytes, entries[entry + VALUE_AT] as number, hostEnd);
  bytes.fill(SPACE, port, hostEnd);
  entries[entry + VALUE_END] = port;
}

/** Where the ":" of "scheme://" is; -1: there is no scheme (RFC 3986 §3.1). */
function endOfScheme(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && isSchemeByte(bytes[p] as number, p > at)) p++;
  return p > at && p + 2 < end && bytes[p] === COLON && bytes[p + 1] === SLASH && bytes[p + 2] === SLASH ? p : -1;
}

function isSchemeByte(byte: number, notFirst: boolean): boolean {
  const lower = LOWER[byte] as number;
  if (lower >= 97 && lower <= 122) return true;
  return notFirst && (isDigit(byte) || byte === 43 || byte === 45 || byte === 46);
}

/** Port that is left out with "http" and "https"; 0 for others. */
function impliedPort(bytes: Uint8Array, at: number, end: number): number {
  if (sameText(bytes, at, end, HTTP)) return 80;
  return sameText(bytes, at, end, HTTPS) ? 443 : 0;
}

/** Where ":port" begins in "host:port"; `end` without a port. The colons of "[::1]" are none. */
function portOf(bytes: Uint8Array, at: number, end: number): number {
  for (let p = end - 1; p >= at && bytes[p] !== CLOSING_BRACKET; p--) if (bytes[p] === COLON) return p;
  return end;
}

/** Is bytes[at,end) ":" with nothing behind it, or with that port? No if the port is 0. */
function isPort(bytes: Uint8Array, at: number, end: number, port: number): boolean {
  if (port === 0) return false;
  if (end - at === 1) return true;
  let p = end;
  let rest = port;
  while (rest > 0 && --p > at && bytes[p] === 48 + rest % 10) rest = Math.floor(rest / 10);
  return rest === 0 && p === at + 1;
}

function same(bytes: Uint8Array, at: number, end: number, otherAt: number, otherEnd: number): boolean {
  if (end - at !== otherEnd - otherAt) return false;
  for (let i = 0; i < end - at; i++) {
    if (LOWER[bytes[at + i] as number] !== LOWER[bytes[otherAt + i] as number]) return false;
  }
  return true;
}
