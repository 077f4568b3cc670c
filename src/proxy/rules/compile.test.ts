/** What rules make of requests and answers, held against what haproxy 2.6 was seen to make of them. */
import { expect, test } from "bun:test";
import { frontendOf, lines, run, siteOf } from "../../../test/rules_fixture.ts";
import { contextOf, PROCESS } from "../../../test/samples_context.ts";
import { compileHttpRules, compileUseServers } from "./compile.ts";

/** What haproxy 2.6 sends to the server; the request is "GET /a?b=c HTTP/1.1", Host h, and these fields. */
const REQUESTS: [rule: string, fields: string[], want: string[]][] = [
  ["set-header X-S new", ["X-S: 1", "x-s: 2"], ["x-s: new"]],
  ['add-header X-S "a  b %ci  %% %[path]%f end"', ["X-S: 1"], ["X-S: 1", "x-s: a  b 192.0.2.1  % /af end"]],
  ["set-header X-E %[hdr(nope)]", [], ["x-e: "]],
  ["set-header X-S %[hdr(x-s),upper]", ["X-S: abc"], ["x-s: ABC"]],
  ['set-header X-S "<%[hdr(x-s)]>"', ["X-S: abc"], ["x-s: <abc>"]],
  ["set-header X-C %ci", [], ["x-c: 192.0.2.1"]],
  ["set-header X-C %ci:%cp", [], ["x-c: 192.0.2.1:40000"]],
  ['set-header X-B "%[hdr(v),url_dec]"', ["V: %0a%0d%00%09%20%7f%22x"], [
    "V: %0a%0d%00%09%20%7f%22x",
    'x-b: %0A%0D%00\t %7F"x',
  ]],
  ["del-header x-one", ["X-One: 7", "y: 9", "x-one: 8"], ["y: 9"]],
  ["del-header X-de -m beg", ["x-DEE: 1", "de: 2"], ["de: 2"]],
  ["del-header -END -m end", ["foo-end: 1", "end: 2"], ["end: 2"]],
  ["del-header SUB -m sub", ["xsUbx: 3", "su: 2"], ["su: 2"]],
  ["del-header ^r.g$ -m reg", ["RAG: 4", "ragg: 5"], ["ragg: 5"]],
  // The regex sees names in lower case.
  ["del-header ^Cap -m reg", ["Capital: 6"], ["Capital: 6"]],
  ["replace-header X-R ^(a+)(b)?(.*)$ <\\\\3|\\\\1|\\\\2|\\\\0|\\\\9|%[path]\\\\x41\\\\\\\\>", [
    "X-R: aabzz",
    "x-r: cc",
    "x-r: aaq",
  ], ["X-R: <zz|aa|b|aabzz||/aA\\>", "x-r: cc", "x-r: <q|aa||aaq||/aA\\>"]],
  ["replace-header X-R b+ Z", ["X-R: aabbcc,bb"], ["X-R: Z"]],
  ["replace-value X-R ^b+ Z", ['X-R: bb , bbc,"b,b", b;q ,,x', "X-R: bb"], ['X-R: Z,Z,"b,b",Z,,x', "X-R: Z"]],
  ["replace-value X-Q ^q.*$ Q[\\\\0]", ['X-Q: a, q"x,y" ,z'], ['X-Q: a,Q[q"x,y"],z']],
  ["replace-value X-E ^$ EMPTY", ["X-E: a,,b, ,", "X-E:"], ["X-E: a,EMPTY,b,EMPTY,EMPTY", "X-E: EMPTY"]],
  ["set-header X-S no if FALSE", ["X-S: 1"], ["X-S: 1"]],
  ["set-header X-S yes unless { path /x } or { path /y }", [], ["x-s: yes"]],
];

test.each(REQUESTS)("http-request %s on %p", (rule, fields, want) => {
  const ran = run([`http-request ${rule}`], { request: lines("GET /a?b=c HTTP/1.1", "Host: h", ...fields) });
  expect(ran.head).toBe(lines("GET /a?b=c HTTP/1.1", "Host: h", ...want));
});

