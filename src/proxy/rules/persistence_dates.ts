/**
 * Dates inside cookies of `maxidle` and `maxlife`, "server|last|first", and the values of dynamic cookies. Both as haproxy
 * writes them: clients keep their cookies when one takes the other's place.
 */
import type { Server } from "../../config/haproxy/model.ts";
import { addressBytes } from "../../linux/sockaddr.ts";

/** Between the server's value and its dates. */
export const BAR = 124;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NO_DIGIT = 255;
const DIGIT_OF = new Uint8Array(256).fill(NO_DIGIT);
for (let i = 0; i < DIGITS.length; i++) DIGIT_OF[DIGITS.charCodeAt(i)] = i;
/** 30 bits in digits of 6: units of four seconds since 1970. */
const LENGTH = 5;
/** Further in the future a date is not believed (configuration.txt, "maxidle"). */
const FUTURE_SEC = 86_400;

/** The unit that has not ended yet: a cookie is never older than it looks. */
export const unitsOf = (sec: number): number => Math.ceil(sec / 4);

export function dateText(units: number): string {
  let text = "";
  for (let shift = 6 * (LENGTH - 1); shift >= 0; shift -= 6) text += DIGITS[(units >> shift) & 63];
  return text;
}

/** The date that begins at `at`; 0: there is none. What stands behind it is of no interest. */
export function readDate(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < LENGTH) return 0;
  let units = 0;
  for (let i = 0; i < LENGTH; i++) {
    const digit = DIGIT_OF[bytes[at + i] as number] as number;
    if (digit === NO_DIGIT) return 0;
    units = units << 6 | digit;
  }
  return units;
}

/** Is a date too old, or from too far in the future? 0 is neither. */
export function isOutdated(units: number, nowSec: number, mostSec: number): boolean {
  return units !== 0 && mostSec !== 0 && (nowSec - units * 4 > mostSec || units * 4 - nowSec > FUTURE_SEC);
}

/** `cookie … dynamic`: a value from key and address, the same in every proxy that has both (seen: XXH64 over key, address, port). */
export function dynamicValue(key: string, { address }: Server): string | null {
  if (address.kind !== "ip" || address.host === "") return null;
  const port = Buffer.alloc(4);
  port.writeUInt32BE(address.port);
  const hashed = Buffer.concat([Buffer.from(key, "latin1"), addressBytes(address.host, address.family), port]);
  return Bun.hash.xxHash64(hashed, 0n).toString(16).padStart(16, "0");
}
