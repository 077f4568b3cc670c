/**
 * haproxy's log-format strings (configuration.txt 8.2.6): text → tokens with offsets → one function that writes a line.
 *
 * Text comes after the configuration's own quotes and escapes are resolved; it is a byte string, and so is what is written.
 */
import type { Mode } from "../config/haproxy/model.ts";
import { putRaw } from "./encode.ts";
import { type LineBuffer, lineBuffer, putByte, putHex, putText } from "./line_buffer.ts";
import { newRecord, noNeeds, type RecordNeeds, type SessionRecord } from "./record.ts";
import { type FormatContext, putValue, type Step, type Style, type Variable } from "./values.ts";
import { VARIABLE_BY_NAME, VARIABLES } from "./variables.ts";

export interface CompiledFormat {
  needs: RecordNeeds;
  /** Some value is final only when the session ends. */
  atEnd: boolean;
  /** %ID is written. */
  usesUniqueId: boolean;
  /** A variable reads the record: without one (text and expressions alone) it need not be filled. */
  usesRecord: boolean;
  /** All that it ever writes, when that is always the same; else null. */
  constant: string | null;
  write(record: SessionRecord, out: LineBuffer): void;
}

export interface CompiledExpression {
  /** "" when the sample has no value. */
  evaluate(record: SessionRecord): string;
  /** What it takes from the record's side; left out: both addresses of the client's connection, as the worst case. */
  needs?: readonly (keyof RecordNeeds)[];
}

export interface FormatHooks extends FormatContext {
  /** Of the proxy: in "tcp" the variables of HTTP are refused. */
  mode: Mode;
  /** Compiles what stands between `%[` and `]`. */
  expression: (text: string) => CompiledExpression | { error: string };
}

/** What depends on where the format stands in the configuration. */
export interface FormatUse {
  /** An empty value is written as `-`. */
  dash: boolean;
  /** Blanks are delimiters: several are written as one, those at the start not at all. */
  mergeBlanks: boolean;
  /** What an expression yields goes into a header: bytes that may not stand there are written as %XX. */
  httpEncode: boolean;
}

/** log-format, log-format-sd, error-log-format. */
export const LINE: FormatUse = { dash: true, mergeBlanks: true, httpEncode: false };
/** unique-id-format. */
export const UNIQUE_ID: FormatUse = { dash: false, mergeBlanks: true, httpEncode: true };
/** What goes into a message: header fields, URIs, locations, bodies. */
export const MESSAGE: FormatUse = { dash: false, mergeBlanks: false, httpEncode: true };

export type FormatError = { ok: false; message: string; offset: number };
export type FormatResult = { ok: true; format: CompiledFormat } | FormatError;

export const TCP_LOG = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
/** `option httplog` */
export const HTTP_LOG = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc " +
  "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
/** `option httplog clf` */
export const CLF_HTTP_LOG = '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc ' +
  "%ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
/** Without any of these and log-format: one line as soon as the connection is accepted, in HTTP for each request. */
export const connectLog = (mode: Mode): string => `Connect from %ci:%cp to %fi:%fp (%f/${mode.toUpperCase()})`;
export const connectLogUnix = (mode: Mode): string => `Connect to unix:%cp (%f/${mode.toUpperCase()})`;
/** Without error-log-format; what follows is the listener's name and what failed. */
export const ERROR_LOG = "%ci:%cp [%t] %f/";

export const NO_EXPRESSIONS: FormatHooks["expression"] = () => ({ error: "Sample expressions are not supported yet" });

/** For checking a format where no line is written; by itself it takes the variables of both modes. */
export const CHECK_ONLY: FormatHooks = {
  hostname: "",
  pid: 0,
  lineCount: () => 0,
  mode: "http",
  expression: NO_EXPRESSIONS,
};

export type Token =
  | { kind: "text"; at: number; text: string }
  | { kind: "blank"; at: number }
  | { kind: "variable" | "expression"; at: number; text: string; flags: string; flagsAt: number };

const isLetter = (c: string | undefined): boolean => c !== undefined && /[A-Za-z]/.test(c);
const isAlphanumeric = (c: string | undefined): boolean => c !== undefined && /[A-Za-z0-9]/.test(c);
const OUTPUT_TYPES = ["str", "sint", "bool"];

const fail = (offset: number, message: string): FormatError => ({ ok: false, offset, message });

export function parseLogFormat(text: string, mergeBlanks: boolean): { ok: true; tokens: Token[] } | FormatError {
  const tokens: Token[] = [];
  let pos = 0;
  while (pos < text.length) {
    if (text[pos] === " " && mergeBlanks) {
      tokens.push({ kind: "blank", at: pos++ });
    } else if (text[pos] !== "%") {
      pos = pushText(tokens, text, pos, pos, mergeBlanks);
    } else {
      const item = parseItem(text, pos);
      if (!item.ok) return item;
      if (item.token !== null) tokens.push(item.token);
      // A literal goes on with ordinary text, whose first character is taken whatever it is.
      pos = item.literal ? pushText(tokens, text, item.end, item.end + 1, mergeBlanks) : item.end;
    }
  }
  return { ok: true, tokens };
}

