/** Rules of HTTP, from configuration text to the model, and what is warned about. */
import { expect, test } from "bun:test";
import { loadText, model, NO_CHECKS, TIMEOUTS } from "../../../../test/config_fixture.ts";
import type { Checks } from "../load.ts";
import type { HttpAction, Proxy, Redirect } from "../model.ts";

const HEAD = `listen l\n  mode http\n  bind :1\n${TIMEOUTS}  server s1 127.0.0.1:1\n`;
const proxyOf = (...lines: string[]): Proxy => model(HEAD + lines.map((line) => `  ${line}\n`).join("")).proxies[0]!;

const redirect = (change: Partial<Redirect>): HttpAction => ({
  kind: "redirect",
  redirect: {
    kind: "location",
    format: "/x",
    code: 302,
    dropQuery: false,
    appendSlash: false,
    ignoreEmpty: false,
    setCookie: null,
    ...change,
  },
});

const ACTIONS: [line: string, want: HttpAction][] = [
  ["allow", { kind: "allow" }],
  ["set-header X-A %ci", { kind: "set-header", name: "X-A", format: "%ci" }],
  ["add-header X-A b", { kind: "add-header", name: "X-A", format: "b" }],
  ["del-header X-A", { kind: "del-header", name: "X-A", match: "str" }],
  ["del-header ^X- -m reg", { kind: "del-header", name: "^X-", match: "reg" }],
  ["replace-header A b c", { kind: "replace-header", name: "A", regex: "b", format: "c" }],
  ["replace-value A b c", { kind: "replace-value", name: "A", regex: "b", format: "c" }],
  ["set-path /x", { kind: "set-path", format: "/x" }],
  ["deny", { kind: "deny", reply: { status: 403, body: { kind: "default" }, contentType: null, headers: [] } }],
  [
    "deny deny_status 404",
    { kind: "deny", reply: { status: 404, body: { kind: "default" }, contentType: null, headers: [] } },
  ],
  [
    "deny deny_status 404 hdr A b hdr C %ci",
    {
      kind: "deny",
      reply: {
        status: 404,
        body: null,
        contentType: null,
        headers: [{ name: "A", format: "b" }, { name: "C", format: "%ci" }],
      },
    },
  ],
  ["return", { kind: "return", reply: { status: 200, body: null, contentType: null, headers: [] } }],
  [
    "return status 418 content-type t lf-string %ci",
    { kind: "return", reply: { status: 418, body: { kind: "format", text: "%ci" }, contentType: "t", headers: [] } },
  ],
  ["redirect location /x", redirect({})],
  ["redirect prefix %ci/ drop-query append-slash code 301", {
    ...redirect({ kind: "prefix", format: "%ci/", dropQuery: true, appendSlash: true, code: 301 }),
  }],
  ["redirect location /x set-cookie A=b", redirect({ setCookie: "A=b; path=/;" })],
  ["redirect location /x clear-cookie A=", redirect({ setCookie: "A=; path=/; Max-Age=0;" })],
  ["redirect location /x prefix /y ignore-empty", redirect({ kind: "prefix", format: "/y", ignoreEmpty: true })],
];

test.each(ACTIONS)("http-request %s", (line, want) => {
  const { httpRequestRules } = proxyOf(`http-request ${line} if { src 10.0.0.1 }`);
  expect(httpRequestRules.map(({ action }) => action)).toEqual([want]);
  expect(httpRequestRules[0]!.condition?.terms.length).toBe(1);
});

test("http-response has a status of its own to refuse with, and one to set", () => {
  const { httpResponseRules } = proxyOf('http-response set-status 503 reason "Slow Down"', "http-response deny");
  expect(httpResponseRules.map(({ action }) => action)).toEqual([
    { kind: "set-status", status: 503, reason: "Slow Down" },
    { kind: "deny", reply: { status: 502, body: { kind: "default" }, contentType: null, headers: [] } },
  ]);
});

test("captures take the next slot, or the one that they name", () => {
  const proxy = proxyOf(
    "capture request header Host len 5",
    "http-request capture path lower len 10",
    "http-request capture src id 0",
    "declare capture response len 7",
    "http-response capture status id 0",
  );
  expect(proxy.requestCaptures).toEqual([{ name: "Host", length: 5 }, { name: "", length: 10 }]);
  const actions = [...proxy.httpRequestRules, ...proxy.httpResponseRules].map(({ action }) => action);
  expect(actions).toEqual([
    { kind: "capture", expression: "path,lower", slot: 1 },
    { kind: "capture", expression: "src", slot: 0 },
    { kind: "capture", expression: "status", slot: 0 },
  ]);
});

test("the texts of `redirect` are no formats", () => {
  const [rule] = proxyOf("redirect location /%[path] code 308 unless TRUE").redirects;
  expect(rule?.redirect).toMatchObject({ format: "/%%[path]", code: 308 });
  expect(rule?.condition?.unless).toBe(true);
});

test("use-server names a server, or how its name is made", () => {
  const { useServers } = proxyOf("use-server s1 if TRUE", "use-server %[src] unless TRUE");
  expect(useServers.map(({ server, dynamic }) => [server, dynamic])).toEqual([["s1", false], ["%[src]", true]]);
});

/** As haproxy says them. */
const WARNINGS: [lines: string[], want: (string | RegExp)[]][] = [
  [["http-request deny", "http-request allow", "http-request set-header a b"], [
    "previous 'http-request' action is final and has no condition attached, further entries are NOOP.",
    "previous 'http-request' action is final and has no condition attached, further entries are NOOP.",
  ]],
  [["http-request deny if TRUE", "http-request allow"], []],
  [["redirect location / if TRUE", "http-request deny"], [/'http-request' rule placed after a 'redirect' rule/]],
  [["use-server s1 if TRUE", "redirect location /"], [/'redirect' rule placed after a 'use-server' rule/]],
  [['http-request return string "x" content-type a status 418'], []],
];

test.each(WARNINGS)("warnings of %p", (lines, want) => {
  const { diagnostics } = loadText(HEAD + lines.map((line) => `  ${line}\n`).join(""));
  expect(diagnostics.list.length).toBe(want.length);
  diagnostics.list.forEach(({ message, severity }, i) => {
    expect(message).toMatch(want[i]!);
    expect(severity).toBe("warning");
  });
});

test("an ACL that can never hold where its rule stands is warned about, unless another of its name can", () => {
  const checks: Checks = {
    ...NO_CHECKS,
    aclFits: (acl, where) => !(where === "http-response" && acl.criterion === "path"),
  };
  const said = (...lines: string[]) =>
    loadText(HEAD + lines.map((line) => `  ${line}\n`).join(""), { checks }).diagnostics.list.map((one) => one.message);
  expect(said("acl a path /", "http-response deny if a")).toEqual([
    "acl 'a' will never match because it only involves keywords that are incompatible with " +
    "'frontend http-response header rule'",
  ]);
  expect(said("acl a path /", "acl a src 10.0.0.1", "http-response deny if a")).toEqual([]);
  expect(said("acl a path /", "http-request deny if a")).toEqual([]);
});
