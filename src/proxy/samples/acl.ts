/**
 * One ACL: an expression, flags and patterns (configuration.txt 7.1), compiled into a test of a session.
 */
import { didYouMean, quote } from "../../config/diagnostics.ts";
import type { Acl, Mode } from "../../config/haproxy/model.ts";
import { ACL_KEYWORDS } from "./acl_keywords.ts";
import { type ByteTest, compileByteTest } from "./byte_tests.ts";
import { type Cast, castBetween } from "./cast.ts";
import type { SampleContext } from "./context.ts";
import { compileSyntax, type Expression, isOfHttp, LACKS } from "./expression.ts";
import { FETCHES } from "./fetches/index.ts";
import { span, type Spans, TAKE, type Take } from "./http/span.ts";
import { unknownName } from "./known.ts";
import { DEFAULT_MATCH, MATCHES, type MatchName, type Pattern, type Test } from "./matches.ts";
import { readSyntax } from "./syntax.ts";
import type { Convert, Need, Problem, Setting } from "./types.ts";

export type AclTest = (context: SampleContext) => boolean;

export interface CompiledAcl {
  ok: true;
  test: AclTest;
  needs: Need;
  /** "": none. As haproxy warns: a test that can never hold. */
  warning: string;
}

export type AclResult = CompiledAcl | ({ ok: false } & Problem);

/** Flags that take the next word. */
const WITH_VALUE: readonly string[] = ["-f", "-m", "-u"];
const FLAGS: readonly string[] = ["-i", "-M", "-n", "--", ...WITH_VALUE];

/**
 * Parts the words behind a criterion as an Acl holds them: `flags` are the words that begin with a minus sign, with
 * their values, up to `--` or the first pattern.
 */
export function splitAclWords(words: readonly string[]): { flags: string[]; patterns: string[] } {
  let at = 0;
  while (at < words.length && words[at]!.startsWith("-")) {
    const flag = words[at]!;
    at += WITH_VALUE.includes(flag) ? 2 : 1;
    if (flag === "--") break;
  }
  return { flags: words.slice(0, at), patterns: words.slice(at) };
}

interface Selection {
  match: string | null;
  patterns: Pattern[];
  /** `--` says that no pattern is meant, and a file may be empty today. */
  closed: boolean;
}

const fail = (message: string, offset: number): { ok: false } & Problem => ({ ok: false, message, offset });

/** Places of problems are those in the criterion; -1: in a flag or pattern. */
export function compileAcl(acl: Acl, setting: Setting): AclResult {
  const syntax = readSyntax(acl.criterion);
  if ("message" in syntax) return fail(syntax.message, syntax.offset);
  if (syntax.end < acl.criterion.length) {
    return fail(`Expected "," or the end of the criterion, not ${quote(acl.criterion[syntax.end]!)}`, syntax.end);
  }
  const { name: criterion, offset } = syntax.fetch;
  const keyword = ACL_KEYWORDS.get(criterion);
  if (keyword === undefined && !FETCHES.has(criterion)) return fail(unknownName("ACL keyword", criterion), offset);
  const expression = compileSyntax(syntax, setting, keyword?.fetch);
  if (!expression.ok) return expression;
  const selection = selectPatterns(acl, setting);
  if (typeof selection === "string") return fail(selection, -1);

  // Behind a converter the way of matching that a keyword stands for is forgotten, as in haproxy: path_beg,lower is exact.
  const meant = expression.through === null ? keyword?.match : undefined;
  const name = selection.match ?? meant ?? DEFAULT_MATCH[expression.type];
  if (name === null) return fail(`Cannot match ${expression.type} without "-m": expected a method such as bin`, -1);
  if (!isMatchName(name) || (MATCHES[name].unnamed === true && name === selection.match)) {
    const hint = didYouMean(name, Object.keys(MATCHES).filter((known) => known !== "meth"));
    return fail(`Unknown matching method ${quote(name)}${hint === null ? "" : `. ${hint}`}`, -1);
  }
  const row = MATCHES[name];
  const cast = row.input === "any" ? null : castBetween(expression.type, row.input);
  if (cast === undefined) return fail(`Cannot use matching method ${quote(name)} on ${expression.type}`, -1);
  const test = row.compile(selection.patterns);
  if (typeof test === "object") return fail(test.message, -1);

  const warning = row.alone || selection.closed || selection.patterns.length > 0
    ? ""
    : 'No pattern to match against: this ACL never matches (add "--" if that is meant, "-m found" to ask for a value)';
  const byBytes = expression.through === null && expression.type === "str"
    ? compileByteTest(name, selection.patterns)
    : null;
  return { ok: true, needs: expression.needs, warning, test: testOf(expression, cast, test, byBytes) };
}

