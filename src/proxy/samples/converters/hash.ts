/**
 * Converters that hash: the functions of `hash-type` (those of balance/hash.ts, so that both give the same number),
 * xxHash, and the digests of cryptography (configuration.txt 7.3.1).
 */
import { quote } from "../../../config/diagnostics.ts";
import { avalanche, crc32, djb2, sdbm, wt6 } from "../../balance/hash.ts";
import { wrap } from "../integer.ts";
import { badArgument, type ConverterRow } from "../types.ts";
import { BASE64 } from "./binary.ts";
import { fromBin } from "./rows.ts";

type Hash = (bytes: Uint8Array, from: number, to: number) => number;

let scratch = Buffer.alloc(1024);

/** The bytes of a text at the start of `scratch`; returns how many. */
function load(text: string): number {
  if (text.length > scratch.length) scratch = Buffer.alloc(text.length * 2);
  return scratch.write(text, "latin1");
}

const hash32 = (name: string, hash: Hash): ConverterRow =>
  fromBin(name, "int", [{ name: "avalanche", type: "integer", optional: true }], ([full]) => {
    const plain = (text: string) => {
      const length = load(text); // first: it may put another buffer in place
      return hash(scratch, 0, length);
    };
    return full!.int === 0 ? plain : (text) => avalanche(plain(text));
  });

/** Castagnoli's polynomial, reflected: RFC 4960 appendix B. */
const CRC32C = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(bytes: Uint8Array, from: number, to: number): number {
  let value = -1;
  for (let i = from; i < to; i++) value = CRC32C[(value ^ bytes[i]!) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}

const xxhash = (name: string, hash: (bytes: Uint8Array, seed: bigint) => number | bigint): ConverterRow =>
  fromBin(name, "int", [{ name: "seed", type: "integer", optional: true }], ([seed]) => {
    const start = BigInt.asUintN(64, BigInt(seed!.int));
    return (text) => {
      const length = load(text);
      return wrap(BigInt(hash(scratch.subarray(0, length), start)));
    };
  });

type Algorithm = ConstructorParameters<typeof Bun.CryptoHasher>[0];

/** The runtime's name of an OpenSSL digest; null: it has none. */
function algorithmOf(name: string): Algorithm | null {
  const plain = name.toLowerCase().replace(/^sha-(?=[0-9])/, "sha");
  return (Bun.CryptoHasher.algorithms as string[]).includes(plain) ? plain as Algorithm : null;
}

const digest = (algorithm: Algorithm, key?: Buffer) => (text: string): string =>
  new Bun.CryptoHasher(algorithm, key).update(text, "latin1").digest().toString("latin1");

const SIZES: readonly number[] = [224, 256, 384, 512];

export const HASH: readonly ConverterRow[] = [
  hash32("crc32", crc32),
  hash32("crc32c", crc32c),
  fromBin("digest", "bin", [{ name: "algorithm", type: "string" }], ([name]) => {
    const algorithm = algorithmOf(name!.text);
    return algorithm === null ? badArgument(0, `Unknown digest ${quote(name!.text)}`) : digest(algorithm);
  }),
  hash32("djb2", djb2),
  fromBin(
    "hmac",
    "bin",
    [{ name: "algorithm", type: "string" }, { name: "key", type: "string" }],
    ([name, key]) => {
      const algorithm = algorithmOf(name!.text);
      if (algorithm === null) return badArgument(0, `Unknown digest ${quote(name!.text)}`);
      if (!BASE64.test(key!.text)) return badArgument(1, `Cannot read ${quote(key!.text)}: expected a key in base64`);
      return digest(algorithm, Buffer.from(key!.text, "base64"));
    },
  ),
  hash32("sdbm", sdbm),
  fromBin("sha1", "bin", [], () => digest("sha1")),
  fromBin("sha2", "bin", [{ name: "bits", type: "integer", optional: true }], ([bits]) => {
    const size = bits!.given ? Number(bits!.int) : 256;
    if (!SIZES.includes(size)) return badArgument(0, `Cannot use ${quote(bits!.text)}: expected 224, 256, 384 or 512`);
    return digest(`sha${size}` as Algorithm);
  }),
  hash32("wt6", wt6),
  xxhash("xxh3", (bytes, seed) => Bun.hash.xxHash3(bytes, seed)),
  xxhash("xxh32", (bytes, seed) => Bun.hash.xxHash32(bytes, Number(BigInt.asUintN(32, seed)))),
  xxhash("xxh64", (bytes, seed) => Bun.hash.xxHash64(bytes, seed)),
];
