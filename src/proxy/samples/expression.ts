/**
 * Sample expressions, `fetch[(args)][,converter[(args)]]…`, compiled once into a closure that is run for each session.
 *
 * All that can be wrong is found here: unknown words, arguments, types that do not fit, and fetches that have nothing
 * to say where the expression stands.
 */
import { quote } from "../../config/diagnostics.ts";
import { checkArgs } from "./arguments.ts";
import { type Cast, castBetween } from "./cast.ts";
import type { SampleContext } from "./context.ts";
import { CONVERTERS } from "./converters/index.ts";
import { FETCHES } from "./fetches/index.ts";
import type { Spans } from "./http/span.ts";
import { unknownName } from "./known.ts";
import { readSyntax, type Syntax } from "./syntax.ts";
import {
  type BadArgument,
  type Convert,
  type Evaluate,
  type Need,
  type Problem,
  type SampleType,
  type Scope,
  SCOPES,
  type Setting,
} from "./types.ts";

export interface Expression {
  ok: true;
  type: SampleType;
  evaluate: Evaluate;
  /** What its fetch draws on: where it can have a value. */
  needs: Need;
  /** Of a fetch of bytes: where its values lie, and what the converters make of one; null: they leave it as it is. */
  spans: Spans | null;
  through: Convert | null;
  /** First character behind the expression. */
  end: number;
}

export type Compiled = Expression | ({ ok: false } & Problem);

const fail = (message: string, offset: number): { ok: false } & Problem => ({ ok: false, message, offset });

/** Why a fetch cannot say anything in a place. */
export const LACKS: Record<Need, string> = {
  constant: "",
  any: "",
  internal: "the state of the process",
  client: "a client's connection",
  frontend: "a frontend",
  backend: "the backend, which is not chosen yet",
  server: "the server, which is not chosen yet",
  request: "an HTTP request",
  "request kept": "an HTTP request",
  response: "an HTTP response",
  "response kept": "an HTTP response",
  message: "an HTTP request or response",
};

/** No place of mode tcp offers it. */
export const isOfHttp = (needs: Need): boolean => !isAvailable(needs, "log") && needs !== "constant";

export const isAvailable = (needs: Need, scope: Scope): boolean => (SCOPES[scope] as readonly Need[]).includes(needs);

/** The whole text is one expression. Its value is of type `want`, or of any type for "any". */
export function compileExpression(text: string, want: SampleType | "any", setting: Setting): Compiled {
  const compiled = compileAt(text, 0, want, setting);
  if (!compiled.ok || compiled.end === text.length) return compiled;
  const rest = text.slice(compiled.end, compiled.end + 1);
  return fail(`Expected "," or the end of the expression, not ${quote(rest)}`, compiled.end);
}

/** An expression that begins at `start` and ends where it ends: the caller looks at what follows, `]` in a log format. */
export function compileAt(text: string, start: number, want: SampleType | "any", setting: Setting): Compiled {
  const syntax = readSyntax(text, start);
  if ("message" in syntax) return fail(syntax.message, syntax.offset);
  const compiled = compileSyntax(syntax, setting);
  if (!compiled.ok) return compiled;
  if (!isAvailable(compiled.needs, setting.scope)) {
    const { name, offset } = syntax.fetch;
    return fail(`Cannot use fetch ${quote(name)} here: it needs ${LACKS[compiled.needs]}`, offset);
  }
  if (want === "any") return compiled;
  const cast = castBetween(compiled.type, want);
  if (cast === undefined) return fail(`Expected ${want}, but the expression gives ${compiled.type}`, start);
  return cast === null ? compiled : { ...compiled, type: want, evaluate: withCast(compiled.evaluate, cast) };
}

/**
 * Leaves the question of the place to the caller (an ACL is written before it is known where it is used).
 * @param fetchName that of the fetch, when the text has a name that stands for it
 */
export function compileSyntax(syntax: Syntax, setting: Setting, fetchName = syntax.fetch.name): Compiled {
  const { fetch } = syntax;
  const row = FETCHES.get(fetchName);
  if (row === undefined) return fail(unknownName("fetch", fetchName), fetch.offset);
  const args = checkArgs(fetch, row.args, setting);
  if ("message" in args) return fail(args.message, args.offset);
  const spans = row.spans?.(args) ?? null;
  if (spans !== null && "message" in spans) return refuse(spans, fetch);
  const first = row.evaluate(args, setting);
  if (typeof first === "object") return refuse(first, fetch);
  let through: Convert | null = null;
  let type: SampleType = row.type;
  for (const call of syntax.converters) {
    const converter = CONVERTERS.get(call.name);
    if (converter === undefined) return fail(unknownName("converter", call.name), call.offset);
    const cast = castBetween(type, converter.from);
    if (cast === undefined) {
      return fail(`Cannot use converter ${quote(call.name)} on ${type}: expected ${converter.from}`, call.offset);
    }
    const given = checkArgs(call, converter.args, setting);
    if ("message" in given) return fail(given.message, given.offset);
    const convert = converter.convert(given);
    if (typeof convert === "object") return refuse(convert, call);
    through = inTurn(through, cast, convert);
    type = converter.to;
  }
  let evaluate = through === null ? first : withConverter(first, through);
  // What cannot change is computed now, once: the context is not looked at.
  if (row.needs === "constant" && through !== null) {
    const value = evaluate(undefined as unknown as SampleContext);
    evaluate = () => value;
  }
  return { ok: true, type, evaluate, needs: row.needs, spans, through, end: syntax.end };
}

function refuse(bad: BadArgument, call: Syntax["fetch"]): Compiled {
  return fail(bad.message, call.args[bad.argument]?.offset ?? call.offset);
}

function withCast(evaluate: Evaluate, cast: Cast): Evaluate {
  return (context) => {
    const value = evaluate(context);
    return value === undefined ? undefined : cast(value);
  };
}

const withConverter = (evaluate: Evaluate, convert: Convert): Evaluate => (context) => {
  const value = evaluate(context);
  return value === undefined ? undefined : convert(value, context);
};

/** What the converters so far make of a value, cast, and converted once more. */
function inTurn(before: Convert | null, cast: Cast | null, convert: Convert): Convert {
  const input = before === null ? cast : cast === null ? before : chain(before, cast);
  return input === null ? convert : chain(input, convert);
}

const chain = (first: Convert, second: Convert): Convert => (value, context) => {
  const between = first(value, context);
  return between === undefined ? undefined : second(between, context);
};

/** The value as a log line or a hash sees it, a byte string; undefined: there is none. `bin` keeps zero bytes, `str` ends at one. */
export function asString(expression: Expression, as: "str" | "bin"): (context: SampleContext) => string | undefined {
  const cast = castBetween(expression.type, as);
  const evaluate = cast === null || cast === undefined ? expression.evaluate : withCast(expression.evaluate, cast);
  return evaluate as (context: SampleContext) => string | undefined;
}

const UNRESOLVED: Omit<Setting, "scope"> = { names: null, environment: () => undefined, readFile: () => "" };

/** For the configuration reader: what is wrong with an expression, names of proxies and servers left out. */
export function checkExpression(text: string, scope: Scope): Problem | null {
  const compiled = compileExpression(text, "any", { ...UNRESOLVED, scope });
  return compiled.ok ? null : { message: compiled.message, offset: compiled.offset };
}
