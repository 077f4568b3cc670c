/**
 * Sizes of messages as haproxy counts them in log lines and statistics: what a message holds, without the bytes that frame
 * it on the wire, and with a fixed part for each head (read off its counters; test/http compares).
 */
import { ENTRY, type Head, NAME_AT, NAME_END, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";

const HEAD = 21;
const VERSION = 8;
const STATUS = 3;

export function requestSize(head: Head): number {
  return HEAD + VERSION + head.methodEnd - head.methodAt + head.uriEnd - head.uriAt + fieldsSize(head);
}

export function responseSize(head: Head): number {
  return HEAD + VERSION + STATUS + head.reasonEnd - head.reasonAt + fieldsSize(head);
}

function fieldsSize({ count, entries, states }: Head): number {
  let size = 0;
  for (let i = 0, at = 0; i < count; i++, at += STRIDE) {
    if (states[i] === ENTRY.deleted) continue;
    size += entries[at + NAME_END]! - entries[at + NAME_AT]! + entries[at + VALUE_END]! - entries[at + VALUE_AT]!;
  }
  return size;
}