/** What haproxy 2.6 makes of a request line and the Host field. */
const TARGETS: [rule: string, line: string, want: string, host?: string][] = [
  ["set-path /new%[path]", "GET /sp?x=1", "GET /new/sp?x=1"],
  ["set-path /new%[path]", "GET http://h/sp?x=1", "GET http://h/new/sp?x=1"],
  ["set-path /n", "OPTIONS *", "OPTIONS /n"],
  ["set-path *", "GET /star", "GET *"],
  ["set-query x=1", "GET /sq?y=2", "GET /sq?x=1"],
  ["set-query x=1", "GET /sq", "GET /sq?x=1"],
  ["set-query %[hdr(nope)]", "GET /sz?abc", "GET /sz?"],
  ["set-query %[hdr(nope)]", "GET /sz", "GET /sz"],
  ["set-pathq /pq?z", "GET /pq?abc", "GET /pq?z"],
  ["set-pathq /pq?z", "GET http://h/pq?abc", "GET http://h/pq?z"],
  ["set-uri http://other/u?v", "GET /su?abc", "GET http://other/u?v", "Host: other"],
  ["set-uri /plain", "GET http://h/sv?abc", "GET /plain"],
  ["set-method PATCH", "GET /sm", "PATCH /sm"],
  ["set-header Host changed", "GET /host", "GET /host", "host: changed"],
  ["set-header Host changed", "GET http://h/host", "GET http://changed/host", "host: changed"],
  ["set-header Host %[hdr(host),upper]", "GET /host", "GET /host", "host: H"],
  ["replace-header Host h new", "GET http://u@h:80/host?a", "GET http://u@new/host?a", "Host: new"],
];

test.each(TARGETS)("http-request %s on %s", (rule, line, want, host = "Host: h") => {
  const ran = run([`http-request ${rule}`], { request: lines(`${line} HTTP/1.1`, "Host: h") });
  expect(ran.head).toBe(lines(`${want} HTTP/1.1`, host));
});

test("a method that a rule has set is that of the exchange", () => {
  const { context } = run(["http-request set-method HEAD"], { request: lines("GET / HTTP/1.1", "Host: h") });
  expect(context.exchange?.method).toBe(3);
});

test("a rule sees what the one before it has done", () => {
  const rules = [
    "http-request set-path /b",
    "http-request set-header X %[path]",
    "http-request add-header Y %[hdr(x)]",
  ];
  const ran = run(rules, { request: lines("GET /a HTTP/1.1", "Host: h") });
  expect(ran.head).toBe(lines("GET /b HTTP/1.1", "Host: h", "x: /b", "y: /b"));
});

test("allow ends its own list alone", () => {
  const rules = ["http-request allow if { path /a }", "http-request deny", "redirect location /x"];
  expect(run(rules, { request: lines("GET /a HTTP/1.1", "Host: h") }).answer?.status).toBe(302);
  expect(run(rules, { request: lines("GET /b HTTP/1.1", "Host: h") }).answer?.status).toBe(403);
});

test("where a body ends is no rule's business", () => {
  const request = lines("POST / HTTP/1.1", "Host: h", "Content-Length: 3", "A: b");
  const ran = run(["http-request del-header . -m reg"], { request });
  expect(ran.head).toBe(lines("POST / HTTP/1.1", "Content-Length: 3"));
});

test("what has no room is answered with 500", () => {
  const request = lines("GET / HTTP/1.1", "Host: h", `V: ${"x".repeat(3000)}`);
  const ran = run(['http-request set-header X "%[hdr(v)]%[hdr(v)]"'], { request });
  expect(ran.answer).toMatchObject({ status: 500, termination: "PR" });
});

