/**
 * The vocabulary of the board: what each shared word and each counter of an entity means.
 *
 * An entity is anything haproxy counts: the process itself, a frontend, a listener, a backend, a server.
 * Words are Int32 shared by all roles (atomics where several write); counters are Float64, one row per proxy
 * process and entity, written by that process alone and added up by readers (measured: a single-writer cell
 * costs under 1 ns, an atomic add 5 ns).
 */

/** Shared words of an entity. `*Sec/Cur/Prev/Max` are a rate meter (rates.ts). */
export const WORD = {
  /** Connections or sessions held now: compared with maxconn after an atomic add. */
  cur: 0,
  max: 1,
  /** Waiting in this server's or backend's queue. */
  queued: 2,
  queuedMax: 3,
  sessSec: 4,
  sessCur: 5,
  sessPrev: 6,
  sessMax: 7,
  connSec: 8,
  connCur: 9,
  connPrev: 10,
  connMax: 11,
  /** Server: one of SERVER_STATE; frontend and listener: one of LISTEN_STATE. */
  state: 12,
  /** Server: bits of ADMIN; frontend: one of FRONTEND_ADMIN. */
  admin: 13,
  /** Server: the weight in force, 0–256. */
  weight: 14,
  /** Server: when it was last queued among its equals by leastconn; backend: the source of those stamps. */
  stamp: 15,
  /** Backend: cursor of roundrobin and static-rr; frontend: none. */
  cursor: 16,
  /** Seconds since the board was made + 1 of the last session; 0: never. */
  lastSession: 17,
  /** Seconds since the board was made of the last change of state. */
  stateSince: 18,
  /** Server, frontend: the limit in force (0: none), which the runtime API may change. */
  maxconn: 19,
  /** Backend: bumped by whoever changes a server's state or weight, so that workers rebuild their schedules. */
  version: 20,
  reqSec: 21,
  reqCur: 22,
  reqPrev: 23,
  reqMax: 24,
  /** Backend: usable active and backup servers, written with the servers' states. */
  active: 25,
  backup: 26,
  /** Server: sum of its down time in seconds until stateSince. */
  downtime: 27,
  /** Backend: connections being served (beconn without those that wait). */
  served: 31,
} as const;
export const WORDS_PER_ENTITY = 32;

export const SERVER_STATE = { down: 0, starting: 1, up: 2, stopping: 3 } as const;
/** Reasons for maintenance and drain; several may hold at once. configMaint only remembers where forcedMaint came from. */
export const ADMIN = { forcedMaint: 1, inheritedMaint: 2, configMaint: 4, forcedDrain: 8, inheritedDrain: 16 } as const;
export const MAINTENANCE = ADMIN.forcedMaint | ADMIN.inheritedMaint;
export const DRAIN = ADMIN.forcedDrain | ADMIN.inheritedDrain;
export const LISTEN_STATE = { open: 0, full: 1, paused: 2, stopped: 3 } as const;
/** Frontend: its word `admin`, what the operator wants of it; 0: to serve. Shut down is for ever. */
export const FRONTEND_ADMIN = { paused: 1, stopped: 2 } as const;
/** The process as a whole has no state of a server: these words hold limits of its own, all 0 for none. */
export const PROCESS_WORD = { maxconn: 19, connRateLimit: 13, sessRateLimit: 14 } as const;
/** A limit of a frontend (`maxconn`) that lets nobody in; 0 is none of its own. */
export const NOBODY = -1;

export type Fold = "sum" | "max" | "mean";

/** Counters of an entity, in the order of a row, with the way rows of several processes are folded into one. */
export const COUNTERS = [
  ["sessions", "sum"], // stot
  ["connections", "sum"], // conn_tot, connections accepted
  ["bytesIn", "sum"],
  ["bytesOut", "sum"],
  ["deniedReq", "sum"],
  ["deniedResp", "sum"],
  ["reqErrors", "sum"],
  ["connErrors", "sum"],
  ["respErrors", "sum"],
  ["retries", "sum"],
  ["redispatches", "sum"],
  ["chosen", "sum"], // lbtot
  ["clientAborts", "sum"],
  ["serverAborts", "sum"],
  ["deniedConn", "sum"],
  ["deniedSess", "sum"],
  ["intercepted", "sum"],
  ["connects", "sum"], // connection attempts to servers
  ["reuses", "sum"],
  ["requests", "sum"],
  ["http1xx", "sum"],
  ["http2xx", "sum"],
  ["http3xx", "sum"],
  ["http4xx", "sum"],
  ["http5xx", "sum"],
  ["httpOther", "sum"],
  ["internalErrors", "sum"],
  ["failedLogs", "sum"], // lines that no target took
  // What this process itself holds of the shared words cur and queued: given back when the process dies.
  ["heldCur", "sum"],
  ["heldQueued", "sum"],
  ["heldServed", "sum"],
  ["idle", "sum"], // kept connections to a server that nobody uses now
  // Since when the first of this process has waited here, in ms on the machine's clock; 0: nobody waits (turns.ts).
  ["waitsSince", "max"],
  // Times of the last 1024 sessions, ms: a sliding sum, so the mean is a 1024th of it.
  ["queueTimeSum", "mean"],
  ["connectTimeSum", "mean"],
  ["responseTimeSum", "mean"],
  ["totalTimeSum", "mean"],
  ["queueTimeMax", "max"],
  ["connectTimeMax", "max"],
  ["responseTimeMax", "max"],
  ["totalTimeMax", "max"],
] as const satisfies readonly (readonly [string, Fold])[];

export type Counter = (typeof COUNTERS)[number][0];
/** What a process holds or waits for at present is its own: nobody clears it or carries it over. */
export const PRESENT: ReadonlySet<Counter> = new Set(["heldCur", "heldQueued", "heldServed", "idle", "waitsSince"]);
/** The shared words that hold the highest values ever seen. */
export const MOST = [WORD.max, WORD.queuedMax, WORD.sessMax, WORD.connMax, WORD.reqMax] as const;
export const COUNTERS_PER_ROW = COUNTERS.length;
/** Index of each counter in a row. */
export const COUNTER = Object.fromEntries(COUNTERS.map(([name], i) => [name, i])) as Record<Counter, number>;
/** Number of sessions that the time averages look back on (haproxy's TIME_STATS_SAMPLES). */
export const TIME_SAMPLES = 1024;
