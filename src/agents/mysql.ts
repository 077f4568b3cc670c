/**
 * What an agent asks MySQL and MariaDB, and what it makes of it: the answers of the clustercheck and mysqlchk scripts.
 *
 * A Galera node can be used when it is synced, any server when it is not read-only, a replica when it does not lag.
 */
import type { SQL } from "bun";
import type { Verdict } from "./responder.ts";

export interface MysqlRules {
  availableWhenDonor: boolean;
  availableWhenReadonly: boolean;
  /** null: replication is not asked about. */
  maxLagSeconds: number | null;
}

export interface MysqlState {
  readOnly: boolean;
  /** null: no Galera, or none that is switched on. */
  galera: { localState: string; clusterStatus: string } | null;
  /** Of each channel; null in it: replication does not run. Empty: no replica. */
  lagSeconds: (number | null)[];
}

const RUNNING = "MySQL is running.";
const DOWN = "MySQL is *down*.";
/** wsrep_local_state of Galera. */
const DONOR = "2";
const SYNCED = "4";

const SETTINGS = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'wsrep_on', 'wsrep_provider')";
const GALERA = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state', 'wsrep_cluster_status')";
/** In the words of MySQL 8.0.22 and MariaDB 10.5, and in older ones. */
const REPLICA = ["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"] as const;
const SYNTAX_ERROR = 1064;

type Row = Record<string, unknown>;

export async function askMysql(sql: SQL, rules: MysqlRules): Promise<MysqlState> {
  const settings = variables(await sql.unsafe(SETTINGS));
  const cluster = hasGalera(settings) ? variables(await sql.unsafe(GALERA)) : null;
  return {
    readOnly: !["OFF", "0"].includes(settings.get("read_only") ?? ""),
    galera: cluster === null ? null : {
      localState: cluster.get("wsrep_local_state") ?? "",
      clusterStatus: cluster.get("wsrep_cluster_status") ?? "",
    },
    lagSeconds: rules.maxLagSeconds === null ? [] : (await replicaRows(sql)).map(lagOf),
  };
}

/** wsrep_on is a variable of sessions alone where the server is Percona's: missing, it is on. */
function hasGalera(settings: ReadonlyMap<string, string>): boolean {
  const provider = settings.get("wsrep_provider") ?? "none";
  return provider !== "none" && provider !== "" && settings.get("wsrep_on") !== "OFF";
}

function variables(rows: Row[]): Map<string, string> {
  return new Map(rows.map((row) => [String(row["Variable_name"]).toLowerCase(), String(row["Value"])]));
}

async function replicaRows(sql: SQL): Promise<Row[]> {
  try {
    return await sql.unsafe(REPLICA[0]);
  } catch (error) {
    if (Number((error as { errno?: unknown }).errno) !== SYNTAX_ERROR) throw error;
    return await sql.unsafe(REPLICA[1]);
  }
}

function lagOf(row: Row): number | null {
  const value = row["Seconds_Behind_Source"] ?? row["Seconds_Behind_Master"] ?? null;
  return value === null ? null : Number(value);
}

export function judgeMysql(state: MysqlState, rules: MysqlRules): Verdict {
  const why = problemOf(state, rules);
  return why === null
    ? { status: 200, text: RUNNING, reason: "it can be used" }
    : { status: 503, text: DOWN, reason: why };
}

function problemOf({ readOnly, galera, lagSeconds }: MysqlState, rules: MysqlRules): string | null {
  if (galera !== null) {
    const { localState, clusterStatus } = galera;
    const usable = localState === SYNCED || (localState === DONOR && rules.availableWhenDonor);
    if (!usable) return `wsrep_local_state is ${localState || "unknown"}`;
    if (clusterStatus !== "Primary") return `wsrep_cluster_status is ${clusterStatus || "unknown"}`;
  }
  if (readOnly && !rules.availableWhenReadonly) return "read_only is on";
  for (const lag of lagSeconds) {
    if (lag === null) return "replication does not run";
    if (lag > rules.maxLagSeconds!) return `it lags ${lag} s`;
  }
  return null;
}

export const mysqlDown = (reason: string): Verdict => ({ status: 503, text: DOWN, reason });
