/**
 * Goes over the lines of one file: cuts them into words, decides .if blocks, reports .notice and its like, and hands
 * the rest on, line by line, because a `setenv` in one line changes what the next one says (configuration.txt 2.3, 2.4).
 */
import { alert, diag, type Diagnostics, didYouMean, notice, quote, warning } from "../diagnostics.ts";
import type { Place } from "../place.ts";
import { type ConditionContext, evaluateCondition } from "./conditions.ts";
import type { Environment } from "./environment.ts";
import { lexLine, type LineContext } from "./lexer.ts";
import type { ConfigLine, Word } from "./words.ts";

export interface PreprocessContext {
  /** Read at each line; `each` may change it. */
  environment: Environment;
  condition: Omit<ConditionContext, "environment">;
  /** First words that begin a section, for the pseudo-variable .SECTION. */
  sections: ReadonlySet<string>;
  diagnostics: Diagnostics;
}

/** As in haproxy: more is a mistake, not a configuration. */
const MAX_NESTING = 100;

interface Block {
  /** Where its .if stands. */
  opened: { place: Place; length: number; line: string };
  /** Lines are read: this branch is taken and so are the ones around it. */
  active: boolean;
  /** No later branch may be taken. */
  decided: boolean;
  elseSeen: boolean;
}

interface State {
  context: PreprocessContext;
  blocks: Block[];
  section: string;
}

/** All problems go to the diagnostics; a line that has one is not handed on. */
export function readLines(
  file: { path: string; text: string },
  context: PreprocessContext,
  each: (line: ConfigLine) => void,
): void {
  const state: State = { context, blocks: [], section: "" };
  let number = 0;
  for (let from = 0; from < file.text.length;) {
    number++;
    const end = file.text.indexOf("\n", from);
    const line = file.text.slice(from, end < 0 ? undefined : end).replace(/\r$/, "");
    if (end < 0) {
      const place = { file: file.path, line: number, column: line.length + 1 };
      const message = "Missing end of line on the last line: the file may have been cut off";
      alert(context.diagnostics, { place, length: 0, line }, message);
      break;
    }
    readLine(state, file.path, number, line, each);
    from = end + 1;
  }
  for (const block of state.blocks) {
    alert(context.diagnostics, block.opened, 'Missing ".endif" for this ".if" before the end of the file');
  }
}

