/** The head of the page: what is wrong, the worst first, each with a link to its row; else that nothing is. */
import { counted, escapeHtml } from "./figures.ts";
import { badge, type Tables } from "./tables.ts";
import type { Trouble } from "./trouble.ts";

/** Lines shown at once, and those that can be opened; the tables hold all. */
const SHOWN = 8;
const MOST = 200;

export interface Summary {
  html: string;
  /** For the title, which a tab or a list of windows shows. */
  title: string;
}

export function summaryHtml({ troubles, states, proxies }: Tables): Summary {
  const ranked = troubles.toSorted((a, b) => a.rank - b.rank);
  const headline = headlineOf(ranked);
  const servers = [...states].toSorted(([, a], [, b]) => b - a).map(([text, count]) => `${count} ${escapeHtml(text)}`);
  const total = [...states.values()].reduce((sum, count) => sum + count, 0);
  const rest = ranked.slice(SHOWN, MOST);
  const beyond = ranked.length - MOST;
  const more = rest.length === 0
    ? ""
    : `<details><summary>${ranked.length - SHOWN} more</summary>${list(rest)}${
      beyond > 0 ? `<p>${beyond} more are in the tables.</p>` : ""
    }</details>`;
  const look = ranked[0] === undefined || ranked[0].look === "off" ? "ok" : ranked[0].look;
  const html = `<section id=summary class=${look} aria-label="Summary" aria-live=polite><h2>${headline}</h2>` +
    `<p class=states>${proxies} ${proxies === 1 ? "proxy" : "proxies"}, ${counted(total, "server")}${
      servers.length === 0 ? "" : `: ${servers.join(", ")}`
    }</p>${list(ranked.slice(0, SHOWN))}${more}</section>`;
  return { html, title: headline };
}

/** What the headline counts, in its order; what was put aside on purpose is no news. */
const NEWS: readonly [concerns: (trouble: Trouble) => boolean, words: (count: number) => string][] = [
  [({ rank }) => rank === 0, (count) => `${counted(count, "backend")} down`],
  [({ rank }) => rank === 1, (count) => `${counted(count, "server")} down`],
  [({ rank, state }) => rank === 2 && state !== "FULL", (count) => `${counted(count, "frontend")} closed`],
  [({ state }) => state === "FULL", (count) => `${count} at the limit`],
  [({ state }) => state === "QUEUE", (count) => `${counted(count, "queue")} waiting`],
];

function headlineOf(troubles: readonly Trouble[]): string {
  const counts = NEWS.map(([concerns, words]) => ({ count: troubles.filter(concerns).length, words }));
  const said = counts.filter(({ count }) => count > 0).map(({ count, words }) => words(count));
  return said.length === 0 ? "Nothing is down" : said.join(", ");
}

function list(troubles: readonly Trouble[]): string {
  if (troubles.length === 0) return "";
  const lines = troubles.map(({ state, look, proxy, object, words, id }) => {
    const name = escapeHtml(object === "" ? proxy : `${proxy} / ${object}`);
    return `<li>${badge({ text: state, look })}<div><a href="#r${id}">${name}</a> <span>${
      escapeHtml(words)
    }</span></div>`;
  });
  return `<ul>${lines.join("")}</ul>`;
}
