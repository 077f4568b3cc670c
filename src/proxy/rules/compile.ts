/**
 * The lists of rules of a proxy, compiled at load: `http-request`, `http-response`, `redirect`, `use-server`
 * (configuration.txt 4.2). What runs for a message is one loop over tests and acts.
 */
import type { HttpAction, HttpRule, RedirectRule, UseServer } from "../../config/haproxy/model.ts";
import type { Head } from "../http1/head.ts";
import type { AclTest } from "../samples/acl.ts";
import type { SampleContext } from "../samples/context.ts";
import { scopeIn } from "../samples/types.ts";
import { type Act, compileAction } from "./actions.ts";
import type { ErrorReply } from "./error_pages.ts";
import { compileRedirect } from "./redirect.ts";
import { compileTest, type RuleKind, type RuleSite, scopeOf } from "./site.ts";
import { compileText } from "./text.ts";

export type { RuleKind, RuleSite } from "./site.ts";

export interface HttpRules {
  /**
   * Runs the rules over a message, which they may change. null: it goes on (`allow` ends this list alone); else it is
   * answered so. The answer is to be sent before any rule runs again.
   */
  run(context: SampleContext, head: Head): ErrorReply | null;
}

interface Rule {
  test: AclTest | null;
  act: Act;
}

/** null: there are none. */
export function compileHttpRules(rules: readonly HttpRule[], kind: RuleKind, site: RuleSite): HttpRules | null {
  const scope = scopeOf(kind, site.proxy);
  return listOf(rules.map(({ action, condition }): Rule => {
    const name = `http-${kind} ${action.kind}`;
    return {
      test: compileTest(condition, site, scope, name),
      act: compileAction<HttpAction["kind"]>(action, { site, scope, kind }),
    };
  }));
}

/** null: there are none. */
export function compileRedirects(rules: readonly RedirectRule[], site: RuleSite): HttpRules | null {
  const scope = scopeOf("request", site.proxy);
  return listOf(rules.map(({ redirect, condition }): Rule => ({
    test: compileTest(condition, site, scope, "redirect"),
    act: compileRedirect(redirect, "LR", site, scope),
  })));
}

function listOf(rules: readonly Rule[]): HttpRules | null {
  if (rules.length === 0) return null;
  return {
    run(context, head) {
      for (let i = 0; i < rules.length; i++) {
        const { test, act } = rules[i]!;
        if (test !== null && !test(context)) continue;
        const outcome = act(context, head);
        if (outcome === null) continue;
        return outcome === "stop" ? null : outcome;
      }
      return null;
    },
  };
}

/**
 * Index of the server that the first rule that holds names; -1: none. One that is down is passed over, unless
 * `option persist` wants it all the same. null: there are no rules.
 */
export function compileUseServers(
  rules: readonly UseServer[],
  servers: readonly { name: string }[],
  persist: boolean,
  site: RuleSite,
): ((context: SampleContext) => number) | null {
  if (rules.length === 0) return null;
  const scope = scopeIn(site.mode, "balance");
  const indexes = new Map(servers.map(({ name }, index) => [name, index]));
  const list = rules.map(({ server, dynamic, condition }) => {
    const test = compileTest(condition, site, scope, "use-server");
    if (!dynamic) {
      const index = indexes.get(server) ?? -1;
      return { test, find: () => index };
    }
    const text = compileText(server, site, scope);
    return { test, find: (context: SampleContext) => indexes.get(text.string(context)) ?? -1 };
  });
  return (context) => {
    const { counts } = context.process;
    for (let i = 0; i < list.length; i++) {
      const { test, find } = list[i]!;
      if (test !== null && !test(context)) continue;
      const index = find(context);
      if (index >= 0 && (persist || counts.serverIsUp(context.backend, index))) return index;
    }
    return -1;
  };
}
