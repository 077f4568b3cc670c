/**
 * Writes a message head: start line, the fields that are left, the empty line. What lies together is copied together, so a
 * head that nobody touched is one copy.
 */
import { CR, LF, SPACE } from "./characters.ts";
import { ENTRY, type Head, NAME_AT, NAME_END, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";

/** "HTTP/1." */
const PROTOCOL = Buffer.from("HTTP/1.", "latin1");

/** Writes into `out` from `at` on. Returns where it ends; -1: it does not fit. */
export function composeHead(head: Head, request: boolean, out: Buffer, at: number): number {
  if (head.oddLines) return composeClean(head, request, out, at);
  const { bytes, entries, states, count } = head;
  let runAt = head.start;
  let runEnd = head.fieldsAt;
  if (head.startEdited) {
    at = composeStart(head, request, out, at);
    if (at < 0) return -1;
    runAt = runEnd;
  }
  for (let i = 0; i < count; i++) {
    if (states[i] === ENTRY.deleted) continue;
    const lineAt = entries[i * STRIDE + NAME_AT] as number;
    if (lineAt !== runEnd) {
      // Copies no further than `out` goes: then what follows does not fit either, and there is always something.
      if (runEnd !== runAt) at += bytes.copy(out, at, runAt, runEnd);
      runAt = lineAt;
    }
    runEnd = entries[i * STRIDE + VALUE_END] as number;
    while (bytes[runEnd] !== LF) runEnd++; // blanks and CR
    runEnd++;
  }
  const whole = runEnd === head.fieldsEnd;
  if (whole) runEnd = head.end;
  if (at + runEnd - runAt + (whole ? 0 : 2) > out.length) return -1;
  at += bytes.copy(out, at, runAt, runEnd);
  return whole ? at : lineEnd(out, at);
}

/** The start line from its parts. */
function composeStart(head: Head, request: boolean, out: Buffer, at: number): number {
  const { bytes } = head;
  if (request) {
    if (at + head.methodEnd - head.methodAt + head.uriEnd - head.uriAt + 12 > out.length) return -1;
    at += bytes.copy(out, at, head.methodAt, head.methodEnd);
    out[at++] = SPACE;
    at += bytes.copy(out, at, head.uriAt, head.uriEnd);
    out[at++] = SPACE;
    return lineEnd(out, version(head, out, at));
  }
  if (at + head.reasonEnd - head.reasonAt + 15 > out.length) return -1;
  at = version(head, out, at);
  out[at] = SPACE;
  out[at + 1] = 48 + Math.floor(head.status / 100);
  out[at + 2] = 48 + Math.floor(head.status / 10) % 10;
  out[at + 3] = 48 + head.status % 10;
  out[at + 4] = SPACE;
  at += 5;
  return lineEnd(out, at + bytes.copy(out, at, head.reasonAt, head.reasonEnd));
}

function version(head: Head, out: Buffer, at: number): number {
  at += PROTOCOL.copy(out, at);
  out[at] = 48 + head.minor;
  return at + 1;
}

function lineEnd(out: Buffer, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}

/** Every line anew: for heads that have some in a form not to be passed on. */
function composeClean(head: Head, request: boolean, out: Buffer, at: number): number {
  const { bytes, entries, states, count } = head;
  at = composeStart(head, request, out, at);
  if (at < 0) return -1;
  for (let i = 0; i < count; i++) {
    if (states[i] === ENTRY.deleted) continue;
    const nameAt = entries[i * STRIDE + NAME_AT] as number;
    const nameEnd = entries[i * STRIDE + NAME_END] as number;
    const valueAt = entries[i * STRIDE + VALUE_AT] as number;
    const valueEnd = entries[i * STRIDE + VALUE_END] as number;
    if (at + nameEnd - nameAt + valueEnd - valueAt + 4 > out.length) return -1;
    at += bytes.copy(out, at, nameAt, nameEnd + 1);
    out[at++] = SPACE;
    at = lineEnd(out, at + bytes.copy(out, at, valueAt, valueEnd));
  }
  if (at + 2 > out.length) return -1;
  return lineEnd(out, at);
}