const isMatchName = (name: string): name is MatchName => Object.hasOwn(MATCHES, name);

function testOf(expression: Expression, cast: Cast | null, test: Test, byBytes: ByteTest | null): AclTest {
  const { evaluate, spans, through } = expression;
  if (spans !== null) {
    const take = byBytes === null ? takeValue(spans.read, through, cast, test) : takeBytes(byBytes);
    return (context) => spans.each(context, take);
  }
  if (cast === null) {
    return (context) => {
      const value = evaluate(context);
      return value !== undefined && test(value);
    };
  }
  return (context) => {
    const value = evaluate(context);
    if (value === undefined) return false;
    const seen = cast(value);
    return seen !== undefined && test(seen);
  };
}

const takeBytes = (test: ByteTest): Take => () => test(span.bytes, span.at, span.end) ? TAKE.match : TAKE.next;

/** A value that is none of its type is passed over; one that a converter cannot use ends the walk, as in haproxy. */
function takeValue(read: Spans["read"], through: Convert | null, cast: Cast | null, test: Test): Take {
  return (context) => {
    let value = read();
    if (value === undefined) return TAKE.next;
    if (through !== null) value = through(value, context);
    if (value === undefined) return TAKE.stop;
    const seen = cast === null ? value : cast(value);
    return seen !== undefined && test(seen) ? TAKE.match : TAKE.next;
  };
}

/** Reads the flags in their order: `-i` holds for what follows it, files come before the patterns. */
function selectPatterns(acl: Acl, setting: Setting): Selection | string {
  const selection: Selection = { match: null, patterns: [], closed: false };
  let ignoreCase = false;
  let asMap = false;
  let loaded = false;
  for (let i = 0; i < acl.flags.length; i++) {
    const flag = acl.flags[i]!;
    if (!FLAGS.includes(flag)) {
      return `Unknown flag ${quote(flag)}: expected one of ${FLAGS.join(" ")}, or "--" before a pattern that begins so`;
    }
    const value = WITH_VALUE.includes(flag) ? acl.flags[++i] ?? "" : "";
    if (flag === "-i") ignoreCase = true;
    else if (flag === "-M") asMap = true;
    else if (flag === "--") selection.closed = true;
    else if (flag === "-u" && !/^\d+$/.test(value)) {
      return `Cannot use "-u" with ${quote(value)}: expected a whole number`;
    } else if (flag === "-m") {
      if (loaded) return 'Cannot use "-m" after "-f": the method decides how a file is read';
      selection.match = value;
    } else if (flag === "-f") {
      loaded = selection.closed = true;
      const lines = readPatternFile(value, asMap, setting);
      if (typeof lines === "string") return lines;
      for (const text of lines) selection.patterns.push({ text, ignoreCase, fromFile: true });
    }
  }
  // haproxy takes an empty word for the end of the list.
  const end = acl.patterns.indexOf("");
  for (const text of end < 0 ? acl.patterns : acl.patterns.slice(0, end)) {
    selection.patterns.push({ text, ignoreCase, fromFile: false });
  }
  return selection;
}

/** Lines without their leading blanks; empty ones and those that begin with a sharp left out. A map's first word counts. */
function readPatternFile(path: string, asMap: boolean, setting: Setting): string[] | string {
  if (/^(?:virt|opt)@/.test(path)) {
    return `Cannot use ${quote(path)}: pattern lists without a file are not supported yet`;
  }
  const text = setting.readFile(path.replace(/^file@/, ""));
  if (text === null) return `Cannot read pattern file ${quote(path)}`;
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .map((line) => line.replace(/^[ \t]+/, "").replace(/\r+$/, ""))
    .map((line) => asMap ? line.split(/[ \t]/, 1)[0] ?? "" : line)
    .filter((line) => line !== "");
}

const UNRESOLVED: Omit<Setting, "readFile"> = { scope: "log", names: null, environment: () => undefined };

/**
 * For the configuration reader: what is wrong with an ACL, names of proxies and servers left out.
 * @param mode of the proxy: one of tcp has no messages to look at
 */
export function checkAcl(acl: Acl, readFile: Setting["readFile"], mode: Mode): Problem | null {
  const compiled = compileAcl(acl, { ...UNRESOLVED, readFile });
  if (!compiled.ok) return { message: compiled.message, offset: Math.max(compiled.offset, 0) };
  if (mode === "http" || !isOfHttp(compiled.needs)) return null;
  return {
    message: `${quote(acl.criterion)} in mode tcp is not supported yet: it needs ${LACKS[compiled.needs]}`,
    offset: 0,
  };
}
