/** Heads of messages: what is read, what is refused and where, and that nothing is taken for whole before it is. */
import { describe, expect, test } from "bun:test";
import { composeHead } from "./compose.ts";
import { fieldValue, methodString, requestLine, uriString } from "./edit.ts";
import { BODY, ENTRY, FIELD, type Head, METHOD, NAME_AT, NAME_END, newHead, SEEN, STRIDE } from "./head.ts";
import { findHeadEnd, PARSED, parseRequest, parseResponse } from "./parse.ts";

const MOST = 101;
const head = newHead(MOST, 65536);

/** "¶" stands for CR LF. */
const bytesOf = (text: string) => Buffer.from(text.replaceAll("¶", "\r\n"), "latin1");

function request(text: string, at = 0): number {
  const bytes = bytesOf(text);
  return parseRequest(head, bytes, at, bytes.length, MOST);
}

function response(text: string, method: number = METHOD.GET): number {
  const bytes = bytesOf(text);
  return parseResponse(head, bytes, 0, bytes.length, method, MOST);
}

function fieldsOf(head: Head): string[] {
  const found: string[] = [];
  for (let i = 0; i < head.count; i++) {
    if (head.states[i] === ENTRY.deleted) continue;
    const [at, end] = [head.entries[i * STRIDE + NAME_AT], head.entries[i * STRIDE + NAME_END]];
    found.push(`${head.bytes.toString("latin1", at, end)}=${fieldValue(head, i)}`);
  }
  return found;
}

function written(isRequest: boolean): string {
  const out = Buffer.alloc(65536);
  return out.toString("latin1", 0, composeHead(head, isRequest, out, 0)).replaceAll("\r\n", "¶");
}

test("a request behind other bytes, before other bytes", () => {
  const text = "xx¶GET /a?b HTTP/1.1¶Host: x¶Cookie: a=b¶¶body";
  expect(request(text, 4)).toBe(PARSED.done);
  expect([head.method, methodString(head), uriString(head), head.minor]).toEqual([METHOD.GET, "GET", "/a?b", 1]);
  expect(fieldsOf(head)).toEqual(["Host=x", "Cookie=a=b"]);
  expect([...head.ids.subarray(0, 2)]).toEqual([FIELD.host, FIELD.cookie]);
  expect([head.start, head.fieldsAt, head.fieldsEnd, head.end]).toEqual([4, 23, 45, 47]);
  expect([head.status, head.body, head.startEdited, head.oddLines]).toEqual([0, BODY.none, false, false]);
});

test("an answer", () => {
  expect(response("HTTP/1.0 404 Not Found¶Content-Length: 12¶¶")).toBe(PARSED.done);
  expect([head.status, head.minor, head.body, head.length]).toEqual([404, 0, BODY.length, 12]);
  expect(head.bytes.toString("latin1", head.reasonAt, head.reasonEnd)).toBe("Not Found");
});

test.each(Object.entries(METHOD).filter(([name]) => name !== "other"))("method %s", (name, number) => {
  const target = name === "CONNECT" ? "x:80" : "/";
  expect(request(`${name} ${target} HTTP/1.1¶¶`)).toBe(PARSED.done);
  expect(head.method).toBe(number);
  for (const other of [`${name.slice(0, -1)}_`, `${name}S`, name.toLowerCase()]) {
    expect(request(`${other} / HTTP/1.1¶¶`)).toBe(PARSED.done);
    expect(head.method).toBe(METHOD.other);
  }
});

test.each(
  [
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Host",
    "Upgrade",
    "Expect",
    "Cookie",
    "Set-Cookie",
    "Keep-Alive",
    "TE",
    "Proxy-Connection",
  ].map((name, i) => [name, i + 1] as const),
)("field %s is known in any case", (name, id) => {
  const value = id === FIELD.transferEncoding ? "chunked" : "1";
  for (const text of [name, name.toLowerCase(), name.toUpperCase()]) {
    expect(request(`GET / HTTP/1.1¶${text}: ${value}¶¶`)).toBe(PARSED.done);
    expect(head.ids[0]).toBe(id);
  }
  for (const other of [`${name}s`, `${name.slice(0, -1)}_`, `X${name}`]) {
    expect(request(`GET / HTTP/1.1¶${other}: 1¶¶`)).toBe(PARSED.done);
    expect(head.ids[0]).toBe(FIELD.other);
  }
});

