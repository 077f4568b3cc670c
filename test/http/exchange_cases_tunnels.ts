/**
 * Rows of exchange.test.ts: connections that become another protocol's, by Upgrade or CONNECT.
 */
import { answer, get, head, ok } from "../harness/http.ts";
import { type Case, one, type Scene, stands } from "./exchange_scene.ts";

const upgrade = (...fields: string[]) =>
  get("/ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...fields);
const SWITCHED = head(
  "HTTP/1.1 101 Switching Protocols",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
);
const agrees = one(stands.switches(SWITCHED));
const connects = one(stands.switches(head("HTTP/1.1 200 Connected")));
const CONNECT = head("CONNECT h:443 HTTP/1.1", "Host: h:443");

/** Opens the tunnel and says something through it, which comes back. */
async function opened({ connect }: Scene, text = upgrade()) {
  const client = await connect();
  client.send(text);
  await client.until(1);
  client.send("ping");
  await client.untilText("ping");
  return client;
}

export const TUNNELS: readonly Case[] = [
  {
    name: "upgraded_and_client_ends",
    servers: agrees,
    clients: async (scene) => {
      const client = await opened(scene);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_and_server_ends",
    servers: agrees,
    clients: async (scene) => {
      const client = await opened(scene);
      (await scene.server("s1")).shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_and_client_resets",
    servers: agrees,
    clients: async (scene) => {
      const client = await opened(scene);
      client.reset();
      await scene.logged(1);
    },
  },
  {
    name: "upgraded_and_server_resets",
    servers: agrees,
    clients: async (scene) => {
      const client = await opened(scene);
      (await scene.server("s1")).reset();
      await client.ended();
    },
  },
  {
    name: "upgraded_with_bytes_behind_the_answer",
    servers: one(stands.switches(SWITCHED, "hello at once")),
    clients: async (scene) => {
      const client = await opened(scene);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_large_both_ways",
    servers: agrees,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(upgrade());
      await client.until(1);
      const before = client.peer.bytes;
      client.send(new Uint8Array(1_000_000).fill(0x41));
      await client.untilBytes(before + 1_000_000);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_behind_a_request",
    servers: one((end) => {
      let requests = 0;
      end.peer.onData = (data) => {
        if (end.switched) return end.send(new Uint8Array(data));
        if (end.reading().messages.length === requests) return;
        requests += 1;
        if (requests === 1) return end.send(ok());
        end.switched = true;
        end.send(SWITCHED);
      };
      end.peer.onEnding = () => end.shutdown();
    }),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.until(1);
      client.send(upgrade());
      await client.until(2);
      client.send("ping");
      await client.untilText("ping");
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_with_http_server_close",
    frontend: ["option http-server-close"],
    servers: agrees,
    clients: async (scene) => {
      const client = await opened(scene);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_with_httpclose",
    frontend: ["option httpclose"],
    servers: agrees,
    clients: async (scene) => {
      const client = await opened(scene);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgraded_and_tunnel_times_out",
    backend: ["timeout tunnel 1s"],
    servers: agrees,
    clients: async (scene) => void await (await opened(scene)).ended(),
    atLeast: { field: "activeMs", ms: 990 },
  },
  {
    name: "upgraded_outlives_short_sides",
    frontend: ["timeout client 1s"],
    backend: ["timeout server 1s", "timeout tunnel 2500ms"],
    servers: agrees,
    clients: async (scene) => void await (await opened(scene)).ended(),
    atLeast: { field: "activeMs", ms: 2_490 },
  },
  {
    name: "upgraded_without_tunnel_timeout",
    frontend: ["timeout client 1s"],
    backend: ["timeout server 4s"],
    servers: agrees,
    clients: async (scene) => void await (await opened(scene)).ended(),
  },
  {
    name: "upgraded_and_client_half_closed_times_out",
    frontend: ["timeout client-fin 700ms"],
    backend: ["timeout server-fin 700ms", "timeout tunnel 10s"],
    servers: one(stands.switches(SWITCHED)),
    clients: async (scene) => {
      const client = await opened(scene);
      (await scene.server("s1")).peer.onEnding = null;
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "upgrade_refused",
    servers: one(stands.answers(answer("426 Upgrade Required", "no"), ok())),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(upgrade());
      await client.until(1);
      client.send(get());
      await client.until(2);
    },
  },
  {
    name: "upgrade_without_connection_field",
    servers: one(stands.answers(ok())),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get("/", "Upgrade: websocket"));
      await client.until(1);
    },
  },
  {
    name: "upgrade_to_another_protocol_with_a_body",
    servers: one(stands.answers(ok())),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(
        head("POST / HTTP/1.1", "Host: h", "Connection: upgrade, x", "Upgrade: foo/1", "Content-Length: 4") + "body",
      );
      await client.until(1);
    },
  },
  {
    name: "upgrade_http10",
    servers: one(stands.answers(ok())),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("GET / HTTP/1.0", "Connection: upgrade", "Upgrade: websocket"));
      await client.ended();
    },
  },
  {
    name: "websocket_without_a_key",
    servers: agrees,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get("/ws", "Connection: Upgrade", "Upgrade: websocket"));
      await client.ended();
    },
  },
  {
    name: "websocket_answer_without_accept",
    servers: one(
      stands.switches(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")),
    ),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(upgrade());
      await client.until(1);
    },
    leaveOut: ["serverEnds"],
  },
  {
    name: "connected",
    servers: connects,
    clients: async (scene) => {
      const client = await opened(scene, CONNECT);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "connected_and_server_ends",
    servers: connects,
    clients: async (scene) => {
      const client = await opened(scene, CONNECT);
      (await scene.server("s1")).shutdown();
      await client.ended();
    },
  },
  {
    name: "connect_refused_by_the_server",
    servers: one(stands.answers(answer("403 Forbidden", "no"), ok())),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(CONNECT);
      await client.until(1);
    },
  },
  {
    name: "connect_to_another_host",
    servers: connects,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("CONNECT h:443 HTTP/1.1", "Host: other:443", "Connection: close"));
      await client.ended();
    },
  },
];
