/** The proxy sections: what each family of keywords leaves in the model. */
import { expect, test } from "bun:test";
import { binds, listen, server } from "../../../../test/config_fixture.ts";
import type { Proxy, Server } from "../model.ts";

const timeouts: [line: string, field: keyof Proxy["timeouts"], ms: number | null][] = [
  ["timeout queue 5s", "queue", 5000],
  ["timeout check 1m", "check", 60_000],
  ["timeout tunnel 1h", "tunnel", 3_600_000],
  ["timeout client-fin 10", "clientFin", 10],
  ["timeout server-fin 500us", "serverFin", 1], // never 0, which means for ever
  ["timeout queue 0", "queue", null],
];
test.each(timeouts)("%s", (line, field, ms) => expect(listen(line).timeouts[field]).toBe(ms));

const options: [lines: string[], wanted: Partial<Proxy["options"]>][] = [
  [["option tcpka"], { clitcpka: true, srvtcpka: true }],
  [["option nolinger", "no option nolinger"], { nolinger: false }],
  [["option contstats", "default option contstats"], { contstats: false }],
  [["clitcpka-idle 30", "srvtcpka-intvl 500ms", "srvtcpka-cnt 4"], {
    clitcpkaIdleMs: 30_000,
    srvtcpkaIntvlMs: 500,
    srvtcpkaCnt: 4,
  }],
  [["option tcplog", "log-format x"], { tcplog: false, httplog: false }],
  [["log-format x", "option tcplog"], { tcplog: true }],
  [["option httplog"], { tcplog: true, httplog: false }],
];
test.each(options)("%j", (lines, wanted) => expect(listen(...lines).options).toMatchObject(wanted));

const proxies: [lines: string[], wanted: unknown][] = [
  [["retries 0", "maxconn 5", "backlog 6", "fullconn 7", "rate-limit sessions 8"], {
    retries: 0,
    maxconn: 5,
    backlog: 6,
    fullconn: 7,
    rateLimitSessions: 8,
  }],
  [["option redispatch"], { redispatch: -1 }],
  [["option redispatch 3"], { redispatch: 3 }],
  [["option redispatch 3", "no option redispatch"], { redispatch: null }],
  [["option redispatch 0"], { redispatch: null }],
  [["retry-on none"], { retryOn: { connFailure: false } }],
  [["disabled", "enabled"], { disabled: false }],
  [["balance random"], { balance: { kind: "random", draws: 2 } }],
  [["balance random(5)"], { balance: { kind: "random", draws: 5 } }],
  [["balance source", "balance"], { balance: { kind: "roundrobin" } }],
  [["balance hash src,ipmask(24)"], { balance: { kind: "hash", expression: "src,ipmask(24)" } }],
  [["hash-type consistent"], {
    hashType: { method: "consistent", function: "sdbm", avalanche: true, balanceFactor: 0 },
  }],
  [["hash-balance-factor 150", "hash-type consistent djb2"], {
    hashType: { method: "consistent", function: "djb2", avalanche: false, balanceFactor: 150 },
  }],
  [["source 10.0.0.9:99 interface eth0"], {
    source: { host: "10.0.0.9", family: 4, portLow: 99, portHigh: 99, interface: "eth0" },
  }],
  [
    [
      "log-tag x",
      "unique-id-format %ci",
      "log-format-sd b",
      "error-log-format c",
      "log stdout len 100 format raw user",
    ],
    {
      log: {
        tag: "x",
        uniqueIdFormat: "%ci",
        sdFormat: "b",
        errorFormat: "c",
        targets: [{ to: { kind: "fd", fd: 1 }, maxLength: 100, format: "raw", facility: 1, maxLevel: 7 }],
      },
    },
  ],
  [["log 127.0.0.1 sample 4,1-2:5 local7 err crit"], {
    log: {
      targets: [{
        to: { kind: "udp", host: "127.0.0.1", port: 514, family: 4 },
        sample: { size: 5, ranges: [[1, 2], [4, 4]] },
        facility: 23,
        maxLevel: 3,
        minLevel: 2,
        format: "local",
      }],
    },
  }],
];
test.each(proxies)("%j", (lines, wanted) => expect(listen(...lines)).toMatchObject(wanted as object));

const servers: [parameters: string, wanted: Partial<Server>][] = [
  ["", {
    weight: 1,
    maxconn: 0,
    interMs: 2000,
    fastinterMs: 2000,
    downinterMs: 2000,
    rise: 2,
    fall: 3,
    disabled: false,
  }],
  ["weight 0 maxconn 5 minconn 2 maxqueue 9", { weight: 0, maxconn: 5, minconn: 2, maxqueue: 9 }],
  ["minconn 5", { minconn: 5, maxconn: 5 }],
  ["minconn 9 maxconn 3", { minconn: 9, maxconn: 9 }],
  ["backup disabled tfo tcp-ut 5s", { backup: true, disabled: true, tcpUserTimeoutMs: 5000 }],
  ["inter 1s fastinter 500 downinter 1m rise 4 fall 5", {
    interMs: 1000,
    fastinterMs: 500,
    downinterMs: 60_000,
    rise: 4,
    fall: 5,
  }],
  ["on-marked-down shutdown-sessions", { onMarkedDownShutdownSessions: true }],
  ["source 10.0.0.8:10-20 interface lo weight 3", {
    weight: 3,
    source: { host: "10.0.0.8", family: 4, portLow: 10, portHigh: 20, interface: "lo" },
  }],
];
test.each(servers)("server %s", (parameters, wanted) => expect(server(parameters)).toMatchObject(wanted));

