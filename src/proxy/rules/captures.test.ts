/** What captures keep. Each outcome was seen in a log line of haproxy 2.6; test/http/persistence.test.ts plays more. */
import { expect, test } from "bun:test";
import { model } from "../../../test/config_fixture.ts";
import { newHead } from "../http1/head.ts";
import { parseRequest, parseResponse } from "../http1/parse.ts";
import type { Exchange } from "../samples/context.ts";
import { type Captures, compileCaptures } from "./captures.ts";

const compile = (lines: string): Captures | null =>
  compileCaptures(model(`frontend f\n  mode http\n  bind :1\n  timeout client 1s\n  ${lines}\n`).proxies[0]!);

const head = newHead(20, 1000);
const request = (fields: string) => {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${fields}\r\n`, "latin1");
  parseRequest(head, bytes, 0, bytes.length, 20);
  return head;
};
const response = (fields: string) => {
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n`, "latin1");
  parseResponse(head, bytes, 0, bytes.length, 2, 20);
  return head;
};

const FIELDS: readonly (readonly [fields: string, slots: (string | null)[]])[] = [
  ["", [null, null]],
  ["X-A: hello world\r\n", ["hello wo", null]],
  ["X-A: 1\r\nx-a: 2\r\n", ["2", null]],
  ["X-A: 1, 2 , 3\r\n", ["1, 2 , 3", null]],
  ["X-A:   sp  \r\nX-B: \xe9\r\n", ["sp", "\xe9"]],
  ["X-A: 1\r\nX-A:\r\n", ["", null]],
];
test.each([...FIELDS])("fields of %j", (fields, slots) => {
  const captures = compile("capture request header X-A len 8\n  capture request header x-b len 20")!;
  const exchange = { requestCaptures: [], responseCaptures: [] } as unknown as Exchange;
  captures.request(request(fields), exchange);
  expect(exchange.requestCaptures).toEqual(slots);
});

test("fields of a response, in slots of their own", () => {
  const captures = compile("capture request header X-A len 8\n  capture response header X-R len 3")!;
  const exchange = { requestCaptures: [null], responseCaptures: [] } as unknown as Exchange;
  captures.response(response("X-A: q\r\nX-R: 1234\r\n"), exchange);
  expect([exchange.requestCaptures, exchange.responseCaptures]).toEqual([[null], ["123"]]);
});

const COOKIES: readonly (readonly [fields: string, inRequest: string, inResponse: string])[] = [
  ["AP=1", "AP=1", "AP=1"],
  ["APx=1", "APx=1", "APx=1"],
  ["a=1; AP=2", "AP=2", ""],
  ["AP = 1 ; b", "AP=1", "AP=1"],
  ['AP="x y"; z', 'AP="x y"', 'AP="x y"'],
  [`AP=${"a".repeat(40)}`, `AP=${"a".repeat(17)}`, `AP=${"a".repeat(17)}`],
  ["AP=1; AP=2", "AP=1", "AP=1"],
  ["AP; APz=3", "APz=3", ""],
  ["AP=", "AP=", "AP="],
  ["ap=1", "", ""],
  ["$AP=1", "", ""],
  ["AP=1|2", "AP=1|2", "AP=1|2"],
];
test.each([...COOKIES])("cookies of %j", (value, inRequest, inResponse) => {
  const captures = compile("capture cookie AP len 20")!;
  const exchange = { requestCookie: "old", responseCookie: "old" };
  captures.requestCookie(request(`Cookie: x=1\r\nCookie: ${value}\r\nCookie: AP=later\r\n`), exchange);
  captures.responseCookie(response(`Set-Cookie: x=1\r\nSet-Cookie: ${value}\r\nSet-Cookie: y=1\r\n`), exchange);
  expect(exchange).toEqual({ requestCookie: inRequest || "AP=later", responseCookie: inResponse });
});

test("a whole name is written with its equals sign", () => {
  const captures = compile("capture cookie AP= len 20")!;
  const exchange = { requestCookie: "", responseCookie: "" };
  captures.requestCookie(request("Cookie: APx=1; AP=2\r\n"), exchange);
  expect(exchange.requestCookie).toBe("AP=2");
});

test("Set-Cookie2 has several cookies", () => {
  const captures = compile("capture cookie AP len 20")!;
  const exchange = { requestCookie: "", responseCookie: "" };
  captures.responseCookie(response("Set-Cookie2: x=1; p=2, AP=1\r\n"), exchange);
  expect(exchange.responseCookie).toBe("AP=1");
});

test("nothing is compiled when nothing is declared", () => expect(compile("")).toBe(null));
