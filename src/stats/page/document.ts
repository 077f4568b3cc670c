/**
 * The page as a whole: head, process, summary, controls, and the tables of tables.ts. A byte string of HTML that needs
 * nothing else: style and script stand in it, and its policy lets nothing but them run.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { wordAt } from "../../board/board.ts";
import { PROCESS } from "../../board/layout.ts";
import { readRate } from "../../board/rates.ts";
import { PROCESS_WORD, WORD } from "../../board/words.ts";
import { toByteString } from "../../config/byte_strings.ts";
import type { StatsPage } from "../../config/haproxy/model.ts";
import type { View } from "../rows.ts";
import type { StatsSource } from "../source.ts";
import { bitRate, counted, duration, escapeHtml, short } from "./figures.ts";
import { addressOf, type Wanted } from "./request.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { summaryHtml } from "./summary.ts";
import { renderTables } from "./tables.ts";

const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  "connect-src 'self'",
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
].join("; ");

export function renderPage(view: View, source: StatsSource, settings: StatsPage, wanted: Wanted): string {
  const tables = renderTables(view);
  const summary = summaryHtml(tables);
  const { global } = view.model;
  const node = settings.node === "" ? global.node ?? toByteString(hostname()) : settings.node;
  const description = settings.description === "" ? global.description : settings.description;
  const name = node === null ? "Statistics" : escapeHtml(node);
  const refreshSec = wanted.refresh ? settings.refreshSec : 0;
  // A refresh of the whole page is for browsers that run no script.
  const refresh = refreshSec > 0 ? `<noscript><meta http-equiv=refresh content=${refreshSec}></noscript>` : "";
  return `<!DOCTYPE html>
<html lang=en><head><meta charset=utf-8><title>${summary.title} - ${name}</title>
<meta name=viewport content="width=device-width,initial-scale=1"><meta name=color-scheme content="light dark">
<meta name=robots content=noindex>${refresh}<link rel=icon href="data:,">
<style>${STYLE}</style></head>
<body><header class=top><h1>${name}</h1><p>${node === null ? "" : "Statistics of "}appliance${
    settings.hideVersion ? "" : ` ${escapeHtml(source.version)}`
  }${description === null ? "" : ` &middot; ${escapeHtml(description)}`}</p></header>
${processHtml(source)}
<main>${wanted.outcome === "" ? "" : `<p role=alert>The order was refused: this page changes nothing.</p>`}
${summary.html}
${controlsHtml(settings, wanted, refreshSec)}
<div id=proxies${tables.proxies > MANY ? " class=many" : ""}>
${tables.html}</div><p id=none${tables.proxies === 0 ? "" : " hidden"}>Nothing matches.</p>
</main><footer>Point at a column's head for what it means, at a shortened figure for all of its digits.</footer>
<script>${SCRIPT}</script></body></html>
`;
}

type Fact = [name: string, value: string];

function processHtml(source: StatsSource): string {
  const { board, workers, pid, ulimitN, memMaxMb, meters } = source;
  const nowMs = source.now();
  meters.sample(nowMs);
  const word = (which: number): number => board.words[wordAt(PROCESS, which)]!;
  const rate = (first: number): number => readRate(board.words, wordAt(PROCESS, first), nowMs);
  const current = word(WORD.cur);
  const maxconn = word(PROCESS_WORD.maxconn) || source.maxconn;
  const share = maxconn > 0 ? ` <small>of ${short(maxconn)} (${Math.round(100 * current / maxconn)}%)</small>` : "";
  const limited = (limit: number): string => limit > 0 ? `, limit ${short(limit)}` : "";
  const perSecond = (first: number, most: number, limit: number): string =>
    `${short(rate(first))}/s <small>most ${short(word(most))}${limited(limit)}</small>`;
  const when = (known: boolean, name: string, value: string): Fact[] => known ? [[name, value]] : [];
  const facts: Fact[] = [
    ["Up for", duration(Math.max(0, Math.floor((nowMs - source.startedAtMs) / 1000)))],
    ["Connections", short(current) + share],
    ["New connections", perSecond(WORD.connSec, WORD.connMax, word(PROCESS_WORD.connRateLimit))],
    ["New sessions", perSecond(WORD.sessSec, WORD.sessMax, word(PROCESS_WORD.sessRateLimit))],
    ...when(meters.seconds > 0, "Sent", bitRate(meters.bytesOutPerSecond)),
    ...when(meters.seconds > 0 && meters.idlePercent !== null, "Idle", `${meters.idlePercent}%`),
    ["Process", `${pid} <small>${counted(workers, "worker")}</small>`],
    ["Limits", `${short(ulimitN)} <small>files${memMaxMb > 0 ? `, ${memMaxMb} MB` : ""}</small>`],
    ...when(source.stopping(), "State", "<b class=warn>STOPPING</b>"),
  ];
  return `<dl id=process>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

/** More proxies than these are drawn as they come into sight: the place of the scroll bar is then a guess. */
const MANY = 30;

