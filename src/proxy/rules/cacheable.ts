/**
 * May a cache in front of us keep this answer (RFC 9111 §3)? Asked before a persistence cookie is put into it (`nocache`).
 * What haproxy 2.6 takes for cacheable, which is less than a cache might.
 */
import { fieldName, fieldValue, findField } from "../http1/edit.ts";
import { type Head, METHOD } from "../http1/head.ts";

const PRAGMA = fieldName("pragma");
const CACHE_CONTROL = fieldName("cache-control");
/** Any of them tells a cache how long an answer is good, or how to ask. */
const VALIDATORS = ["expires", "etag", "last-modified"].map(fieldName);

/** Kept unless the answer forbids it: RFC 9110 §15.1, less 308. */
const STATUSES: readonly number[] = [200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501];
const METHODS: readonly number[] = [METHOD.GET, METHOD.HEAD, METHOD.OPTIONS, METHOD.TRACE];

const FORBID: readonly string[] = ["private", "no-cache", "no-store", "max-age=0", "s-maxage=0"];

/** @param method of the request */
export function isCacheable(head: Head, method: number): boolean {
  for (let i = findField(head, PRAGMA, 0); i >= 0; i = findField(head, PRAGMA, i + 1)) {
    if (fieldValue(head, i).toLowerCase() === "no-cache") return false;
  }
  let allowed = METHODS.includes(method) && STATUSES.includes(head.status);
  let fresh = VALIDATORS.some((name) => findField(head, name, 0) >= 0);
  for (let i = findField(head, CACHE_CONTROL, 0); i >= 0; i = findField(head, CACHE_CONTROL, i + 1)) {
    for (const [directive] of fieldValue(head, i).toLowerCase().matchAll(/(?:"(?:\\.|[^"\\])*"?|[^",])+/g)) {
      const word = directive.trim();
      if (FORBID.includes(word)) allowed = false;
      else if (word === "public") allowed = true;
      else if (/^(max-age|s-maxage)/.test(word)) fresh = true;
    }
  }
  return allowed && fresh;
}
