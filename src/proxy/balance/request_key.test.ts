/** Which part of a request is the key: each row says the bytes that must have been hashed; null: there is no key. */
import { expect, test } from "bun:test";
import { hashType } from "../../../test/balance_fixture.ts";
import { hashString } from "./hash.ts";
import { hashBodyParam, hashHeader, hashUri, hashUrlParam, NO_KEY, type UriRule } from "./request_key.ts";

const type = hashType({ function: "crc32" });
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const hashOf = (hashed: string | null): number => hashed === null ? NO_KEY : hashString(type, hashed);

const URIS: [rule: Partial<UriRule>, uri: string, hashed: string][] = [
  [{}, "/a/b?c=d", "/a/b"],
  [{ whole: true }, "/a/b?c=d", "/a/b?c=d"],
  [{ len: 3 }, "/a/b?c=d", "/a/"],
  [{ len: 300 }, "/a/b?c=d", "/a/b"],
  [{ depth: 1 }, "/a/b/c", "/a"],
  [{ depth: 2 }, "/a/b/c", "/a/b"],
  [{ depth: 9 }, "/a/b/c", "/a/b/c"],
  [{ depth: 2, len: 3 }, "/a/b/c", "/a/"],
  [{ depth: 1, whole: true }, "/a?b/c", "/a?b"],
  [{}, "http://h/a/b?c", "http://h/a/b"],
  [{ depth: 1 }, "http://h/a/b", "http:/"],
  [{ pathOnly: true }, "http://h/a/b?c", "/a/b"],
  [{ pathOnly: true, depth: 1 }, "http://h/a/b?c", "/a"],
  [{ pathOnly: true, len: 3 }, "http://h/a/b?c", "/a/"],
  [{ pathOnly: true, whole: true }, "/a?b", "/a?b"],
  [{ pathOnly: true }, "http://h", ""],
  [{ pathOnly: true }, "*", ""],
  [{ pathOnly: true }, "h:443", ""],
];
test.each(URIS)("uri %p of %p is %p", (rule, uri, hashed) => {
  const whole = { whole: false, pathOnly: false, len: 0, depth: 0, ...rule };
  expect(hashUri(type, whole, bytes(uri))).toBe(hashOf(hashed));
});

const PARAMS: [uri: string, hashed: string | null][] = [
  ["/?id=1", "1"],
  ["/?id=", ""],
  ["/?id", null],
  ["/id=1", null],
  ["/?xid=1", null],
  ["/?xid=1&id=2", "2"],
  ["/?ID=1", null],
  ["/?id=1&id=2", "1"],
  ["/?a&&id=3&", "3"],
  ["/?a=id=3", null],
  ["/?b?id=3", null],
  ["/?", null],
];
test.each(PARAMS)("url_param id of %p is %p", (uri, hashed) => {
  expect(hashUrlParam(type, bytes("id"), bytes(uri))).toBe(hashOf(hashed));
});

const BODIES: [body: string, hashed: string | null][] = [
  ["id=1", "1"],
  ["a=b&id=1&c", "1"],
  ["id=", ""],
  ["id=\r\n", ""],
  ["id=(1)", null],
  ["id=\x80", null],
  ["ab=1", null],
  ["", null],
];
test.each(BODIES)("url_param id check_post of %p is %p", (body, hashed) => {
  expect(hashBodyParam(type, bytes("id"), bytes(body))).toBe(hashOf(hashed));
});

const HEADERS: [domainOnly: boolean, value: string, hashed: string | null][] = [
  [false, "a.b.c", "a.b.c"],
  [false, "a, b", "a"],
  [false, "a \t,b", "a"],
  [false, '"a,b",c', '"a,b"'],
  [false, '"a\\",b",c', '"a\\",b"'],
  [false, '"\\', '"\\'],
  [false, "", null],
  [false, ",a", null],
  [true, "www.example.com", "example"],
  [true, "example.com", "example"],
  [true, "a.b.c.d", "c"],
  [true, "localhost", "localhost"],
  [true, ".com", ".com"],
  [true, "com.", "com"],
  [true, "a..b", ""],
  [true, "a.b, c.d", "a"],
  [true, "", null],
];
test.each(HEADERS)("hdr, domain only %p, of %p is %p", (domainOnly, value, hashed) => {
  expect(hashHeader(type, domainOnly, bytes(value))).toBe(hashOf(hashed));
});
