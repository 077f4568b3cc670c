/**
 * Error pages: what haproxy puts on the wire for each status and each kind of page, and what ours gives for the same request;
 * whether the connection then stays.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorPage } from "../../src/config/haproxy/model.ts";
import { newHead } from "../../src/proxy/http1/head.ts";
import { PARSED, parseRequest } from "../../src/proxy/http1/parse.ts";
import { createErrorPages, ERROR_STATUSES } from "../../src/proxy/rules/error_pages.ts";
import { contextOf } from "../samples_context.ts";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { cleanUp, HAPROXY, type Running, start, temporaryDirectory } from "../harness/processes.ts";

afterAll(cleanUp);

/** Pages in place of the standard ones, by status. */
const PAGES: Readonly<Record<number, string>> = {
  200:
    "HTTP/1.0 200 Found It\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<b>hello</b>\n",
  401: "HTTP/1.1 401 X\r\nFoo-Bar:   a b  \nContent-Type: text/plain\n\nLF only\n",
  403: "HTTP/1.1 403 No\r\nContent-Length: 5\r\nX: y\r\n\r\n12345",
  404: "\r\n\nHTTP/1.1 404 E\r\nContent-Length: 0\r\nX: y\r\n z  w\r\n\r\n",
  405: "HTTP/1.1 999 Other status\r\nX: y\r\nConnection: keep-alive, foo\r\nKeep-Alive: 5\r\n\r\nbody",
  407: "HTTP/1.1 204 Nobody\r\nX: y\r\n\r\n",
  410: "HTTP/1.1 410 Gone\r\nX: y\r\n\r\n",
  413: "HTTP/1.1 413 E\r\nContent-Length: 4\r\nConnection: keep-alive\r\nConnection: a\r\nX: y\r\n\r\nbody",
  421: "HTTP/1.1 421 E\r\nContent-Length: 4\r\nConnection: close\r\nConnection: keep-alive\r\n\r\nbody",
  422: "HTTP/1.0 422 E\r\nContent-Length: 4\r\nX: y\r\n\r\nbody",
  425: "HTTP/1.1 425 E\r\nContent-Length: 4\r\nContent-Length: 4\r\nServer: me\r\n\r\nbody",
  429: "HTTP/1.5 429  two  blanks \r\nContent-Length: 4\r\n\r\nbody",
  500: "HTTP/1.1 500 E\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\nContent-Length: 4\r\n\r\nbody",
  501: "HTTP/1.1 304 E\r\nContent-Length: 0\r\nX: y\r\n\r\n",
  502: "",
  503: "HTTP/1.1 503 E\r\nX:\r\nY: \xe9\r\n\r\nbody",
};
const LOCATIONS: Readonly<Record<number, readonly [code: 302 | 303, url: string]>> = {
  400: [303, "/rel"],
  408: [302, "http://x/y?z"],
  504: [302, "/slow"],
};

const message = (status: number): ErrorPage => ({ status, page: { kind: "message", text: PAGES[status] ?? "" } });
const location = (status: number): ErrorPage => {
  const [code, url] = LOCATIONS[status]!;
  return { status, page: { kind: "location", code, url } };
};
const OWN: readonly ErrorPage[] = [
  ...Object.keys(PAGES).map(Number).map(message),
  ...Object.keys(LOCATIONS).map(Number).map(location),
];

const REQUESTS: readonly (readonly [method: string, version: string, connection: string])[] = [
  ["GET", "1.1", ""],
  ["HEAD", "1.1", ""],
  ["GET", "1.1", "close"],
  ["HEAD", "1.1", "close"],
  ["GET", "1.0", ""],
  ["GET", "1.0", "keep-alive"],
];

let haproxy: Running | null = null;
const ports = { standard: freePort(), own: freePort() };

beforeAll(async () => {
  if (HAPROXY === null) return;
  const directory = temporaryDirectory();
  for (const [status, text] of Object.entries(PAGES)) {
    writeFileSync(join(directory, `${status}.http`), Buffer.from(text, "latin1"));
  }
  const denials = "  http-request redirect location /was-last if { path /last }\n" +
    ERROR_STATUSES.map((status) => `  http-request deny deny_status ${status} if { path /${status} }\n`)
      .join("");
  const files = Object.keys(PAGES).map((status) => `  errorfile ${status} ${directory}/${status}.http\n`).join("");
  const places = Object.entries(LOCATIONS).map(([status, [code, url]]) => `  errorloc${code} ${status} ${url}\n`).join(
    "",
  );
  const timeouts = "  timeout client 9s\n  timeout connect 1s\n  timeout server 1s\n";
  const config = `defaults\n  mode http\n${timeouts}frontend a\n  bind 127.0.0.1:${ports.standard}\n${denials}` +
    `frontend b\n  bind 127.0.0.1:${ports.own}\n${files}${places}${denials}`;
  haproxy = await start(config, { program: HAPROXY, ready: Object.values(ports) });
});
afterAll(async () => {
  await haproxy?.stop();
});

/** How the answer to /last begins. */
const LAST = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /was-last";

const textOf = (status: number, [method, version, connection]: (typeof REQUESTS)[number]): string =>
  `${method} /${status} HTTP/${version}\r\nHost: h\r\n${connection === "" ? "" : `Connection: ${connection}\r\n`}\r\n`;

/** What comes back, and whether the connection is still there: then another request ends it. */
async function ask(port: number, text: string): Promise<{ bytes: string; stays: boolean }> {
  const client = await connect(port);
  client.send(text);
  await waitFor(() => client.received().includes("\r\n\r\n") || client.ending !== "open", "an answer or an end");
  const last = "\r\nGET /last HTTP/1.1\r\nConnection: close\r\n\r\n";
  client.send(last);
  await client.untilEnded();
  const received = client.received();
  client.close();
  const second = received.indexOf(LAST);
  const stays = second > 0;
  return { bytes: stays ? received.slice(0, second) : received, stays };
}

const head = newHead(20, 1000);

function written(
  pages: readonly ErrorPage[],
  status: number,
  request: (typeof REQUESTS)[number],
): { bytes: string; stays: boolean } {
  const bytes = Buffer.from(textOf(status, request));
  expect(parseRequest(head, bytes, 0, bytes.length, 20)).toBe(PARSED.done);
  const reply = createErrorPages(pages)(status);
  const close = request[1] === "1.0" ? request[2] !== "keep-alive" : request[2] === "close";
  const out = Buffer.alloc(reply.size + 10);
  const end = reply.write(contextOf(), head, out, 5, close);
  expect(reply.status).toBe(status);
  expect(end - 5).toBeLessThanOrEqual(reply.size);
  return { bytes: out.toString("latin1", 5, end), stays: !close && !reply.closes };
}

for (const [name, pages, port] of [["standard", [], ports.standard], ["own", OWN, ports.own]] as const) {
  test.skipIf(HAPROXY === null).each([...ERROR_STATUSES])(`${name} page %d`, async (status) => {
    for (const request of REQUESTS) {
      const ours = written(pages, status, request);
      expect({ request, ...ours }).toEqual({ request, ...await ask(port, textOf(status, request)) });
    }
  });
}

/** Written by the multiplexer itself, which knows of no page but an empty one. */
test.skipIf(HAPROXY === null)("what is no request gets the standard page as it stands", async () => {
  const theirs = await ask(ports.own, "GARBAGE\r\n\r\n");
  const reply = createErrorPages(OWN)(400);
  const out = Buffer.alloc(reply.size);
  expect(out.toString("latin1", 0, reply.write(contextOf(), null, out, 0, true))).toBe(theirs.bytes);
  expect(theirs.stays).toBe(false);
});
