/**
 * Conditions, `if`/`unless` over ACLs (configuration.txt 7.2), compiled into one test of a session.
 */
import { didYouMean, quote } from "../../config/diagnostics.ts";
import type { Acl, Condition } from "../../config/haproxy/model.ts";
import { type AclTest, compileAcl } from "./acl.ts";
import { isAvailable } from "./expression.ts";
import type { Need, Problem, Scope, Setting } from "./types.ts";

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

/** One of the proxy's own; the configuration's reader puts the predefined ones among them that it meets. */
function findAcl(name: string, acls: CompiledAcls): NamedTest | string {
  const hint = acls.has(name) ? null : didYouMean(name, acls.keys());
  return acls.get(name) ?? `Unknown ACL ${quote(name)}${hint === null ? "" : `. ${hint}`}`;
}

export type CompiledCondition = { ok: true; test: AclTest; warnings: string[] } | { ok: false; message: string };

/** The scope in `setting` is where the rule stands: an ACL that can say nothing there is warned about, as haproxy does. */
export function compileCondition(condition: Condition, acls: CompiledAcls, setting: Setting): CompiledCondition {
  const warnings: string[] = [];
  const terms: AclTest[] = [];
  for (const term of condition.terms) {
    const tests: AclTest[] = [];
    for (const { acl, negated } of term) {
      const found = findAcl(acl, acls);
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
