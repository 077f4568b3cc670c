/** What the lines about checks make of the model; mistakes are in test/golden/config/checks.cfg. */
import { expect, test } from "bun:test";
import { listen, model, server, TIMEOUTS } from "../../../../test/config_fixture.ts";
import type { HttpCheck, TcpCheckStep } from "../model.ts";

const NOTHING: HttpCheck = {
  method: "OPTIONS",
  uri: "/",
  version: "HTTP/1.0",
  headers: [],
  body: "",
  expects: [],
  disableOn404: false,
};

const HTTP: [lines: string[], made: Partial<HttpCheck>][] = [
  [["option httpchk"], {}],
  [["option httpchk /x"], { uri: "/x" }],
  [["option httpchk GET /x"], { method: "GET", uri: "/x" }],
  [["option httpchk GET /x HTTP/1.1"], { method: "GET", uri: "/x", version: "HTTP/1.1" }],
  [["option httpchk GET / HTTP/1.1\\r\\nHost:\\ www"], {
    method: "GET",
    version: "HTTP/1.1",
    headers: [{ name: "host", value: "www" }],
  }],
  [["option httpchk", "http-check send meth PUT uri /y ver HTTP/1.1 hdr Host a hdr X 50%% body hi"], {
    method: "PUT",
    uri: "/y",
    version: "HTTP/1.1",
    headers: [{ name: "host", value: "a" }, { name: "x", value: "50%" }],
    body: "hi",
  }],
  [["option httpchk", "http-check send hdr Content-Length 9 hdr Transfer-Encoding x"], {}],
  [["option httpchk", "http-check disable-on-404"], { disableOn404: true }],
  [["option httpchk", "http-check expect status 200,300-310"], {
    expects: [{ negated: false, match: { kind: "status", ranges: [[200, 200], [300, 310]] } }],
  }],
  [["option httpchk", "http-check expect ! string x", "http-check expect !rstatus ^5"], {
    expects: [
      { negated: true, match: { kind: "string", text: "x" } },
      { negated: true, match: { kind: "rstatus", pattern: "^5" } },
    ],
  }],
];
test.each(HTTP)("%j", (lines, made) => {
  const { kind, http } = listen(...lines).healthChecks;
  expect([kind, http]).toEqual(["http", { ...NOTHING, ...made }]);
});

const TCP: [lines: string[], steps: TcpCheckStep[]][] = [
  [[], []],
  [["tcp-check connect"], [{ kind: "connect", port: null }]],
  [["tcp-check connect port 90"], [{ kind: "connect", port: 90 }]],
  [["tcp-check send PING\\r\\n", "tcp-check send-binary 00ff"], [
    { kind: "send", data: "PING\r\n" },
    { kind: "send", data: "\x00\xff" },
  ]],
  [["tcp-check expect string +PONG", "tcp-check expect ! binary 00FF"], [
    { kind: "expect", negated: false, match: { kind: "string", text: "+PONG" } },
    { kind: "expect", negated: true, match: { kind: "binary", text: "\x00\xff" } },
  ]],
];
test.each(TCP)("option tcp-check with %j", (lines, steps) => {
  const { kind, tcp } = listen("option tcp-check", ...lines).healthChecks;
  expect([kind, tcp]).toEqual(["tcp", steps]);
});

test("the last of the two options wins; rules of the other are kept for nobody", () => {
  expect(listen("option tcp-check", "option httpchk").healthChecks.kind).toBe("http");
  expect(listen("option httpchk", "option tcp-check").healthChecks.kind).toBe("tcp");
});

test("rules of a section replace those of its defaults, but for disable-on-404", () => {
  const { proxies } = model(`defaults
  option httpchk GET /d
  http-check expect status 404
  http-check disable-on-404
${TIMEOUTS}backend inherits
backend own
  http-check expect string x
backend asks
  option httpchk HEAD /a
`);
  const [inherits, own, asks] = proxies.map(({ healthChecks }) => healthChecks.http);
  expect([inherits!.uri, inherits!.expects.length, inherits!.disableOn404]).toEqual(["/d", 1, true]);
  expect([own!.uri, own!.expects[0]!.match, own!.disableOn404]).toEqual(["/", { kind: "string", text: "x" }, true]);
  expect([asks!.method, asks!.uri, asks!.expects]).toEqual(["HEAD", "/a", []]);
});

const SERVERS: [parameters: string, port: number, address: string | null][] = [
  ["check", 0, null],
  ["check port 90", 90, null],
  ["check addr 10.0.0.2", 0, "10.0.0.2"],
  ["check addr 10.0.0.2:91", 91, "10.0.0.2"],
  ["addr [::1]:93 check", 93, "::1"],
];
test.each(SERVERS)("server %j is checked elsewhere", (parameters, port, address) => {
  const { check, checkPort, checkAddress } = server(parameters);
  expect([check, checkPort, checkAddress?.host ?? null]).toEqual([true, port, address]);
});
