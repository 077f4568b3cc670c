/** What rules name, when all is read that they may name: slots of captures, servers. */
import { alert, didYouMean, type Located } from "../diagnostics.ts";
import { hasSide, type Load, type ProxyDraft, title } from "./draft.ts";
import type { Capture, HttpRule, UseServer } from "./model.ts";

export function checkRules(draft: ProxyDraft, load: Load): void {
  const { proxy } = draft;
  // Which frontend a backend's rule will run for is not known: it does nothing where there is no such slot.
  if (hasSide(draft, "frontend")) {
    checkSlots(proxy.httpRequestRules, proxy.requestCaptures, "http-request", draft, load);
    checkSlots(proxy.httpResponseRules, proxy.responseCaptures, "http-response", draft, load);
  }
  for (const rule of proxy.useServers) checkServer(rule, draft, load);
}

function checkSlots(
  rules: readonly HttpRule[],
  slots: readonly Capture[],
  keyword: string,
  { proxy }: ProxyDraft,
  load: Load,
): void {
  for (const { action, place } of rules) {
    if (action.kind !== "capture" || action.slot < slots.length) continue;
    const at: Located = { place, line: "" };
    const message =
      `Proxy '${proxy.name}': unable to find capture id '${action.slot}' referenced by ${keyword} capture rule.`;
    alert(load.diagnostics, at, message, `It has ${slots.length} slots, counted from 0`);
  }
}

function checkServer({ server, dynamic, place }: UseServer, draft: ProxyDraft, load: Load): void {
  const at: Located = { place, line: "", length: server.length };
  if (dynamic) {
    const complaint = draft.proxy.mode === "tcp" ? load.checks.logFormat(server, "balance") : null;
    if (complaint !== null) alert(load.diagnostics, at, `use-server rule of ${title(draft)} : ${complaint.message}`);
    return;
  }
  const names = draft.proxy.servers.map(({ name }) => name);
  if (names.includes(server)) return;
  const message = `${title(draft)} : unable to find server '${server}' referenced in a 'use-server' rule.`;
  alert(load.diagnostics, at, message, didYouMean(server, names));
}
