/**
 * From the text of configuration files to the typed model: opens sections, hands each line to its table, then has the
 * whole checked. Pure: names are resolved afterwards (resolve.ts), files are read before (../files.ts).
 */
import {
  alert,
  type Diagnostics,
  didYouMean,
  hasErrors,
  nearest,
  newDiagnostics,
  notice,
  sortByPlace,
} from "../diagnostics.ts";
import { newGlobal, newProxyDraft } from "./blank.ts";
import { checkAll } from "./check.ts";
import type { ConditionContext } from "./conditions.ts";
import {
  type Accounts,
  type Checks,
  hasSide,
  type Limits,
  type Load,
  type Overrides,
  type PendingName,
  type ProxyDraft,
  title,
} from "./draft.ts";
import { type Environment, publishCliAddresses } from "./environment.ts";
import { inherit, mayTakeRules } from "./inheritance.ts";
import { countArguments, findRow, ignored, knowsWord, type ProxyRow } from "./keywords.ts";
import { SECTION_NAMES } from "./language.ts";
import { listFurtherLines, notYet } from "./later.ts";
import type { Bind, Model, ProxyKind } from "./model.ts";
import { readLines } from "./preprocess.ts";
import { globalTable } from "./sections/global.ts";
import { inside } from "./sections/arguments.ts";
import { proxyTable } from "./sections/proxy.ts";
import type { ConfigLine, Word } from "./words.ts";

export type { Accounts, Checks, Complaint, Limits, Overrides } from "./draft.ts";

export interface LoadContext {
  /** Changed by setenv and its kin. */
  environment: Environment;
  condition: Omit<ConditionContext, "environment">;
  checks: Checks;
  accounts: Accounts;
  limits: Limits;
  overrides: Overrides;
}

export interface Loaded {
  /** null: a problem is fatal. */
  model: Model | null;
  diagnostics: Diagnostics;
  /** Host names in the model that await resolveNames(). */
  names: PendingName[];
}

/** Nothing given on the command line. */
export const NO_OVERRIDES: Overrides = {
  maxconn: 0,
  frontendMaxconn: 0,
  pidfile: null,
  daemon: false,
  masterWorker: false,
  quiet: false,
  zeroWarning: false,
  foreground: false,
};

/** All problems of all files in one run; no model as soon as one of them is fatal. Text is a byte string. */
export function loadConfig(
  files: readonly { path: string; text: string }[],
  context: LoadContext,
): Loaded {
  const load: Load = {
    diagnostics: newDiagnostics(),
    checks: context.checks,
    limits: context.limits,
    overrides: context.overrides,
    environment: context.environment,
    accounts: context.accounts,
    directory: () => "",
    global: { global: newGlobal(context.overrides), seen: new Map() },
    defaults: [],
    proxies: [],
    names: [],
    threadSets: [],
    unformatted: [],
    later: new Map(),
    lostNames: new Set(),
  };
  const names: Names = { frontends: new Map(), backends: new Map() };
  for (const file of files) {
    let reader: Reader = outOfSection;
    const preprocess = {
      environment: context.environment,
      condition: context.condition,
      sections: ALL_SECTIONS,
      diagnostics: load.diagnostics,
    };
    readLines(file, preprocess, (written) => {
      const line = withoutEmptyEnd(written);
      const first = line.words[0];
      if (first === undefined) return;
      const open = SECTIONS.get(first.text) ?? (looksLikeSection(line) ? openMistyped : undefined);
      if (open === undefined) reader(line, load);
      else reader = open(line, load, names);
    });
  }
  checkAll(load);
  const { diagnostics } = load;
  listFurtherLines(load);
  sortByPlace(diagnostics, files.map((file) => file.path));
  if (hasErrors(diagnostics)) return { model: null, diagnostics, names: [] };
  const { global } = load.global;
  const environment = new Map(context.environment);
  publishCliAddresses(environment, global.statsSockets.map(addressText), []);
  const proxies = load.proxies.map((draft) => draft.proxy);
  const model = { global, proxies, environment: Object.fromEntries(environment) };
  return { model, diagnostics, names: load.names };
}

/** With its family, as $HAPROXY_CLI names it. */
function addressText({ address }: Bind): string {
  switch (address.kind) {
    case "ip":
      return address.family === 4 ? `ipv4@${address.host}:${address.port}` : `ipv6@[${address.host}]:${address.port}`;
    case "unix":
      return `unix@${address.path}`;
    case "abstract":
      return `abns@${address.name}`;
    case "fd":
      return `fd@${address.fd}`;
  }
}

/** What reads the lines of the section that is open. */
type Reader = (line: ConfigLine, load: Load) => void;
type Opener = (line: ConfigLine, load: Load, names: Names) => Reader;

/** Proxies by name and side, the first of each name. */
interface Names {
  frontends: Map<string, ProxyDraft>;
  backends: Map<string, ProxyDraft>;
}

