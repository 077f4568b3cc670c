/**
 * Texts of rules: log-format strings for a message (configuration.txt 8.2.4), compiled into what costs least. One that never
 * changes is bytes made at load; one expression or %ci alone goes without a record and without a format's steps.
 */
import { compileLogFormat, type FormatHooks, MESSAGE, parseLogFormat } from "../../logs/format.ts";
import { type LineBuffer, lineBuffer, putText } from "../../logs/line_buffer.ts";
import { newRecord } from "../../logs/record.ts";
import { addField, addFieldBytes, type FieldName } from "../http1/edit.ts";
import type { Head } from "../http1/head.ts";
import { formatAddress } from "../samples/address.ts";
import type { SampleContext } from "../samples/context.ts";
import { asString, compileExpression } from "../samples/expression.ts";
import type { Scope } from "../samples/types.ts";
import { type RuleSite, settingFor } from "./site.ts";

export interface RuleText {
  /** All that it ever is; null: it depends. */
  constant: string | null;
  /** Its present value, a byte string. */
  string(context: SampleContext): string;
  /** Writes it behind what `out` holds; what does not fit is cut off. */
  put(context: SampleContext, out: LineBuffer): void;
  /** Adds it as a field of a message; false: there is no room. */
  add(context: SampleContext, head: Head, name: FieldName): boolean;
}

type Evaluate = (context: SampleContext) => string;

/** For formats that read none. */
const NO_RECORD = newRecord();

/** One rule runs at a time. */
let scratch: LineBuffer = lineBuffer(0);

export function compileText(text: string, site: RuleSite, scope: Scope): RuleText {
  if (scratch.bytes.length < site.bufsize) scratch = lineBuffer(site.bufsize);
  // Expressions see the context that the text is being written for.
  let current: SampleContext | null = null;
  const hooks: FormatHooks = {
    ...site.format,
    mode: site.mode,
    expression(source) {
      const value = expression(source, site, scope);
      return typeof value === "string" ? { error: value } : { evaluate: () => value(current!), needs: [] };
    },
  };
  const compiled = compileLogFormat(text, hooks, MESSAGE);
  if (!compiled.ok) throw new Error(`Cannot use "${text}": ${compiled.message}`);
  const { format } = compiled;
  if (format.constant !== null) return constantText(format.constant);
  const alone = single(text, site, scope);
  if (alone !== null) return singleText(alone);

  function put(context: SampleContext, out: LineBuffer): void {
    const record = format.usesRecord ? site.fillRecord(context, format.needs) : NO_RECORD;
    current = context;
    format.write(record, out);
  }
  const write = (context: SampleContext): LineBuffer => {
    scratch.at = 0;
    put(context, scratch);
    return scratch;
  };
  return {
    constant: null,
    put,
    string(context) {
      const { bytes, at } = write(context);
      return bytes.toString("latin1", 0, at);
    },
    add(context, head, name) {
      const { bytes, at } = write(context);
      return at < bytes.length && addFieldBytes(head, name, bytes, 0, at);
    },
  };
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

const singleText = (value: Evaluate): RuleText => ({
  constant: null,
  string: value,
  put: (context, out) => putText(out, value(context)),
  add: (context, head, name) => addField(head, name, value(context)),
});

/** Texts that are but one thing. */
function single(text: string, site: RuleSite, scope: Scope): Evaluate | null {
  const parsed = parseLogFormat(text, false);
  const [token, second] = parsed.ok ? parsed.tokens : [];
  if (token === undefined || second !== undefined || token.kind === "text" || token.kind === "blank") return null;
  if (token.flags !== "") return null;
  if (token.kind === "variable") return token.text === "ci" ? clientAddress : null;
  const value = expression(token.text, site, scope);
  return typeof value === "string" ? null : (context) => encode(value(context));
}

/** What is wrong with the expression, or what gives its value; "": it has none. */
function expression(text: string, site: RuleSite, scope: Scope): Evaluate | string {
  const compiled = compileExpression(text, "any", settingFor(site, scope));
  if (!compiled.ok) return compiled.message;
  const value = asString(compiled, "str");
  return (context) => value(context) ?? "";
}

const UNFIT = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Control characters but the tab may not stand in a header field (RFC 9110 §5.5); in a body haproxy writes them so too. */
function encode(text: string): string {
  if (!UNFIT.test(text)) return text;
  return text.replace(
    /[\x00-\x08\x0a-\x1f\x7f]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function clientAddress(context: SampleContext): string {
  const address = context.clientAddress();
  return address === null ? "unix" : formatAddress(address);
}
