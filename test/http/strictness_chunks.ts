/**
 * Chunked bodies of strictness.test.ts, read as strictness_requests.ts says. Ours go on to the server as they are, while
 * haproxy writes the frames anew: what another reader may take in another way it can pass on, and we cannot. Not asked are
 * trailers with blanks around the name, which we refuse: haproxy 2.6 takes them or not, differently from start to start.
 */
import { type Row, rows } from "./strictness_requests.ts";

const BARE = "a bare LF would be passed on";
const NUL = "NUL is refused, as in header fields";
const FOLDED = "a folded line would be passed on";
const MANY = "trailers are bounded by their bytes, not by their number";

export const CHUNKED: readonly Row[] = rows([
  "0¶¶",
  "0000¶¶",
  "3¶abc¶0¶¶",
  "A¶0123456789¶0¶¶",
  "a¶0123456789¶0¶¶",
  "00000000000000000000003¶abc¶0¶¶",
  ["3\nabc¶0¶¶", 400, BARE],
  ["3¶abc\n0¶¶", 400, BARE],
  ["3¶abc¶0\n¶", 400, BARE],
  ["3¶abc¶0¶\n", 400, BARE],
  ["3;a\nabc¶0¶¶", 400, BARE],
  "3 ¶abc¶0¶¶",
  "3\t¶abc¶0¶¶",
  " 3¶abc¶0¶¶",
  "3;a¶abc¶0;b¶¶",
  '3 ;a="b"¶abc¶0¶¶',
  "3 ; a¶abc¶0¶¶",
  "3;a\rb¶abc¶0¶¶",
  ["3;\x00¶abc¶0¶¶", 400, NUL],
  "3 a¶abc¶0¶¶",
  "3\rabc",
  "0x3¶abc¶0¶¶",
  "g¶",
  "¶",
  "-1¶",
  "+3¶",
  "7fffffff¶",
  "100000000¶",
  "FFFFFFFFFFFF¶",
  "fffffffffffff¶",
  "10000000000000¶",
  "FFFFFFFFFFFFFFFF¶",
  "3¶abcd¶0¶¶",
  "3¶abc0¶¶",
  "0¶A: b¶¶",
  "0¶A:b¶C:¶¶",
  "0¶A b¶¶",
  "0¶: b¶¶",
  "0¶A¶¶",
  "0¶A: b\rc¶¶",
  ["0¶A: b\n\n", 400, BARE],
  ["0¶A: b¶ c¶¶", 400, FOLDED],
  ["0¶A: \x00¶¶", 400, NUL],
  "0¶Content-Length: 5¶¶",
  "0¶Transfer-Encoding: chunked¶¶",
  "0¶Host: y¶Connection: close¶¶",
  [`0¶${"A: b¶".repeat(200)}¶`, 200, MANY],
  `0¶A: ${"b".repeat(20_000)}¶¶`,
], "POST / HTTP/1.1¶Host: x¶Transfer-Encoding: chunked¶¶");
