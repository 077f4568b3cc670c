/** Reading cookies where they lie, and that no bytes lead it astray. What becomes of them: test/http/persistence.test.ts. */
import { expect, test } from "bun:test";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import { attributesEnd, isNamed, isSpaced, newCookie, readCookie } from "./cookies.ts";

function read(text: string): string[][] {
  const bytes = Buffer.from(text, "latin1");
  const cookie = newCookie();
  const found: string[][] = [];
  for (let at = 0; at <= bytes.length; at = cookie.end + 1) {
    readCookie(bytes, at, bytes.length, cookie);
    const name = bytes.toString("latin1", cookie.nameAt, cookie.nameEnd);
    found.push(cookie.hasValue ? [name, bytes.toString("latin1", cookie.valueAt, cookie.valueEnd)] : [name]);
  }
  return found;
}

const CASES: readonly (readonly [text: string, cookies: string[][]])[] = [
  ["a=1", [["a", "1"]]],
  ["a=1; b=2,c=3", [["a", "1"], ["b", "2"], ["c", "3"]]],
  [" a b = 1 2 \t; c", [["a b", "1 2"], ["c"]]],
  ['a="1;2"; b="\\";"; c', [["a", '"1;2"'], ["b", '"\\";"'], ["c"]]],
  ['a="1; b=2', [["a", '"1; b=2']]],
  ['a"b; c="', [['a"b'], ["c", '"']]], // quotes mean something in values only
  ["a==;=b", [["a", "="], ["", "b"]]],
  [";;", [[""], [""], [""]]],
  ["", [[""]]],
];
test.each([...CASES])("cookies of %j", (text, cookies) => expect(read(text)).toEqual(cookies));

test("names are compared to the letter, or as far as a prefix goes", () => {
  const bytes = Buffer.from("APx=1");
  const cookie = newCookie();
  readCookie(bytes, 0, bytes.length, cookie);
  const named = (name: string, prefix: boolean) => isNamed(bytes, cookie, Buffer.from(name), prefix);
  expect([named("APx", false), named("AP", false), named("AP", true), named("ap", true), named("APxy", true)])
    .toEqual([true, false, true, false, false]);
});

test("blanks around the equals sign", () => {
  const spaced = (text: string) => {
    const cookie = newCookie();
    readCookie(Buffer.from(text), 0, text.length, cookie);
    return isSpaced(cookie);
  };
  expect(["a=1", "a =1", "a= 1", "a", " a=1 ", "a="].map(spaced)).toEqual([false, true, true, false, false, false]);
});

test("any bytes are read from the first to the last, piece by piece", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const alphabet = 'a=;, \t"\\$|~\xff';
  const cookie = newCookie();
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(Array.from({ length: random(14) }, () => alphabet.charCodeAt(random(alphabet.length))));
    const what = `FUZZ_SEED=${seed} ${JSON.stringify(bytes.toString("latin1"))}`;
    for (let at = 0; at <= bytes.length; at = cookie.end + 1) {
      readCookie(bytes, at, bytes.length, cookie);
      const { nameAt, nameEnd, valueAt, valueEnd, end } = cookie;
      const offsets = cookie.hasValue
        ? [at, nameAt, nameEnd, valueAt, valueEnd, end, bytes.length]
        : [at, nameAt, nameEnd, end, bytes.length];
      expect(offsets, what).toEqual(offsets.toSorted((a, b) => a - b));
      const stop = attributesEnd(bytes, end, bytes.length);
      expect(stop >= end && stop <= bytes.length, what).toBe(true);
    }
  }
});