/** What decides blocks, as the first word of a raw line. */
const CONDITIONAL = /^[ \t\v\f]*(\.(?:if|elif|else|endif))(?=[ \t\v\f\r#]|$)/;

function readLine(state: State, file: string, number: number, line: string, each: (line: ConfigLine) => void): void {
  const { context } = state;
  const block = state.blocks.at(-1);
  const skipping = block?.active === false;
  const conditional = CONDITIONAL.exec(line);
  if (skipping && conditional === null) return;
  // A condition that will not be evaluated is not expanded either.
  const idle = conditional?.[1] === ".if" ? skipping : conditional?.[1] === ".elif" && block?.decided === true;
  const at: LineContext = {
    file,
    line: number,
    environment: context.environment,
    section: state.section,
    comments: true,
  };
  const lexed = lexLine(idle && conditional !== null ? conditional[0] : line, at);
  if (lexed.error !== null) {
    const { column, length, message, hint } = lexed.error;
    const where = { place: { file, line: number, column }, length, line };
    alert(context.diagnostics, where, message, hint);
    if (conditional !== null) recover(state, conditional[1] ?? "", where);
    return;
  }
  const words = idle ? lexed.words.map((word) => ({ ...word, line })) : lexed.words;
  const first = words[0];
  if (first === undefined || words.every((word) => word.text === "")) return;

  const directive = Object.hasOwn(DIRECTIVES, first.text) ? DIRECTIVES[first.text] : undefined;
  if (directive !== undefined) return directive(state, words);
  if (first.text.startsWith(".")) {
    const message = `Unknown directive ${quote(first.text)}: expected one like ".if" or ".notice"`;
    return alert(context.diagnostics, first, message, didYouMean(first.text, Object.keys(DIRECTIVES)));
  }
  const last = words.findLastIndex((word) => word.text !== "");
  const empty = words.findIndex((word, k) => word.text === "" && k < last);
  if (empty >= 0) {
    // An empty argument ends the list: what stands behind it would be ignored.
    const message = `Empty word ${empty + 1}: the words behind it would be ignored`;
    const hint = 'Remove it; for a variable that may be empty write "${NAME[*]}"';
    return alert(context.diagnostics, words[empty] as Word, message, hint);
  }
  if (context.sections.has(first.text)) state.section = words[1]?.text || first.text;
  each({ words, place: first.place, line });
}

/** After a mistake in the line itself: keeps the nesting, so that one mistake does not bring others after it. */
function recover(state: State, directive: string, at: Block["opened"]): void {
  const block = state.blocks.at(-1);
  if (directive === ".if") state.blocks.push({ opened: at, active: false, decided: true, elseSeen: false });
  else if (directive === ".endif") state.blocks.pop();
  else if (block !== undefined) Object.assign(block, { active: false, decided: true });
}

type Directive = (state: State, words: Word[]) => void;

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  ".if": openBlock,
  ".elif": elseIf,
  ".else": elseBranch,
  ".endif": closeBlock,
  ".alert": announce(alert),
  ".warning": announce(warning),
  ".notice": announce(notice),
  ".diag": announce(diag),
};

function openBlock(state: State, words: Word[]): void {
  const first = words[0] as Word;
  const around = state.blocks.at(-1)?.active ?? true;
  if (state.blocks.length === MAX_NESTING) {
    alert(state.context.diagnostics, first, `Cannot nest more than ${MAX_NESTING} ".if" blocks`);
  }
  // Kept beyond the limit as well, so that each .endif still finds its own.
  const block: Block = { opened: first, active: false, decided: true, elseSeen: false };
  if (around && state.blocks.length < MAX_NESTING) decide(state, block, words);
  state.blocks.push(block);
}

function elseIf(state: State, words: Word[]): void {
  const block = branch(state, words);
  if (block === null) return;
  block.active = false;
  if (!block.decided) decide(state, block, words);
}

function elseBranch(state: State, words: Word[]): void {
  if (!isAlone(state, words)) return;
  const block = branch(state, words);
  if (block === null) return;
  block.active = !block.decided;
  block.decided = true;
  block.elseSeen = true;
}

function closeBlock(state: State, words: Word[]): void {
  if (state.blocks.length === 0) {
    alert(state.context.diagnostics, words[0] as Word, 'Unexpected ".endif": no ".if" is open');
    return;
  }
  // Closed in spite of words behind it: one mistake must not bring others after it.
  isAlone(state, words);
  state.blocks.pop();
}

/** The open block, if .elif or .else may stand here. */
function branch(state: State, words: Word[]): Block | null {
  const first = words[0] as Word;
  const block = state.blocks.at(-1);
  if (block === undefined) {
    alert(state.context.diagnostics, first, `Unexpected ${quote(first.text)}: no ".if" is open`);
    return null;
  }
  if (block.elseSeen) {
    const message = `Unexpected ${quote(first.text)} after ".else": expected ".endif"`;
    alert(state.context.diagnostics, first, message);
    return null;
  }
  return block;
}

function isAlone(state: State, words: Word[]): boolean {
  const extra = words[1];
  if (extra === undefined) return true;
  const message = `Unexpected ${quote(extra.text)}: ${quote((words[0] as Word).text)} stands alone`;
  alert(state.context.diagnostics, extra, message);
  return false;
}

/** A condition that cannot be read takes no branch at all: what it guards is unknown. */
function decide(state: State, block: Block, words: Word[]): void {
  const args = words.slice(1);
  const text = args.map((word) => word.text).join(" ");
  const result = evaluateCondition(text, { ...state.context.condition, environment: state.context.environment });
  if ("error" in result) {
    block.decided = true;
    alert(state.context.diagnostics, locate(words, args, result.column - 1), result.error, result.hint);
    return;
  }
  block.active = result.value;
  block.decided = result.value;
}

/** Where a character of the joined arguments stands in the source: exact in words that are written as they read. */
function locate(words: Word[], args: Word[], offset: number): { place: Place; length: number; line: string } {
  let from = 0;
  for (const word of args) {
    const inside = offset - from;
    if (inside <= word.text.length) {
      if (word.length !== word.text.length) return word;
      const column = word.place.column + inside;
      return { place: { ...word.place, column }, length: Math.max(word.length - inside, 0), line: word.line };
    }
    from += word.text.length + 1;
  }
  return words.at(-1) as Word;
}

function announce(report: typeof notice): Directive {
  return (state, words) => {
    const [first, text, extra] = words;
    if (first === undefined) return;
    if (extra !== undefined) {
      const message = `Unexpected ${quote(extra.text)} after the text of ${quote(first.text)}`;
      alert(state.context.diagnostics, extra, message, "Put a text that has blanks in quotes");
      return;
    }
    report(state.context.diagnostics, text ?? first, text?.text ?? "");
  };
}
