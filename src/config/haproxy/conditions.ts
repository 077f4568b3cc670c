/**
 * Conditions of `.if`, `.elif` and `-cc` (configuration.txt 2.4): numbers, predicates, ! && || and parentheses.
 *
 * The text is what the lexer leaves of the line, its words joined by blanks: variables and quotes are resolved before.
 */
import { didYouMean, quote } from "../diagnostics.ts";
import type { Environment } from "./environment.ts";
import { lexLine, type LineContext } from "./lexer.ts";

export interface ConditionContext {
  environment: Environment;
  features: ReadonlySet<string>;
  enabled: ReadonlySet<string>;
  /** Language level, e.g. "3.5.0". */
  version: string;
  /** The TLS library in use; null while there is none. */
  ssl: { name: string; version: string; awslcApi: number | null; fips: boolean } | null;
}

export interface ConditionError {
  error: string;
  /** From 1, in the text given. */
  column: number;
  hint: string | null;
}

export type ConditionResult = { value: boolean } | ConditionError;

/** Bounds the recursion over parentheses. */
const MAX_DEPTH = 200;

interface Predicate {
  arguments: number;
  /** A text is what is wrong with the arguments. */
  test(args: string[], context: ConditionContext): boolean | string;
}

const PREDICATES: Readonly<Record<string, Predicate>> = {
  defined: { arguments: 1, test: ([name = ""], c) => c.environment.has(name) },
  feature: { arguments: 1, test: ([name = ""], c) => c.features.has(name) },
  enabled: { arguments: 1, test: ([name = ""], c) => c.enabled.has(name) },
  streq: { arguments: 2, test: ([a, b]) => a === b },
  strneq: { arguments: 2, test: ([a, b]) => a !== b },
  strstr: { arguments: 2, test: ([a = "", b = ""]) => a.includes(b) },
  version_atleast: { arguments: 1, test: ([v = ""], c) => compare(c.version, v, RELEASE, (order) => order >= 0) },
  version_before: { arguments: 1, test: ([v = ""], c) => compare(c.version, v, RELEASE, (order) => order < 0) },
  openssl_version_atleast: { arguments: 1, test: ([v = ""], c) => compareSsl(c, v, (order) => order >= 0) },
  openssl_version_before: { arguments: 1, test: ([v = ""], c) => compareSsl(c, v, (order) => order < 0) },
  ssllib_name_startswith: { arguments: 1, test: ([name = ""], c) => c.ssl?.name.startsWith(name) ?? false },
  awslc_api_atleast: { arguments: 1, test: ([n = ""], c) => compareApi(c, n, (order) => order >= 0) },
  awslc_api_before: { arguments: 1, test: ([n = ""], c) => compareApi(c, n, (order) => order < 0) },
  fips_mode: { arguments: 0, test: (_, c) => c.ssl?.fips ?? false },
};

export function evaluateCondition(text: string, context: ConditionContext): ConditionResult {
  if (text === "") return { value: false };
  const reader: Reader = { text, at: 0, context };
  const value = readOr(reader, 0);
  if (typeof value !== "boolean") return value;
  skipBlanks(reader);
  if (reader.at < text.length) {
    const rest = quote(text.slice(reader.at));
    return failAt(reader.at, `Unexpected ${rest} after a condition: expected "&&", "||" or its end`);
  }
  return { value };
}

/** The argument of `-cc`: cut into words like a line, but # is a character. */
export function evaluateArgument(text: string, context: ConditionContext): ConditionResult {
  const line: LineContext = {
    file: "-cc",
    line: 1,
    environment: context.environment,
    section: "",
    comments: false,
  };
  const lexed = lexLine(text, line);
  if (lexed.error !== null) return failAt(lexed.error.column - 1, lexed.error.message, lexed.error.hint);
  return evaluateCondition(lexed.words.map((word) => word.text).join(" "), context);
}

interface Reader {
  text: string;
  at: number;
  context: ConditionContext;
}

type Read = boolean | ConditionError;

function failAt(at: number, error: string, hint: string | null = null): ConditionError {
  return { error, column: at + 1, hint };
}

function skipBlanks(r: Reader): void {
  while (r.text.charAt(r.at) === " " || r.text.charAt(r.at) === "\t") r.at++;
}

/** Both sides are always read, so that a mistake is found whatever the values. */
function readOr(r: Reader, depth: number): Read {
  return readChain(r, "||", (reader) => readChain(reader, "&&", (inner) => readTerm(inner, depth)));
}

function readChain(r: Reader, operator: "||" | "&&", readOne: (r: Reader) => Read): Read {
  let value = readOne(r);
  for (;;) {
    if (typeof value !== "boolean") return value;
    skipBlanks(r);
    if (!r.text.startsWith(operator, r.at)) return value;
    r.at += 2;
    const next = readOne(r);
    if (typeof next !== "boolean") return next;
    value = operator === "||" ? value || next : value && next;
  }
}

/** As strtol() in base 0. */
const NUMBER = /[+-]?(?:0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)/y;
const PREDICATE = /[^ \t()!&|,]+/y;

function readTerm(r: Reader, depth: number): Read {
  let negated = false;
  skipBlanks(r);
  while (r.text.charAt(r.at) === "!") {
    negated = !negated;
    r.at++;
    skipBlanks(r);
  }
  const value = readOperand(r, depth);
  return typeof value === "boolean" ? value !== negated : value;
}

