/** Rules run in the order of their kinds, whatever the order of the lines: said where the lines suggest another one. */
import { type Located, warning } from "../../diagnostics.ts";
import type { Load, ProxyDraft } from "../draft.ts";

/** As they run; how many a proxy has of its own. */
const KINDS: readonly (readonly [name: string, count: (draft: ProxyDraft) => number])[] = [
  ["monitor fail", ({ proxy }) => proxy.monitorFail.length],
  ["http-request", ({ proxy, inheritedRules }) => proxy.httpRequestRules.length - inheritedRules.request],
  ["redirect", ({ proxy }) => proxy.redirects.length],
  ["use_backend", ({ proxy }) => proxy.useBackends.length],
  ["use-server", ({ proxy }) => proxy.useServers.length],
];

/** To be called for each rule; haproxy names the first kind alone that it should have stood before. */
export function warnMisplaced(
  kind: "monitor fail" | "http-request" | "redirect",
  at: Located,
  draft: ProxyDraft,
  load: Load,
): void {
  const later = KINDS.slice(KINDS.findIndex(([name]) => name === kind) + 1).find(([, count]) => count(draft) > 0);
  if (later === undefined) return;
  const article = later[0] === "http-request" ? "an" : "a";
  warning(
    load.diagnostics,
    at,
    `a '${kind}' rule placed after ${article} '${later[0]}' rule will still be processed before.`,
  );
}
