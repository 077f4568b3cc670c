/**
 * Fetches of HTTP where haproxy cannot be asked: what is known when heads are gone, what rules have changed. All else is
 * compared with haproxy in test/samples-http-differential.test.ts.
 */
import { expect, test } from "bun:test";
import { contextOf, type Session, settingOf } from "../../../../test/samples_context.ts";
import { addField, deleteField, fieldName, setMethod, setUri } from "../../http1/edit.ts";
import { METHOD } from "../../http1/head.ts";
import { compileExpression } from "../expression.ts";
import type { Scope, Value } from "../types.ts";

const REQUEST = "POST /a/b?c=1 HTTP/1.1\r\nHost: h.example\r\nX: 1, 2\r\n\r\n";
const RESPONSE = "HTTP/1.0 404 Not Found\r\nX: r\r\nContent-Length: 0\r\n\r\n";

function valueOf(text: string, session: Session, scope: Scope = "http log"): Value | undefined {
  const compiled = compileExpression(text, "any", settingOf(scope));
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.evaluate(contextOf(session));
}

/** In the log: only the exchange is left. */
const kept: [text: string, exchange: Session["exchange"], value: Value | undefined][] = [
  ["method", { method: METHOD.PUT }, "PUT"],
  ["method", { method: METHOD.other, requestLine: "BREW / HTTP/1.1" }, undefined],
  ["capture.req.method", { requestLine: "BREW /pot HTTP/1.1" }, "BREW"],
  ["capture.req.uri", { requestLine: "BREW /pot?x HTTP/1.1" }, "/pot?x"],
  ["capture.req.uri", { requestLine: "GET http://h/pot?x HTTP/1.1" }, "/pot?x"],
  ["capture.req.uri", { requestLine: "OPTIONS * HTTP/1.1" }, undefined],
  ["capture.req.uri", { requestLine: "CONNECT h:443 HTTP/1.1" }, undefined],
  ["capture.req.uri", { requestLine: "GET /cut-off" }, "/cut-off"],
  ["capture.req.uri", { requestLine: "" }, undefined],
  ["capture.req.ver", { minor: 0 }, "HTTP/1.0"],
  ["req.ver", { minor: 0 }, "1.0"], // in logs since haproxy 3
  ["capture.req.hdr(1)", { requestCaptures: ["a", "b"] }, "b"],
  ["capture.req.hdr(1)", { requestCaptures: ["a", null] }, undefined],
  ["capture.req.hdr(2)", { requestCaptures: ["a", "b"] }, undefined],
  ["capture.req.hdr(-1)", { requestCaptures: ["a", "b"] }, undefined],
  ["capture.res.hdr(0)", { responseCaptures: [""] }, ""],
  ["status", { status: 503 }, 503],
  ["status", { status: -1 }, undefined],
  ["unique-id", { uniqueId: "abc" }, "abc"],
  ["unique-id", { uniqueId: "" }, undefined],
  ["http_first_req", { count: 1 }, true],
  ["http_first_req", { count: 2 }, false],
];
test.each(kept)("%s of %j at the end is %p", (text, exchange, value) => {
  expect(valueOf(text, { exchange: exchange! })).toEqual(value as Value);
});

test("fields and target are those that rules have made", () => {
  const context = contextOf({ request: REQUEST });
  const head = context.request!;
  const ask = (text: string) => {
    const compiled = compileExpression(text, "any", settingOf("backend http-request"));
    if (!compiled.ok) throw new Error(compiled.message);
    return compiled.evaluate(context);
  };
  expect([ask("hdr(x)"), ask("req.hdr_cnt(x)"), ask("path"), ask("urlp(c)")]).toEqual(["2", 2, "/a/b", "1"]);
  addField(head, fieldName("X"), "3,4");
  setUri(head, "/new?c=2");
  expect([ask("hdr(x)"), ask("hdr(x,1)"), ask("req.hdr_cnt(x)")]).toEqual(["4", "1", 4]);
  expect([ask("path"), ask("urlp(c)"), ask("base")]).toEqual(["/new", "2", "h.example/new"]);
  deleteField(head, fieldName("x"));
  expect([ask("hdr(x)"), ask("req.hdr_cnt(x)"), ask("req.fhdr(x)")]).toEqual([undefined, 0, undefined]);
  expect(ask("req.hdr_names")).toBe("host");
  setMethod(head, "PUT");
  expect(ask("method")).toBe("POST"); // as haproxy: that of the request received
});

test("the status is the one that a rule has set", () => {
  const context = contextOf({ response: RESPONSE, exchange: { status: 404 } });
  const compiled = compileExpression("status", "any", settingOf("http-response"));
  context.response!.status = 410;
  expect(compiled.ok && compiled.evaluate(context)).toBe(410);
});

test("hdr is of the side where it stands", () => {
  expect(valueOf("hdr(x)", { request: REQUEST }, "backend http-request")).toBe("2");
  expect(valueOf("hdr(x)", { response: RESPONSE }, "http-response")).toBe("r");
  expect(valueOf("cookie(x)", { request: REQUEST }, "backend http-request")).toBeUndefined();
});

const nothing: [text: string, scope: Scope][] = [
  ["path", "http use_backend"],
  ["hdr(x)", "http use_backend"],
  ["base32+src", "http balance"],
  ["req.hdrs", "frontend http-request"],
  ["res.hdr_cnt(x)", "http-response"],
  ["status", "http log"],
  ["capture.req.hdr(0)", "http log"],
  ["http_first_req", "http log"],
];
test.each(nothing)("%s has no value where there is no message", (text, scope) => {
  expect(valueOf(text, {}, scope)).toBeUndefined();
});

const misplaced: [text: string, scope: Scope, message: RegExp][] = [
  ["path", "http log", /"path" here: it needs an HTTP request/],
  ["path", "http-response", /an HTTP request/],
  ["status", "frontend http-request", /an HTTP response/],
  ["res.hdr(x)", "http log", /an HTTP response/],
  ["hdr(x)", "http log", /an HTTP request or response/],
  ["be_name", "frontend http-request", /the backend, which is not chosen yet/],
  ["srv_name", "backend http-request", /the server, which is not chosen yet/],
  ["path", "use_backend", /an HTTP request/],
  ["method", "log", /an HTTP request/],
];
test.each(misplaced)("%s cannot stand in %s", (text, scope, message) => {
  const compiled = compileExpression(text, "any", settingOf(scope));
  expect(compiled.ok ? "" : compiled.message).toMatch(message);
});
