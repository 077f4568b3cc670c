/**
 * Rows of exchange.test.ts: connections kept and closed, pipelining, versions, methods, interim answers.
 */
import { answer, chunked, get, head, ok, post } from "../harness/http.ts";
import {
  type Behaviour,
  type Case,
  inTurn,
  named,
  one,
  oneByOne,
  says,
  saysUntilEnd,
  stands,
} from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));

export const KEPT: readonly Case[] = [
  { name: "kept", servers: okays, clients: inTurn(get("/1"), get("/2"), get("/3")) },
  { name: "pipelined", servers: okays, clients: says(get("/1") + get("/2") + get("/3"), 3) },
  {
    name: "pipelined_with_head",
    servers: one(stands.answers(ok("one"), head("HTTP/1.1 200 OK", "Content-Length: 3"), ok("three"))),
    clients: says(get("/1") + head("HEAD /2 HTTP/1.1", "Host: h") + get("/3"), 3),
  },
  {
    name: "pipelined_posts",
    servers: okays,
    clients: says(post("first") + post("second", "Connection: close"), 2),
  },
  {
    name: "pipelined_then_half_closed",
    servers: one(stands.mute),
    clients: async ({ connect, server, settled }) => {
      const client = await connect();
      client.send(get("/1") + get("/2"));
      const s1 = await server("s1");
      await s1.until(1);
      client.shutdown();
      await settled();
      s1.send(ok("one"));
      await s1.until(2);
      s1.send(ok("two"));
      await client.ended();
    },
  },
  {
    name: "pipelined_behind_close",
    servers: okays,
    clients: saysUntilEnd(get("/1", "Connection: close") + get("/2")),
  },
  { name: "dripped", servers: okays, clients: dripped(get("/drip", "X-A: b")) },
  { name: "dripped_answer", servers: one(stands.drips(ok("slow body"))), clients: inTurn(get()) },
  { name: "closed_by_client", servers: okays, clients: saysUntilEnd(get("/", "Connection: close")) },
  {
    name: "closed_by_client_odd_case",
    servers: okays,
    clients: saysUntilEnd(get("/", "CONNECTION: foo,  Close")),
  },
  {
    name: "close_and_keep_alive",
    servers: okays,
    clients: saysUntilEnd(get("/", "Connection: keep-alive, close")),
  },
  {
    name: "hop_by_hop_fields",
    servers: one(stands.answers(ok("ok", "Keep-Alive: timeout=5", "Connection: keep-alive", "Proxy-Connection: x"))),
    clients: inTurn(
      get("/", "Connection: keep-alive, X-Own", "Keep-Alive: 300", "X-Own: 1", "Proxy-Connection: close"),
    ),
  },
  { name: "http10", servers: okays, clients: saysUntilEnd(head("GET / HTTP/1.0")) },
  { name: "http10_with_host", servers: okays, clients: saysUntilEnd(head("GET / HTTP/1.0", "Host: h")) },
  {
    name: "http10_kept",
    servers: okays,
    clients: inTurn(
      head("GET /1 HTTP/1.0", "Connection: keep-alive"),
      head("GET /2 HTTP/1.0", "Connection: Keep-Alive"),
    ),
  },
  {
    name: "http10_server",
    servers: one(stands.answersAndCloses("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "http10_server_kept",
    servers: one(stands.answers("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "http10_on_both_sides_kept",
    servers: one(stands.answers("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")),
    clients: inTurn(
      head("GET /1 HTTP/1.0", "Connection: keep-alive"),
      head("GET /2 HTTP/1.0", "Connection: keep-alive"),
    ),
  },
  {
    name: "http10_client_chunked_answer",
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + chunked(["one", "two"]))),
    clients: says(head("GET / HTTP/1.0", "Connection: keep-alive")),
  },
  {
    name: "closed_by_server",
    servers: one(stands.answersAndCloses(ok("bye", "Connection: close"))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "announced_but_left_open_by_server",
    servers: one(stands.answers(ok("bye", "Connection: close"))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "until_close",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK") + "to the end")),
    clients: saysUntilEnd(get("/1", "Connection: close")),
  },
  {
    name: "until_close_kept_client",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK") + "to the end")),
    clients: saysUntilEnd(get("/1")),
  },
  {
    name: "until_close_http10_client",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK") + "to the end")),
    clients: saysUntilEnd(head("GET / HTTP/1.0", "Connection: keep-alive")),
  },
  {
    name: "until_close_http10_server",
    servers: one(stands.answersAndCloses(head("HTTP/1.0 200 OK") + "to the end")),
    clients: saysUntilEnd(get()),
  },
  {
    name: "head",
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Content-Length: 5"))),
    clients: inTurn(head("HEAD /1 HTTP/1.1", "Host: h"), head("HEAD /2 HTTP/1.1", "Host: h")),
  },
  {
    name: "head_chunked",
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"))),
    clients: inTurn(head("HEAD /1 HTTP/1.1", "Host: h"), head("HEAD /2 HTTP/1.1", "Host: h")),
  },
  {
    name: "head_without_length",
    servers: one(stands.answers(head("HTTP/1.1 200 OK"))),
    clients: inTurn(head("HEAD /1 HTTP/1.1", "Host: h"), head("HEAD /2 HTTP/1.1", "Host: h")),
  },
  {
    name: "no_content",
    servers: one(stands.answers(head("HTTP/1.1 204 No Content"), ok())),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "no_content_with_length",
    servers: one(stands.answers(head("HTTP/1.1 204 No Content", "Content-Length: 7"), ok())),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "not_modified",
    servers: one(stands.answers(head("HTTP/1.1 304 Not Modified", "Content-Length: 100", `ETag: "x"`), ok())),
    clients: inTurn(get("/1", `If-None-Match: "x"`), get("/2")),
  },
  {
    name: "reset_content",
    servers: one(stands.answers(answer("205 Reset Content", ""), ok())),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "options_asterisk",
    servers: okays,
    clients: inTurn(head("OPTIONS * HTTP/1.1", "Host: h")),
  },
  { name: "unknown_method", servers: okays, clients: inTurn(head("PURGE /x HTTP/1.1", "Host: h")) },
  { name: "small_method", servers: okays, clients: inTurn(head("get /x HTTP/1.1", "Host: h")) },
  {
    name: "delete_with_body",
    servers: okays,
    clients: inTurn(head("DELETE /x HTTP/1.1", "Host: h", "Content-Length: 3") + "why"),
  },
  {
    name: "get_with_body",
    servers: okays,
    clients: inTurn(head("GET /x HTTP/1.1", "Host: h", "Content-Length: 3") + "why", get("/y")),
  },
  {
    name: "get_with_body_http10",
    servers: okays,
    clients: inTurn(head("GET /x HTTP/1.0", "Host: h", "Content-Length: 3") + "why"),
  },
  {
    name: "post_without_length",
    servers: okays,
    clients: inTurn(head("POST /x HTTP/1.1", "Host: h"), get("/y")),
  },
  {
    name: "continue_from_server",
    servers: one(stands.answers(head("HTTP/1.1 100 Continue") + ok("done"))),
    clients: says(head("POST / HTTP/1.1", "Host: h", "Content-Length: 4", "Expect: 100-continue") + "body", 2),
  },
  {
    name: "continue_before_body",
    servers: one(continuing()),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 4", "Expect: 100-continue"));
      await client.until(1);
      client.send("body");
      await client.until(2);
    },
  },
  {
    name: "continue_refused",
    servers: one(refusing()),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 4", "Expect: 100-continue"));
      await client.until(1);
    },
  },
  {
    name: "early_hints",
    servers: one(stands.answers(head("HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload") + ok())),
    clients: says(get(), 2),
  },
  {
    name: "several_interim_answers",
    servers: one(stands.answers(head("HTTP/1.1 102 Processing") + head("HTTP/1.1 102 Processing") + ok())),
    clients: says(get(), 3),
  },
  {
    name: "interim_answer_to_http10",
    servers: one(stands.answers(head("HTTP/1.1 102 Processing") + ok())),
    clients: saysUntilEnd(head("GET / HTTP/1.0")),
  },
  {
    name: "empty_lines_before_request",
    servers: okays,
    clients: says("\r\n\r\n" + get("/1") + "\r\n" + get("/2"), 2),
  },
  { name: "two_clients_one_after_the_other", servers: okays, clients: oneByOne(get("/1"), get("/2")) },
  {
    name: "roundrobin_by_request",
    servers: named(["s1", "s2", "s3"]),
    clients: inTurn(get("/1"), get("/2"), get("/3"), get("/4")),
  },
];

function dripped(text: string): Case["clients"] {
  return async ({ connect }) => {
    const client = await connect();
    await client.drip(text);
    await client.until(1);
    await client.drip(text);
    await client.until(2);
  };
}

/** Asks for the body once the head is there. */
function continuing(): Behaviour {
  return (end) => {
    let asked = false;
    end.peer.onData = () => {
      if (!asked && end.peer.received().includes("\r\n\r\n")) {
        asked = true;
        end.send(head("HTTP/1.1 100 Continue"));
      }
      if (end.reading().messages.length === 1) end.send(ok("done"));
    };
    end.peer.onEnding = () => end.shutdown();
  };
}

/** Answers for good at the head. */
function refusing(): Behaviour {
  return (end) => {
    let answered = false;
    end.peer.onData = () => {
      if (answered || !end.peer.received().includes("\r\n\r\n")) return;
      answered = true;
      end.send(answer("417 Expectation Failed", "no", "Connection: close"));
      end.shutdown();
    };
    end.peer.onEnding = () => end.shutdown();
  };
}
