/** Addresses of bind, server, source and log lines: what each permits and where a mistake is seen. */
import { expect, test } from "bun:test";
import {
  type AddressError,
  parseBindAddresses,
  parseDatagramAddress,
  parseServerAddress,
  parseSourceAddress,
} from "./addresses.ts";

function check(result: { value: unknown } | AddressError, want: unknown): void {
  if (!(want instanceof RegExp)) return expect(result).toEqual({ value: want });
  if (!("error" in result)) throw new Error(`accepted as ${JSON.stringify(result.value)}`);
  expect(`${result.offset}+${result.length} ${result.error} | ${result.hint}`).toMatch(want);
}

const ip4 = (host: string, port: number) => ({ kind: "ip", family: 4, host, port });
const ip6 = (host: string, port: number) => ({ kind: "ip", family: 6, host, port });
const long = "a".repeat(108);

const binds: [text: string, want: unknown[] | RegExp][] = [
  [":80", [ip4("0.0.0.0", 80)]],
  ["*:80", [ip4("0.0.0.0", 80)]],
  ["10.0.0.1:80", [ip4("10.0.0.1", 80)]],
  [":::80", [ip6("::", 80)]],
  ["[::]:80", [ip6("::", 80)]],
  ["::1:80", [ip6("::1", 80)]],
  ["[::1]:80", [ip6("::1", 80)]],
  ["::ffff:1.2.3.4:80", [ip6("::ffff:1.2.3.4", 80)]],
  ["0:0:0:0:0:0:0:1:80", [ip6("0:0:0:0:0:0:0:1", 80)]],
  ["ipv4@:80", [ip4("0.0.0.0", 80)]],
  ["ipv6@:80", [ip6("::", 80)]],
  ["ipv6@*:80", [ip6("::", 80)]],
  ["ipv6@[::1]:80", [ip6("::1", 80)]],
  ["ip@1.2.3.4:80", [ip4("1.2.3.4", 80)]],
  ["tcp@1.2.3.4:80", [ip4("1.2.3.4", 80)]],
  ["tcp4@1.2.3.4:80", [ip4("1.2.3.4", 80)]],
  ["tcp6@::1:80", [ip6("::1", 80)]],
  ["stream+ipv4@1.2.3.4:80", [ip4("1.2.3.4", 80)]],
  ["stream+1.2.3.4:80", [ip4("1.2.3.4", 80)]],
  ["1.2.3.4:80-82", [ip4("1.2.3.4", 80), ip4("1.2.3.4", 81), ip4("1.2.3.4", 82)]],
  [":80,[::1]:81,/run/x,", [ip4("0.0.0.0", 80), ip6("::1", 81), { kind: "unix", path: "/run/x" }]],
  ["/run/a:80", [{ kind: "unix", path: "/run/a:80" }]],
  ["unix@run/a@b", [{ kind: "unix", path: "run/a@b" }]],
  ["uxst@/run/a", [{ kind: "unix", path: "/run/a" }]],
  ["abns@name", [{ kind: "abstract", name: "name", padded: true }]],
  ["abnsz@name", [{ kind: "abstract", name: "name", padded: false }]],
  ["fd@5", [{ kind: "fd", fd: 5 }]],
  ["stream+fd@5", [{ kind: "fd", fd: 5 }]],
  ["localhost:80", [{ kind: "name", name: "localhost", family: 0, port: 80 }]],
  ["ipv4@a_b.example.:80", [{ kind: "name", name: "a_b.example.", family: 4, port: 80 }]],
  ["", /^0\+0 Empty address.*unset/],
  [",:80", /^0\+0 Empty address/],
  [":80,,:81", /^4\+0 Empty address/],
  ["80", /^0\+2 Cannot read address "80"/],
  ["1.2.3.4", /^7\+0 Missing port/],
  ["1.2.3.4:", /^8\+0 Missing port/],
  ["*", /^1\+0 Missing port/],
  ["[::1]", /^5\+0 Missing port/],
  ["1.2.3.4:0", /^8\+1 Cannot read port "0"/],
  ["1.2.3.4:65536", /^8\+5 Cannot read port/],
  ["1.2.3.4:80x", /^8\+3 Cannot read port/],
  ["1.2.3.4:http", /^8\+4 Cannot read port/],
  ["*:*", /^2\+1 Cannot read port/],
  [":80,:90-80", /^5\+5 Cannot use port range.*above/],
  [":80-", /^4\+0 Cannot read port ""/],
  [":80-90x", /^4\+3 Cannot read port/],
  [":-80", /^1\+3 Cannot use relative port/],
  [":+80", /^1\+3 Cannot use relative port/],
  ["1.2.3:80", /^0\+5 Cannot read address/],
  ["1.2.3.400:80", /^0\+9 Cannot read address/],
  ["01.2.3.4:80", /^0\+8 Cannot read address/],
  ["0x7f000001:80", /^0\+10 Cannot read address/],
  ["::1", /^0\+1 Cannot read IPv6 address ":".*"\[::1\]:80"/],
  ["1::2::3:80", /^0\+7 Cannot read IPv6/],
  ["fe80::1%lo:80", /^0\+10 Zone.*not supported yet/],
  ["[::1", /^0\+1 Unmatched bracket/],
  ["[::1]x:80", /^5\+4 Unexpected "x:80"/],
  ["[]:80", /^0\+2 Missing address/],
  ["ipv4@::1:80", /^5\+3 Cannot use "::1" as an IPv4/],
  ["ipv6@1.2.3.4:80", /^5\+7 Cannot use "1.2.3.4" as an IPv6/],
  ["ipv5@1.2.3.4:80", /^0\+5 Unknown address prefix "ipv5@".*Did you mean "ipv4@"/],
  ["stream+foo@x:80", /^7\+4 Unknown address prefix/],
  ["udp@1.2.3.4:80", /^0\+4 Cannot use "udp@" here: expected a stream/],
  ["dgram+ipv4@1.2.3.4:80", /^0\+11 Cannot use/],
  ["quic4@:443", /^0\+6 .*not supported yet/],
  ["sockpair@3", /^0\+9 .*not supported yet/],
  ["fd@", /^3\+0 Cannot read descriptor/],
  ["fd@-1", /^3\+2 Cannot read descriptor/],
  ["unix@", /^5\+0 Missing path/],
  [`/${long}`, /^0\+109 Cannot use a socket path of 109 bytes/],
  ["abns@", /^5\+0 Missing name/],
  [`abns@${long}`, /^5\+108 Cannot use an abstract name/],
  ["ho st:80", /^0\+5 Cannot read address/],
  ["tcp@/run/x:80", /^4\+6 Cannot read address/],
];
test.each(binds)("bind %p", (text, want) => check(parseBindAddresses(text), want));

