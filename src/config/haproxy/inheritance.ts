/** What a proxy, or a further `defaults`, takes over from the `defaults` it is opened with. */
import { alert } from "../diagnostics.ts";
import { newProxy, newProxyDraft } from "./blank.ts";
import type { Load, ProxyDraft } from "./draft.ts";
import type { HttpRule } from "./model.ts";
import type { ConfigLine, Word } from "./words.ts";

/** A proxy or a further `defaults` that starts with what `from` holds. */
export function inherit(section: ProxyDraft["section"], head: ConfigLine, at: Word, from: ProxyDraft): ProxyDraft {
  const draft = newProxyDraft(section, head, at);
  const given = structuredClone(from.proxy);
  const own = draft.proxy;
  draft.proxy = { ...given, name: own.name, kind: own.kind, id: 0, place: own.place, binds: [], acls: [] };
  takeRules(draft, from);
  draft.defaultServer = { ...from.defaultServer };
  draft.initAddr = from.initAddr;
  // The very object, so that the answer to a host name in it reaches all who use it.
  draft.proxy.source = from.proxy.source;
  draft.logs = [...from.logs];
  draft.places = { ...from.places };
  draft.dynamicCookie = from.dynamicCookie;
  draft.dynamicCookieKey = from.dynamicCookieKey;
  // What belongs to one side means nothing in a proxy that has only the other.
  if (section === "frontend" || section === "backend") forgetOtherSide(draft);
  return draft;
}

function forgetOtherSide(draft: ProxyDraft): void {
  const blank = newProxy("listen", draft.head);
  const proxy = draft.proxy;
  if (draft.section === "backend") {
    proxy.maxconn = blank.maxconn;
    proxy.backlog = blank.backlog;
    proxy.rateLimitSessions = blank.rateLimitSessions;
    proxy.defaultBackend = null;
    Object.assign(proxy.timeouts, { client: null, clientFin: null });
    Object.assign(draft.places, {
      defaultBackend: null,
      logFormat: null,
      logFormatSd: null,
      errorLogFormat: null,
      monitorUri: null,
    });
    proxy.monitorUri = null;
    Object.assign(proxy.log, { format: null, errorFormat: null, sdFormat: null, formatPlace: null });
    Object.assign(proxy.options, { tcplog: false, httplog: false, httplogClf: false, httpIgnoreProbes: false });
  } else {
    proxy.balance = blank.balance;
    draft.places.hashExpression = null;
    proxy.fullconn = 0;
    proxy.source = null;
    proxy.retryOn = blank.retryOn;
    proxy.cookie = null;
    proxy.httpReuse = blank.httpReuse;
    proxy.healthChecks = blank.healthChecks;
    proxy.options.preferLastServer = false;
    Object.assign(draft.places, { balance: null, cookie: null });
    draft.dynamicCookie = false;
    draft.dynamicCookieKey = null;
    Object.assign(proxy.timeouts, {
      server: null,
      connect: null,
      queue: null,
      check: null,
      tunnel: null,
      serverFin: null,
    });
  }
}

/**
 * Rules of a named `defaults` come before those of the proxy. Their ACLs come with them under a name that nobody can
 * write: the proxy does not see them and may have its own of that name (configuration.txt, "acl").
 */
function takeRules({ proxy, inheritedRules }: ProxyDraft, from: ProxyDraft): void {
  const { httpRequestRules, httpResponseRules } = proxy;
  inheritedRules.request = httpRequestRules.length;
  inheritedRules.response = httpResponseRules.length;
  if (httpRequestRules.length + httpResponseRules.length === 0) return;
  const renamed = (name: string): string => `${from.proxy.name}/${name}`;
  const rename = (rule: HttpRule): HttpRule => {
    const { condition } = rule;
    if (condition === null) return rule;
    const terms = condition.terms.map((term) => term.map((one) => ({ ...one, acl: renamed(one.acl) })));
    return { ...rule, condition: { ...condition, terms } };
  };
  proxy.httpRequestRules = httpRequestRules.map(rename);
  proxy.httpResponseRules = httpResponseRules.map(rename);
  proxy.acls = from.proxy.acls.map((acl) => ({ ...acl, name: renamed(acl.name) }));
}

/** Rules make a `defaults` one for frontends or for backends, as in haproxy; true: this section may take it. */
export function mayTakeRules(section: ProxyDraft["section"], at: ConfigLine, from: ProxyDraft, load: Load): boolean {
  if (from.proxy.httpRequestRules.length + from.proxy.httpResponseRules.length === 0) return true;
  const word = at.words[0] ?? null;
  const where = `defaults section at ${from.head.place.file}:${from.head.place.line}`;
  if (section === "defaults" || section === "listen") {
    const message = `a ${section} section cannot inherit from a defaults section defining TCP/HTTP rules (${where})`;
    alert(load.diagnostics, word, message);
    return false;
  }
  if (from.rulesFor !== null && from.rulesFor !== section) {
    alert(
      load.diagnostics,
      word,
      `frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules (${where})`,
    );
    return false;
  }
  from.rulesFor = section;
  return true;
}
