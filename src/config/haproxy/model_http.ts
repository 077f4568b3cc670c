/**
 * The half of the model that mode http alone has: rules and what they answer, error pages, cookies, captures. Part of
 * model.ts, which everybody imports.
 */
import type { Place } from "../place.ts";
import type { Condition } from "./model.ts";

/** What makes a request be sent again (configuration.txt, "retry-on"). */
export interface RetryOn {
  connFailure: boolean;
  /** The server closed, or sent no answer, before a complete head came. */
  emptyResponse: boolean;
  junkResponse: boolean;
  responseTimeout: boolean;
  /** Answers of these statuses. */
  statuses: number[];
}

export interface Capture {
  name: string;
  /** Longer values are cut, in bytes. */
  length: number;
}

export interface CaptureCookie {
  /** The whole name, or how the name begins. */
  name: string;
  prefix: boolean;
  length: number;
}

/** A rule of `http-request` or `http-response`; the first that ends the evaluation is the last. */
export interface HttpRule {
  action: HttpAction;
  condition: Condition | null;
  place: Place;
}

/** Texts named `format` are log-format strings, checked by the parser. */
export type HttpAction =
  | { kind: "allow" }
  | { kind: "set-header" | "add-header"; name: string; format: string }
  | { kind: "del-header"; name: string; match: "str" | "beg" | "end" | "sub" | "reg" }
  | { kind: "replace-header" | "replace-value"; name: string; regex: string; format: string }
  | { kind: "set-method" | "set-path" | "set-pathq" | "set-query" | "set-uri"; format: string }
  | { kind: "set-status"; status: number; reason: string | null }
  /** Into the slot of a `capture` line, or one made for it: index among requestCaptures (responseCaptures). */
  | { kind: "capture"; expression: string; slot: number }
  | { kind: "deny" | "return"; reply: Reply }
  | { kind: "redirect"; redirect: Redirect };

/** What `deny` and `return` answer. */
export interface Reply {
  status: number;
  /** `default` is the error page of the status; null: an empty body. Files are read with the configuration (byte strings). */
  body:
    | { kind: "default" }
    | { kind: "string" | "format"; text: string }
    /** A whole HTTP message, head and body. */
    | { kind: "message"; text: string }
    | null;
  contentType: string | null;
  headers: { name: string; format: string }[];
}

export interface Redirect {
  kind: "location" | "prefix" | "scheme";
  format: string;
  code: 301 | 302 | 303 | 307 | 308;
  dropQuery: boolean;
  appendSlash: boolean;
  ignoreEmpty: boolean;
  /** `set-cookie NAME[=value]`, `clear-cookie NAME[=]`: the text of the set-cookie header field. */
  setCookie: string | null;
}

export interface RedirectRule {
  redirect: Redirect;
  condition: Condition | null;
  place: Place;
}

export interface ErrorPage {
  status: number;
  page:
    /** `errorfile`: a whole HTTP message, a byte string; "" closes without an answer. */
    | { kind: "message"; text: string }
    /** `errorloc`, `errorloc302`, `errorloc303` */
    | { kind: "location"; code: 302 | 303; url: string };
}

/** `cookie`: configuration.txt names each word. */
export interface Persistence {
  name: string;
  mode: "insert" | "rewrite" | "prefix" | "passive";
  indirect: boolean;
  nocache: boolean;
  postonly: boolean;
  preserve: boolean;
  httponly: boolean;
  secure: boolean;
  domains: string[];
  /** Seconds; 0: none. */
  maxidleSec: number;
  maxlifeSec: number;
  attributes: string[];
  /** Server values are computed from address and this key (`dynamic`, `dynamic-cookie-key`); null: not dynamic. */
  dynamicKey: string | null;
}

/** `use-server NAME [if|unless COND]`. */
export interface UseServer {
  /** A server's name, or a log-format string when `dynamic`. */
  server: string;
  dynamic: boolean;
  condition: Condition | null;
  place: Place;
}

/** The statistics page of a proxy. */
export interface StatsPage {
  uri: string;
  realm: string;
  /** Any of these users; none: open to all. */
  users: { user: string; password: string }[];
  /** Seconds; 0: no refresh. */
  refreshSec: number;
  /** Names of the proxies shown ("." already replaced by the proxy's own); none: all. */
  scope: string[];
  hideVersion: boolean;
  showLegends: boolean;
  /** `show-desc`, `show-node`; "" is the global section's, null: not shown. */
  description: string | null;
  node: string | null;
}

/** `option forwardfor`, `option originalto`. */
export interface AddressHeader {
  header: string;
  /** Network whose addresses are not written: address and mask as written; null: none. */
  except: { address: string; bits: number; family: 4 | 6 } | null;
  ifNone: boolean;
}
