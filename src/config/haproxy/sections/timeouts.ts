/** `timeout NAME`: one row per timeout of a proxy; times end as milliseconds, 0 meaning for ever as in haproxy. */
import { warning } from "../../diagnostics.ts";
import type { ProxyDraft } from "../draft.ts";
import { hasSide } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { Timeouts } from "../model.ts";
import type { Word } from "../words.ts";
import { milliseconds } from "./arguments.ts";

type Side = "frontend" | "backend" | "any";

/** `http-keep-alive` and `http-request` count in either section: a `listen` or a backend may say them too. */
const TIMEOUTS: readonly [name: string, field: keyof Timeouts, side: Side][] = [
  ["client", "client", "frontend"],
  ["server", "server", "backend"],
  ["connect", "connect", "backend"],
  ["check", "check", "backend"],
  ["queue", "queue", "backend"],
  ["tunnel", "tunnel", "backend"],
  ["client-fin", "clientFin", "frontend"],
  ["http-keep-alive", "httpKeepAlive", "any"],
  ["http-request", "httpRequest", "any"],
  ["server-fin", "serverFin", "backend"],
];

export const timeoutRows: ProxyRow[] = TIMEOUTS.map(([name, field, side]) => ({
  name: `timeout ${name}`,
  args: [1, 1],
  usage: "a time such as 30s",
  // The value is read, and the warning given, by the function itself.
  side: "any",
  elsewhere: "ignored",
  defaults: "yes",
  parse: (args, call) => timeout(args, call, field, side),
}));

function timeout(
  args: Word[],
  call: Call<ProxyDraft>,
  field: keyof Timeouts,
  side: Side,
): void {
  const { target: draft, load, name, keyword } = call;
  const word = args[0];
  const ms = word === undefined ? null : milliseconds(word, name, load);
  if (ms === null) return;
  if (side !== "any" && !hasSide(draft, side)) {
    warning(
      load.diagnostics,
      keyword,
      `'${name}' will be ignored because ${draft.section} '${draft.proxy.name}' has no ${side} capability`,
    );
    return;
  }
  if (draft.section !== "defaults" && draft.timeoutsSet.has(field)) {
    warning(load.diagnostics, keyword, `overwriting '${name}' which was already specified`);
  }
  draft.timeoutsSet.add(field);
  draft.proxy.timeouts[field] = ms === 0 ? null : ms;
}

/** What the names of old became. */
export const removedTimeouts: [string, string][] = [
  ["clitimeout", "client"],
  ["srvtimeout", "server"],
  ["contimeout", "connect"],
].flatMap(([old, now]) => {
  const message = `the '${old}' directive is not supported anymore since HAProxy 2.1. Use 'timeout ${now}'`;
  return [[`${old}`, message], [`timeout ${old}`, message]] as [string, string][];
});
