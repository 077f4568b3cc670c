/**
 * Which bytes of a request `balance uri`, `url_param` and `hdr()` hash. Bytes in, hash out; NO_KEY where the request
 * has no such thing, on which the balancer takes servers in turn.
 */
import type { HashType } from "../../config/haproxy/model.ts";
import { hashBytes } from "./hash.ts";

/** Instead of a hash: the request holds nothing to hash. */
export const NO_KEY = -1;

/** Arguments of `balance uri`; 0: no limit. */
export interface UriRule {
  whole: boolean;
  pathOnly: boolean;
  len: number;
  depth: number;
}

const SLASH = 0x2f;
const QUESTION = 0x3f;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const DOT = 0x2e;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const STAR = 0x2a;
const BLANKS = Buffer.from("\t\n\r ");
/** RFC 9110 §5.6.2. */
const TOKEN = Buffer.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/** @param uri holds the request target, from `at` to `last` */
export function hashUri(type: HashType, rule: UriRule, uri: Uint8Array, at = 0, last = uri.length): number {
  const from = rule.pathOnly ? pathStart(uri, at, last) : at;
  const to = rule.len > 0 ? Math.min(last, from + rule.len) : last;
  let slashes = 0;
  let end = from;
  for (; end < to; end++) {
    const byte = uri[end];
    // The first slash opens level 1, so the one after `depth` levels ends the key.
    if (byte === SLASH && slashes++ === rule.depth && rule.depth > 0) break;
    if (byte === QUESTION && !rule.whole) break;
  }
  return hashBytes(type, uri, from, end);
}

/** Where the path begins in a target in origin or absolute form; at its end where it has none. */
function pathStart(uri: Uint8Array, at: number, last: number): number {
  if (uri[at] === SLASH) return at;
  const colon = indexOf(uri, COLON, at, last);
  if (uri[at] === STAR || colon === last || uri[colon + 1] !== SLASH || uri[colon + 2] !== SLASH) return last;
  return indexOf(uri, SLASH, colon + 3, last);
}

/** The place of the byte, or `last`. */
function indexOf(bytes: Uint8Array, byte: number, at: number, last: number): number {
  let i = at;
  while (i < last && bytes[i] !== byte) i++;
  return i;
}

/** @param uri holds the request target, from `at` to `last`; the parameter is looked for behind its "?" */
export function hashUrlParam(type: HashType, name: Uint8Array, uri: Uint8Array, at = 0, last = uri.length): number {
  const value = findParam(name, uri, indexOf(uri, QUESTION, at, last) + 1, last);
  return value < 0 ? NO_KEY : hashBytes(type, uri, value, indexOf(uri, AMPERSAND, value, last));
}

/**
 * `url_param … check_post`: the same in a POST body's first bytes. A value that begins with a blank counts as empty;
 * with another byte that no token has, the body is taken for something else than parameters.
 */
export function hashBodyParam(type: HashType, name: Uint8Array, body: Uint8Array, at = 0, last = body.length): number {
  const value = findParam(name, body, at, last);
  if (value < 0) return NO_KEY;
  const end = indexOf(body, AMPERSAND, value, last);
  if (value === end || TOKEN.includes(body[value]!)) return hashBytes(type, body, value, end);
  return BLANKS.includes(body[value]!) ? hashBytes(type, body, value, value) : NO_KEY;
}

/** Where the value of the first `name=value` begins, of parameters joined by "&"; NO_KEY without one. */
function findParam(name: Uint8Array, params: Uint8Array, from: number, last: number): number {
  for (let at = from; at + name.length < last; at = indexOf(params, AMPERSAND, at, last) + 1) {
    if (params[at + name.length] === EQUALS && startsWith(params, at, name)) return at + name.length + 1;
  }
  return NO_KEY;
}

function startsWith(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

/**
 * @param value holds the header's value from `at` to `last`, surrounding blanks taken off; of a list, its first element counts
 * @param domainOnly `use_domain_only`: of "www.example.co" hash "example", the label before the last dot
 */
export function hashHeader(
  type: HashType,
  domainOnly: boolean,
  value: Uint8Array,
  at = 0,
  last = value.length,
): number {
  const end = firstElementEnd(value, at, last);
  if (end === at) return NO_KEY;
  if (!domainOnly) return hashBytes(type, value, at, end);
  const dot = lastIndexOf(value, DOT, at, end);
  // Nothing before the last dot: there is no domain to cut out.
  if (dot <= at) return hashBytes(type, value, at, end);
  return hashBytes(type, value, lastIndexOf(value, DOT, at, dot) + 1, dot);
}

/** The last place of the byte before `end`; without one, the place before `at`. */
function lastIndexOf(bytes: Uint8Array, byte: number, at: number, end: number): number {
  let i = end - 1;
  while (i >= at && bytes[i] !== byte) i--;
  return i;
}

/** A comma outside of quotes ends it; blanks before the comma are not part of it. */
function firstElementEnd(value: Uint8Array, at: number, last: number): number {
  let quoted = false;
  let end = at;
  for (; end < last; end++) {
    const byte = value[end];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === BACKSLASH && quoted) end++;
    else if (byte === COMMA && !quoted) break;
  }
  end = Math.min(end, last);
  while (end > at && (value[end - 1] === 0x20 || value[end - 1] === 0x09)) end--;
  return end;
}
