/**
 * Reads the head of an HTTP/1 message where it lies (RFC 9112): no byte is copied, no string is made. As strict as
 * haproxy 2.6: what it lets pass passes too, and what servers may read in different ways is written in clean form by
 * compose.ts.
 */
import { COLON, CR, DOT, isBlank, isDigit, LF, REASON, SPACE, TAB, TARGET, TOKEN } from "./characters.ts";
import { noteField, settleRequest, settleResponse } from "./framing.ts";
import { ENTRY, type Head, NAME_AT, NAME_END, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";
import { fieldId, methodNumber } from "./names.ts";

/**
 * What parseRequest and parseResponse say. After `bad` and `tooMany` Head.end is where it went wrong, and after
 * parseRequest Head.status is what the client should be told: 400, 413 or 422.
 */
export const PARSED = { more: 0, done: 1, bad: -1, tooMany: -2 } as const;

/** Instead of an offset; -1 after bad(). */
const MORE = -2;

/** "HTTP/" */
const PROTOCOL: readonly number[] = [72, 84, 84, 80, 47];

/**
 * Parses the request head that begins at `at`, as far as it has come. Head.start is behind empty lines that were skipped.
 * @param mostFields tune.http.maxhdr, which counts one place for the start line
 */
export function parseRequest(head: Head, bytes: Buffer, at: number, end: number, mostFields: number): number {
  begin(head, bytes);
  head.status = 400;
  let p = skipEmptyLines(head, bytes, at, end);
  if (p < 0) return p === MORE ? PARSED.more : PARSED.bad;
  head.start = p;

  const methodAt = p;
  while (p < end && TOKEN[bytes[p] as number] === 1) p++;
  if (p === end) return PARSED.more;
  if (p === methodAt || !isBlank(bytes[p] as number)) return bad(head, p);
  const methodEnd = p;
  while (p < end && isBlank(bytes[p] as number)) p++;

  const uriAt = p;
  while (p < end && TARGET[bytes[p] as number] === 1) p++;
  if (p === end) return PARSED.more;
  if (p === uriAt || !isBlank(bytes[p] as number)) return bad(head, p);
  const uriEnd = p;
  while (p < end && isBlank(bytes[p] as number)) p++;

  head.methodAt = methodAt;
  head.methodEnd = methodEnd;
  head.method = methodNumber(bytes, methodAt, methodEnd);
  head.uriAt = uriAt;
  head.uriEnd = uriEnd;
  // One blank each is how we write it: a server may read anything else in its own way.
  head.startEdited = uriAt !== methodEnd + 1 || p !== uriEnd + 1 || bytes[methodEnd] === TAB || bytes[uriEnd] === TAB;
  p = readVersion(head, bytes, p, end);
  if (p < 0) return p === MORE ? PARSED.more : PARSED.bad;
  if (bytes[p] === CR) p++;
  else head.startEdited = true;
  if (p === end) return PARSED.more;
  if (bytes[p] !== LF) return bad(head, p);
  const result = parseFields(head, bytes, p + 1, end, mostFields);
  if (result !== PARSED.done) return result;
  if (!settleRequest(head)) return bad(head, head.start);
  head.status = 0;
  return PARSED.done;
}

/**
 * Parses the head of an answer.
 * @param requestMethod number of the method it answers: what follows the head of an answer depends on it
 */
export function parseResponse(
  head: Head,
  bytes: Buffer,
  at: number,
  end: number,
  requestMethod: number,
  mostFields: number,
): number {
  begin(head, bytes);
  let p = skipEmptyLines(head, bytes, at, end);
  if (p < 0) return p === MORE ? PARSED.more : PARSED.bad;
  head.start = p;

  p = readVersion(head, bytes, p, end);
  if (p < 0) return p === MORE ? PARSED.more : PARSED.bad;
  if (!isBlank(bytes[p] as number)) return bad(head, p);
  const versionEnd = p;
  while (p < end && isBlank(bytes[p] as number)) p++;

  const statusAt = p;
  while (p < end && p < statusAt + 4 && isDigit(bytes[p] as number)) p++;
  if (p === end) return PARSED.more;
  if (p !== statusAt + 3) return bad(head, p);
  const status = (bytes[p - 3] as number) * 100 + (bytes[p - 2] as number) * 10 + (bytes[p - 1] as number) - 48 * 111;
  if (status < 100) return bad(head, statusAt);
  head.status = status;
  const statusEnd = p;
  while (p < end && isBlank(bytes[p] as number)) p++;

  const reasonAt = p;
  while (p < end && REASON[bytes[p] as number] === 1) p++;
  if (p === end) return PARSED.more;
  if (reasonAt === statusEnd && p !== reasonAt) return bad(head, reasonAt);
  head.reasonAt = reasonAt;
  head.reasonEnd = p;
  head.startEdited ||= statusAt !== versionEnd + 1 || reasonAt !== statusEnd + 1 || bytes[versionEnd] === TAB ||
    bytes[statusEnd] === TAB;
  if (bytes[p] === CR) p++;
  else head.startEdited = true;
  if (p === end) return PARSED.more;
  if (bytes[p] !== LF) return bad(head, p);
  const result = parseFields(head, bytes, p + 1, end, mostFields);
  if (result !== PARSED.done) return result;
  return settleResponse(head, requestMethod) ? PARSED.done : bad(head, head.start);
}

/**
 * Where the head that has its first byte before `from` ends: behind the first empty line in bytes[from,end), or -1. A slow
 * sender's head need not be parsed anew for every byte that comes.
 * @param from where the search before ended, less 3: an empty line may come in pieces
 */
export function findHeadEnd(bytes: Buffer, from: number, end: number): number {
  let p = bytes.indexOf(LF, from);
  while (p >= 0 && p + 1 < end) {
    if (bytes[p + 1] === LF) return p + 2;
    if (bytes[p + 1] === CR && p + 2 < end && bytes[p + 2] === LF) return p + 3;
    p = bytes.indexOf(LF, p + 1);
  }
  return -1;
}

function bad(head: Head, at: number): -1 {
  head.end = at;
  return PARSED.bad;
}

/** Empties what is known of the message before. */
function begin(head: Head, bytes: Buffer): void {
  head.bytes = bytes;
  head.startEdited = false;
  head.oddLines = false;
  head.workAt = 0;
  head.method = 0;
  head.status = 0;
  head.count = 0;
  head.seen = 0;
  head.body = 0;
  head.length = 0;
}

/** Behind the empty lines before a message, which RFC 9112 §2.2 has us skip. */
function skipEmptyLines(head: Head, bytes: Buffer, at: number, end: number): number {
  let p = at;
  while (p < end) {
    const byte = bytes[p];
    if (byte !== CR && byte !== LF) return p;
    if (byte === CR && ++p < end && bytes[p] !== LF) return bad(head, p);
    p++;
  }
  return MORE;
}

/**
 * Reads the version and returns where it ends; the byte behind it has come. What is above 1.1 speaks 1.1 with us, what is
 * below 1.0 gets 1.0: the start line is written with it.
 */
function readVersion(head: Head, bytes: Buffer, at: number, end: number): number {
  for (let i = 0; i < 5; i++) {
    if (at + i === end) return MORE;
    if (bytes[at + i] !== PROTOCOL[i]) return bad(head, at + i);
  }
  if (end < at + 9) return MORE;
  const major = bytes[at + 5] as number;
  const minor = bytes[at + 7] as number;
  if (!isDigit(major)) return bad(head, at + 5);
  if (bytes[at + 6] !== DOT) return bad(head, at + 6);
  if (!isDigit(minor)) return bad(head, at + 7);
  head.minor = major > 49 || (major === 49 && minor > 48) ? 1 : 0;
  if (major !== 49 || minor > 49) head.startEdited = true;
  return at + 8;
}

/** The header fields from the first line's begin to the empty line. */
function parseFields(head: Head, bytes: Buffer, at: number, end: number, mostFields: number): number {
  const { entries, states, ids } = head;
  let p = at;
  let count = 0;
  const last = end - 3;
  head.fieldsAt = at;
  while (p < end) {
    const nameAt = p;
    let byte = bytes[p] as number;
    while (TOKEN[byte] === 1 && ++p < end) byte = bytes[p] as number;
    if (p === end) break;
    const nameEnd = p;
    if (byte !== COLON || nameEnd === nameAt) {
      if (nameEnd !== nameAt || (byte !== CR && byte !== LF)) return bad(head, p);
      if (byte === LF) head.oddLines = true;
      else if (++p === end) break;
      if (bytes[p] !== LF) return bad(head, p);
      head.fieldsEnd = nameAt;
      head.end = p + 1;
      head.count = count;
      return PARSED.done;
    }
    if (count + 1 >= mostFields) {
      head.end = nameAt;
      return PARSED.tooMany;
    }

    let valueAt = p + 1;
    let lineEnd = valueAt;
    p = valueAt;
    while (true) {
      // Most bytes are above those that end something: four at a time.
      while (
        p < last && (bytes[p] as number) > CR && (bytes[p + 1] as number) > CR && (bytes[p + 2] as number) > CR &&
        (bytes[p + 3] as number) > CR
      ) p += 4;
      while (p < end && ((byte = bytes[p] as number) > CR || (byte !== CR && byte !== LF && byte !== 0))) p++;
      if (p === end) return PARSED.more;
      lineEnd = p;
      if (byte === CR) {
        if (++p === end) return PARSED.more;
        if (bytes[p] !== LF) return bad(head, p);
      } else if (byte === 0) return bad(head, p); // RFC 9110 §5.5
      // What the next line begins with tells whether the value goes on there.
      if (++p === end) return PARSED.more;
      byte = bytes[p] as number;
      if (byte !== SPACE && byte !== TAB) break;
      bytes.fill(SPACE, lineEnd, p); // obs-fold: RFC 9112 §5.2 wants blanks in its place
    }
    if (p - lineEnd === 1) head.oddLines = true;

    let valueEnd = lineEnd;
    while (valueEnd > valueAt && isBlank(bytes[valueEnd - 1] as number)) valueEnd--;
    while (valueAt < valueEnd && isBlank(bytes[valueAt] as number)) valueAt++;
    const entry = count * STRIDE;
    entries[entry + NAME_AT] = nameAt;
    entries[entry + NAME_END] = nameEnd;
    entries[entry + VALUE_AT] = valueAt;
    entries[entry + VALUE_END] = valueEnd;
    states[count] = ENTRY.original;
    const id = fieldId(bytes, nameAt, nameEnd);
    ids[count] = id;
    count++;
    if (id !== 0) {
      head.count = count;
      if (!noteField(head, id, valueAt, valueEnd)) return bad(head, valueAt);
    }
  }
  return PARSED.more;
}
