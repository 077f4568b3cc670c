/**
 * The answer of a proxy's statistics page to one request: HTML for people, the forms of `show stat` for programs.
 *
 * Pure but for the clock and the counters of its source; whoever serves it puts it on the wire.
 */
import type { Proxy, StatsPage } from "../../config/haproxy/model.ts";
import { renderCsv } from "../csv.ts";
import type { View } from "../rows.ts";
import type { StatsSource } from "../source.ts";
import { renderJson, renderTyped } from "../typed.ts";
import { challenge, mayEnter } from "./authorize.ts";
import { CONTENT_SECURITY_POLICY, renderPage } from "./document.ts";
import { type Form, readWanted, type Wanted } from "./request.ts";

export interface StatsRequest {
  /** One of STATS_METHODS (request.ts). */
  method: string;
  /** The request target as it came, a byte string that isStatsUri accepts. */
  uri: string;
  /** Value of the field authorization; null: there is none. */
  authorization: string | null;
}

export interface StatsAnswer {
  status: 200 | 303 | 401;
  /** Without content-length or transfer-encoding. */
  headers: [name: string, value: string][];
  /** A byte string: one character per byte. Empty for HEAD, whose answer then names no length. */
  body: string;
}

const NO_CACHE: [string, string] = ["cache-control", "no-cache"];

export function answerStats(source: StatsSource, settings: StatsPage, request: StatsRequest): StatsAnswer {
  if (!mayEnter(settings, request.authorization)) return unauthorized(settings, request.method);
  // Orders are for `stats admin`: refused as haproxy does without it.
  if (request.method === "POST") {
    const location = `${settings.uri};st=DENY`;
    return { status: 303, headers: [NO_CACHE, ["content-type", "text/plain"], ["location", location]], body: "" };
  }
  const wanted = readWanted(settings, request.uri);
  const headers: StatsAnswer["headers"] = [NO_CACHE, ["content-type", CONTENT_TYPE[wanted.form]]];
  if (wanted.form === "html") {
    headers.push(["content-security-policy", CONTENT_SECURITY_POLICY], ["x-content-type-options", "nosniff"]);
  } else if (settings.refreshSec > 0 && wanted.refresh) {
    // The page asks for it itself, only where no script does it better.
    headers.push(["refresh", String(settings.refreshSec)]);
  }
  if (request.method === "HEAD") return { status: 200, headers, body: "" };
  return {
    status: 200,
    headers,
    body: RENDER[wanted.form](viewOf(source, settings, wanted), source, settings, wanted),
  };
}

const CONTENT_TYPE: Record<Form, string> = {
  html: "text/html; charset=utf-8",
  csv: "text/plain",
  typed: "text/plain",
  json: "application/json",
};

const joined = (pieces: Iterable<string>): string => [...pieces].join("");
const RENDER: Record<Form, (view: View, source: StatsSource, settings: StatsPage, wanted: Wanted) => string> = {
  html: renderPage,
  csv: (view) => joined(renderCsv(view)),
  typed: (view) => joined(renderTyped(view, false)),
  json: (view) => joined(renderJson(view)),
};

function viewOf(source: StatsSource, settings: StatsPage, { hide, scope }: Wanted): View {
  const { model, board, maxconn } = source;
  const shows = ({ name }: Proxy): boolean =>
    (settings.scope.length === 0 || settings.scope.includes(name)) &&
    (scope === "" || name.toLowerCase().includes(scope));
  return { model, board, nowMs: source.now(), maxconn, legends: settings.showLegends, select: null, hide, shows };
}

function unauthorized(settings: StatsPage, method: string): StatsAnswer {
  return {
    status: 401,
    headers: [NO_CACHE, ["content-type", "text/html"], ["www-authenticate", challenge(settings)]],
    body: method === "HEAD"
      ? ""
      : "<!DOCTYPE html><title>401 Unauthorized</title><h1>401 Unauthorized</h1><p>This page needs a user and a password.\n",
  };
}
