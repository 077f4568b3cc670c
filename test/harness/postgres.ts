/**
 * PostgreSQL servers of one test file: private ones in temporary directories, a primary and standbys that stream from it.
 *
 * A user "check" has a password over TCP; "postgres" is trusted on the unix socket.
 */
import { Glob, SQL } from "bun";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "./conditions.ts";
import { freePort } from "./ports.ts";
import { treeOf } from "./proc.ts";
import { launch } from "./processes.ts";
import { openDirectory, runUnprivileged, unprivileged } from "./unprivileged.ts";

export const PASSWORD = "s3cret of the check";

export interface Postgres extends AsyncDisposable {
  readonly port: number;
  /** Holds the data, and the unix socket. */
  readonly directory: string;
  /** As its superuser. */
  query(statement: string): Promise<Record<string, unknown>[]>;
  /** SIGSTOP and SIGCONT to all its processes. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
}

/** Debian keeps the programs of each version in a directory of their own. */
const BINARIES = join(
  "/usr/lib/postgresql",
  [...new Glob("*/bin/initdb").scanSync({ cwd: "/usr/lib/postgresql" })].toSorted().at(-1) ?? "none/bin/initdb",
  "..",
);

export async function startPostgres(): Promise<Postgres> {
  const directory = openDirectory();
  const data = join(directory, "data");
  const arguments_ = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale"];
  await runUnprivileged([join(BINARIES, "initdb"), ...arguments_], directory);
  writeFileSync(
    join(data, "pg_hba.conf"),
    "local all postgres trust\nlocal replication postgres trust\nhost all check 127.0.0.1/32 scram-sha-256\n",
  );
  const primary = await start(directory);
  await primary.query(`CREATE USER "check" PASSWORD '${PASSWORD}'`);
  return primary;
}

/** Resolves once it streams. */
export async function startStandby(primary: Postgres): Promise<Postgres> {
  const directory = openDirectory();
  const from = ["-h", primary.directory, "-p", String(primary.port), "-U", "postgres"];
  await runUnprivileged(
    [join(BINARIES, "pg_basebackup"), ...from, "-D", join(directory, "data"), "-R", "-c", "fast", "--no-sync"],
    directory,
  );
  const standby = await start(directory);
  await waitFor(
    async () => (await standby.query("SELECT pid FROM pg_stat_wal_receiver")).length > 0,
    "the standby to stream",
  );
  return standby;
}

async function start(directory: string): Promise<Postgres> {
  const port = freePort();
  const data = join(directory, "data");
  appendFileSync(
    join(data, "postgresql.auto.conf"),
    `port = ${port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '${directory}'
fsync = off
shared_buffers = 4MB
wal_retrieve_retry_interval = 100ms
`,
  );
  const running = launch(unprivileged([join(BINARIES, "postgres"), "-D", data]), directory);
  const path = join(directory, `.s.PGSQL.${port}`);
  const server: Postgres = {
    port,
    directory,
    async query(statement) {
      const sql = new SQL({ adapter: "postgres", path, username: "postgres", database: "postgres", max: 1 });
      try {
        return await sql.unsafe(statement);
      } finally {
        await sql.close({ timeout: 0 });
      }
    },
    signal(name) {
      for (const pid of treeOf(running.pid)) process.kill(pid, name);
    },
    async [Symbol.asyncDispose]() {
      server.signal("SIGCONT");
      // An immediate end that still gives the shared memory back.
      running.signal("SIGQUIT");
      await running.exited;
      await running[Symbol.asyncDispose]();
    },
  };
  await waitFor(async () => {
    if (running.exitCode() !== null) throw new Error(`Cannot start postgres:\n${running.stderr()}`);
    return await server.query("SELECT 1").then(() => true, () => false);
  }, "postgres to answer");
  return server;
}
