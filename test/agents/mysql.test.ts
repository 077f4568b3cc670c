/** The agent for MySQL against a real MariaDB: what it answers while the database changes, stops, and goes away. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { type Mariadb, PASSWORD, startMariadb } from "../harness/mariadb.ts";
import { commandLine } from "../harness/proc.ts";
import { cleanUp, temporaryDirectory } from "../harness/processes.ts";
import { type Agent, startAgent } from "./agent_lab.ts";

const RUNNING = "MySQL is running.";
const DOWN = "503 MySQL is *down*.";
const LIMIT_MS = 400;
/** What else an answer may take on a busy machine. */
const SLACK_MS = 2000;
const hurried = ["--timeout", `${LIMIT_MS}ms`];

let database: Mariadb;
let agent: Agent;
let passwordFile: string;

beforeAll(async () => {
  database = await startMariadb();
  passwordFile = join(temporaryDirectory(), "password");
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  agent = await startAgent("mysql", options());
}, 20_000);
afterAll(cleanUp);

function options(...more: string[]): string[] {
  const login = ["--port", String(database.port), "--user", "check", "--password-file", passwordFile];
  return [...login, "--timeout", "10s", ...more];
}

test("the whole answer, byte by byte", async () => {
  const got = await exchange(agent.port, "GET / HTTP/1.0\r\n\r\n");
  expect(got).toBe(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nConnection: close\r\n" +
      "Content-Length: 19\r\n\r\nMySQL is running.\r\n",
  );
});

test("the answer to HEAD has no body, and the length of what GET would get", async () => {
  expect(await exchange(agent.port, "HEAD / HTTP/1.1\r\n\r\n")).toEndWith("\r\nContent-Length: 19\r\n\r\n");
});

const asked: [name: string, args: string[], want: string][] = [
  ["GET of HTTP/1.1", [], `200 ${RUNNING}`],
  ["GET of HTTP/1.0", ["-0"], `200 ${RUNNING}`],
  ["OPTIONS, haproxy's check", ["-X", "OPTIONS"], `200 ${RUNNING}`],
  ["HEAD", ["-I", "-o", "/dev/null"], "200"],
  ["POST", ["-d", "x"], "405 Expected GET, HEAD or OPTIONS."],
  [
    "a field so long that most of it is left unread",
    ["-H", `X: ${"x".repeat(100_000)}`],
    "431 The request is too long.",
  ],
];
test.each(asked)("%s", async (_, args, want) => expect(await agent.ask("/any/path", ...args)).toBe(want));

const bare: [name: string, sent: string][] = [
  ["nothing, and its end", ""],
  ["something that is no HTTP", "are you there?\n"],
  ["a request that is cut off", "GET / HTTP/1.1\r\nHost:"],
];
test.each(bare)("a client that sends %s", async (_, sent) => {
  expect(await exchange(agent.port, sent)).toEndWith(`\r\n\r\n${RUNNING}\r\n`);
});

test("a client that sends megabytes gets its answer, and no reset", async () => {
  const peer = await connect(agent.port);
  peer.send(`GET / HTTP/1.1\r\nX: ${"x".repeat(8 << 20)}`);
  peer.shutdown();
  expect(await peer.untilEnded()).toBe("fin");
  expect(peer.received()).toStartWith("HTTP/1.1 431 ");
  peer.close();
});

test("a client that sends nothing and waits", async () => {
  const peer = await connect(agent.port);
  expect(await peer.untilEnded()).toBe("fin");
  expect(peer.received()).toEndWith(`${RUNNING}\r\n`);
  peer.close();
});

test("nc, which sends nothing", () => {
  const { stdout } = Bun.spawnSync(["nc", "-w", "2", "127.0.0.1", String(agent.port)], { stdin: "ignore" });
  expect(stdout.toString()).toEndWith(`${RUNNING}\r\n`);
});

test("read_only on and off", async () => {
  const lenient = await startAgent("mysql", options("--available-when-readonly"));
  await database.run("SET GLOBAL read_only = 1");
  expect(await agent.ask()).toBe(DOWN);
  expect(await lenient.ask()).toBe(`200 ${RUNNING}`);
  await database.run("SET GLOBAL read_only = 0");
  expect(await agent.ask()).toBe(`200 ${RUNNING}`);
  expect(agent.running.stderr()).toContain("MySQL: 503: read_only is on\n");
});

test("a replica that does not replicate, by a user who may see it and one who may not", async () => {
  const strict = await startAgent("mysql", options("--max-lag", "10s"));
  expect(await strict.ask()).toBe(DOWN); // the user may not ask
  expect(strict.running.stderr()).toMatch(/Access denied.*SLAVE MONITOR/);
  await database.run("GRANT SLAVE MONITOR ON *.* TO 'check'@'%'");
  await waitFor(async () => await strict.ask() === `200 ${RUNNING}`, "the agent to see that this is no replica");
  await database.run("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'x'");
  expect(await strict.ask()).toBe(DOWN);
  expect(strict.running.stderr()).toContain("replication does not run");
  expect(await agent.ask()).toBe(`200 ${RUNNING}`); // not asked about
});

