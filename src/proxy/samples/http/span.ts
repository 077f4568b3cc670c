/**
 * Texts of a message head as samples meet them: not strings but places in the head's bytes. A test that can look at
 * bytes (byte_tests.ts) never makes a string of them.
 *
 * `span` is one for the process: an evaluation runs to its end before the next begins.
 */
import type { SampleContext } from "../context.ts";
import type { Value } from "../types.ts";

/** The value found last; good until the next search. */
export const span: { bytes: Buffer; at: number; end: number } = { bytes: Buffer.alloc(0), at: 0, end: 0 };

export function setSpan(bytes: Buffer, at: number, end: number): true {
  span.bytes = bytes;
  span.at = at;
  span.end = end;
  return true;
}

export const textOf = (bytes: Buffer, at: number, end: number): string => bytes.toString("latin1", at, end);

export const spanText = (): string => textOf(span.bytes, span.at, span.end);

/** What a test of one value says to the walk over several: here it is, go on, or give up. */
export const TAKE = { match: 1, next: 0, stop: -1 } as const;
export type Take = (context: SampleContext) => number;

/** A fetch of bytes of a message. */
export interface Spans {
  /** Sets `span` to the one value that stands for all; false: there is none. */
  find(context: SampleContext): boolean;
  /** As an ACL asks: sets `span` to each value in turn until `take` matches. */
  each(context: SampleContext, take: Take): boolean;
  /** The value in `span`; undefined: it is none of the type wanted. */
  read(): Value | undefined;
}

/** Of a text that a message has at most once. */
export const single = (find: Spans["find"], read: Spans["read"] = spanText): Spans => ({
  find,
  each: (context, take) => find(context) && take(context) === TAKE.match,
  read,
});

/** Ends a walk at the first value. */
export const takeFirst: Take = () => TAKE.match;

let lastAt = 0;
let lastEnd = 0;
const keep: Take = () => {
  lastAt = span.at;
  lastEnd = span.end;
  return TAKE.next;
};

/** Sets the span to the last value of a walk over one head. */
export function findLast(each: Spans["each"], context: SampleContext): boolean {
  lastAt = -1;
  each(context, keep);
  return lastAt >= 0 && setSpan(span.bytes, lastAt, lastEnd);
}
