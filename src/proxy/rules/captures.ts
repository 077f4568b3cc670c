/**
 * What is kept of a message for its log line: `capture request header`, `capture response header`, `capture cookie`.
 *
 * Fields are taken before any rule of ours has changed them. Cookies are taken behind the http-request and http-response
 * rules, and before persistence takes ours out.
 */
import type { Capture, CaptureCookie, Proxy } from "../../config/haproxy/model.ts";
import { type FieldName, fieldName, findField } from "../http1/edit.ts";
import { type Head, STRIDE, VALUE_AT, VALUE_END } from "../http1/head.ts";
import type { Exchange } from "../samples/context.ts";
import { attributesEnd, type Cookie, isNamed, newCookie, readCookie } from "./cookies.ts";

export interface CookieCaptures {
  requestCookie: string;
  responseCookie: string;
}

export interface Captures {
  request(head: Head, exchange: Exchange): void;
  response(head: Head, exchange: Exchange): void;
  /** To be called before Persist.fromRequest and Persist.toResponse. */
  requestCookie(head: Head, exchange: CookieCaptures): void;
  responseCookie(head: Head, exchange: CookieCaptures): void;
}

/** Null: the proxy captures nothing. */
export function compileCaptures(proxy: Proxy): Captures | null {
  const { requestCaptures, responseCaptures, captureCookie } = proxy;
  if (requestCaptures.length + responseCaptures.length === 0 && captureCookie === null) return null;
  const request = compileFields(requestCaptures);
  const response = compileFields(responseCaptures);
  const requestCookie = captureCookie === null ? none : compileCookie(captureCookie, [["cookie", "request"]]);
  const responseCookie = captureCookie === null
    ? none
    : compileCookie(captureCookie, [["set-cookie", "one"], ["set-cookie2", "several"]]);
  return {
    request: (head, exchange) => request(head, exchange.requestCaptures),
    response: (head, exchange) => response(head, exchange.responseCaptures),
    requestCookie(head, exchange) {
      exchange.requestCookie = requestCookie(head);
    },
    responseCookie(head, exchange) {
      exchange.responseCookie = responseCookie(head);
    },
  };
}

/** The last field of a name counts, whole. */
function compileFields(captures: readonly Capture[]): (head: Head, slots: (string | null)[]) => void {
  const names = captures.map(({ name }) => fieldName(name));
  const lengths = captures.map(({ length }) => length);
  return (head, slots) => {
    for (let slot = 0; slot < names.length; slot++) {
      slots[slot] = lastValue(head, names[slot] as FieldName, lengths[slot] as number);
    }
  };
}

function lastValue(head: Head, name: FieldName, most: number): string | null {
  let found = -1;
  for (let i = findField(head, name, 0); i >= 0; i = findField(head, name, i + 1)) found = i;
  if (found < 0) return null;
  const at = head.entries[found * STRIDE + VALUE_AT] as number;
  const end = head.entries[found * STRIDE + VALUE_END] as number;
  return head.bytes.toString("latin1", at, Math.min(end, at + most));
}

type ReadCookie = (head: Head) => string;

const none: ReadCookie = () => "";

/** Where cookies stand in a field: all of it, at its beginning only, or there and behind each comma. */
type Form = "request" | "one" | "several";

const cookie: Cookie = newCookie();

/** The first cookie of that name in the message, as "name=value". */
function compileCookie(capture: CaptureCookie, places: readonly (readonly [name: string, form: Form])[]): ReadCookie {
  const wanted = Buffer.from(capture.name, "latin1");
  const fields = places.map(([name, form]) => ({ name: fieldName(name), form }));
  const inField = (head: Head, index: number, form: Form): boolean => {
    const { bytes } = head;
    const end = head.entries[index * STRIDE + VALUE_END] as number;
    for (let at = head.entries[index * STRIDE + VALUE_AT] as number; at < end;) {
      readCookie(bytes, at, end, cookie);
      if (cookie.hasValue && isNamed(bytes, cookie, wanted, capture.prefix)) {
        return true;
      }
      if (form === "one") return false;
      at = (form === "request" ? cookie.end : attributesEnd(bytes, cookie.end, end)) + 1;
    }
    return false;
  };
  return (head) => {
    for (const { name, form } of fields) {
      for (let i = findField(head, name, 0); i >= 0; i = findField(head, name, i + 1)) {
        if (inField(head, i, form)) return textOf(head, cookie, capture.length);
      }
    }
    return "";
  };
}

function textOf({ bytes }: Head, { nameAt, nameEnd, valueAt, valueEnd }: Cookie, most: number): string {
  const name = bytes.toString("latin1", nameAt, nameEnd);
  return `${name}=${bytes.toString("latin1", valueAt, valueEnd)}`.slice(0, most);
}
