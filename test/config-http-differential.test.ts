/**
 * Whole configurations of mode http, and error files, through `haproxy -c` and through ours: the same words in the same
 * severity. Without haproxy 2.6 there is nothing to compare with.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configChecks } from "../src/proxy/checks.ts";
import { loadText } from "./config_fixture.ts";

const haproxy = Bun.which("haproxy") !== null && Bun.spawnSync(["haproxy", "-v"]).stdout.toString().includes(" 2.6.");

/** Files stand in a folder of their own, which is "DIR" in texts and messages. */
function inFolder<T>(files: Readonly<Record<string, string>>, run: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "config-http-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, "latin1");
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is left out of comparison: the place, which is ours to improve, the byte in a page, the mark at the end. */
const plain = (message: string): string =>
  message.replace(/^(parsing )?\[[^\]]*\] ?: /, "").replace(/offset: \d+/, "offset").replace(/[.\s]+$/, "");

function haproxys(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  return inFolder({ ...files, "test.cfg": text }, (folder) => {
    writeFileSync(join(folder, "test.cfg"), text.replaceAll("DIR", folder));
    const run = Bun.spawnSync(["haproxy", "-c", "-f", "test.cfg"], { cwd: folder, stderr: "pipe" });
    const said = [...run.stderr.toString().matchAll(/^\[(ALERT|WARNING)\] +\(\d+\) : config : (.*)$/gm)]
      .map(([, severity = "", message = ""]) => `${severity} ${plain(message)}`.replaceAll(folder, "DIR"));
    return said.filter((line) => !/rror\(s\) found in|Fatal errors/.test(line)).sort();
  });
}

function ours(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  return inFolder(files, (folder) => {
    const { diagnostics } = loadText(text.replaceAll("DIR", folder), { checks: configChecks });
    return diagnostics.list.filter(({ severity }) => severity !== "notice")
      .map(({ severity, message }) => `${severity.toUpperCase()} ${plain(message)}`.replaceAll(folder, "DIR")).sort();
  });
}

const DEFAULTS = "defaults\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n";
const HTTP = `${DEFAULTS}  mode http\n`;

const configurations: [name: string, text: string][] = [
  [
    "what needs mode http, in mode tcp",
    `${DEFAULTS}listen l
  bind :9
  log 127.0.0.1 daemon
  cookie A insert
  capture cookie X len 10
  capture request header X len 10
  monitor-uri /x
  monitor fail if TRUE
  balance uri
  option httplog clf
  option http-server-close
  option prefer-last-server
  option http-ignore-probes
  option http-no-delay
  option forwardfor
  option originalto
  option persist
  timeout http-request 1s
  http-reuse always
  retry-on 503
  errorfile 503 /dev/null
  unique-id-header X
  dynamic-cookie-key x
  server s 127.0.0.1:1 cookie a
`,
  ],
  [
    "given in defaults of mode tcp: each side has its own",
    `${DEFAULTS}  cookie A
  balance hdr(host)
  option forwardfor
  option prefer-last-server
  option http-ignore-probes
  monitor-uri /x
frontend f
  bind :9
backend b
  server s 127.0.0.1:1
listen l
  bind :10
  no option prefer-last-server
  server s 127.0.0.1:1
`,
  ],
  [
    "a frontend of http and backends of tcp",
    `${DEFAULTS}frontend f
  mode http
  bind :9
  use_backend b if TRUE
  default_backend l
backend b
  disabled
  server s 127.0.0.1:1
listen l
  bind :10
  server s 127.0.0.1:1
listen m
  mode http
  bind :11
  use_backend b
  use_backend m
frontend off
  disabled
  mode http
  default_backend b
`,
  ],
  [
    "timeouts, tfo and captures in mode http",
    `${HTTP}listen l
  bind :9
  capture cookie A len 64
  timeout server 0
  timeout tunnel 1s
  server s 127.0.0.1:1 tfo
backend b
  retry-on empty-response response-timeout
  server s 127.0.0.1:1 tfo
backend c
  retry-on empty-response
  server s 127.0.0.1:1 tfo
frontend f
  bind :10
  timeout client 0
  capture cookie A len 63
  use_backend b if TRUE
  monitor fail if TRUE
global
  tune.http.cookielen 60
`,
  ],
  ["formats of lines", `${HTTP}frontend f\n  bind :9\n  option httplog\nfrontend g\n  bind :10\n  option tcplog\n`],
  [
    "the same cookie for two servers, servers without one, two modes",
    `${HTTP}listen l
  bind :9
  cookie A insert
  cookie B prefix indirect
  server a 127.0.0.1:1 cookie x
  server b 127.0.0.1:1 cookie x
  server c 127.0.0.1:1
`,
  ],
  [
    "computed cookies of servers at one address",
    `${HTTP}backend b
  server a 127.0.0.1:1
  cookie A insert dynamic
  server b 127.0.0.1:1
  server c 127.0.0.1:1 cookie x
  server d 127.0.0.1:1 disabled
  server e 127.0.0.1:2
  dynamic-cookie-key k
`,
  ],
];
test.if(haproxy).each(configurations)("%s", (_name, text) => expect(ours(text)).toEqual(haproxys(text)));

const head = "HTTP/1.0 503 Sorry\r\nContent-Type: text/plain\r\n";
const messages: [name: string, text: string][] = [
  ["no file", ""],
  ["a page", `${head}\r\nsorry`],
  ["line feeds alone", `${head}\r\nsorry`.replaceAll("\r", "")],
  ["a matching length", `${head}Content-Length: 5\r\n\r\nsorry`],
  ["a length too large", `${head}Content-Length: 6\r\n\r\nsorry`],
  ["a length too small", `${head}Content-Length: 4\r\n\r\nsorry`],
  ["chunks", `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["another status", "HTTP/1.1 200 OK\r\n\r\n"],
  ["no HTTP", "sorry"],
  ["no end of the head", `${head}sorry`],
  ["a blank in a name", "HTTP/1.1 503 x\r\nF oo: a\r\n\r\n"],
];
test.if(haproxy).each(messages)("errorfile: %s", (_name, page) => {
  const text = `${HTTP}listen l\n  bind :9\n  errorfile 503 DIR/page\n`;
  expect(ours(text, { page })).toEqual(haproxys(text, { page }));
});

test.if(haproxy)("errorfile: one that cannot be read, one that is too long", () => {
  const text = (path: string) => `${HTTP}listen l\n  bind :9\n  errorfile 503 DIR/${path}\n`;
  expect(ours(text("nosuch"))).toEqual(haproxys(text("nosuch")));
  const page = `${head}\r\n${"x".repeat(16_384)}`;
  // haproxy says that it cuts the file, and then that what is left does not fit.
  expect(haproxys(text("page"), { page }).filter((line) => line.startsWith("ALERT"))).toHaveLength(1);
  expect(ours(text("page"), { page })).toHaveLength(1);
});
