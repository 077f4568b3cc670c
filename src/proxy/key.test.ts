/** Which bytes of a request each balance kind hashes; the hashes themselves are compared with haproxy elsewhere. */
import { expect, test } from "bun:test";
import { contextOf, settingOf } from "../../test/samples_context.ts";
import { hashType } from "../../test/balance_fixture.ts";
import type { Balance, Proxy } from "../config/haproxy/model.ts";
import { hashString } from "./balance/hash.ts";
import { NO_KEY } from "./balance/request_key.ts";
import { addField, deleteField, fieldName } from "./http1/edit.ts";
import { hashKey } from "./key.ts";

const type = hashType({ function: "crc32" });
const keyOf = (balance: Balance) =>
  hashKey({ balance, hashType: type, name: "b" } as Proxy, settingOf("http balance"))!;

const URI = { kind: "uri", whole: false, pathOnly: false, len: 0, depth: 0 } as const;
const PARAM = { kind: "url_param", name: "u", checkPost: true } as const;
const HDR = { kind: "hdr", name: "X-Key", domainOnly: false } as const;
const PLACE = { file: "", line: 0, column: 0 };

const get = (target: string, ...fields: string[]) =>
  [`GET ${target} HTTP/1.1`, "Host: h", ...fields, "", ""].join("\r\n");
const post = (target: string, body: string, ...fields: string[]) =>
  [`POST ${target} HTTP/1.1`, "Host: h", ...fields, "", body].join("\r\n");
const length = (body: string) => `Content-Length: ${body.length}`;
const CHUNKED = "Transfer-Encoding: chunked";

const cases: [balance: Balance, request: string, hashed: string | null][] = [
  [URI, get("/a/b?c"), "/a/b"],
  [{ ...URI, whole: true }, get("/a/b?c"), "/a/b?c"],
  [{ ...URI, pathOnly: true }, get("http://h/a/b?c"), "/a/b"],
  [{ ...URI, depth: 1 }, get("/a/b?c"), "/a"],
  [PARAM, get("/a?x=1&u=2"), "2"],
  [PARAM, get("/a?x=1"), null],
  [PARAM, get("/u=1"), null],
  [PARAM, post("/a?u=1", "u=2", length("u=2")), "1"],
  [PARAM, post("/a?x=1", "x=3&u=2", length("x=3&u=2")), "2"],
  [PARAM, post("/a", "x=3", length("x=3")), null],
  [PARAM, post("/a", "3\r\nx=1\r\n4\r\n&u=2\r\n1\r\n3\r\n0\r\n\r\n", CHUNKED), "23"],
  [PARAM, post("/a", "4;e=u\r\nu=12", CHUNKED), "12"], // more is to come
  [PARAM, get("/a", "Content-Length: 0"), null],
  [HDR, get("/", "x-key: a", "X-KEY: b"), "a"],
  [HDR, get("/", "x-key: a, b"), "a"],
  [HDR, get("/", "x-key:"), null],
  [HDR, get("/"), null],
  [{ ...HDR, name: "host", domainOnly: true }, get("/").replace("Host: h", "Host: www.example.com"), "example"],
  [{ kind: "hash", expression: "path,lower", place: PLACE }, get("/A"), "/a"],
];
test.each(cases)("%j of %j is %p", (balance, request, hashed) => {
  expect(keyOf(balance)(contextOf({ request }))).toBe(hashed === null ? NO_KEY : hashString(type, hashed));
});

test("the key is that of the head as rules have left it, of the body as it came", () => {
  const context = contextOf({ request: post("/", "u=1", length("u=1"), "x-key: a") });
  deleteField(context.request!, fieldName("x-key"));
  addField(context.request!, fieldName("X-Key"), "b");
  expect(keyOf(HDR)(context)).toBe(hashString(type, "b"));
  expect(keyOf(PARAM)(context)).toBe(hashString(type, "1"));
});

test("without a request there is no key", () => {
  for (const balance of [URI, PARAM, HDR]) expect(keyOf(balance)(contextOf())).toBe(NO_KEY);
});
