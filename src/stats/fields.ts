/**
 * The columns of `show stat`, in haproxy's order: what each is called, for which objects it has a value, and how that
 * value is tagged in the typed output (management.txt 9.1, 9.2; the columns from `srid` on are those of haproxy 3.x).
 *
 * A column without cells is one whose subject is not built yet: it is always empty.
 */
import { type Counter, LISTEN_STATE, WORD } from "../board/words.ts";
import type { Mode } from "../config/haproxy/model.ts";
import { listenerAddress, protocol, serverAddress } from "./addresses.ts";
import { fullconnOf } from "../config/haproxy/limits.ts";
import { CHECKED, downtime } from "./check_fields.ts";
import {
  ageSec,
  always,
  type Column,
  column,
  count,
  counter,
  httpCounter,
  isHttp,
  mean,
  rate,
  type Value,
  word,
  zeroCounter,
  zeroGauge,
} from "./column.ts";
import { type Kind, readWord, type Row, serverStatus, type View } from "./rows.ts";

export type { Cell, Column, Value, ValueType } from "./column.ts";

const SERVER_NAME: Record<Kind, (row: Row) => string> = {
  frontend: () => "FRONTEND",
  backend: () => "BACKEND",
  server: ({ server }) => server!.name,
  listener: ({ bind }) => bind!.name ?? `sock-${bind!.id}`,
};

/** A frontend at its limit goes on being OPEN, as with haproxy; a listener says FULL. */
const FRONTEND_STATUS = {
  [LISTEN_STATE.open]: "OPEN",
  [LISTEN_STATE.full]: "OPEN",
  [LISTEN_STATE.paused]: "PAUSED",
  [LISTEN_STATE.stopped]: "STOP",
} as Record<number, string>;
const LISTENER_STATUS: Record<number, string> = { ...FRONTEND_STATUS, [LISTEN_STATE.full]: "FULL" };

function backendStatus({ view, sum }: Row): string {
  const status = sum!.weight > 0 || sum!.servers === 0 ? "UP" : "DOWN";
  return view.hide === "none" ? status : `${status} (${sum!.up}/${sum!.servers})`;
}

/** Fullconn by view: it looks at all proxies once. */
const fullconns = new WeakMap<View, ReturnType<typeof fullconnOf>>();
function fullconn({ view, proxy }: Row): number {
  let of = fullconns.get(view);
  if (of === undefined) fullconns.set(view, of = fullconnOf(view.model, view.maxconn));
  return of(proxy);
}

/** One of its own, which may have been changed to let nobody in, or the process's. */
function frontendLimit({ view, entity }: Row): number {
  const own = readWord(view.board, entity, WORD.maxconn);
  return own === 0 ? view.maxconn : Math.max(0, own);
}

/** A count of the frontends of one mode; 0 for the others. */
const countIn = (mode: Mode, source: Counter): Value => (row) => row.proxy.mode === mode ? count(row, source) : 0;

/** What a frontend and a backend, which looks the other way, count of HTTP/1. */
const h1Counter = (name: string, front: Counter, back: Counter, description: string): Column =>
  column(name, description, ["F", "MCP", "u64", countIn("http", front)], ["B", "MCP", "u64", countIn("http", back)]);