test("the unix socket, and the password from the environment", async () => {
  const args = ["--host", database.socket, "--user", "check"];
  const local = await startAgent("mysql", args, { MYSQL_PWD: PASSWORD, DATABASE_URL: "mysql://x@127.0.0.1:1/x" });
  expect(await local.ask()).toBe(`200 ${RUNNING}`);
});

test("a wrong password is told in the log, and nowhere tells itself", async () => {
  const file = join(temporaryDirectory(), "password");
  writeFileSync(file, "wr0ng password\n");
  const wrong = await startAgent("mysql", options("--password-file", file));
  expect(await wrong.ask()).toBe(DOWN);
  expect(wrong.running.stderr()).toMatch(/503: ERR_MYSQL_SERVER_ERROR 1045: Access denied/);
  for (const one of [wrong, agent]) {
    const told = one.running.stderr() + one.running.stdout() + one.running.tree().map(commandLine).join(" ");
    expect(told).not.toContain("wr0ng");
    expect(told).not.toContain(PASSWORD);
  }
  // The file is read again for the next connection.
  writeFileSync(file, `${PASSWORD}\n`);
  expect(await wrong.ask()).toBe(`200 ${RUNNING}`);
});

test("askers share one connection, and one question at a time", async () => {
  const counting = async (): Promise<number> => {
    const { stdout } = Bun.spawnSync([
      "mariadb",
      "--no-defaults",
      "-S",
      database.socket,
      "-u",
      "root",
      "-N",
      "-e",
      "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'CONNECTIONS'",
    ]);
    return await Promise.resolve(Number(stdout.toString()));
  };
  await agent.ask();
  const before = await counting();
  const answers = await Promise.all(Array.from({ length: 20 }, () => agent.ask()));
  expect(new Set(answers)).toEqual(new Set([`200 ${RUNNING}`]));
  expect(await counting() - before).toBe(1); // the one that counts
});

test("a connection that was lost meanwhile is no reason to be down", async () => {
  await agent.ask();
  await database.run("KILL USER 'check'");
  expect(await agent.ask()).toBe(`200 ${RUNNING}`);
});

test("a database that is stopped is down within the bound, for all who ask", async () => {
  const quick = await startAgent("mysql", options(...hurried));
  await waitFor(async () => await quick.ask() === `200 ${RUNNING}`, "a kept connection");
  database.running.signal("SIGSTOP");
  try {
    for (let round = 0; round < 2; round++) {
      const began = performance.now();
      const answers = await Promise.all([quick.ask(), quick.ask("/x"), quick.ask()]);
      expect(answers).toEqual([DOWN, DOWN, DOWN]);
      expect(performance.now() - began).toBeLessThan(LIMIT_MS + SLACK_MS);
    }
  } finally {
    database.running.signal("SIGCONT");
  }
  await waitFor(async () => await quick.ask() === `200 ${RUNNING}`, "the agent to find it again");
});

test("limits: addresses, connections of one source, connections at all", async () => {
  const closed = await startAgent("mysql", options("--allow", "10.0.0.0/8", "--allow", "127.0.0.2,::1"));
  expect(await exchange({ port: closed.port, from: "127.0.0.2" }, "\n")).toContain("200 OK");
  expect(await exchange(closed.port, "").catch(() => "")).toBe("");
  expect(closed.running.stderr()).toContain("Refused 127.0.0.1: its address is not allowed\n");

  const narrow = await startAgent("mysql", options("--per-source", "1", "--instances", "2", ...hurried));
  database.running.signal("SIGSTOP"); // the answers wait
  const first = await connect(narrow.port);
  const second = await connect(narrow.port);
  expect(await second.untilEnded()).not.toBe("open");
  const other = await connect({ port: narrow.port, from: "127.0.0.2" });
  const third = await connect({ port: narrow.port, from: "127.0.0.3" });
  expect(await third.untilEnded()).not.toBe("open");
  await Promise.all([first.untilEnded(), other.untilEnded()]);
  database.running.signal("SIGCONT");
  expect([first, second, other, third].map((peer) => peer.received() !== "")).toEqual([true, false, true, false]);
  for (const peer of [first, second, other, third]) peer.close();
  expect(narrow.running.stderr()).toMatch(
    /Refused 127.0.0.1: .*\(per_source\)\n.*Refused 127.0.0.3: .*\(instances\)\n/,
  );
  await waitFor(async () => (await narrow.ask()).startsWith("200"), "the places to be free again");
});

test("a refused connection is down, SIGTERM is a clean end", async () => {
  const lonely = await startAgent("mysql", options("--port", "1"));
  expect(await lonely.ask()).toBe(DOWN);
  expect(lonely.running.stderr()).toContain("ERR_MYSQL_CONNECTION_REFUSED");
  expect(await lonely.running.stop("SIGTERM")).toBe(0);
  expect(await agent.running.stop("SIGINT")).toBe(0);
});
