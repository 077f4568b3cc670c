/** Words of a line, mistakes in it, and lines nobody would write. */
import { expect, test } from "bun:test";
import { lexLine, type LineContext, MAX_LINE, MAX_WORDS } from "./lexer.ts";

const environment = new Map([["V", "a  b c"], ["E", ""], ["N", "5"], ["S", " x "], ["B", "  "], ["_x1", "under"]]);
const context: LineContext = { file: "/etc/lb.cfg", line: 12, environment, section: "web", comments: true };

function texts(line: string): string[] | string {
  const lexed = lexLine(line, context);
  return lexed.error === null ? lexed.words.map((word) => word.text) : `${lexed.error.column}: ${lexed.error.message}`;
}

const cases: [line: string, want: string[] | RegExp][] = [
  ["", []],
  ["  \t\v\f ", []],
  ["# only a comment", []],
  [" a\tb  c ", ["a", "b", "c"]],
  ["global#this is it", ["global"]],
  ["a b\r", ["a", "b"]],
  // escapes
  ["a\\ b", ["a b"]],
  ["a\\#b#c", ["a#b"]],
  ["a\\\\b", ["a\\b"]],
  ["\\\"a\\'", ["\"a'"]],
  ["a\\nb\\rc\\td", ["a\nb\rc\td"]],
  ["\\x41\\x20\\xff", ["A \xff"]],
  ["a\\yb", ["a\\yb"]],
  ["a\\$b", ["a\\$b"]], // only double quotes make a dollar special
  ["a\\", ["a\\"]], // no continuation
  ["a \\", ["a", "\\"]],
  // quotes
  ['"a b"c', ["a bc"]],
  ["\"a\"b'c'd", ["abcd"]],
  ["'a\\nb'", ["a\\nb"]],
  ["'$N ${N} #'", ["$N ${N} #"]],
  ['"a\'b # \\" \\\\ \\x41 \\n \\$N"', ["a'b # \" \\ A \n $N"]],
  ['a "" b', ["a", "", "b"]],
  ["''", [""]],
  // variables
  ['"$N"', ["5"]],
  ['"${N}x$N-"', ["5x5-"]],
  ['"$_x1"', ["under"]],
  ['"$V"', ["a  b c"]],
  ['"${U}"', [""]],
  ['"x$U"y', ["xy"]],
  ['"${U-127.0.0.1}:514"', ["127.0.0.1:514"]],
  ['"${E-no}"', [""]], // set, though empty
  ['"${U-a b}"', ["a b"]],
  ['"${U-a$V}"', ["a$V"]], // a default is not expanded
  ['"${U-a"b}"', ['a"b']],
  ['"${U-}"', [""]],
  ['"${V[*]}"', ["a", "b", "c"]],
  ['"x${V[*]}y" z', ["xa", "b", "cy", "z"]],
  ['"${S[*]}"', ["x"]],
  ['"a${S[*]}b"', ["a", "x", "b"]],
  ['k "${U[*]}" y', ["k", "y"]], // no word, not an empty one
  ['"${B[*]}"', []],
  ['"${U[*]-a b}"', ["a", "b"]],
  ['"$N[*]"', ["5[*]"]],
  ['"${.LINE}:$.FILE:${.SECTION}"', ["12:/etc/lb.cfg:web"]],
  // outside quotes
  ["$N", ["$N"]],
  ["${N} a${U-b}", ["5", "ab"]],
  ["^/a$ ${ ${5} ${U-a b}", ["^/a$", "${", "${5}", "${U-a", "b}"]],
  // mistakes
  ['log "abc', /^5: Unmatched double quote/],
  ["a b 'c \"", /^5: Unmatched single quote/],
  ['"a\\"', /^1: Unmatched double quote/],
  ["a\\x4", /^2: Truncated escape "\\x4"/],
  ["a\\x4gz", /^2: Truncated escape/],
  ['"\\x"', /^2: Truncated escape/],
  ["a\\x00b", /^2: .*NUL/],
  ["a\0b", /^2: Stray NUL/],
  ['"a\0"', /^3: Stray NUL/],
  ["a\rb", /^2: Stray end of line/],
  ['"${U"', /^3: Unmatched brace.*"}"/],
  ['"${U-"', /^3: Unmatched brace/],
  ['"${U:-5}"', /^3: Unmatched brace.*"}" or "-"/],
  ['"$"', /^3: Cannot begin the name/],
  ['"$5"', /^3: Cannot begin the name/],
  ['"${}"', /^4: Cannot begin the name/],
  ['"a$', /^3: Cannot end a line/],
  ['"${U[1]}"', /^5: Cannot expand "\[1\]"/],
  ['"${U[*"', /^5: Cannot expand/],
  ['"$.line"', /^3: Unknown pseudo-variable "\.line"/],
  ["${.XX}", /^3: Unknown pseudo-variable/],
  ["x ".repeat(MAX_WORDS + 1), new RegExp(`^${2 * MAX_WORDS + 1}: Cannot take more than`)],
  ["x".repeat(MAX_LINE + 1), /Cannot read a line of/],
];
test.each(cases)("lexLine %p", (line, want) => {
  const got = texts(line);
  if (want instanceof RegExp) expect(got).toMatch(want);
  else expect(got).toEqual(want);
});

test("a word knows where it stands in the source and how much of it it takes", () => {
  const line = "  log \"${V[*]}\"x 'q r' # c";
  const lexed = lexLine(line, context);
  expect(lexed.words?.map((word) => [word.text, word.place.column, word.length])).toEqual([
    ["log", 3, 3],
    ["a", 7, 10],
    ["b", 7, 10],
    ["cx", 7, 10],
    ["q r", 18, 5],
  ]);
  expect(lexed.words?.[0]).toEqual({
    text: "log",
    place: { file: "/etc/lb.cfg", line: 12, column: 3 },
    length: 3,
    line,
  });
});

test("expansion is bounded", () => {
  const big = new Map([["X", "y ".repeat(200_000)]]);
  expect(lexLine('"$X$X$X"', { ...context, environment: big }).error?.message).toMatch(/Cannot expand a line to more/);
  expect(lexLine('"${X[*]}"', { ...context, environment: big }).error?.message).toMatch(/Cannot take more than/);
});

test("on the command line # is a character", () => {
  expect(lexLine("1 # c", { ...context, comments: false }).words?.map((word) => word.text)).toEqual(["1", "#", "c"]);
});
