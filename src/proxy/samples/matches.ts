/**
 * The ways of matching a sample against patterns (configuration.txt 7.1): each a row with the type it looks at and a
 * compiler from the patterns to one test. Patterns are compiled into sets where that is exact, so long lists cost
 * little.
 */
import { quote } from "../../config/diagnostics.ts";
import { METHOD } from "../http1/head.ts";
import { maskBits, parseIPv6, parseShortIPv4, startsZero } from "./address.ts";
import { readMask } from "./arguments.ts";
import { lowerAscii } from "./ascii.ts";
import { readHex } from "./fetches/constants.ts";
import { MAX_INT, MIN_INT, parseInt64 } from "./integer.ts";
import { compileIntRanges, compileNetworks, type IntRange, type Network } from "./ranges.ts";
import { toRegExp } from "../../config/regex.ts";
import type { Int, SampleType, Value } from "./types.ts";

export interface Pattern {
  text: string;
  /** `-i` stood before it. */
  ignoreCase: boolean;
  /** It came from a file: operators are not looked for. */
  fromFile: boolean;
}

/** Which pattern cannot be used, and why. */
export interface BadPattern {
  pattern: number;
  message: string;
}

export type Test = (value: Value) => boolean;

export interface MatchRow {
  /** "any": it is enough that there is a value. */
  input: SampleType | "any";
  /** It takes no pattern: those given are not looked at. */
  alone?: true;
  /** Not to be asked for with "-m". */
  unnamed?: true;
  compile(patterns: readonly Pattern[]): Test | BadPattern;
}

const bad = (pattern: number, message: string): BadPattern => ({ pattern, message });

export type MatchName =
  | "found"
  | "bool"
  | "int"
  | "ip"
  | "bin"
  | "len"
  | "meth"
  | "str"
  | "beg"
  | "sub"
  | "dir"
  | "dom"
  | "end"
  | "reg";

export const MATCHES: Record<MatchName, MatchRow> = {
  found: { input: "any", alone: true, compile: () => () => true },
  // By way of an integer: strings and IPv4 addresses have a truth too, blocks of bytes do not.
  bool: { input: "int", alone: true, compile: () => (value) => value !== 0 },
  int: { input: "int", compile: (patterns) => compileInts(patterns, (value) => value as Int) },
  len: { input: "str", compile: (patterns) => compileInts(patterns, (value) => (value as string).length) },
  ip: { input: "addr", compile: compileAddresses },
  bin: { input: "bin", compile: compileBytes },
  meth: { input: "meth", unnamed: true, compile: compileMethods },
  str: { input: "str", compile: (patterns) => compileTexts(patterns, exact) },
  beg: { input: "str", compile: (patterns) => compileTexts(patterns, prefix) },
  end: { input: "str", compile: (patterns) => compileTexts(patterns, suffix) },
  sub: { input: "str", compile: (patterns) => compileTexts(patterns, substring) },
  dir: { input: "str", compile: (patterns) => compileTexts(patterns, (texts) => delimited(texts, "/?")) },
  dom: { input: "str", compile: (patterns) => compileTexts(patterns, (texts) => delimited(texts, "/?.:")) },
  reg: { input: "str", compile: compileRegexes },
};

/** What matches a type when no `-m` says otherwise; a block of bytes needs one, a method its ACL keyword. */
export const DEFAULT_MATCH: Record<SampleType, MatchName | null> = {
  bool: "bool",
  int: "int",
  ipv4: "ip",
  ipv6: "ip",
  addr: "ip",
  str: "str",
  bin: null,
  meth: null,
};

// Integers -----------------------------------------------------------------------------------------------------------

type Operator = "eq" | "ge" | "gt" | "le" | "lt";

/** With a range, an operator moves one end of it, as haproxy does; the manual advises against it. */
const OPERATORS: Record<Operator, (min: Int, max: Int, single: boolean) => IntRange> = {
  eq: (min, max) => [min, max],
  ge: (min, max, single) => [min, single ? MAX_INT : max],
  gt: (min, max, single) => [after(min, 1n), single ? MAX_INT : max],
  le: (min, max, single) => [single ? MIN_INT : min, max],
  lt: (min, max, single) => [single ? MIN_INT : min, after(max, -1n)],
};

/** A bound, not a value: it may lie beyond 64 bits. */
const after = (value: Int, step: bigint): Int => BigInt(value) + step;

