/**
 * The columns of the page's tables: those of `show stat` (fields.ts), grouped for the eye. A column that nothing fills, as
 * its subject is not built yet or nobody configures it, is left out.
 */
import type { Mode, Model } from "../../config/haproxy/model.ts";
import { COLUMNS, type Value } from "../fields.ts";
import type { Kind } from "../rows.ts";
import { duration, escapeHtml, short } from "./figures.ts";

export interface PageColumn {
  label: string;
  /** In full, for who points at it and for readers of the screen. */
  title: string;
  /** In characters. */
  width: number;
  values: Partial<Record<Kind, Value>>;
  /** A whole cell. */
  cell(value: string | number): string;
}

export interface Group {
  name: string;
  columns: PageColumn[];
}

type Format = PageColumn["cell"];

/** End tags of cells and rows are left out (HTML, 13.1.2.4), which makes the page a third smaller. */
const zero = "<td class=z>0";
export const amount: Format = (value) => {
  if (value === 0) return zero;
  const shown = short(value as number);
  return shown === String(value) ? `<td>${shown}` : `<td title=${value}>${shown}`;
};
/** What is not to be seen now: somebody waits. */
const waiting: Format = (value) => value === 0 ? zero : `<td class=w>${short(value as number)}`;
/** 0 is no limit. */
const limit: Format = (value) => value === 0 ? "<td>" : amount(value);
const age: Format = (value) => value === -1 ? "<td class=z>never" : `<td>${duration(value as number)}`;
const seconds: Format = (value) => value === 0 ? "<td class=z>0s" : age(value);
const percent: Format = (value) => `<td>${value}%`;
const text: Format = (value) => `<td class=t>${escapeHtml(String(value))}`;

type Line = [label: string, name: string, format?: Format, width?: number];
interface Lines {
  name: string;
  mode?: Mode;
  lines: Line[];
}

const WIDE = 6;

/** What is so now comes first, as the last groups of a table are out of sight on most screens. */
const GROUPS: readonly Lines[] = [
  { name: "Sessions", lines: [["Cur", "scur"], ["Max", "smax"], ["Limit", "slim", limit]] },
  { name: "Queue", lines: [["Cur", "qcur", waiting], ["Max", "qmax"], ["Limit", "qlimit", limit]] },
  { name: "Session rate", lines: [["Cur", "rate"], ["Max", "rate_max"], ["Limit", "rate_lim", limit]] },
  {
    name: "HTTP responses",
    mode: "http",
    lines: [
      ["1xx", "hrsp_1xx"],
      ["2xx", "hrsp_2xx"],
      ["3xx", "hrsp_3xx"],
      ["4xx", "hrsp_4xx"],
      ["5xx", "hrsp_5xx"],
      ["Other", "hrsp_other"],
    ],
  },
  { name: "Errors", lines: [["Req", "ereq"], ["Conn", "econ"], ["Resp", "eresp"]] },
  { name: "Warnings", lines: [["Retr", "wretr"], ["Redis", "wredis"]] },
  { name: "Mean time, ms", lines: [["Queue", "qtime"], ["Conn", "ctime"], ["Resp", "rtime"], ["Total", "ttime"]] },
  { name: "Sessions so far", lines: [["Total", "stot"], ["LbTot", "lbtot"], ["Last", "lastsess", age, WIDE]] },
  { name: "Bytes", lines: [["In", "bin"], ["Out", "bout"]] },
  { name: "Denied", lines: [["Req", "dreq"], ["Resp", "dresp"]] },
  {
    name: "Requests",
    mode: "http",
    lines: [["Rate", "req_rate"], ["Max", "req_rate_max"], ["Total", "req_tot"], ["Own", "intercepted"]],
  },
  {
    name: "Connections",
    lines: [["Rate", "conn_rate"], ["Total", "conn_tot"], ["New", "connect"], ["Reused", "reuse", amount, WIDE]],
  },
  { name: "Aborts", lines: [["Client", "cli_abrt"], ["Server", "srv_abrt", amount, WIDE]] },
  {
    name: "Server",
    lines: [
      ["Wght", "weight"],
      ["Act", "act"],
      ["Bck", "bck"],
      ["Check", "check_status", text, 9],
      ["Chk", "chkfail"],
      ["Dwn", "chkdown"],
      ["Downtime", "downtime", seconds, 8],
      ["Throttle", "throttle", percent, 8],
    ],
  },
];

const byName = new Map(COLUMNS.map((column) => [column.name, column]));

/** Limits that only a keyword sets. */
const CONFIGURED: Readonly<Record<string, (model: Model) => boolean>> = {
  qlimit: (model) => model.proxies.some(({ servers }) => servers.some(({ maxqueue }) => maxqueue > 0)),
  rate_lim: (model) => model.proxies.some(({ rateLimitSessions }) => rateLimitSessions > 0),
};

export function groupsOf(model: Model, mode: Mode): Group[] {
  return GROUPS.filter((group) => group.mode === undefined || group.mode === mode).flatMap(({ name, lines }) => {
    const columns = lines.flatMap((line) => columnOf(line, model));
    return columns.length === 0 ? [] : [{ name, columns }];
  });
}

function columnOf([label, name, format = amount, width = 5]: Line, model: Model): PageColumn[] {
  const { description, cells } = byName.get(name)!;
  if (Object.keys(cells).length === 0 || CONFIGURED[name]?.(model) === false) return [];
  const values = Object.fromEntries(Object.entries(cells).map(([kind, cell]) => [kind, cell.value]));
  return [{ label, title: description, width, values, cell: format }];
}
