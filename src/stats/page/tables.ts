/**
 * The tables of the page, one per proxy, and what the summary needs of the same walk over the rows: the walk is made once.
 */
import { listenerAddress, serverAddress } from "../addresses.ts";
import { isHidden, type Row, rowsOf, type View } from "../rows.ts";
import type { Mode, Proxy } from "../../config/haproxy/model.ts";
import { type Group, groupsOf } from "./columns.ts";
import { counted, duration, escapeHtml } from "./figures.ts";
import { type Status, statusOf, type Trouble, troubleOf } from "./trouble.ts";

export interface Tables {
  html: string;
  troubles: Trouble[];
  /** Servers by the text of their status. */
  states: Map<string, number>;
  proxies: number;
}

/** More rows than these scroll within their table, whose head stays in sight. */
const TALL = 30;

interface Section {
  proxy: Proxy;
  rows: string;
  count: number;
  state: Status | null;
  up: string;
}

export function renderTables(view: View): Tables {
  const layouts = { tcp: layoutOf(view, "tcp"), http: layoutOf(view, "http") };
  const sections: Section[] = [];
  const troubles: Trouble[] = [];
  const states = new Map<string, number>();
  // What is hidden is counted all the same: the summary speaks of all.
  for (const row of rowsOf({ ...view, hide: "none" })) {
    let section = sections.at(-1);
    if (section?.proxy !== row.proxy) {
      sections.push(section = { proxy: row.proxy, rows: "", count: 0, state: null, up: "" });
    }
    const status = statusOf(row);
    const trouble = troubleOf(row, status);
    if (trouble !== null) troubles.push(trouble);
    if (row.kind === "frontend") section.state = status;
    if (row.kind === "backend") {
      section.state = status;
      section.up = row.sum!.servers === 0 ? "" : `${row.sum!.up} of ${counted(row.sum!.servers, "server")} up`;
    }
    if (row.kind === "server") {
      states.set(status.text, (states.get(status.text) ?? 0) + 1);
      if (isHidden(view, row.entity)) continue;
    }
    section.rows += rowHtml(row, status, trouble, layouts[row.proxy.mode]);
    section.count++;
  }
  const html = sections.map((section) => sectionHtml(section, layouts[section.proxy.mode], view)).join("");
  return { html, troubles, states, proxies: sections.length };
}

interface Layout {
  groups: Group[];
  /** The table's head, the same for all of a mode. */
  head: string;
}

function layoutOf({ model }: View, mode: Mode): Layout {
  const groups = groupsOf(model, mode);
  const columns = groups.map(({ columns }) =>
    `<colgroup>${columns.map(({ width }) => `<col class=w${width}>`).join("")}`
  );
  const names = groups.map(({ name, columns }) => `<th scope=colgroup colspan=${columns.length}>${escapeHtml(name)}`);
  const labels = groups.flatMap(({ columns }) =>
    columns.map(({ label, title }) => `<th scope=col title="${escapeHtml(title)}">${label}`)
  );
  const head = `<colgroup><col class=name><col class=state>${columns.join("")}<thead>` +
    `<tr><th scope=col rowspan=2>Name<th scope=col rowspan=2 class=t>State${names.join("")}` +
    `<tr>${labels.join("")}<tbody>`;
  return { groups, head };
}

function sectionHtml({ proxy, rows, count, state, up }: Section, { head }: Layout, { legends }: View): string {
  const name = escapeHtml(proxy.name);
  const facts = [proxy.kind, proxy.mode, ...(legends ? [`id ${proxy.id}`] : []), up].filter((fact) => fact !== "");
  const about = proxy.description === null ? "" : `<p>${escapeHtml(proxy.description)}</p>`;
  return `<section id=p${proxy.id} aria-labelledby=h${proxy.id}><header><h2 id=h${proxy.id}>${name}</h2>` +
    (state === null ? "" : badge(state)) +
    `<span class=facts>${facts.join(" &middot; ")}</span>${about}</header>` +
    `<div class="scroll${count > TALL ? " tall" : ""}" tabindex=0 role=group aria-labelledby=h${proxy.id}>` +
    `<table class=${proxy.mode}><caption class=sr>${name}: ${proxy.kind} in mode ${proxy.mode}</caption>` +
    `${head}${rows}</table></div></section>\n`;
}

/** The sign before the word is made by the style, from its class. */
export const badge = ({ text, look }: Pick<Status, "text" | "look">): string =>
  `<b class=${look}>${escapeHtml(text)}</b>`;

const NAME: Readonly<Record<Row["kind"], (row: Row) => string>> = {
  frontend: () => "Frontend",
  backend: () => "Backend",
  server: ({ server }) => server!.name,
  listener: ({ bind }) => bind!.name ?? `sock-${bind!.id}`,
};

/** A long name may go on in the next line behind its dots, as it does behind hyphens. */
const breakable = (name: string): string => escapeHtml(name).replace(/[._](?=.{4})/g, "$&<wbr>");

const LEGEND: Readonly<Record<Row["kind"], (row: Row) => (string | null)[]>> = {
  frontend: () => [],
  backend: (
    { proxy },
  ) => [`balance ${proxy.balance.kind}`, proxy.cookie === null ? null : `cookie ${proxy.cookie.name}`],
  server: ({ server }) => [serverAddress(server!.address), server!.cookie === null ? null : `cookie ${server!.cookie}`],
  listener: ({ bind }) => [listenerAddress(bind!.address)],
};

function rowHtml(row: Row, status: Status, trouble: Trouble | null, { groups }: Layout): string {
  const { kind, view } = row;
  const legends = view.legends ? LEGEND[kind](row).filter((text) => text !== null) : [];
  const legend = legends.length === 0 ? "" : `<small>${escapeHtml(legends.join(", "))}</small>`;
  const backup = row.server?.backup ? " <i>backup</i>" : "";
  const kindMark = kind === "server" || kind === "listener" ? "" : " class=side";
  // Only what is wrong is led to, and only its row is coloured.
  const mark = trouble === null ? "" : ` id=r${trouble.id} data-look=${trouble.look}`;
  const since = status.since === null ? "" : ` <time>${duration(status.since)}</time>`;
  let html =
    `<tr${kindMark}${mark}><th scope=row>${breakable(NAME[kind](row))}${backup}${legend}<td class=t>${badge(status)}` +
    `${since}`;
  for (const { columns } of groups) {
    for (const { values, cell } of columns) {
      const value = values[kind]?.(row) ?? null;
      html += value === null ? "<td>" : cell(value);
    }
  }
  return html + "\n";
}
