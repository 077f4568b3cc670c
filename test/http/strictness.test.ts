/**
 * What the parser accepts and what is passed on of it, compared with haproxy message by message. Needs nothing but the
 * parser and haproxy: what the program does with an answer or a refusal is in the other tests of this folder.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CHUNK, newChunks, scanChunks } from "../../src/proxy/http1/chunked.ts";
import { composeHead } from "../../src/proxy/http1/compose.ts";
import { announce, sanitizeRequest, sanitizeResponse } from "../../src/proxy/http1/connection.ts";
import { BODY, METHOD, newHead, SEEN } from "../../src/proxy/http1/head.ts";
import { PARSED, parseRequest, parseResponse } from "../../src/proxy/http1/parse.ts";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { cleanUp, HAPROXY, start } from "../harness/processes.ts";
import { startServer, type TestServer } from "../harness/servers.ts";
import { type Answer, ANSWERS } from "./strictness_answers.ts";
import { CHUNKED } from "./strictness_chunks.ts";
import { REQUESTS, type Row } from "./strictness_requests.ts";
import { TARGET_REQUESTS } from "./strictness_targets.ts";

/** What becomes of a message: the status of a refusal, or 200 and the head that is passed on. */
interface Fate {
  status: number;
  passedOn: string;
}

/** tune.http.maxhdr, tune.bufsize */
const MOST_FIELDS = 101;
const BUFFER = 16384;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const head = newHead(MOST_FIELDS, 2 * BUFFER);
const out = Buffer.alloc(2 * BUFFER);

function ourRequest(text: string): Fate {
  const bytes = Buffer.from(text, "latin1");
  const result = parseRequest(head, bytes, 0, bytes.length, MOST_FIELDS);
  if (result !== PARSED.done) return { status: result === PARSED.more ? 0 : head.status, passedOn: "" };
  sanitizeRequest(head, (head.seen & SEEN.upgrade) !== 0);
  announce(head, head.minor === 0 ? "keep-alive" : "nothing");
  return { status: 200, passedOn: normal(out.toString("latin1", 0, composeHead(head, true, out, 0))) };
}

/** The phase of CHUNK at the end. */
function ourChunks(text: string): number {
  const bytes = Buffer.from(text, "latin1");
  expect(parseRequest(head, bytes, 0, bytes.length, MOST_FIELDS)).toBe(PARSED.done);
  const chunks = newChunks();
  scanChunks(chunks, bytes, head.end, bytes.length);
  return chunks.phase;
}

function ourAnswer(method: string, text: string): Fate {
  const bytes = Buffer.from(text, "latin1");
  const number = method === "HEAD" ? METHOD.HEAD : METHOD.GET;
  if (parseResponse(head, bytes, 0, bytes.length, number, MOST_FIELDS) !== PARSED.done) {
    return { status: 502, passedOn: "" };
  }
  sanitizeResponse(head);
  announce(head, head.body === BODY.untilClose ? "close" : head.minor === 0 ? "keep-alive" : "nothing");
  return { status: 200, passedOn: normal(out.toString("latin1", 0, composeHead(head, false, out, 0))) };
}

/** Up to the empty line. haproxy writes names in lower case and no blanks around values: that is no difference. */
function normal(text: string): string {
  const [startLine, ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  return [
    startLine,
    ...lines.map((line) => {
      const colon = line.indexOf(":");
      return `${line.slice(0, colon).toLowerCase()}:${line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")}`;
    }),
  ].join("\n");
}

describe.skipIf(HAPROXY === null)("as haproxy", () => {
  let server: TestServer;
  let received = "";
  let answer = OK;
  let closes = false;
  /** The server answers behind a chunked body, not behind the head. */
  let awaitsBody = false;
  const port = freePort();

  beforeAll(async () => {
    server = startServer((peer) => {
      peer.onData = (data) => {
        received += data.toString("latin1");
        if (!(awaitsBody ? /\r\n\r\n[^]*\r\n\r\n$/ : /\r\n\r\n/).test(received)) return;
        peer.send(answer);
        if (closes) peer.shutdown();
      };
      peer.onEnding = () => peer.close();
    });
    const config = `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  http-reuse never
listen one
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${server.port}
`;
    await start(config, { program: HAPROXY ?? "", ready: [port] });
  });
  afterAll(async () => {
    cleanUp();
    await server.stop();
  });

  /** Resolves with what the client gets once there is a whole head. */
  async function ask(text: string): Promise<string> {
    received = "";
    const client = await connect(port);
    client.send(text);
    await waitFor(() => client.received().includes("\r\n\r\n") || client.ending !== "open", "an answer");
    const got = client.received();
    client.close();
    return got;
  }

  async function theirRequest(text: string): Promise<Fate> {
    answer = OK;
    closes = false;
    const status = Number((await ask(text)).slice(9, 12));
    return { status, passedOn: status === 200 ? normal(received) : "" };
  }

  async function theirAnswer(row: Answer): Promise<Fate> {
    answer = row.text;
    closes = row.closes;
    const got = await ask(`${row.method} / HTTP/1.1\r\n\r\n`);
    const refused = got.startsWith("HTTP/1.1 502 ");
    return { status: refused ? 502 : 200, passedOn: refused ? "" : normal(got) };
  }

  const name = ({ text }: Row) => JSON.stringify(text.slice(0, 200)).slice(1, -1);

  /** A row says that we differ: then we must, and in the way it says. */
  function compare(row: Row, ours: Fate, theirs: Fate): void {
    if (row.ours === null) expect(ours).toEqual(theirs);
    else {
      expect(ours.status).toBe(row.ours);
      expect(ours).not.toEqual(theirs);
    }
  }

  test.each([...REQUESTS, ...TARGET_REQUESTS].map((row) => [name(row), row] as const))(
    "request %s",
    async (_, row) => compare(row, ourRequest(row.text), await theirRequest(row.text)),
  );

  test.each(CHUNKED.map((row) => [name(row).slice(64), row] as const))("chunks %s", async (_, row) => {
    const phase = ourChunks(row.text);
    // A body without end is never followed by an answer, unless the server does not wait for it.
    awaitsBody = phase === CHUNK.done || phase === CHUNK.bad;
    const { status } = await theirRequest(row.text);
    awaitsBody = false;
    compare(row, { status: phase === CHUNK.bad ? 400 : 200, passedOn: "" }, { status, passedOn: "" });
  });

  test.each(ANSWERS.map((row) => [`${row.method}: ${name(row)}`, row] as const))(
    "answer to %s",
    async (_, row) => compare(row, ourAnswer(row.method, row.text), await theirAnswer(row)),
  );
});
