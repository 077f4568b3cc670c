/** What a section takes over from `defaults`: all that belongs to its side, nothing that belongs to the other. */
import { expect, test } from "bun:test";
import { loadText, model, TIMEOUTS } from "../../../test/config_fixture.ts";
import type { HttpRule, Proxy } from "./model.ts";

const EVERYTHING = `defaults
  mode http
${TIMEOUTS}
  timeout http-request 5s
  timeout http-keep-alive 6s
  cookie A insert dynamic
  dynamic-cookie-key k
  balance uri
  http-reuse never
  retry-on 503
  monitor-uri /a
  unique-id-header X-Id
  errorfile 503 /a
  errorloc 502 /b
  log stdout user
  option httplog clf
  option httpclose
  option forwardfor header X-A
  option originalto
  option prefer-last-server
  option http-ignore-probes
  default-server cookie x pool-max-conn 4
frontend f
  bind :1
backend b
  server s 10.0.0.1:80
listen l
  bind :2
  server s 10.0.0.1:80
backend own
  cookie B insert
  option http-server-close
  errorloc 503 /c
  no option prefer-last-server
`;
const [f, b, l, own] = model(EVERYTHING).proxies as [Proxy, Proxy, Proxy, Proxy];

const frontend = { monitorUri: "/a", options: { httplog: true, httplogClf: true, httpIgnoreProbes: true } };
const backend = {
  cookie: { name: "A", mode: "insert", dynamicKey: "k" },
  balance: { kind: "uri" },
  httpReuse: "never",
  retryOn: { connFailure: false, statuses: [503] },
  options: { preferLastServer: true },
};
const both = {
  mode: "http",
  uniqueIdHeader: "X-Id",
  timeouts: { httpRequest: 5000, httpKeepAlive: 6000 },
  errorPages: [{ status: 503 }, { status: 502 }],
  options: { connection: "close", forwardfor: { header: "X-A" }, originalto: { header: "X-Original-To" } },
};

test("a frontend takes over the frontend's half", () => {
  expect(f).toMatchObject(frontend);
  expect(f).toMatchObject(both);
  expect(f).toMatchObject({
    cookie: null,
    balance: { kind: "roundrobin" },
    httpReuse: "safe",
    retryOn: { connFailure: true, statuses: [] },
    options: { preferLastServer: false },
  });
});

test("a backend takes over the backend's half", () => {
  expect(b).toMatchObject(backend);
  expect(b).toMatchObject(both);
  expect(b.servers).toMatchObject([{ cookie: "x", poolMaxConn: 4 }]);
  expect(b).toMatchObject({
    monitorUri: null,
    options: { httplog: false, httplogClf: false, httpIgnoreProbes: false },
  });
});

test("a listen takes over both, and what a section says itself stands", () => {
  for (const part of [frontend, backend, both]) expect(l).toMatchObject(part);
  expect(own).toMatchObject({
    // Whether values are computed is said by its own line.
    cookie: { name: "B", dynamicKey: null },
    options: { connection: "server-close", preferLastServer: false },
    errorPages: [{ status: 502 }, { status: 503, page: { kind: "location", url: "/c" } }],
  });
  // A section of its own does not reach back.
  expect(b.cookie?.name).toBe("A");
});

const NAMED = `defaults d
  mode http
${TIMEOUTS}
  acl a always_true
  http-request deny if a
  http-request deny if { always_false }
  http-response set-header A b
`;
const load = (text: string) => loadText(NAMED + text);
const problems = (text: string) => load(text).diagnostics.list.map(({ message }) => message);

test("rules of defaults come first, with ACLs that the proxy does not see", () => {
  const { model, diagnostics } = load("frontend f from d\n  bind :1\n  acl a src 10.0.0.1\n  http-request deny if a\n");
  expect(diagnostics.list).toEqual([]);
  const { httpRequestRules, httpResponseRules, acls } = model?.proxies[0] as Proxy;
  const names = (rules: HttpRule[]) => rules.map(({ condition }) => condition?.terms[0]?.[0]?.acl);
  expect(names(httpRequestRules)).toEqual(["d/a", "d/{1}", "a"]);
  expect(httpResponseRules.length).toBe(1);
  expect(acls.map(({ name, criterion }) => [name, criterion])).toEqual([
    ["d/a", "always_true"],
    ["d/{1}", "always_false"],
    ["a", "src"],
  ]);
  expect(problems("frontend f from d\n  bind :1\n  http-request deny if a\n")[0]).toContain("no such ACL : 'a'");
});

// As `haproxy -c` of 2.6.12 said for these texts.
const refused: [text: string, message: string][] = [
  [
    "frontend f from d\n  bind :1\nbackend b from d\n",
    "frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules",
  ],
  ["listen l from d\n  bind :1\n", "a listen section cannot inherit from a defaults section defining TCP/HTTP rules"],
  ["defaults e from d\n", "a defaults section cannot inherit from a defaults section defining TCP/HTTP rules"],
];
test.each(refused)("%j", (text, message) => expect(problems(text)[0]).toStartWith(message));

test("several sections of one kind may share rules", () => {
  expect(problems("backend a from d\nbackend b from d\n")).toEqual([]);
});
