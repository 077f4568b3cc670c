/**
 * `stats NAME` of a proxy: the statistics page it answers itself. Any of these keywords enables the page with the
 * defaults of the others (configuration.txt, "stats enable").
 */
import { alert, sectionWarning, warning } from "../../diagnostics.ts";
import { type Load, type ProxyDraft, title } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { StatsPage } from "../model.ts";
import { parseTime } from "../values.ts";
import type { Word } from "../words.ts";
import { value } from "./arguments.ts";

/** haproxy's own, fixed when Debian builds it. */
export const DEFAULT_STATS: Readonly<StatsPage> = {
  uri: "/haproxy?stats",
  realm: "HAProxy Statistics",
  users: [],
  refreshSec: 0,
  scope: [],
  hideVersion: false,
  showLegends: false,
  description: null,
  node: null,
};

/** Of haproxy's `stats` of a proxy these have no row. */
export const LATER_STATS: readonly string[] = ["stats admin", "stats http-request", "stats show-modules"];

const ANYWHERE = { side: "any", elsewhere: "ignored", defaults: "yes" } as const;

type Parse = (word: Word, page: StatsPage, call: Call<ProxyDraft>) => void;

/** Without an argument. */
const flag = (name: string, set: (page: StatsPage) => void): ProxyRow => ({
  name: `stats ${name}`,
  args: [0, Infinity],
  ...ANYWHERE,
  parse(args, call) {
    set(begin(call.target));
    warnOfExtra(args[0], call);
  },
});

/** With one; haproxy passes over what follows in silence. */
const one = (name: string, usage: string, parse: Parse): ProxyRow => ({
  name: `stats ${name}`,
  args: [1, Infinity],
  usage,
  ...ANYWHERE,
  parse(args, call) {
    parse(args[0]!, begin(call.target), call);
    warnOfExtra(args[1], call);
  },
});

/** Most often a name or realm whose space was not escaped. */
function warnOfExtra(extra: Word | undefined, { name, load }: Call<ProxyDraft>): void {
  if (extra === undefined) return;
  warning(load.diagnostics, extra, `'${name}' : '${extra.text}' is ignored, don't forget to escape spaces!`);
}

/** A proxy that says anything of its own starts anew; a further `defaults` adds to what it took over. */
function begin(draft: ProxyDraft): StatsPage {
  const { proxy } = draft;
  if (proxy.stats === null || (draft.section !== "defaults" && !draft.ownStats)) {
    proxy.stats = { ...DEFAULT_STATS, users: [], scope: [] };
  }
  draft.ownStats = true;
  return proxy.stats;
}

export const statsRows: ProxyRow[] = [
  flag("enable", () => {}),
  flag("hide-version", (page) => {
    page.hideVersion = true;
  }),
  flag("show-legends", (page) => {
    page.showLegends = true;
  }),
  one("uri", "an URI prefix", ({ text }, page) => {
    page.uri = text;
  }),
  one("realm", "an realm name", ({ text }, page) => {
    page.realm = text;
  }),
  one("auth", "a user:password account", auth),
  one("scope", "a proxy name", ({ text }, page) => {
    page.scope.push(text);
  }),
  one("refresh", "a time such as 30s", (word, page, { name, load }) => {
    page.refreshSec = value(word, name, parseTime(word.text, "s"), load) ?? 0;
  }),
  { name: "stats show-node", args: [0, Infinity], usage: "[<name>]", ...ANYWHERE, parse: showNode },
  { name: "stats show-desc", args: [0, Infinity], usage: "[<description>]", ...ANYWHERE, parse: showDescription },
];

/** Without a colon the password is empty; the first line of a user counts. */
function auth(word: Word, page: StatsPage, { load }: Call<ProxyDraft>): void {
  const colon = word.text.indexOf(":");
  const user = colon < 0 ? word.text : word.text.slice(0, colon);
  if (page.users.some((known) => known.user === user)) {
    return warning(load.diagnostics, word, `uri auth: ignoring duplicated user '${user}'.`);
  }
  page.users.push({ user, password: colon < 0 ? "" : word.text.slice(colon + 1) });
}

function showNode([word, extra]: Word[], call: Call<ProxyDraft>): void {
  const page = begin(call.target);
  if (word !== undefined && !/^[A-Za-z0-9_.-]+$/.test(word.text)) {
    return alert(
      call.load.diagnostics,
      word,
      `'${call.name}' invalid node name - should be a string with digits(0-9), letters(A-Z, a-z), hyphen(-), dot(.) or underscore(_).`,
    );
  }
  page.node = word?.text ?? "";
  warnOfExtra(extra, call);
}

/** The rest of the line is the text; without one the global description counts, if it stands before. */
function showDescription(args: Word[], { target, load, keyword }: Call<ProxyDraft>): void {
  const page = begin(target);
  if (args.length === 0 && load.global.global.description === null) {
    return warning(
      load.diagnostics,
      keyword,
      "'show-desc' requires a parameter or 'description' to be set in the global section.",
    );
  }
  page.description = args.map((word) => word.text).join(" ");
}

/** Only a proxy in mode http can answer a page; "." is the proxy that has it, also where `defaults` said so. */
export function finishStats(draft: ProxyDraft, load: Load): void {
  const { proxy } = draft;
  if (proxy.stats === null) return;
  if (proxy.mode !== "http") {
    sectionWarning(
      load.diagnostics,
      draft.at,
      `'stats' statement ignored for ${title(draft)} as it requires HTTP mode.`,
    );
    proxy.stats = null;
    return;
  }
  proxy.stats.scope = proxy.stats.scope.map((name) => name === "." ? proxy.name : name);
}
