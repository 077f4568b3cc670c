/** What agents make of a database's state: every state that can be told, against every rule. */
import type { SQL } from "bun";
import { expect, test } from "bun:test";
import { parseLag } from "./lag.ts";
import { askMysql, judgeMysql, type MysqlRules, type MysqlState } from "./mysql.ts";
import { judgePgsql, type PgsqlState, readPgsqlQuestion } from "./pgsql.ts";

const galera = (localState: string, clusterStatus = "Primary"): Partial<MysqlState> => ({
  galera: { localState, clusterStatus },
});
const donorMay: Partial<MysqlRules> = { availableWhenDonor: true };
const readonlyMay: Partial<MysqlRules> = { availableWhenReadonly: true };

const mysql: [state: Partial<MysqlState>, rules: Partial<MysqlRules>, want: string][] = [
  [{}, {}, "200 it can be used"],
  [galera("4"), {}, "200 it can be used"],
  [galera("2"), {}, "503 wsrep_local_state is 2"],
  [galera("2"), donorMay, "200 it can be used"],
  [galera("1"), donorMay, "503 wsrep_local_state is 1"],
  [galera("3"), donorMay, "503 wsrep_local_state is 3"],
  [galera("0", "Disconnected"), donorMay, "503 wsrep_local_state is 0"],
  [galera("", ""), donorMay, "503 wsrep_local_state is unknown"],
  [galera("4", "non-Primary"), {}, "503 wsrep_cluster_status is non-Primary"],
  [{ readOnly: true }, {}, "503 read_only is on"],
  [{ readOnly: true }, readonlyMay, "200 it can be used"],
  [{ ...galera("4"), readOnly: true }, {}, "503 read_only is on"],
  [{ ...galera("2"), readOnly: true }, donorMay, "503 read_only is on"],
  [{ lagSeconds: [0, 10] }, { maxLagSeconds: 10 }, "200 it can be used"],
  [{ lagSeconds: [0, 11] }, { maxLagSeconds: 10 }, "503 it lags 11 s"],
  [{ lagSeconds: [null] }, { maxLagSeconds: 10 }, "503 replication does not run"],
];
test.each(mysql)("MySQL %p by %p", (state, rules, want) => {
  const all = { availableWhenDonor: false, availableWhenReadonly: false, maxLagSeconds: null, ...rules };
  const { status, reason } = judgeMysql({ readOnly: false, galera: null, lagSeconds: [], ...state }, all);
  expect(`${status} ${reason}`).toBe(want);
});

/** A server by what it answers to statements; unknown ones are syntax errors. */
function server(answers: Readonly<Record<string, Record<string, unknown>>>): SQL {
  return {
    unsafe(statement: string) {
      const key = Object.keys(answers).find((words) => statement.startsWith(words));
      if (key === undefined) return Promise.reject(Object.assign(new Error("syntax"), { errno: 1064 }));
      const rows = Object.entries(answers[key]!).map(([name, value]) => ({ Variable_name: name, Value: value }));
      return Promise.resolve(key.includes("VARIABLES") || key.includes("GLOBAL STATUS") ? rows : [answers[key]]);
    },
  } as unknown as SQL;
}

const status = { "SHOW GLOBAL STATUS": { wsrep_local_state: "4", wsrep_cluster_status: "Primary" } };
const settings = (more: object): Record<string, Record<string, unknown>> => ({
  "SHOW GLOBAL VARIABLES": { read_only: "OFF", ...more },
});
const synced = { localState: "4", clusterStatus: "Primary" };
const plain = { readOnly: false, galera: null, lagSeconds: [] };