const SECTIONS: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ...SECTION_NAMES.map((name) => [name, openUnsupported] as const),
  ["global", openGlobal],
  ["defaults", openDefaults],
  ["frontend", openProxy("frontend")],
  ["backend", openProxy("backend")],
  ["listen", openProxy("listen")],
]);
const BUILT_SECTIONS = ["global", "defaults", "frontend", "backend", "listen"];
const ALL_SECTIONS: ReadonlySet<string> = new Set(SECTIONS.keys());

/** An empty last argument, such as an unset variable, is no argument. */
function withoutEmptyEnd(line: ConfigLine): ConfigLine {
  if (line.words.at(-1)?.text !== "") return line;
  return { ...line, words: line.words.slice(0, line.words.findLastIndex((word) => word.text !== "") + 1) };
}

function outOfSection(line: ConfigLine, load: Load): void {
  const word = line.words[0];
  if (word === undefined) return;
  alert(load.diagnostics, word, `unknown keyword '${word.text}' out of section`, didYouMean(word.text, BUILT_SECTIONS));
}

function skip(): void {}

/** A word at the start of a line, where sections stand, that is almost the name of one and no keyword. */
function looksLikeSection({ words: [word] }: ConfigLine): boolean {
  return word !== undefined && word.place.column === 1 && !isKeyword(word.text) &&
    nearest(word.text, SECTIONS.keys()) !== null;
}

const isKeyword = (name: string): boolean =>
  [globalTable, proxyTable].some((table) => knowsWord(table, name)) || name === "no" || name === "default";

/** Its lines are left unread: in the section before it they would all be called mistakes. */
function openMistyped(line: ConfigLine, load: Load): Reader {
  const [word, name] = line.words;
  if (word !== undefined) {
    alert(load.diagnostics, word, `unknown section '${word.text}'`, didYouMean(word.text, SECTIONS.keys()));
  }
  if (name !== undefined) load.lostNames.add(name.text);
  return skip;
}

function openUnsupported(line: ConfigLine, load: Load): Reader {
  const word = line.words[0];
  if (word !== undefined) notYet(load, word, `section ${word.text}`, `"${word.text}" section is not supported yet`);
  return skip;
}

function openGlobal(line: ConfigLine, load: Load): Reader {
  const extra = line.words[1];
  if (extra !== undefined) alert(load.diagnostics, extra, `'global' cannot handle unexpected argument '${extra.text}'`);
  return readGlobal;
}

function readGlobal(line: ConfigLine, load: Load): void {
  const found = findRow(globalTable, line, "global", load);
  if (found === null) return;
  const { row, name, keyword, args, prefix } = found;
  if (!countArguments(row, name, keyword, args, load)) return;
  row.parse(args, { load, target: load.global, line, name, keyword, prefix });
}

/** "defaults [<name>] [from <defaults>]" */
function openDefaults(line: ConfigLine, load: Load): Reader {
  const [section, second] = line.words;
  if (section === undefined) return skip;
  const named = second !== undefined && !(second.text === "from" && line.words.length <= 3);
  const at = named ? second : section;
  if (named) checkName(at, "defaults", load);
  const from = readFrom(line, named ? 2 : 1, `defaults '${named ? at.text : ""}'`, load);
  const draft = open("defaults", line, at, from, load);
  draft.proxy.name = named ? at.text : "";
  load.defaults.push(draft);
  return (next) => readProxyLine(draft, next, load);
}

function openProxy(kind: ProxyKind): Opener {
  return (line, load, names) => {
    const [section, name] = line.words;
    const d = load.diagnostics;
    if (section === undefined) return skip;
    if (name === undefined) {
      alert(d, section, `'${kind}' expects an <id> argument`);
      return skip;
    }
    checkName(name, kind, load);
    // One that names a section it does not find takes the last one too: timeouts it lacks are then no second mistake.
    const explicit = line.words.length > 2;
    const from = readFrom(line, 2, `${kind} '${name.text}'`, load) ?? implicitDefaults(name, explicit, load);
    const draft = open(kind, line, name, from, load);
    draft.proxy.name = name.text;
    declare(draft, names, load);
    load.proxies.push(draft);
    return (next) => readProxyLine(draft, next, load);
  };
}

function open(
  section: ProxyDraft["section"],
  line: ConfigLine,
  at: Word,
  from: ProxyDraft | null,
  load: Load,
): ProxyDraft {
  if (from === null || !mayTakeRules(section, line, from, load)) return newProxyDraft(section, line, at);
  return inherit(section, line, at, from);
}

function checkName(name: Word, section: string, load: Load): void {
  const wrong = /[^A-Za-z0-9_.:-]/.exec(name.text);
  if (wrong === null) return;
  alert(
    load.diagnostics,
    inside(name, wrong.index, 1),
    `character '${wrong[0]}' is not permitted in '${section}' name '${name.text}'`,
  );
}

