/**
 * Heads broken at random: never whole before their end, the same in any pieces, and what is written of them is read again
 * as the same message, by us and by a reader that knows nothing but RFC 9112's grammar.
 */
import { expect, test } from "bun:test";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import { composeHead } from "./compose.ts";
import { addField, deleteEntry, fieldName, fieldValue, methodString, replaceValue, setUri, uriString } from "./edit.ts";
import { ENTRY, type Head, METHOD, NAME_AT, NAME_END, newHead, STRIDE } from "./head.ts";
import { PARSED, parseRequest, parseResponse } from "./parse.ts";

const ROUNDS = 10_000;
const MOST = 20;
const NEW = fieldName("X-New");

const REQUESTS = [
  "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n",
  "POST http://x:80/ HTTP/1.1\r\nHost: x:80\r\nContent-Length: 12, 12\r\nConnection: close, te\r\nTE: trailers\r\n\r\n",
  "\r\nPUT /\tHTTP/1.0\nTransfer-Encoding: chunked\nContent-Length: 3\n\n",
  "CONNECT x:443 HTTP/1.1\r\nhost: X:443\r\nUser-Agent: a\r\n b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nHost: X\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n",
];
const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n\r\n",
  "HTTP/1.0 302\r\nLocation:  /\r\nConnection: keep-alive\r\n\r\n",
  "HTTP/1.1 500 Bad\nTransfer-Encoding: chunked\nContent-Length: 5\n\n",
  "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
];
const ALPHABET = '\r\n\t :,;/\\"@#0139aAzHostTC%\0\x7f\xe9[]=-';
const GRAMMAR =
  /^(?:[!#$%&'*+.^_`|~\w-]+ [!"$-~]+ HTTP\/1\.[01]|HTTP\/1\.[01] [0-9]{3} [^\0\r\n]*)\r\n(?:[!#$%&'*+.^_`|~\w-]+:[^\0\r\n]*\r\n)*\r\n$/;

const out = Buffer.alloc(8192);

function mutated(text: string, random: (limit: number) => number): Buffer {
  let made = text;
  for (let i = random(4); i > 0; i--) {
    const at = random(made.length);
    const char = ALPHABET[random(ALPHABET.length)] ?? "";
    const cut = random(3);
    made = made.slice(0, at) + (cut === 2 ? "" : char) + made.slice(at + (cut > 0 ? 1 : 0));
  }
  return Buffer.from(made, "latin1");
}

/** All that a head says, wherever it lies. */
function summary(head: Head, request: boolean): unknown[] {
  const fields: string[] = [];
  for (let i = 0; i < head.count; i++) {
    if (head.states[i] === ENTRY.deleted) continue;
    const [at, end] = [head.entries[i * STRIDE + NAME_AT], head.entries[i * STRIDE + NAME_END]];
    fields.push(`${head.bytes.toString("latin1", at, end)}: ${fieldValue(head, i)}`);
  }
  const start = request
    ? [head.method, methodString(head), uriString(head)]
    : [head.status, head.bytes.toString("latin1", head.reasonAt, head.reasonEnd)];
  return [...start, head.minor, head.body, head.length, ...fields];
}

function written(head: Head, request: boolean): Buffer {
  const end = composeHead(head, request, out, 0);
  expect(end).toBeGreaterThan(0);
  return Buffer.from(out.subarray(0, end));
}

for (const request of [true, false]) {
  const parse = (head: Head, bytes: Buffer, end: number) =>
    request ? parseRequest(head, bytes, 0, end, MOST) : parseResponse(head, bytes, 0, end, METHOD.GET, MOST);

  test(`${request ? "requests" : "answers"}`, () => {
    const seed = fuzzSeed();
    const random = randomFrom(seed);
    const head = newHead(MOST, 8192);
    const again = newHead(MOST, 8192);
    const texts = request ? REQUESTS : ANSWERS;
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutated(texts[random(texts.length)] ?? "", random);
      const where = `FUZZ_SEED=${seed}: ${JSON.stringify(bytes.toString("latin1"))}`;
      const result = parse(head, Buffer.from(bytes), bytes.length);

      // In pieces, where every call may change what it has seen.
      const growing = Buffer.from(bytes);
      for (let end = 0; end < bytes.length; end++) {
        const early = parse(again, growing, end);
        if (early === PARSED.more) continue;
        expect(early, where).toBe(result);
        if (early === PARSED.done) expect(end, where).toBeGreaterThanOrEqual(head.end);
        else expect(again.end, where).toBe(head.end);
      }
      expect(parse(again, growing, bytes.length), where).toBe(result);
      if (result !== PARSED.done) continue;
      accepted++;
      expect(again.end, where).toBe(head.end);
      const want = summary(head, request);
      expect(summary(again, request), where).toEqual(want);

      const clean = written(head, request);
      expect(clean.toString("latin1"), where).toMatch(GRAMMAR);
      expect(parse(again, clean, clean.length), where).toBe(PARSED.done);
      expect(again.end, where).toBe(clean.length);
      expect([again.oddLines, again.startEdited], where).toEqual([false, false]);
      expect(summary(again, request), where).toEqual(want);

      // Changes, then the same.
      if (request && head.method !== METHOD.CONNECT && random(2) === 0) setUri(head, "/new");
      for (let i = 0; i < head.count; i++) {
        if (head.ids[i] !== 0) continue;
        const what = random(4);
        if (what === 0) deleteEntry(head, i);
        else if (what === 1 && head.states[i] !== ENTRY.deleted) replaceValue(head, i, "v".repeat(random(5)));
        else if (what === 2) addField(head, NEW, ` ${bytes.toString("latin1", 0, random(9))}`);
      }
      const changed = written(head, request);
      expect(changed.toString("latin1"), where).toMatch(GRAMMAR);
      // More fields than a client may send are fine when rules have added them.
      const reread = request
        ? parseRequest(again, changed, 0, changed.length, 101)
        : parseResponse(again, changed, 0, changed.length, METHOD.GET, 101);
      expect(reread, where).toBe(PARSED.done);
      expect(summary(again, request), where).toEqual(summary(head, request));
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 20);
  });
}
