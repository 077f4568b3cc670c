/**
 * Requests of strictness.test.ts, each sent to haproxy and to our parser. "¶" stands for CR LF. A second string says what we
 * do on purpose in another way; a row without is treated alike, down to the head that the server gets.
 */

export interface Row {
  text: string;
  /** What we do in its place: the status a client is told, 200 for "passed on". */
  ours: number | null;
  why: string;
}

export type Written = string | readonly [text: string, ours: number, why: string];

export function rows(written: readonly Written[], prefix: string = "", suffix: string = ""): Row[] {
  return written.map((row) => {
    const [text, ours, why] = typeof row === "string" ? [row, null, ""] as const : row;
    return { text: `${prefix}${text}${suffix}`.replaceAll("¶", "\r\n"), ours, why };
  });
}

const NUL = "NUL is refused (RFC 9110 §5.5), as by later haproxy";
const EXACT = "not counted exactly beyond 2^53";
const OLD = "what is below HTTP/1.0 is passed on as 1.0";
const TUNNEL = "Transfer-Encoding of a CONNECT means nothing (RFC 9110 §9.3.6)";
const MEMBERS = "a list has `trailers` in any place and case";
const BARE = "no Upgrade without its member of Connection";

const startLines = rows(
  [
    "GET / HTTP/1.1",
    "\r\n\n\r\nGET / HTTP/1.1",
    "\rGET / HTTP/1.1",
    " GET / HTTP/1.1",
    "GET  / HTTP/1.1",
    "GET /  HTTP/1.1",
    "GET\t/\tHTTP/1.1",
    "GET / HTTP/1.1 ",
    "get / HTTP/1.1",
    "G@T / HTTP/1.1",
    "FOO / HTTP/1.1",
    "G!#$%&'*+-.^_`|~T / HTTP/1.1",
    "GET /",
    "GET",
    "GET / HTTP/1.0",
    "GET / HTTP/1.2",
    "GET / HTTP/1.9",
    ["GET / HTTP/0.9", 200, OLD],
    ["GET / HTTP/0.0", 200, OLD],
    "GET / HTTP/2.0",
    "GET / HTTP/9.9",
    "GET / HTTP/1.10",
    "GET / HTTP/11",
    "GET / HTTP/1.",
    "GET / HTTP/1,1",
    "GET / http/1.1",
    "GET / HTTX/1.1",
    "GET / RTSP/1.0",
    "PRI * HTTP/1.1",
    "PRI / HTTP/1.1",
    "PRI * HTTP/1.0",
    "PRX * HTTP/1.1",
    "GET /a b HTTP/1.1",
    "GET /a#b HTTP/1.1",
    "GET /\x01 HTTP/1.1",
    "GET /\x00 HTTP/1.1",
    "GET /\x7f HTTP/1.1",
    "GET /\xe9 HTTP/1.1",
    `GET /"<>\\^\`{|} HTTP/1.1`,
    "GET /%zz HTTP/1.1",
    "GET foo HTTP/1.1",
    "GET * HTTP/1.1",
    "GET *foo HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "GET ? HTTP/1.1",
    "GET //a HTTP/1.1",
    "GET x:/ HTTP/1.1",
    "GET / HTTP/1.1\rHost: x",
  ],
  "",
  "¶¶",
);

const lineEnds = rows([
  "GET / HTTP/1.1\nHost: x¶¶",
  "GET / HTTP/1.1\nHost: x\n\n",
  "GET / HTTP/1.1¶Host: x\n¶",
  "GET / HTTP/1.1¶Host: x¶\n",
  "GET / HTTP/1.1¶Host: x¶\rX",
  "GET / HTTP/1.1¶\tA: b¶¶",
  "GET / HTTP/1.1¶A: b\n\r¶¶",
  "GET / HTTP/1.1¶A: b¶\r¶",
  "GET / HTTP/1.1¶A:b  \nB:\tc¶ d\n e\n¶",
]);