const servers: [
  name: string,
  answers: Record<string, Record<string, unknown>>,
  lag: number | null,
  want: MysqlState,
][] = [
  ["MySQL", settings({}), null, plain],
  ["MySQL, super_read_only", settings({ read_only: "ON" }), null, { ...plain, readOnly: true }],
  ["MariaDB 12, a further kind of read_only", settings({ read_only: "NO_LOCK" }), null, { ...plain, readOnly: true }],
  ["MariaDB without Galera", settings({ wsrep_on: "OFF", wsrep_provider: "none" }), null, plain],
  ["MariaDB with Galera", { ...settings({ wsrep_on: "ON", wsrep_provider: "/x.so" }), ...status }, null, {
    ...plain,
    galera: synced,
  }],
  ["Galera switched off", settings({ wsrep_on: "OFF", wsrep_provider: "/x.so" }), null, plain],
  ["Percona XtraDB Cluster", { ...settings({ wsrep_provider: "/x.so" }), ...status }, null, {
    ...plain,
    galera: synced,
  }],
  ["a replica", { ...settings({}), "SHOW REPLICA STATUS": { Seconds_Behind_Source: 3 } }, 9, {
    ...plain,
    lagSeconds: [3],
  }],
  ["a replica of old", { ...settings({}), "SHOW SLAVE STATUS": { Seconds_Behind_Master: "4" } }, 9, {
    ...plain,
    lagSeconds: [4],
  }],
  ["a replica that stands", { ...settings({}), "SHOW REPLICA STATUS": { Seconds_Behind_Source: null } }, 9, {
    ...plain,
    lagSeconds: [null],
  }],
];
test.each(servers)("state of %s", async (_, answers, lag, want) => {
  const rules = { availableWhenDonor: false, availableWhenReadonly: false, maxLagSeconds: lag };
  expect(await askMysql(server(answers), rules)).toEqual(want);
});

const primary: Partial<PgsqlState> = { standby: false };
const streaming: Partial<PgsqlState> = { receiving: true, behindBytes: 0, replayAgeSeconds: 3600 };
const behind: Partial<PgsqlState> = { receiving: true, behindBytes: 2000, replayAgeSeconds: 5 };
const cutOff: Partial<PgsqlState> = { receiving: false, behindBytes: 0, replayAgeSeconds: 60 };
const fresh: Partial<PgsqlState> = { receiving: false, behindBytes: null, replayAgeSeconds: null };

const pgsql: [state: Partial<PgsqlState>, path: string, query: string, status: number][] = [
  [primary, "/", "", 200],
  [primary, "/read-only", "lag=0", 200],
  [primary, "/replica", "lag=0", 503],
  [streaming, "/", "lag=1s", 206], // idle, not behind
  [streaming, "/replica/", "lag=0", 200],
  [behind, "/replica", "lag=2000", 200],
  [behind, "/replica", "lag=1999", 503],
  [behind, "/replica", "lag=2kB", 200],
  [behind, "/replica", "lag=5s", 200],
  [behind, "/read-only", "lag=4s", 503],
  [behind, "/health", "", 200],
  [behind, "/primary", "", 503],
  // Without a connection to the primary nobody knows what has not come.
  [cutOff, "/replica", "lag=1GB", 503],
  [cutOff, "/replica", "lag=59s", 503],
  [cutOff, "/replica", "lag=1min", 200],
  [cutOff, "/replica", "", 200],
  [fresh, "/", "lag=1h", 503],
  [fresh, "/", "", 206],
  [primary, "/Primary", "", 404],
  [primary, "/primary/x", "", 404],
  [primary, "/primary", "lag=1s", 400],
  [primary, "/health", "lag=1s", 400],
  [primary, "/replica", "log=1s", 400],
];
test.each(pgsql)("PostgreSQL %p asked for %s?%s", (state, path, query, status) => {
  const question = readPgsqlQuestion(path, query, null);
  const known: PgsqlState = { standby: true, receiving: true, behindBytes: null, replayAgeSeconds: null, ...state };
  expect(("status" in question ? question : judgePgsql(known, question)).status).toBe(status as never);
});

test("the limit of the command line counts where the query names none", () => {
  const limit = { unit: "bytes", value: 1000 } as const;
  expect(readPgsqlQuestion("/", "", limit)).toEqual({ wanted: "either", limit });
  expect(readPgsqlQuestion("/replica", "lag=1s", limit)).toEqual({
    wanted: "standby",
    limit: { unit: "seconds", value: 1 },
  });
});

const lags: [text: string, want: [unit: string, value: number] | null][] = [
  ["10", ["bytes", 10]],
  ["10s", ["seconds", 10]],
  ["500ms", ["seconds", 0.5]],
  ["2min", ["seconds", 120]],
  ["16MB", ["bytes", 16 << 20]],
  ["16m", ["bytes", 16 << 20]],
  ["1.5kB", ["bytes", 1536]],
  ["", null],
  ["-1", null],
  ["10 s", null],
  ["10x", null],
  ["1e3", null],
  ["toString", null],
];
test.each(lags)("lag %p", (text, want) => {
  const got = parseLag(text, "bytes");
  expect(got === null ? null : [got.unit, got.value] as [string, number]).toEqual(want);
});
