/**
 * A site as a person on call finds it (some servers down, one at its limit, long names, big figures), on a board written
 * by hand, and a small server that answers its statistics page.
 */
import { type Board, rowAt, wordAt } from "../src/board/board.ts";
import { countEvent } from "../src/board/rates.ts";
import { ADMIN, COUNTER, type Counter, SERVER_STATE, WORD } from "../src/board/words.ts";
import type { Model, Proxy, StatsPage } from "../src/config/haproxy/model.ts";
import { DEFAULT_STATS } from "../src/config/haproxy/sections/stats.ts";
import { answerStats } from "../src/stats/page/answer.ts";
import type { StatsSource } from "../src/stats/source.ts";
import { bind, context, ip, model, proxy, server } from "./stats_fixture.ts";

export const page = (given: Partial<StatsPage> = {}): StatsPage => ({ ...DEFAULT_STATS, ...given });

export type Words = Partial<Record<keyof typeof WORD, number>>;
export function setWords(board: Board, entity: number, words: Words): void {
  for (const [name, value] of Object.entries(words)) {
    board.words[wordAt(entity, WORD[name as keyof typeof WORD])] = value;
  }
}

const servers = (names: readonly string[], given: Parameters<typeof server>[4] = {}) =>
  names.map((name, i) => server(name, i + 1, `10.20.${names.length}.${i + 11}`, 8080, { cookie: `k${i}`, ...given }));

const SITE: Proxy[] = [
  proxy("frontend", "www", 2, {
    mode: "http",
    maxconn: 20_000,
    binds: [bind(ip("", 80)), bind(ip("", 443), { id: 2, name: "tls-edge", maxconn: 4000 })],
    options: { socketStats: true },
    defaultBackend: "shop",
    description: "Public entry of shop & account",
  }),
  proxy("backend", "shop", 3, {
    mode: "http",
    balance: { kind: "leastconn" },
    servers: servers(["web-fra-01", "web-fra-02", "web-fra-03", "web-ams-01", "web-ams-02"], { maxconn: 400 }),
  }),
  proxy("backend", "account-and-customer-profile-service.production.eu-central-1", 4, {
    mode: "http",
    servers: servers([
      "profile-7f9c6d5b48-xk2lp.account.svc.cluster.local",
      "profile-7f9c6d5b48-m9z4t.account.svc.cluster.local",
    ]),
  }),
  proxy("backend", "search", 5, {
    mode: "http",
    servers: [...servers(["search-1", "search-2"]), server("search-fallback", 9, "10.30.0.1", 8080, { backup: true })],
  }),
  proxy("listen", "postgres", 6, {
    maxconn: 500,
    binds: [bind(ip("127.0.0.1", 5432))],
    balance: { kind: "first" },
    servers: [server("pg-primary", 1, "10.40.0.1", 5432), server("pg-replica", 2, "10.40.0.2", 5432, { backup: true })],
  }),
  proxy("listen", "stats", 7, { mode: "http", binds: [bind(ip("", 9000))] }),
];

/** The same figures every time, without an order one sees. */
const figure = (seed: number, most: number): number =>
  Math.floor(((Math.imul(seed + 1, 2654435761) >>> 0) / 2 ** 32) * most);

const COUNTS: readonly [counter: Counter, most: number][] = [
  ["sessions", 4_000_000],
  ["connections", 4_000_000],
  ["requests", 9_000_000],
  ["chosen", 4_000_000],
  ["bytesIn", 9e9],
  ["bytesOut", 8e11],
  ["http2xx", 8_000_000],
  ["http3xx", 300_000],
  ["http4xx", 90_000],
  ["http5xx", 2_000],
  ["reqErrors", 900],
  ["connErrors", 60],
  ["respErrors", 40],
  ["retries", 90],
  ["clientAborts", 3_000],
  ["reuses", 3_000_000],
  ["connects", 400_000],
];

