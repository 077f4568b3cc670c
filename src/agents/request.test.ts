/** Requests as clients of agents send them: whole, in pieces, not at all. */
import { expect, test } from "bun:test";
import { MAX_REQUEST_BYTES, readRequest } from "./request.ts";

const get = (path: string, query = "") => ({ kind: "request", method: "GET", path, query });
const partial = { kind: "partial" };
const bare = { kind: "bare" };

const cases: [text: string, whileOpen: object, atItsEnd: object][] = [
  ["", partial, bare],
  ["GE", partial, bare],
  ["GET / HTTP/1.1\r\n", partial, get("/")],
  ["GET / HTTP/1.1\r\nHost: x", partial, get("/")],
  ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", get("/"), get("/")],
  ["GET / HTTP/1.1\nHost: x\n\n", get("/"), get("/")],
  ["GET / HTTP/1.0\r\n\r\n", get("/"), get("/")],
  ["GET /replica?lag=16MB&a=b HTTP/1.1\r\n\r\n", get("/replica", "lag=16MB&a=b"), get("/replica", "lag=16MB&a=b")],
  ["GET http://h:1/primary?x HTTP/1.1\r\n\r\n", get("/primary", "x"), get("/primary", "x")],
  ["GET http://h HTTP/1.1\r\n\r\n", get("/"), get("/")],
  ["GET /health\r\n", get("/health"), get("/health")], // HTTP/0.9 has no fields to wait for
  ["OPTIONS * HTTP/1.1\r\n\r\n", { ...get("/"), method: "OPTIONS" }, { ...get("/"), method: "OPTIONS" }],
  ["status\n", bare, bare],
  ["\r\n", bare, bare],
  ["get / HTTP/1.1\r\n\r\n", bare, bare],
  ["GET  / HTTP/1.1\r\n\r\n", bare, bare],
  ["\x16\x03\x01\x02\x00\x01\n", bare, bare], // TLS
  ["x".repeat(MAX_REQUEST_BYTES + 1), { kind: "tooLong" }, bare],
  [`GET / HTTP/1.1\r\nX: ${"x".repeat(MAX_REQUEST_BYTES)}`, { kind: "tooLong" }, get("/")],
];
test.each(cases)("%p", (text, whileOpen, atItsEnd) => {
  expect(readRequest(text, false)).toEqual(whileOpen as never);
  expect(readRequest(text, true)).toEqual(atItsEnd as never);
});

test("any bytes are something, in any pieces, and what is decided stays decided", () => {
  const seed = Date.now() & 0x7fffffff;
  let state = seed;
  const random = (below: number): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
  const pieces = ["GET ", "HEAD ", "/", "?lag=1", " HTTP/1.1", "\r\n", "\n", "\0", "\xff", "Host: x", " ", "*"];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join("");
    let decided: object | null = null;
    for (let length = 0; length <= text.length; length++) {
      const asked = readRequest(text.slice(0, length), false);
      if (asked.kind === "partial") expect(decided, `seed ${seed}`).toBeNull();
      else decided ??= asked;
      if (decided !== null) expect(asked, `seed ${seed}`).toEqual(decided as never);
    }
    expect(readRequest(text, true).kind, `seed ${seed}`).not.toBe("partial");
  }
});
