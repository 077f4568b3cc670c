/**
 * What the words of a proxy ask of a session, judged when its mode is known: in mode tcp there is no request and no answer
 * to ask about.
 */
import { alert, type Located } from "../diagnostics.ts";
import { type Load, type ProxyDraft, type Standing, title } from "./draft.ts";
import type { Acl } from "./model.ts";
import type { Word } from "./words.ts";

export function checkSamples(draft: ProxyDraft, load: Load): void {
  const { proxy, places } = draft;
  if (proxy.mode !== "tcp") return;
  for (const acl of proxy.acls) checkAcl(acl, draft, load);
  const { log, balance } = proxy;
  checkFormat(log.format, places.logFormat?.at, "log", "log-format", draft, load);
  checkFormat(log.errorFormat, places.errorLogFormat, "log", "error-log-format", draft, load);
  checkFormat(log.sdFormat, places.logFormatSd, "log", "log-format-sd", draft, load);
  checkFormat(log.uniqueIdFormat, null, "log", "unique-id", draft, load);
  proxy.useBackends.forEach((rule, i) => {
    if (rule.dynamic) {
      checkFormat(rule.backend, draft.useBackendWords[i], "use_backend", "use_backend rule", draft, load);
    }
  });
  if (balance.kind !== "hash") return;
  const complaint = load.checks.expression(balance.expression, "balance");
  if (complaint === null) return;
  const at = places.hashExpression ?? draft.at;
  const what = `'balance hash' expression '${balance.expression}'`;
  alert(load.diagnostics, at, `failed to parse ${what} in ${title(draft)} : ${complaint.message}`);
}

function checkAcl(acl: Acl, draft: ProxyDraft, load: Load): void {
  const complaint = load.checks.acl(acl, "tcp");
  if (complaint === null || complaint.severity === "warning") return;
  const at: Located = { place: acl.place, line: "", length: acl.criterion.length };
  const what = acl.name.startsWith("{") ? "anonymous ACL" : `ACL '${acl.name}'`;
  alert(load.diagnostics, at, `${what} of ${title(draft)} : ${complaint.message}`);
}

function checkFormat(
  format: string | null,
  word: Word | null | undefined,
  where: Standing,
  what: string,
  draft: ProxyDraft,
  load: Load,
): void {
  const complaint = format === null ? null : load.checks.logFormat(format, where);
  if (complaint === null) return;
  alert(load.diagnostics, word ?? draft.at, `failed to parse ${what} in ${title(draft)} : ${complaint.message}`);
}
