/**
 * Converters of bytes to text and back: base64, hex, cutting (configuration.txt 7.3.1).
 */
import { quote } from "../../../config/diagnostics.ts";
import { bytes32, low32 } from "../integer.ts";
import { badArgument, type ConverterRow } from "../types.ts";
import { fromBin, fromInt, fromStr } from "./rows.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");

export const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BASE64URL = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?$/;

const CHUNKED = [
  { name: "separator", type: "string", optional: true },
  { name: "chunk_size", type: "integer", optional: true },
  { name: "truncate", type: "integer", optional: true },
] as const;

/** Cuts bytes into pieces of one size, the odd rest at the end left out when `truncate`, and joins what `write` makes of them. */
function chunked(text: string, separator: string, size: number, truncate: boolean, write: (chunk: string) => string) {
  let out = "";
  for (let at = 0; at < text.length && !(truncate && at + size > text.length); at += size) {
    out += (at === 0 ? "" : separator) + write(text.slice(at, at + size));
  }
  return out;
}

const hex = (text: string): string => bytesOf(text).toString("hex").toUpperCase();

export const BINARY: readonly ConverterRow[] = [
  fromStr(
    "b64dec",
    "bin",
    [],
    () => (text) => BASE64.test(text) ? Buffer.from(text, "base64").toString("latin1") : undefined,
  ),
  fromBin("base64", "str", [], () => (text) => bytesOf(text).toString("base64")),
  fromBin(
    "be2dec",
    "str",
    [{ name: "separator", type: "string" }, { name: "chunk_size", type: "integer" }, CHUNKED[2]],
    ([separator, size, truncate]) => {
      const length = Number(size!.int);
      if (length < 1 || length > 8) return badArgument(1, `Cannot use ${quote(size!.text)}: expected 1 to 8 bytes`);
      const write = (chunk: string) => String(BigInt(`0x${bytesOf(chunk).toString("hex")}`));
      return (text) => chunked(text, separator!.text, length, truncate!.int !== 0, write);
    },
  ),
  fromBin("be2hex", "str", CHUNKED, ([separator, size, truncate]) => {
    const length = Number(size!.int);
    if (length < 0 || (length === 0 && separator!.text !== "")) {
      return badArgument(1, "Expected the number of bytes between two separators");
    }
    if (length === 0) return hex;
    return (text) => chunked(text, separator!.text, length, truncate!.int !== 0, hex);
  }),
  fromBin(
    "bytes",
    "bin",
    [{ name: "offset", type: "integer" }, { name: "length", type: "integer", optional: true }],
    ([offset, length]) => {
      const from = Number(offset!.int);
      const count = length!.given ? Number(length!.int) : -1;
      // Nothing is left before the first byte; a negative length is no limit.
      return (text) => from < 0 ? "" : text.slice(from, count < 0 ? undefined : from + count);
    },
  ),
  fromBin("hex", "str", [], () => hex),
  fromInt("htonl", "bin", [], () => (value) => bytes32(low32(value))),
  fromStr(
    "ub64dec",
    "bin",
    [],
    () => (text) => BASE64URL.test(text) ? Buffer.from(text, "base64url").toString("latin1") : undefined,
  ),
  fromBin("ub64enc", "str", [], () => (text) => bytesOf(text).toString("base64url")),
];
