/**
 * What the fields of a head say of the message around it: where its body ends (RFC 9112 §6), what becomes of the
 * connection (§9), whom it is for. Called by parse.ts only. What must not be passed on is made blank where it lies or taken
 * out here, so that whoever gets the message reads it as we do.
 */
import { isDigit, sameText, SPACE } from "./characters.ts";
import { BODY, ENTRY, FIELD, type Head, METHOD, SEEN, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";
import { fieldName, findField } from "./edit.ts";
import { hasMember, memberEnd, skipBlanks, trimEnd } from "./lists.ts";
import { settleTarget } from "./target.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const CLOSE = latin1("close");
const KEEP_ALIVE = latin1("keep-alive");
const UPGRADE = latin1("upgrade");
const CHUNKED = latin1("chunked");
const CONTINUE = latin1("100-continue");
const WEBSOCKET = latin1("websocket");
const WEBSOCKET_KEY = fieldName("Sec-WebSocket-Key");
const WEBSOCKET_ACCEPT = fieldName("Sec-WebSocket-Accept");

/** RFC 6455 §4.1: 16 bytes in base64. */
const WEBSOCKET_KEY_LENGTH = 24;

/** Called for the last entry of the head, one of FIELD. False: the message must be refused. */
export function noteField(head: Head, id: number, at: number, end: number): boolean {
  switch (id) {
    case FIELD.connection:
      head.seen |= connectionTokens(head.bytes, at, end);
      return true;
    case FIELD.contentLength:
      return noteLength(head, at, end);
    case FIELD.transferEncoding:
      return noteEncoding(head, at, end);
    case FIELD.host:
      head.seen |= (head.seen & SEEN.host) === 0 ? SEEN.host : SEEN.manyHosts;
      return true;
    case FIELD.expect:
      if (sameText(head.bytes, at, end, CONTINUE)) head.seen |= SEEN.expect100;
      return true;
    default:
      return true;
  }
}

/** The bit of SEEN of one member of Connection; 0 for others. */
export function tokenBit(bytes: Uint8Array, at: number, end: number): number {
  if (sameText(bytes, at, end, CLOSE)) return SEEN.close;
  if (sameText(bytes, at, end, KEEP_ALIVE)) return SEEN.keepAlive;
  if (sameText(bytes, at, end, UPGRADE)) return SEEN.upgrade;
  return 0;
}

/** Bits of SEEN for the members of a value of Connection. */
export function connectionTokens(bytes: Uint8Array, at: number, end: number): number {
  let bits = 0;
  let p = at;
  while (p < end) {
    const stop = memberEnd(bytes, p, end);
    p = skipBlanks(bytes, p, stop);
    bits |= tokenBit(bytes, p, trimEnd(bytes, p, stop));
    p = stop + 1;
  }
  return bits;
}

/** Takes out an entry as if it had not come: edit.ts and connection.ts no longer know what it was. */
function drop(head: Head, index: number): void {
  head.states[index] = ENTRY.deleted;
  head.ids[index] = FIELD.other;
}

function dropAll(head: Head, id: number): void {
  for (let i = 0; i < head.count; i++) if (head.ids[i] === id) drop(head, i);
}

/** Leaves nothing but blanks in the last entry's value from `from` on. */
function blank(head: Head, from: number, end: number): void {
  head.bytes.fill(SPACE, from, end);
  head.entries[(head.count - 1) * STRIDE + VALUE_END] = from;
}

/** A list of equal numbers, in one field or in many, counts as one of them (RFC 9110 §8.6); one is passed on. */
function noteLength(head: Head, at: number, end: number): boolean {
  const { bytes } = head;
  let p = at;
  let firstEnd = at;
  while (true) {
    const stop = memberEnd(bytes, p, end);
    const tail = trimEnd(bytes, p, stop);
    p = skipBlanks(bytes, p, tail);
    if (p === tail) return false;
    let length = 0;
    for (; p < tail; p++) {
      const byte = bytes[p] as number;
      if (!isDigit(byte)) return false;
      length = length * 10 + (byte - 48); // in this order: exact up to the largest that can be
      if (length > Number.MAX_SAFE_INTEGER) return false;
    }
    if (firstEnd !== at && length !== head.length) return false;
    if (firstEnd === at) {
      firstEnd = tail;
      if ((head.seen & SEEN.contentLength) !== 0) {
        if (length !== head.length) return false;
        drop(head, head.count - 1);
      }
      head.seen |= SEEN.contentLength;
      head.length = length;
    }
    if (stop === end) break;
    p = stop + 1;
  }
  if (firstEnd !== end) blank(head, firstEnd, end);
  return true;
}

/** `chunked` must be the last, and only once (RFC 9112 §6.1). Commas behind it are not passed on. */
function noteEncoding(head: Head, at: number, end: number): boolean {
  const { bytes } = head;
  head.seen |= SEEN.transferEncoding;
  let p = at;
  let codingEnd = -1;
  while (p < end) {
    const stop = memberEnd(bytes, p, end);
    p = skipBlanks(bytes, p, stop);
    const tail = trimEnd(bytes, p, stop);
    if (tail > p || head.body !== BODY.chunked) {
      if (head.body === BODY.chunked) return false;
      if (sameText(bytes, p, tail, CHUNKED)) {
        head.body = BODY.chunked;
        codingEnd = tail;
      } else head.seen |= SEEN.otherCoding;
    }
    p = stop + 1;
  }
  if (codingEnd >= 0 && codingEnd !== end) blank(head, codingEnd, end);
  return true;
}

/** RFC 9112 §6.3 for a request, and what it may ask. False: refused, Head.status says how. */
export function settleRequest(head: Head): boolean {
  const { method, minor, seen } = head;
  if ((seen & SEEN.transferEncoding) !== 0) {
    if (head.body !== BODY.chunked) return false; // its end cannot be told
    if ((seen & SEEN.otherCoding) !== 0) {
      head.status = 422;
      return false;
    }
    preferEncoding(head);
  } else if (head.length > 0) head.body = BODY.length;
  if (method === METHOD.CONNECT) dropFraming(head); // What follows belongs to the tunnel (RFC 9110 §9.3.6).
  if (head.body !== BODY.none && minor === 0 && mayHaveNoBody(method)) {
    head.status = 413; // Servers of HTTP/1.0 read the body as the next request.
    return false;
  }
  if ((seen & SEEN.upgrade) !== 0 && !settleUpgrade(head)) return false;
  return settleTarget(head);
}

function mayHaveNoBody(method: number): boolean {
  return method === METHOD.GET || method === METHOD.HEAD || method === METHOD.DELETE;
}

/** RFC 9112 §6.3 for an answer. */
export function settleResponse(head: Head, requestMethod: number): boolean {
  const { status, seen } = head;
  if ((seen & SEEN.transferEncoding) !== 0) {
    if (head.body !== BODY.chunked || (seen & SEEN.otherCoding) !== 0) return false;
    preferEncoding(head);
  } else if ((seen & SEEN.contentLength) === 0) head.body = BODY.untilClose;
  else if (head.length > 0) head.body = BODY.length;
  if (status < 200 || status === 204 || (requestMethod === METHOD.CONNECT && status < 300)) dropFraming(head);
  else if (requestMethod === METHOD.HEAD || status === 304) head.body = BODY.none;
  return status !== 101 || switches(head);
}

/**
 * Transfer-Encoding overrides Content-Length, which must not be passed on beside it. A sender of both, or of an encoding in
 * HTTP/1.0, may mean something else: nothing is read behind such a message (RFC 9112 §6.1, §6.3).
 */
function preferEncoding(head: Head): void {
  if ((head.seen & SEEN.contentLength) !== 0) {
    head.length = 0;
    dropAll(head, FIELD.contentLength);
    head.seen = head.seen & ~SEEN.contentLength | SEEN.close;
  }
  if (head.minor === 0) head.seen |= SEEN.close;
}

/** For messages that have no body whatever they say. */
function dropFraming(head: Head): void {
  head.body = BODY.none;
  head.length = 0;
  if ((head.seen & (SEEN.contentLength | SEEN.transferEncoding)) === 0) return;
  head.seen &= ~(SEEN.contentLength | SEEN.transferEncoding);
  dropAll(head, FIELD.contentLength);
  dropAll(head, FIELD.transferEncoding);
}

/** The client asks for another protocol. Beside a body we do not pass that on, as haproxy: it would be the server's to read. */
function settleUpgrade(head: Head): boolean {
  if (head.body !== BODY.none) {
    dropAll(head, FIELD.upgrade);
    head.seen &= ~SEEN.upgrade;
    return true;
  }
  if (!speaksWebsocket(head)) return true;
  const key = findField(head, WEBSOCKET_KEY, 0);
  if (key < 0) return false;
  const { entries } = head;
  const length = (entries[key * STRIDE + VALUE_END] as number) - (entries[key * STRIDE + VALUE_AT] as number);
  return length === WEBSOCKET_KEY_LENGTH;
}

/** Is a 101 one that may open a tunnel? */
function switches(head: Head): boolean {
  if ((head.seen & SEEN.upgrade) === 0) return false;
  return !speaksWebsocket(head) || findField(head, WEBSOCKET_ACCEPT, 0) >= 0;
}

function speaksWebsocket(head: Head): boolean {
  const { bytes, count, entries, ids } = head;
  for (let i = 0; i < count; i++) {
    if (ids[i] !== FIELD.upgrade) continue;
    const at = entries[i * STRIDE + VALUE_AT] as number;
    if (hasMember(bytes, at, entries[i * STRIDE + VALUE_END] as number, WEBSOCKET)) return true;
  }
  return false;
}
