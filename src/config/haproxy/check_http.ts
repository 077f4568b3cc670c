/**
 * What needs mode http and stands in a proxy without it, and frontends and backends whose modes do not go together: said in
 * haproxy's words, and taken out of the model, so that nothing of HTTP is left in a proxy of mode tcp.
 */
import { alert, type Located, sectionWarning } from "../diagnostics.ts";
import { type Load, type ProxyDraft, title } from "./draft.ts";
import { notYet } from "./later.ts";
import type { Proxy, Server } from "./model.ts";

/** Of a proxy that starts, in a configuration without errors so far. */
export function checkHttp(draft: ProxyDraft, load: Load): void {
  if (draft.proxy.mode === "http") {
    finishCapture(draft, load);
    checkDynamicCookies(draft, load);
  } else forgetHttp(draft, load);
}

/** `dynamic-cookie-key` may stand above or below `cookie`. Without a key no server gets a value, as in haproxy. */
export function finishCookie({ proxy, dynamicCookie, dynamicCookieKey }: ProxyDraft): void {
  if (proxy.cookie !== null) proxy.cookie.dynamicKey = dynamicCookie ? dynamicCookieKey : null;
}

/** The global section may stand below the proxy. */
function finishCapture(draft: ProxyDraft, load: Load): void {
  const { captureCookie } = draft.proxy;
  const most = load.global.global.tune.httpCookielen;
  if (captureCookie === null || captureCookie.length <= most) return;
  const at = draft.places.captureCookie ?? draft.at;
  sectionWarning(load.diagnostics, at, `truncating capture length to ${most} bytes for ${title(draft)}.`);
  captureCookie.length = most;
}

/** Computed from nothing but address and key, the values of servers at one address are equal. */
function checkDynamicCookies({ proxy }: ProxyDraft, load: Load): void {
  if ((proxy.cookie?.dynamicKey ?? null) === null) return;
  const seen = new Map<string, Server>();
  for (const server of proxy.servers) {
    const { address } = server;
    if (address.kind !== "ip" || server.cookie !== null || server.disabled) continue;
    const where = `${server.fqdn ?? address.host}:${address.port}`;
    const twin = seen.get(where);
    if (twin === undefined) seen.set(where, server);
    else {
      sectionWarning(
        load.diagnostics,
        { place: server.place, line: "" },
        "We generated two equal cookies for two different servers.",
        `'${proxy.name}/${twin.name}' and '${proxy.name}/${server.name}' have one address: give one a 'cookie' of its own`,
      );
    }
  }
}

/** haproxy's words about a keyword; `forget` takes it out of the model, and says whether it was there. */
const KEYWORDS: readonly {
  say(name: string): string;
  at(draft: ProxyDraft): Located | null;
  forget(proxy: Proxy, draft: ProxyDraft): boolean;
}[] = [
  {
    say: (name) => `cookie will be ignored for ${name} (needs 'mode http').`,
    at: (draft) => draft.places.cookie,
    forget: (proxy) => proxy.cookie !== null && (proxy.cookie = null, true),
  },
  {
    say: (name) => `monitor-uri will be ignored for ${name} (needs 'mode http').`,
    at: (draft) => draft.places.monitorUri,
    forget: (proxy) => proxy.monitorUri !== null && (proxy.monitorUri = null, true),
  },
  {
    say: (name) => `Layer 7 hash not possible for ${name} (needs 'mode http'). Falling back to round robin.`,
    at: (draft) => draft.places.balance,
    forget: (proxy) => ["uri", "url_param", "hdr"].includes(proxy.balance.kind) && (proxy.balance = ROUNDROBIN, true),
  },
  {
    say: (name) => `'capture' statement ignored for ${name} as it requires HTTP mode.`,
    at: (draft) => draft.places.captureCookie ?? draft.places.capture,
    forget(proxy) {
      const some = proxy.captureCookie !== null || proxy.requestCaptures.length + proxy.responseCaptures.length > 0;
      Object.assign(proxy, { captureCookie: null, requestCaptures: [], responseCaptures: [] });
      return some;
    },
  },
  {
    say: (name) => `'http-request' rules ignored for ${name} as they require HTTP mode.`,
    at: () => null,
    forget(proxy, { inheritedRules }) {
      const own = proxy.httpRequestRules.length > inheritedRules.request;
      proxy.httpRequestRules = [];
      return own;
    },
  },
  {
    say: (name) => `'http-response' rules ignored for ${name} as they require HTTP mode.`,
    at: () => null,
    forget(proxy, { inheritedRules }) {
      const own = proxy.httpResponseRules.length > inheritedRules.response;
      proxy.httpResponseRules = [];
      return own;
    },
  },
  {
    say: (name) => `'redirect' rules ignored for ${name} as they require HTTP mode.`,
    at: () => null,
    forget: (proxy) => proxy.redirects.length > 0 && (proxy.redirects = [], true),
  },
];
const ROUNDROBIN = { kind: "roundrobin" } as const;

function forgetHttp(draft: ProxyDraft, load: Load): void {
  const { proxy, places } = draft;
  const d = load.diagnostics;
  const name = title(draft);
  for (const keyword of KEYWORDS) {
    const at = keyword.at(draft) ?? draft.at;
    if (keyword.forget(proxy, draft)) sectionWarning(d, at, keyword.say(name));
  }
  for (const [option, at] of places.options) {
    if (option === "prefer-last-server" && draft.section === "frontend") continue;
    if (option === "http-ignore-probes" && draft.section === "backend") continue;
    sectionWarning(d, at, `'option ${option}' ignored for ${name} as it requires HTTP mode.`);
  }
  Object.assign(proxy.options, {
    forwardfor: null,
    originalto: null,
    httpIgnoreProbes: false,
    preferLastServer: false,
  });
  for (const server of proxy.servers) {
    if (server.cookie === null) continue;
    const at = { place: server.place, line: "" };
    sectionWarning(d, at, `${name} : ignoring cookie for server '${server.name}' as HTTP mode is disabled.`);
    server.cookie = null;
  }
}

/** A frontend of HTTP has nothing to offer to a backend of TCP; how `draft` names it is `use`. */
export function checkModes(draft: ProxyDraft, target: ProxyDraft, use: string, at: Located, load: Load): void {
  const { mode } = draft.proxy;
  if (mode === target.proxy.mode) return;
  if (mode === "tcp") {
    // haproxy begins HTTP on such a connection once it has come to the backend.
    const message = `tcp ${placed(draft)} with http ${placed(target)} is not supported yet`;
    return notYet(load, at, "tcp to http", message);
  }
  alert(
    load.diagnostics,
    at,
    `http ${placed(draft)} tries to use incompatible tcp ${placed(target)} ${use} (see 'mode').`,
  );
}

const placed = (draft: ProxyDraft): string => {
  const { file, line } = draft.head.place;
  return `${title(draft)} (${file}:${line})`;
};