function compileInts(patterns: readonly Pattern[], of: (value: Value) => Int): Test | BadPattern {
  const ranges: IntRange[] = [];
  let operator: Operator = "eq";
  for (const [i, { text, fromFile }] of patterns.entries()) {
    // An operator holds until the next one.
    if (!fromFile && Object.hasOwn(OPERATORS, text)) {
      operator = text as Operator;
      continue;
    }
    const range = readRange(text);
    if (range === null) {
      return bad(i, `Cannot read ${quote(text)}: expected a whole number or a range such as 1024:65535`);
    }
    ranges.push(OPERATORS[operator](range.min, range.max, range.single));
  }
  const holds = compileIntRanges(ranges);
  return (value) => holds(of(value));
}

function readRange(text: string): { min: Int; max: Int; single: boolean } | null {
  const range = /^(\d*):(\d*)$/.exec(text);
  if (range === null) {
    const value = /^-?\d+$/.test(text) ? exactInt(text) : null;
    return value === null ? null : { min: value, max: value, single: true };
  }
  const [, low = "", high = ""] = range;
  if (low === "" && high === "") return null;
  const min = low === "" ? MIN_INT : exactInt(low);
  const max = high === "" ? MAX_INT : exactInt(high);
  return min === null || max === null || min > max ? null : { min, max, single: false };
}

/** A number too large is refused here, not held at the largest. */
function exactInt(text: string): Int | null {
  const value = parseInt64(text);
  return value === null || BigInt(text) !== BigInt(value) ? null : value;
}

// Addresses ----------------------------------------------------------------------------------------------------------

const HOST_NAME = /^[A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*$/;

function compileAddresses(patterns: readonly Pattern[]): Test | BadPattern {
  const networks = { 4: [] as Network[], 16: [] as Network[] };
  const uneven: Network[] = []; // IPv4 masks with ones behind a zero
  for (const [i, { text }] of patterns.entries()) {
    const network = readNetwork(text);
    if (network === null) {
      const names = HOST_NAME.test(text) ? "host names are not supported yet, " : "";
      return bad(i, `Cannot read ${quote(text)}: ${names}expected an address or a network such as 10.0.0.0/8`);
    }
    const even = maskBits(network.mask) >= 0;
    (even ? networks[network.address.length as 4 | 16] : uneven).push(network);
  }
  const inV4 = compileNetworks(networks[4], 4);
  const inV6 = compileNetworks(networks[16], 16);
  const holdsV4 = uneven.length === 0 ? inV4 : (bytes: Uint8Array, at: number) => {
    for (const network of uneven) if (isWithin(network, bytes, at)) return true;
    return inV4(bytes, at);
  };
  const mapped = new Uint8Array(16);
  mapped[10] = mapped[11] = 255;
  return (value) => {
    const bytes = value as Uint8Array;
    if (bytes.length === 4) {
      if (holdsV4(bytes, 0)) return true;
      if (networks[16].length === 0) return false;
      mapped.set(bytes, 12);
      return inV6(mapped, 0);
    }
    if (inV6(bytes, 0)) return true;
    const at = embeddedV4(bytes);
    return at >= 0 && holdsV4(bytes, at);
  };
}

function isWithin({ address, mask }: Network, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < address.length; i++) if ((bytes[at + i]! & mask[i]!) !== address[i]) return false;
  return true;
}

/** Where ::ffff:IPV4, ::IPV4 and 2002:IPV4:: hold it; -1: another address. */
function embeddedV4(bytes: Uint8Array): number {
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return 2;
  if (!startsZero(bytes, 10)) return -1;
  return (bytes[10] === 0 && bytes[11] === 0) || (bytes[10] === 255 && bytes[11] === 255) ? 12 : -1;
}

/** `address[/mask]`; IPv4 may leave out zeros in the middle and give its mask as an address. No host names. */
function readNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = parseShortIPv4(host) ?? parseIPv6(host);
  if (address === null) return null;
  const size = address.length as 4 | 16;
  const written = slash < 0 ? String(size * 8) : text.slice(slash + 1);
  // IPv6 takes a count of bits alone.
  const mask = size === 16 && !/^\d+$/.test(written) ? null : readMask(written, size);
  return mask === null ? null : { address: address.map((byte, i) => byte & mask[i]!), mask };
}

// Texts --------------------------------------------------------------------------------------------------------------

type TextTest = (value: string) => boolean;

