/**
 * Expressions and ACLs of HTTP through haproxy and through us: the same ones accepted, and of each request and each answer
 * the same values. What differs is listed with its reason.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SampleContext } from "../src/proxy/samples/context.ts";
import type { Scope } from "../src/proxy/samples/types.ts";
import { cleanUp, temporaryDirectory } from "./harness/processes.ts";
import { contextOf, type Session } from "./samples_context.ts";
import { fuzzSeed, randomFrom } from "./samples_fuzz.ts";
import { answering, type Cases, compileCases, evaluate, type Lab, openLab } from "./samples_http_lab.ts";
import { randomRequest, randomResponse, REQUESTS, RESPONSES } from "./samples_http_messages.ts";
import { linesOf, NOT_YET } from "./samples_lab.ts";

/** What haproxy 2.6 does otherwise, and why we do not follow. */
const DIFFERENT: readonly [cases: RegExp, reason: string][] = [
  [/_val\b/, "haproxy counts characters before 0 as digits, and beyond 32 bits it loses some"],
  [/^acl: hdr -m found$/, "without parentheses haproxy finds nothing; ours takes any field, as the manual has it"],
];
const seen = new Set<(typeof DIFFERENT)[number]>();
const RANDOM = 150;

afterAll(cleanUp);

function contextOrNull(session: Session): SampleContext | null {
  try {
    return contextOf({ client: "127.0.0.1", backend: 0, server: -1, ...session });
  } catch {
    return null;
  }
}

const captured = (message: string): (string | null)[] => [/^cap: (.*)\r$/m.exec(message)?.[1] ?? null];

/** Both sides of one exchange, asked with `message`: each difference is a line. */
async function differences(lab: Lab, asks: ReturnType<typeof compileCases>, session: Session): Promise<string[]> {
  const { request = "", response } = session;
  const theirs = await lab.ask(request);
  const context = contextOrNull(session);
  const shown = JSON.stringify(response ?? request);
  if (theirs === null || context === null) {
    return (theirs === null) === (context === null)
      ? []
      : [`${theirs === null ? "we" : "haproxy"} alone takes ${shown}`];
  }
  // By then the request has gone to the server.
  if (response !== undefined) Object.assign(context, { request: null });
  Object.assign(context.exchange!, {
    requestCaptures: captured(request),
    responseCaptures: response === undefined ? [] : captured(response),
  });
  const found: string[] = [];
  for (const [name, value] of evaluate(asks, context)) {
    if (value === NOT_YET || value === theirs.get(name)) continue;
    const known = DIFFERENT.find(([cases]) => cases.test(name));
    if (known !== undefined) seen.add(known);
    else found.push(`${name}   ours: ${value}   theirs: ${theirs.get(name)}   ${shown}`);
  }
  return found;
}

function compare(cases: Cases, scope: Scope, server: { port: number } | null, sessions: readonly Session[]) {
  const asks = compileCases(cases, scope);
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(temporaryDirectory(), cases, server === null ? null : server.port);
  }, 30_000);
  afterAll(() => lab[Symbol.asyncDispose]());
  test.each(sessions.map((session): [string, Session] => [session.response ?? session.request!, session]))(
    "%j",
    async (_, session) => expect(await differences(lab, asks, session)).toEqual([]),
  );
  return (session: Session) => differences(lab, asks, session);
}

describe("requests", () => {
  const cases = { expressions: linesOf("http_expressions.txt"), acls: linesOf("http_acls.txt") };
  const differencesOf = compare(cases, "backend http-request", null, REQUESTS.map((request) => ({ request })));

  test("random ones", async () => {
    const seed = fuzzSeed();
    const random = randomFrom(seed);
    for (let i = 0; i < RANDOM; i++) {
      const found = await differencesOf({ request: randomRequest(random) });
      expect(found.length === 0 ? [] : [`FUZZ_SEED=${seed}`, ...found]).toEqual([]);
    }
  }, 60_000);
});

describe("answers", () => {
  const server = answering();
  afterAll(() => server.stop());
  const cases = { expressions: linesOf("http_responses.txt"), acls: linesOf("http_response_acls.txt") };
  const request = "GET /a HTTP/1.1\r\nHost: example.org\r\nx: q\r\nCookie: a=q\r\ncap: v\r\n\r\n";
  const sessions = RESPONSES.map((response) => ({ request: server.for(request, response), response }));
  const differencesOf = compare(cases, "http-response", server, sessions);

  test("random ones", async () => {
    const seed = fuzzSeed();
    const random = randomFrom(seed);
    for (let i = 0; i < RANDOM; i++) {
      const response = randomResponse(random);
      const found = await differencesOf({ request: server.for(request, response), response });
      expect(found.length === 0 ? [] : [`FUZZ_SEED=${seed}`, ...found]).toEqual([]);
    }
  }, 60_000);
});

test("the list of differences holds no more than there are", () => {
  expect(DIFFERENT.filter((one) => !seen.has(one))).toEqual([]);
});
