/**
 * What a row of the table of variables is, and the makers of the common kinds of value: text, number, date.
 *
 * A maker gets the flags in force and gives, once, the function that writes the value for a record.
 */
import { putRaw } from "./encode.ts";
import { type LineBuffer, putByte, putHex, putInt } from "./line_buffer.ts";
import type { RecordNeeds, SessionRecord } from "./record.ts";

/** The flags in force for one variable: +Q +X +E +M. */
export interface Style {
  quote: boolean;
  hex: boolean;
  escape: boolean;
  /** A value that is empty is written as `-` (unless quoted). */
  dash: boolean;
}

/** What a format knows besides the record. */
export interface FormatContext {
  hostname: string;
  pid: number;
  /** %lc: lines written before this one. */
  lineCount: () => number;
}

export type Step = (record: SessionRecord, out: LineBuffer) => void;
export type Make = (style: Style, context: FormatContext) => Step;

export interface Variable {
  name: string;
  /** The group of record fields it reads, if that costs something to fill. */
  needs?: keyof RecordNeeds;
  /** Its value is final only when the session (in HTTP: the exchange) ends, so the line is written then. */
  atEnd?: true;
  /** Only proxies of `mode http` may use it. */
  http?: true;
  /** When it writes nothing, the blanks around it become one; other variables part them even then. */
  joins?: true;
  /** null: needs what is not built yet (the row says what in `missing`). */
  make: Make | null;
  missing?: string;
}

export const QUOTE = 0x22;
export const PLUS = 0x2b;
export const DASH = 0x2d;

/** A string value: quoted, escaped, or `-` for none. */
export function putValue(out: LineBuffer, text: string, style: Style): void {
  if (style.quote) {
    putByte(out, QUOTE);
    putRaw(out, text, style.escape);
    putByte(out, QUOTE);
  } else if (text !== "") putRaw(out, text, style.escape);
  else if (style.dash) putByte(out, DASH);
}

export const text = (pick: (record: SessionRecord) => string): Make => (style) => (record, out) =>
  putValue(out, pick(record), style);

export const int = (pick: (record: SessionRecord) => number): Make => () => (record, out) => putInt(out, pick(record));

/** +X writes it with at least `width` hexadecimal digits. */
export const hexInt =
  (width: number, pick: (record: SessionRecord, context: FormatContext) => number): Make => (style, context) =>
    style.hex
      ? (record, out) => putHex(out, pick(record, context), width)
      : (record, out) => putInt(out, pick(record, context));

export const date =
  (put: (out: LineBuffer, ms: number) => void, pick: (record: SessionRecord) => number): Make => () => (record, out) =>
    put(out, pick(record));

/** A leading + : the real value will be greater (`option logasap`). */
export const growing = (pick: (record: SessionRecord) => number): Make => () => (record, out) => {
  if (record.asap) putByte(out, PLUS);
  putInt(out, pick(record));
};
