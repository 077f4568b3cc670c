/**
 * Rows of exchange.test.ts: places at servers, queues, and which connections to servers are used again.
 */
import { get, head, ok } from "../harness/http.ts";
import { type Case, inTurn, named, one, onRequests, saysUntilEnd, type Scene, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));
/** Answers when the row says so. */
const held = stands.mute;

/** The first request holds the only place; the second is sent once the first is at the server. */
async function twoForOne({ connect, server }: Scene) {
  const first = await connect();
  first.send(get("/1"));
  await (await server("s1")).until(1);
  const second = await connect();
  second.send(get("/2"));
  return { first, second };
}

const reuse = (mode: string, more: readonly string[] = []): Case => ({
  name: `reuse_${mode}${more.length > 0 ? "_with_more" : ""}`,
  backend: [`http-reuse ${mode}`, ...more],
  servers: okays,
  clients: async ({ connect, settled }) => {
    // The first leaves a connection of one request, the second uses one twice, the third comes to what is left.
    for (const requests of [1, 2, 1]) {
      const client = await connect();
      for (let i = 1; i <= requests; i++) {
        client.send(get(`/${i}`));
        await client.until(i);
      }
      client.shutdown();
      await client.ended();
      await settled();
    }
  },
  leaveOut: ["serverEnds"],
});

export const QUEUES: readonly Case[] = [
  {
    name: "queued_then_served",
    servers: one(held, "maxconn 1"),
    clients: async (scene) => {
      const { first, second } = await twoForOne(scene);
      await scene.queued(1);
      (await scene.server("s1")).send(ok("one"));
      await first.until(1);
      await scene.logged(1);
      first.close();
      const place = scene.seen("s1") > 1 ? 1 : 0;
      await (await scene.server("s1", place)).until(2 - place);
      (await scene.server("s1", place)).send(ok("two"));
      await second.until(1);
    },
    leaveOut: ["serverEnds"],
  },
  {
    name: "queue_timeout",
    backend: ["timeout queue 400ms"],
    servers: one(held, "maxconn 1"),
    clients: async (scene) => {
      const { first, second } = await twoForOne(scene);
      await second.until(1);
      (await scene.server("s1")).send(ok("one"));
      await first.until(1);
    },
    atLeast: { field: "queueMs", ms: 390 },
  },
  {
    name: "queue_timeout_is_connect_timeout",
    backend: ["timeout connect 400ms", "timeout queue 0"],
    servers: one(held, "maxconn 1"),
    clients: async (scene) => {
      const { first, second } = await twoForOne(scene);
      await second.until(1);
      (await scene.server("s1")).send(ok("one"));
      await first.until(1);
    },
  },
  {
    name: "maxqueue",
    backend: ["balance source"],
    servers: one(held, "maxconn 1 maxqueue 1"),
    clients: async (scene) => {
      const { first, second } = await twoForOne(scene);
      await scene.queuedAtServer(1);
      const third = await scene.connect();
      third.send(get("/3"));
      await third.until(1);
      (await scene.server("s1")).send(ok("one", "Connection: close"));
      await first.until(1);
      await (await scene.server("s1", 1)).until(1);
      (await scene.server("s1", 1)).send(ok("two", "Connection: close"));
      await second.until(1);
    },
    leaveOut: ["serverEnds"],
  },
  {
    name: "kept_connection_gives_its_place_back",
    servers: one(stands.answers(ok()), "maxconn 1"),
    clients: async ({ connect }) => {
      const first = await connect();
      first.send(get("/1"));
      await first.until(1);
      const second = await connect(); // the first stays, and idle connections hold no place
      second.send(get("/2"));
      await second.until(1);
    },
    leaveOut: ["serverEnds"],
  },
  {
    name: "leastconn_by_requests_in_hand",
    backend: ["balance leastconn"],
    servers: { s1: { is: held }, s2: { is: held } },
    clients: async ({ connect, server }) => {
      const first = await connect();
      first.send(get("/1"));
      await (await server("s1")).until(1);
      const second = await connect();
      second.send(get("/2"));
      await (await server("s2")).until(1);
      (await server("s2")).send(ok("two"));
      await second.until(1);
      second.send(get("/3"));
      await (await server("s2")).until(2);
      (await server("s2")).send(ok("three"));
      (await server("s1")).send(ok("one"));
      await second.until(2);
      await first.until(1);
    },
  },
  // ---- connections to servers
  reuse("never"),
  reuse("safe"),
  reuse("aggressive"),
  reuse("always"),
  {
    name: "reuse_of_one_client_with_http_reuse_never",
    backend: ["http-reuse never"],
    servers: okays,
    clients: inTurn(get("/1"), get("/2"), get("/3")),
  },
  {
    name: "kept_to_its_server_with_prefer_last_server",
    backend: ["option prefer-last-server"],
    servers: named(["s1", "s2"]),
    clients: inTurn(get("/1"), get("/2"), get("/3")),
  },
  {
    name: "server_that_keeps_none",
    servers: one(stands.answers(ok()), "pool-max-conn 0"),
    clients: async ({ connect, settled }) => {
      for (let i = 0; i < 2; i++) {
        const client = await connect();
        client.send(get());
        await client.until(1);
        client.shutdown();
        await client.ended();
        await settled();
      }
    },
  },
  {
    name: "max_reuse",
    servers: one(stands.answers(ok()), "max-reuse 1"),
    clients: inTurn(get("/1"), get("/2"), get("/3"), get("/4")),
  },
  ...["http-server-close", "httpclose", "http-keep-alive"].flatMap((option): Case[] => [
    {
      name: `frontend_${option.replaceAll("-", "_")}`,
      frontend: [`option ${option}`],
      servers: okays,
      clients: option === "httpclose" ? saysUntilEnd(get("/1")) : inTurn(get("/1"), get("/2")),
    },
    {
      name: `backend_${option.replaceAll("-", "_")}`,
      backend: [`option ${option}`],
      servers: okays,
      clients: inTurn(get("/1"), get("/2")),
    },
  ]),
  {
    name: "http_server_close_http10",
    frontend: ["option http-server-close"],
    servers: okays,
    clients: inTurn(
      head("GET /1 HTTP/1.0", "Connection: keep-alive"),
      head("GET /2 HTTP/1.0", "Connection: keep-alive"),
    ),
  },
  {
    name: "pretend_keepalive",
    frontend: ["option http-server-close"],
    backend: ["option http-pretend-keepalive"],
    servers: okays,
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "http_use_proxy_header",
    frontend: ["option http-use-proxy-header"],
    servers: okays,
    clients: inTurn(get("/1", "Proxy-Connection: keep-alive")),
  },
  {
    name: "http_no_delay",
    frontend: ["option http-no-delay"],
    servers: one(onRequests((end) => void end.drip(ok("drop by drop")))),
    clients: inTurn(get("/1")),
  },
];
