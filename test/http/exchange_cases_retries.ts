/**
 * Rows of exchange.test.ts: requests that are sent once more, and those that are not.
 */
import { answer, get, head, ok, post } from "../harness/http.ts";
import { type Behaviour, type Case, inTurn, one, says, saysUntilEnd, stands } from "./exchange_scene.ts";

const asked = saysUntilEnd(get("/", "Connection: close"));
const SHORT = ["timeout connect 300ms"]; // also what lies between two tries of one server

/** First one behaviour, for the connections behind it the other. */
const firstThen = (first: Behaviour, then: Behaviour): Behaviour => (end, state) => {
  const begun = state as { connections?: number };
  begun.connections = (begun.connections ?? 0) + 1;
  (begun.connections === 1 ? first : then)(end, state);
};
const fails = (first: Behaviour) => one(firstThen(first, stands.answers(ok("at last"))));
const says503 = stands.answers(answer("503 Service Unavailable", "busy"), ok("at last"));

export const RETRIES: readonly Case[] = [
  {
    name: "retry_on_none",
    backend: ["retry-on none", "retries 2", ...SHORT],
    servers: one("refuses"),
    clients: asked,
  },
  {
    name: "retry_on_empty_response",
    backend: ["retry-on empty-response", "retries 1"],
    servers: fails(stands.closesOnRequest),
    clients: asked,
  },
  {
    name: "retry_on_empty_response_by_reset",
    backend: ["retry-on empty-response", "retries 1"],
    servers: fails(stands.resetsOnRequest),
    clients: asked,
  },
  {
    name: "retry_on_empty_response_with_a_body",
    backend: ["retry-on empty-response", "retries 1"],
    servers: fails(stands.closesOnRequest),
    clients: says(post("body")),
  },
  {
    name: "retry_on_empty_response_with_a_large_body",
    backend: ["retry-on empty-response", "retries 1"],
    servers: fails(stands.closesOnRequest),
    clients: saysUntilEnd(post("b".repeat(40_000), "Connection: close")),
  },
  {
    name: "retry_on_junk_response",
    backend: ["retry-on junk-response", "retries 1"],
    servers: fails(stands.answersAndCloses("garbage\r\n\r\n")),
    clients: asked,
  },
  {
    name: "retry_on_response_timeout",
    backend: ["retry-on response-timeout", "retries 1", "timeout server 700ms"],
    servers: fails(stands.mute),
    clients: asked,
  },
  {
    name: "retry_on_status",
    backend: ["retry-on 503", "retries 2"],
    servers: one(says503),
    clients: inTurn(get()),
    leaveOut: ["serverEnds"], // which of two idle connections is kept is the pool's own affair
  },
  {
    name: "retry_on_another_status",
    backend: ["retry-on 500 504", "retries 2"],
    servers: one(says503),
    clients: inTurn(get()),
  },
  {
    name: "retry_on_status_until_out_of_tries",
    backend: ["retry-on 503", "retries 2"],
    servers: one(stands.answers(answer("503 Service Unavailable", "busy"))),
    clients: inTurn(get()),
    leaveOut: ["serverEnds"], // which of two idle connections is kept is the pool's own affair
  },
  {
    name: "retry_on_all_retryable_errors",
    backend: ["retry-on all-retryable-errors", "retries 3", ...SHORT],
    servers: fails(stands.answersAndCloses("garbage\r\n\r\n")),
    clients: asked,
  },
  {
    name: "retry_disabled_by_a_rule",
    frontend: ["http-request disable-l7-retry if METH_GET"],
    backend: ["retry-on empty-response", "retries 1"],
    servers: fails(stands.closesOnRequest),
    clients: asked,
  },
  {
    name: "retry_with_redispatch",
    backend: ["retry-on empty-response", "retries 1", "option redispatch"],
    servers: { s1: { is: stands.closesOnRequest }, s2: { is: stands.answers(ok("s2")) } },
    clients: asked,
  },
  {
    name: "no_retry_once_the_answer_has_begun",
    backend: ["retry-on all-retryable-errors", "retries 2"],
    servers: fails(stands.answersAndCloses(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n01234\r\n")),
    clients: asked,
  },
];
