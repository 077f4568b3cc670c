/** Blocks, announcements, the environment between lines; and the exact report of each kind of mistake. */
import { expect, test } from "bun:test";
import { newDiagnostics, renderDiagnostic } from "../diagnostics.ts";
import { setenv } from "./environment.ts";
import { type PreprocessContext, readLines } from "./preprocess.ts";

function newContext(): PreprocessContext {
  return {
    environment: new Map([["V", "a b"], ["ON", "1"]]),
    condition: { features: new Set(["EPOLL"]), enabled: new Set(), version: "3.5.0", ssl: null },
    sections: new Set(["global", "frontend", "defaults"]),
    diagnostics: newDiagnostics(),
  };
}

/** The words that came through, and "severity line:column message" of what was said. */
function run(text: string): { lines: string[]; said: string[]; rendered: string[] } {
  const context = newContext();
  const lines: string[] = [];
  readLines({ path: "lb.cfg", text }, context, (line) => {
    const [keyword, name, value] = line.words.map((word) => word.text);
    if (keyword === "setenv") setenv(context.environment, name ?? "", value ?? "");
    lines.push(line.words.map((word) => word.text).join("|"));
  });
  const said = context.diagnostics.list.map((d) => `${d.severity} ${d.place?.line}:${d.place?.column} ${d.message}`);
  return { lines, said, rendered: context.diagnostics.list.map((d) => renderDiagnostic(d, 1)) };
}

const through: [text: string, want: string[]][] = [
  ["", []],
  ["\n\n# c\n  \n", []],
  ["global\n  daemon # yes\r\n", ["global", "daemon"]],
  [".if 1\n a\n.elif 1\n b\n.else\n c\n.endif\nd\n", ["a", "d"]],
  [".if 0\n a\n.elif 1\n b\n.else\n c\n.endif\nd\n", ["b", "d"]],
  [".if 0\n a\n.elif 0\n b\n.elif 1\n x\n.elif 1\n y\n.endif\n", ["x"]],
  [".if 0\n a\n.elif 0\n b\n.else\n c\n.endif\n", ["c"]],
  [".if\n a\n.else\n b\n.endif\n", ["b"]],
  ['.if ""\n a\n.else\n b\n.endif\n', ["b"]],
  ['.if "0" || "$ON" # c\n a\n.endif # x\n', ["a"]],
  ['.if streq("a b","$V")\n a\n.endif\n', ["a"]],
  // inside a block that is not taken, inner blocks are not evaluated, lines not read
  [".if 0\n.if foo(\n x\n.else\n y\n.endif\n.elif 1\n b\n.endif\n", ["b"]],
  ['.if 0\n log "open\n x "$5" \\x\n.notice n\n.unknown\n.endif\na\n', ["a"]],
  [".if 1\n.if 0\n x\n.else\n y\n.endif\n z\n.endif\n", ["y", "z"]],
  // a branch after the one that was taken is not evaluated
  ['.if 1\n a\n.elif foo "$5\n b\n.endif\n', ["a"]],
  // each line sees what the ones before it set
  ['setenv X 1\n.if defined(X)\n a "$X"\n.endif\nsetenv X 2\n b "$X"\n', [
    "setenv|X|1",
    "a|1",
    "setenv|X|2",
    "b|2",
  ]],
  ['.if 0\nsetenv X 1\n.endif\na "${X-unset}"\n', ["a|unset"]],
  ['a "${.SECTION}"\nglobal\n a "${.SECTION}" "$.LINE"\nfrontend web\n a "${.SECTION}" "$.FILE"\n', [
    "a|",
    "global",
    "a|global|3",
    "frontend|web",
    "a|web|lb.cfg",
  ]],
  // a whole line in a variable may be empty
  ['"${U[*]}"\n"$U"\n"${V[*]}"\n', ["a|b"]],
  ['log-format ""\n', ["log-format|"]],
];
test.each(through)("readLines %p", (text, want) => {
  const { lines, said } = run(text);
  expect(lines).toEqual(want);
  expect(said).toEqual([]);
});

