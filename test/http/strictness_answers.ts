/** Answers of strictness.test.ts: the method of the request, then what its server answers; read as strictness_requests.ts says. */
import { type Row, rows } from "./strictness_requests.ts";

export interface Answer extends Row {
  method: string;
  /** Its server closes behind it: the end of the body. */
  closes: boolean;
}

const NUL = "NUL is refused (RFC 9110 §5.5), as by later haproxy";
const DIGITS = "a status has three digits, the first not 0 (RFC 9110 §15)";
const NAME = "only HTTP speaks HTTP";
const OLD = "what is below HTTP/1.0 is passed on as 1.0";
const EMPTY = "an empty Transfer-Encoding leaves the end of the body open";
const SAID = "the end of the connection is announced beside `upgrade` too";

const answers = (method: string, list: Row[], closes = false): Answer[] =>
  list.map((row) => ({ ...row, method, closes }));

const statusLines = rows(
  [
    "HTTP/1.1 200 OK",
    "HTTP/1.1 200",
    "HTTP/1.1 200 ",
    "HTTP/1.1  200  OK",
    "HTTP/1.1\t200\tOK",
    ["HTTP/1.1 20 OK", 502, DIGITS],
    ["HTTP/1.1 2000 OK", 502, DIGITS],
    ["HTTP/1.1 099 OK", 502, DIGITS],
    "HTTP/1.1 600 OK",
    "HTTP/1.1 999 OK",
    "HTTP/1.1 2x0 OK",
    "HTTP/1.1 OK",
    "HTTP/1.1 200OK",
    "HTTP/1.0 200 OK",
    "HTTP/1.2 200 OK",
    "HTTP/2.0 200 OK",
    "HTTP/2 200 OK",
    ["HTTP/0.9 200 OK", 200, OLD],
    "HTTP/1.10 200 OK",
    "http/1.1 200 OK",
    ["RTSP/1.0 200 OK", 502, NAME],
    "ICY 200 OK",
    "¶¶HTTP/1.1 200 OK",
    "\n\nHTTP/1.1 200 OK",
    " HTTP/1.1 200 OK",
    ["HTTP/1.1 200 O\x00K", 502, NUL],
    "HTTP/1.1 200 O\x01\x7f\xe9K",
    "HTTP/1.1 200 OK ",
    "HTTP/1.1 200 O\rK",
    "HTTP/1.1 +20 OK",
    "HTTP/1.1 200\x00OK",
  ],
  "",
  "¶Content-Length: 0¶¶",
);

const lineEnds = rows([
  "HTTP/1.1 200 OK\nContent-Length: 0¶¶",
  "HTTP/1.1 200\nContent-Length: 0¶\n",
  "HTTP/1.1 200 OK¶A: b\nContent-Length: 0\n\n",
]);

const fields = rows(
  [
    "A : b",
    "A b",
    ": b",
    "A: b¶ c",
    " a: b",
    "A(: b",
    ["A: b\x00", 502, NUL],
    "A: b\x01\xff",
    "A: b\rc",
    "Host: x¶Host: y",
    "TE: gzip",
    "Connection: close",
    "Connection: x, close, y",
    "Connection: keep-alive¶Keep-Alive: timeout=3",
    "Proxy-Connection: close",
    "Connection: upgrade¶Upgrade: h2",
    "A: b¶".repeat(98) + "A: b",
    "A: b¶".repeat(99) + "A: b",
  ],
  "HTTP/1.1 200 OK¶",
  "¶Content-Length: 0¶¶",
);

const bodies = rows([
  "Content-Length: 3¶Content-Length: 3¶¶abc",
  "Content-Length: 3¶Content-Length: 4¶¶abcd",
  "Content-Length: 3, 3¶¶abc",
  "Content-Length: -3¶¶abc",
  "Content-Length:¶¶abc",
  "Content-Length: 3¶Transfer-Encoding: chunked¶¶0¶¶",
  "Transfer-Encoding: gzip, chunked¶¶0¶¶",
  "Transfer-Encoding: gzip¶Content-Length: 3¶¶abc",
  "Transfer-Encoding: gzip¶¶abc",
  "Transfer-Encoding: identity¶¶abc",
  "Transfer-Encoding: identity¶Content-Length: 3¶¶abc",
  "Transfer-Encoding: chunked, gzip¶¶abc",
  "Transfer-Encoding: chunked, chunked¶¶0¶¶",
  "Transfer-Encoding: chunked¶Transfer-Encoding: chunked¶¶0¶¶",
  ["Transfer-Encoding: chunked,¶¶0¶¶", 200, "the comma is not passed on"],
], "HTTP/1.1 200 OK¶");

const open = rows([
  "HTTP/1.1 200 OK¶¶abc",
  "HTTP/1.0 200 OK¶¶abc",
  "HTTP/1.1 205 R¶¶abc",
  ["HTTP/1.1 200 OK¶Transfer-Encoding:¶¶abc", 502, EMPTY],
  ["HTTP/1.1 200 OK¶Connection: upgrade¶Upgrade: h2¶¶abc", 200, SAID],
]);

const FINAL = "HTTP/1.1 200 OK¶Content-Length: 0¶¶";
const bodyless = rows([
  "HTTP/1.1 204 No¶¶",
  "HTTP/1.1 204 No¶Content-Length: 3¶¶",
  "HTTP/1.1 204 No¶Transfer-Encoding: chunked¶¶",
  "HTTP/1.1 204 No¶Content-Length: 3¶Transfer-Encoding: chunked¶¶",
  "HTTP/1.1 304 No¶Content-Length: 3¶¶",
  "HTTP/1.1 304 No¶Transfer-Encoding: chunked¶¶",
  `HTTP/1.1 100 Continue¶¶${FINAL}`,
  `HTTP/1.1 100 Continue¶Content-Length: 5¶¶${FINAL}`,
  `HTTP/1.1 103 Early¶Link: x¶Connection: close¶¶${FINAL}`,
  `HTTP/1.1 199 P¶¶${FINAL}`,
  "HTTP/1.0 200 OK¶Transfer-Encoding: chunked¶¶0¶¶",
  "HTTP/1.0 200 OK¶Connection: keep-alive¶Content-Length: 0¶¶",
]);

const heads = rows([
  "Content-Length: 3¶¶",
  "Transfer-Encoding: chunked¶¶",
  "Content-Length: 3¶Transfer-Encoding: chunked¶¶",
  "¶",
  "Transfer-Encoding: gzip¶¶",
], "HTTP/1.1 200 OK¶");

export const ANSWERS: readonly Answer[] = [
  ...answers("GET", [...statusLines, ...lineEnds, ...fields, ...bodies, ...bodyless]),
  ...answers("GET", open, true),
  ...answers("HEAD", heads),
];
