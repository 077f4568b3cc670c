/**
 * What only the whole configuration can tell: names that lead nowhere, ids, timeouts forgotten, formats nobody writes.
 * Also finishes the model: ids are given out, `log global` becomes the global targets, the command line has its say.
 */
import { alert, didYouMean, hasErrors, type Located, sectionWarning, warning } from "../diagnostics.ts";
import { checkHttp, checkModes, finishCookie } from "./check_http.ts";
import { checkRules } from "./check_rules.ts";
import { checkSamples } from "./check_samples.ts";
import { hasSide, type Load, type ProxyDraft, title } from "./draft.ts";
import type { Model, Proxy } from "./model.ts";
import { checkCheckRules } from "./sections/checks.ts";
import { finishStats } from "./sections/stats.ts";
import type { Word } from "./words.ts";

export function checkAll(load: Load): void {
  finishGlobal(load);
  checkThreads(load);
  assignIds(load);
  // haproxy does not ask for the addresses of a proxy that does not start.
  load.names = load.names.filter((one) => one.proxy?.proxy.disabled !== true);
  const backends = new Map<string, ProxyDraft>();
  for (const draft of load.proxies) {
    const name = draft.proxy.name;
    if (hasSide(draft, "backend") && !backends.has(name)) backends.set(name, draft);
  }
  // What is missing may stand in a line that could not be read: that is not held against anyone.
  const readable = !hasErrors(load.diagnostics);
  for (const draft of load.proxies) {
    const { proxy } = draft;
    if (hasSide(draft, "frontend") && proxy.maxconn === 0) proxy.maxconn = load.overrides.frontendMaxconn;
    if (proxy.disabled) {
      finishLogs(draft, load);
      continue;
    }
    if (hasSide(draft, "frontend")) checkTargets(draft, backends, load);
    checkServers(draft, load);
    finishStats(draft, load);
    finishCookie(draft);
    if (readable) {
      checkLogFormat(draft, load);
      checkBinds(draft, load);
      checkTimeouts(draft, load);
      checkServerOptions(draft, load);
      checkHttp(draft, load);
      checkCheckRules(draft, load);
      checkRules(draft, load);
      checkSamples(draft, load);
    }
    finishLogs(draft, load);
  }
}

function finishGlobal({ global: { global }, overrides, unformatted }: Load): void {
  if (overrides.maxconn > 0) global.maxconn = overrides.maxconn;
  if (overrides.pidfile !== null) global.pidfile = overrides.pidfile;
  if (overrides.foreground) {
    global.daemon = false;
    global.masterWorker = false;
  }
  const { tune } = global;
  // As haproxy does: at least half of a buffer stays for what arrives.
  if (tune.maxrewrite >= tune.bufsize / 2) tune.maxrewrite = Math.floor(tune.bufsize / 2);
  // configuration.txt, "log-send-hostname": it makes rfc3164 the default.
  if (global.logSendHostname !== null) { for (const target of unformatted) target.format = "rfc3164"; }
}

/** Threads beyond those there are do not count; a set of nothing else is a mistake. */
function checkThreads({ threadSets, global: { global }, limits, diagnostics }: Load): void {
  const count = global.nbthread > 0 ? global.nbthread : limits.cores;
  let reported: Word | null = null;
  for (const { at, bind } of threadSets) {
    bind.threads = bind.threads?.filter((thread) => thread <= count) ?? null;
    if (bind.threads?.length !== 0 || reported === at) continue;
    reported = at;
    const message = `'thread' directive contains threads that belong to no group in 'bind ${at.text}'`;
    alert(diagnostics, at, message, `There are ${count} threads: 'nbthread' in the global section says how many`);
  }
}

/** Explicit ids first; the others take the next free number, which moves on with every proxy as it does in haproxy. */
function assignIds(load: Load): void {
  const used = new Map<number, ProxyDraft>();
  for (const draft of load.proxies) {
    const { id } = draft.proxy;
    if (id === 0) continue;
    const first = used.get(id);
    if (first === undefined) used.set(id, draft);
    else {
      alert(
        load.diagnostics,
        draft.idAt,
        `${title(draft)} reuses same custom id as ${
          title(first)
        } (declared at ${first.head.place.file}:${first.head.place.line}).`,
      );
    }
  }
  // The frontend of the stats sockets counts as a proxy, before all others.
  number(load.proxies.map((draft) => draft.proxy), used, load.global.global.statsSockets.length > 0 ? 2 : 1);
  for (const { proxy, serverIds, bindIds } of load.proxies) {
    number(proxy.servers, serverIds, 1);
    number(proxy.binds, bindIds, 1);
  }
}

function number(list: { id: number }[], used: ReadonlyMap<number, unknown>, start: number): void {
  let next = start;
  for (const one of list) {
    if (one.id === 0) {
      while (used.has(next)) next++;
      one.id = next;
    }
    next++;
  }
}

function checkTargets(draft: ProxyDraft, backends: ReadonlyMap<string, ProxyDraft>, load: Load): void {
  const { proxy } = draft;
  const at = draft.places.defaultBackend;
  if (proxy.defaultBackend !== null && at !== null) {
    checkTarget(proxy.defaultBackend, "default_backend", at, draft, backends, load);
  }
  proxy.useBackends.forEach((rule, i) => {
    const word = draft.useBackendWords[i];
    if (!rule.dynamic && word !== undefined) checkTarget(rule.backend, "use_backend", word, draft, backends, load);
  });
}