export const COLUMNS: readonly Column[] = [
  column("pxname", "Name of the proxy", ["LFBS", "KNS", "str", ({ proxy }) => proxy.name]),
  column("svname", "Name of the server or listener, or FRONTEND, BACKEND", [
    "LFBS",
    "KNS",
    "str",
    (row) => SERVER_NAME[row.kind](row),
  ]),
  column("qcur", "Connections waiting now", ["BS", "MGP", "u32", word(WORD.queued)]),
  column("qmax", "Most connections that ever waited at once", ["BS", "MMP", "u32", word(WORD.queuedMax)]),
  column("scur", "Sessions now", ["LFBS", "MGP", "u32", word(WORD.cur)]),
  column("smax", "Most sessions ever at once", ["LFBS", "MMP", "u32", word(WORD.max)]),
  column(
    "slim",
    "Limit on sessions: maxconn, for a backend fullconn",
    ["L", "CLP", "u32", ({ bind }) => bind!.maxconn],
    ["F", "CLP", "u32", frontendLimit],
    ["B", "CLP", "u32", fullconn],
    ["S", "CLP", "u32", (row) => readWord(row.view.board, row.entity, WORD.maxconn) || null],
  ),
  counter("stot", "LFBS", "sessions", "Sessions so far"),
  counter("bin", "LFBS", "bytesIn", "Bytes received from the clients"),
  counter("bout", "LFBS", "bytesOut", "Bytes sent to the clients"),
  counter("dreq", "LFB", "deniedReq", "Requests denied by a rule"),
  counter("dresp", "LFBS", "deniedResp", "Responses denied by a rule"),
  counter("ereq", "LF", "reqErrors", "Requests that ended in an error on the client's side"),
  counter("econ", "BS", "connErrors", "Failed connections to a server"),
  counter("eresp", "BS", "respErrors", "Responses that ended in an error"),
  counter("wretr", "BS", "retries", "Connection attempts repeated"),
  counter("wredis", "BS", "redispatches", "Sessions sent to another server after a failure"),
  column(
    "status",
    "State of the object",
    ["L", "SGP", "str", (row) => LISTENER_STATUS[readWord(row.view.board, row.entity, WORD.state)]!],
    ["F", "SGP", "str", (row) => FRONTEND_STATUS[readWord(row.view.board, row.entity, WORD.state)]!],
    ["B", "SGP", "str", backendStatus],
    ["S", "SGP", "str", ({ view, entity, server }) => serverStatus(view.board, entity, server!)],
  ),
  column(
    "weight",
    "Weight in force; for a backend that of the servers in use",
    ["B", "MaP", "u32", ({ sum }) => sum!.weight],
    ["S", "MaP", "u32", word(WORD.weight)],
  ),
  column(
    "act",
    "Usable active servers, or whether the server is one that is not a backup",
    ["B", "MGP", "u32", ({ sum }) => sum!.active],
    ["S", "SGP", "u32", ({ server }) => server!.backup ? 0 : 1],
  ),
  column(
    "bck",
    "Usable backup servers, or whether the server is a backup",
    ["B", "MGP", "u32", ({ sum }) => sum!.backup],
    ["S", "SGP", "u32", ({ server }) => server!.backup ? 1 : 0],
  ),
  column("chkfail", "Failed checks while the server was up", ["S", "MCP", "u64", CHECKED.failed]),
  column("chkdown", "Changes from up to down", ["BS", "MCP", "u64", CHECKED.downs]),
  column("lastchg", "Seconds since the last change of state", [
    "BS",
    "MAP",
    "u32",
    ({ view, entity }) => ageSec(view, readWord(view.board, entity, WORD.stateSince)),
  ]),
  column("downtime", "Seconds spent down", ["B", "MCP", "u32", (row) => {
    return row.sum!.servers === 0 ? null : downtime(row, row.sum!.weight === 0);
  }], ["S", "MCP", "u32", CHECKED.downtime]),
  column("qlimit", "Limit on the server's queue (maxqueue)", [
    "S",
    "CGS",
    "u32",
    ({ server }) => server!.maxqueue || null,
  ]),
  column("pid", "Number of the process: always 1", ["LFBS", "KGP", "u32", always(1)]),
  column("iid", "Id of the proxy", ["LFBS", "KGS", "u32", ({ proxy }) => proxy.id]),
  column(
    "sid",
    "Id of the server or listener in its proxy",
    ["FB", "KGS", "u32", always(0)],
    ["L", "KGS", "u32", ({ bind }) => bind!.id],
    ["S", "KGS", "u32", ({ server }) => server!.id],
  ),
  column("throttle", "Share of its weight that a starting server has, in percent"),
  counter("lbtot", "BS", "chosen", "Times a server was chosen"),
  column("tracked", "The server whose state this one follows"),
  column("type", "0 frontend, 1 backend, 2 server, 3 listener", [
    "LFBS",
    "CGS",
    "u32",
    ({ kind }) => ["frontend", "backend", "server", "listener"].indexOf(kind),
  ]),
  column(
    "rate",
    "New sessions in the last second",
    ["FS", "MRP", "u32", rate(WORD.sessSec)],
    ["B", "MGP", "u32", rate(WORD.sessSec)],
  ),
  column("rate_lim", "Limit on new sessions per second", ["F", "CLP", "u32", ({ proxy }) => proxy.rateLimitSessions]),
  column(
    "rate_max",
    "Most new sessions ever in a second",
    ["FS", "MMP", "u32", word(WORD.sessMax)],
    ["B", "MGP", "u32", word(WORD.sessMax)],
  ),
  column("check_status", "Result of the last check", ["S", "MOP", "str", CHECKED.status]),
  column("check_code", "Code in the answer to the last check", ["S", "MOP", "u64", CHECKED.code]),
  column("check_duration", "Time the last check took, in ms", ["S", "MDP", "u64", CHECKED.duration]),
  httpCounter("hrsp_1xx", "FBS", "http1xx", "Responses with a status of 100 to 199"),
  httpCounter("hrsp_2xx", "FBS", "http2xx", "Responses with a status of 200 to 299"),
  httpCounter("hrsp_3xx", "FBS", "http3xx", "Responses with a status of 300 to 399"),
  httpCounter("hrsp_4xx", "FBS", "http4xx", "Responses with a status of 400 to 499"),
  httpCounter("hrsp_5xx", "FBS", "http5xx", "Responses with a status of 500 to 599"),
  httpCounter("hrsp_other", "FBS", "httpOther", "Responses with any other status"),
  column("hanafail", "Checks failed by observed traffic"),
  column("req_rate", "HTTP requests in the last second", ["F", "MRP", "u32", rate(WORD.reqSec)]),
  column("req_rate_max", "Most HTTP requests ever in a second", ["F", "MMP", "u32", word(WORD.reqMax)]),
  column(
    "req_tot",
    "HTTP requests so far",
    ["F", "MCP", "u64", (row) => count(row, "requests")],
    ["BS", "MCP", "u64", (row) => isHttp(row) ? count(row, "requests") : null],
  ),
  counter("cli_abrt", "BS", "clientAborts", "Transfers that the client broke off"),
  counter("srv_abrt", "BS", "serverAborts", "Transfers that the server broke off"),
  zeroCounter("comp_in", "FB", "Bytes given to compression"),
  zeroCounter("comp_out", "FB", "Bytes that compression gave"),
  zeroCounter("comp_byp", "FB", "Bytes that bypassed compression"),
  zeroCounter("comp_rsp", "FB", "Responses compressed"),
  column("lastsess", "Seconds since the last session; -1: never", ["BS", "MAP", "s32", ({ view, entity }) => {
    const at = readWord(view.board, entity, WORD.lastSession);
    return at === 0 ? -1 : ageSec(view, at - 1);
  }]),
  column("last_chk", "What the last check said", ["S", "MOP", "str", CHECKED.info]),
  column("last_agt", "What the last agent check said"),
  column("qtime", "Mean time in the queue over the last 1024 sessions, in ms", [
    "BS",
    "MaP",
    "u32",
    mean("queueTimeSum"),
  ]),
  column("ctime", "Mean time to connect over the last 1024 sessions, in ms", [
    "BS",
    "MaP",
    "u32",
    mean("connectTimeSum"),
  ]),
  column("rtime", "Mean time to respond over the last 1024 sessions, in ms", [
    "BS",
    "MaP",
    "u32",
    mean("responseTimeSum"),
  ]),
  column("ttime", "Mean time of the last 1024 sessions, in ms", ["BS", "MaP", "u32", mean("totalTimeSum")]),
  column("agent_status", "Result of the last agent check"),
  column("agent_code", "Code of the last agent check"),
  column("agent_duration", "Time the last agent check took, in ms"),
  column("check_desc", "The last check's result in words", ["S", "MOP", "str", CHECKED.text]),
  column("agent_desc", "The last agent check's result in words"),
  column("check_rise", "Passed checks that bring the server up", ["S", "CGS", "u32", CHECKED.rise]),
  column("check_fall", "Failed checks that take the server down", ["S", "CGS", "u32", CHECKED.fall]),
  column("check_health", "Level of health of the server, 0 to rise + fall - 1", ["S", "CGS", "u32", CHECKED.health]),
  column("agent_rise", "Passed agent checks that bring the server up"),
  column("agent_fall", "Failed agent checks that take the server down"),
  column("agent_health", "Level of health by the agent, 0 to rise + fall - 1"),
  column(
    "addr",
    'Address and port, or "unix"; not shown at level user',
    ["L", "CGS", "str", ({ view, bind }) => view.legends ? listenerAddress(bind!.address) : null],
    ["S", "CGS", "str", ({ view, server }) => view.legends ? serverAddress(server!.address) : null],
  ),
  column(
    "cookie",
    "Name of the cookie, for a server its value; not shown at level user",
    ["B", "CNS", "str", ({ view, proxy }) => view.legends ? proxy.cookie?.name ?? null : null],
    ["S", "CNS", "str", ({ view, server }) => view.legends ? server!.cookie : null],
  ),
  column("mode", "tcp or http", ["LFBS", "CGS", "str", ({ proxy }) => proxy.mode]),
  column("algo", "Balancing algorithm; not shown at level user", [
    "B",
    "CGS",
    "str",
    ({ view, proxy }) => view.legends ? proxy.balance.kind : null,
  ]),
  column("conn_rate", "New connections in the last second", ["F", "MRP", "u32", rate(WORD.connSec)]),
  column("conn_rate_max", "Most new connections ever in a second", ["F", "MMP", "u32", word(WORD.connMax)]),
  counter("conn_tot", "F", "connections", "Connections so far"),
  httpCounter("intercepted", "F", "intercepted", "Requests answered without a server"),
  counter("dcon", "LF", "deniedConn", 'Connections denied by "tcp-request connection" rules'),
  counter("dses", "LF", "deniedSess", 'Sessions denied by "tcp-request session" rules'),
  zeroCounter("wrew", "LFBS", "Header changes that failed"),
  counter("connect", "BS", "connects", "Connection attempts"),
  counter("reuse", "BS", "reuses", "Connections used again"),
  column("cache_lookups", "Look-ups in a cache", ["FB", "MCP", "u64", (row) => isHttp(row) ? 0 : null]),
  column("cache_hits", "Hits in a cache", ["FB", "MCP", "u64", (row) => isHttp(row) ? 0 : null]),
  column("srv_icur", "Idle connections ready for use", ["S", "MGP", "u32", (row) => count(row, "idle")]),
  column("src_ilim", "Limit on idle connections", [
    "S",
    "CLP",
    "u32",
    ({ server }) => server!.poolMaxConn < 0 ? null : server!.poolMaxConn,
  ]),
  column("qtime_max", "Longest time in the queue, in ms", ["BS", "MMP", "u32", (row) => count(row, "queueTimeMax")]),
  column("ctime_max", "Longest time to connect, in ms", ["BS", "MMP", "u32", (row) => count(row, "connectTimeMax")]),
  column("rtime_max", "Longest time to respond, in ms", ["BS", "MMP", "u32", (row) => count(row, "responseTimeMax")]),
  column("ttime_max", "Longest session, in ms", ["BS", "MMP", "u32", (row) => count(row, "totalTimeMax")]),
  counter("eint", "LFBS", "internalErrors", "Errors of the program itself"),
  zeroGauge("idle_conn_cur", "S", "u32", "Idle connections that may not be shared at once"),
  column("safe_conn_cur", "Idle connections that may be shared", ["S", "MGP", "u32", (row) => count(row, "idle")]),
  column("used_conn_cur", "Connections in use", ["S", "MGP", "u32", word(WORD.cur)]),
  column("need_conn_est", "Connections expected to be needed", ["S", "MGP", "u32", word(WORD.cur)]),
  column(
    "uweight",
    "Weight as set; for a backend that of the servers in use",
    ["B", "MaP", "u32", ({ sum }) => sum!.weight],
    ["S", "MaP", "u32", word(WORD.weight)],
  ),
  zeroGauge("agg_server_status", "B", "u32", "Servers by state, for exporters"),
  zeroGauge("agg_server_check_status", "B", "u32", "The same under its former name"),
  zeroGauge("agg_check_status", "B", "u32", "Servers by result of their check, for exporters"),
  column("srid", "Revision of the server's id", ["S", "CGS", "u32", always(0)]),
  column("sess_other", "Sessions of other protocols than HTTP", ["F", "MCP", "u64", countIn("tcp", "sessions")]),
  column("h1sess", "HTTP/1 sessions", ["F", "MCP", "u64", countIn("http", "sessions")]),
  zeroCounter("h2sess", "F", "HTTP/2 sessions"),
  zeroCounter("h3sess", "F", "HTTP/3 sessions"),
  column("req_other", "Requests of other protocols than HTTP", ["F", "MCP", "u64", countIn("tcp", "sessions")]),
  column("h1req", "HTTP/1 requests", ["F", "MCP", "u64", countIn("http", "requests")]),
  zeroCounter("h2req", "F", "HTTP/2 requests"),
  zeroCounter("h3req", "F", "HTTP/3 requests"),
  column("proto", "Protocol of the listener", ["L", "CNS", "str", ({ bind }) => protocol(bind!.address)]),
  zeroGauge("priv_idle_cur", "S", "u32", "Idle connections bound to one client"),
  counter("reqbin", "LFBS", "bytesIn", "Bytes of requests received"),
  counter("reqbout", "LFBS", "bytesIn", "Bytes of requests sent on"),
  counter("resbin", "LFBS", "bytesOut", "Bytes of responses received"),
  counter("resbout", "LFBS", "bytesOut", "Bytes of responses sent on"),
];

