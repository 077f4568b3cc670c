/**
 * The configuration every introduction to layer 7 balancing shows (test/fixtures/l7-tutorial.cfg), with six real nginx
 * servers behind it and curl in front.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { curl } from "../harness/client.ts";
import { parseHttpLog } from "../harness/http_log.ts";
import { type NginxFarm, startNginx } from "../harness/nginx.ts";
import { freePort } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { startSyslog, type Syslog } from "../harness/syslog.ts";

setDefaultTimeout(60_000);

const config = readFileSync(join(import.meta.dir, "../fixtures/l7-tutorial.cfg"), "utf8");
const NAMES = ["web1", "web2", "images1", "images2", "api1", "blog1"];
const wwwPort = freePort();
const statsPort = freePort();
const site = `http://127.0.0.1:${wwwPort}`;
const statsPage = `http://127.0.0.1:${statsPort}/stats`;
let farm: NginxFarm;
let syslog: Syslog;
let running: Running;
let env: Record<string, string>;

beforeAll(async () => {
  farm = await startNginx(...NAMES);
  syslog = await startSyslog();
  env = {
    LOG_PORT: `${syslog.port}`,
    WWW_PORT: `${wwwPort}`,
    STATS_PORT: `${statsPort}`,
    ...Object.fromEntries(NAMES.map((name, i) => [`${name.toUpperCase()}_PORT`, `${farm.ports[i]}`])),
    ...maxconn(),
  };
  running = await start(config, { env, ready: [wwwPort, statsPort] });
});
afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  await syslog[Symbol.asyncDispose]();
  cleanUp();
});

/** Which server answers. */
const nameOf = async (path: string, ...args: string[]) => (await curl(...args, site + path)).stdout.trim();
/** Resolves once, by condition, the line of a request that only this test makes. */
const lineOf = async (path: string) =>
  parseHttpLog(await syslog.waitFor((line) => line.includes(` ${path} `), `the line of ${path}`));

test("the file passes the check", async () => {
  const check = Bun.spawn([APPLIANCE, "-c", "-f", running.configPath], {
    env: { ...process.env, ...env },
    stdout: "ignore",
    stderr: "ignore",
  });
  expect(await check.exited).toBe(0);
});

test("curl gets the page, byte for byte", async () => {
  expect(await curl(`${site}/small.txt`)).toEqual({ code: 0, stdout: `${"s".repeat(127)}\n`, stderr: "" });
  expect((await curl(`${site}/1m`)).stdout === "m".repeat(1 << 20)).toBe(true);
});

test.each([
  ["/images/name", ["images1", "images2"]],
  ["/IMAGES/name", ["images1", "images2"]],
  ["/api/v1/name", ["api1", "api1"]],
  ["/blog/name", ["blog1", "blog1"]],
  ["/name", ["web1", "web2"]],
  ["/other/images/name", ["web1", "web2"]],
])("the path decides, and the servers of a back end take turns: %s", async (path, names) => {
  const got = [await nameOf(path), await nameOf(path), await nameOf(path), await nameOf(path)];
  expect(got.toSorted()).toEqual([...names, ...names].toSorted());
  expect(got[0]).toBe(got[2]!);
});

test("one connection, four back ends", async () => {
  const paths = ["/name", "/images/name", "/api/name", "/blog/name"].map((path) => site + path);
  const { stdout } = await curl("-w", "%{num_connects}\n", ...paths);
  const lines = stdout.trim().split("\n");
  expect(lines.filter((_, i) => i % 2 === 0).map((name) => name.replace(/\d/, ""))).toEqual([
    "web",
    "images",
    "api",
    "blog",
  ]);
  expect(lines.filter((_, i) => i % 2 === 1)).toEqual(["1", "0", "0", "0"]);
});

