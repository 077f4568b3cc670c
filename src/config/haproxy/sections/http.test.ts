/** Keywords of mode http: what each leaves in the model, and what a proxy takes over from `defaults`. */
import { expect, test } from "bun:test";
import { loadText, model, NO_CHECKS, TIMEOUTS } from "../../../../test/config_fixture.ts";
import type { Persistence, Proxy, RetryOn, Server } from "../model.ts";

const HTTP = `  mode http\n${TIMEOUTS}`;
const text = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join("");

/** The one proxy of a `listen` of mode http that says this. */
function http(...lines: string[]): Proxy {
  return model(`listen l\n  bind :1\n${HTTP}${text(lines)}`).proxies[0] as Proxy;
}
const server = (parameters: string): Server => http(`server s 10.0.0.1:80 ${parameters}`).servers[0] as Server;

const forwardfor = { header: "X-Forwarded-For", except: null, ifNone: false };
const options: [lines: string[], wanted: Partial<Proxy["options"]>][] = [
  [[], { connection: "keep-alive", forwardfor: null, originalto: null, httplogClf: false }],
  [["option http-server-close", "option httpclose"], { connection: "close" }],
  [["option httpclose", "option http-server-close"], { connection: "server-close" }],
  [["option httpclose", "option http-keep-alive"], { connection: "keep-alive" }],
  [["option httpclose", "no option httpclose"], { connection: "keep-alive" }],
  // What is not in force cannot be taken back.
  [["option httpclose", "no option http-server-close"], { connection: "close" }],
  [["option prefer-last-server", "option http-ignore-probes", "option persist"], {
    preferLastServer: true,
    httpIgnoreProbes: true,
    persist: true,
  }],
  [["option prefer-last-server", "no option prefer-last-server"], { preferLastServer: false }],
  [["option http-no-delay", "no option http-no-delay"], {}],
  [["option forwardfor"], { forwardfor }],
  [["option forwardfor except 10.0.0.0/8 header X-A if-none"], {
    forwardfor: { header: "X-A", except: { address: "10.0.0.0", bits: 8, family: 4 }, ifNone: true },
  }],
  [["option forwardfor header X-A", "option forwardfor"], { forwardfor }],
  [["option forwardfor except 10.1.2.3"], {
    forwardfor: { ...forwardfor, except: { address: "10.1.2.3", bits: 32, family: 4 } },
  }],
  [["option forwardfor except 10.0.0.0/255.240.0.0"], {
    forwardfor: { ...forwardfor, except: { address: "10.0.0.0", bits: 12, family: 4 } },
  }],
  [["option originalto except fd00::/8"], {
    originalto: { header: "X-Original-To", except: { address: "fd00::", bits: 8, family: 6 }, ifNone: false },
  }],
  [["log stdout user", "option tcplog", "option httplog clf"], { tcplog: false, httplog: true, httplogClf: true }],
  [["log stdout user", "option httplog clf", "option httplog"], { httplog: true, httplogClf: false }],
  [["log stdout user", "option httplog clf", "log-format x"], { httplog: false, httplogClf: false }],
];
test.each(options)("%j", (lines, wanted) => expect(http(...lines).options).toMatchObject(wanted));

