/**
 * How the bytes of a value are written: as they are, with a backslash before what +E guards, or as `#` and two hexadecimal
 * digits (configuration.txt 8.6). One table says for each byte which of these may concern it.
 */
import { type LineBuffer, putByte, putHex, putText } from "./line_buffer.ts";

/** RFC 5424 §6.3.3: what +E puts a backslash before. */
const GUARDED = 1;
/** Encoded in what comes from a request line; in captured header fields, which are written between braces, more is. */
const IN_REQUEST_LINE = 2;
const IN_HEADER = 4;

const CLASS = new Uint8Array(256);
const mark = (bytes: string, bits: number): void => {
  for (const byte of bytes) CLASS[byte.charCodeAt(0)]! |= bits;
};
mark('"\\]', GUARDED);
mark('"#', IN_REQUEST_LINE | IN_HEADER);
mark("{|}", IN_HEADER);
for (let byte = 0; byte < 256; byte++) if (byte < 32 || byte > 126) CLASS[byte] = IN_REQUEST_LINE | IN_HEADER;

const BACKSLASH = 0x5c;
const HASH = 0x23;

export function putRaw(out: LineBuffer, text: string, escape: boolean): void {
  if (escape) putSlow(out, text, 0, text.length, 0, true);
  else putText(out, text);
}

/** Part of a request line. */
export function putRequestText(out: LineBuffer, text: string, from: number, to: number, escape: boolean): void {
  putEncoded(out, text, from, to, IN_REQUEST_LINE, escape);
}

/** A captured header field's value. */
export function putHeaderText(out: LineBuffer, text: string, escape: boolean): void {
  putEncoded(out, text, 0, text.length, IN_HEADER, escape);
}

/** Bytes are copied up to the first that must not be; most values have none. */
function putEncoded(out: LineBuffer, text: string, from: number, to: number, encoded: number, escape: boolean): void {
  const { bytes } = out;
  const special = escape ? encoded | GUARDED : encoded;
  const end = Math.min(to, from + bytes.length - out.at);
  let at = out.at;
  let i = from;
  for (; i < end; i++) {
    const byte = text.charCodeAt(i);
    if ((CLASS[byte & 255]! & special) !== 0) break;
    bytes[at++] = byte;
  }
  out.at = at;
  if (i < end) putSlow(out, text, i, to, encoded, escape);
}

function putSlow(out: LineBuffer, text: string, from: number, to: number, encoded: number, escape: boolean): void {
  for (let i = from; i < to; i++) {
    const byte = text.charCodeAt(i);
    const bits = CLASS[byte & 255]!;
    if ((bits & encoded) !== 0) {
      putByte(out, HASH);
      putHex(out, byte & 255, 2);
      continue;
    }
    if (escape && (bits & GUARDED) !== 0) putByte(out, BACKSLASH);
    putByte(out, byte);
  }
}