/** The `defaults` named behind "from"; null: none named, or none there is. */
function readFrom(line: ConfigLine, index: number, who: string, load: Load): ProxyDraft | null {
  const d = load.diagnostics;
  const word = line.words[index];
  if (word === undefined) return null;
  const section = line.words[0]?.text ?? "";
  if (word.text !== "from") {
    const message = section === "defaults"
      ? `'defaults' cannot handle unexpected argument '${word.text}'`
      : "please use the 'bind' keyword for listening addresses";
    alert(d, word, message);
    return null;
  }
  const name = line.words[index + 1];
  const extra = line.words[index + 2];
  if (name === undefined) {
    alert(d, word, `'from' expects the name of a 'defaults' section behind it`);
    return null;
  }
  if (extra !== undefined) alert(d, extra, `'${section}' cannot handle unexpected argument '${extra.text}'`);
  const candidates = load.defaults.filter((draft) => draft.proxy.name === name.text);
  const [first, second] = candidates;
  if (first === undefined) {
    const known = load.defaults.map((draft) => draft.proxy.name).filter((one) => one !== "");
    alert(d, name, `defaults section '${name.text}' not found for ${who}`, didYouMean(name.text, known));
    return null;
  }
  if (second !== undefined) {
    alert(
      d,
      name,
      `ambiguous defaults section name '${name.text}' referenced by ${who} exists at least at ${where(first)} and ${
        where(second)
      }`,
    );
  }
  if (section !== "defaults") {
    first.explicitUse = true;
    if (first.implicitUse) warnMixedUse(name, first, load);
  }
  return first;
}

/** A proxy that names none takes the last one. */
function implicitDefaults(name: Word, mistaken: boolean, load: Load): ProxyDraft | null {
  const last = load.defaults.at(-1);
  if (last === undefined || mistaken) return last ?? null;
  if (last.explicitUse) warnMixedUse(name, last, load);
  last.implicitUse = true;
  return last;
}

function warnMixedUse(at: Word, draft: ProxyDraft, load: Load): void {
  notice(
    load.diagnostics,
    at,
    `defaults section '${draft.proxy.name}' (declared at ${
      where(draft)
    }) is explicitly referenced by another proxy and implicitly used here. ` +
      "To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly used or always use explicit references.",
  );
}

/** A frontend and a backend may share a name; two proxies with the same side may not. */
function declare(draft: ProxyDraft, names: Names, load: Load): void {
  const name = draft.proxy.name;
  const taken = draft.section === "backend" ? names.backends.get(name) : names.frontends.get(name);
  if (taken !== undefined) {
    alert(
      load.diagnostics,
      draft.at,
      `${title(draft)} has the same name as ${title(taken)} declared at ${where(taken)}.`,
    );
  }
  if (hasSide(draft, "frontend") && !names.frontends.has(name)) names.frontends.set(name, draft);
  if (hasSide(draft, "backend") && !names.backends.has(name)) names.backends.set(name, draft);
}

function where(draft: ProxyDraft): string {
  return `${draft.head.place.file}:${draft.head.place.line}`;
}

/** Would the keyword do something in this section? */
function fits(row: ProxyRow, draft: ProxyDraft): boolean {
  if (draft.section === "defaults") {
    return row.defaults === "yes" || (row.defaults === "named" && draft.proxy.name !== "");
  }
  return row.side === "any" || hasSide(draft, row.side);
}

function readProxyLine(draft: ProxyDraft, line: ConfigLine, load: Load): void {
  const { section } = draft;
  const found = findRow(proxyTable, line, section, load, (row) => fits(row, draft));
  if (found === null) return;
  const { row, name, keyword, args, prefix } = found;
  const d = load.diagnostics;
  if (section === "defaults" && row.defaults !== "yes" && (row.defaults === "no" || draft.proxy.name === "")) {
    const which = row.defaults === "no" ? "'defaults' section" : "anonymous 'defaults' section";
    return alert(d, keyword, `'${name}' not allowed in ${which}.`);
  }
  const call = { load, target: draft, line, name, keyword, prefix };
  if (row.side !== "any" && !hasSide(draft, row.side)) {
    if (row.elsewhere === "refused") {
      return alert(d, keyword, `'${name}' not allowed because ${title(draft)} has no ${row.side} capability.`);
    }
    if (!countArguments(row, name, keyword, args, load)) return;
    ignored(call, row.side, row.instead);
    // Without effect, but a mistake in it is still one.
    const names = load.names.length;
    row.parse(args, { ...call, target: discarded(draft) });
    load.names.length = names;
    return;
  }
  if (countArguments(row, name, keyword, args, load)) row.parse(args, call);
}

/** Takes what a keyword says where it has no meaning. */
function discarded(draft: ProxyDraft): ProxyDraft {
  const copy = newProxyDraft("listen", draft.head, draft.at);
  copy.proxy.name = draft.proxy.name;
  copy.aclNames = new Set(draft.aclNames);
  return copy;
}
