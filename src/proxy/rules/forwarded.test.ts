/** X-Forwarded-For and X-Original-To: who asks, under which name, and when not. The outcomes were seen of haproxy 2.6. */
import { expect, test } from "bun:test";
import { model } from "../../../test/config_fixture.ts";
import type { Options } from "../../config/haproxy/model.ts";
import { composeHead } from "../http1/compose.ts";
import { newHead } from "../http1/head.ts";
import { parseRequest } from "../http1/parse.ts";
import { parseIPv6 } from "../samples/address.ts";
import type { SampleContext } from "../samples/context.ts";
import { compileForwarded, formatIPv4 } from "./forwarded.ts";

const V4 = Uint8Array.of(127, 0, 0, 1);
const V6 = parseIPv6("::1")!;

function options(frontend: string, backend: string): [Options, Options] {
  const timeouts = "defaults\n  mode http\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n";
  const { proxies } = model(
    `${timeouts}frontend f\n  bind :1\n  ${frontend}\n  default_backend b\nbackend b\n  ${backend}\n`,
  );
  return [proxies[0]!.options, proxies[1]!.options];
}

/** The fields that a request has in the end. */
function sent(frontend: string, backend: string, fields: string, address: Uint8Array | null = V4): string {
  const head = newHead(20, 4000);
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${fields}\r\n`);
  parseRequest(head, bytes, 0, bytes.length, 20);
  const context = { clientAddress: () => address, localAddress: () => address } as unknown as SampleContext;
  compileForwarded(...options(frontend, backend))?.(context, head);
  const out = Buffer.alloc(4000);
  const end = composeHead(head, true, out, 0);
  return out.toString("latin1", "GET / HTTP/1.1\r\n".length, end - 2).replaceAll("\r\n", " | ").trim();
}

const FF = "option forwardfor";
const HAS = "X-Forwarded-For: 9.9.9.9\r\n";
const OLD = "X-Forwarded-For: 9.9.9.9 |";
const ADDED = "x-forwarded-for: 127.0.0.1 |";
const CASES: readonly (readonly [frontend: string, backend: string, fields: string, sent: string])[] = [
  ["", "", "", ""],
  [FF, "", "", ADDED],
  ["", FF, "", ADDED],
  [FF, "", HAS, `${OLD} ${ADDED}`],
  [`${FF} header X-Fe`, "", "", "x-fe: 127.0.0.1 |"],
  [`${FF} header X-Fe`, FF, "", ADDED],
  [FF, `${FF} header X-Be`, "", "x-be: 127.0.0.1 |"],
  [`${FF} header X-Fe`, `${FF} header X-Be`, "", "x-be: 127.0.0.1 |"],
  [`${FF} if-none`, "", "", ADDED],
  [`${FF} if-none`, "", HAS, OLD],
  [`${FF} if-none`, FF, HAS, `${OLD} ${ADDED}`],
  [FF, `${FF} if-none`, HAS, `${OLD} ${ADDED}`],
  [`${FF} if-none`, `${FF} if-none`, HAS, OLD],
  [`${FF} header X-Fe if-none`, `${FF} header X-Be if-none`, "X-Be: 7\r\n", "X-Be: 7 |"],
  [`${FF} header X-Fe if-none`, `${FF} header X-Be if-none`, "X-Fe: 7\r\n", "X-Fe: 7 | x-be: 127.0.0.1 |"],
  [`${FF} except 127.0.0.0/8`, "", "", ""],
  [`${FF} except 127.0.0.0/8`, FF, "", ""],
  [FF, `${FF} except 127.0.0.1`, "", ""],
  [`${FF} except 127.0.0.1/32 header X-1`, "", "", ""],
  [`${FF} except 10.0.0.0/8`, "", "", ADDED],
  [`${FF} except 127.0.0.2`, "", "", ADDED],
  [`${FF} except ::1`, "", "", ADDED],
  ["option originalto", "", HAS, `${OLD} x-original-to: 127.0.0.1 |`],
  ["option originalto header X-O", "option originalto", "", "x-original-to: 127.0.0.1 |"],
  ["option originalto except 127.0.0.1", "option originalto", "", ""],
  [FF, "option originalto header X-Be", "", `${ADDED} x-be: 127.0.0.1 |`],
];
test.each([...CASES])("%s / %s with %j", (frontend, backend, fields, want) => {
  expect(sent(frontend, backend, fields)).toBe(want);
});

test("IPv6 addresses, and none at all", () => {
  expect(sent(FF, "", "", V6)).toBe("x-forwarded-for: ::1 |");
  expect(sent(`${FF} except 127.0.0.0/8`, "", "", V6)).toBe("x-forwarded-for: ::1 |");
  expect(sent(`${FF} except ::1`, "", "", V6)).toBe("");
  expect(sent(FF, "", "", null)).toBe("");
});

test("nothing is compiled when nobody asks", () => {
  expect(compileForwarded(...options("", ""))).toBe(null);
});

test("addresses in decimal parts", () => {
  const out = Buffer.alloc(15);
  for (const text of ["0.0.0.0", "1.20.100.255", "255.255.255.255", "9.10.99.101"]) {
    expect(out.toString("latin1", 0, formatIPv4(Uint8Array.from(text.split("."), Number), out))).toBe(text);
  }
});
