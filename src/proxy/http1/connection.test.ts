/** What a head says of its connection: read, taken out, announced. Compared with haproxy in test/http/strictness.test.ts. */
import { describe, expect, test } from "bun:test";
import { composeHead } from "./compose.ts";
import { announce, sanitizeRequest, sanitizeResponse, wantsKeepAlive } from "./connection.ts";
import { addField, fieldName, setField } from "./edit.ts";
import { type Head, METHOD, newHead, SEEN } from "./head.ts";
import { PARSED, parseRequest, parseResponse } from "./parse.ts";

const CONNECTION = fieldName("Connection");
const out = Buffer.alloc(4096);
const head = newHead(101, 4096);

/** Parses a request or an answer; "¶" stands for CR LF. */
function read(text: string): Head {
  const bytes = Buffer.from(text.replaceAll("¶", "\r\n"), "latin1");
  const result = text.startsWith("HTTP/")
    ? parseResponse(head, bytes, 0, bytes.length, METHOD.GET, 101)
    : parseRequest(head, bytes, 0, bytes.length, 101);
  expect(result).toBe(PARSED.done);
  return head;
}

/** The fields as they are written. */
function fields(isRequest = true): string {
  const text = out.toString("latin1", 0, composeHead(head, isRequest, out, 0)).replaceAll("\r\n", "¶");
  return text.slice(text.indexOf("¶") + 1, -1);
}

test.each([
  ["GET / HTTP/1.1¶¶", true],
  ["GET / HTTP/1.1¶Connection: x, Close¶¶", false],
  ["GET / HTTP/1.1¶Connection: keep-alive¶Connection: close¶¶", false],
  ["GET / HTTP/1.0¶¶", false],
  ["GET / HTTP/1.0¶Connection: Keep-Alive¶¶", true],
  ["GET / HTTP/1.0¶Proxy-Connection: keep-alive¶¶", false],
  ["GET / HTTP/0.9¶Connection: keep-alive¶¶", true],
  ["POST / HTTP/1.1¶Content-Length: 1¶Transfer-Encoding: chunked¶¶", false],
  ["POST / HTTP/1.0¶Connection: keep-alive¶Transfer-Encoding: chunked¶¶", false],
  ["HTTP/1.1 200 OK¶Connection: close¶¶", false],
])("%p wants to keep its connection: %p", (text, want) => {
  expect(wantsKeepAlive(read(text))).toBe(want);
});

describe("of a request is passed on", () => {
  test.each([
    ["Connection: close", false, ""],
    ["Connection: Keep-Alive¶A: b", false, "A: b¶"],
    ["Connection: x, close , y", false, "Connection: x,y¶"],
    ["Connection: x,, y", false, "Connection: x,, y¶"],
    ["Connection:", false, ""],
    ["Connection: a¶Connection: close¶Connection: keep-alive, b", false, "Connection: a¶Connection: b¶"],
    ["Connection: upgrade, close¶Upgrade: x", true, "Connection: upgrade¶Upgrade: x¶"],
    ["Connection: upgrade, close¶Upgrade: x", false, "Upgrade: x¶"],
    ["Keep-Alive: 5¶Proxy-Connection: close", false, "Keep-Alive: 5¶Proxy-Connection: close¶"],
    ["TE: trailers", false, "TE: trailers¶"],
    ["TE: gzip", false, ""],
    ["TE: gzip, trailers", false, "TE: trailers¶"],
    ["TE: xtrailers", false, ""],
  ])("%p, upgrade kept: %p", (text, kept, want) => {
    read(`GET / HTTP/1.1¶${text}¶¶`);
    expect(sanitizeRequest(head, kept)).toBe(0);
    expect(fields()).toBe(want);
    expect(sanitizeRequest(head, kept)).toBe(0); // once more changes nothing
    expect(fields()).toBe(want);
  });
});

test("an upgrade that is not passed on is none: the end of the connection is announced", () => {
  read("GET / HTTP/1.1¶Connection: upgrade¶¶");
  sanitizeRequest(head, false);
  announce(head, "close");
  expect(fields()).toBe("connection: close¶");
});

test.each([
  ["close", SEEN.close, ""],
  ["keep-alive", SEEN.keepAlive, ""],
  ["x, close", SEEN.close, "Connection: x¶"],
  ["x", 0, "Connection: x¶"],
])("a rule writes %p into Connection", (value, wish, want) => {
  read("GET / HTTP/1.1¶Connection: close¶¶");
  setField(head, CONNECTION, value);
  expect(sanitizeRequest(head, false)).toBe(wish);
  expect(fields()).toBe(want);
  read("HTTP/1.1 200 OK¶Content-Length: 0¶¶");
  addField(head, CONNECTION, value);
  expect(sanitizeResponse(head)).toBe(wish);
  expect(fields(false)).toBe(`Content-Length: 0¶${want}`);
});

describe("announced", () => {
  const NO = "";
  const CLOSE = "connection: close¶";
  const KEEP = "connection: keep-alive¶";
  test.each([
    ["GET / HTTP/1.1¶¶", CLOSE, KEEP],
    ["GET / HTTP/1.0¶¶", NO, KEEP],
    ["GET / HTTP/1.1¶Connection: upgrade¶¶", NO, NO],
    ["POST / HTTP/1.0¶Transfer-Encoding: chunked¶¶", NO, NO],
    ["HTTP/1.1 200 OK¶¶", CLOSE, KEEP],
    ["HTTP/1.0 200 OK¶¶", NO, KEEP],
    ["HTTP/1.0 200 OK¶Transfer-Encoding: chunked¶¶", NO, NO],
    ["HTTP/1.1 100 Continue¶¶", NO, NO],
    ["HTTP/1.1 101 S¶Connection: upgrade¶¶", NO, NO],
    ["HTTP/1.1 200 OK¶Connection: upgrade¶Upgrade: x¶¶", CLOSE, KEEP],
  ])("in %p", (text, close, keepAlive) => {
    for (const [what, want] of [["close", close], ["keep-alive", keepAlive], ["nothing", NO]] as const) {
      read(text);
      const before = fields();
      expect(announce(head, what)).toBe(true);
      expect(fields()).toBe(before + want);
    }
  });

  test("not without room", () => {
    read("GET / HTTP/1.1¶¶");
    const small = newHead(101, 30);
    expect(parseRequest(small, head.bytes, 0, head.end, 101)).toBe(PARSED.done);
    expect(announce(small, "close")).toBe(false);
  });
});