const fields = rows(
  [
    "A: b",
    "A:b",
    "A:\tb\t",
    "A: \t b  \t",
    "A:",
    "A: ",
    "A : b",
    "A\t: b",
    ": b",
    "A b",
    "A",
    " A: b",
    "A: b¶ c",
    "A: b  ¶\t c",
    "A:¶ b",
    "A: b¶ ",
    "A: b¶ ¶ c",
    "A: b\n c",
    "A: b\rc",
    "A: b\r",
    ["A: b\x00c", 400, NUL],
    ["A: \x00", 400, NUL],
    "A: b\x01\x0b\x0c\x1b\x7fc",
    "A: \x0bb\x0b",
    "A: \xe9\xff",
    "\xe9: b",
    "A(: b",
    "A@: b",
    'A"b: c',
    "A{}: b",
    "A/b: c",
    "A,b: c",
    "A;b: c",
    "A=b: c",
    "A[]: c",
    "A\\: c",
    "A\x00: c",
    "A\x01: c",
    "A\x7f: c",
    "!#$%&'*+-.^_`|~09azAZ: c",
    "A: b: c",
    "A:: c",
    "_a: 1",
    "A: b¶\tContent-Length: 5",
    "Host:",
    "Host: x, y",
    "Host: a b",
    "Host: x¶Host: x",
    "Host: x¶Host: X",
    "Host: x¶Host: y",
    "Host:¶Host:",
    "Expect: 100-continue",
    "Expect: foo",
    "Trailer: x",
    "TE: trailers",
    "TE: trailers, gzip",
    "TE: trailers, trailers",
    "TE: gzip",
    "TE:",
    "TE: trailersx",
    "TE: gzip;q=1, trailers;q=0.5",
    "TE: gzip¶TE: trailers",
    ["TE: Trailers", 200, MEMBERS],
    ["TE: x,trailers ,y", 200, MEMBERS],
    "A: b¶".repeat(99) + "A: b",
    "A: b¶".repeat(100) + "A: b",
  ],
  "GET / HTTP/1.1¶",
  "¶¶",
);

const bodies = rows([
  "Content-Length: 0¶¶",
  "Content-Length: 3¶¶abc",
  "Content-Length: 03¶¶abc",
  "Content-Length: +3¶¶abc",
  "Content-Length: -3¶¶abc",
  "Content-Length: 3 ¶¶abc",
  "Content-Length:\t3¶¶abc",
  "Content-Length: 3 3¶¶abc",
  "Content-Length: 3,3¶¶abc",
  "Content-Length: 3, 3 ,3¶¶abc",
  "Content-Length: 3, 4¶¶abc",
  "Content-Length: 3,¶¶abc",
  "Content-Length: ,3¶¶abc",
  "Content-Length:¶¶abc",
  "Content-Length: ¶¶abc",
  "Content-Length: a¶¶abc",
  "Content-Length: 0x3¶¶abc",
  "Content-Length: 3;¶¶abc",
  "Content-Length: 3.0¶¶abc",
  "Content-Length: 3\x0b¶¶abc",
  "Content-Length: 3¶Content-Length: 3¶¶abc",
  "Content-Length: 3¶Content-Length: 4¶¶abcd",
  "Content-Length: 3¶Content-Length: 03¶¶abc",
  "Content-Length: 3¶Content-Length:¶¶abc",
  "Content-Length: 3¶Content-Length: 3, 3¶¶abc",
  "Content-Length: 3¶ ,3¶¶abc",
  "Content-Length: 9007199254740991¶¶abc",
  ["Content-Length: 9007199254740993¶¶abc", 400, EXACT],
  "Content-Length: 9223372036854775808¶¶abc",
  ["Content-Length: 18446744073709551616¶¶abc", 400, EXACT],
  "Content-Length: 000000000000000000000000000000003¶¶abc",
  "Transfer-Encoding: chunked¶¶3¶abc¶0¶¶",
  "Transfer-Encoding: Chunked¶¶0¶¶",
  "Transfer-Encoding: chunked¶Content-Length: 3¶¶0¶¶",
  "Content-Length: 3¶Transfer-Encoding: chunked¶¶0¶¶",
  "Content-Length: a¶Transfer-Encoding: chunked¶¶0¶¶",
  "Transfer-Encoding: chunked¶Content-Length: 3¶Content-Length: 4¶¶0¶¶",
  "Transfer-Encoding: gzip, chunked¶¶0¶¶",
  "Transfer-Encoding: gzip¶Transfer-Encoding: chunked¶¶0¶¶",
  "Transfer-Encoding: chunked, gzip¶¶0¶¶",
  "Transfer-Encoding: chunked, chunked¶¶0¶¶",
  "Transfer-Encoding: chunked¶Transfer-Encoding: chunked¶¶0¶¶",
  "Transfer-Encoding: chunked¶Transfer-Encoding: gzip¶¶0¶¶",
  "Transfer-Encoding: gzip¶¶0¶¶",
  "Transfer-Encoding: identity¶¶",
  "Transfer-Encoding: identity, chunked¶¶0¶¶",
  "Transfer-Encoding:¶¶",
  "Transfer-Encoding: ,¶¶",
  ["Transfer-Encoding: chunked,¶¶0¶¶", 200, "the comma is not passed on"],
  "Transfer-Encoding: ,chunked¶¶0¶¶",
  "Transfer-Encoding: chunked;q=1¶¶0¶¶",
  "Transfer-Encoding: xchunked¶¶0¶¶",
  "Transfer-Encoding: \x0bchunked¶¶0¶¶",
  'Transfer-Encoding: "chunked"¶¶0¶¶',
  "Transfer-Encoding: chunked ¶¶0¶¶",
  "Transfer-Encoding:¶ chunked¶¶0¶¶",
  "Transfer-Encoding:¶Content-Length: 3¶¶abc",
  "Transfer-Encoding: identity¶Content-Length: 3¶¶abc",
  'Transfer-Encoding: gzip;a="x,chunked"¶¶0¶¶',
], "POST / HTTP/1.1¶Host: x¶");

