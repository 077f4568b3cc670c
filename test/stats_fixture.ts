/**
 * Models for the tests of the statistics and of the stats socket, with haproxy's defaults where a test says nothing.
 */
import { initBoard } from "../src/board/board.ts";
import { layoutBoard } from "../src/board/layout.ts";
import type { Bind, Global, ListenAddress, Model, Proxy, Server } from "../src/config/haproxy/model.ts";
import type { RuntimeContext } from "../src/runtime/context.ts";
import { createMeters } from "../src/stats/meters.ts";

const PLACE = { file: "test.cfg", line: 1, column: 1 };

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
    name,
    id,
    place: PLACE,
    address: { kind: "ip", family: host.includes(":") ? 6 : 4, host, port, portMode: "fixed", portOffset: 0 },
    fqdn: null,
    weight: 1,
    maxconn: 0,
    minconn: 0,
    maxqueue: 0,
    backup: false,
    disabled: false,
    check: false,
    interMs: 2000,
    fastinterMs: 0,
    downinterMs: 0,
    rise: 2,
    fall: 3,
    cookie: null,
    source: null,
    tfo: false,
    tcpUserTimeoutMs: 0,
    onMarkedDownShutdownSessions: false,
    ...given,
  };
}

export function proxy(
  kind: Proxy["kind"],
  name: string,
  id: number,
  given: Partial<Omit<Proxy, "options">> & { options?: Partial<Proxy["options"]> } = {},
): Proxy {
  return {
    name,
    kind,
    id,
    place: PLACE,
    mode: "tcp",
    disabled: false,
    description: null,
    binds: [],
    maxconn: 0,
    backlog: 0,
    rateLimitSessions: 0,
    defaultBackend: null,
    useBackends: [],
    acls: [],
    balance: { kind: "roundrobin" },
    hashType: { method: "map-based", function: "sdbm", avalanche: false, balanceFactor: 0 },
    servers: [],
    fullconn: 0,
    retries: 3,
    redispatch: null,
    retryOn: { connFailure: true },
    source: null,
    timeouts: {
      client: null,
      server: null,
      connect: null,
      queue: null,
      check: null,
      tunnel: null,
      clientFin: null,
      serverFin: null,
    },
    log: {
      targets: [],
      tag: null,
      format: null,
      errorFormat: null,
      sdFormat: null,
      uniqueIdFormat: null,
    },
    ...given,
    options: { ...OPTIONS, ...given.options },
  };
}

const OPTIONS: Proxy["options"] = {
  abortonclose: false,
  allbackups: false,
  clitcpka: false,
  srvtcpka: false,
  clitcpkaCnt: 0,
  clitcpkaIdleMs: 0,
  clitcpkaIntvlMs: 0,
  srvtcpkaCnt: 0,
  srvtcpkaIdleMs: 0,
  srvtcpkaIntvlMs: 0,
  dontlognull: false,
  dontlogNormal: false,
  logSeparateErrors: false,
  logasap: false,
  tcplog: false,
  httplog: false,
  persist: false,
  socketStats: false,
  contstats: false,
  nolinger: false,
};

export function model(proxies: Proxy[], given: Partial<Global> = {}): Model {
  const global: Global = {
    daemon: false,
    masterWorker: false,
    nbthread: 0,
    maxconn: 0,
    maxconnrate: 0,
    maxsessrate: 0,
    ulimitN: 0,
    strictLimits: true,
    hardStopAfterMs: null,
    graceMs: 0,
    closeSpreadMs: 0,
    uid: null,
    gid: null,
    chroot: null,
    pidfile: null,
    node: null,
    description: null,
    logTargets: [],
    logTag: "haproxy",
    logSendHostname: null,
    statsSockets: [],
    statsTimeoutMs: 10_000,
    statsMaxconn: 10,
    zeroWarning: false,
    quiet: false,
    tune: {
      bufsize: 16_384,
      maxaccept: 0,
      maxrewrite: 1024,
      rcvbufClient: 0,
      rcvbufServer: 0,
      sndbufClient: 0,
      sndbufServer: 0,
    },
    ...given,
  };
  return { global, proxies, environment: { HAPROXY_CLI: "" } };
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
    environment: { HOME: "/root", "EMPTY": "" },
    ...given,
  };
}