/** Takes text from `start` up to the next blank or %, looking from `pos`; returns where it ends. */
function pushText(tokens: Token[], text: string, start: number, pos: number, mergeBlanks: boolean): number {
  let end = pos;
  while (end < text.length && text[end] !== "%" && !(mergeBlanks && text[end] === " ")) end++;
  tokens.push({ kind: "text", at: start, text: text.slice(start, end) });
  return end;
}

type Item = { ok: true; token: Token | null; literal: boolean; end: number } | FormatError;

/** What begins with the % at `at`: %% , %name, %{flags}name, %[expression], each perhaps with (output name) first. */
function parseItem(text: string, at: number): Item {
  let pos = at + 1;
  if (text[pos] === "(") {
    const named = /^\(([A-Za-z0-9_-]*)(?::([A-Za-z0-9_-]*))?\)/.exec(text.slice(pos));
    if (!named) return fail(pos, `Cannot read the output name after "%": expected "(name)" or "(name:type)"`);
    if (named[2] !== undefined && !OUTPUT_TYPES.includes(named[2])) {
      return fail(pos, `Unknown output type "${named[2]}": expected one of ${OUTPUT_TYPES.join(", ")}`);
    }
    pos += named[0].length;
  }
  let flags = "";
  const flagsAt = pos + 1;
  if (text[pos] === "{") {
    const close = text.indexOf("}", pos);
    if (close < 0) return fail(pos, `Missing "}" after "%{"`);
    flags = text.slice(flagsAt, close);
    pos = close + 1;
    if (text[pos] !== "[" && !isAlphanumeric(text[pos])) {
      return fail(pos, `Missing variable after "%{${flags}}"`);
    }
  }
  const c = text[pos];
  if (c === undefined) return fail(at, `Missing variable after "%": write "%%" for a percent sign`);
  if (c === "[") {
    const close = endOfExpression(text, pos + 1);
    if (close < 0) return fail(pos, `Missing "]" after "%["`);
    const token: Token = { kind: "expression", at: pos + 1, text: text.slice(pos + 1, close), flags, flagsAt };
    return { ok: true, token, literal: false, end: close + 1 };
  }
  if (isLetter(c) || (flagsAt <= pos && isAlphanumeric(c))) {
    let end = pos + 1;
    while (isAlphanumeric(text[end])) end++;
    const token: Token = { kind: "variable", at: pos, text: text.slice(pos, end), flags, flagsAt };
    return { ok: true, token, literal: false, end };
  }
  if (c === " " || c === "\t" || /[0-9]/.test(c)) {
    return fail(pos, `Unexpected "${c}" after "%": write "%%" for a percent sign`);
  }
  // "%%" is a percent sign; before any other character haproxy leaves the % out.
  return { ok: true, token: null, literal: true, end: pos };
}

/** The "]" that closes an expression: not one within the parentheses of arguments, nor one in quotes there. */
function endOfExpression(text: string, from: number): number {
  let depth = 0;
  let quote = "";
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if (quote !== "") {
      if (c === quote) quote = "";
      else if (c === "\\" && quote === '"') i++;
    } else if (depth > 0 && c === "\\") i++;
    else if (depth > 0 && (c === '"' || c === "'")) quote = c;
    else if (c === "(") depth++;
    else if (c === ")" && depth > 0) depth--;
    else if (c === "]" && depth === 0) return i;
  }
  return -1;
}

type Flag = keyof Style;
const FLAGS: ReadonlyMap<string, Flag> = new Map([["Q", "quote"], ["X", "hex"], ["E", "escape"], ["M", "dash"]]);
const LATER_FLAGS = ["json", "cbor", "bin"];

function applyFlags(style: Style, token: { flags: string; flagsAt: number }): Style | FormatError {
  const result = { ...style };
  let at = token.flagsAt;
  for (const part of token.flags === "" ? [] : token.flags.split(",")) {
    const word = part.trim();
    const name = word.slice(1);
    const flag = FLAGS.get(name);
    if (LATER_FLAGS.includes(name)) return fail(at, `Flag "${word}" is not supported yet`);
    if (flag === undefined || (word[0] !== "+" && word[0] !== "-")) {
      return fail(at, `Unknown flag "${word}": expected + or - and one of ${[...FLAGS.keys()].join(", ")}`);
    }
    result[flag] = word[0] === "+";
    at += part.length + 1;
  }
  return result;
}

