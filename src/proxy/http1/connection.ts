/**
 * The connection as heads speak of it (RFC 9112 §9, RFC 9110 §7.6.1): what a message wishes, and what of it is passed on.
 * Both sides' connections are kept or closed by us, so the wishes of one side are not shown to the other. As haproxy does,
 * we pass on other members of Connection, and Keep-Alive and Proxy-Connection as they are.
 */
import { addField, deleteEntry, fieldName, replaceValue } from "./edit.ts";
import { connectionTokens, tokenBit } from "./framing.ts";
import { BODY, ENTRY, FIELD, type Head, SEEN, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";
import { hasMember, memberEnd, skipBlanks, trimEnd } from "./lists.ts";

const CONNECTION = fieldName("connection");
const TRAILERS = Buffer.from("trailers", "latin1");

/** Does the message's sender want to go on with the connection, and may we? RFC 9112 §9.3. */
export function wantsKeepAlive(head: Head): boolean {
  if ((head.seen & SEEN.close) !== 0) return false;
  return head.minor === 1 || (head.seen & SEEN.keepAlive) !== 0;
}

/**
 * Takes out what was between the client and us. Called behind the rules, it says what these have written into Connection:
 * SEEN.close, SEEN.keepAlive or 0, which is for the connection to the server.
 * @param upgradeKept the `upgrade` member is for the server
 */
export function sanitizeRequest(head: Head, upgradeKept: boolean): number {
  if (upgradeKept) return sanitize(head, SEEN.close | SEEN.keepAlive);
  head.seen &= ~SEEN.upgrade;
  return sanitize(head, SEEN.close | SEEN.keepAlive | SEEN.upgrade);
}

/** Takes out what was between the server and us. It says what rules have written, for the connection to the client. */
export function sanitizeResponse(head: Head): number {
  return sanitize(head, SEEN.close | SEEN.keepAlive);
}

/** @param removed members of Connection, as bits of SEEN */
function sanitize(head: Head, removed: number): number {
  const { ids, states, count } = head;
  let wishes = 0;
  for (let i = 0; i < count; i++) {
    const id = ids[i] as number;
    if (id === FIELD.other || states[i] === ENTRY.deleted) continue;
    if (id === FIELD.connection) wishes |= cleanConnection(head, i, removed);
    else if (id === FIELD.te) cleanTe(head, i);
  }
  return wishes;
}

/**
 * Says what becomes of the connection, unless it is understood: HTTP/1.0 closes, and must behind chunks, which it does not
 * know; a message that may open a tunnel, or is not the last answer, says nothing. False: no room.
 * @param what "keep-alive" is for HTTP/1.0 alone: this message's, or that of the client it goes to
 */
export function announce(head: Head, what: "close" | "keep-alive" | "nothing"): boolean {
  const { body, minor, seen, status } = head;
  if (what === "nothing") return true;
  if (minor === 0 && (what === "close" || body === BODY.chunked)) return true;
  if (status === 0 ? (seen & SEEN.upgrade) !== 0 : status < 200) return true;
  return addField(head, CONNECTION, what);
}

/**
 * Takes members out of one Connection field, and the field with the last one.
 * @param removed bits of SEEN
 */
function cleanConnection(head: Head, index: number, removed: number): number {
  const { bytes, entries } = head;
  const at = entries[index * STRIDE + VALUE_AT] as number;
  const end = entries[index * STRIDE + VALUE_END] as number;
  const found = connectionTokens(bytes, at, end) & removed;
  const wishes = head.states[index] === ENTRY.edited ? found & ~SEEN.upgrade : 0;
  if (at === end) deleteEntry(head, index);
  if (found === 0) return wishes;
  let kept = "";
  let p = at;
  while (p < end) {
    const stop = memberEnd(bytes, p, end);
    p = skipBlanks(bytes, p, stop);
    const tail = trimEnd(bytes, p, stop);
    if ((tokenBit(bytes, p, tail) & removed) === 0) {
      kept += `${kept === "" ? "" : ","}${bytes.toString("latin1", p, tail)}`;
    }
    p = stop + 1;
  }
  // Without room for what is kept nothing of it can be passed on: the server takes an option for not asked for.
  if (kept === "" || !replaceValue(head, index, kept)) deleteEntry(head, index);
  return wishes;
}

/** TE is between neighbours, but for trailers, which we pass on (RFC 9110 §10.1.4). */
function cleanTe(head: Head, index: number): void {
  const { bytes, entries } = head;
  const at = entries[index * STRIDE + VALUE_AT] as number;
  const end = entries[index * STRIDE + VALUE_END] as number;
  if (end - at === TRAILERS.length && hasMember(bytes, at, end, TRAILERS)) return;
  if (!hasMember(bytes, at, end, TRAILERS) || !replaceValue(head, index, "trailers")) deleteEntry(head, index);
}
