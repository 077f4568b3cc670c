/**
 * What an agent asks PostgreSQL, and what it makes of it: 200 for a primary and 206 for a standby as the pgsqlchk script
 * answers, and by path what users of Patroni's interface ask for.
 */
import type { SQL } from "bun";
import { didYouMean } from "../config/diagnostics.ts";
import { type LagLimit, parseLag } from "./lag.ts";
import type { Verdict } from "./responder.ts";

export interface PgsqlState {
  standby: boolean;
  /** A WAL receiver is connected: what has been received is as new as the network allows. */
  receiving: boolean;
  /** Received but not yet replayed; null: unknown. */
  behindBytes: number | null;
  /** Age of the last transaction replayed; null: none was. */
  replayAgeSeconds: number | null;
}

const STATE = `SELECT pg_is_in_recovery() AS standby,
  (SELECT count(*) FROM pg_stat_wal_receiver)::int AS receivers,
  CASE WHEN pg_is_in_recovery()
    THEN pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::float8 END AS behind,
  extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS age`;

export async function askPgsql(sql: SQL): Promise<PgsqlState> {
  const [row] = await sql.unsafe(STATE) as { standby: unknown; receivers: unknown; behind: unknown; age: unknown }[];
  const number = (value: unknown): number | null => value === null || value === undefined ? null : Number(value);
  return {
    standby: row!.standby === true,
    receiving: Number(row!.receivers) > 0,
    behindBytes: number(row!.behind),
    replayAgeSeconds: number(row!.age),
  };
}

type Wanted = "either" | "primary" | "standby" | "any" | "alive";

/** What each path answers 200 to; "either" tells the two apart by 200 and 206. */
const PATHS: Readonly<Record<string, Wanted>> = {
  "/": "either",
  "/primary": "primary",
  "/leader": "primary",
  "/master": "primary",
  "/read-write": "primary",
  "/replica": "standby",
  "/read-only": "any",
  "/health": "alive",
};

/** A path and its query, as what will be asked of the state; a Verdict when it cannot be. */
export interface PgsqlQuestion {
  wanted: Wanted;
  limit: LagLimit | null;
}

const PRIMARY = "PostgreSQL Primary is running.";
const STANDBY = "PostgreSQL Standby is running.";
const DOWN = "PostgreSQL is *down*.";

/** @param limit that of the command line, where the query names none */
export function readPgsqlQuestion(path: string, query: string, limit: LagLimit | null): PgsqlQuestion | Verdict {
  const wanted = PATHS[path.length > 1 ? path.replace(/\/$/, "") : path];
  if (wanted === undefined) {
    const hint = didYouMean(path, Object.keys(PATHS).filter((known) => known !== "/"));
    return { status: 404, text: `Unknown path.${hint === null ? "" : ` ${hint}`}`, reason: "the path is unknown" };
  }
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== "lag") return refused("Unknown parameter: expected lag.");
    if (wanted === "primary" || wanted === "alive") return refused("Lag is asked of standbys.");
    const own = parseLag(value, "bytes");
    if (own === null) return refused("Cannot read lag: expected a size like 16MB or a time like 10s.");
    limit = own;
  }
  return { wanted, limit };
}

const refused = (text: string): Verdict => ({ status: 400, text, reason: "the question cannot be read" });

export function judgePgsql(state: PgsqlState, { wanted, limit }: PgsqlQuestion): Verdict {
  const role = state.standby ? STANDBY : PRIMARY;
  if (wanted === "alive") return { status: 200, text: role, reason: "it answers" };
  if (!state.standby) {
    return wanted === "standby"
      ? { status: 503, text: role, reason: "it is the primary" }
      : { status: 200, text: role, reason: "it is the primary" };
  }
  if (wanted === "primary") return { status: 503, text: role, reason: "it is a standby" };
  const late = limit === null ? null : lagProblem(state, limit);
  if (late !== null) return { status: 503, text: "PostgreSQL Standby is lagging.", reason: late };
  return { status: wanted === "either" ? 206 : 200, text: role, reason: "it is a standby" };
}

/** A standby that receives nothing knows nothing of the primary's log: then only the age of what it has can be told. */
function lagProblem(state: PgsqlState, { unit, value }: LagLimit): string | null {
  if (unit === "bytes") {
    if (!state.receiving || state.behindBytes === null) return "no primary is connected: its lag is unknown";
    return state.behindBytes > value ? `it lags ${state.behindBytes} bytes` : null;
  }
  // A primary that is idle lets the last transaction grow old: that is no lag.
  if (state.receiving && state.behindBytes !== null && state.behindBytes <= 0) return null;
  if (state.replayAgeSeconds === null) return "its lag is unknown";
  return state.replayAgeSeconds > value ? `it lags ${state.replayAgeSeconds.toFixed(1)} s` : null;
}

export const pgsqlDown = (reason: string): Verdict => ({ status: 503, text: DOWN, reason });
