/** Heads of random bytes, as far as the parser takes them: no fetch and no ACL may throw, or look beyond its message. */
import { expect, test } from "bun:test";
import { contextOf } from "../../../../test/samples_context.ts";
import { fuzzSeed, randomFrom } from "../../../../test/samples_fuzz.ts";
import { compileCases, evaluate } from "../../../../test/samples_http_lab.ts";
import { randomRequest, randomResponse } from "../../../../test/samples_http_messages.ts";
import { linesOf } from "../../../../test/samples_lab.ts";
import type { SampleContext } from "../context.ts";

/** Fixed, so that a run is as long everywhere. */
const MESSAGES = 600;

const REQUESTS = compileCases(
  { expressions: linesOf("http_expressions.txt"), acls: linesOf("http_acls.txt") },
  "backend http-request",
);
const RESPONSES = compileCases(
  { expressions: linesOf("http_responses.txt"), acls: linesOf("http_response_acls.txt") },
  "http-response",
);

type Random = (limit: number) => number;

/** Some bytes are others; the ends of lines stay, or hardly any message would be one. */
function damage(text: string, random: Random): string {
  const bytes = Buffer.from(text, "latin1");
  for (let i = random(6); i > 0; i--) {
    const at = random(bytes.length);
    if (bytes[at] !== 13 && bytes[at] !== 10) bytes[at] = random(4) === 0 ? random(256) : 0x20 + random(0x5f);
  }
  return bytes.toString("latin1");
}

function parsed(kind: "request" | "response", text: string): SampleContext | null {
  try {
    return contextOf({ [kind]: text });
  } catch {
    return null;
  }
}

test("random heads", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  let taken = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const kind = random(2) === 0 ? "request" : "response";
    const text = damage(kind === "request" ? randomRequest(random) : randomResponse(random), random);
    const context = parsed(kind, text);
    if (context === null) continue;
    taken++;
    const asks = kind === "request" ? REQUESTS : RESPONSES;
    // What lies behind the head must not change anything said of it.
    const longer = parsed(kind, `${text}=;,a&"x: 1\r\n\r\n`)!;
    try {
      const said = evaluate(asks, context);
      expect([...evaluate(asks, longer)]).toEqual([...said]);
    } catch (cause) {
      throw new Error(`FUZZ_SEED=${seed} ${JSON.stringify(text)}`, { cause });
    }
  }
  expect(taken).toBeGreaterThan(MESSAGES / 4);
});
