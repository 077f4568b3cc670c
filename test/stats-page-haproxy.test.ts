/**
 * The statistics page against haproxy 2.6 with the same configuration: what is a request for it, status, header fields,
 * and the rows and columns of its CSV. The HTML is our own.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { initBoard } from "../src/board/board.ts";
import { layoutBoard } from "../src/board/layout.ts";
import type { Model } from "../src/config/haproxy/model.ts";
import { answerStats, type StatsAnswer } from "../src/stats/page/answer.ts";
import { isStatsUri, STATS_METHODS } from "../src/stats/page/request.ts";
import { model as load } from "./config_fixture.ts";
import { freePort } from "./harness/ports.ts";
import { cleanUp, HAPROXY, start } from "./harness/processes.ts";
import { context } from "./stats_fixture.ts";

afterAll(cleanUp);

const PORTS = { open: freePort(), closed: freePort(), scoped: freePort(), front: freePort() };
const CONFIG = `global
  node n1
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
  retries 0
listen open
  bind 127.0.0.1:${PORTS.open}
  stats enable
  server s1 127.0.0.1:1 disabled cookie c1
  server s2 127.0.0.1:1 backup
  cookie SRV insert
listen closed
  bind 127.0.0.1:${PORTS.closed}
  stats uri /private
  stats realm Our\\ realm
  stats auth a:b
  stats auth c:d:e
  stats auth empty
  stats refresh 5s
  stats show-legends
listen scoped
  bind 127.0.0.1:${PORTS.scoped}
  stats uri /
  stats scope .
  stats scope plain
frontend front
  bind 127.0.0.1:${PORTS.front}
  option socket-stats
  default_backend behind
backend behind
  stats uri /behind
  stats scope .
listen plain
  mode tcp
  bind 127.0.0.1:${freePort()}
  server s1 127.0.0.1:1
`;

interface Asked {
  at: keyof typeof PORTS;
  uri: string;
  method?: string;
  user?: string;
}

/** null: no answer of the page. */
function ours(of: Model, { at, uri, method = "GET", user }: Asked): StatsAnswer | null {
  const layout = layoutBoard(of, 1);
  const source = context(of, { board: initBoard(new Uint8Array(layout.bytes), layout, of, Date.now()) });
  const target = { open: "open", closed: "closed", scoped: "scoped", front: "behind" }[at];
  const settings = of.proxies.find(({ name }) => name === target)!.stats!;
  if (!STATS_METHODS.has(method) || !isStatsUri(settings, uri)) return null;
  const authorization = user === undefined ? null : `Basic ${btoa(user)}`;
  return answerStats(source, settings, { method, uri, authorization });
}

const theirs = ({ at, uri, method = "GET", user }: Asked): Promise<Response> =>
  fetch(`http://127.0.0.1:${PORTS[at]}${uri}`, {
    method,
    redirect: "manual",
    // haproxy closes behind a 401: a connection that is kept could be closed under the next request.
    keepalive: false,
    headers: user === undefined ? {} : { authorization: `Basic ${btoa(user)}` },
  });

const FIELDS = ["cache-control", "content-type", "refresh", "www-authenticate", "location"];
const fieldsOf = (all: Headers): Record<string, string> =>
  Object.fromEntries(FIELDS.flatMap((name) => {
    const value = all.get(name);
    // Ours say which letters the page is written in.
    return value === null ? [] : [[name, value.replace(/; charset=.*/, "")]];
  }));

describe.skipIf(HAPROXY === null)("as haproxy", () => {
  const of = load(CONFIG);
  beforeAll(() => start(CONFIG, { program: HAPROXY!, ready: Object.values(PORTS) }));

  const asked: Asked[] = [
    ...["", ";csv", ";csv;norefresh", ";json", ";typed", ";up", ";no-maint;csv", "&x=y", ";nonsense"].map((
      rest,
    ): Asked => ({
      at: "open",
      uri: `/haproxy?stats${rest}`,
    })),
    ...["/haproxy", "/haproxy?stat", "/HAPROXY?stats", "/x/haproxy?stats"].map((uri): Asked => ({ at: "open", uri })),
    ...["HEAD", "POST", "PUT", "DELETE", "OPTIONS"].map((method): Asked => ({
      at: "open",
      uri: "/haproxy?stats",
      method,
    })),
    ...["HEAD", "POST"].map((method): Asked => ({ at: "closed", uri: "/private", method })),
    { at: "closed", uri: "/private" },
    { at: "closed", uri: "/private;csv", user: "a:b" },
    ...["a:b", "c:d:e", "empty:", "empty", "a:x", "a:", ":", "A:b"].map((user): Asked => ({
      at: "closed",
      uri: "/private;json",
      user,
    })),
    { at: "closed", uri: "/privately;csv;norefresh", user: "a:b" },
    { at: "closed", uri: "/haproxy?stats", user: "a:b" },
    { at: "scoped", uri: "/" },
    { at: "scoped", uri: "/any/path;csv" },
    { at: "front", uri: "/behind;csv" },
  ];
  test.each(asked)("$method $at $uri $user: status and header fields", async (one) => {
    const their = await theirs(one);
    const our = ours(of, one);
    // Nobody serves these proxies: what is not for the page ends there.
    if (our === null) return expect(their.status).toBe(503);
    expect(our.status).toBe(their.status as StatsAnswer["status"]);
    const wanted = fieldsOf(their.headers);
    // A page in HTML is refreshed by its own hand.
    if (our.headers.some(([, value]) => value.startsWith("text/html"))) delete wanted["refresh"];
    expect(fieldsOf(new Headers(our.headers))).toEqual(wanted);
  });

  /** Which columns of which rows have a value; figures move while haproxy is asked. */
  const shapeOf = (text: string, known?: string[]): string[] => {
    const [head, ...lines] = text.split("\n").filter((line) => line !== "");
    const names = head!.slice(2).split(",");
    return lines.map((line) => {
      const filled = line.split(",").flatMap((value, i) =>
        value !== "" && names[i] !== "" && (known ?? names).includes(names[i]!) ? [names[i]!] : []
      );
      return `${line.split(",", 2).join("/")}: ${filled.toSorted().join(" ")}`;
    });
  };
  const tables: Asked[] = [
    ...["", ";up", ";no-maint", "?scope=PL", "?scope=none", ";csv?scope=ope"].map((rest): Asked => ({
      at: "open",
      uri: `/haproxy?stats;csv${rest}`,
    })),
    { at: "closed", uri: "/private;csv", user: "a:b" },
    { at: "scoped", uri: "/;csv" },
    { at: "front", uri: "/behind;csv" },
  ];
  test.each(tables)("$at $uri: the same rows, with the same columns filled", async (one) => {
    const their = await (await theirs(one)).text();
    const known = their.slice(2, their.indexOf("\n")).split(",");
    expect(shapeOf(ours(of, one)!.body, known)).toEqual(shapeOf(their));
  });
});
