/**
 * Which bytes may stand where in a message head (RFC 9110 §5.6, RFC 9112): tables looked up once per byte.
 */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const COMMA = 44;
export const DOT = 46;
export const SLASH = 47;
export const COLON = 58;
export const SEMICOLON = 59;
export const AT_SIGN = 64;

/** tchar, RFC 9110 §5.6.2: methods, field names, tokens. 1 or 0 per byte. */
export const TOKEN: Uint8Array = tableOf((byte) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte)));

/** What may stand in a request target: all that can be seen, but "#", which no target has (RFC 9112 §3.2). */
export const TARGET: Uint8Array = tableOf((byte) => byte > SPACE && byte < 127 && byte !== 0x23);

/** What may stand in a reason phrase, a field value, a chunk extension: haproxy stops at nothing but line ends there. */
export const REASON: Uint8Array = tableOf((byte) => byte !== 0 && byte !== CR && byte !== LF);

/** Value of a hexadecimal digit; 255 for all else. */
export const HEX: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? 255 : digit;
});

/** Bytes with A–Z as a–z. */
export const LOWER: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte >= 65 && byte <= 90 ? byte + 32 : byte,
);

function tableOf(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => holds(byte) ? 1 : 0);
}

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** Is bytes[at,end) this text in any case? `lower` is all in lower case. */
export function sameText(bytes: Uint8Array, at: number, end: number, lower: Uint8Array): boolean {
  if (end - at !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (LOWER[bytes[at + i] as number] !== lower[i]) return false;
  }
  return true;
}
