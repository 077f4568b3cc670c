/**
 * Models for the tests of the statistics and of the stats socket, with haproxy's defaults where a test says nothing.
 */
import { initBoard } from "../src/board/board.ts";
import { layoutBoard } from "../src/board/layout.ts";
import { newGlobal, newProxyDraft } from "../src/config/haproxy/blank.ts";
import { NO_OVERRIDES } from "../src/config/haproxy/load.ts";
import type { Bind, Global, ListenAddress, Model, Persistence, Proxy, Server } from "../src/config/haproxy/model.ts";
import type { RuntimeContext } from "../src/runtime/context.ts";
import { NO_EVENTS } from "../src/runtime/events.ts";
import { createMeters } from "../src/stats/meters.ts";

const PLACE = { file: "test.cfg", line: 1, column: 1 };

/** A section that says nothing. */
const blank = () => {
  const word = { text: "listen", place: PLACE, length: 6, line: "listen x" };
  return newProxyDraft("listen", { place: PLACE, line: word.line, words: [word] }, word);
};

export function bind(address: ListenAddress, given: Partial<Bind> = {}): Bind {
  return {
    address,
    name: null,
    id: 1,
    place: PLACE,
    maxconn: 0,
    backlog: 0,
    interface: null,
    v4v6: false,
    v6only: false,
    transparent: false,
    deferAccept: false,
    tfo: false,
    mss: 0,
    tcpUserTimeoutMs: 0,
    nice: 0,
    threads: null,
    unix: { mode: null, uid: null, gid: null },
    level: "admin",
    exposeFdListeners: false,
    ...given,
  };
}

export const ip = (host: string, port: number): ListenAddress => ({
  kind: "ip",
  family: host.includes(":") ? 6 : 4,
  host,
  port,
});

export function server(name: string, id: number, host: string, port: number, given: Partial<Server> = {}): Server {
  return {
    ...blank().defaultServer,
    name,
    id,
    address: { kind: "ip", family: host.includes(":") ? 6 : 4, host, port, portMode: "fixed", portOffset: 0 },
    ...given,
  };
}

export function proxy(
  kind: Proxy["kind"],
  name: string,
  id: number,
  given: Partial<Omit<Proxy, "options">> & { options?: Partial<Proxy["options"]> } = {},
): Proxy {
  const { proxy } = blank();
  return { ...proxy, name, kind, id, ...given, options: { ...proxy.options, ...given.options } };
}

export const cookie = (name: string, given: Partial<Persistence> = {}): Persistence => ({
  name,
  mode: "insert",
  indirect: true,
  nocache: false,
  postonly: false,
  preserve: false,
  httponly: false,
  secure: false,
  domains: [],
  maxidleSec: 0,
  maxlifeSec: 0,
  attributes: [],
  dynamicKey: null,
  ...given,
});

export function model(proxies: Proxy[], given: Partial<Global> = {}): Model {
  return { global: { ...newGlobal(NO_OVERRIDES), ...given }, proxies, environment: { HAPROXY_CLI: "" } };
}

/** A context over a fresh board in memory, at a fixed time: 65 s after the start. */
export function context(of: Model, given: Partial<RuntimeContext> = {}): RuntimeContext {
  const workers = 2;
  const layout = layoutBoard(of, workers);
  const startedAtMs = 1_700_000_000_000;
  const board = initBoard(new Uint8Array(layout.bytes), layout, of, startedAtMs);
  return {
    model: of,
    board,
    startedAtMs,
    pid: 4321,
    version: "9.8.7",
    releaseDate: "2026/11/20",
    workers,
    maxconn: 1000,
    ulimitN: 2037,
    memMaxMb: 0,
    listenerCount: () => 3,
    stopping: () => false,
    now: () => startedAtMs + 65_432,
    meters: createMeters(board, () => 0),
    listeners: [],
    events: NO_EVENTS,
    ask: () => Promise.resolve([]),
    environment: { HOME: "/root", "EMPTY": "" },
    ...given,
  };
}
