/** Error pages without haproxy: what is refused of a file, and which page is given. test/http/error_pages.test.ts compares bytes. */
import { expect, test } from "bun:test";
import { contextOf } from "../../../test/samples_context.ts";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import type { ErrorPage } from "../../config/haproxy/model.ts";
import { newHead } from "../http1/head.ts";
import { parseErrorMessage } from "./error_message.ts";
import { createErrorPages, ERROR_STATUSES, errorMessage } from "./error_pages.ts";

/** Each was given to haproxy 2.6 as an errorfile, which accepted it or said this. */
const MESSAGES: readonly (readonly [text: string, problem: string | null])[] = [
  ["HTTP/1.1 503 X\r\n\r\n", null],
  ["HTTP/2.0 503 X\r\n\r\n", null],
  ["HTTP/1.1 600 X\r\n\r\n", null],
  ["HTTP/1.1 101 X\r\n\r\n", null],
  ["\r\nHTTP/1.1 503 X\r\n\r\nbody", null],
  ["HTTP/1.1 503 X\r\nA: b\r\n c\r\n\r\nbody", null],
  ["HTTP/1.1 503 X\r\nTransfer-Encoding: identity\r\n\r\nbody", null],
  [
    "HTTP/1.1 503 X\r\nContent-Length: 10\r\n\r\nshort",
    "payload size does not match the announced content-length (5 != 10)",
  ],
  [
    "HTTP/1.1 503 X\r\nContent-Length: 3\r\n\r\nlonger",
    "payload size does not match the announced content-length (6 != 3)",
  ],
  ["HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "chunk-encoded payload not supported"],
  ["HTTP/1.1 503 X\r\nX: y\r\n", "unable to parse headers (error offset: -2)"],
  ["garbage", "unable to parse headers (error offset: 0)"],
  ["HTTP/1.1 100 X\r\n\r\n", "invalid http status code for an error message (100)"],
  ["HTTP/1.1 503 X\r\nBad Name: x\r\n\r\nbody", "unable to parse headers (error offset: 19)"],
  ["HTTP/1.1 204 X\r\n\r\nbody", "message payload not expected"],
  ["HTTP/1.1 204 X\r\nContent-length: 4\r\n\r\nbody", "message payload not expected"],
];
test.each([...MESSAGES])("error file %j", (text, problem) => {
  const message = parseErrorMessage(text);
  expect("problem" in message ? message.problem : null).toBe(problem);
});

test("any bytes are a message or a problem", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const parts = [
    "HTTP/1.",
    "1 ",
    "503",
    " X",
    "\r\n",
    "\n",
    "\r",
    "A: b",
    "Content-Length: ",
    "4",
    ":",
    " ",
    "\xff",
    "\0",
    "Connection: close",
    ",",
  ];
  for (let i = 0; i < 5_000; i++) {
    const text = "HTTP/1.1 503 X\r\n".slice(0, random(18)) +
      Array.from({ length: random(12) }, () => parts[random(parts.length)]).join("");
    const message = parseErrorMessage(text);
    if ("problem" in message) continue;
    // What is sent has the form of a head, whatever the file was.
    expect(message.head, `FUZZ_SEED=${seed} ${JSON.stringify(text)}`).toMatch(
      /^HTTP\/1\.[01] \d{3} [^\r\n]*\r\n([^:\r\n ]+: [^\n]*\r\n)*$/,
    );
  }
});

const page = (status: number, text: string): ErrorPage => ({ status, page: { kind: "message", text } });
const sent = (reply: ReturnType<ReturnType<typeof createErrorPages>>): string => {
  const out = Buffer.alloc(reply.size);
  const head = newHead(1, 1);
  return out.toString("latin1", 0, reply.write(contextOf(), head, out, 0, false));
};

test("the last page of a status wins, so that a backend's goes before its frontend's", () => {
  const frontend = [
    page(503, "HTTP/1.1 503 F\r\ncontent-length: 0\r\n\r\n"),
    page(404, "HTTP/1.1 404 F\r\ncontent-length: 0\r\n\r\n"),
  ];
  const pages = createErrorPages(frontend, [page(503, "HTTP/1.1 503 B\r\ncontent-length: 0\r\n\r\n")]);
  expect(sent(pages(503))).toBe("HTTP/1.1 503 B\r\ncontent-length: 0\r\n\r\n");
  expect(sent(pages(404))).toBe("HTTP/1.1 404 F\r\ncontent-length: 0\r\n\r\n");
  expect(sent(pages(504))).toContain("504 Gateway Time-out");
});

test("of the standard pages 400 and 408 end the connection", () => {
  const pages = createErrorPages();
  expect(ERROR_STATUSES.filter((status) => pages(status).closes)).toEqual([400, 408]);
});

test("a page keeps its status in the log, whatever it says to the client", () => {
  const reply = createErrorPages([page(405, "HTTP/1.1 999 Other\r\ncontent-length: 0\r\n\r\n")])(405);
  expect(reply.status).toBe(405);
  expect(sent(reply)).toStartWith("HTTP/1.1 999 Other\r\n");
});

test("an empty page says nothing and closes", () => {
  const reply = createErrorPages([page(408, "")])(408);
  expect([reply.silent, reply.closes, sent(reply)]).toEqual([true, true, ""]);
});

test("a status without a page gets that of 500", () => {
  expect(sent(createErrorPages()(418))).toContain("500 Internal Server Error");
});

test("a message can be given further fields", () => {
  const { head, body } = errorMessage([], 401);
  expect(head).toEndWith("content-type: text/html\r\n");
  expect(head).toContain(`content-length: ${body.length}\r\n`);
});
