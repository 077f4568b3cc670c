/** The agent for PostgreSQL against a real primary and a standby that streams from it, until it is promoted. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { PASSWORD, type Postgres, startPostgres, startStandby } from "../harness/postgres.ts";
import { freePort } from "../harness/ports.ts";
import { cleanUp, HAPROXY, start, temporaryDirectory } from "../harness/processes.ts";
import { type Agent, startAgent } from "./agent_lab.ts";

const PRIMARY = "PostgreSQL Primary is running.";
const STANDBY = "PostgreSQL Standby is running.";
const LAGGING = "PostgreSQL Standby is lagging.";
const DOWN = "503 PostgreSQL is *down*.";
const LIMIT_MS = 400;
/** What else an answer may take on a busy machine. */
const SLACK_MS = 2000;

let primary: Postgres;
let standby: Postgres;
let first: Agent;
let second: Agent;

beforeAll(async () => {
  primary = await startPostgres();
  standby = await startStandby(primary);
  [first, second] = await Promise.all([primary, standby].map((server) => agentOf(server)) as [
    Promise<Agent>,
    Promise<Agent>,
  ]);
}, 20_000);
afterAll(async () => {
  await standby[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
  cleanUp();
});

function agentOf(server: Postgres, ...more: string[]): Promise<Agent> {
  const login = ["--port", String(server.port), "--user", "check"];
  return startAgent("pgsql", [...login, "--timeout", "10s", ...more], { PGPASSWORD: PASSWORD });
}

const asked: [path: string, ofPrimary: string, ofStandby: string][] = [
  ["/", `200 ${PRIMARY}`, `206 ${STANDBY}`],
  ["/primary", `200 ${PRIMARY}`, `503 ${STANDBY}`],
  ["/leader", `200 ${PRIMARY}`, `503 ${STANDBY}`],
  ["/master", `200 ${PRIMARY}`, `503 ${STANDBY}`],
  ["/read-write", `200 ${PRIMARY}`, `503 ${STANDBY}`],
  ["/replica", `503 ${PRIMARY}`, `200 ${STANDBY}`],
  ["/replica?lag=16MB", `503 ${PRIMARY}`, `200 ${STANDBY}`],
  ["/replica?lag=10s", `503 ${PRIMARY}`, `200 ${STANDBY}`],
  ["/replica?lag=1048576", `503 ${PRIMARY}`, `200 ${STANDBY}`],
  ["/read-only", `200 ${PRIMARY}`, `200 ${STANDBY}`],
  ["/read-only?lag=1GB", `200 ${PRIMARY}`, `200 ${STANDBY}`],
  ["/health", `200 ${PRIMARY}`, `200 ${STANDBY}`],
  ...(["/replicas", "/x"] as const).map((path) => {
    const hint = path === "/x" ? "" : ` Did you mean "/replica"?`;
    return [path, `404 Unknown path.${hint}`, `404 Unknown path.${hint}`] as [string, string, string];
  }),
  ...(["/replica?lag=much", "/replica?lag=-1"] as const).map((path) => {
    const problem = "400 Cannot read lag: expected a size like 16MB or a time like 10s.";
    return [path, problem, problem] as [string, string, string];
  }),
];
test.each(asked)("GET %s", async (path, ofPrimary, ofStandby) => {
  expect([await first.ask(path), await second.ask(path)]).toEqual([ofPrimary, ofStandby]);
});

test("HEAD, OPTIONS and a client that sends nothing", async () => {
  expect(await second.ask("/", "-I", "-o", "/dev/null")).toBe("206");
  expect(await second.ask("/", "-X", "OPTIONS")).toBe(`206 ${STANDBY}`);
  expect(await exchange(second.port, "")).toStartWith("HTTP/1.1 206 Partial Content\r\n");
});

test("a standby that receives but does not replay lags, by bytes and by time", async () => {
  const strict = await agentOf(standby, "--max-lag", "64kB");
  expect(await strict.ask()).toBe(`206 ${STANDBY}`);
  await primary.query("CREATE TABLE one ()");
  await waitFor(
    async () => (await standby.query("SELECT pg_last_xact_replay_timestamp() AS at"))[0]?.["at"],
    "the standby to have replayed a transaction",
  );
  await standby.query("SELECT pg_wal_replay_pause()");
  await primary.query("CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 1000)");
  await waitFor(async () => await strict.ask() === `503 ${LAGGING}`, "the standby to be too far behind");
  expect(strict.running.stderr()).toMatch(/PostgreSQL: 503: it lags [0-9]+ bytes\n/);
  expect(await second.ask("/replica?lag=1GB")).toBe(`200 ${STANDBY}`);
  expect(await second.ask("/replica?lag=1kB")).toBe(`503 ${LAGGING}`);
  expect(await second.ask("/replica?lag=1ms")).toBe(`503 ${LAGGING}`);
  expect(await second.ask("/replica?lag=1h")).toBe(`200 ${STANDBY}`);
  expect(await second.ask()).toBe(`206 ${STANDBY}`);
  await standby.query("SELECT pg_wal_replay_resume()");
  await waitFor(async () => await strict.ask() === `206 ${STANDBY}`, "the standby to catch up");
});

test("a wrong password, and the unix socket", async () => {
  const login = ["--port", String(standby.port), "--user", "check"];
  const wrong = await startAgent("pgsql", login, { PGPASSWORD: "wr0ng password" });
  expect(await wrong.ask()).toBe(DOWN);
  expect(await wrong.ask("/health")).toBe(DOWN);
  expect(wrong.running.stderr()).toContain("28P01");
  expect(wrong.running.stderr()).not.toContain("wr0ng");
  const local = await startAgent("pgsql", [
    "--host",
    standby.directory,
    "--port",
    String(standby.port),
    "--user",
    "postgres",
  ]);
  expect(await local.ask("/replica")).toBe(`200 ${STANDBY}`);
});

test("a database that is stopped is down within the bound", async () => {
  const quick = await agentOf(primary, "--timeout", `${LIMIT_MS}ms`);
  await waitFor(async () => await quick.ask() === `200 ${PRIMARY}`, "a kept connection");
  primary.signal("SIGSTOP");
  try {
    const began = performance.now();
    expect(await Promise.all([quick.ask(), quick.ask("/primary"), quick.ask("/health")])).toEqual([DOWN, DOWN, DOWN]);
    expect(performance.now() - began).toBeLessThan(LIMIT_MS + SLACK_MS);
  } finally {
    primary.signal("SIGCONT");
  }
  await waitFor(async () => await quick.ask() === `200 ${PRIMARY}`, "the agent to find it again");
});

/** A load balancer whose checks ask the agents: haproxy itself, as in the field. */
async function balancer(): Promise<() => Promise<Record<string, string>>> {
  const socket = join(temporaryDirectory(), "stats");
  const servers = [[primary, first], [standby, second]] as const;
  const lines = servers.map(([server, agent], at) =>
    `    server db${at + 1} 127.0.0.1:${server.port} check port ${agent.port}\n`
  );
  const backend = (name: string, path: string): string =>
    `backend ${name}\n    option httpchk GET ${path}\n    http-check expect status 200\n${lines.join("")}`;
  await start(
    `global
    stats socket ${socket}
defaults
    mode tcp
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    default-server inter 50ms fall 1 rise 1
listen pgsql
    bind 127.0.0.1:${freePort()}
${backend("rw", "/primary")}${backend("ro", "/replica?lag=16MB")}`,
    { program: HAPROXY!, ready: [socket] },
  );
  return async () => {
    const [head = "", ...rows] = (await exchange({ unix: socket }, "show stat -1 4 -1\n")).trim().split("\n");
    const status = head.split(",").indexOf("status");
    return Object.fromEntries(rows.map((row) => row.split(",")).map((row) => [`${row[0]}/${row[1]}`, row[status]!]));
  };
}

test("haproxy's checks follow the roles; a promoted standby is the primary at the next question", async () => {
  const states = await balancer();
  const become = (want: Record<string, string>) =>
    waitFor(async () => Bun.deepEquals(await states(), want), `haproxy to see ${JSON.stringify(want)}`);
  await become({ "rw/db1": "UP", "rw/db2": "DOWN", "ro/db1": "DOWN", "ro/db2": "UP" });
  const strict = await agentOf(standby, "--max-lag", "1MB");
  expect(await strict.ask()).toBe(`206 ${STANDBY}`);
  await standby.query("SELECT pg_promote()");
  expect(await second.ask()).toBe(`200 ${PRIMARY}`);
  expect(await strict.ask("/primary")).toBe(`200 ${PRIMARY}`);
  expect(await second.ask("/replica")).toBe(`503 ${PRIMARY}`);
  expect(second.running.stderr()).toContain("PostgreSQL: 200: it is the primary\n");
  await become({ "rw/db1": "UP", "rw/db2": "UP", "ro/db1": "DOWN", "ro/db2": "DOWN" });
});