test("default-server holds for the servers below it, and can be taken back", () => {
  const proxy = listen(
    "server a 10.0.0.1:80",
    "default-server weight 7 maxconn 3 disabled inter 9s",
    "server b 10.0.0.1:80",
    "server c 10.0.0.1:80 weight 8 enabled",
  );
  expect(proxy.servers.map(({ weight, disabled, downinterMs }) => [weight, disabled, downinterMs])).toEqual([
    [1, false, 2000],
    [7, true, 9000],
    [8, false, 9000],
  ]);
});

test("server addresses", () => {
  expect(server("", "10.0.0.1").address).toEqual({
    kind: "ip",
    family: 4,
    host: "10.0.0.1",
    port: 0,
    portMode: "map",
    portOffset: 0,
  });
  expect(server("", "[::1]:+5").address).toMatchObject({ family: 6, portMode: "map", portOffset: 5 });
  expect(server("", "/run/x").address).toEqual({ kind: "unix", path: "/run/x" });
  expect(server("", "db.example:80")).toMatchObject({
    fqdn: "db.example",
    address: { host: "", port: 80 },
  });
});

test("server-template makes one server per number", () => {
  expect(listen("server-template w 2-4 10.0.0.1:80 weight 3").servers.map(({ name, weight, id }) => [name, weight, id]))
    .toEqual([["w2", 3, 1], ["w3", 3, 2], ["w4", 3, 3]]);
});

test("bind: each address and each port is an entry of its own", () => {
  const found = binds("10.0.0.1:80,:8000-8001,[::1]:9 name web maxconn 5 nice -3 mss 1400 tcp-ut 3s thread 2,4-5");
  expect(found.map((bind) => bind.address)).toEqual([
    { kind: "ip", family: 4, host: "10.0.0.1", port: 80 },
    { kind: "ip", family: 4, host: "0.0.0.0", port: 8000 },
    { kind: "ip", family: 4, host: "0.0.0.0", port: 8001 },
    { kind: "ip", family: 6, host: "::1", port: 9 },
  ]);
  for (const bind of found) {
    expect(bind).toMatchObject({
      name: "web",
      maxconn: 5,
      nice: -3,
      mss: 1400,
      tcpUserTimeoutMs: 3000,
      threads: [2, 4, 5],
    });
  }
  expect(binds("/run/x mode 600 uid 5 gid 6")[0]?.unix).toEqual({
    mode: 0o600,
    uid: 5,
    gid: 6,
  });
});

test("conditions: or of ands, with negation, braces and ACLs nobody declares", () => {
  const proxy = listen(
    "acl a src 10.0.0.0/8",
    "acl a src -i -f list -- -x",
    "use_backend b if a !TRUE or { dst_port -m int 80 81 } ! a || LOCALHOST",
    "use_backend b unless a",
    "use_backend b",
  );
  const [first, second, third] = proxy.useBackends;
  expect(first?.condition?.unless).toBe(false);
  expect(first?.condition?.terms).toEqual([
    [{ acl: "a", negated: false }, { acl: "TRUE", negated: true }],
    [{ acl: "{3}", negated: false }, { acl: "a", negated: true }],
    [{ acl: "LOCALHOST", negated: false }],
  ]);
  expect(second?.condition).toEqual({ unless: true, terms: [[{ acl: "a", negated: false }]] });
  expect(third?.condition).toBeNull();
  expect(proxy.acls.map(({ place: _, ...acl }) => acl)).toEqual([
    { name: "a", criterion: "src", flags: [], patterns: ["10.0.0.0/8"] },
    { name: "a", criterion: "src", flags: ["-i", "-f", "list", "--"], patterns: ["-x"] },
    { name: "TRUE", criterion: "always_true", flags: [], patterns: [] },
    { name: "{3}", criterion: "dst_port", flags: ["-m", "int"], patterns: ["80", "81"] },
    { name: "LOCALHOST", criterion: "src", flags: [], patterns: ["127.0.0.1/8", "::1"] },
  ]);
});

const emptyConditions: [condition: string, terms: number][] = [
  ["if", 0], // never true
  ["unless or", 0],
  ["if TRUE or", 1], // no empty term, which would always be true
  ["if or TRUE or or !FALSE", 2],
];
test.each(emptyConditions)("use_backend b %s", (condition, terms) => {
  const [rule] = listen(`use_backend b ${condition}`).useBackends;
  expect(rule?.condition?.terms.length).toBe(terms);
  expect(rule?.condition?.terms.every((term) => term.length > 0)).toBe(true);
});

test("a backend's name may be computed", () => {
  expect(listen("use_backend b-%[src]").useBackends).toMatchObject([{ backend: "b-%[src]", dynamic: true }]);
});
