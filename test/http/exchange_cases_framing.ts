/**
 * Rows of exchange.test.ts: where a message ends. Lengths, chunks, trailers, big bodies, answers before the body is there.
 */
import { answer, chunked, get, head, ok, post } from "../harness/http.ts";
import { type Behaviour, type Case, inTurn, one, says, saysUntilEnd, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));
const POST = ["POST / HTTP/1.1", "Host: h"];
const chunkedPost = (body: string, ...fields: string[]) =>
  head(...POST, "Transfer-Encoding: chunked", ...fields) + body;
const chunkedOk = (body: string, ...fields: string[]) =>
  head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ...fields) + body;
const big = (bytes: number) => "0123456789abcdef".repeat(bytes / 16);

export const FRAMING: readonly Case[] = [
  { name: "post", servers: okays, clients: inTurn(post("first"), post("second")) },
  { name: "post_of_nothing", servers: okays, clients: inTurn(post(""), get()) },
  {
    name: "post_body_dripped",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10"));
      await client.drip("0123456789");
      await client.until(1);
    },
  },
  { name: "chunked_post", servers: okays, clients: inTurn(chunkedPost(chunked(["one", "two"])), get()) },
  { name: "chunked_post_of_nothing", servers: okays, clients: inTurn(chunkedPost(chunked([])), get()) },
  {
    name: "chunked_post_dripped",
    servers: okays,
    clients: async ({ connect }) => {
      const client = await connect();
      await client.drip(chunkedPost(chunked(["one", "twenty-two bytes long!"], "X-Sum: 1")));
      await client.until(1);
      client.send(get());
      await client.until(2);
    },
  },
  {
    name: "chunk_extensions",
    servers: okays,
    clients: inTurn(chunkedPost(`3;a=b\r\none\r\n3 ; c="d"\r\ntwo\r\n0;last\r\n\r\n`), get()),
  },
  {
    name: "chunk_sizes_written_oddly",
    servers: okays,
    clients: inTurn(chunkedPost(`00000003\r\none\r\nA\r\n0123456789\r\nb\r\n0123456789a\r\n000\r\n\r\n`), get()),
  },
  {
    name: "trailers",
    servers: one(stands.answers(chunkedOk(chunked(["body"], "X-Down: 1", "X-Also: 2"), "Trailer: X-Down"))),
    clients: inTurn(chunkedPost(chunked(["body"], "X-Up: 1"), "Trailer: X-Up"), get()),
  },
  {
    name: "chunked_answer",
    servers: one(stands.answers(chunkedOk(chunked(["one", "two", "three"])))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "chunked_answer_dripped",
    servers: one(stands.drips(chunkedOk(chunked(["one", "and sixteen more"], "X-Sum: 2")))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "chunked_answer_with_extensions",
    servers: one(stands.answers(chunkedOk(`3;a=b\r\none\r\n0\r\n\r\n`))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "chunked_answer_of_nothing",
    servers: one(stands.answers(chunkedOk(chunked([])))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "chunked_answer_closing_server",
    servers: one(stands.answersAndCloses(chunkedOk(chunked(["bye"]), "Connection: close"))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "answer_of_nothing",
    servers: one(stands.answers(ok(""))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "big_post",
    servers: okays,
    clients: inTurn(post(big(300_000)), get()),
  },
  {
    name: "big_chunked_post",
    servers: okays,
    clients: inTurn(chunkedPost(chunked([big(160_000), "tiny", big(160_000)])), get()),
  },
  {
    name: "big_answer",
    servers: one(stands.answers(ok(big(1_000_000)))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "big_chunked_answer",
    servers: one(stands.answers(chunkedOk(chunked([big(400_000), "tiny", big(400_000)])))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "many_small_chunks",
    servers: one(stands.answers(chunkedOk(chunked(Array.from({ length: 3_000 }, (_, i) => String(i)))))),
    clients: inTurn(chunkedPost(chunked(Array.from({ length: 3_000 }, (_, i) => String(i)))), get()),
  },
  {
    name: "big_answer_until_close",
    servers: one(stands.answersAndCloses(head("HTTP/1.1 200 OK") + big(500_000))),
    clients: saysUntilEnd(get()),
  },
  {
    name: "big_bodies_both_ways_at_once",
    servers: one(stands.answers(ok(big(500_000)))),
    clients: says(post(big(500_000)) + post(big(500_000)), 2),
  },
  {
    name: "early_answer_then_the_rest_of_the_body",
    servers: one(early(answer("413 Payload Too Large", "no"), false)),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10") + "01234");
      await client.until(1);
      client.send("56789");
      client.send(get());
      await client.until(2);
    },
  },
  {
    name: "early_answer_and_close",
    servers: one(early(answer("413 Payload Too Large", "no", "Connection: close"), true)),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10") + "01234");
      await client.until(1);
    },
  },
  {
    name: "early_answer_and_client_goes_on_sending",
    servers: one(early(answer("413 Payload Too Large", "no", "Connection: close"), true)),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head(...POST, "Content-Length: 10", "Connection: close") + "01234");
      await client.until(1);
      client.send("56789");
      await client.ended();
    },
  },
  {
    name: "answer_and_more_than_its_length",
    servers: one(stands.answers(ok("ok") + "extra", ok("next"))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "two_answers_to_one_request",
    servers: one(stands.answers(ok("one") + ok("poison"), ok("two"))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "head_answered_with_a_body",
    servers: one(stands.answers(ok("not for head"), ok("next"))),
    clients: inTurn(head("HEAD /1 HTTP/1.1", "Host: h"), get("/2")),
  },
  {
    name: "no_content_with_a_body",
    servers: one(stands.answers(head("HTTP/1.1 204 No Content", "Content-Length: 4") + "body", ok("next"))),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "no_content_chunked",
    servers: one(
      stands.answers(head("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked") + chunked(["x"]), ok("next")),
    ),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "chunk_of_answer_has_no_size",
    servers: one(stands.answers(chunkedOk("3\r\none\r\nxyz\r\n"))),
    clients: says(get()),
  },
  {
    name: "chunked_answer_of_http10_server",
    servers: one(stands.answersAndCloses(head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked") + chunked(["one"]))),
    clients: saysUntilEnd(get()),
  },
  {
    name: "answer_with_length_and_chunks",
    servers: one(
      stands.answers(head("HTTP/1.1 200 OK", "Content-Length: 99", "Transfer-Encoding: chunked") + chunked(["one"])),
    ),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    name: "answer_with_equal_lengths",
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "Content-Length: 3", "Content-Length: 3") + "one")),
    clients: inTurn(get("/1")),
  },
  ...([
    ["differing_lengths", head("HTTP/1.1 200 OK", "Content-Length: 3", "Content-Length: 4") + "four"],
    ["negative_length", head("HTTP/1.1 200 OK", "Content-Length: -3") + "one"],
    ["length_with_a_sign", head("HTTP/1.1 200 OK", "Content-Length: +3") + "one"],
    ["length_of_no_number", head("HTTP/1.1 200 OK", "Content-Length: three") + "one"],
    ["huge_length", head("HTTP/1.1 200 OK", "Content-Length: 99999999999999999999") + "one"],
    ["list_of_lengths", head("HTTP/1.1 200 OK", "Content-Length: 3, 4") + "one"],
    ["unknown_coding", head("HTTP/1.1 200 OK", "Transfer-Encoding: rot13") + "bar"],
    ["chunked_not_last", head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked, gzip") + chunked(["one"])],
    ["chunked_twice", head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked, chunked") + chunked(["one"])],
  ] as const).map(([name, text]): Case => ({
    name: `answer_with_${name}`,
    servers: one(stands.answersAndCloses(text)),
    clients: says(get("/", "Connection: close")),
  })),
];

/** Answers as soon as half of a body of ten bytes is there. */
function early(text: string, closes: boolean): Behaviour {
  return (end) => {
    let answered = 0;
    end.peer.onData = () => {
      const all = end.peer.received();
      if (answered === 0 && /\r\n\r\n.{5}/s.test(all)) {
        answered = 1;
        end.send(text);
        if (closes) end.shutdown();
      } else if (answered === 1 && end.reading().messages.length === 2) {
        answered = 2;
        end.send(ok());
      }
    };
    end.peer.onEnding = () => end.shutdown();
  };
}
