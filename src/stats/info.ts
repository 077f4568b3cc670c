/**
 * `show info`: the process as a whole, field by field in haproxy's order (management.txt 9.3).
 *
 * What this program has no counterpart of (memory pools, pipes, a run queue) is 0, as haproxy says where it does not
 * use them. Positions are haproxy's: 45 and 46 belong to zlib.
 */
import { hostname } from "node:os";
import { readCounter, wordAt } from "../board/board.ts";
import { PROCESS } from "../board/layout.ts";
import { readRate } from "../board/rates.ts";
import { type Counter, PROCESS_WORD, WORD } from "../board/words.ts";
import { toByteString } from "../config/byte_strings.ts";
import type { ValueType } from "./fields.ts";
import { totalBytesOut } from "./meters.ts";
import type { StatsSource } from "./source.ts";
import { jsonValue, typedLine } from "./typed.ts";

export interface InfoOptions {
  form: "plain" | "typed" | "json";
  descriptions: boolean;
  /** Fractions where there are any. */
  float: boolean;
}

type InfoValue = (source: StatsSource, float: boolean) => string | number | null;
type Field = [name: string, tags: string, type: ValueType, value: InfoValue, description: string];

const zero: InfoValue = () => 0;
const one: InfoValue = () => 1;
const absent: InfoValue = () => null;
const processWord = (which: number): InfoValue => ({ board }) => board.words[wordAt(PROCESS, which)]!;
const processRate = (first: number): InfoValue => (source) =>
  readRate(source.board.words, wordAt(PROCESS, first), source.now());

const uptimeSec = (source: StatsSource): number => Math.max(0, (source.now() - source.startedAtMs) / 1000);

