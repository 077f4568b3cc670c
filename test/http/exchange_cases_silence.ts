/**
 * Rows of exchange.test.ts: clients that fall silent, and what ends their connections.
 */
import { get, head, ok } from "../harness/http.ts";
import { type Case, one, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));
const mute = one(stands.mute);
const POST = ["POST / HTTP/1.1", "Host: h"];

export const SILENCE: readonly Case[] = [
  {
    name: "request_timeout_at_once",
    frontend: ["timeout http-request 200ms"],
    servers: okays,
    clients: async ({ connect }) => void await (await connect()).ended(),
  },
  {
    name: "request_timeout_at_once_dontlognull",
    frontend: ["timeout http-request 200ms", "option dontlognull"],
    servers: okays,
    clients: async ({ connect }) => void await (await connect()).ended(),
  },
  {
    name: "request_timeout_at_once_ignoring_probes",
    frontend: ["timeout http-request 200ms", "option http-ignore-probes"],
    servers: okays,
    clients: async ({ connect }) => void await (await connect()).ended(),
  },
  {
    name: "request_timeout_in_head",
    frontend: ["timeout http-request 1s"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHost");
      await client.ended();
    },
    atLeast: { field: "activeMs", ms: 900 },
  },
  {
    name: "request_timeout_is_not_of_the_body",
    frontend: ["timeout http-request 500ms", "timeout client 1s"],
    backend: ["timeout server 2s"],
    servers: mute,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10") + "01234");
      await client.ended();
    },
    atLeast: { field: "activeMs", ms: 1_900 },
  },
  {
    name: "client_timeout_serves_as_request_timeout",
    frontend: ["timeout client 1s"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("GET / HTT");
      await client.ended();
    },
  },
  {
    name: "client_timeout_in_chunked_body",
    frontend: ["timeout client 1s"],
    backend: ["timeout server 2s"],
    servers: mute,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Transfer-Encoding: chunked") + "5\r\n01234\r\n");
      await client.ended();
    },
  },
  {
    name: "keep_alive_timeout",
    frontend: ["timeout http-keep-alive 500ms"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.ended();
    },
  },
  {
    name: "request_timeout_serves_as_keep_alive_timeout",
    frontend: ["timeout http-request 1s"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.ended();
    },
  },
  {
    name: "request_timeout_in_second_head",
    frontend: ["timeout http-keep-alive 5s", "timeout http-request 1s"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.until(1);
      client.send("GET /");
      await client.ended();
    },
  },
  {
    name: "client_does_not_read",
    frontend: ["timeout client 1s"],
    servers: one(stands.answers(ok("x".repeat(20_000_000)))),
    clients: async ({ connect, logged }) => {
      const client = await connect();
      client.peer.socket.pause();
      client.send(get());
      await logged(1);
      client.reset();
    },
    leaveOut: ["bytes", "bodies"],
  },
];