function checkTarget(
  name: string,
  keyword: string,
  at: Word,
  draft: ProxyDraft,
  backends: ReadonlyMap<string, ProxyDraft>,
  load: Load,
): void {
  const target = backends.get(name);
  if (target === draft) {
    return alert(load.diagnostics, at, `Proxy '${draft.proxy.name}': loop detected for ${keyword}: '${name}'.`);
  }
  if (target !== undefined) {
    const use = keyword === "default_backend" ? "as its default backend" : "in a 'use_backend' rule";
    return checkModes(draft, target, use, at, load);
  }
  if (load.lostNames.has(name)) return;
  // Each hint looks at every name: for the first problems only, or a large file with many would take minutes.
  const hint = load.diagnostics.list.length > MAX_HINTS ? null : targetHint(name, backends, load);
  alert(load.diagnostics, at, `Proxy '${draft.proxy.name}': unable to find required ${keyword}: '${name}'.`, hint);
}

const MAX_HINTS = 100;

function targetHint(name: string, backends: ReadonlyMap<string, ProxyDraft>, load: Load): string | null {
  if (load.proxies.some((other) => other.proxy.name === name)) {
    return `The frontend '${name}' has no backend side: a 'listen' has both`;
  }
  return didYouMean(name, backends.keys());
}

function checkLogFormat(draft: ProxyDraft, load: Load): void {
  const { proxy, places } = draft;
  if (!hasSide(draft, "frontend")) return;
  const d = load.diagnostics;
  if (proxy.mode === "tcp" && proxy.options.httplog && places.logFormat !== null) {
    warning(
      d,
      places.logFormat.at,
      `'option httplog' not usable with ${title(draft)} (needs 'mode http'). Falling back to 'option tcplog'.`,
    );
    Object.assign(proxy.options, { tcplog: true, httplog: false, httplogClf: false });
  }
  const at = places.logFormat?.at ?? places.logFormatSd;
  if (at === null) return;
  // "log global" without a global target leaves nothing to write to either.
  const { logTargets } = load.global.global;
  if (draft.logs.some((one) => one !== "global") || (draft.logs.length > 0 && logTargets.length > 0)) return;
  sectionWarning(d, draft.at, `log format ignored for ${title(draft)} since it has no log address.`);
}

function checkBinds(draft: ProxyDraft, load: Load): void {
  if (!hasSide(draft, "frontend") || draft.proxy.binds.length > 0 || draft.bindLines > 0) return;
  warning(
    load.diagnostics,
    draft.at,
    `${title(draft)} has no 'bind' directive. Please declare it as a backend if this was intended.`,
  );
}

function checkTimeouts(draft: ProxyDraft, load: Load): void {
  const { timeouts, servers, mode } = draft.proxy;
  const client = !hasSide(draft, "frontend") || timeouts.client !== null;
  // A tunnel's own timeout stands in for the server's in TCP mode.
  const silence = mode === "tcp" ? timeouts.server ?? timeouts.tunnel : timeouts.server;
  const server = timeouts.connect !== null && silence !== null;
  if (client && (servers.length === 0 || server)) return;
  sectionWarning(
    load.diagnostics,
    draft.at,
    `missing timeouts for ${title(draft)}.`,
    "While not properly invalid, you will certainly encounter various problems\n" +
      "with such a configuration. To fix this, please ensure that all following\n" +
      "timeouts are set to a non-zero value: 'client', 'connect', 'server'.",
  );
}

function checkServers(draft: ProxyDraft, load: Load): void {
  const { kind, tcp } = draft.proxy.healthChecks;
  if (kind === "tcp" && tcp.some((step) => step.kind === "connect" && step.port !== null)) return;
  for (const { server, at } of draft.portless) {
    alert(load.diagnostics, at, `${title(draft)}: server '${server}' has neither service port nor check port.`);
  }
}

function checkServerOptions({ proxy: { servers, name, retryOn } }: ProxyDraft, load: Load): void {
  if (retryOn.emptyResponse && retryOn.responseTimeout) return;
  for (const server of servers) {
    if (!server.tfo) continue;
    const at: Located = { place: server.place, line: "" };
    warning(
      load.diagnostics,
      at,
      `'server ${name}/${server.name}' : server has tfo activated, the backend should be configured with at least ` +
        "'conn-failure', 'empty-response' and 'response-timeout' or we wouldn't be able to retry the connection on failure.",
    );
  }
}

function finishLogs(draft: ProxyDraft, load: Load): void {
  const { logTargets } = load.global.global;
  draft.proxy.log.targets = draft.logs.flatMap((one) => one === "global" ? logTargets : [one]);
}

/** Descriptors a process may need: two per connection, the listeners, and some for itself (haproxy's maxsock). */
export function descriptorsNeeded(model: Model): number {
  const listeners = model.proxies.reduce((sum, proxy) => sum + listenersOf(proxy), model.global.statsSockets.length);
  return 2 * model.global.maxconn + listeners + 33;
}

function listenersOf(proxy: Proxy): number {
  return proxy.disabled ? 0 : proxy.binds.length;
}

/** What haproxy says at start when the descriptors permitted are too few for the connections asked for; null: enough. */
export function descriptorShortage(model: Model, nofile: number): string | null {
  const needed = descriptorsNeeded(model);
  if (model.global.maxconn === 0 || needed <= nofile) return null;
  return `FD limit (${nofile}) too low for maxconn=${model.global.maxconn}/maxsock=${needed}. ` +
    `Please raise 'ulimit-n' to ${needed} or more to avoid any trouble.`;
}
