/**
 * Header fields of a head, walked by name, and the comma-separated elements of their values (RFC 9110 §5.6.1), all as
 * places in bytes.
 */
import { COMMA, SPACE, TAB } from "../../http1/characters.ts";
import { type FieldName, findField } from "../../http1/edit.ts";
import { ENTRY, type Head, STRIDE, VALUE_AT, VALUE_END } from "../../http1/head.ts";
import type { SampleContext } from "../context.ts";
import { setSpan, TAKE, type Take } from "./span.ts";

/** The first field from index `from` on that has the name; of any name, for null; -1: none. */
export function nextField(head: Head, name: FieldName | null, from: number): number {
  if (name !== null) return findField(head, name, from);
  for (let i = from; i < head.count; i++) if (head.states[i] !== ENTRY.deleted) return i;
  return -1;
}

/** Most fields stand there once: looking on behind the first one is all there is to do. */
export function lastField(head: Head, name: FieldName | null): number {
  let last = -1;
  for (let i = nextField(head, name, 0); i >= 0; i = nextField(head, name, i + 1)) last = i;
  return last;
}

export const valueAt = (head: Head, i: number): number => head.entries[i * STRIDE + VALUE_AT]!;
export const valueEnd = (head: Head, i: number): number => head.entries[i * STRIDE + VALUE_END]!;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

/** The comma outside of quotes that ends the element which begins at `at`, or `end`. */
export function elementEnd(bytes: Uint8Array, at: number, end: number): number {
  let quoted = false;
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === COMMA && !quoted) return i;
    else if (byte === BACKSLASH && quoted) i++;
  }
  return end;
}

/** Sets the span without the blanks around it. */
export function setTrimmed(bytes: Buffer, at: number, end: number): true {
  let from = at;
  let to = end;
  while (from < to && isBlank(bytes[from])) from++;
  while (to > from && isBlank(bytes[to - 1])) to--;
  return setSpan(bytes, from, to);
}

/** How values of fields are taken: as they stand, or element by element. */
export interface Walk {
  each(head: Head, name: FieldName | null, context: SampleContext, take: Take): boolean;
  /** The value that stands at a place counted from the first (1, 2, …) or from the last (-1, -2, …). */
  nth(head: Head, name: FieldName | null, occurrence: number): boolean;
  count(head: Head, name: FieldName | null): number;
}

/** Whole values: req.fhdr. */
export const WHOLE: Walk = {
  each(head, name, context, take) {
    for (let i = nextField(head, name, 0); i >= 0; i = nextField(head, name, i + 1)) {
      setSpan(head.bytes, valueAt(head, i), valueEnd(head, i));
      const said = take(context);
      if (said !== TAKE.next) return said === TAKE.match;
    }
    return false;
  },
  nth(head, name, occurrence) {
    if (occurrence === -1) {
      const i = lastField(head, name);
      return i >= 0 && setSpan(head.bytes, valueAt(head, i), valueEnd(head, i));
    }
    let left = fromFirst(occurrence, WHOLE, head, name);
    for (let i = nextField(head, name, 0); i >= 0 && left > 0; i = nextField(head, name, i + 1)) {
      if (--left === 0) return setSpan(head.bytes, valueAt(head, i), valueEnd(head, i));
    }
    return false;
  },
  count(head, name) {
    let count = 0;
    for (let i = nextField(head, name, 0); i >= 0; i = nextField(head, name, i + 1)) count++;
    return count;
  },
};

/** Elements of lists: req.hdr. A field that is empty is one empty element. */
export const ELEMENTS: Walk = {
  each(head, name, context, take) {
    const { bytes } = head;
    for (let i = nextField(head, name, 0); i >= 0; i = nextField(head, name, i + 1)) {
      const last = valueEnd(head, i);
      for (let at = valueAt(head, i);;) {
        const end = elementEnd(bytes, at, last);
        setTrimmed(bytes, at, end);
        const said = take(context);
        if (said !== TAKE.next) return said === TAKE.match;
        if (end === last) break;
        at = end + 1;
      }
    }
    return false;
  },
  nth(head, name, occurrence) {
    const { bytes } = head;
    if (occurrence === -1) {
      const i = lastField(head, name);
      if (i < 0) return false;
      const last = valueEnd(head, i);
      let at = valueAt(head, i);
      for (let end = elementEnd(bytes, at, last); end < last; end = elementEnd(bytes, at, last)) at = end + 1;
      return setTrimmed(bytes, at, last);
    }
    let left = fromFirst(occurrence, ELEMENTS, head, name);
    for (let i = nextField(head, name, 0); i >= 0 && left > 0; i = nextField(head, name, i + 1)) {
      const last = valueEnd(head, i);
      for (let at = valueAt(head, i);;) {
        const end = elementEnd(bytes, at, last);
        if (--left === 0) return setTrimmed(bytes, at, end);
        if (end === last) break;
        at = end + 1;
      }
    }
    return false;
  },
  count(head, name) {
    let count = 0;
    for (let i = nextField(head, name, 0); i >= 0; i = nextField(head, name, i + 1)) {
      const last = valueEnd(head, i);
      let end = elementEnd(head.bytes, valueAt(head, i), last);
      for (count++; end < last; count++) end = elementEnd(head.bytes, end + 1, last);
    }
    return count;
  },
};

/** A place counted from the last one, counted from the first; 0: there are not so many. */
function fromFirst(occurrence: number, walk: Walk, head: Head, name: FieldName | null): number {
  return occurrence > 0 ? occurrence : Math.max(0, walk.count(head, name) + 1 + occurrence);
}