/** The columns behind the mark `-`, whose presence and order nobody may rely on. */
export const EXTRA_COLUMNS: readonly Column[] = [
  zeroCounter("ssl_sess", "LFBS", "TLS sessions"),
  zeroCounter("ssl_reused_sess", "LFBS", "TLS sessions resumed"),
  zeroCounter("ssl_failed_handshake", "LFBS", "TLS handshakes failed"),
  zeroCounter("ssl_ocsp_staple", "LFBS", "OCSP answers stapled"),
  zeroCounter("ssl_failed_ocsp_staple", "LFBS", "OCSP answers that could not be stapled"),
  zeroCounter("h2_headers_rcvd", "FB", "HTTP/2 HEADERS frames received"),
  zeroCounter("h2_data_rcvd", "FB", "HTTP/2 DATA frames received"),
  zeroCounter("h2_settings_rcvd", "FB", "HTTP/2 SETTINGS frames received"),
  zeroCounter("h2_rst_stream_rcvd", "FB", "HTTP/2 RST_STREAM frames received"),
  zeroCounter("h2_goaway_rcvd", "FB", "HTTP/2 GOAWAY frames received"),
  zeroCounter("h2_detected_conn_protocol_errors", "FB", "HTTP/2 errors of a connection"),
  zeroCounter("h2_detected_strm_protocol_errors", "FB", "HTTP/2 errors of a stream"),
  zeroCounter("h2_rst_stream_resp", "FB", "HTTP/2 RST_STREAM frames sent"),
  zeroCounter("h2_goaway_resp", "FB", "HTTP/2 GOAWAY frames sent"),
  zeroGauge("h2_open_connections", "FB", "u64", "HTTP/2 connections now"),
  zeroGauge("h2_backend_open_streams", "FB", "u64", "HTTP/2 streams now"),
  zeroCounter("h2_total_connections", "FB", "HTTP/2 connections so far"),
  zeroCounter("h2_backend_total_streams", "FB", "HTTP/2 streams so far"),
  column("h1_open_connections", "HTTP/1 connections now", [
    "F",
    "MGP",
    "u64",
    (row) => isHttp(row) ? word(WORD.cur)(row) : 0,
  ], ["B", "MGP", "u64", always(0)]),
  zeroGauge("h1_open_streams", "FB", "u64", "HTTP/1 exchanges now"),
  h1Counter("h1_total_connections", "connections", "connects", "HTTP/1 connections so far"),
  h1Counter("h1_total_streams", "requests", "requests", "HTTP/1 exchanges so far"),
  h1Counter("h1_bytes_in", "bytesIn", "bytesOut", "Bytes received by HTTP/1"),
  h1Counter("h1_bytes_out", "bytesOut", "bytesIn", "Bytes sent by HTTP/1"),
  zeroCounter("h1_spliced_bytes_in", "FB", "Bytes received by HTTP/1 through a pipe"),
  zeroCounter("h1_spliced_bytes_out", "FB", "Bytes sent by HTTP/1 through a pipe"),
];

/** The mark between the two in the CSV: it has no place in the other forms. */
export const MARK: Column = { name: "-", description: "", cells: {} };

export const ALL_COLUMNS: readonly Column[] = [...COLUMNS, ...EXTRA_COLUMNS];