/** `3d 4h05m06s`. */
export function uptimeText(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (amount: number): string => String(amount % 60).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${Math.floor(hours / 24)}d ${hours % 24}h${two(Math.floor(whole / 60))}m${two(whole)}s`;
}

/** Sums over the frontends: a counter in mode http, another in mode tcp. */
function overFrontends({ model, board }: StatsSource, inTcp: Counter, inHttp: Counter): number {
  let total = 0;
  model.proxies.forEach((proxy, p) => {
    const { frontend } = board.layout.proxies[p]!;
    if (frontend >= 0) total += readCounter(board, frontend, proxy.mode === "tcp" ? inTcp : inHttp);
  });
  return total;
}

const droppedLogs = (source: StatsSource): number =>
  readCounter(source.board, PROCESS, "failedLogs") + overFrontends(source, "failedLogs", "failedLogs");

const FIELDS: readonly Field[] = [
  ["Name", "POS", "str", () => "appliance", "Name of the program"],
  ["Version", "POS", "str", ({ version }) => version, "Version of the program"],
  ["Release_date", "POS", "str", ({ releaseDate }) => releaseDate, "Date of this version"],
  ["Nbthread", "CGS", "u32", ({ workers }) => workers, "Number of proxy processes (nbthread)"],
  ["Nbproc", "CGS", "u32", one, "Always 1"],
  ["Process_num", "KGP", "u32", one, "Always 1"],
  ["Pid", "SGP", "u32", ({ pid }) => pid, "Process id of the launched program"],
  ["Uptime", "MDP", "str", (source) => uptimeText(uptimeSec(source)), "Time since the start"],
  [
    "Uptime_sec",
    "MDP",
    "u32",
    (source, float) => float ? uptimeSec(source) : Math.floor(uptimeSec(source)),
    "Time since the start, in seconds",
  ],
  ["Memmax_MB", "CLP", "u32", ({ memMaxMb }) => memMaxMb, "Limit on memory (-m) in MB; 0: none"],
  ["PoolAlloc_MB", "MGP", "u32", zero, "Memory in pools, in MB"],
  ["PoolUsed_MB", "MGP", "u32", zero, "Memory in use in pools, in MB"],
  ["PoolFailed", "MCP", "u32", zero, "Failed allocations in pools"],
  ["Ulimit-n", "CLP", "u32", ({ ulimitN }) => ulimitN, "Limit on open files"],
  ["Maxsock", "CLP", "u32", ({ ulimitN }) => ulimitN, "Limit on sockets"],
  [
    "Maxconn",
    "CLP",
    "u32",
    ({ board, maxconn }) => board.words[wordAt(PROCESS, PROCESS_WORD.maxconn)] || maxconn,
    "Limit on connections",
  ],
  ["Hard_maxconn", "CLP", "u32", ({ maxconn }) => maxconn, "Limit on connections at the start"],
  ["CurrConns", "MGP", "u32", processWord(WORD.cur), "Connections now"],
  ["CumConns", "MCP", "u32", (source) => overFrontends(source, "connections", "connections"), "Connections so far"],
  ["CumReq", "MCP", "u32", (source) => overFrontends(source, "sessions", "requests"), "Requests so far"],
  ["MaxSslConns", "MMP", "u32", zero, "Limit on TLS connections; 0: none"],
  ["CurrSslConns", "MGP", "u32", zero, "TLS connections now"],
  ["CumSslConns", "MCP", "u32", zero, "TLS connections so far"],
  ["Maxpipes", "CLP", "u32", zero, "Limit on pipes"],
  ["PipesUsed", "MGP", "u32", zero, "Pipes in use"],
  ["PipesFree", "MGP", "u32", zero, "Pipes ready for use"],
  ["ConnRate", "MRP", "u32", processRate(WORD.connSec), "New connections in the last second"],
  ["ConnRateLimit", "CLP", "u32", processWord(PROCESS_WORD.connRateLimit), "Limit on ConnRate (maxconnrate)"],
  ["MaxConnRate", "MMP", "u32", processWord(WORD.connMax), "Highest ConnRate so far"],
  ["SessRate", "MRP", "u32", processRate(WORD.sessSec), "New sessions in the last second"],
  ["SessRateLimit", "CLP", "u32", processWord(PROCESS_WORD.sessRateLimit), "Limit on SessRate (maxsessrate)"],
  ["MaxSessRate", "MRP", "u32", processWord(WORD.sessMax), "Highest SessRate so far"],
  ["SslRate", "MRP", "u32", zero, "New TLS connections in the last second"],
  ["SslRateLimit", "CLP", "u32", zero, "Limit on SslRate"],
  ["MaxSslRate", "MMP", "u32", zero, "Highest SslRate so far"],
  ["SslFrontendKeyRate", "MGP", "u32", zero, "Keys computed for clients in the last second"],
  ["SslFrontendMaxKeyRate", "MMP", "u32", zero, "Highest SslFrontendKeyRate so far"],
  ["SslFrontendSessionReuse_pct", "MGP", "u32", zero, "Share of clients that resumed a session, in percent"],
  ["SslBackendKeyRate", "MRP", "u32", zero, "Keys computed for servers in the last second"],
  ["SslBackendMaxKeyRate", "MMP", "u32", zero, "Highest SslBackendKeyRate so far"],
  ["SslCacheLookups", "MCP", "u32", zero, "Look-ups in the cache of TLS sessions"],
  ["SslCacheMisses", "MCP", "u32", zero, "Look-ups that found no TLS session"],
  ["CompressBpsIn", "MRP", "u32", zero, "Bytes given to compression in the last second"],
  ["CompressBpsOut", "MRP", "u32", zero, "Bytes that compression gave in the last second"],
  ["CompressBpsRateLim", "CLP", "u32", zero, "Limit on CompressBpsOut"],
  ["ZlibMemUsage", "MGP", "u32", absent, "Memory in use by zlib"],
  ["MaxZlibMemUsage", "CLP", "u32", absent, "Limit on the memory of zlib"],
  ["Tasks", "MGP", "u32", zero, "Tasks"],
  ["Run_queue", "MGP", "u32", zero, "Tasks that wait for the processor"],
  [
    "Idle_pct",
    "MaP",
    "u32",
    ({ meters }) => meters.idlePercent ?? 100,
    "Share of the last second spent waiting, in percent",
  ],
  ["node", "COS", "str", ({ model }) => model.global.node ?? toByteString(hostname()), "Name of this machine (node)"],
  ["description", "COS", "str", ({ model }) => model.global.description, "Description of this machine (description)"],
  ["Stopping", "MGP", "u32", ({ stopping }) => stopping() ? 1 : 0, "1 while the program stops"],
  [
    "Jobs",
    "MGP",
    "u32",
    ({ board, listenerCount }) => board.words[wordAt(PROCESS, WORD.cur)]! + listenerCount(),
    "Connections and listeners now",
  ],
  ["Unstoppable Jobs", "MGP", "u32", zero, "Jobs that a stop waits for without end"],
  ["Listeners", "MGP", "u32", ({ listenerCount }) => listenerCount(), "Listening sockets"],
  ["ActivePeers", "MGP", "u32", zero, "Peers agreed upon"],
  ["ConnectedPeers", "MGP", "u32", zero, "Peers connected"],
  ["DroppedLogs", "MGP", "u32", droppedLogs, "Log lines that no target took"],
  ["BusyPolling", "MGP", "u32", zero, "1 with busy polling"],
  ["FailedResolutions", "MGP", "u32", zero, "Names that could not be resolved"],
  ["TotalBytesOut", "MGP", "u64", ({ board }) => totalBytesOut(board), "Bytes sent to the clients"],
  ["TotalSplicedBytesOut", "MGP", "u64", zero, "Bytes sent through a pipe"],
  ["BytesOutRate", "MRP", "u64", ({ meters }) => meters.bytesOutPerSecond, "Bytes sent in the last second"],
  ["DebugCommandsIssued", "MGP", "u32", zero, "Debugging commands so far"],
  ["CumRecvLogs", "MCP", "u32", zero, "Log lines received"],
  ["Build info", "POS", "str", ({ version }) => version, "Version of the program"],
  ["Memmax_bytes", "CLP", "u32", ({ memMaxMb }) => memMaxMb * 1048576, "Limit on memory (-m) in bytes; 0: none"],
  ["PoolAlloc_bytes", "MGP", "u64", zero, "Memory in pools, in bytes"],
  ["PoolUsed_bytes", "MGP", "u64", zero, "Memory in use in pools, in bytes"],
  [
    "Start_time_sec",
    "MDP",
    "u32",
    ({ startedAtMs }, float) => float ? startedAtMs / 1000 : Math.floor(startedAtMs / 1000),
    "Time of the start, in seconds since 1970",
  ],
  ["Tainted", "SGP", "str", () => "0", "Experimental features in use"],
];

/** Nothing in `show info` outlives the process. */
const VOLATILE = "V";

export const INFO_NAMES: readonly string[] = FIELDS.map(([name]) => name);

export function renderInfo(source: StatsSource, { form, descriptions, float }: InfoOptions): string {
  const objects: object[] = [];
  let text = "";
  FIELDS.forEach(([name, tags, type, read, description], position) => {
    const found = read(source, float);
    if (found === null) return;
    const fraction = typeof found === "number" && !Number.isInteger(found);
    const value = fraction ? found.toFixed(6) : found;
    const cell = { tags: tags + VOLATILE, type: fraction ? "flt" : type };
    if (form === "json") objects.push(jsonValue(position, name, cell, found));
    else if (form === "typed") {
      text += typedLine(`${position}.${name}.1`, cell, value, descriptions ? description : null);
    } else text += `${name}: ${value}${descriptions ? `:${JSON.stringify(description)}` : ""}\n`;
  });
  return form === "json" ? JSON.stringify(objects) + "\n" : text;
}