describe("written in clean form", () => {
  test.each([
    ["GET / HTTP/1.1\nA:b\t\nB:  c¶\n", "GET / HTTP/1.1¶A: b¶B: c¶¶"],
    ["¶\n¶GET / HTTP/1.1¶A: b¶¶", "GET / HTTP/1.1¶A: b¶¶"],
    ["GET \t /\tHTTP/1.1¶A: b¶¶", "GET / HTTP/1.1¶A: b¶¶"],
    ["GET / HTTP/1.7¶A: b¶¶", "GET / HTTP/1.1¶A: b¶¶"],
    ["GET / HTTP/0.9¶A: b¶¶", "GET / HTTP/1.0¶A: b¶¶"],
    ["GET / HTTP/1.1¶A: b ¶\tc¶¶", "GET / HTTP/1.1¶A: b   \tc¶¶"],
    ["GET / HTTP/1.1¶A: b\n c\n¶", "GET / HTTP/1.1¶A: b  c¶¶"],
    ["GET / HTTP/1.1¶Content-Length: 3, 3¶content-length: 03¶¶", "GET / HTTP/1.1¶Content-Length: 3   ¶¶"],
    ["GET / HTTP/1.1¶Content-Length: 3¶Transfer-Encoding: chunked,¶¶", "GET / HTTP/1.1¶Transfer-Encoding: chunked ¶¶"],
    ["GET / HTTP/1.1¶Host: x¶A: b¶HOST: X¶¶", "GET / HTTP/1.1¶Host: x¶A: b¶¶"],
    ["GET http://x:80/a HTTP/1.1¶Host: x:80¶¶", "GET http://x/a HTTP/1.1¶Host: x   ¶¶"],
    ["GET https://u@x:443 HTTP/1.1¶¶", "GET https://u@x HTTP/1.1¶¶"],
    ["CONNECT x:443 HTTP/1.1¶Host: x:443¶¶", "CONNECT x:443 HTTP/1.1¶Host: x    ¶¶"],
  ])("%p", (text, want) => {
    expect(request(text)).toBe(PARSED.done);
    expect(written(true)).toBe(want);
    // What was changed where it lies reads the same once more.
    expect(parseRequest(head, head.bytes, 0, head.bytes.length, MOST)).toBe(PARSED.done);
    expect(written(true)).toBe(want);
  });

  test.each([
    ["HTTP/1.1 200¶A: b¶¶", "HTTP/1.1 200 ¶A: b¶¶"],
    ["HTTP/1.1  200\tOK¶A: b¶¶", "HTTP/1.1 200 OK¶A: b¶¶"],
    ["HTTP/2.0 200 OK¶A: b¶¶", "HTTP/1.1 200 OK¶A: b¶¶"],
    ["HTTP/1.1 200 OK\nA: b¶¶", "HTTP/1.1 200 OK¶A: b¶¶"],
  ])("%p", (text, want) => {
    expect(response(text)).toBe(PARSED.done);
    expect(written(false)).toBe(want);
  });
});