/** Figures everywhere, and a state of the whole as after a bad night. */
export function fill(of: StatsSource): void {
  const { board, model } = of;
  const sec = Math.floor(of.now() / 1000);
  const busy = (entity: number, limit: number): void => {
    const share = figure(entity, limit);
    setWords(board, entity, {
      cur: share,
      max: Math.min(limit, share * 2),
      lastSession: 60,
      sessMax: share * 3,
      reqMax: share * 5,
    });
    for (let i = 0; i < share / 4; i++) countEvent(board.words, wordAt(entity, WORD.sessSec), sec);
    COUNTS.forEach(([counter, most], i) => {
      board.rows[rowAt(board.layout, 0, entity) + COUNTER[counter]] = figure(entity * 31 + i, most);
    });
    const row = rowAt(board.layout, 0, entity);
    board.rows[row + COUNTER.connectTimeSum] = 1024 * 2;
    board.rows[row + COUNTER.responseTimeSum] = 1024 * figure(entity, 90);
    board.rows[row + COUNTER.totalTimeSum] = 1024 * figure(entity, 300);
  };
  model.proxies.forEach(({ binds, servers }, p) => {
    const { frontend, firstListener, firstServer, backend } = board.layout.proxies[p]!;
    if (frontend >= 0) busy(frontend, 400);
    binds.forEach((_bind, i) => busy(firstListener + i, 200));
    servers.forEach((_server, i) => busy(firstServer + i, 200));
    if (backend >= 0) busy(backend, 300);
  });
  setWords(board, 0, { cur: 118, connMax: 2212, sessMax: 2190 });
}

const serverOf = (of: StatsSource, name: string): number => {
  for (const [p, { servers }] of of.model.proxies.entries()) {
    const i = servers.findIndex((one) => one.name === name);
    if (i >= 0) return of.board.layout.proxies[p]!.firstServer + i;
  }
  throw new Error(`no server ${name}`);
};

/** By name of the server. */
export function set(of: StatsSource, name: string, words: Words): void {
  setWords(of.board, serverOf(of, name), words);
}

export function site(proxies: Proxy[] = SITE, given: Partial<Model["global"]> = {}): StatsSource {
  const of = context(model(proxies, { node: "lb1.fra.example.net", description: "Edge, Frankfurt", ...given }), {
    maxconn: 40_000,
    startedAtMs: 1_700_000_000_000 - 1_080_000_000,
  });
  // What happened lies some hours back.
  of.board.madeAtMs -= 90_000_000;
  return of;
}

export function trouble(of: StatsSource): void {
  const down = { state: SERVER_STATE.down, cur: 0 };
  const board = 90_065;
  set(of, "search-1", { ...down, stateSince: board - 252 });
  set(of, "search-2", { ...down, stateSince: board - 190 });
  set(of, "search-fallback", { ...down, stateSince: board - 74 });
  set(of, "web-fra-02", { ...down, stateSince: board - 11_300 });
  set(of, "web-fra-03", { cur: 400, max: 400, queued: 35, queuedMax: 80, maxconn: 400 });
  set(of, "web-ams-01", { admin: ADMIN.forcedDrain, stateSince: board - 600 });
  set(of, "web-ams-02", { admin: ADMIN.forcedMaint, state: SERVER_STATE.down, cur: 0, stateSince: 120 });
  const [, shop, , search] = of.board.layout.proxies;
  setWords(of.board, shop!.backend, { queued: 35, queuedMax: 80 });
  setWords(of.board, search!.backend, { stateSince: board - 74, downtime: 800, cur: 0 });
}

export interface Served {
  url: string;
  /** Full pages answered so far. */
  asked(): number;
  stop(): void;
}

/** Answers on a port of the kernel's choice, as the proxy does. */
export function serve(of: StatsSource, settings: StatsPage): Served {
  let asked = 0;
  const http = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked++;
      const answer = answerStats(of, settings, {
        method: request.method,
        uri: pathname + search,
        authorization: request.headers.get("authorization"),
      });
      return new Response(Buffer.from(answer.body, "latin1"), { status: answer.status, headers: answer.headers });
    },
  });
  return { url: `http://127.0.0.1:${http.port}`, asked: () => asked, stop: () => void http.stop(true) };
}