const spoken: [text: string, said: string[]][] = [
  ['.notice "a b"\n.warning w\n.diag "d"\n.alert "stop \\"$V\\""\nx\n', [
    "notice 1:9 a b",
    "warning 2:10 w",
    "diag 3:7 d",
    'alert 4:8 stop "a b"',
  ]],
  [".notice\n", ["notice 1:1 "]],
  [".notice a b\n", ['alert 1:11 Unexpected "b" after the text of ".notice"']],
  [".ifdef X\n", ['alert 1:1 Unknown directive ".ifdef": expected one like ".if" or ".notice"']],
  [".if(1)\n", ['alert 1:1 Unknown directive ".if(1)": expected one like ".if" or ".notice"']],
  ["x\n.else\n", ['alert 2:1 Unexpected ".else": no ".if" is open']],
  [" .elif 1\n", ['alert 1:2 Unexpected ".elif": no ".if" is open']],
  [".endif\n", ['alert 1:1 Unexpected ".endif": no ".if" is open']],
  [".if 1\n.else\n.else\n.endif\n", ['alert 3:1 Unexpected ".else" after ".else": expected ".endif"']],
  [".if 1\n.else\n.elif 1\n.endif\n", ['alert 3:1 Unexpected ".elif" after ".else": expected ".endif"']],
  [".if 1\n.else x\n.endif\n", ['alert 2:7 Unexpected "x": ".else" stands alone']],
  [".if 1\n.endif x\n", ['alert 2:8 Unexpected "x": ".endif" stands alone']],
  ["a\n .if 1\n.if 0\n.endif\n", ['alert 2:2 Missing ".endif" for this ".if" before the end of the file']],
  [".if foo\nx\n.elif 1\ny\n.else\nz\n.endif\n", [
    'alert 1:5 Unknown predicate "foo": expected a number or one like defined(NAME)',
  ]],
  [".if 1 &&  bar\n.endif\n", ['alert 1:11 Unknown predicate "bar": expected a number or one like defined(NAME)']],
  ['.if 1 && "$V"\n.endif\n', ['alert 1:10 Unknown predicate "a": expected a number or one like defined(NAME)']],
  ['.if "1\nx\n.else\ny\n.endif\nfoo "bar\n', [ // each mistake once
    'alert 1:5 Unmatched double quote: expected another " before the end of the line',
    'alert 6:5 Unmatched double quote: expected another " before the end of the line',
  ]],
  ['server s "$U" check\n', ["alert 1:10 Empty word 3: the words behind it would be ignored"]],
  ['"$U" check\n', ["alert 1:1 Empty word 1: the words behind it would be ignored"]],
  ["a\nb", ["alert 2:2 Missing end of line on the last line: the file may have been cut off"]],
  [".if 1\n".repeat(101) + ".endif\n".repeat(101), ['alert 101:1 Cannot nest more than 100 ".if" blocks']],
];
test.each(spoken)("readLines says %p", (text, want) => {
  expect(run(text).said).toEqual(want);
});

test("lines go on after a mistake, and a bad line is not handed on", () => {
  const { lines, said } = run('a\nb "\n.foo\nc\n');
  expect(lines).toEqual(["a", "c"]);
  expect(said.length).toBe(2);
});

test("golden: what the operator sees", () => {
  const text = 'global\n\tlog "${HOST:-x}" local0\n.if defined(A) &| 1\n.endif\n  server s 1.2.3.4 "$U" x\n.elze\n';
  expect("\n" + run(text).rendered.join("\n") + "\n").toBe(`
[ALERT]    (1) : config : parsing [lb.cfg:2] : Unmatched brace in a variable: expected "}" or "-" after "HOST"
   | lb.cfg:2:8
   |  log "\${HOST:-x}" local0
   |        ^
   | Write "\${HOST-value}" for a default
[ALERT]    (1) : config : parsing [lb.cfg:3] : Unexpected "&| 1" after a condition: expected "&&", "||" or its end
   | lb.cfg:3:16
   | .if defined(A) &| 1
   |                ^^
[ALERT]    (1) : config : parsing [lb.cfg:5] : Empty word 4: the words behind it would be ignored
   | lb.cfg:5:20
   |   server s 1.2.3.4 "$U" x
   |                    ^^^^
   | Remove it; for a variable that may be empty write "\${NAME[*]}"
[ALERT]    (1) : config : parsing [lb.cfg:6] : Unknown directive ".elze": expected one like ".if" or ".notice"
   | lb.cfg:6:1
   | .elze
   | ^^^^^
   | Did you mean ".else"?
`);
});