describe("refused requests: status, and where", () => {
  test.each([
    ["\x16\x03\x01", 400, 0],
    [" GET / HTTP/1.1¶¶", 400, 0],
    ["¶\rGET / HTTP/1.1¶¶", 400, 3],
    ["G(T / HTTP/1.1¶¶", 400, 1],
    ["GET¶¶", 400, 3],
    ["GET /¶¶", 400, 5],
    ["GET /\x7f HTTP/1.1¶¶", 400, 5],
    ["GET / HTTX/1.1¶¶", 400, 9],
    ["GET / HTTP/1.10¶¶", 400, 14],
    ["GET / HTTP/1.1\rX", 400, 15],
    ["GET / HTTP/1.1¶ A: b¶¶", 400, 16],
    ["GET / HTTP/1.1¶A : b¶¶", 400, 17],
    ["GET / HTTP/1.1¶: b¶¶", 400, 16],
    ["GET / HTTP/1.1¶A: b\rc¶¶", 400, 21],
    ["GET / HTTP/1.1¶A: b\0¶¶", 400, 20],
    ["GET / HTTP/1.1¶¶".replace(/¶$/, "\r\r"), 400, 17],
    ["PRI * HTTP/2.0¶¶", 400, 0],
    ["GET / HTTP/1.1¶Host: x¶Host: y¶¶", 400, 0],
    ["GET http://x/ HTTP/1.1¶Host: y¶¶", 400, 0],
    ["CONNECT / HTTP/1.1¶¶", 400, 0],
    ["GET / HTTP/1.1¶Content-Length:¶¶", 400, 31],
    ["GET / HTTP/1.1¶Content-Length: 1, ,1¶¶", 400, 32],
    ["GET / HTTP/1.1¶Content-Length: 1, 2¶¶", 400, 32],
    ["GET / HTTP/1.1¶Content-Length: 9007199254740992¶¶", 400, 32],
    ["GET / HTTP/1.1¶Transfer-Encoding: gzip¶¶", 400, 0],
    ["GET / HTTP/1.1¶Transfer-Encoding: chunked, gzip¶¶", 400, 35],
    ["GET / HTTP/1.1¶Transfer-Encoding: gzip, chunked¶¶", 422, 0],
    ["GET / HTTP/1.0¶Content-Length: 1¶¶", 413, 0],
    ["GET / HTTP/1.1¶Connection: upgrade¶Upgrade: websocket¶¶", 400, 0],
    ["GET / HTTP/1.1¶Connection: upgrade¶Upgrade: websocket¶Sec-WebSocket-Key: short¶¶", 400, 0],
  ])("%p", (text, status, at) => {
    expect(request(text)).toBe(PARSED.bad);
    expect([head.status, head.end]).toEqual([status, at]);
  });
});

test("100 fields are enough, with tune.http.maxhdr 101", () => {
  const fields = (count: number) => `GET / HTTP/1.1¶${"A: b¶".repeat(count)}¶`;
  expect(request(fields(100))).toBe(PARSED.done);
  expect(request(fields(101))).toBe(PARSED.tooMany);
});

describe("bodies of requests", () => {
  test.each([
    ["", BODY.none, 0],
    ["Content-Length: 0¶", BODY.none, 0],
    ["Content-Length: 5¶", BODY.length, 5],
    ["Content-Length: 9007199254740991¶", BODY.length, Number.MAX_SAFE_INTEGER],
    ["Transfer-Encoding: Chunked¶", BODY.chunked, 0],
    ["Content-Length: 5¶Transfer-Encoding: chunked¶", BODY.chunked, 0],
  ])("%p", (fields, body, length) => {
    expect(request(`POST / HTTP/1.1¶${fields}¶`)).toBe(PARSED.done);
    expect([head.body, head.length]).toEqual([body, length]);
  });

  test("nothing follows a CONNECT but the tunnel", () => {
    expect(request("CONNECT x:80 HTTP/1.1¶Content-Length: 5¶Transfer-Encoding: chunked¶¶")).toBe(PARSED.done);
    expect(head.body).toBe(BODY.none);
    expect(fieldsOf(head)).toEqual([]);
  });
});

