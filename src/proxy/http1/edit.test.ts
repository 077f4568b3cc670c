/** Changes of heads: what is written then, where there is no room, what a rule cannot do to a message. */
import { describe, expect, test } from "bun:test";
import { composeHead } from "./compose.ts";
import * as edit from "./edit.ts";
import { type Head, METHOD, newHead } from "./head.ts";
import { PARSED, parseRequest, parseResponse } from "./parse.ts";

const { fieldName } = edit;
const out = Buffer.alloc(4096);

/** A head of `GET /a HTTP/1.1` with these fields, behind `before` other bytes; "¶" stands for CR LF. */
function headOf(fields: string, before = 0, room = 2048): Head {
  const head = newHead(101, room);
  const text = `${"x".repeat(before)}GET /a HTTP/1.1¶${fields}¶`.replaceAll("¶", "\r\n");
  const bytes = Buffer.from(text, "latin1");
  expect(parseRequest(head, bytes, before, bytes.length, 101)).toBe(PARSED.done);
  return head;
}

const written = (head: Head) => out.toString("latin1", 0, composeHead(head, true, out, 0)).replaceAll("\r\n", "¶");

const A = fieldName("a");
const X = fieldName("X-New");
const FIELDS = "A: 1¶B: 2¶a: 3¶";

describe("what is written behind it", () => {
  const cases: [name: string, change: (head: Head) => unknown, want: string][] = [
    ["nothing", () => {}, "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶¶"],
    ["addField", (head) => edit.addField(head, X, "v"), "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶X-New: v¶¶"],
    ["two of them", (head) => {
      edit.addField(head, X, "v");
      edit.addField(head, X, "");
    }, "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶X-New: v¶X-New: ¶¶"],
    [
      "addFieldBytes",
      (head) => edit.addFieldBytes(head, X, Buffer.from("-v-"), 1, 2),
      "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶X-New: v¶¶",
    ],
    ["deleteField", (head) => edit.deleteField(head, A), "GET /a HTTP/1.1¶B: 2¶¶"],
    ["deleteField of all", (head) => {
      edit.deleteField(head, A);
      edit.deleteField(head, fieldName("B"));
    }, "GET /a HTTP/1.1¶¶"],
    ["setField", (head) => edit.setField(head, A, "4"), "GET /a HTTP/1.1¶B: 2¶a: 4¶¶"],
    ["replaceValue", (head) => edit.replaceValue(head, 1, "long"), "GET /a HTTP/1.1¶A: 1¶B: long¶a: 3¶¶"],
    ["it twice", (head) => {
      edit.replaceValue(head, 0, "x");
      edit.replaceValue(head, 0, "y");
    }, "GET /a HTTP/1.1¶A: y¶B: 2¶a: 3¶¶"],
    ["deleteEntry of one added", (head) => {
      edit.addField(head, X, "v");
      edit.addField(head, X, "w");
      edit.deleteEntry(head, 3);
    }, "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶X-New: w¶¶"],
    ["setUri", (head) => edit.setUri(head, "/other?x"), "GET /other?x HTTP/1.1¶A: 1¶B: 2¶a: 3¶¶"],
    ["setMethod", (head) => edit.setMethod(head, "POST"), "POST /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶¶"],
    ["all of it", (head) => {
      edit.setMethod(head, "PUT");
      edit.setUri(head, "/b");
      edit.deleteEntry(head, 0);
      edit.replaceValue(head, 2, "");
      edit.addField(head, X, "v");
    }, "PUT /b HTTP/1.1¶B: 2¶a: ¶X-New: v¶¶"],
    // What would end a line, or the head.
    ["a value with line ends", (head) => {
      edit.addField(head, X, " a\r\nHost: y\0 ");
    }, "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶X-New: a  Host: y¶¶"],
    [
      "bytes with line ends",
      (head) => edit.addFieldBytes(head, X, Buffer.from("\n a\nb\t\r"), 0, 7),
      "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶X-New: a b¶¶",
    ],
    [
      "a target with line ends",
      (head) => edit.setUri(head, "/a b\r\n#\xe9%41"),
      "GET /a%20b%0D%0A%23%E9%41 HTTP/1.1¶A: 1¶B: 2¶a: 3¶¶",
    ],
    ["no method", (head) => {
      expect(edit.setMethod(head, "GET /x")).toBe(false);
      expect(edit.setMethod(head, "")).toBe(false);
      expect(edit.setUri(head, "")).toBe(false);
    }, "GET /a HTTP/1.1¶A: 1¶B: 2¶a: 3¶¶"],
  ];
  test.each(cases)("%s", (_, change, want) => {
    for (const before of [0, 100]) {
      const head = headOf(FIELDS, before);
      const came = Buffer.from(head.bytes);
      const { bytes } = head;
      change(head);
      expect(written(head)).toBe(want);
      expect(bytes.equals(came)).toBe(true); // others still read there
    }
    const odd = headOf(FIELDS.replaceAll("¶", "\n"));
    change(odd);
    expect(written(odd)).toBe(want);
  });
});

