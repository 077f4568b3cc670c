/**
 * How a sample of one type becomes one of another between two stages of an expression: haproxy's rules, found by
 * trying each pair with haproxy 2.6. A cell says how; no cell: the two do not fit, which is an error at load.
 */
import { formatAddress, fromUint32, isMapped, leadingIPv4, parseIPv6, toUint32 } from "./address.ts";
import { leadingInt64, low32, toBytes64 } from "./integer.ts";
import type { Int, SampleType, Value } from "./types.ts";

export type Cast = (value: Value) => Value | undefined;

const bytesOf = (value: Value) => value as Uint8Array;
const textOf = (value: Value) => value as string;

const same: Cast = (value) => value;
const boolToInt: Cast = (value) => value === true ? 1 : 0;
const boolToStr: Cast = (value) => value === true ? "1" : "0";
const boolToBin: Cast = (value) => toBytes64(value === true ? 1 : 0);
const intToBool: Cast = (value) => value !== 0;
const intToIPv4: Cast = (value) => fromUint32(low32(value as Int));
const intToIPv6: Cast = (value) => map(fromUint32(low32(value as Int)));
const intToStr: Cast = (value) => String(value);
const intToBin: Cast = (value) => toBytes64(value as Int);
const addrToInt: Cast = (value) => bytesOf(value).length === 4 ? toUint32(bytesOf(value)) : undefined;
const addrToStr: Cast = (value) => formatAddress(bytesOf(value));
const addrToBin: Cast = (value) => String.fromCharCode(...bytesOf(value));
const addrToIPv6: Cast = (value) => bytesOf(value).length === 16 ? value : map(bytesOf(value));
const addrToIPv4: Cast = (value) => {
  const bytes = bytesOf(value);
  return bytes.length === 4 ? bytes : isMapped(bytes) ? bytes.subarray(12) : undefined;
};
const strToInt: Cast = (value) => value === "" ? undefined : leadingInt64(textOf(value));
const strToBool: Cast = (value) => value === "" ? undefined : leadingInt64(textOf(value)) !== 0;
const strToIPv4: Cast = (value) => leadingIPv4(textOf(value)) ?? undefined;
const strToIPv6: Cast = (value) => parseIPv6(textOf(value)) ?? undefined;
const strToAddr: Cast = (value) => leadingIPv4(textOf(value)) ?? parseIPv6(textOf(value)) ?? undefined;
/** A string ends at the first zero byte, a block of bytes does not. */
const binToStr: Cast = (value) => {
  const end = textOf(value).indexOf("\0");
  return end < 0 ? value : textOf(value).slice(0, end);
};

function map(v4: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[10] = bytes[11] = 255;
  bytes.set(v4, 12);
  return bytes;
}

const fromAddr = { int: addrToInt, str: addrToStr, bin: addrToBin, addr: same, ipv6: addrToIPv6, ipv4: addrToIPv4 };

const CASTS: Record<SampleType, Partial<Record<SampleType, Cast>>> = {
  bool: { bool: same, int: boolToInt, str: boolToStr, bin: boolToBin },
  int: { bool: intToBool, int: same, ipv4: intToIPv4, ipv6: intToIPv6, addr: intToIPv4, str: intToStr, bin: intToBin },
  ipv4: { ...fromAddr, ipv4: same },
  ipv6: { ipv4: addrToIPv4, ipv6: same, addr: same, str: addrToStr, bin: addrToBin },
  addr: fromAddr,
  str: {
    bool: strToBool,
    int: strToInt,
    ipv4: strToIPv4,
    ipv6: strToIPv6,
    addr: strToAddr,
    str: same,
    bin: same,
    meth: same,
  },
  bin: { str: binToStr, bin: same, meth: binToStr },
  meth: { str: same, bin: same, meth: same },
};

/** null: there is nothing to do; undefined: the types do not fit. */
export function castBetween(from: SampleType, to: SampleType): Cast | null | undefined {
  const cast = CASTS[from][to];
  return cast === same ? null : cast;
}