/** What haproxy 2.6 sends to the client for an answer "200 OK" with the fields of the first list. */
const RESPONSES: [rules: string[], want: string[]][] = [
  [["set-status 404"], ["HTTP/1.1 404 Not Found", "X-M: a, b", "X-M: c"]],
  [["set-status 299"], ["HTTP/1.1 299 Success", "X-M: a, b", "X-M: c"]],
  [["set-status 999"], ["HTTP/1.1 999 Other", "X-M: a, b", "X-M: c"]],
  [['set-status 503 reason "Slow  Down"'], ["HTTP/1.1 503 Slow  Down", "X-M: a, b", "X-M: c"]],
  [["replace-value x-m ^b$ Z"], ["HTTP/1.1 200 OK", "X-M: a,Z", "X-M: c"]],
  [["del-header x-m", "set-header s %[status]"], ["HTTP/1.1 200 OK", "s: 200"]],
  [["allow", "set-header s x"], ["HTTP/1.1 200 OK", "X-M: a, b", "X-M: c"]],
];

test.each(RESPONSES)("http-response %p", (rules, want) => {
  const response = lines("HTTP/1.1 200 OK", "X-M: a, b", "X-M: c");
  expect(run(rules.map((rule) => `http-response ${rule}`), { response }).head).toBe(lines(...want));
});

test("an answer without a body is ended by the connection's end under its new status", () => {
  const ran = run(["http-response set-status 200"], { response: lines("HTTP/1.1 304 Not Modified") });
  expect(ran.context.exchange?.keepClient).toBe(false);
  const other = run(["http-response set-status 200"], { response: lines("HTTP/1.1 404 Not Found") });
  expect(other.context.exchange?.keepClient).toBeUndefined();
});

test("an answer's rule that says close ends the connection to the client", () => {
  const ran = (value: string) => run([`http-response set-header Connection "${value}"`], { response: OK });
  const OK = lines("HTTP/1.1 200 OK", "A: b");
  // The service says it, once it knows.
  expect(ran("close").head).toBe(OK);
  expect(ran("close").context.exchange?.keepClient).toBe(false);
  expect(ran("Close, x").head).toBe(lines("HTTP/1.1 200 OK", "A: b", "connection: x"));
  expect(ran("keep-alive").head).toBe(OK);
  expect(ran("keep-alive").context.exchange?.keepClient).toBeUndefined();
});

test("captures go into their slots, cut to length; what has no value leaves its slot", () => {
  const rules = [
    "capture request header Host len 5",
    "http-request capture path len 5",
    "http-request capture path upper len 20",
    "http-request capture hdr(nope) id 2",
  ];
  const ran = run(rules, { request: lines("GET /abcdefgh HTTP/1.1", "Host: h") });
  expect(ran.context.exchange?.requestCaptures).toEqual([undefined, "/abcd", "/ABCDEFGH"] as never);
});

test("there is no list where there are no rules", () => {
  const proxy = frontendOf([]);
  expect(compileHttpRules(proxy.httpRequestRules, "request", siteOf(proxy))).toBeNull();
});

test("use-server: the first server that a rule names and that is up", () => {
  const proxy = frontendOf(["acl always always_true", "acl never always_false"]);
  const when = (server: string, path: string, dynamic = false) => ({
    server,
    dynamic,
    condition: { unless: false, terms: [[{ acl: path, negated: false }]] },
    place: proxy.place,
  });
  const servers = [{ name: "s1" }, { name: "s2" }];
  const choose = (rules: ReturnType<typeof when>[], persist = false) =>
    compileUseServers(rules, servers, persist, siteOf(proxy))?.(
      contextOf({ request: lines("GET /s2 HTTP/1.1", "Host: s2"), process: PROCESS }),
    );
  expect(compileUseServers([], servers, false, siteOf(proxy))).toBeNull();
  // Only s2 is up in the fixture.
  expect(choose([when("s1", "always"), when("s2", "always")])).toBe(1);
  expect(choose([when("s1", "always"), when("s2", "always")], true)).toBe(0);
  expect(choose([when("s2", "never")])).toBe(-1);
  expect(choose([when("%[hdr(host)]", "always", true)])).toBe(1);
  expect(choose([when("%[path]", "always", true)])).toBe(-1);
});
