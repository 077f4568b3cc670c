/**
 * Rows of exchange.test.ts: servers that refuse, fall silent, leave or talk nonsense, and what is tried again.
 */
import { waitFor } from "../harness/conditions.ts";
import { chunked, get, head, ok, post } from "../harness/http.ts";
import { type Case, inTurn, named, one, onRequests, says, saysUntilEnd, stands } from "./exchange_scene.ts";

const asked = saysUntilEnd(get("/", "Connection: close"));
const SHORT = ["timeout connect 300ms"]; // also what lies between two tries of one server

export const SERVERS: readonly Case[] = [
  // ---- connecting
  { name: "refused", backend: ["retries 0"], servers: one("refuses"), clients: asked },
  { name: "refused_with_retries", backend: ["retries 2", ...SHORT], servers: one("refuses"), clients: asked },
  {
    name: "refused_and_client_kept",
    backend: ["retries 0"],
    servers: one("refuses"),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "refused_with_a_body_under_way",
    backend: ["retries 0"],
    servers: one("refuses"),
    clients: saysUntilEnd(post("a body", "Connection: close")),
  },
  {
    name: "refused_then_redispatched",
    backend: ["retries 1", "option redispatch", ...SHORT],
    servers: { s1: { is: "refuses" }, s2: { is: stands.answers(ok("s2")) } },
    clients: asked,
  },
  {
    name: "refused_without_redispatch",
    backend: ["retries 1", "no option redispatch", ...SHORT],
    servers: { s1: { is: "refuses" }, s2: { is: stands.answers(ok("s2")) } },
    clients: asked,
  },
  {
    name: "all_refuse_with_redispatch",
    backend: ["retries 2", "option redispatch", ...SHORT],
    servers: { s1: { is: "refuses" }, s2: { is: "refuses" } },
    clients: asked,
  },
  {
    name: "connect_timeout",
    backend: ["retries 0", "timeout connect 200ms"],
    servers: one("full"),
    clients: asked,
    atLeast: { field: "activeMs", ms: 195 },
  },
  {
    name: "connect_timeout_with_retries",
    backend: ["retries 2", "timeout connect 150ms"],
    servers: one("full"),
    clients: asked,
    atLeast: { field: "activeMs", ms: 440 },
  },
  {
    name: "connect_timeout_then_redispatched",
    backend: ["retries 1", "option redispatch", ...SHORT],
    servers: { s1: { is: "full" }, s2: { is: stands.answers(ok("s2")) } },
    clients: asked,
  },
  { name: "no_server", servers: {}, clients: asked },
  { name: "no_backend", backend: null, clients: asked },
  { name: "only_server_disabled", servers: named(["s1"], { s1: "disabled" }), clients: asked },
  { name: "only_server_weight_zero", servers: named(["s1"], { s1: "weight 0" }), clients: asked },
  { name: "backup", servers: named(["s1", "s2"], { s1: "disabled", s2: "backup" }), clients: asked },
  // ---- before the answer
  {
    name: "server_closes_at_once",
    servers: one(stands.closesAtOnce),
    clients: asked,
    leaveOut: ["requests", "serverEnds"],
  },
  { name: "server_resets_on_request", servers: one(stands.resetsOnRequest), clients: asked },
  { name: "server_closes_on_request", servers: one(stands.closesOnRequest), clients: asked },
  {
    name: "server_closes_on_request_of_a_kept_client",
    servers: one(stands.closesOnRequest),
    clients: saysBehind(get("/1"), get("/2")),
  },
  {
    name: "server_silent",
    backend: ["timeout server 500ms"],
    servers: one(stands.mute),
    clients: asked,
    atLeast: { field: "activeMs", ms: 490 },
  },
  {
    name: "server_silent_on_a_post",
    backend: ["timeout server 500ms"],
    servers: one(stands.mute),
    clients: says(post("body")),
  },
  {
    name: "server_does_not_read",
    backend: ["timeout server 1s"],
    servers: one((end) => end.peer.socket.pause()),
    clients: async ({ connect, logged }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 20000000"));
      client.send(new Uint8Array(20_000_000));
      await logged(1);
      await client.ended();
    },
    leaveOut: ["bytes", "requests", "serverEnds"],
  },
  {
    name: "server_resets_while_the_body_comes",
    servers: one((end) => {
      end.peer.onData = () => {
        if (end.peer.received().includes("01234")) end.reset();
      };
    }),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 10") + "01234");
      await client.ended();
    },
  },
  {
    name: "server_closes_while_the_body_comes",
    servers: one((end) => {
      end.peer.onData = () => {
        if (end.peer.received().includes("01234")) end.shutdown();
      };
    }),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 10") + "01234");
      await client.ended();
    },
  },
  // ---- in the head
  {
    name: "server_closes_in_head",
    servers: one(stands.answersAndCloses("HTTP/1.1 200 OK\r\nConte")),
    clients: asked,
  },
  {
    name: "server_resets_in_head",
    servers: one(stands.answers("HTTP/1.1 200 OK\r\nConte")),
    clients: async ({ connect, server, settled }) => {
      const client = await connect();
      client.send(get("/", "Connection: close"));
      await (await server("s1")).until(1);
      await settled();
      (await server("s1")).reset();
      await client.ended();
    },
  },
  {
    name: "server_silent_in_head",
    backend: ["timeout server 700ms"],
    servers: one(stands.answers("HTTP/1.1 200 OK\r\nConte")),
    clients: asked,
  },
  {
    name: "server_closes_behind_continue",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 100 Continue"))),
    clients: asked,
  },
  // ---- in the body
  {
    name: "server_closes_in_body",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234")),
    clients: asked,
  },
  {
    name: "server_closes_in_body_of_a_kept_client",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234")),
    clients: saysUntilEnd(get()),
  },
  {
    name: "server_resets_in_body",
    servers: one(onRequests((end) => {
      end.send(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234");
    })),
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(get());
      await client.untilText("01234");
      (await server("s1")).reset();
      await client.ended();
    },
  },
  {
    name: "server_silent_in_body",
    backend: ["timeout server 700ms"],
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Content-Length: 10") + "01234")),
    clients: asked,
  },
  {
    name: "server_closes_in_chunk",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "a\r\n01234")),
    clients: asked,
  },
  {
    name: "server_closes_before_last_chunk",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n01234\r\n")),
    clients: asked,
  },
  {
    name: "server_closes_in_trailers",
    servers: one(
      stands.answersAndCloses(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n01234\r\n0\r\nX-Sum: 1"),
    ),
    clients: asked,
  },
  {
    name: "server_silent_between_chunks",
    backend: ["timeout server 700ms"],
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n01234\r\n")),
    clients: asked,
  },
  {
    name: "server_breaks_chunks_once_the_client_has_some",
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n01234\r\n")),
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send(get());
      await client.untilText("01234");
      (await server("s1")).send("xyz\r\n");
      await client.ended();
    },
  },
  // ---- nonsense
  ...Object.entries({
    garbage: "garbage\r\n\r\n",
    garbage_without_end: "garbage",
    status_of_two_digits: head("HTTP/1.1 20 OK", "Content-Length: 0"),
    status_of_four_digits: head("HTTP/1.1 2000 OK", "Content-Length: 0"),
    status_of_letters: head("HTTP/1.1 abc OK", "Content-Length: 0"),
    status_below_100: head("HTTP/1.1 099 What", "Content-Length: 0"),
    status_of_no_class: head("HTTP/1.1 999 What", "Content-Length: 0"),
    no_reason: head("HTTP/1.1 200", "Content-Length: 0"),
    empty_reason: head("HTTP/1.1 200 ", "Content-Length: 0"),
    reason_with_high_bytes: head("HTTP/1.1 200 \xe4\xff", "Content-Length: 0"),
    version_2: head("HTTP/2.0 200 OK", "Content-Length: 0"),
    version_12: head("HTTP/1.2 200 OK", "Content-Length: 0"),
    version_small: head("http/1.1 200 OK", "Content-Length: 0"),
    another_protocol: head("ICY 200 OK", "Content-Length: 0"),
    empty_lines_before: "\r\n\r\n" + ok(),
    line_feeds: ok().replaceAll("\r\n", "\n"),
    folded_field: head("HTTP/1.1 200 OK", "X-A: a", "  b", "Content-Length: 0"),
    field_before_blank: head("HTTP/1.1 200 OK", "X-A : a", "Content-Length: 0"),
    field_without_colon: head("HTTP/1.1 200 OK", "nothing", "Content-Length: 0"),
    field_name_with_odd_letters: head("HTTP/1.1 200 OK", "X(A): a", "Content-Length: 0"),
    field_value_with_nul: head("HTTP/1.1 200 OK", "X-A: a\x00b", "Content-Length: 0"),
    too_many_fields: head("HTTP/1.1 200 OK", ...Array.from({ length: 102 }, (_, i) => `X-${i}: ${i}`)),
    head_too_long: head("HTTP/1.1 200 OK", `X-A: ${"v".repeat(20_000)}`, "Content-Length: 0"),
    long_head: head("HTTP/1.1 200 OK", `X-A: ${"v".repeat(12_000)}`, "Content-Length: 0"),
    switch_nobody_asked_for: head("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: upgrade"),
  }).map(([name, text]): Case => ({
    name: `answered_${name}`,
    servers: one(stands.answersAndCloses(text)),
    clients: asked,
  })),
  {
    name: "server_speaks_before_it_is_asked",
    servers: one(stands.speaksFirst(ok("too early"))),
    clients: asked,
    leaveOut: ["requests", "serverEnds"],
  },
  // ---- kept connections that end
  {
    name: "kept_server_connection_ended_before_the_next_request",
    servers: one(stands.answers(ok())),
    clients: async ({ connect, server, settled }) => {
      const client = await connect();
      client.send(get("/1"));
      await client.until(1);
      (await server("s1")).shutdown();
      await (await server("s1")).ended();
      await settled();
      client.send(get("/2"));
      await client.until(2);
    },
  },
  {
    name: "kept_server_connection_reset_by_the_next_request",
    servers: one(onRequests((end, nth) => nth === 0 ? end.send(ok()) : end.reset())),
    clients: saysBehind(get("/1"), get("/2")),
  },
  {
    name: "kept_server_connection_closed_by_the_next_request",
    servers: one(onRequests((end, nth) => nth === 0 ? end.send(ok()) : end.shutdown())),
    clients: saysBehind(get("/1"), get("/2")),
  },
  {
    name: "kept_server_connection_reset_by_a_post",
    servers: one(onRequests((end, nth) => nth === 0 ? end.send(ok()) : end.reset())),
    clients: saysBehind(get("/1"), post("not twice")),
  },
  {
    name: "kept_server_connection_silent_on_the_next_request",
    backend: ["timeout server 1s"],
    servers: one(onRequests((end, nth) => void (nth === 0 && end.send(ok())))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "chunked_answer_then_server_ends",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + chunked(["x"]))),
    clients: inTurn(get("/1"), get("/2")),
  },
];

/** One request and its answer, then another, and what becomes of it: an answer, or nothing but the end. */
function saysBehind(first: string, then: string): Case["clients"] {
  return async ({ connect }) => {
    const client = await connect();
    client.send(first);
    await client.until(1);
    client.send(then);
    const over = () => client.reading().messages.length > 1 || client.peer.ending !== "open";
    await waitFor(over, "an answer to the second request, or the end");
  };
}