describe("bodies of answers", () => {
  test.each([
    [200, METHOD.GET, "", BODY.untilClose, []],
    [200, METHOD.GET, "Content-Length: 0¶", BODY.none, ["Content-Length=0"]],
    [200, METHOD.GET, "Content-Length: 5¶", BODY.length, ["Content-Length=5"]],
    [200, METHOD.GET, "Transfer-Encoding: chunked¶", BODY.chunked, ["Transfer-Encoding=chunked"]],
    [200, METHOD.HEAD, "Content-Length: 5¶", BODY.none, ["Content-Length=5"]],
    [200, METHOD.HEAD, "Transfer-Encoding: chunked¶", BODY.none, ["Transfer-Encoding=chunked"]],
    [200, METHOD.HEAD, "", BODY.none, []],
    [304, METHOD.GET, "Content-Length: 5¶", BODY.none, ["Content-Length=5"]],
    [204, METHOD.GET, "Content-Length: 5¶", BODY.none, []],
    [103, METHOD.GET, "Transfer-Encoding: chunked¶", BODY.none, []],
    [200, METHOD.CONNECT, "Content-Length: 5¶", BODY.none, []],
    [407, METHOD.CONNECT, "Content-Length: 5¶", BODY.length, ["Content-Length=5"]],
  ])("%p to method %p with %p", (status, method, fields, body, kept) => {
    expect(response(`HTTP/1.1 ${status} X¶${fields}¶`, method)).toBe(PARSED.done);
    expect(head.body).toBe(body);
    expect(fieldsOf(head)).toEqual(kept);
  });

  test.each([
    "HTTP/1.1 099 X¶¶",
    "HTTP/1.1 1000 X¶¶",
    "HTTP/1.1 200X¶¶",
    "HTTP/1.1 200 OK¶Transfer-Encoding: gzip¶¶",
    "HTTP/1.1 200 OK¶Content-Length: 1¶Content-Length: 2¶¶",
    "HTTP/1.1 101 X¶¶",
    "HTTP/1.1 101 X¶Connection: upgrade¶Upgrade: websocket¶¶",
  ])("%p is refused", (text) => {
    expect(response(text)).toBe(PARSED.bad);
  });
});

test("Upgrade beside a body is not passed on", () => {
  expect(request("POST / HTTP/1.1¶Connection: upgrade¶Upgrade: x¶Content-Length: 1¶¶")).toBe(PARSED.done);
  expect(fieldsOf(head)).toEqual(["Connection=upgrade", "Content-Length=1"]);
  expect(request("GET / HTTP/1.1¶Connection: upgrade¶Upgrade: x¶Content-Length: 0¶¶")).toBe(PARSED.done);
  expect(fieldsOf(head)).toEqual(["Connection=upgrade", "Upgrade=x", "Content-Length=0"]);
});

test.each([
  ["GET / HTTP/1.1¶Connection: close, UPGRADE¶Upgrade: x¶¶", SEEN.close | SEEN.upgrade],
  ["GET / HTTP/1.1¶Connection: x,, Keep-Alive ,¶¶", SEEN.keepAlive],
  ["GET / HTTP/1.1¶Expect: 100-Continue¶Host: x¶¶", SEEN.expect100 | SEEN.host],
  ["POST / HTTP/1.1¶Connection: upgrade¶Upgrade: x¶Content-Length: 1¶¶", SEEN.contentLength],
  // Nothing is read behind a message that its sender may have framed in two ways.
  ["POST / HTTP/1.1¶Content-Length: 1¶Transfer-Encoding: chunked¶¶", SEEN.transferEncoding | SEEN.close],
  ["POST / HTTP/1.0¶Transfer-Encoding: chunked¶¶", SEEN.transferEncoding | SEEN.close],
])("%p: seen", (text, seen) => {
  expect(request(text)).toBe(PARSED.done);
  expect(head.seen).toBe(seen);
});

test.each([
  ["GET /a HTTP/1.1¶¶", 100, "GET /a HTTP/1.1"],
  ["¶GET   /a\tHTTP/1.2\n\n", 100, "GET /a HTTP/1.2"],
  ["GET http://x:80/a HTTP/1.1¶Host: x¶¶", 100, "GET http://x/a HTTP/1.1"],
  ["GET /abcdef HTTP/1.1¶¶", 8, "GET /abc"],
  ["GET  /abcdef HTTP/1.1¶¶", 8, "GET /abc"],
])("request line of %p", (text, most, want) => {
  expect(request(text)).toBe(PARSED.done);
  expect(requestLine(head, most)).toBe(want);
});

test("the end of a head is found in whatever pieces it comes", () => {
  for (const text of ["GET / HTTP/1.1¶A: b¶¶body¶¶", "GET / HTTP/1.1\nA: b\n\nbody\n\n", "GET / HTTP/1.1¶A: b\n¶"]) {
    const bytes = bytesOf(text);
    const want = text.includes("body") ? bytes.indexOf("body") : bytes.length;
    for (let cut = 0; cut < want; cut++) {
      expect(findHeadEnd(bytes, 0, cut)).toBe(-1);
      expect(findHeadEnd(bytes, Math.max(0, cut - 3), bytes.length)).toBe(want);
    }
  }
});
