/** Whom a request is for, said twice. Compared with haproxy in test/http/strictness.test.ts. */
import { expect, test } from "bun:test";
import { composeHead } from "./compose.ts";
import { newHead } from "./head.ts";
import { PARSED, parseRequest } from "./parse.ts";

const head = newHead(101, 4096);
const out = Buffer.alloc(4096);

/** Target and Host as they are passed on; null: refused. */
function settled(method: string, target: string, host: string | null): string | null {
  const text = `${method} ${target} HTTP/1.1\r\n${host === null ? "" : `Host: ${host}\r\n`}\r\n`;
  const bytes = Buffer.from(text, "latin1");
  if (parseRequest(head, bytes, 0, bytes.length, 101) !== PARSED.done) return null;
  const written = out.toString("latin1", 0, composeHead(head, true, out, 0));
  const [, uri, name] = /^\S+ (\S+) HTTP\/1\.1\r\n(?:Host: (.*?) *\r\n)?\r\n$/.exec(written) ?? [];
  return `${uri} ${name ?? "-"}`;
}

test.each([
  ["http://x/", "X", "http://x/ X"],
  ["http://x/", null, "http://x/ -"],
  ["http://x/", "y", null],
  ["http://x/", "", null],
  ["http:///", "y", "http:/// y"], // names none
  ["http://x:80/", "x:80", "http://x/ x"],
  ["http://x:80", null, "http://x -"],
  ["http://x:/", "x", "http://x/ x"],
  ["http://x/", "x:80", "http://x/ x:80"],
  ["http://x:8080/", "x:8080", "http://x:8080/ x:8080"],
  ["http://x:8080/", "x", null],
  ["http://x:180/", "x", null],
  ["http://x:080/", "x", null],
  ["http://x:8/", "x", null],
  ["http://x:443/", "x", null],
  ["https://x:443/", "x", "https://x/ x"],
  ["ftp://x:80/", "x", null],
  ["ftp://x:80/", "x:80", "ftp://x:80/ x:80"],
  ["http://y@x:80/", "x", "http://y@x/ x"],
  ["http://x@y/", "x", null],
  ["http://x/@y", "x", "http://x/@y x"],
  ["http://[::1]/", "[::1]:80", "http://[::1]/ [::1]:80"],
  ["http://[::80]/", "[:", null],
  ["http://[::1]:80/", "[::1]", "http://[::1]/ [::1]"],
  ["http://[::80]/", "[::80]", "http://[::80]/ [::80]"],
])("GET %p with Host %p", (target, host, want) => {
  expect(settled("GET", target, host)).toBe(want);
});

test.each([
  ["x:443", "x:443", "x:443 x"],
  ["x:80", "x", "x:80 x"],
  ["x:81", "x", null],
  ["x:81", "x:81", "x:81 x:81"],
  ["x:80", "x:443", null],
  ["x:", null, null],
  ["x", null, null],
  ["[::80]", null, null],
  ["x:8a", null, null],
  ["/", null, null],
])("CONNECT %p with Host %p", (target, host, want) => {
  expect(settled("CONNECT", target, host)).toBe(want);
});
