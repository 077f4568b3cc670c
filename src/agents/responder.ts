/**
 * What stands between an agent's listener and its database: a question in, a verdict out, a log line when it changes.
 *
 * Built for MySQL or PostgreSQL from the options of the command line.
 */
import { SQL } from "bun";
import { statSync } from "node:fs";
import type { Answer } from "./answer.ts";
import { createAsker } from "./database.ts";
import type { Log } from "./log.ts";
import { askMysql, judgeMysql, mysqlDown, type MysqlRules } from "./mysql.ts";
import type { DatabaseOptions } from "./options.ts";
import { askPgsql, judgePgsql, pgsqlDown, type PgsqlQuestion, readPgsqlQuestion } from "./pgsql.ts";

/** An answer, and why: the reason is for the log alone. */
export interface Verdict extends Answer {
  reason: string;
}

export interface Responder {
  answer(path: string, query: string): Promise<Answer>;
  close(): Promise<void>;
}

export function createResponder(options: DatabaseOptions, secret: () => string, log: Log): Responder {
  return options.kind === "mysql" ? mysqlResponder(options, secret, log) : pgsqlResponder(options, secret, log);
}

function mysqlResponder(options: DatabaseOptions, secret: () => string, log: Log): Responder {
  const rules: MysqlRules = {
    availableWhenDonor: options.availableWhenDonor,
    availableWhenReadonly: options.availableWhenReadonly,
    maxLagSeconds: options.maxLag === null ? null : options.maxLag.value,
  };
  const note = changes(log, "MySQL");
  const asker = createAsker(
    () => connect(options, "mysql", secret()),
    (sql) => askMysql(sql, rules),
    options.timeoutMs,
    secret,
  );
  return {
    async answer() {
      const got = await asker.ask();
      return note("problem" in got ? mysqlDown(got.problem) : judgeMysql(got.value, rules));
    },
    close: asker.close,
  };
}

function pgsqlResponder(options: DatabaseOptions, secret: () => string, log: Log): Responder {
  const note = changes(log, "PostgreSQL");
  const general: PgsqlQuestion = { wanted: "either", limit: options.maxLag };
  const asker = createAsker(() => connect(options, "postgres", secret()), askPgsql, options.timeoutMs, secret);
  return {
    async answer(path, query) {
      const question = readPgsqlQuestion(path, query, options.maxLag);
      if ("status" in question) return question;
      const got = await asker.ask();
      if ("problem" in got) return note(pgsqlDown(got.problem));
      // The log follows the state itself: two clients with different questions must not make it look unsteady.
      note(judgePgsql(got.value, general));
      return judgePgsql(got.value, question);
    },
    close: asker.close,
  };
}

/** Writes a line when a verdict differs from the one before. */
function changes(log: Log, name: string): (verdict: Verdict) => Verdict {
  let before = "";
  return (verdict) => {
    const { status, reason } = verdict;
    // Figures in a reason (a lag) change all the time.
    const now = `${status} ${reason.replace(/[0-9.]+/g, "N")}`;
    if (now !== before) (status === 503 ? log.warning : log.notice)(`${name}: ${status}: ${reason}`);
    before = now;
    return verdict;
  };
}

function connect(options: DatabaseOptions, adapter: "mysql" | "postgres", password: string): SQL {
  const { host, port, user, database } = options;
  return new SQL({
    adapter,
    ...(host.startsWith("/") ? { path: socketPath(host, adapter, port) } : { hostname: host, port }),
    username: user,
    password,
    database,
    max: 1,
    // Bounds what comes before the first query: a host that is gone, a server that does not greet.
    connectionTimeout: options.timeoutMs / 1000,
    idleTimeout: 0,
    maxLifetime: 0,
  });
}

/** PostgreSQL's clients are given the directory of the socket, MySQL's the socket. */
function socketPath(host: string, adapter: "mysql" | "postgres", port: number): string {
  const directory = adapter === "postgres" && statSync(host, { throwIfNoEntry: false })?.isDirectory() === true;
  return directory ? `${host.replace(/\/$/, "")}/.s.PGSQL.${port}` : host;
}
