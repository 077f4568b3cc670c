/**
 * Conditions, `if`/`unless` over ACLs (configuration.txt 7.2), compiled into one test of a session.
 */
import { didYouMean, quote } from "../../config/diagnostics.ts";
import type { Acl, Condition } from "../../config/haproxy/model.ts";
import type { Place } from "../../config/place.ts";
import { type AclTest, compileAcl, splitAclWords } from "./acl.ts";
import { isAvailable } from "./expression.ts";
import type { Need, Problem, Scope, Setting } from "./types.ts";

/** Names are free for the operator to take; his own then count (configuration.txt 7.4). null: needs what TCP mode has not. */
const PREDEFINED: ReadonlyMap<string, string | null> = new Map(Object.entries({
  FALSE: "always_false",
  HTTP: null,
  "HTTP_1.0": null,
  "HTTP_1.1": null,
  "HTTP_2.0": null,
  "HTTP_3.0": null,
  HTTP_CONTENT: null,
  HTTP_URL_ABS: null,
  HTTP_URL_SLASH: null,
  HTTP_URL_STAR: null,
  LOCALHOST: "src 127.0.0.1/8 ::1",
  METH_CONNECT: null,
  METH_DELETE: null,
  METH_GET: null,
  METH_HEAD: null,
  METH_OPTIONS: null,
  METH_POST: null,
  METH_PUT: null,
  METH_TRACE: null,
  RDP_COOKIE: null,
  REQ_CONTENT: null,
  TRUE: "always_true",
  WAIT_END: null,
}));

export const PREDEFINED_ACLS: readonly string[] = [...PREDEFINED.keys()];

interface NamedTest {
  test: AclTest;
  needs: Need[];
}

export type CompiledAcls = ReadonlyMap<string, NamedTest>;

export interface AclProblem extends Problem {
  acl: Acl;
  severity: "alert" | "warning";
}

/** All ACLs of one proxy. Those of one name are one: it holds when one of them does. */
export function compileAcls(
  acls: readonly Acl[],
  setting: Setting,
): { acls: CompiledAcls; problems: AclProblem[] } {
  const named = new Map<string, NamedTest>();
  const problems: AclProblem[] = [];
  for (const acl of acls) {
    const compiled = compileAcl(acl, setting);
    if (!compiled.ok) {
      const { message, offset } = compiled;
      problems.push({ acl, severity: "alert", message, offset: Math.max(offset, 0) });
      continue;
    }
    if (compiled.warning !== "") problems.push({ acl, severity: "warning", message: compiled.warning, offset: 0 });
    const before = named.get(acl.name);
    named.set(acl.name, {
      test: before === undefined ? compiled.test : either(before.test, compiled.test),
      needs: [...before?.needs ?? [], compiled.needs],
    });
  }
  return { acls: named, problems };
}

const either = (a: AclTest, b: AclTest): AclTest => (context) => a(context) || b(context);

const NOWHERE: Place = { file: "", line: 0, column: 0 };

/** One of the operator's own, else a predefined one; else what is wrong with the name. */
function findAcl(name: string, acls: CompiledAcls, setting: Setting): NamedTest | string {
  const own = acls.get(name);
  if (own !== undefined) return own;
  const text = PREDEFINED.get(name);
  if (text === null) return `The predefined ACL ${quote(name)} is not supported yet`;
  if (text === undefined) {
    const hint = didYouMean(name, [...acls.keys(), ...PREDEFINED_ACLS]);
    return `Unknown ACL ${quote(name)}${hint === null ? "" : `. ${hint}`}`;
  }
  const [criterion = "", ...words] = text.split(" ");
  const compiled = compileAcl({ name, criterion, ...splitAclWords(words), place: NOWHERE }, setting);
  return compiled.ok ? { test: compiled.test, needs: [compiled.needs] } : compiled.message;
}

export type CompiledCondition = { ok: true; test: AclTest; warnings: string[] } | { ok: false; message: string };

/** The scope in `setting` is where the rule stands: an ACL that can say nothing there is warned about, as haproxy does. */
export function compileCondition(condition: Condition, acls: CompiledAcls, setting: Setting): CompiledCondition {
  const warnings: string[] = [];
  const terms: AclTest[] = [];
  for (const term of condition.terms) {
    const tests: AclTest[] = [];
    for (const { acl, negated } of term) {
      const found = findAcl(acl, acls, setting);
      if (typeof found === "string") return { ok: false, message: found };
      if (!found.needs.some((need) => isAvailable(need, setting.scope))) {
        warnings.push(neverMatches(acl, setting.scope));
      }
      tests.push(negated ? not(found.test) : found.test);
    }
    terms.push(all(tests));
  }
  const test = any(terms);
  return { ok: true, test: condition.unless ? not(test) : test, warnings };
}

const neverMatches = (acl: string, scope: Scope) =>
  `ACL ${quote(acl)} never matches in ${quote(scope)}: what it asks for is not known there`;

const not = (test: AclTest): AclTest => (context) => !test(context);

/** Most terms have one or two ACLs: no loop for these. */
function all(tests: readonly AclTest[]): AclTest {
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (tests.length === 2) return (context) => first(context) && second(context);
  return (context) => {
    for (const test of tests) if (!test(context)) return false;
    return true;
  };
}

function any(tests: readonly AclTest[]): AclTest {
  const [first, second] = tests;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (tests.length === 2) return either(first, second);
  return (context) => {
    for (const test of tests) if (test(context)) return true;
    return false;
  };
}