const retry = (change: Partial<RetryOn>): { retryOn: RetryOn } => ({
  retryOn: {
    connFailure: false,
    emptyResponse: false,
    junkResponse: false,
    responseTimeout: false,
    statuses: [],
    ...change,
  },
});
const proxies: [lines: string[], wanted: unknown][] = [
  [[], { ...retry({ connFailure: true }), httpReuse: "safe", monitorUri: null, cookie: null }],
  [["retry-on none"], retry({})],
  [["retry-on 503 404 503"], retry({ statuses: [404, 503] })],
  [["retry-on junk-response 0rtt-rejected"], retry({ junkResponse: true })],
  [["retry-on 503", "retry-on empty-response"], retry({ emptyResponse: true })],
  [
    ["retry-on all-retryable-errors 401"],
    retry({
      connFailure: true,
      emptyResponse: true,
      junkResponse: true,
      responseTimeout: true,
      statuses: [401, 500, 502, 503, 504],
    }),
  ],
  [["http-reuse never"], { httpReuse: "never" }],
  [["timeout http-request 5s", "timeout http-keep-alive 300"], {
    timeouts: { httpRequest: 5000, httpKeepAlive: 300 },
  }],
  [["balance uri"], { balance: { kind: "uri", whole: false, pathOnly: false, len: 0, depth: 0 } }],
  [["balance uri whole len 9 path-only depth 2"], {
    balance: { kind: "uri", whole: true, pathOnly: true, len: 9, depth: 2 },
  }],
  [["balance url_param id"], { balance: { kind: "url_param", name: "id", checkPost: false } }],
  [["balance url_param id check_post 64"], { balance: { kind: "url_param", name: "id", checkPost: true } }],
  [["balance hdr(Host)"], { balance: { kind: "hdr", name: "Host", domainOnly: false } }],
  [["balance hdr(Host) use_domain_only", "hash-type consistent"], {
    balance: { kind: "hdr", name: "Host", domainOnly: true },
    hashType: { method: "consistent" },
  }],
  [["monitor-uri /a", "acl dead always_true", "monitor fail if dead", "monitor fail unless TRUE"], {
    monitorUri: "/a",
    monitorFail: [
      { unless: false, terms: [[{ acl: "dead", negated: false }]] },
      { unless: true, terms: [[{ acl: "TRUE", negated: false }]] },
    ],
  }],
  [["unique-id-format x", "unique-id-header X-Id"], { uniqueIdHeader: "X-Id", log: { uniqueIdFormat: "x" } }],
  [["capture cookie SID len 10"], { captureCookie: { name: "SID", prefix: true, length: 10 } }],
  [["capture cookie SID= len 10"], { captureCookie: { name: "SID", prefix: false, length: 10 } }],
  [["capture cookie SID len 100"], { captureCookie: { name: "SID", prefix: true, length: 63 } }],
  [
    ["capture request header Host len 10", "declare capture request len 5", "capture response header Via len 7"],
    {
      requestCaptures: [{ name: "Host", length: 10 }, { name: "", length: 5 }],
      responseCaptures: [{ name: "Via", length: 7 }],
    },
  ],
  [["errorloc 503 /a", "errorloc302 502 /b", "errorloc303 500 /c", "errorfile 503 /dev/null"], {
    errorPages: [
      { status: 502, page: { kind: "location", code: 302, url: "/b" } },
      { status: 500, page: { kind: "location", code: 303, url: "/c" } },
      { status: 503, page: { kind: "message", text: "" } },
    ],
  }],
];
test.each(proxies)("%j", (lines, wanted) => expect(http(...lines)).toMatchObject(wanted as object));

const cookies: [lines: string[], wanted: Partial<Persistence>][] = [
  [["cookie A"], { name: "A", mode: "passive", domains: [], attributes: [], maxidleSec: 0, dynamicKey: null }],
  [["cookie A rewrite"], { mode: "rewrite" }],
  [["cookie A prefix"], { mode: "prefix" }],
  [["cookie A insert indirect nocache postonly preserve httponly secure"], {
    mode: "insert",
    indirect: true,
    nocache: true,
    postonly: true,
    preserve: true,
    httponly: true,
    secure: true,
  }],
  [["cookie A insert maxidle 30m maxlife 500ms domain .a.b domain c.d attr X=1 attr Y"], {
    maxidleSec: 1800,
    maxlifeSec: 1,
    domains: [".a.b", "c.d"],
    attributes: ["X=1", "Y"],
  }],
  // A line replaces the one before it.
  [["cookie A insert nocache domain a.b", "cookie B rewrite"], {
    name: "B",
    mode: "rewrite",
    nocache: false,
    domains: [],
  }],
  [["cookie A insert dynamic", "dynamic-cookie-key k"], { dynamicKey: "k" }],
  [["dynamic-cookie-key k", "cookie A insert dynamic"], { dynamicKey: "k" }],
  [["dynamic-cookie-key k", "cookie A insert"], { dynamicKey: null }],
  // Nothing to compute values from: haproxy gives the servers none.
  [["cookie A insert dynamic"], { dynamicKey: null }],
];
test.each(cookies)("%j", (lines, wanted) => expect(http(...lines).cookie).toMatchObject(wanted));

