/** Addresses read and written: inet_pton and inet_ntop by table. */
import { expect, test } from "bun:test";
import { formatAddress, maskBits, maskOf, parseIPv4, parseIPv6, parseShortIPv4 } from "./address.ts";

const addresses: [text: string, written: string | null][] = [
  ["1.2.3.4", "1.2.3.4"],
  ["001.2.3.4", "1.2.3.4"],
  ["256.2.3.4", null],
  ["1.2.3", null],
  ["1.2.3.4 ", null],
  ["1..3.4", null],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["2001:DB8::1", "2001:db8::1"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"], // the longest run of zeros
  ["1:0:0:2:0:0:3:4", "1::2:0:0:3:4"], // the first of two
  ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"], // one zero is not shortened
  ["::1:0:0:2:0:0:0", "0:1:0:0:2::"],
  ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
  ["::102:304", "::1.2.3.4"],
  ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["1:2:3:4:5:6:7", null],
  ["1:2:3:4:5:6:7:8:9", null],
  ["1::2::3", null],
  [":1", null],
  ["1:2:3:4:5:6:7::8", null], // "::" of nothing
  ["1:::2", null],
  ["::12345", null],
  ["::1.2.3", null],
  ["::1.2.3.256", null],
  ["fe80::1%lo", null],
  ["", null],
];

test.each(addresses)("%s is %p", (text, written) => {
  const bytes = parseIPv4(text) ?? parseIPv6(text);
  expect(bytes === null ? null : formatAddress(bytes)).toBe(written);
});

test("short IPv4 addresses fill the middle", () => {
  const of = (text: string) => {
    const bytes = parseShortIPv4(text);
    return bytes === null ? null : formatAddress(bytes);
  };
  expect(["10.12", "127.1", "192.168.1", "7", "1.2.3.4"].map(of)).toEqual([
    "10.0.0.12",
    "127.0.0.1",
    "192.168.0.1",
    "0.0.0.7",
    "1.2.3.4",
  ]);
  expect(["", "1.", ".1", "1.2.3.4.5", "1.256", "a.b"].map(of)).toEqual([null, null, null, null, null, null]);
});

test("masks", () => {
  for (const bits of [0, 1, 7, 8, 9, 31, 32]) expect(maskBits(maskOf(bits, 4))).toBe(bits);
  expect(formatAddress(maskOf(20, 4))).toBe("255.255.240.0");
  expect(maskBits(parseIPv4("255.0.255.0")!)).toBe(-1);
});
