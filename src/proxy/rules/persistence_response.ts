/**
 * The way out: what becomes of a cookie of our name that the server sets, and the cookie we add. Letters and forms are those
 * of haproxy 2.6 (compared in test/http/persistence.test.ts).
 */
import type { Persistence } from "../../config/haproxy/model.ts";
import { addField, deleteEntry, type FieldName, fieldName, findField, replaceValue } from "../http1/edit.ts";
import { type Head, METHOD, STRIDE, VALUE_AT, VALUE_END } from "../http1/head.ts";
import { isCacheable } from "./cacheable.ts";
import { attributesEnd, isNamed, isSpaced, newCookie, readCookie } from "./cookies.ts";
import { type Found, redispatched, type Site } from "./persistence.ts";
import { dateText, unitsOf } from "./persistence_dates.ts";

const SET_COOKIE = fieldName("set-cookie");
const SET_COOKIE2 = fieldName("set-cookie2");
const CACHE_CONTROL = fieldName("cache-control");
/** Ends a cookie that leads to a server without one: any date in the past. */
const EXPIRED = "; Expires=Thu, 01-Jan-1970 00:00:01 GMT";

/** What becomes of a cookie that the server sets. */
type Fate = "keep" | "delete" | "rewrite" | "prefix";
const LETTER = { keep: "P", delete: "D", rewrite: "R", prefix: "R" } as const;

const cookie = newCookie();
/** Cookies of a field as they are to be, with their attributes. */
const kept: string[] = [];

export function writeResponse(
  site: Site,
  head: Head,
  found: Found,
  server: number,
  method: number,
  nowSec: number,
): boolean {
  if (found.server >= 0 && found.server !== server) redispatched(found);
  /** The client's cookie, or `use-server`, led to the server that has answered. */
  const direct = found.server >= 0 || found.forced;
  const value = site.values[server] ?? null;
  const fate = fateOf(site.settings, direct, value);
  if (!eachField(site, head, SET_COOKIE, found, fate, value)) return false;
  if (!eachField(site, head, SET_COOKIE2, found, fate, value)) return false;
  return insert(site, head, found, direct, value, method, nowSec);
}

function fateOf({ mode, indirect, preserve }: Persistence, direct: boolean, value: string | null): Fate {
  if (preserve) return "keep";
  if (mode === "insert" || indirect && direct) return "delete";
  return value === null || mode === "passive" ? "keep" : mode;
}

function eachField(
  site: Site,
  head: Head,
  name: FieldName,
  found: Found,
  fate: Fate,
  value: string | null,
): boolean {
  for (let i = findField(head, name, 0); i >= 0; i = findField(head, name, i + 1)) {
    if (!changeField(site, head, i, name === SET_COOKIE2, found, fate, value)) return false;
  }
  return true;
}

/** Of Set-Cookie the first cookie counts, the rest are its attributes; Set-Cookie2 has several, between commas. */
function changeField(
  site: Site,
  head: Head,
  index: number,
  several: boolean,
  found: Found,
  fate: Fate,
  value: string | null,
): boolean {
  const { bytes } = head;
  const start = head.entries[index * STRIDE + VALUE_AT] as number;
  const end = head.entries[index * STRIDE + VALUE_END] as number;
  kept.length = 0;
  let changed = false;
  for (let at = start; at < end;) {
    readCookie(bytes, at, end, cookie);
    const stop = several ? attributesEnd(bytes, cookie.end, end) : end;
    const ours = cookie.hasValue && isNamed(bytes, cookie, site.name, false);
    if (ours) found.response = LETTER[fate];
    if (ours && fate === "delete") {
      changed = true;
    } else if (isSpaced(cookie) || ours && fate !== "keep") {
      changed = true;
      const restAt = ours && fate === "rewrite" ? cookie.valueEnd : cookie.valueAt;
      const name = bytes.toString("latin1", cookie.nameAt, cookie.nameEnd);
      kept.push(`${name}=${ours ? written(fate, value) : ""}${bytes.toString("latin1", restAt, stop)}`);
    } else if (several || changed) {
      kept.push(bytes.toString("latin1", cookie.nameAt, stop));
    }
    at = stop + 1;
  }
  if (!changed) return true;
  if (kept.length > 0) return replaceValue(head, index, kept.join(", "));
  deleteEntry(head, index);
  return true;
}

/** What is put before, or in place of, the server's value. */
function written(fate: Fate, value: string | null): string {
  if (value === null || fate === "keep") return "";
  return fate === "prefix" ? `${value}~` : value;
}

/** `insert`: the client gets a cookie unless the one it brought is right in all. */
function insert(
  { settings, attributes }: Site,
  head: Head,
  found: Found,
  direct: boolean,
  value: string | null,
  method: number,
  nowSec: number,
): boolean {
  if (settings.mode !== "insert" || settings.preserve && found.response === "P") return true;
  if (settings.postonly && method !== METHOD.POST) return true;
  if (direct && !needsDates(settings, found, nowSec)) return true;
  const dated = value === null ? EXPIRED : dates(settings, found, nowSec);
  if (!addField(head, SET_COOKIE, `${settings.name}=${value ?? ""}${dated}${attributes}`)) return false;
  found.response = direct && value !== null ? "U" : "I";
  // What several clients would be given from a cache would lead them all to one server.
  return !settings.nocache || !isCacheable(head, method) || addField(head, CACHE_CONTROL, "private");
}

/** Are the dates in the client's cookie not those it should have? */
function needsDates({ maxidleSec, maxlifeSec }: Persistence, { lastDate, firstDate }: Found, nowSec: number): boolean {
  if (lastDate === 0 ? maxidleSec !== 0 : lastDate < unitsOf(nowSec)) return true;
  return maxlifeSec === 0 ? firstDate !== 0 : firstDate === 0;
}

/** The first visit's date stays as the client has brought it. */
function dates({ maxidleSec, maxlifeSec }: Persistence, { firstDate }: Found, nowSec: number): string {
  if (maxidleSec === 0 && maxlifeSec === 0) return "";
  const now = unitsOf(nowSec);
  const last = `|${dateText(now)}`;
  return maxlifeSec === 0 ? last : `${last}|${dateText(firstDate === 0 ? now : firstDate)}`;
}
