/**
 * What expressions give, made fit for a message: control characters but the tab are written as %XX (RFC 9110 §5.5), in a
 * body too, as haproxy does.
 */
import { type LineBuffer, putByte, putHex } from "../../logs/line_buffer.ts";

const TAB = 0x09;
const isUnfit = (byte: number): boolean => byte === 0x7f || (byte < 0x20 && byte !== TAB);

/** The longest that a byte becomes. */
const LONGEST = 3;

export function putEncodedBytes(out: LineBuffer, from: Uint8Array, start: number, end: number): void {
  if ((end - start) * LONGEST > out.bytes.length - out.at) {
    for (let i = start; i < end; i++) putCareful(out, from[i]!);
    return;
  }
  const { bytes } = out;
  let { at } = out;
  for (let i = start; i < end; i++) {
    const byte = from[i]!;
    if (isUnfit(byte)) {
      out.at = at;
      putCareful(out, byte);
      at = out.at;
    } else bytes[at++] = byte;
  }
  out.at = at;
}

/** The same from a byte string. */
export function putEncoded(out: LineBuffer, text: string): void {
  if (text.length * LONGEST > out.bytes.length - out.at) {
    for (let i = 0; i < text.length; i++) putCareful(out, text.charCodeAt(i));
    return;
  }
  const { bytes } = out;
  let { at } = out;
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    if (isUnfit(byte)) {
      out.at = at;
      putCareful(out, byte);
      at = out.at;
    } else bytes[at++] = byte;
  }
  out.at = at;
}

/** As far as there is room. */
function putCareful(out: LineBuffer, byte: number): void {
  if (!isUnfit(byte)) return putByte(out, byte);
  putByte(out, 0x25);
  putHex(out, byte, 2);
}
