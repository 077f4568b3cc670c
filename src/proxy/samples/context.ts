/**
 * What an evaluation may ask: the session it runs for and the process it runs in. The proxy implements it, once per
 * session for SampleContext and once per process for ProcessContext; samples only read.
 */
import type { Model } from "../../config/haproxy/model.ts";
import type { Head } from "../http1/head.ts";
import type { Int } from "./types.ts";

export interface SampleContext {
  readonly process: ProcessContext;
  /** 4 or 16 bytes in network order; null on a unix socket. Not kept beyond the evaluation. */
  clientAddress(): Uint8Array | null;
  clientPort(): number;
  /** The address the client connected to. */
  localAddress(): Uint8Array | null;
  localPort(): number;
  /** Index of the frontend in the model, and of the listening address among its binds; -1: none (a health check). */
  readonly frontend: number;
  readonly listener: number;
  /** Index of the backend in the model: the frontend's own until one is chosen. */
  readonly backend: number;
  /** Index among the backend's servers; -1 until one is chosen. */
  readonly server: number;
  /** The heads that are being processed; null outside of that, and in TCP mode. */
  readonly request: Head | null;
  readonly response: Head | null;
  /** Of the present HTTP exchange; null in TCP mode. */
  readonly exchange: Exchange | null;
}

/** What of an HTTP exchange is known to its end, when the heads themselves are gone. */
export interface Exchange {
  /** Requests on this connection, this one included. */
  count: number;
  /** One of METHOD (http1/head.ts). */
  method: number;
  /** Of the request's HTTP/1.x: 0 or 1. */
  minor: number;
  /** The request line as received, cut at tune.http.logurilen; "" when nobody asks for it or none has come. */
  requestLine: string;
  /** Of the answer; -1: there was none. 0 is never used. */
  status: number;
  /** By slot; null: nothing captured. Empty: none is declared. */
  requestCaptures: (string | null)[];
  responseCaptures: (string | null)[];
  uniqueId: string;
  /** The connection to the client goes on behind the answer. */
  keepClient?: boolean;
  /** Body bytes that came along with the request's head, and where they lie; null: nowhere any more. */
  body: Buffer | null;
  bodyAt: number;
  bodyEnd: number;
}

export interface ProcessContext {
  readonly model: Model;
  readonly counts: Counts;
  readonly hostname: string;
  /** Position of this proxy process, from 0. */
  readonly thread: number;
  /** The wall clock in µs since 1970. */
  nowUs(): number;
  /** Uniform in [0, 2^32). */
  random32(): number;
  uuid(): string;
  stopping(): boolean;
  /** Is the address (4 or 16 bytes) one of this machine's? */
  isLocal(address: Uint8Array): boolean;
}

/** Present numbers over all proxy processes. Proxies and servers by index, as in the model. */
export interface Counts {
  processConnections(): number;
  frontendConnections(proxy: number): number;
  frontendSessionRate(proxy: number): number;
  frontendRequestRate(proxy: number): number;
  listenerConnections(proxy: number, listener: number): number;
  backendConnections(proxy: number): number;
  backendSessionRate(proxy: number): number;
  /** Waiting in the backend's queue and in those of its servers. */
  backendQueued(proxy: number): number;
  /** Servers that would get traffic now: active ones, else backups. */
  usableServers(proxy: number): number;
  /** Configuration.txt `be_conn_free`, `connslots`: -1 when a limit is missing. */
  freeConnections(proxy: number): Int;
  freeSlots(proxy: number): Int;
  serverConnections(proxy: number, server: number): number;
  serverFreeConnections(proxy: number, server: number): number;
  serverQueued(proxy: number, server: number): number;
  serverSessionRate(proxy: number, server: number): number;
  serverIsUp(proxy: number, server: number): boolean;
  serverWeight(proxy: number, server: number): number;
}
