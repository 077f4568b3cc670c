/**
 * Tests of texts that stay bytes: what matches.ts does with strings, for the methods and the short lists where looking
 * at the bytes costs less than making a string of them.
 */
import { LOWER } from "../http1/characters.ts";
import { lowerAscii } from "./ascii.ts";
import type { MatchName, Pattern } from "./matches.ts";

/** Does the text from `at` to `end` match? */
export type ByteTest = (bytes: Uint8Array, at: number, end: number) => boolean;

const ASIS = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Longer lists are kept in sets of strings. */
const FEW = 8;

type Holds = (bytes: Uint8Array, at: number, end: number, word: Uint8Array, fold: Uint8Array) => boolean;

const equalsAt = (bytes: Uint8Array, at: number, word: Uint8Array, fold: Uint8Array): boolean => {
  for (let i = 0; i < word.length; i++) if (fold[bytes[at + i]!] !== word[i]) return false;
  return true;
};

const METHODS: Partial<Record<MatchName, Holds>> = {
  str: (bytes, at, end, word, fold) => end - at === word.length && equalsAt(bytes, at, word, fold),
  beg: (bytes, at, end, word, fold) => end - at >= word.length && equalsAt(bytes, at, word, fold),
  end: (bytes, at, end, word, fold) => end - at >= word.length && equalsAt(bytes, end - word.length, word, fold),
};

/** null: it takes a string. */
export function compileByteTest(method: MatchName, patterns: readonly Pattern[]): ByteTest | null {
  if (method === "found") return () => true;
  const holds = METHODS[method];
  if (holds === undefined || patterns.length > FEW) return null;
  const words = patterns.map(({ text, ignoreCase }) => ({
    word: new Uint8Array(Buffer.from(ignoreCase ? lowerAscii(text) : text, "latin1")),
    fold: ignoreCase ? LOWER : ASIS,
  }));
  const [only] = words;
  if (words.length === 1 && only !== undefined) {
    return (bytes, at, end) => holds(bytes, at, end, only.word, only.fold);
  }
  return (bytes, at, end) => {
    for (const { word, fold } of words) if (holds(bytes, at, end, word, fold)) return true;
    return false;
  };
}