test("the first answer sets the cookie, and with it a visitor stays with his server", async () => {
  const jar = join(temporaryDirectory(), "cookies");
  const first = await curl("-i", "-c", jar, `${site}/name`);
  const cookie = /^set-cookie: SRVNAME=(S[12]); path=\/\r$/im.exec(first.stdout)?.[1];
  const server = first.stdout.trimEnd().split("\n").at(-1);
  expect({ S1: "web1", S2: "web2" }[cookie ?? ""]).toBe(server!);
  expect(first.stdout).toMatch(/^cache-control: private\r$/im); // nocache
  for (let visit = 0; visit < 4; visit++) {
    const again = await curl("-i", "-b", jar, `${site}/name`);
    expect(again.stdout.trimEnd().split("\n").at(-1)).toBe(server!);
    expect(again.stdout).not.toMatch(/^set-cookie:/im);
  }
  for (const [name, value] of [["web1", "S1"], ["web2", "S2"]] as const) {
    expect(await nameOf("/name", "-b", `SRVNAME=${value}`)).toBe(name);
  }
  expect(["web1", "web2"]).toContain(await nameOf("/name", "-b", "SRVNAME=S9"));
});

test("the servers learn the client's address", async () => {
  expect(await nameOf("/forwarded", "--interface", "127.0.0.42")).toBe("127.0.0.42");
  expect(await nameOf("/api/forwarded", "--interface", "127.0.0.43")).toBe("127.0.0.43");
});

test("each request leaves its line in the log", async () => {
  const agent = "127.0.0.99";
  await curl("--interface", agent, "-b", "SRVNAME=S2", `${site}/small.txt?logged`, `${site}/images/nothing?logged`);
  expect(await lineOf("/small.txt?logged")).toMatchObject({
    client: agent,
    frontend: "www",
    backend: "web",
    server: "web2",
    status: 200,
    termination: "--VN",
    queues: [0, 0],
    request: "GET /small.txt?logged HTTP/1.1",
  });
  const second = await lineOf("/images/nothing?logged");
  expect(second).toMatchObject({ client: agent, backend: "images", server: "images2", status: 404 });
  expect(second?.bytes).toBeGreaterThan(100);
});

test("the statistics page asks for its password", async () => {
  const refused = await curl("-i", statsPage);
  expect(refused.stdout).toMatch(/^HTTP\/1\.1 401 /);
  expect(refused.stdout).toMatch(/^www-authenticate: Basic realm="Load Balancer"\r$/im);
  expect((await curl("-o", "/dev/null", "-w", "%{http_code}", "-u", "admin:wrong", statsPage)).stdout).toBe("401");
});

test("the statistics page and its table know every server", async () => {
  const page = await curl("-i", "-u", "admin:secret", statsPage);
  expect(page.stdout).toMatch(/^HTTP\/1\.1 200 /);
  expect(page.stdout).toMatch(/^content-type: text\/html/im);
  for (const name of [...NAMES, "www", "images", "stats"]) expect(page.stdout).toContain(name);
  const table = (await curl("-u", "admin:secret", `${statsPage};csv`)).stdout.trim().split("\n");
  const columns = table[0]!.replace("# ", "").split(",");
  const rows = table.slice(1).map((line) => line.split(","));
  expect(rows.map((row) => `${row[0]}/${row[1]}`)).toEqual([
    "www/FRONTEND",
    "web/web1",
    "web/web2",
    "web/BACKEND",
    "images/images1",
    "images/images2",
    "images/BACKEND",
    "api/api1",
    "api/BACKEND",
    "blog/blog1",
    "blog/BACKEND",
    "stats/FRONTEND",
    "stats/BACKEND",
  ]);
  const count = (row: number, column: string) => Number(rows[row]?.[columns.indexOf(column)]);
  expect(count(0, "hrsp_2xx")).toBeGreaterThan(20);
  expect(count(6, "hrsp_4xx")).toBeGreaterThan(0);
  expect(count(1, "hrsp_2xx") + count(2, "hrsp_2xx")).toBe(count(3, "hrsp_2xx"));
});

test("SIGTERM ends it and leaves nothing", async () => {
  expect([0, 143]).toContain(await running.stop("SIGTERM")); // 143: death by the signal itself
});

/** The file's own 30000 need 60 000 descriptors: on a machine that allows fewer, as many connections as they carry. */
function maxconn(): Record<string, string> {
  const hard = Number(/^Max open files +\S+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  return hard < 60_200 ? { MAXCONN: `${Math.floor((hard - 200) / 2)}` } : {};
}