const bodyless = ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "POST", "FOO"].flatMap((method) =>
  rows([
    `${method} / HTTP/1.0¶Content-Length: 3¶¶abc`,
    `${method} / HTTP/1.0¶Content-Length: 0¶¶`,
    `${method} / HTTP/1.0¶Transfer-Encoding: chunked¶¶0¶¶`,
    `${method} / HTTP/1.1¶Content-Length: 3¶¶abc`,
    `${method} / HTTP/1.1¶Transfer-Encoding: chunked¶¶0¶¶`,
  ])
);

const connects = rows([
  "CONNECT x:81 HTTP/1.1¶Content-Length: 3¶¶abc",
  ["CONNECT x:81 HTTP/1.1¶Transfer-Encoding: chunked¶¶0¶¶", 200, TUNNEL],
  "POST / HTTP/1.0¶Transfer-Encoding: chunked¶Connection: keep-alive¶¶0¶¶",
  "POST / HTTP/1.0¶Transfer-Encoding: chunked¶Content-Length: 3¶¶0¶¶",
  "POST / HTTP/1.0¶Transfer-Encoding: gzip¶¶abc",
]);

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const upgrades = rows(
  [
    "Connection: upgrade¶Upgrade: foo",
    "Connection: Upgrade, keep-alive¶Upgrade: foo",
    "Connection: upgrade, close¶Upgrade: foo",
    "Connection: upgrade",
    "Upgrade: foo",
    "Upgrade: websocket",
    "Connection: upgrade¶Upgrade: websocket",
    `Connection: upgrade¶Upgrade: websocket¶${KEY}`,
    `Connection: upgrade¶Upgrade: WebSocket¶${KEY}`,
    `Connection: upgrade¶Upgrade: foo, websocket¶${KEY}`,
    "Connection: upgrade¶Upgrade: foo, websocket",
    "Connection: upgrade¶Upgrade: websocket¶Sec-WebSocket-Key: AA",
    "Upgrade: websocket¶Connection: upgrade¶Content-Length: 0",
    "Connection: Upgrade, HTTP2-Settings¶Upgrade: foo, h2c¶HTTP2-Settings: AA",
    ["Connection: upgrade¶Upgrade: foo¶Transfer-Encoding: chunked", 200, BARE],
  ],
  "GET / HTTP/1.1¶",
  "¶¶0¶¶",
);

const connections = ["1.0", "1.1"].flatMap((version) =>
  rows(
    [
      "A: b",
      "Connection: close",
      "Connection: keep-alive",
      "Connection: close, keep-alive",
      "Connection: x, Close , y",
      "Connection: close¶Connection: foo",
      "Connection: ",
      "Connection: x,,y",
      "Connection: x;close",
      "Connection: close,x",
      "Connection: a b, close,, c",
      "Connection: Host¶Host: x",
      "Connection: te¶Connection: close¶Connection: x, keep-alive",
      "Keep-Alive: timeout=5",
      "Connection: Keep-Alive¶Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "Proxy-Connection: close",
      "TE: trailers¶Connection: TE",
    ],
    `GET / HTTP/${version}¶`,
    "¶¶",
  )
);

export const REQUESTS: readonly Row[] = [
  ...startLines,
  ...lineEnds,
  ...fields,
  ...bodies,
  ...bodyless,
  ...connects,
  ...upgrades,
  ...connections,
];
