/**
 * Changes of a request's target by rules, and what goes with them: the host stands twice in a request in absolute form
 * (RFC 9112 §3.2.2), and both change together, as in haproxy.
 */
import { fieldName, findField, replaceValue, setUri } from "../http1/edit.ts";
import { type Head, METHOD } from "../http1/head.ts";
import { authorityStart, hostStart, pathStart, queryMark } from "../samples/http/uri.ts";

const HOST = fieldName("host");
const SLASH = 0x2f;
const QUESTION = 0x3f;

const text = ({ bytes }: Head, at: number, end: number): string => bytes.toString("latin1", at, end);

/** Path and perhaps query; what has no path ("*") is replaced as a whole. */
export function setPath(head: Head, path: string, withQuery: boolean): boolean {
  const { bytes, uriAt, uriEnd } = head;
  const found = pathStart(bytes, uriAt, uriEnd);
  const at = found < 0 ? uriAt : found;
  const end = withQuery ? uriEnd : queryMark(bytes, at, uriEnd);
  return setUri(head, text(head, uriAt, at) + path + text(head, end, uriEnd));
}

/** A question mark that is there stays; none is added for nothing. */
export function setQuery(head: Head, query: string): boolean {
  const { bytes, uriAt, uriEnd } = head;
  const mark = queryMark(bytes, uriAt, uriEnd);
  if (mark === uriEnd && query === "") return true;
  return setUri(head, `${text(head, uriAt, mark)}?${query}`);
}

/** The whole target; the host in it becomes that of the Host field. */
export function setTarget(head: Head, uri: string): boolean {
  if (!setUri(head, uri)) return false;
  const at = hostAt(head);
  if (at < 0) return true;
  const host = text(head, at, hostEnd(head, at));
  for (let i = findField(head, HOST, 0); i >= 0; i = findField(head, HOST, i + 1)) {
    if (!replaceValue(head, i, host)) return false;
  }
  return true;
}

/** The Host field has been changed: so is the host in the target, if there is one. */
export function setAuthority(head: Head, host: string): boolean {
  const at = hostAt(head);
  if (at < 0) return true;
  return setUri(head, text(head, head.uriAt, at) + host + text(head, hostEnd(head, at), head.uriEnd));
}

/** Where the host of the target begins; -1: it names none. */
function hostAt(head: Head): number {
  const { bytes, uriAt, uriEnd, method } = head;
  if (method === METHOD.CONNECT) return uriAt;
  const authority = authorityStart(bytes, uriAt, uriEnd);
  return authority < 0 ? -1 : hostStart(bytes, authority, authorityEnd(head, authority));
}

const hostEnd = (head: Head, at: number): number =>
  head.method === METHOD.CONNECT ? head.uriEnd : authorityEnd(head, at);

function authorityEnd({ bytes, uriEnd }: Head, from: number): number {
  for (let at = from; at < uriEnd; at++) if (bytes[at] === SLASH || bytes[at] === QUESTION) return at;
  return uriEnd;
}
