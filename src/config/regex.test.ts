/** Regular expressions that JavaScript would read otherwise than PCRE2, and those it cannot say. */
import { expect, test } from "bun:test";
import { compileReplacement, toRegExp } from "./regex.ts";

// What JavaScript would read otherwise than PCRE2.
const cases: [pattern: string, text: string, matches: boolean][] = [
  ["a$", "a\n", true], // $ is before a newline at the end too
  ["a$", "a\nb", false],
  ["a\\z", "a\n", false],
  ["\\Aa", "ba", false],
  ["a.c", "a\rc", true], // only a newline is no dot
  ["a.c", "a\nc", false],
  ["a\\sc", "a\xa0c", false],
  ["a[\\s]c", "a\tc", true],
  ["[[:alpha:]]+x", "abcx", true],
  ["^[^[:digit:]]$", "5", false],
  ["[]a]", "]", true], // the first bracket in a class is itself
  ["^[^]a]$", "b", true],
  ["[[]", "[", true],
  ["\\Qa.b\\E", "axb", false],
  ["\\Qa.b\\E", "a.b", true],
  ["(?i)ABC", "xabc", true],
  ["(?P<n>a)\\k<n>", "aa", true],
  ["a(?#note)b", "ab", true],
  ["\\x{41}", "A", true],
  ["\\h", "\t", true],
  ["^/(img|css)/", "/css/x", true],
  ["(?<!a)b", "ab", false],
];

test.each(cases)("%s on %j: %p", (pattern, text, want) => {
  const regex = toRegExp(pattern, false);
  if (typeof regex === "string") throw new Error(regex);
  expect(regex.test(text)).toBe(want);
});

const refused = [
  "(?>a)",
  "a++",
  "a*+",
  "\\K",
  "\\pL",
  "\\G",
  "(?R)",
  "(?1)",
  "[",
  "(",
  "*a",
  "[[:nope:]]",
  "\\x{100}",
  "a\\",
];
test.each(refused)("%s is refused", (pattern) => {
  expect(toRegExp(pattern, false)).toMatch(/^Cannot (use|read) regex "/);
});

test("replacements", () => {
  const replace = (text: string, pattern: RegExp, by: string) => text.replace(pattern, compileReplacement(by));
  expect(replace("abc", /(a)(b)(c)/, "\\3\\2\\1\\0")).toBe("cbaabc");
  expect(replace("abc", /b/, "\\1")).toBe("ac");
  expect(replace("abc", /b/, "\\9$&\\x41\\\\")).toBe("a$&A\\c");
  expect(replace("ac", /(b)?c/, "<\\1>")).toBe("a<>");
});