const servers: [parameters: string, wanted: Partial<Server>][] = [
  ["", { cookie: null, poolMaxConn: -1, poolLowConn: 0, poolPurgeDelayMs: 5000, maxReuse: -1 }],
  ["cookie a pool-max-conn 9 pool-low-conn 2 pool-purge-delay 1m max-reuse 0", {
    cookie: "a",
    poolMaxConn: 9,
    poolLowConn: 2,
    poolPurgeDelayMs: 60_000,
    maxReuse: 0,
  }],
];
test.each(servers)("server %s", (parameters, wanted) => expect(server(parameters)).toMatchObject(wanted));

test("default-server gives the values of HTTP on", () => {
  const { servers } = http(
    "default-server cookie x max-reuse 3 pool-max-conn 1",
    "server a 10.0.0.1:80",
    "server b 10.0.0.1:80 cookie y",
  );
  expect(servers.map(({ cookie, maxReuse, poolMaxConn }) => [cookie, maxReuse, poolMaxConn])).toEqual([
    ["x", 3, 1],
    ["y", 3, 1],
  ]);
});

test("an error file is read where default-path says, and what it holds is judged", () => {
  const asked: string[] = [];
  const checks = {
    ...NO_CHECKS,
    readFile: (path: string) => (asked.push(path), path.endsWith("none") ? null : `page ${path}`),
    errorMessage: (page: string) => page.includes("bad") ? { message: "no HTTP", offset: 0 } : null,
  };
  const lines = ["503 /abs", "502 rel", "500 none", "404 bad"].map((args) => `errorfile ${args}`);
  const loaded = loadText(`global\n  default-path origin /etc\nlisten l\n  bind :1\n${HTTP}${text(lines)}`, { checks });
  expect(asked).toEqual(["/abs", "/etc/rel", "/etc/none", "/etc/bad"]);
  expect(loaded.diagnostics.list.map(({ message }) => message)).toEqual([
    "errorfile : error opening file 'none'",
    "errorfile : 'bad': no HTTP",
  ]);
});

test("an error file larger than a buffer is refused", () => {
  const checks = { ...NO_CHECKS, readFile: () => "x".repeat(2049) };
  const load = (bufsize: number) =>
    loadText(`global\n  tune.bufsize ${bufsize}\nlisten l\n  bind :1\n${HTTP}  errorfile 503 /a\n`, { checks });
  expect(load(2049).model).not.toBeNull();
  expect(load(2048).diagnostics.list[0]?.message).toContain("2049 bytes are more than a buffer holds");
});

test("nothing of HTTP is left in a proxy of mode tcp", () => {
  const lines = [
    "option forwardfor",
    "option originalto",
    "option prefer-last-server",
    "option http-ignore-probes",
    "cookie A insert",
    "balance uri",
    "monitor-uri /a",
    "capture cookie A len 3",
    "capture request header A len 3",
    "capture response header A len 3",
    "server s 10.0.0.1:80 cookie a",
  ];
  const loaded = loadText(`listen l\n  bind :1\n${TIMEOUTS}${text(lines)}`);
  expect(loaded.diagnostics.list.length).toBe(9);
  expect(loaded.model?.proxies[0]).toMatchObject({
    cookie: null,
    balance: { kind: "roundrobin" },
    monitorUri: null,
    captureCookie: null,
    requestCaptures: [],
    responseCaptures: [],
    servers: [{ cookie: null }],
    options: { forwardfor: null, originalto: null, preferLastServer: false, httpIgnoreProbes: false },
  });
});
