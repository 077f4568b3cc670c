/**
 * `stats auth`: who may see the page (RFC 7617, Basic). Relies on node:crypto for hashes and a comparison in constant time.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { StatsPage } from "../../config/haproxy/model.ts";

/** `authorization` is the field's value, a byte string; null: the request has none. */
export function mayEnter({ users }: Pick<StatsPage, "users">, authorization: string | null): boolean {
  if (users.length === 0) return true;
  const token = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return false;
  const given = Buffer.from(token, "base64").toString("latin1");
  if (!given.includes(":")) return false;
  const hash = hashOf(given);
  let found = false;
  // All of them, and hashes of one length: time tells neither which user nor how much of a password was right.
  for (const { user, password } of users) found = timingSafeEqual(hash, hashOf(`${user}:${password}`)) || found;
  return found;
}

const hashOf = (text: string): Buffer => createHash("sha256").update(text, "latin1").digest();

/** The value of www-authenticate; the realm is a quoted string (RFC 9110 §5.6.4). */
export function challenge({ realm }: Pick<StatsPage, "realm">): string {
  return `Basic realm="${realm.replace(/["\\]/g, "\\$&").replace(/[\x00-\x1f\x7f]/g, " ")}"`;
}
