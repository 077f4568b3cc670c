/**
 * The rows of the benchmark: each is a configuration, a load and what to measure. A new row needs no code but its own
 * line here, unless it brings a new kind of load (loads.ts).
 */

import {
  http,
  httpLogged,
  httpLoggedNginx,
  httpNginx,
  httpRules,
  httpRulesNginx,
  httpWithStats,
  manyServers,
  tcp,
  tcpNginx,
  tcpWithStats,
} from "./configurations.ts";

export interface Plan {
  /** Where the proxy listens on 127.0.0.1. */
  port: number;
  /** Ports of real nginx servers, started afresh for each run. */
  servers: readonly number[];
  /** For sockets and files of one run. */
  directory: string;
  /** A UDP port of 127.0.0.1 that takes log lines and throws them away. */
  logPort: number;
}

export type Load =
  /** wrk with one thread, as fast as it goes. */
  | { kind: "wrk"; connections: number; path: string; newConnections?: true }
  /** h2load at a fixed rate: this share of what haproxy reaches flat out. */
  | { kind: "paced"; connections: number; path: string; share: number }
  /** Connections that made one request each and then stay silent. */
  | { kind: "idle"; connections: number }
  /** From the launch of the process to the first answer through it. */
  | { kind: "start" }
  /** -sf reloads while clients make requests on new and on kept connections. */
  | { kind: "reload"; reloads: number };

/** What is measured, each with its unit; the smaller the better, but for `rate`. */
export const METRICS = {
  cpu: "CPU/request, us",
  rate: "requests/s",
  p50: "p50, ms",
  p99: "p99, ms",
  rss: "RSS, MB",
  pss: "PSS, MB",
  pssEach: "PSS growth/conn, kB",
  privateEach: "private growth/conn, kB",
  start: "start, ms",
  lost: "requests lost",
} as const;
export type Metric = keyof typeof METRICS;

/** `ratio`: to haproxy's figure; `most`: of the figure itself. */
export type Target = { ratio: number } | { most: number };

export interface Row {
  name: string;
  what: string;
  config: (plan: Plan) => string;
  /** The same in nginx's language, where it can do it. */
  nginx?: (plan: Plan) => string;
  load: Load;
  metrics: Partial<Record<Metric, Target | null>>;
}

export const ROWS: readonly Row[] = [
  {
    name: "tcp-small",
    what: "tcp mode, small exchanges (128 B) on 50 connections kept alive",
    config: tcp,
    nginx: tcpNginx,
    load: { kind: "wrk", connections: 50, path: "/small.txt" },
    metrics: { cpu: { ratio: 1.0 }, rate: null, p50: null, p99: null, rss: null, pss: null },
  },
  {
    name: "tcp-1m",
    what: "tcp mode, 1 MiB answers on 10 connections kept alive",
    config: tcp,
    nginx: tcpNginx,
    load: { kind: "wrk", connections: 10, path: "/1m" },
    metrics: { cpu: { ratio: 0.5 }, rate: null, p50: null, p99: null, rss: null, pss: null },
  },
  {
    name: "tcp-new",
    what: "tcp mode, a new connection for each small exchange, 50 at a time",
    config: tcp,
    nginx: tcpNginx,
    load: { kind: "wrk", connections: 50, path: "/small.txt", newConnections: true },
    metrics: { cpu: { ratio: 1.0 }, rate: null, p50: null, p99: null },
  },
  {
    name: "tcp-paced",
    what: "tcp mode, small exchanges at half of what haproxy reaches, 50 connections",
    config: tcp,
    nginx: tcpNginx,
    load: { kind: "paced", connections: 50, path: "/small.txt", share: 0.5 },
    metrics: { p99: { ratio: 1.2 }, p50: null, cpu: null, rate: null },
  },
  {
    name: "tcp-idle",
    what: "tcp mode, 8 000 idle connections",
    config: tcp,
    nginx: tcpNginx,
    load: { kind: "idle", connections: 8_000 },
    metrics: { pssEach: { ratio: 1.2 }, privateEach: { ratio: 1.2 }, pss: null, rss: null },
  },
  {
    name: "http-small",
    what: "http mode, small answers (128 B) on 50 connections kept alive on both sides",
    config: http,
    nginx: httpNginx,
    load: { kind: "wrk", connections: 50, path: "/small.txt" },
    metrics: { cpu: { ratio: 1.0 }, rate: null, p50: null, p99: null, rss: null, pss: null },
  },
  {
    name: "http-log",
    what: "the same with a line of option httplog for each request, to syslog over UDP",
    config: httpLogged,
    nginx: httpLoggedNginx,
    load: { kind: "wrk", connections: 50, path: "/small.txt" },
    metrics: { cpu: { ratio: 0.9 }, rate: null, p50: null, p99: null },
  },
  {
    name: "http-1m",
    what: "http mode, 1 MiB answers on 10 connections kept alive",
    config: http,
    nginx: httpNginx,
    load: { kind: "wrk", connections: 10, path: "/1m" },
    metrics: { cpu: { ratio: 0.5 }, rate: null, p50: null, p99: null, rss: null, pss: null },
  },
  {
    name: "http-close",
    what: "http mode, Connection: close, a new connection for each small answer, 50 at a time",
    config: http,
    nginx: httpNginx,
    load: { kind: "wrk", connections: 50, path: "/small.txt", newConnections: true },
    metrics: { cpu: { ratio: 1.0 }, rate: null, p50: null, p99: null },
  },
  {
    name: "http-rules",
    what: "http mode, 20 ACLs looked at and five fields rewritten for each small answer",
    config: httpRules,
    nginx: httpRulesNginx,
    load: { kind: "wrk", connections: 50, path: "/small.txt" },
    metrics: { cpu: { ratio: 1.0 }, rate: null, p50: null, p99: null },
  },
  {
    name: "http-paced",
    what: "http mode, small answers at half of what haproxy reaches, 50 connections",
    config: http,
    nginx: httpNginx,
    load: { kind: "paced", connections: 50, path: "/small.txt", share: 0.5 },
    metrics: { p99: { ratio: 1.2 }, p50: null, cpu: null, rate: null },
  },
  {
    name: "http-idle",
    what: "http mode, 8 000 idle connections",
    config: http,
    nginx: httpNginx,
    load: { kind: "idle", connections: 8_000 },
    metrics: { pssEach: { ratio: 1.2 }, privateEach: { ratio: 1.2 }, pss: null, rss: null },
  },
  {
    name: "start-10000",
    what: "from launch to the first answer with 10 000 servers configured",
    config: manyServers,
    load: { kind: "start" },
    metrics: { start: { most: 1_000 } },
  },
  {
    name: "reload",
    what: "ten -sf reloads under 16 busy connections, kept and new",
    config: tcpWithStats,
    load: { kind: "reload", reloads: 10 },
    metrics: { lost: { most: 0 }, rate: null },
  },
  {
    name: "http-reload",
    what: "ten -sf reloads in http mode under 16 busy connections, kept and new",
    config: httpWithStats,
    load: { kind: "reload", reloads: 10 },
    metrics: { lost: { most: 0 }, rate: null },
  },
];
