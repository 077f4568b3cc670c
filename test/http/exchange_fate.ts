/**
 * What of an exchange must be the same with every program, as lines of text: messages, ends of connections, log lines
 * and counters, without what no two runs have in common: ports, times, the number of connections of other rows.
 */
import type { Message } from "../harness/http.ts";
import type { HttpLog } from "../harness/http_log.ts";
import type { Client, End, LeftOut } from "./exchange_scene.ts";

export interface Fate {
  clients: readonly (readonly string[])[];
  /** What each connection of each server saw. */
  servers: Readonly<Record<string, readonly (readonly string[])[]>>;
  log: readonly string[];
  /** The rows of its proxies in `show stat` when all is over, without what is not counted in whole exchanges. */
  stats: string[];
}

/** What `show stat` counts whole: averages, rates and ages depend on how long things took. */
const COUNTED =
  `qcur qmax scur smax stot bin bout dreq dresp ereq econ eresp wretr wredis lbtot hrsp_1xx hrsp_2xx hrsp_3xx
  hrsp_4xx hrsp_5xx hrsp_other req_tot cli_abrt srv_abrt intercepted dcon dses wrew connect reuse eint`.split(/\s+/);

export function statLine(header: readonly string[], row: readonly string[], leftOut: readonly LeftOut[]): string {
  const counts = COUNTED.filter((name) => !(leftOut.includes("bytes") && /^b(in|out)$/.test(name)))
    .map((name) => [name, row[header.indexOf(name)] ?? ""] as const)
    .filter(([, value]) => value !== "" && value !== "0");
  return `${row[0]} ${row[1]}: ${counts.map(([name, value]) => `${name}=${value}`).join(" ")}`;
}

export type Named = (text: string) => string;

/** Ports become names. */
export function labels(
  frontend: number,
  servers: ReadonlyMap<string, number>,
  clients: readonly Client[],
  ends: ReadonlyMap<string, readonly End[]>,
  site: { fencePort: number },
): Named {
  const names = new Map<string, string>([[`${frontend}`, "FRONT"], [`${site.fencePort}`, "FENCE"]]);
  for (const [name, port] of servers) names.set(`${port}`, `PORT-OF-${name}`);
  for (const [i, { peer }] of clients.entries()) names.set(`${peer.localPort}`, `CLIENT-${i}`);
  for (const one of ends.values()) for (const { peer } of one) names.set(`${peer.remotePort}`, "SOURCE");
  return (text) => text.replace(/\d{5}/g, (digits) => names.get(digits) ?? digits);
}

/** Names of fields count in any case, and haproxy writes them in small letters: RFC 9110 §5.1. */
export function sawLines(end: End, ending: string, named: Named, leftOut: readonly LeftOut[]): string[] {
  const { messages, begun, rest, tunnel } = end.reading();
  const unread = rest === "" || begun !== null ? [] : [`${tunnel ? "then" : "unread"}: ${shortened(named(rest))}`];
  return [
    ...messages.flatMap((message) => messageLines(message, leftOut).map(named)),
    ...(begun === null ? [] : [...messageLines(begun, leftOut).map(named), "  (broken off)"]),
    ...unread,
    ending,
  ];
}

/** What a server saw. How a connection ends that is not used any more, by FIN or RST, is nobody's loss. */
export function serverLines(end: End, named: Named, leftOut: readonly LeftOut[]): string[] {
  const ending = end.peer.ending === "fin" || end.peer.ending === "reset" ? "ended" : end.peer.ending;
  const lines = sawLines(end, ending, named, leftOut.filter((what) => what !== "bodies" && what !== "fields"));
  return leftOut.includes("requests") ? [] : leftOut.includes("serverEnds") ? lines.slice(0, -1) : lines;
}

function messageLines(message: Message, leftOut: readonly LeftOut[]): string[] {
  const { line, fields, body, framing, trailers, extensions } = message;
  if (leftOut.includes("fields")) return [line];
  const varies = leftOut.includes("bodies");
  return [
    line,
    ...fields.filter(([name]) => !(varies && name.toLowerCase() === "content-length"))
      .map(([name, value]) => `  ${name.toLowerCase()}: ${value}`),
    `  (${framing}${extensions ? ", extensions" : ""}) ${varies ? "…" : shortened(body)}`,
    ...trailers.map(([name, value]) => `  trailer ${name.toLowerCase()}: ${value}`),
  ];
}

function shortened(text: string): string {
  if (text.length <= 200) return JSON.stringify(text);
  return `${text.length} bytes, ${Bun.hash(text).toString(16)}`;
}

/** Times become N (or stay -1), the process-wide connection count goes: other rows play meanwhile. */
export function logLine(line: HttpLog, leftOut: readonly LeftOut[]): string {
  const time = (ms: number) => ms < 0 ? String(ms) : "N";
  const early = line.early ? "+" : "";
  const [, ...connections] = line.connections;
  return [
    line.client,
    `${line.frontend} ${line.backend}/${line.server}`,
    `${[line.requestMs, line.queueMs, line.connectMs, line.responseMs].map(time).join("/")}/${early}${
      time(line.activeMs)
    }`,
    line.status,
    leftOut.includes("bytes") ? "…" : `${early}${line.bytes}`,
    line.requestCookie,
    line.responseCookie,
    line.termination,
    connections.join("/"),
    line.queues.join("/"),
    ...line.captures.map((block) => `{${block}}`),
    `"${line.request.slice(0, 400)}"`, // what is cut off depends on how long the header is
  ].join(" ");
}

/** A line of another format: dates, and numbers that look like times or counts of connections. */
export function ownLine(line: string): string {
  return line.replace(/\[\d\d\/\w{3}\/[^\]]*\]/g, "[DATE]")
    .replace(/-?\d+(\/[-+]?\d+){2,}/g, "N/N")
    .replace(/(CLIENT-\d+) \d+ /, "$1 N ") // of clf: the port, and the milliseconds of the date
    .replace(/ (-?\d+ ){5}(\S{4}) \d+ /, " N $2 N ");
}
