/** Requests of strictness.test.ts whose target names a host, with and without Host. */
import { type Row, rows } from "./strictness_requests.ts";

const CASE = "the host stays as its sender wrote it";

const TARGETS: readonly [target: string, ...hosts: (string | readonly [host: string, why: string])[]][] = [
  ["http://x/", "x", "y", "X", "x:80", "x:", "x:a", "x:443", "u@x", "", "x "],
  ["http://x:80/", "x", "x:80", ["X:80", CASE], "x:81"],
  ["http://X:80/", ["x:80", CASE], ["x", CASE], "X"],
  ["http://x:8080/", "x", "x:8080"],
  ["http://x:080/", "x"],
  ["http://x:/", "x"],
  ["http://x:a/", "x", "x:a"],
  ["http://x:99999/", "x:99999"],
  ["http://x:443/", "x:443", "x"],
  ["http://x:80/:80/", "x"],
  ["http://x/@y", "x"],
  ["http://x", "x"],
  ["http://x?a", "x"],
  ["http://x:80?a", "x"],
  ["http:///a", "x"],
  ["http://", "x"],
  ["http://u:p@x/", "x"],
  ["http://u@x:80/", "x"],
  ["http://u:80@x/", "x"],
  ["http://@x:80/", "x"],
  ["http://x@y/", "x@y", "y"],
  ["http://x@y@z/", "z"],
  ["http://[::1]:80/", "[::1]", "[::1]:80"],
  ["http://[::1]/", "[::1]:80", "[::1]"],
  ["https://x/", "x:443", "x:80", "x"],
  ["https://x:443/", "x"],
  ["https://x:80/", "x"],
  ["HTTP://x:80/", "x"],
  ["HTTPS://x:443", "x"],
  ["ftp://x/", "x", "y"],
  ["ftp://x:80/", "x", "x:80"],
  ["x+-.1://y", "y"],
  ["1x://y", "y"],
  ["x_://y", "y"],
  ["://y", "y"],
  ["http:/y", "y"],
  ["foo", "foo", "FOO", "foo:80", "foo:", "x", ""],
  ["foo:80", "foo", "foo:80"],
  ["foo/bar", "foo", "foo/bar"],
  ["u@foo/bar", "foo"],
  ["?", "?"],
];

const CONNECTS: readonly [target: string, ...hosts: string[]][] = [
  ["x:80", "x:80", "x", "y", "x:443", "x:81"],
  ["X:80", "x:80"],
  ["x:443", "x", "x:443", "x:80"],
  ["x:8080", "x", "x:8080"],
  ["x:080", "x:080", "x"],
  ["x:0", "x", "x:0"],
  ["x:99999", "x:99999"],
  ["x:a", "x:a"],
  ["x:", "x"],
  ["x", "x"],
  ["/", "x"],
  ["*", "x"],
  [":80", "x"],
  ["u@x:80", "x:80"],
  ["a:b@x:81", "x:81"],
  ["x:80/", "x:80"],
  ["x:81?", "x:81"],
  ["[::1]:80", "[::1]"],
  ["[::1]:81", "[::1]:81"],
  ["http://x/", "x"],
  ["http://x:80/", "x"],
];

/** Each target with each of its hosts, and once without Host. */
export const TARGET_REQUESTS: readonly Row[] = [
  ...TARGETS.map((row) => ["GET", ...row] as const),
  ...CONNECTS.map((row) => ["CONNECT", ...row] as const),
].flatMap(([method, target, ...hosts]) =>
  rows([
    `${method} ${target} HTTP/1.1¶¶`,
    ...hosts.map((host) => {
      const text = (name: string) => `${method} ${target} HTTP/1.1¶Host: ${name}¶¶`;
      return typeof host === "string" ? text(host) : [text(host[0]), 200, host[1]] as const;
    }),
  ])
);
