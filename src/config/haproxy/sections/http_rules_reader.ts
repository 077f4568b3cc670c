/** What the readers of rules' arguments share: where they stand, how a mistake is said, names, formats and regexes. */
import type { Located } from "../../diagnostics.ts";
import type { Load, ProxyDraft, Standing } from "../draft.ts";
import { notYet } from "../later.ts";
import type { HttpAction } from "../model.ts";
import type { ConfigLine, Word } from "../words.ts";
import { inside } from "./arguments.ts";

export type RuleKind = "request" | "response";

/** What the reader of a rule's arguments works with. */
export interface RuleReader {
  load: Load;
  line: ConfigLine;
  draft: ProxyDraft;
  /** The action's word. */
  at: Word;
  kind: RuleKind;
  /** As messages name it: "'http-request deny'". */
  what: string;
  where: Standing;
  /** Reports a mistake; for "return fail(...)". Without a word it is one of the whole rule. */
  fail(word: Located | undefined, message: string, hint?: string | null): null;
}

/** The action, and the words behind its arguments. null: there is a mistake, which has been reported. */
export type ReadAction = (args: Word[], rule: RuleReader) => { action: HttpAction; rest: Word[] } | null;

/** Fields that say where a body ends: the proxy passes it on as it came. */
const FRAMING = ["content-length", "transfer-encoding"];

/** A field's name. Odd characters in it are the operator's own business, as with haproxy, but for the end of a line. */
export function readName(word: Word, rule: RuleReader): string | null {
  const name = word.text.toLowerCase();
  if (!FRAMING.includes(name)) return oneLine(word, rule);
  const message = `${rule.what} on ${name} is not supported yet: the proxy says where a message ends`;
  notYet(rule.load, word, `${rule.what} ${name}`, message);
  return null;
}

/** A text for a message's head, where the end of a line would begin another field. */
export function oneLine(word: Word, rule: RuleReader): string | null {
  if (!/[\0\r\n]/.test(word.text)) return word.text;
  return rule.fail(word, "the end of a line cannot stand in a message's head");
}

/** A format for a message's head. */
export function readFormat(word: Word, rule: RuleReader): string | null {
  return oneLine(word, rule) === null ? null : checkFormat(word, rule);
}

export function checkFormat(word: Word, rule: RuleReader): string | null {
  const complaint = rule.load.checks.logFormat(word.text, rule.where);
  return complaint === null ? word.text : rule.fail(inside(word, complaint.offset), complaint.message);
}

export function readRegex(word: Word, rule: RuleReader): string | null {
  const complaint = rule.load.checks.regex(word.text);
  return complaint === null ? word.text : rule.fail(word, complaint.message);
}

export function readExpression(word: Word, rule: RuleReader): string | null {
  const complaint = rule.load.checks.expression(word.text, rule.where);
  return complaint === null ? word.text : rule.fail(inside(word, complaint.offset), complaint.message);
}
