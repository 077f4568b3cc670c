/**
 * Texts of rules: log-format strings for a message (configuration.txt 8.2.4), compiled into what costs least. One that never
 * changes is bytes made at load; text, plain expressions and %ci are written without a record and without a string.
 */
import { compileLogFormat, type FormatHooks, MESSAGE, parseLogFormat, type Token } from "../../logs/format.ts";
import { type LineBuffer, lineBuffer, putByte, putInt, putText } from "../../logs/line_buffer.ts";
import { newRecord } from "../../logs/record.ts";
import { addFieldBytes, type FieldName } from "../http1/edit.ts";
import type { Head } from "../http1/head.ts";
import { formatAddress } from "../samples/address.ts";
import type { SampleContext } from "../samples/context.ts";
import { asString, compileExpression } from "../samples/expression.ts";
import { span } from "../samples/http/span.ts";
import type { Scope } from "../samples/types.ts";
import { putEncoded, putEncodedBytes } from "./encoding.ts";
import { type RuleSite, settingFor } from "./site.ts";

export interface RuleText {
  /** All that it ever is; null: it depends. */
  constant: string | null;
  /** Its present value, a byte string. */
  string(context: SampleContext): string;
  /** Writes it behind what `out` holds; what does not fit is cut off. */
  put: Part;
  /** Adds it as a field of a message; false: there is no room. */
  add(context: SampleContext, head: Head, name: FieldName): boolean;
}

type Part = (context: SampleContext, out: LineBuffer) => void;

/** For formats that read none. */
const NO_RECORD = newRecord();

/** One rule runs at a time. */
let scratch: LineBuffer = lineBuffer(0);

export function compileText(text: string, site: RuleSite, scope: Scope): RuleText {
  if (scratch.bytes.length < site.bufsize) scratch = lineBuffer(site.bufsize);
  const parsed = parseLogFormat(text, MESSAGE.mergeBlanks);
  if (!parsed.ok) throw new Error(`Cannot use "${text}": ${parsed.message}`);
  const { tokens } = parsed;
  const fixed = tokens.map((token) => token.kind === "text" ? token.text : null);
  if (fixed.every((part) => part !== null)) return constantText(fixed.join(""));
  const parts = tokens.map((token) => partOf(token, site, scope));
  return changingText(parts.every((part) => part !== null) ? inTurn(parts) : formatPart(text, site, scope));
}

function constantText(text: string): RuleText {
  const bytes = Buffer.from(text, "latin1");
  return {
    constant: text,
    string: () => text,
    put: (_, out) => putText(out, text),
    add: (_, head, name) => addFieldBytes(head, name, bytes, 0, bytes.length),
  };
}

function changingText(put: Part): RuleText {
  return {
    constant: null,
    put,
    string(context) {
      scratch.at = 0;
      put(context, scratch);
      return scratch.bytes.toString("latin1", 0, scratch.at);
    },
    add(context, head, name) {
      scratch.at = 0;
      put(context, scratch);
      const { bytes, at } = scratch;
      return at < bytes.length && addFieldBytes(head, name, bytes, 0, at);
    },
  };
}

function inTurn(parts: readonly Part[]): Part {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return (context, out) => {
    for (let i = 0; i < parts.length; i++) parts[i]!(context, out);
  };
}

/** What can be written without a format's record and flags; null: it cannot. */
function partOf(token: Token, site: RuleSite, scope: Scope): Part | null {
  switch (token.kind) {
    case "text":
      return (_, out) => putText(out, token.text);
    case "expression": {
      if (token.flags !== "") return null;
      const part = expressionPart(token.text, site, scope);
      return typeof part === "string" ? null : part;
    }
    case "variable":
      return token.flags === "" && token.text === "ci" ? putClientAddress : null;
    default:
      return null;
  }
}

/** Writes the value, or nothing where there is none; else what is wrong with the expression. */
function expressionPart(text: string, site: RuleSite, scope: Scope): Part | string {
  const compiled = compileExpression(text, "any", settingFor(site, scope));
  if (!compiled.ok) return compiled.message;
  const { spans, through, type } = compiled;
  if (spans !== null && through === null && type === "str") {
    return (context, out) => {
      if (spans.find(context)) putEncodedBytes(out, span.bytes, span.at, span.end);
    };
  }
  const value = asString(compiled, "str");
  return (context, out) => {
    const found = value(context);
    if (found !== undefined) putEncoded(out, found);
  };
}

function putClientAddress(context: SampleContext, out: LineBuffer): void {
  const address = context.clientAddress();
  if (address === null) return putText(out, "unix");
  if (address.length !== 4) return putText(out, formatAddress(address));
  for (let i = 0; i < 4; i++) {
    if (i > 0) putByte(out, 0x2e);
    putInt(out, address[i]!);
  }
}

/** Any format. */
function formatPart(text: string, site: RuleSite, scope: Scope): Part {
  // Expressions see the context that the text is being written for.
  let current: SampleContext | null = null;
  const hooks: FormatHooks = {
    ...site.format,
    mode: site.mode,
    expression(source) {
      const compiled = compileExpression(source, "any", settingFor(site, scope));
      if (!compiled.ok) return { error: compiled.message };
      const value = asString(compiled, "str");
      return { evaluate: () => value(current!) ?? "", needs: [] };
    },
  };
  const compiled = compileLogFormat(text, hooks, MESSAGE);
  if (!compiled.ok) throw new Error(`Cannot use "${text}": ${compiled.message}`);
  const { format } = compiled;
  return (context, out) => {
    const record = format.usesRecord ? site.fillRecord(context, format.needs) : NO_RECORD;
    current = context;
    format.write(record, out);
  };
}