test("the body's length is no rule's business", () => {
  const head = headOf("Content-Length: 3¶");
  const length = fieldName("Content-Length");
  edit.deleteField(head, length);
  expect(edit.setField(head, length, "5")).toBe(true);
  expect(edit.addField(head, fieldName("Transfer-Encoding"), "chunked")).toBe(true);
  expect(edit.addFieldBytes(head, length, Buffer.from("5"), 0, 1)).toBe(true);
  expect(edit.replaceValue(head, 0, "5")).toBe(true);
  expect(written(head)).toBe("GET /a HTTP/1.1¶Content-Length: 3¶¶");
});

test("without room nothing changes, and it says so", () => {
  const text = "GET /a HTTP/1.1¶A: 1¶¶";
  const room = text.length + 2 + "X: 1234".length + 4; // the text has three line ends of two bytes
  for (let length = 0; length < 12; length++) {
    const head = headOf("A: 1¶", 0, room);
    const value = "v".repeat(length);
    const fits = length <= 5;
    expect(edit.addField(head, fieldName("X"), value)).toBe(fits);
    expect(written(head)).toBe(fits ? `GET /a HTTP/1.1¶A: 1¶X: ${value}¶¶` : text);
  }
  const twice = headOf("A: 1¶", 0, room);
  expect(edit.addField(twice, fieldName("X"), "")).toBe(true);
  expect(edit.addField(twice, fieldName("X"), "v")).toBe(false);
  const small = headOf("A: 1¶", 10, 20);
  expect(edit.own(small, 0)).toBe(false);
  for (
    const change of [
      () => edit.setUri(small, "/"),
      () => edit.setMethod(small, "PUT"),
      () => edit.replaceValue(small, 0, ""),
      () => edit.setField(small, A, "2"),
    ]
  ) expect(change()).toBe(false);
  expect(written(small)).toBe(text);
});

test("without a place for another field nothing changes", () => {
  const head = headOf("A: 1¶", 0, 65536);
  let added = 0;
  while (edit.addField(head, X, "")) added++;
  expect(added).toBe(head.states.length - 1);
});

test("fields are found by name in any case, deleted ones are not", () => {
  const head = headOf("Cookie: 1¶X-A: 2¶cookie: 3¶x-b: 4¶x-a: 5¶");
  const all = (name: string) => {
    const found: string[] = [];
    const field = fieldName(name);
    for (let i = edit.findField(head, field, 0); i >= 0; i = edit.findField(head, field, i + 1)) {
      found.push(edit.fieldValue(head, i));
    }
    return found;
  };
  expect(all("COOKIE")).toEqual(["1", "3"]);
  expect(all("X-a")).toEqual(["2", "5"]);
  expect(all("x-c")).toEqual([]);
  edit.deleteEntry(head, 0);
  edit.deleteEntry(head, 4);
  expect([all("cookie"), all("x-a")]).toEqual([["3"], ["2"]]);
});

test("setMethod knows the method it sets", () => {
  const head = headOf("");
  expect(edit.setMethod(head, "HEAD")).toBe(true);
  expect(head.method).toBe(METHOD.HEAD);
});

test("setStatus", () => {
  const head = newHead(101, 2048);
  const bytes = Buffer.from("HTTP/1.0 200 OK\r\nA: 1\r\n\r\n", "latin1");
  expect(parseResponse(head, bytes, 0, bytes.length, METHOD.GET, 101)).toBe(PARSED.done);
  expect(edit.setStatus(head, 503, "Not\r\nnow")).toBe(true);
  expect(out.toString("latin1", 0, composeHead(head, false, out, 0))).toBe("HTTP/1.0 503 Not  now\r\nA: 1\r\n\r\n");
});
