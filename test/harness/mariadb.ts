/** A MariaDB server of one test file: private, in a temporary directory, with a user "check" who has a password. */
import { SQL } from "bun";
import { join } from "node:path";
import { waitFor } from "./conditions.ts";
import { freePort } from "./ports.ts";
import { launch, type Running } from "./processes.ts";
import { openDirectory, runUnprivileged, unprivileged } from "./unprivileged.ts";

export const PASSWORD = "s3cret of the check";

export interface Mariadb extends AsyncDisposable {
  readonly port: number;
  readonly socket: string;
  readonly running: Running;
  /** As root of the database. */
  run(...statements: string[]): Promise<void>;
}

export async function startMariadb(): Promise<Mariadb> {
  const directory = openDirectory();
  const data = join(directory, "data");
  const socket = join(directory, "sock");
  const port = freePort();
  await runUnprivileged([
    "mariadb-install-db",
    "--no-defaults",
    `--datadir=${data}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ], directory);
  const running = launch(
    unprivileged([
      "/usr/sbin/mariadbd",
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--pid-file=${join(directory, "pid")}`,
      "--innodb-buffer-pool-size=8M",
      "--innodb-flush-log-at-trx-commit=0",
    ]),
    directory,
  );
  const server: Mariadb = {
    port,
    socket,
    running,
    async run(...statements) {
      const sql = new SQL({
        adapter: "mysql",
        path: socket,
        username: "root",
        password: "",
        database: "mysql",
        max: 1,
      });
      try {
        for (const statement of statements) await sql.unsafe(statement);
      } finally {
        await sql.close({ timeout: 0 });
      }
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
  await waitFor(async () => {
    if (running.exitCode() !== null) throw new Error(`Cannot start mariadbd:\n${running.stderr()}`);
    return await server.run("SELECT 1").then(() => true, () => false);
  }, "mariadbd to answer");
  await server.run(`CREATE USER 'check'@'%' IDENTIFIED BY '${PASSWORD}'`);
  return server;
}