export function compileLogFormat(text: string, hooks: FormatHooks = CHECK_ONLY, use: FormatUse = LINE): FormatResult {
  const parsed = parseLogFormat(text, use.mergeBlanks);
  if (!parsed.ok) return parsed;
  const needs = noNeeds();
  const steps: Step[] = [];
  let atEnd = false;
  let usesUniqueId = false;
  let usesRecord = false;
  let constant = true;
  /** Something was written, or might have been, since the last blank: the next one is not merged with it. */
  let parted = false;
  let defaults: Style = { quote: false, hex: false, escape: false, dash: use.dash };
  for (const token of parsed.tokens) {
    if (token.kind === "text") {
      steps.push(textStep(token.text));
      parted = true;
      continue;
    }
    if (token.kind === "blank") {
      steps.push(parted ? putBlank : putMergedBlank);
      parted = false;
      continue;
    }
    const style = applyFlags(defaults, token);
    if ("ok" in style) return style;
    if (token.kind === "expression") {
      const compiled = hooks.expression(token.text);
      if ("error" in compiled) return fail(token.at, compiled.error);
      // Unless it says so: it may ask for either address, and the sockets are closed by the time it is evaluated.
      for (const group of compiled.needs ?? (["client", "local"] as const)) needs[group] = true;
      constant = false;
      parted = true;
      steps.push(expressionStep(compiled, style, use.httpEncode));
      continue;
    }
    if (token.text === "o") {
      defaults = style;
      continue;
    }
    const variable = VARIABLE_BY_NAME.get(token.text);
    if (variable === undefined) return fail(token.at, unknownVariable(token.text));
    if (variable.make === null) {
      return fail(token.at, `Variable "%${variable.name}" needs ${variable.missing}, which is not supported yet`);
    }
    if (hooks.mode === "tcp" && variable.http) return fail(token.at, reservedForHttp(variable));
    if (variable.needs !== undefined) needs[variable.needs] = true;
    atEnd ||= variable.atEnd === true;
    usesUniqueId ||= variable.name === "ID";
    usesRecord = true;
    parted ||= !variable.joins;
    steps.push(variable.make(style, hooks));
  }
  const write = (record: SessionRecord, out: LineBuffer): void => {
    out.blankAt = out.at;
    for (let i = 0; i < steps.length; i++) steps[i]!(record, out);
  };
  const format: CompiledFormat = {
    needs,
    atEnd,
    usesUniqueId,
    usesRecord,
    constant: constant && !usesRecord ? written(steps, text.length) : null,
    write,
  };
  return { ok: true, format };
}

const reservedForHttp = (variable: Variable): string => `format variable '${variable.name}' is reserved for HTTP mode`;

/** For the project's own formats, which are right. */
export function compileOwnFormat(text: string, hooks: FormatHooks): CompiledFormat {
  const result = compileLogFormat(text, hooks);
  if (!result.ok) throw new Error(`${result.message} in "${text}"`);
  return result.format;
}

/** Most texts are a character between two variables. */
function textStep(text: string): Step {
  if (text.length !== 1) return (_, out) => putText(out, text);
  const byte = text.charCodeAt(0);
  return (_, out) => putByte(out, byte);
}

/** For steps that do not look at it. */
const NO_RECORD = newRecord();

/** What steps write that read nothing. */
function written(steps: readonly Step[], longest: number): string {
  const out = lineBuffer(longest);
  for (const step of steps) step(NO_RECORD, out);
  return out.bytes.toString("latin1", 0, out.at);
}

function putBlank(_: SessionRecord, out: LineBuffer): void {
  putByte(out, 0x20);
  out.blankAt = out.at;
}

function putMergedBlank(record: SessionRecord, out: LineBuffer): void {
  if (out.at !== out.blankAt) putBlank(record, out);
}

function expressionStep(compiled: CompiledExpression, style: Style, httpEncode: boolean): Step {
  if (httpEncode) return (record, out) => putHttpEncoded(out, compiled.evaluate(record), style);
  return (record, out) => putValue(out, compiled.evaluate(record), style);
}

/** Control characters but the tab may not stand in a header field (RFC 9110 §5.5). */
function putHttpEncoded(out: LineBuffer, value: string, style: Style): void {
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i);
    if (byte === 0x7f || (byte < 0x20 && byte !== 0x09)) {
      putByte(out, 0x25);
      putHex(out, byte, 2);
    } else putRaw(out, value[i]!, style.escape);
  }
}

function unknownVariable(name: string): string {
  const near = nearestVariable(name);
  const hint = near === null ? "" : `did you mean "%${near}"; `;
  return `Unknown variable "%${name}": ${hint}write "%%" for a percent sign`;
}

/** A variable of the same letters in another case, the longest that `name` begins with, or one a letter away. */
function nearestVariable(name: string): string | null {
  const lower = name.toLowerCase();
  const sameLetters = VARIABLES.find((row) => row.name.toLowerCase() === lower);
  if (sameLetters) return sameLetters.name;
  const begins = VARIABLES.filter((row) => row.name.length > 1 && name.startsWith(row.name));
  const longest = begins.sort((a, b) => b.name.length - a.name.length)[0];
  if (longest) return longest.name;
  return VARIABLES.find((row) => row.name.length > 1 && oneLetterApart(row.name, name))?.name ?? null;
}

function oneLetterApart(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let different = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) different++;
  return different === 1;
}
