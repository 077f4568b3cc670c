/**
 * Header fields changed by rules: set, added, deleted by pattern, rewritten by regex. Content-Length and Transfer-Encoding
 * stay as they are (http1/edit.ts).
 */
import { LOWER } from "../http1/characters.ts";
import {
  addField,
  deleteEntry,
  deleteField,
  type FieldName,
  fieldName,
  fieldValue,
  findField,
  replaceValue,
} from "../http1/edit.ts";
import { ENTRY, FIELD, type Head, NAME_AT, NAME_END, STRIDE } from "../http1/head.ts";
import type { SampleContext } from "../samples/context.ts";
import { toRegExp } from "../../config/regex.ts";
import type { ActionOf, Place } from "./actions.ts";
import type { RuleKind } from "./site.ts";
import { compileText, type RuleText } from "./text.ts";
import { setAuthority } from "./uri.ts";
import { compileRewrite, rewriteList } from "./values.ts";

type Edit = (context: SampleContext, head: Head) => boolean;

export function setTo(name: FieldName, text: RuleText, kind: RuleKind): Edit {
  const special = afterwards(name, kind);
  if (special !== null) {
    return (context, head) => {
      const value = text.string(context);
      deleteField(head, name);
      return addField(head, name, value) && special(context, head, value);
    };
  }
  // The text may ask for what the field has been until now.
  if (text.constant === null) {
    return (context, head) => {
      const { count } = head;
      if (!text.add(context, head, name)) return false;
      for (let i = findField(head, name, 0); i >= 0 && i < count; i = findField(head, name, i + 1)) {
        deleteEntry(head, i);
      }
      return true;
    };
  }
  return (context, head) => {
    deleteField(head, name);
    return text.add(context, head, name);
  };
}

export function addTo(name: FieldName, text: RuleText, kind: RuleKind): Edit {
  const special = afterwards(name, kind);
  if (special === null) return (context, head) => text.add(context, head, name);
  return (context, head) => {
    const value = text.string(context);
    return addField(head, name, value) && special(context, head, value);
  };
}

type Afterwards = (context: SampleContext, head: Head, value: string) => boolean;

/** Fields that mean something to the proxy itself: what is to happen when a rule has written one. */
function afterwards({ id }: FieldName, kind: RuleKind): Afterwards | null {
  if (id === FIELD.host && kind === "request") return (_, head, value) => setAuthority(head, value);
  return id === FIELD.connection && kind === "response" ? settleConnection : null;
}

const CONNECTION = fieldName("connection");
/** Options that the proxy writes itself. */
const OWN_OPTIONS = ["close", "keep-alive"];

/** `close` in an answer ends the connection to the client; that it does is said where all is known. */
function settleConnection(context: SampleContext, head: Head): boolean {
  for (let i = findField(head, CONNECTION, 0); i >= 0; i = findField(head, CONNECTION, i + 1)) {
    const value = fieldValue(head, i);
    if (saysClose(value) && context.exchange !== null) context.exchange.keepClient = false;
    const options = value.split(",").map((option) => option.trim());
    const others = options.filter((option) => option !== "" && !OWN_OPTIONS.includes(option.toLowerCase()));
    if (others.length === 0) deleteEntry(head, i);
    else if (others.length < options.length && !replaceValue(head, i, others.join(", "))) return false;
  }
  return true;
}

/** Is it among the options of a Connection field? */
export const saysClose = (value: string): boolean => /(^|,)[ \t]*close[ \t]*(,|$)/i.test(value);

type NameTest = (bytes: Uint8Array, at: number, end: number) => boolean;

/** `del-header -m`: names are compared in lower case, by a regex too. */
export function deleteMatching(pattern: string, match: "beg" | "end" | "sub" | "reg") {
  const test = match === "reg" ? byRegex(pattern) : byPart(Buffer.from(pattern.toLowerCase(), "latin1"), match);
  return (_: SampleContext, head: Head): null => {
    const { entries, states, count } = head;
    for (let i = 0; i < count; i++) {
      if (states[i] === ENTRY.deleted) continue;
      if (test(head.bytes, entries[i * STRIDE + NAME_AT]!, entries[i * STRIDE + NAME_END]!)) deleteEntry(head, i);
    }
    return null;
  };
}

function byRegex(pattern: string): NameTest {
  const regex = regexOf(pattern);
  return (bytes, at, end) => regex.test((bytes as Buffer).toString("latin1", at, end).toLowerCase());
}

function byPart(part: Uint8Array, match: "beg" | "end" | "sub"): NameTest {
  const { length } = part;
  const standsAt = (bytes: Uint8Array, at: number): boolean => {
    for (let i = 0; i < length; i++) if (LOWER[bytes[at + i]!] !== part[i]) return false;
    return true;
  };
  if (match === "beg") return (bytes, at, end) => end - at >= length && standsAt(bytes, at);
  if (match === "end") return (bytes, at, end) => end - at >= length && standsAt(bytes, end - length);
  return (bytes, at, end) => {
    for (let from = at; from + length <= end; from++) if (standsAt(bytes, from)) return true;
    return false;
  };
}

/** @param list each value of a comma-separated list on its own */
export function rewriteFields(
  { name, regex, format }: ActionOf<"replace-header">,
  list: boolean,
  { site, scope, kind }: Place,
): Edit {
  const field = fieldName(name.toLowerCase());
  const rewrite = compileRewrite(regexOf(regex), compileText(format, site, scope));
  const special = afterwards(field, kind);
  return (context, head) => {
    for (let i = findField(head, field, 0); i >= 0; i = findField(head, field, i + 1)) {
      const value = fieldValue(head, i);
      const made = list ? rewriteList(value, rewrite, context) : rewrite(value, context);
      if (made === null) continue;
      if (!replaceValue(head, i, made)) return false;
      if (special !== null && !special(context, head, made)) return false;
    }
    return true;
  };
}

function regexOf(text: string): RegExp {
  const regex = toRegExp(text, false);
  if (typeof regex === "string") throw new Error(regex);
  return regex;
}
