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

/** @param uri the request target as received */
export function hashUri(type: HashType, rule: UriRule, uri: Uint8Array): number {
  const from = rule.pathOnly ? pathStart(uri) : 0;
  const to = rule.len > 0 ? Math.min(uri.length, from + rule.len) : uri.length;
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
function pathStart(uri: Uint8Array): number {
  if (uri[0] === SLASH) return 0;
  const colon = uri.indexOf(COLON);
  if (uri[0] === STAR || colon < 0 || uri[colon + 1] !== SLASH || uri[colon + 2] !== SLASH) return uri.length;
  const slash = uri.indexOf(SLASH, colon + 3);
  return slash < 0 ? uri.length : slash;
}

/** @param uri the request target as received; the parameter is looked for behind its "?" */
export function hashUrlParam(type: HashType, name: Uint8Array, uri: Uint8Array): number {
  const question = uri.indexOf(QUESTION);
  const at = question < 0 ? NO_KEY : findParam(name, uri, question + 1);
  return at < 0 ? NO_KEY : hashBytes(type, uri, at, paramEnd(uri, at));
}

/**
 * `url_param … check_post`: the same in a POST body's first bytes. A value that begins with a blank counts as empty;
 * with another byte that no token has, the body is taken for something else than parameters.
 */
export function hashBodyParam(type: HashType, name: Uint8Array, body: Uint8Array): number {
  const at = findParam(name, body, 0);
  if (at < 0) return NO_KEY;
  const end = paramEnd(body, at);
  if (at === end || TOKEN.includes(body[at]!)) return hashBytes(type, body, at, end);
  return BLANKS.includes(body[at]!) ? hashBytes(type, body, at, at) : NO_KEY;
}

/** Where the value of the first `name=value` begins, of parameters joined by "&"; NO_KEY without one. */
function findParam(name: Uint8Array, params: Uint8Array, from: number): number {
  for (let at = from; at + name.length < params.length;) {
    if (params[at + name.length] === EQUALS && startsWith(params, at, name)) return at + name.length + 1;
    const next = params.indexOf(AMPERSAND, at);
    if (next < 0) break;
    at = next + 1;
  }
  return NO_KEY;
}

function paramEnd(params: Uint8Array, from: number): number {
  const end = params.indexOf(AMPERSAND, from);
  return end < 0 ? params.length : end;
}

function startsWith(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

/**
 * @param value the header's value, surrounding blanks taken off; of a list, its first element counts
 * @param domainOnly `use_domain_only`: of "www.example.co" hash "example", the label before the last dot
 */
export function hashHeader(type: HashType, domainOnly: boolean, value: Uint8Array): number {
  const end = firstElementEnd(value);
  if (end === 0) return NO_KEY;
  if (!domainOnly) return hashBytes(type, value, 0, end);
  const dot = value.lastIndexOf(DOT, end - 1);
  // Nothing before the last dot: there is no domain to cut out.
  if (dot <= 0) return hashBytes(type, value, 0, end);
  return hashBytes(type, value, value.lastIndexOf(DOT, dot - 1) + 1, dot);
}

/** A comma outside of quotes ends it; blanks before the comma are not part of it. */
function firstElementEnd(value: Uint8Array): number {
  let quoted = false;
  let end = 0;
  for (; end < value.length; end++) {
    const byte = value[end];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === BACKSLASH && quoted) end++;
    else if (byte === COMMA && !quoted) break;
  }
  end = Math.min(end, value.length);
  while (end > 0 && (value[end - 1] === 0x20 || value[end - 1] === 0x09)) end--;
  return end;
}