function readOperand(r: Reader, depth: number): Read {
  const start = r.at;
  NUMBER.lastIndex = start;
  const number = NUMBER.exec(r.text)?.[0];
  if (number !== undefined) {
    r.at += number.length;
    return /[1-9a-fA-F]/.test(number.replace(/^[+-]?0[xX]/, ""));
  }
  if (r.text.charAt(start) === "(") {
    if (depth >= MAX_DEPTH) return failAt(start, `Cannot nest more than ${MAX_DEPTH} parentheses`);
    r.at++;
    const value = readOr(r, depth + 1);
    if (typeof value !== "boolean") return value;
    skipBlanks(r);
    if (r.text.charAt(r.at) !== ")") return failAt(start, 'Unmatched "(": expected ")"');
    r.at++;
    return value;
  }
  PREDICATE.lastIndex = start;
  const name = PREDICATE.exec(r.text)?.[0];
  if (name === undefined) {
    const found = start < r.text.length ? quote(r.text.charAt(start)) : "the end";
    return failAt(start, `Unexpected ${found}: expected a number, a predicate or "("`);
  }
  const predicate = Object.hasOwn(PREDICATES, name) ? PREDICATES[name] : undefined;
  if (predicate === undefined) {
    const hint = didYouMean(name, Object.keys(PREDICATES));
    return failAt(start, `Unknown predicate ${quote(name)}: expected a number or one like defined(NAME)`, hint);
  }
  r.at += name.length;
  const args = r.text.charAt(r.at) === "(" ? readArguments(r) : [];
  if ("error" in args) return args;
  if (args.length !== predicate.arguments && !(predicate.arguments === 0 && args[0] === "")) {
    const wanted = predicate.arguments === 1 ? "1 argument" : `${predicate.arguments} arguments`;
    return failAt(start, `Cannot evaluate ${name} with ${args.length}: expected ${wanted} in parentheses`);
  }
  const value = predicate.test(args, r.context);
  return typeof value === "string" ? failAt(start, value) : value;
}

/** What a backslash makes of the next character; any other pair stays as it is. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  '"': '"',
  "'": "'",
  " ": " ",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** From "(" to its ")": the second level of quoting (end of configuration.txt 2.2). Blanks belong to an argument. */
function readArguments(r: Reader): string[] | ConditionError {
  const open = r.at;
  const args: string[] = [];
  let text = "";
  let openQuote = "";
  let openedAt = 0;
  for (let i = open + 1; i < r.text.length; i++) {
    const char = r.text.charAt(i);
    if (char === "\\" && openQuote !== "'") {
      const meant = ESCAPES[r.text.charAt(i + 1)];
      text += meant ?? char;
      if (meant !== undefined) i++;
    } else if ((char === '"' || char === "'") && (openQuote === "" || openQuote === char)) {
      openQuote = openQuote === "" ? char : "";
      openedAt = i;
    } else if (openQuote === "" && (char === "," || char === ")")) {
      args.push(text);
      text = "";
      if (char === ")") {
        r.at = i + 1;
        return args;
      }
    } else {
      text += char;
    }
  }
  if (openQuote !== "") return failAt(openedAt, `Unmatched quote in an argument: expected another ${openQuote}`);
  return failAt(open, 'Unmatched "(" before arguments: expected ")"');
}

/** 3.0-dev4 comes before 3.0; missing numbers are zero. What a distribution adds behind does not count. */
const RELEASE = /^(\d{0,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?()(?:-(dev|rc|pre)(\d{0,9}))?(?:-(\d{1,9}))?(?:[-+~].*)?$/;
/** 1.1.1k, 3.0.0-beta1. */
const SSL = /^(\d{0,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?([a-z]?)(?:-(alpha|beta|dev|pre)(\d{0,9}))?(?:[-+~ ].*)?$/;

function compare(ours: string, wanted: string, grammar: RegExp, test: (order: number) => boolean): boolean | string {
  const a = versionNumbers(ours, grammar);
  const b = versionNumbers(wanted, grammar);
  if (a === null || b === null) return `Cannot read version ${quote(wanted)}: expected numbers as in 3.0.1`;
  const k = a.findIndex((number, i) => number !== b[i]);
  return test(k < 0 ? 0 : (a[k] ?? 0) - (b[k] ?? 0));
}

function versionNumbers(text: string, grammar: RegExp): number[] | null {
  const parts = grammar.exec(text);
  if (parts === null) return null;
  const number = (k: number) => Number(parts[k] ?? 0);
  // Letters of a kind of pre-release follow the alphabet; none of them comes last.
  const stage = parts[5] === undefined ? Infinity : parts[5].charCodeAt(0);
  const letter = parts[4] === undefined || parts[4] === "" ? 0 : parts[4].charCodeAt(0);
  return [number(1), number(2), number(3), letter, stage, number(6), number(7)];
}

/** Without a TLS library no version of it is at least or before anything. */
function compareSsl(context: ConditionContext, wanted: string, test: (order: number) => boolean): boolean | string {
  if (versionNumbers(wanted, SSL) === null) {
    return `Cannot read version ${quote(wanted)}: expected one as in 1.1.1k or 3.0.2`;
  }
  return context.ssl === null ? false : compare(context.ssl.version, wanted, SSL, test);
}

function compareApi(context: ConditionContext, wanted: string, test: (order: number) => boolean): boolean | string {
  if (!/^\d{1,9}$/.test(wanted)) return `Cannot read API version ${quote(wanted)}: expected a whole number`;
  const api = context.ssl?.awslcApi ?? null;
  return api === null ? false : test(api - Number(wanted));
}
