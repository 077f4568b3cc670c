/** The operator's view of a problem, and the nearest known word. */
import { expect, test } from "bun:test";
import {
  alert,
  diag,
  type Diagnostic,
  didYouMean,
  hasErrors,
  hasWarnings,
  nearest,
  newDiagnostics,
  notice,
  quote,
  renderDiagnostic,
  sectionWarning,
  sortByPlace,
  visible,
  warning,
} from "./diagnostics.ts";

function problem(line: string, column: number, length: number, message = "Wrong"): Diagnostic {
  return { severity: "alert", place: { file: "lb.cfg", line: 7, column }, length, line, message, hint: null };
}

test("the helpers gather by severity and only an alert is an error", () => {
  const d = newDiagnostics();
  const at = { place: { file: "a", line: 1, column: 1 }, length: 3, line: "foo" };
  notice(d, at, "N");
  diag(d, null, "D");
  expect(hasErrors(d)).toBe(false);
  expect(hasWarnings(d)).toBe(false);
  warning(d, { place: at.place, line: "foo" }, "W", "H");
  expect(hasWarnings(d)).toBe(true);
  expect(hasErrors(d)).toBe(false);
  alert(d, at, "A");
  expect(hasErrors(d)).toBe(true);
  expect(d.list.map((one) => [one.severity, one.length, one.hint])).toEqual([
    ["notice", 3, null],
    ["diag", 0, null],
    ["warning", 0, "H"],
    ["alert", 3, null],
  ]);
});

test("problems come in the order of the text, the files as given", () => {
  const d = newDiagnostics();
  const at = (file: string, line: number, column = 1) => ({ place: { file, line, column }, line: "" });
  alert(d, null, "the whole");
  alert(d, at("a", 2), "3");
  warning(d, at("b", 10, 7), "2");
  alert(d, at("elsewhere", 1), "4");
  notice(d, at("b", 10, 3), "1");
  sortByPlace(d, ["b", "a"]);
  expect(d.list.map((one) => one.message)).toEqual(["1", "2", "3", "4", "the whole"]);
});

test("about a section as a whole: its first line is haproxy's, its place follows", () => {
  const d = newDiagnostics();
  sectionWarning(d, { place: { file: "a", line: 3, column: 10 }, length: 1, line: "frontend f" }, "Odd", "More");
  expect(d.list.map((one) => renderDiagnostic(one, 1))).toEqual([
    "[WARNING]  (1) : config : Odd\n   | a:3:10\n   | frontend f\n   |          ^\n   | More",
  ]);
});

const rendered: [name: string, d: Diagnostic, want: string][] = [
  [
    "a word, with tabs before it and a hint",
    { ...problem("\tblance roundrobin", 2, 6, 'Unknown keyword "blance"'), hint: 'Did you mean "balance"?' },
    '[ALERT]    (42) : config : parsing [lb.cfg:7] : Unknown keyword "blance"\n' +
    "   | lb.cfg:7:2\n   |  blance roundrobin\n   |  ^^^^^^\n" +
    '   | Did you mean "balance"?',
  ],
  [
    "no place",
    { severity: "warning", place: null, length: 0, line: "", message: "Odd", hint: null },
    "[WARNING]  (42) : config : Odd",
  ],
  [
    "a place without its line",
    { ...problem("", 3, 0), severity: "notice" },
    "[NOTICE]   (42) : config : parsing [lb.cfg:7] : Wrong\n   | lb.cfg:7:3",
  ],
  [
    "the end of the line",
    { ...problem("ab", 3, 0), severity: "diag" },
    "[DIAG]     (42) : config : parsing [lb.cfg:7] : Wrong\n   | lb.cfg:7:3\n   | ab\n   |   ^",
  ],
  [
    "UTF-8 counts as characters, wide ones take two columns",
    problem(Buffer.from("né 世界 x").toString("latin1"), 12, 1),
    "[ALERT]    (42) : config : parsing [lb.cfg:7] : Wrong\n   | lb.cfg:7:7\n   | né 世界 x\n   |         ^",
  ],
  [
    "bytes and controls are shown by value",
    problem("a\x1b[31m\xff b", 8, 1, "Bad \x07\nword"),
    "[ALERT]    (42) : config : parsing [lb.cfg:7] : Bad \\x07\\nword\n" +
    "   | lb.cfg:7:8\n   | a\\x1b[31m\\xff b\n   |              ^",
  ],
];
test.each(rendered)("renderDiagnostic: %s", (_, d, want) => {
  expect(renderDiagnostic(d, 42)).toBe(want);
});

const clipped: [column: number, length: number][] = [[1, 5], [1, 900], [500, 3], [300, 400], [995, 5], [1001, 0]];
test.each(clipped)("a long line is cut around its mistake: column %p length %p", (column, length) => {
  const line = "0123456789".repeat(100);
  const [, , source = "", carets = ""] = renderDiagnostic(problem(line, column, length), 1).split("\n");
  expect(source.length).toBeLessThanOrEqual("   | ".length + 106);
  const at = carets.indexOf("^");
  if (column <= line.length) expect(source.charAt(at)).toBe(line.charAt(column - 1));
  else expect(at).toBe(source.length);
  expect(carets.length).toBeLessThanOrEqual(Math.max(source.length, at + 1));
});

test("a place beyond its line does not break the rendering", () => {
  for (const [column, length] of [[0, 0], [99, 5], [-5, 99]] as const) {
    expect(renderDiagnostic(problem("abc", column, length), 1)).toContain("Wrong");
  }
});

test("nothing hidden reaches the terminal", () => {
  expect(visible("a\u202eb")).toBe("a\\u202eb");
  expect(visible("tab\there")).toBe("tab\\there");
  expect(visible(Buffer.from("é").toString("latin1"))).toBe("é");
  expect(quote("x".repeat(200)).length).toBe(82);
  expect(quote("it")).toBe('"it"');
});

const words = ["balance", "bind", "backend", "mode", "server", "timeout", "log", "log-format", "maxconn", "id"];
const near: [typed: string, want: string | null][] = [
  ["blance", "balance"],
  ["blaance", "balance"],
  ["BALANCE", "balance"],
  ["abckend", "backend"],
  ["serv", "server"],
  ["timeouts", "timeout"],
  ["log-formt", "log-format"],
  ["lgo", "log"],
  ["maxcon", "maxconn"],
  ["xyz", null],
  ["zzzzzzzz", null],
  ["", null],
  ["x", null],
  ["x".repeat(10_000), null],
];
test.each(near)("nearest %p", (typed, want) => {
  expect(nearest(typed, words)).toBe(want);
  expect(didYouMean(typed, words)).toBe(want === null ? null : `Did you mean "${want}"?`);
});
