/** Compiles what mode http needs of each frontend and backend (site.ts), once, when the process starts. */
import { isServerUp } from "../../board/servers.ts";
import { WORDS_PER_ENTITY } from "../../board/words.ts";
import type { Model, Proxy } from "../../config/haproxy/model.ts";
import type { Backend, Frontend, Plane } from "../plane.ts";
import { compileCaptures } from "../rules/captures.ts";
import { compileHttpRules, compileRedirects, compileUseServers } from "../rules/compile.ts";
import { createErrorPages } from "../rules/error_pages.ts";
import { createPersistence } from "../rules/persistence.ts";
import { compileTest, type RuleSite, scopeOf } from "../rules/site.ts";
import type { CompiledAcls } from "../samples/conditions.ts";
import type { SampleContext } from "../samples/context.ts";
import type { Setting } from "../samples/types.ts";
import { recordNow } from "../session_record.ts";
import { fieldName } from "./edit.ts";
import { type BackendHttp, type FrontendHttp, pagesOf, type Side } from "./site.ts";
import { createStatsSite } from "./stats_page.ts";

const orElse = (ms: number | null, other: number | null): number => ms ?? other ?? Infinity;

export interface Compilers {
  acls: CompiledAcls;
  setting: Omit<Setting, "scope">;
}

export function ruleSite(
  plane: Plane,
  proxy: Proxy,
  { acls, setting }: Compilers,
  format: RuleSite["format"],
): RuleSite {
  return {
    proxy: proxy.kind,
    mode: proxy.mode,
    setting,
    acls,
    fillRecord: (_context, needs) => recordNow(plane, plane.samples.session!, needs),
    format,
    errorPage: (_context, status) => pagesOf(plane.samples.session!)(status),
    bufsize: plane.model.global.tune.bufsize,
  };
}

function sideOf(plane: Plane, proxy: Proxy, site: RuleSite): Side {
  return {
    requestRules: compileHttpRules(proxy.httpRequestRules, "request", site),
    redirects: compileRedirects(proxy.redirects, site),
    responseRules: compileHttpRules(proxy.httpResponseRules, "response", site),
    stats: proxy.stats === null ? null : createStatsSite(proxy.stats, () => plane.stats),
    closesServer: proxy.options.connection !== "keep-alive",
  };
}

export function loadFrontendHttp(plane: Plane, { proxy, logger }: Frontend, site: RuleSite): FrontendHttp {
  const { timeouts } = proxy;
  return {
    ...sideOf(plane, proxy, site),
    // configuration.txt, "timeout http-request": without one the client's own; "timeout http-keep-alive": the one before.
    requestMs: orElse(timeouts.httpRequest, timeouts.client),
    keepAliveMs: orElse(timeouts.httpKeepAlive ?? timeouts.httpRequest, timeouts.client),
    keepsClient: proxy.options.connection !== "close",
    needsLine: (logger.active && logger.needs.requestLine) || rulesShow(plane.model, SHOWS_LINE),
    logurilen: plane.model.global.tune.httpLogurilen,
    monitorUri: proxy.monitorUri,
    monitorFail: proxy.monitorFail.map((condition) =>
      compileTest(condition, site, scopeOf("request", proxy.kind), "monitor fail")!
    ),
    captures: compileCaptures(proxy),
    uniqueIdHeader: proxy.uniqueIdHeader === null ? null : fieldName(proxy.uniqueIdHeader),
    needsUniqueId: proxy.log.uniqueIdFormat !== null &&
      (proxy.uniqueIdHeader !== null || proxy.log.uniqueIdFormat.includes("%[") || rulesShow(plane.model, SHOWS_ID)),
    errorPages: createErrorPages(proxy.errorPages),
    forwarded: [],
  };
}

export function loadBackendHttp(plane: Plane, backend: Backend, site: RuleSite): BackendHttp {
  const { proxy } = backend;
  const { emptyResponse, junkResponse, responseTimeout, statuses } = proxy.retryOn;
  return {
    ...sideOf(plane, proxy, site),
    retriesAnswers: emptyResponse || junkResponse || responseTimeout || statuses.length > 0,
    persist: createPersistence(proxy),
    usable: (server) => isServerUp(plane.board, backend.servers[server]!.cell.word / WORDS_PER_ENTITY),
    errorPages: [],
  };
}

/** `%r` and its parts, and `capture.req.*`, in rules of any proxy: a backend's run for every frontend. */
const SHOWS_LINE = /capture\.req\.|%(?:\{[^}]*\})?(?:r|HM|HU|HP|HPO|HQ|HV)\b/;
const SHOWS_ID = /unique-id|%(?:\{[^}]*\})?ID\b/;

/** What rules and formats say, as one text. */
const texts = new WeakMap<Model, string>();
function rulesShow(model: Model, what: RegExp): boolean {
  let text = texts.get(model);
  if (text === undefined) {
    text = JSON.stringify(
      model.proxies.map(({ httpRequestRules, httpResponseRules, redirects, acls, useBackends, log }) => [
        ...[httpRequestRules, httpResponseRules, redirects, acls, useBackends],
        ...[log.uniqueIdFormat, log.format, log.sdFormat],
      ]),
    );
    texts.set(model, text);
  }
  return what.test(text);
}

export function loadUseServer(proxy: Proxy, site: RuleSite): ((context: SampleContext) => number) | null {
  return compileUseServers(proxy.useServers, proxy.servers, proxy.options.persist, site);
}
