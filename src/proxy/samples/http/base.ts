/**
 * Host and path of a request together: what `base` is, and the hash of it.
 */
import { fieldName } from "../../http1/edit.ts";
import type { Head } from "../../http1/head.ts";
import { elementEnd, nextField, setTrimmed, valueAt, valueEnd } from "./fields.ts";
import { span, textOf } from "./span.ts";
import { pathStart, queryMark } from "./uri.ts";

const HOST = fieldName("host");

/**
 * Sets the span to the first Host field; false: there is none, or it is empty.
 * @param whole with a comma and what follows it, which no host has
 */
function findHost(head: Head, whole: boolean): boolean {
  const i = nextField(head, HOST, 0);
  if (i < 0) return false;
  const at = valueAt(head, i);
  const end = valueEnd(head, i);
  setTrimmed(head.bytes, at, whole ? end : elementEnd(head.bytes, at, end));
  return span.end > span.at;
}

const targetEnd = (head: Head, from: number, query: boolean): number =>
  query ? head.uriEnd : queryMark(head.bytes, from, head.uriEnd);

/** @param query with what follows the question mark; undefined: there is neither host nor path */
export function baseText(head: Head, query: boolean): string | undefined {
  const host = findHost(head, false) ? textOf(head.bytes, span.at, span.end) : "";
  const at = pathStart(head.bytes, head.uriAt, head.uriEnd);
  if (at < 0) return host === "" ? undefined : host;
  return host + textOf(head.bytes, at, targetEnd(head, at, query));
}

/** The sdbm hash of that text, without the text. With the query it takes the Host field as a whole, as haproxy does. */
export function baseHash(head: Head, query: boolean): number {
  const hash = findHost(head, query) ? sdbmOn(0, head.bytes, span.at, span.end) : 0;
  const at = pathStart(head.bytes, head.uriAt, head.uriEnd);
  return at < 0 ? hash : sdbmOn(hash, head.bytes, at, targetEnd(head, at, query));
}

function sdbmOn(start: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = start;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 65599) + bytes[i]!) | 0;
  return hash;
}

/** 4 or 16 bytes as a byte string. */
export const addressText = (address: Uint8Array): string => String.fromCharCode(...address);
