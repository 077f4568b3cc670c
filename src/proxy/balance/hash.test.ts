/** Hash values: those that haproxy 2.6's converters sdbm, djb2, wt6 and crc32 give, plain and with the avalanche step. */
import { expect, test } from "bun:test";
import { hashType } from "../../../test/balance_fixture.ts";
import { hashBytes, type HashFunction, hashInteger, hashSource, hashString } from "./hash.ts";

const KNOWN: [text: string, name: HashFunction, plain: number, avalanched: number][] = [
  ["a", "sdbm", 97, 1830748055],
  ["a", "djb2", 177670, 3548763807],
  ["a", "wt6", 1900802597, 1986649387],
  ["a", "crc32", 3904355907, 1288200982],
  ["www.example.com", "sdbm", 2718216582, 1242975261],
  ["www.example.com", "djb2", 2843247409, 2767889732],
  ["www.example.com", "wt6", 612436471, 2993095237],
  ["www.example.com", "crc32", 785793723, 1314402354],
  ["\xe9\xff\x80", "sdbm", 1941658538, 1082321366],
  ["\xe9\xff\x80", "djb2", 193639277, 787453539],
  ["\xe9\xff\x80", "wt6", 470446359, 2808144738],
  ["\xe9\xff\x80", "crc32", 669928559, 1743916659],
  ["0123456789abcdefghijklmnopqrstuvwxyz", "sdbm", 1018930898, 601589605],
  ["0123456789abcdefghijklmnopqrstuvwxyz", "djb2", 449521041, 1065899669],
  ["0123456789abcdefghijklmnopqrstuvwxyz", "wt6", 821189940, 1196995420],
  ["0123456789abcdefghijklmnopqrstuvwxyz", "crc32", 4256519037, 1246124780],
];

test.each(KNOWN)("%p by %s", (text, name, plain, avalanched) => {
  expect(hashString(hashType({ function: name }), text)).toBe(plain);
  expect(hashString(hashType({ function: name, avalanche: true }), text)).toBe(avalanched);
  const bytes = Buffer.from(`<${text}>`, "latin1");
  expect(hashBytes(hashType({ function: name }), bytes, 1, bytes.length - 1)).toBe(plain);
});

test("a string longer than the scratch buffer is hashed whole", () => {
  const text = "x".repeat(5000);
  for (const name of ["sdbm", "djb2", "wt6", "crc32"] as const) {
    const type = hashType({ function: name });
    expect(hashString(type, text)).toBe(hashBytes(type, Buffer.from(text)));
    expect(hashString(type, text)).not.toBe(hashString(type, text.slice(1)));
  }
});

const NUMBERS: [text: string, want: number][] = [
  ["0", 0],
  ["42", 42],
  ["-1", 4294967295],
  ["4294967295", 4294967295],
  ["4294967296", 0],
  ["4294967301", 5],
  ["7x9", 7],
  ["", 0],
  ["x", 0],
];
test.each(NUMBERS)("none: %p is the number itself", (text, want) => {
  expect(hashString(hashType({ function: "none" }), text)).toBe(want);
});

const SOURCES: [name: string, bytes: number[], want: number][] = [
  ["127.0.0.1", [127, 0, 0, 1], 0x7f000001],
  ["255.255.255.255", [255, 255, 255, 255], 0xffffffff],
  ["2001:db8::1", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0x20010db9],
  ["::ffff:10.0.0.1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1], 0x0a00fffe],
];
test.each(SOURCES)("source %s: the words folded, whatever the function", (_, bytes, want) => {
  expect(hashSource(hashType({ function: "wt6" }), Uint8Array.from(bytes))).toBe(want);
});

test("an integer is hashed as 64 bits in network order", () => {
  const type = hashType({ function: "crc32" });
  const cases: [number, number[]][] = [
    [1000, [0, 0, 0, 0, 0, 0, 3, 232]],
    [-5, [255, 255, 255, 255, 255, 255, 255, 251]],
    [2 ** 33 + 1, [0, 0, 0, 2, 0, 0, 0, 1]],
  ];
  for (const [value, bytes] of cases) expect(hashInteger(type, value)).toBe(hashBytes(type, Uint8Array.from(bytes)));
});