/** Patterns with `-i` and those without are two lists, for the first the value is folded too. */
function compileTexts(patterns: readonly Pattern[], compile: (texts: readonly string[]) => TextTest): Test {
  const cased = patterns.filter((pattern) => !pattern.ignoreCase).map((pattern) => pattern.text);
  const folded = patterns.filter((pattern) => pattern.ignoreCase).map((pattern) => lowerAscii(pattern.text));
  const inCased = compile(cased);
  const inFolded = compile(folded);
  if (folded.length === 0) return (value) => inCased(value as string);
  if (cased.length === 0) return (value) => inFolded(lowerAscii(value as string));
  return (value) => inCased(value as string) || inFolded(lowerAscii(value as string));
}

/** Up to here a list is walked through; a longer one is kept by length in sets. */
const SHORT_LIST = 16;

function exact(texts: readonly string[]): TextTest {
  const set = new Set(texts);
  return (value) => set.has(value);
}

function byLength(texts: readonly string[]): [length: number, set: Set<string>][] {
  const lengths = new Map<number, Set<string>>();
  for (const text of texts) {
    const set = lengths.get(text.length) ?? new Set();
    lengths.set(text.length, set.add(text));
  }
  return [...lengths].sort((a, b) => a[0] - b[0]);
}

const prefix = (texts: readonly string[]): TextTest =>
  atOneEnd(texts, (value, text) => value.startsWith(text), takeHead);
const suffix = (texts: readonly string[]): TextTest => atOneEnd(texts, (value, text) => value.endsWith(text), takeTail);
const takeHead = (value: string, length: number) => value.slice(0, length);
const takeTail = (value: string, length: number) => value.slice(value.length - length);

type Holds = (value: string, text: string) => boolean;

function atOneEnd(texts: readonly string[], holds: Holds, take: (value: string, length: number) => string): TextTest {
  if (texts.length <= SHORT_LIST) return oneOf(texts, holds);
  const sets = byLength(texts);
  return (value) => {
    for (const [length, set] of sets) if (length <= value.length && set.has(take(value, length))) return true;
    return false;
  };
}

function oneOf(texts: readonly string[], holds: Holds): TextTest {
  return (value) => {
    for (const text of texts) if (holds(value, text)) return true;
    return false;
  };
}

const substring = (texts: readonly string[]): TextTest => oneOf(texts, (value, text) => value.includes(text));

/** A stretch of the value between delimiters, its ends among them. Delimiters around a pattern do not count. */
function delimited(texts: readonly string[], delimiters: string): TextTest {
  const trimmed = texts.map((text) => trim(text, delimiters)).filter((text) => text !== "");
  return oneOf(trimmed, (value, text) => holdsStretch(value, text, delimiters));
}

function trim(text: string, chars: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && chars.includes(text[from]!)) from++;
  while (to > from && chars.includes(text[to - 1]!)) to--;
  return text.slice(from, to);
}

function holdsStretch(value: string, text: string, delimiters: string): boolean {
  for (let at = value.indexOf(text); at >= 0; at = value.indexOf(text, at + 1)) {
    const end = at + text.length;
    const opens = at === 0 || delimiters.includes(value[at - 1]!);
    if (opens && (end === value.length || delimiters.includes(value[end]!))) return true;
  }
  return false;
}

/** `-i` holds for methods that HTTP does not name. */
function compileMethods(patterns: readonly Pattern[]): Test {
  const named = new Set(patterns.map((pattern) => pattern.text));
  const folded = new Set(patterns.filter((one) => one.ignoreCase).map((one) => lowerAscii(one.text)));
  for (const name of Object.keys(METHOD)) folded.delete(lowerAscii(name));
  if (folded.size === 0) return (value) => named.has(value as string);
  return (value) => named.has(value as string) || folded.has(lowerAscii(value as string));
}

function compileRegexes(patterns: readonly Pattern[]): Test | BadPattern {
  const regexes: RegExp[] = [];
  for (const [i, { text, ignoreCase }] of patterns.entries()) {
    const regex = toRegExp(text, ignoreCase);
    if (typeof regex === "string") return bad(i, regex);
    regexes.push(regex);
  }
  return (value) => {
    for (const regex of regexes) if (regex.test(value as string)) return true;
    return false;
  };
}

function compileBytes(patterns: readonly Pattern[]): Test | BadPattern {
  const set = new Set<string>();
  for (const [i, { text }] of patterns.entries()) {
    const bytes = readHex(text);
    if (bytes === null) return bad(i, `Cannot read ${quote(text)}: expected an even number of hex digits`);
    set.add(bytes);
  }
  return (value) => set.has(value as string);
}
