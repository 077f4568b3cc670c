/** Networks: what is read, what is refused, and what lies inside. */
import { expect, test } from "bun:test";
import { addressBytes, bestMatch, type Network, parseNetwork } from "./networks.ts";

const read: [text: string, bits: number | null][] = [
  ["10.0.0.0/8", 8],
  ["10.1.2.3", 32],
  ["0.0.0.0/0", 0],
  ["fd00::/8", 8],
  ["::1", 128],
  ["::ffff:10.0.0.1", 32],
  ["10.0.0.0/33", null],
  ["fd00::/129", null],
  ["10.0.0/8", null],
  ["10.0.0.0/", null],
  ["10.0.0.0/8/8", null],
  ["0x10.0.0.1", null],
  ["host", null],
  ["", null],
];
test.each(read)("parseNetwork %p", (text, bits) => expect(parseNetwork(text)?.bits ?? null).toBe(bits));

test("bytes of IPv6 addresses in their spellings", () => {
  expect(addressBytes("::")).toEqual(new Array(16).fill(0));
  expect(addressBytes("1:2:3:4:5:6:7:8")).toEqual([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]);
  expect(addressBytes("fe80::1%eth0")).toEqual([0xfe, 0x80, ...new Array(13).fill(0), 1]);
  expect(addressBytes("64:ff9b::192.0.2.1")).toEqual([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1]);
});

const matched: [networks: string[], address: string, bits: number][] = [
  [["10.0.0.0/8"], "10.255.0.1", 8],
  [["10.0.0.0/8"], "11.0.0.1", -1],
  [["10.0.0.0/8", "10.1.0.0/16"], "10.1.2.3", 16],
  [["10.1.0.0/16", "10.0.0.0/8"], "10.1.2.3", 16],
  [["192.168.1.128/25"], "192.168.1.127", -1],
  [["192.168.1.128/25"], "192.168.1.200", 25],
  [["10.0.0.0/8"], "::ffff:10.2.3.4", 8],
  [["fd00::/8"], "fdff::1", 8],
  [["0.0.0.0/0"], "::1", -1],
  [["0.0.0.0/0"], "8.8.8.8", 0],
  [["0.0.0.0/0"], "not an address", -1],
];
test.each(matched)("of %p %s matches", (networks, address, bits) => {
  expect(bestMatch(networks.map((text) => parseNetwork(text) as Network), address)).toBe(bits);
});