const INTERVALS = [0, 2, 5, 10, 30, 60];

function controlsHtml(settings: StatsPage, wanted: Wanted, refreshSec: number): string {
  const link = (words: string, change: Partial<Wanted>, id = ""): string =>
    `<a${id} href="${escapeHtml(addressOf(settings, { ...wanted, ...change }))}">${words}</a>`;
  const choice = (value: string, words: string): string =>
    `<label><input type=radio name=state value=${value}${value === "all" ? " checked" : ""}>${words}</label>`;
  const intervals = [...new Set([...INTERVALS, refreshSec])].toSorted((a, b) => a - b);
  const options = intervals.map((seconds) =>
    `<option value=${seconds}${seconds === refreshSec ? " selected" : ""}>${
      seconds === 0 ? "No refresh" : `Every ${seconds} s`
    }`
  );
  const hidden = wanted.hide !== "none" ? [link("Show all servers", { hide: "none" })] : [
    link("Hide down", { hide: "down" }),
    link("Hide maintenance", { hide: "maintenance" }),
  ];
  const links = [
    link("Refresh now", {}, " id=now"),
    ...(refreshSec === 0 ? [] : [`<span class=nojs>${link("Stop refresh", { refresh: false })}</span>`]),
    ...(wanted.scope === "" ? [] : [link("All proxies", { scope: "" })]),
    ...hidden,
    link("CSV", { form: "csv", refresh: false }),
    link("JSON", { form: "json", refresh: false }),
  ];
  return `<div class=bar><form method=get action="${escapeHtml(settings.uri.replace(/\?.*/s, ""))}">${
    queryFields(settings.uri)
  }` +
    `<label>Filter<input type=search id=filter name=scope autocomplete=off spellcheck=false placeholder="proxy or server"></label>` +
    `<button class=nojs>Show</button><fieldset class=js disabled><legend class=sr>Rows</legend>${choice("all", "All")}${
      choice("trouble", "Problems")
    }${choice("up", "Up")}</fieldset><label class=js><span class=sr>Refresh</span><select id=every>${
      options.join("")
    }</select></label><span id=count role=status></span><span id=note role=status></span></form>` +
    `<nav class=views aria-label="Views">${links.join("")}</nav></div>`;
}

/** A form replaces the query of its address, so what `stats uri` has there goes into fields. */
function queryFields(uri: string): string {
  const mark = uri.indexOf("?");
  if (mark < 0) return "";
  return uri.slice(mark + 1).split("&").map((field) => {
    const equals = field.indexOf("=");
    const [name, value] = equals < 0 ? [field, ""] : [field.slice(0, equals), field.slice(equals + 1)];
    return `<input type=hidden name="${escapeHtml(name)}" value="${escapeHtml(value)}">`;
  }).join("");
}
