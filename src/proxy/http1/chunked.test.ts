/** Chunked bodies as they are passed on: where they end, what is refused, in whatever pieces they come. */
import { describe, expect, test } from "bun:test";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import { CHUNK, newChunks, resetChunks, scanChunks } from "./chunked.ts";

/** "¶" stands for CR LF. */
const bytesOf = (text: string) => Buffer.from(text.replaceAll("¶", "\r\n"), "latin1");

interface Outcome {
  phase: "more" | "done" | "bad";
  /** Where the message ends or goes wrong. */
  at: number;
  /** Bytes of data in chunks whose size line has come, and of trailers without what stands around name and value. */
  data: number;
}

const chunks = newChunks();

function outcome(at: number): Outcome {
  const { phase, data } = chunks;
  return { phase: phase === CHUNK.done ? "done" : phase === CHUNK.bad ? "bad" : "more", at, data };
}

/** In pieces that end where `cuts` says. */
function scan(bytes: Buffer, cuts: readonly number[] = []): Outcome {
  resetChunks(chunks);
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    at = scanChunks(chunks, bytes, at, cut);
    if (chunks.phase >= CHUNK.done) break;
    expect(at).toBe(cut);
  }
  return outcome(at);
}

const TRAILER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\0\r\n]*\r\n/;

/** The same by regular expressions, for whole messages. */
function reference(text: string): Outcome {
  let at = 0;
  let data = 0;
  while (true) {
    const size = /^([0-9a-f]+)[ \t]*(;[^\0\r\n]*)?\r\n/i.exec(text.slice(at));
    if (size === null) return { phase: "more", at: -1, data };
    const length = parseInt(size[1] ?? "", 16);
    at += size[0].length;
    data += length;
    if (length === 0) break;
    at += length;
    if (text.slice(at, at + 2) !== "\r\n") return { phase: "more", at: -1, data };
    at += 2;
  }
  for (let line = TRAILER.exec(text.slice(at)); line !== null; line = TRAILER.exec(text.slice(at))) {
    at += line[0].length;
    data += line[0].replace(/:[ \t]*/, "").length - 2;
  }
  return text.startsWith("\r\n", at) ? { phase: "done", at: at + 2, data } : { phase: "more", at: -1, data };
}

describe("whole messages, with the next one behind them", () => {
  test.each([
    ["0¶¶", 0],
    ["0000¶¶", 0],
    ["3¶abc¶0¶¶", 3],
    ["3¶\r\n0¶0¶¶", 3],
    ["A¶0123456789¶0¶¶", 10],
    ["a¶0123456789¶1¶x¶0¶¶", 11],
    ["00000000000000000003¶abc¶0¶¶", 3],
    ["3;a¶abc¶0;b¶¶", 3],
    ['3 ;a="b;c" ¶abc¶0\t¶¶', 3],
    ["0¶A: b¶¶", 2],
    ["0¶A:¶B:\tc: d¶¶", 6],
  ])("%p", (text, data) => {
    const whole = bytesOf(text);
    const bytes = Buffer.concat([whole, bytesOf("GET / HTTP/1.1¶¶")]);
    const want: Outcome = { phase: "done", at: whole.length, data };
    expect(scan(bytes)).toEqual(want);
    expect(reference(bytes.toString("latin1"))).toEqual(want);
    for (let cut = 0; cut <= bytes.length; cut++) expect(scan(bytes, [cut])).toEqual(want);
    const everywhere = Array.from({ length: bytes.length }, (_, i) => i);
    expect(scan(bytes, everywhere)).toEqual(want);
    for (let end = 0; end < whole.length; end++) expect(scan(whole.subarray(0, end)).phase).toBe("more");
  });
});

describe("refused, and where", () => {
  test.each([
    ["¶", 0],
    [" 3¶", 0],
    ["-1¶", 0],
    ["g¶", 0],
    ["0x3¶", 1],
    ["3 a¶", 2],
    ["3\nabc", 1], // haproxy takes a bare LF, and writes it anew
    ["3;a\nabc", 3],
    ["3;a\rb¶", 4],
    ["3;\0¶", 2],
    ["3\rabc", 2],
    ["3¶abcd¶", 6],
    ["3¶abc\n0¶¶", 6],
    ["3¶abc\r0¶¶", 7],
    ["0¶\n", 3],
    ["0¶\rX", 4],
    ["0¶A : b¶¶", 4],
    ["0¶: b¶¶", 3],
    ["0¶A: b\n\n", 7],
    ["0¶A: b¶ c¶¶", 9],
    ["0¶A: \0¶¶", 6],
    ["0¶A¶¶", 4],
    ["10000000000000¶", 13],
    ["3;" + "a".repeat(5000), 2 + 4095],
    ["3" + " ".repeat(5000), 2 + 4095],
    ["0".repeat(5000), 4096],
    ["0¶A: " + "b".repeat(20000), 3 + 16384],
  ].map(([text, at]) => [JSON.stringify(text).slice(0, 30), text, at] as [string, string, number]))(
    "%s",
    (_, text, at) => {
      const bytes = bytesOf(text);
      expect(scan(bytes)).toMatchObject({ phase: "bad", at });
      for (let cut = 0; cut < Math.min(100, bytes.length); cut++) {
        expect(scan(bytes, [cut])).toMatchObject({ phase: "bad", at });
      }
    },
  );
});

test("the largest chunk", () => {
  expect(scan(bytesOf("fffffffffffff¶x"))).toEqual({ phase: "more", at: 16, data: 2 ** 52 - 1 });
});

test("trailers of any number stay within their bytes", () => {
  expect(scan(bytesOf(`0¶${"A: b¶".repeat(2700)}¶`)).phase).toBe("done");
  expect(scan(bytesOf(`0¶${"A: b¶".repeat(2800)}¶`)).phase).toBe("bad");
});

test("any mutation is read as the reference reads it, in any pieces", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const good = ["3¶abc¶0¶¶", "1;x=y¶a¶2¶bc¶0¶¶", "0¶A: b¶Cd: e¶¶", "5 ¶12345¶00¶X-y:¶¶"].map(bytesOf);
  const alphabet = bytesOf('¶\n\r 03aAf;:=\0\t"g');
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(good[random(good.length)] as Buffer);
    for (let i = random(3); i > 0; i--) bytes[random(bytes.length)] = alphabet[random(alphabet.length)] as number;
    const whole = scan(bytes);
    const want = reference(bytes.toString("latin1"));
    const where = `seed ${seed}, ${JSON.stringify(bytes.toString("latin1"))}`;
    expect(whole.phase === "done", where).toBe(want.phase === "done");
    if (want.phase === "done") expect(whole, where).toEqual(want);
    const first = random(bytes.length + 1);
    expect(scan(bytes, [first, first + random(bytes.length - first + 1)]), where).toEqual(whole);
  }
});