test("a bind range may be every port", () => {
  const all = parseBindAddresses(":1-65535");
  expect("value" in all && all.value.length).toBe(65_535);
});

const fixed = (port: number) => ({ port, portMode: "fixed", portOffset: 0 });
const map = (portOffset: number) => ({ port: 0, portMode: "map", portOffset });
const servers: [text: string, want: unknown][] = [
  ["10.0.0.1:80", { kind: "ip", family: 4, host: "10.0.0.1", ...fixed(80) }],
  ["10.0.0.1", { kind: "ip", family: 4, host: "10.0.0.1", ...map(0) }],
  ["10.0.0.1:", { kind: "ip", family: 4, host: "10.0.0.1", ...map(0) }],
  ["10.0.0.1:0", { kind: "ip", family: 4, host: "10.0.0.1", ...map(0) }],
  ["10.0.0.1:+8000", { kind: "ip", family: 4, host: "10.0.0.1", ...map(8000) }],
  ["10.0.0.1:-10", { kind: "ip", family: 4, host: "10.0.0.1", ...map(-10) }],
  ["10.0.0.1:-0", { kind: "ip", family: 4, host: "10.0.0.1", ...map(0) }],
  ["[::1]", { kind: "ip", family: 6, host: "::1", ...map(0) }],
  ["*:80", { kind: "ip", family: 4, host: "0.0.0.0", ...fixed(80) }],
  ["db-1.example:3306", { kind: "name", name: "db-1.example", family: 0, ...fixed(3306) }],
  ["ipv6@db", { kind: "name", name: "db", family: 6, ...map(0) }],
  ["/run/db", { kind: "unix", path: "/run/db" }],
  ["abns@db", { kind: "abstract", name: "db", padded: true }],
  ["fd@3", /^0\+4 Cannot use a descriptor for a server/],
  ["1.2.3.4:80-90", /^8\+5 Cannot use port range/],
  ["1.2.3.4:+70000", /^9\+5 Cannot read port/],
  ["1.2.3.4:+", /^9\+0 Cannot read port/],
  ["1.2.3.4:80,1.2.3.5:81", /^10\+11 Unexpected ","/],
  ["udp@1.2.3.4:53", /^0\+4 Cannot use/],
  ["", /^0\+0 Empty address/],
];
test.each(servers)("server %p", (text, want) => check(parseServerAddress(text), want));

const sources: [text: string, want: unknown][] = [
  ["10.0.0.1", { kind: "ip", family: 4, host: "10.0.0.1", portLow: 0, portHigh: 0 }],
  ["10.0.0.1:1024-2047", { kind: "ip", family: 4, host: "10.0.0.1", portLow: 1024, portHigh: 2047 }],
  ["*:0", { kind: "ip", family: 4, host: "0.0.0.0", portLow: 0, portHigh: 0 }],
  ["10.0.0.1:+1", /^9\+2 Cannot use relative port/],
  ["/run/x", /^0\+6 Cannot use "\/run\/x" for a source/],
];
test.each(sources)("source %p", (text, want) => check(parseSourceAddress(text), want));

const datagrams: [text: string, want: unknown][] = [
  ["127.0.0.1", ip4("127.0.0.1", 514)],
  ["127.0.0.1:5140", ip4("127.0.0.1", 5140)],
  ["udp6@[::1]:5140", ip6("::1", 5140)],
  ["loghost", { kind: "name", name: "loghost", family: 0, port: 514 }],
  ["/dev/log", { kind: "unix", path: "/dev/log" }],
  ["fd@4", { kind: "fd", fd: 4 }],
  ["tcp@127.0.0.1:514", /^0\+4 Cannot use "tcp@" here: expected datagrams/],
  ["stream+ip@127.0.0.1:514", /^0\+10 Cannot use/],
  ["abns@x", /not supported yet/],
  ["127.0.0.1:1-2", /Cannot use port range/],
];
test.each(datagrams)("log %p", (text, want) => check(parseDatagramAddress(text, 514), want));
