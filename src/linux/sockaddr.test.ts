/** Addresses between text and the kernel's bytes. */
import { expect, test } from "bun:test";
import { addressBytes, ipSockaddr, MAX_UNIX_PATH, readSockaddr, type SocketName, unixSockaddr } from "./sockaddr.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const ADDRESSES: [text: string, family: 4 | 6, bytes: string | RegExp][] = [
  ["127.0.0.1", 4, "7f000001"],
  ["0.0.0.0", 4, "00000000"],
  ["255.255.255.255", 4, "ffffffff"],
  ["::1", 6, "00000000000000000000000000000001"],
  ["::", 6, "00000000000000000000000000000000"],
  ["2001:db8::ff", 6, "20010db80000000000000000000000ff"],
  ["::ffff:1.2.3.4", 6, "00000000000000000000ffff01020304"],
  ["", 4, /expected an IPv4 address/],
  ["127.1", 4, /expected an IPv4 address/],
  ["1.2.3.256", 4, /expected an IPv4 address/],
  ["1.2.3.4 ", 4, /expected an IPv4 address/],
  ["0x7f.0.0.1", 4, /expected an IPv4 address/],
  ["::1", 4, /expected an IPv4 address/],
  ["1.2.3.4", 6, /expected an IPv6 address/],
  [":::", 6, /expected an IPv6 address/],
  ["fe80::1%1", 6, /expected an IPv6 address/],
];
test.each(ADDRESSES)("addressBytes %p, IPv%d", (text, family, bytes) => {
  if (bytes instanceof RegExp) expect(() => addressBytes(text, family)).toThrow(bytes);
  else expect(hex(addressBytes(text, family))).toBe(bytes);
});

const NAMES: [host: string, family: 4 | 6, port: number, bytes: string][] = [
  ["127.0.0.1", 4, 8080, "02001f907f0000010000000000000000"],
  ["0.0.0.0", 4, 65535, "0200ffff000000000000000000000000"],
  ["::1", 6, 80, "0a0000500000000000000000000000000000000000000001" + "00000000"],
  ["fe80::1%3", 6, 1, "0a00000100000000fe800000000000000000000000000001" + "03000000"],
];
test.each(NAMES)("ipSockaddr %s", (host, family, port, bytes) => {
  const made = ipSockaddr(host, family, port);
  expect(hex(made)).toBe(bytes);
  expect(readSockaddr(made, made.length)).toEqual({ kind: "ip", family, host: host.split("%")[0]!, port });
});

const UNIX: [path: string, abstract: boolean, padded: boolean, length: number | RegExp, name: SocketName | null][] = [
  ["/run/x", false, false, 2 + 6 + 1, { kind: "unix", path: "/run/x" }],
  ["x", true, false, 2 + 1 + 1, { kind: "abstract", name: "x" }],
  ["x", true, true, 110, { kind: "abstract", name: "x" }],
  ["p".repeat(MAX_UNIX_PATH), false, false, 110, { kind: "unix", path: "p".repeat(MAX_UNIX_PATH) }],
  ["p".repeat(MAX_UNIX_PATH + 1), false, false, /108 bytes, at most 107/, null],
  ["é".repeat(54), false, false, /108 bytes, at most 107/, null], // bytes, not characters
];
test.each(UNIX)("unixSockaddr %p, abstract %p, padded %p", (path, abstract, padded, length, name) => {
  if (length instanceof RegExp) return expect(() => unixSockaddr(path, abstract, padded)).toThrow(length);
  const made = unixSockaddr(path, abstract, padded);
  expect([made.length, readSockaddr(made, made.length)]).toEqual([length, name!]);
});

const READ: [what: string, bytes: string, name: SocketName][] = [
  ["an IPv4 client on an IPv6 socket", "0a00005000000000" + "00000000000000000000ffff01020304" + "00000000", {
    kind: "ip",
    family: 4,
    host: "1.2.3.4",
    port: 80,
  }],
  ["almost mapped", "0a00005000000000" + "00000000000000000001ffff01020304" + "00000000", {
    kind: "ip",
    family: 6,
    host: "::1:ffff:102:304",
    port: 80,
  }],
  ["a unix client without a name", "0100", { kind: "unix", path: "" }],
  ["nothing at all", "", { kind: "unix", path: "" }],
];
test.each(READ)("readSockaddr of %s", (_, bytes, name) => {
  // In the middle of something larger, as the kernel's answer is in a reused buffer.
  const around = Buffer.concat([Buffer.alloc(8, 0xee), Buffer.from(bytes, "hex"), Buffer.alloc(128, 0xee)]);
  expect(readSockaddr(new Uint8Array(around).subarray(8), bytes.length / 2)).toEqual(name);
});
