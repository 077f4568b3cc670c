/**
 * What rules are compiled with: where they stand, the ACLs of their proxy, and the ways to a log record and an error page.
 */
import type { Condition, Mode, ProxyKind } from "../../config/haproxy/model.ts";
import type { RecordNeeds, SessionRecord } from "../../logs/record.ts";
import type { FormatContext } from "../../logs/values.ts";
import type { AclTest } from "../samples/acl.ts";
import { compileCondition, type CompiledAcls } from "../samples/conditions.ts";
import type { SampleContext } from "../samples/context.ts";
import type { Scope, Setting } from "../samples/types.ts";
import type { ErrorReply } from "./error_pages.ts";

/** One proxy's rules. */
export interface RuleSite {
  proxy: ProxyKind;
  mode: Mode;
  /** The scope is set by the kind of rule. */
  setting: Omit<Setting, "scope">;
  acls: CompiledAcls;
  /** For variables such as %ID: the record of the present exchange, with at least what is needed. */
  fillRecord(context: SampleContext, needs: RecordNeeds): SessionRecord;
  format: FormatContext;
  /** What the present exchange's proxies answer with a status. */
  errorPage(context: SampleContext, status: number): ErrorReply;
  /** tune.bufsize: no text that a rule makes is longer. */
  bufsize: number;
}

export type RuleKind = "request" | "response";

/** Rules of a `listen` run when its backend is chosen: they may ask for it. */
export function scopeOf(kind: RuleKind, proxy: ProxyKind): Scope {
  if (kind === "response") return "http-response";
  return proxy === "frontend" ? "frontend http-request" : "backend http-request";
}

export const settingFor = (site: RuleSite, scope: Scope): Setting => ({ ...site.setting, scope });

/** null: no condition, so always. */
export function compileTest(condition: Condition | null, site: RuleSite, scope: Scope, rule: string): AclTest | null {
  if (condition === null) return null;
  const compiled = compileCondition(condition, site.acls, settingFor(site, scope));
  if (!compiled.ok) throw new Error(`Cannot use the condition of "${rule}": ${compiled.message}`);
  return compiled.test;
}
