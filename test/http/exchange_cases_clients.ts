/**
 * Rows of exchange.test.ts: clients that leave or fall silent, at each phase of an exchange.
 */
import { chunked, get, head, ok, post } from "../harness/http.ts";
import { type Case, named, one, onRequests, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));
const mute = one(stands.mute);
const POST = ["POST / HTTP/1.1", "Host: h"];
/** Half an answer, and then nothing. */
const half = one(onRequests((end) => end.send(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234")));
const BUSY = ["timeout queue 10s"];

export const CLIENTS: readonly Case[] = [
  // ---- before a request
  {
    name: "client_says_nothing_and_ends",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_says_nothing_and_ends_dontlognull",
    frontend: ["option dontlognull"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_says_nothing_and_resets",
    servers: okays,
    clients: async ({ connect, logged }) => {
      (await connect()).reset();
      await logged(1);
    },
  },
  {
    name: "client_says_nothing_and_ends_ignoring_probes",
    frontend: ["option http-ignore-probes"],
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.shutdown();
      await client.ended();
    },
  },
  // ---- in the head
  {
    name: "client_ends_in_head",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHo");
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_resets_in_head",
    servers: okays,
    clients: async ({ connect, settled, logged }) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHo");
      await settled();
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_ends_in_second_head",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.until(1);
      client.send("GET / HTTP/1.1\r\nHo");
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_ends_between_requests",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.until(1);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_resets_between_requests",
    servers: okays,
    clients: async ({ connect, settled }) => {
      const client = await connect();
      client.send(get());
      await client.until(1);
      client.reset();
      await settled();
    },
  },
  // ---- in the body
  {
    name: "client_ends_in_body",
    servers: mute,
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10") + "01234");
      await (await server("s1")).untilText("01234");
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_resets_in_body",
    servers: mute,
    clients: async ({ connect, server, logged }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10") + "01234");
      await (await server("s1")).untilText("01234");
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_ends_in_chunk",
    servers: mute,
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(head(...POST, "Transfer-Encoding: chunked") + "a\r\n01234");
      await (await server("s1")).untilText("01234");
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_resets_between_chunks",
    servers: mute,
    clients: async ({ connect, server, logged }) => {
      const client = await connect();
      client.send(head(...POST, "Transfer-Encoding: chunked") + "5\r\n01234\r\n");
      await (await server("s1")).untilText("01234");
      client.reset();
      await logged(1);
    },
  },
  {
    name: "bad_chunk_once_the_server_has_the_head",
    servers: mute,
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(head(...POST, "Transfer-Encoding: chunked") + "5\r\n01234\r\n");
      await (await server("s1")).untilText("01234");
      client.send("xyz\r\n");
      await client.ended();
    },
  },
  {
    name: "bad_chunk_once_the_answer_has_begun",
    servers: one((end) => {
      end.peer.onData = () => {
        if (end.peer.received().includes("01234")) end.send(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234");
        end.peer.onData = null;
      };
    }),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Transfer-Encoding: chunked") + "5\r\n01234\r\n");
      await client.untilText("01234");
      client.send("xyz\r\n");
      await client.ended();
    },
  },
  // ---- waiting for the answer
  {
    name: "client_half_closes_and_waits",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_ends_while_waiting",
    backend: ["timeout server 1s"],
    servers: mute,
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(get());
      await (await server("s1")).until(1);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_ends_while_waiting_abortonclose",
    listen: true,
    backend: ["option abortonclose"],
    servers: mute,
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(get());
      await (await server("s1")).until(1);
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_resets_while_waiting",
    backend: ["timeout server 1s"],
    servers: mute,
    clients: async ({ connect, server, logged }) => {
      const client = await connect();
      client.send(get());
      await (await server("s1")).until(1);
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_resets_while_waiting_for_a_post",
    backend: ["timeout server 1s"],
    servers: mute,
    clients: async ({ connect, server, logged }) => {
      const client = await connect();
      client.send(post("whole"));
      await (await server("s1")).until(1);
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_resets_while_connecting",
    backend: ["retries 0", "timeout connect 1s"],
    servers: one("full"),
    clients: async ({ connect, connecting, logged }) => {
      const client = await connect();
      client.send(get());
      await connecting("s1");
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_ends_while_connecting_abortonclose",
    listen: true,
    backend: ["retries 0", "option abortonclose"],
    servers: one("full"),
    clients: async ({ connect, connecting }) => {
      const client = await connect();
      client.send(get());
      await connecting("s1");
      client.shutdown();
      await client.ended();
    },
  },
  // ---- in the answer
  {
    name: "client_ends_in_answer",
    backend: ["timeout server 1s"],
    servers: half,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(get());
      await client.untilText("01234");
      client.shutdown();
      await client.ended();
    },
  },
  {
    name: "client_resets_in_answer",
    backend: ["timeout server 1s"],
    servers: half,
    clients: async ({ connect, logged }) => {
      const client = await connect();
      client.send(get());
      await client.untilText("01234");
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_resets_in_chunked_answer",
    backend: ["timeout server 1s"],
    servers: one(
      onRequests((end) => end.send(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n01234\r\n")),
    ),
    clients: async ({ connect, logged }) => {
      const client = await connect();
      client.send(get());
      await client.untilText("01234");
      client.reset();
      await logged(1);
    },
  },
  {
    name: "client_resets_behind_pipelined_requests",
    backend: ["timeout server 1s"],
    servers: mute,
    clients: async ({ connect, server, logged }) => {
      const client = await connect();
      client.send(get("/1") + get("/2"));
      await (await server("s1")).until(1);
      client.reset();
      await logged(1);
    },
  },
  // ---- in the queue
  {
    name: "client_resets_in_queue_abortonclose",
    listen: true,
    backend: [...BUSY, "option abortonclose"],
    servers: one(stands.mute, "maxconn 1"),
    clients: async ({ connect, server, queued, logged }) => {
      const first = await connect();
      first.send(get("/1"));
      await (await server("s1")).until(1);
      const second = await connect();
      second.send(get("/2"));
      await queued(1);
      second.reset();
      await logged(1);
      first.reset();
      await logged(2);
    },
  },
  {
    name: "client_ends_in_queue",
    backend: ["timeout queue 1s", "timeout server 3s"],
    servers: one(stands.mute, "maxconn 1"),
    clients: async ({ connect, server, queued, logged }) => {
      const first = await connect();
      first.send(get("/1"));
      await (await server("s1")).until(1);
      const second = await connect();
      second.send(get("/2"));
      await queued(1);
      second.shutdown();
      await second.ended();
      await logged(1);
      first.reset();
      await logged(2);
    },
  },
  {
    name: "client_ends_in_queue_abortonclose",
    listen: true,
    backend: [...BUSY, "option abortonclose"],
    servers: one(stands.mute, "maxconn 1"),
    clients: async ({ connect, server, queued, logged }) => {
      const first = await connect();
      first.send(get("/1"));
      await (await server("s1")).until(1);
      const second = await connect();
      second.send(get("/2"));
      await queued(1);
      second.shutdown();
      await second.ended();
      await logged(1);
      first.reset();
      await logged(2);
    },
  },
  {
    name: "frontend_maxconn",
    frontend: ["maxconn 1"],
    servers: named(["s1"]),
    clients: async ({ connect, logged, settled }) => {
      const first = await connect();
      first.send(get("/1"));
      await first.until(1);
      const second = await connect(); // connected by the kernel, accepted by no one yet
      second.send(get("/2"));
      await settled();
      first.shutdown();
      await first.ended();
      await second.until(1);
      await logged(2);
    },
  },
  {
    name: "chunked_post_then_client_ends",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Transfer-Encoding: chunked") + chunked(["one"]));
      client.shutdown();
      await client.ended();
    },
  },
];
