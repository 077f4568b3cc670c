/**
 * The vocabulary of samples: their types and values, and what a row of the tables of fetches and converters says.
 *
 * configuration.txt chapter 7. Values are plain: no wrapper is made for one, and `undefined` is a sample that has
 * no value (the fetch failed, or a converter could not do its work).
 */
import type { Mode } from "../../config/haproxy/model.ts";
import type { SampleContext } from "./context.ts";
import type { Spans } from "./http/span.ts";

/**
 * `addr` is IPv4 or IPv6, known when the value is there; the others are known when the configuration is read. `meth` is
 * the name of an HTTP method.
 */
export type SampleType = "bool" | "int" | "ipv4" | "ipv6" | "addr" | "str" | "bin" | "meth";

/** 64-bit signed: a number as long as it is a safe integer, a bigint beyond (integer.ts keeps to this). */
export type Int = number | bigint;

/** bool · int · ipv4, ipv6, addr (4 or 16 bytes, good until the next evaluation) · str, bin, meth (one char per byte). */
export type Value = boolean | Int | Uint8Array | string;

export type Evaluate = (context: SampleContext) => Value | undefined;
export type Convert = (value: Value, context: SampleContext) => Value | undefined;

/** What is wrong in a text, and at which of its characters (from 0) it begins. */
export interface Problem {
  message: string;
  offset: number;
}

/** A factory refuses an argument: its index in the row's list, and why. */
export interface BadArgument {
  argument: number;
  message: string;
}

export const badArgument = (argument: number, message: string): BadArgument => ({ argument, message });

export type ArgType =
  | "string"
  | "integer"
  | "ipv4"
  | "ipv6"
  /** Bits or an address as mask. */
  | "mask4"
  | "mask6"
  /** Names of proxies; left out, the proxy in which the text stands. */
  | "frontend"
  | "backend"
  /** `[backend/]server`. */
  | "server";

export interface ArgSpec {
  name: string;
  type: ArgType;
  optional?: true;
}

/** A checked argument: `text` as written without quotes, and what its type makes of it. */
export interface Arg {
  given: boolean;
  text: string;
  int: Int;
  bytes: Uint8Array;
  /** Index of a proxy in the model, of a server in its backend; -1 where names are not looked up yet. */
  proxy: number;
  server: number;
}

/**
 * What a fetch draws on, which decides where it may stand (registered keywords of haproxy, columns of places).
 * `constant` is the same for the whole life of the process and is computed at load.
 */
export type Need =
  | "constant"
  | "any"
  | "internal"
  | "client"
  | "frontend"
  | "backend"
  | "server"
  /** The request's head, which is gone when it has been sent; what of it is known to the end. */
  | "request"
  | "request kept"
  /** The same of the answer. */
  | "response"
  | "response kept"
  /** The head that is being processed, of either side. */
  | "message";

export interface FetchRow {
  name: string;
  args: readonly ArgSpec[];
  type: SampleType;
  needs: Need;
  evaluate(args: readonly Arg[], setting: Setting): Evaluate | BadArgument;
  /** Of a fetch of bytes of a message, which `evaluate` makes a value of: ACLs try each of several. */
  spans?(args: readonly Arg[]): Spans | BadArgument;
}

export interface ConverterRow {
  name: string;
  args: readonly ArgSpec[];
  from: SampleType;
  to: SampleType;
  convert(args: readonly Arg[]): Convert | BadArgument;
}

/** Where an expression stands (the columns of haproxy's list of fetches). Some places offer more in HTTP mode. */
export type Scope = keyof typeof SCOPES;

const FRONTEND = ["constant", "any", "internal", "client", "frontend"] as const;
const BACKEND = [...FRONTEND, "backend"] as const;
const ALL = [...BACKEND, "server"] as const;
const REQUEST = ["request", "request kept", "message"] as const;
const RESPONSE = ["request kept", "response", "response kept", "message"] as const;

/** What each place can offer. A fetch that needs more never has a value there. */
export const SCOPES = {
  "tcp-request connection": FRONTEND,
  "tcp-request session": FRONTEND,
  "frontend tcp-request content": FRONTEND,
  "use_backend": FRONTEND,
  "backend tcp-request content": BACKEND,
  /** use-server and stick rules too. */
  "balance": BACKEND,
  "source": ALL,
  "tcp-response content": ALL,
  "log": ALL,
  /** The other rules that look at a request too: redirect, monitor fail. Those of a listen are the backend's. */
  "frontend http-request": [...FRONTEND, ...REQUEST],
  "http use_backend": [...FRONTEND, ...REQUEST],
  "backend http-request": [...BACKEND, ...REQUEST],
  "http balance": [...BACKEND, ...REQUEST],
  "http source": [...ALL, ...REQUEST],
  /** Of a frontend or a backend. */
  "http-response": [...ALL, ...RESPONSE],
  "http log": [...ALL, "request kept", "response kept"],
  "tcp-check": ["constant", "any", "internal", "client", "backend", "server"],
  "configuration": ["constant", "any"],
  "cli": ["constant", "any", "internal"],
} as const satisfies Record<string, readonly Need[]>;

/** The scope of a place that both modes have. */
export const scopeIn = (mode: Mode, place: "use_backend" | "balance" | "source" | "log"): Scope =>
  mode === "http" ? `http ${place}` : place;

/** Looks up what arguments name. Indexes as in the model; -1: there is none. */
export interface Names {
  /** The proxy in which the text stands. */
  current: number;
  proxyName(index: number): string;
  hasFrontend(index: number): boolean;
  hasBackend(index: number): boolean;
  frontend(name: string): number;
  backend(name: string): number;
  server(backend: number, name: string): number;
  /** For "did you mean". */
  all(kind: "frontend" | "backend"): string[];
}

/** What is known when a configuration is read or loaded. */
export interface Setting {
  scope: Scope;
  /** null: names are not looked up (the configuration is still being read); what comes out is not to be run. */
  names: Names | null;
  environment(name: string): string | undefined;
  /** Text of a pattern file, one char per byte; null: cannot be read. */
  readFile(path: string): string | null;
}
