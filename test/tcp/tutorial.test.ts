/**
 * The configuration every introduction to layer 4 balancing shows (test/fixtures/l4-tutorial.cfg), with real nginx
 * servers behind it and curl in front.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { curl } from "../harness/client.ts";
import { type NginxFarm, startNginx } from "../harness/nginx.ts";
import { freePort } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, type Running, start } from "../harness/processes.ts";
import { parseTcpLog, startSyslog, type Syslog } from "../harness/syslog.ts";

setDefaultTimeout(60_000);

const config = readFileSync(join(import.meta.dir, "../fixtures/l4-tutorial.cfg"), "utf8");
const wwwPort = freePort();
const turnPort = freePort();
let farm: NginxFarm;
let syslog: Syslog;
let running: Running;
let env: Record<string, string>;

beforeAll(async () => {
  farm = await startNginx("web1", "web2");
  syslog = await startSyslog();
  const [web1, web2] = farm.ports;
  env = {
    LOG_PORT: `${syslog.port}`,
    WWW_PORT: `${wwwPort}`,
    TURN_PORT: `${turnPort}`,
    WEB1_PORT: `${web1}`,
    WEB2_PORT: `${web2}`,
    ...maxconn(),
  };
  running = await start(config, { env, ready: [wwwPort, turnPort] });
});
afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  await syslog[Symbol.asyncDispose]();
  cleanUp();
});

test("the file passes the check", async () => {
  const check = Bun.spawn([APPLIANCE, "-c", "-f", running.configPath], { env: { ...process.env, ...env } });
  expect(await check.exited).toBe(0);
});

test("curl gets the page, byte for byte", async () => {
  const small = await curl(`http://127.0.0.1:${wwwPort}/small.txt`);
  expect(small).toEqual({ code: 0, stdout: `${"s".repeat(127)}\n`, stderr: "" });
  const large = await curl(`http://127.0.0.1:${wwwPort}/1m`);
  expect(large.stdout === "m".repeat(1 << 20)).toBe(true);
});

test("balance source: one client stays with one server, other clients reach the other", async () => {
  const names = new Map<string, Set<string>>();
  for (let client = 1; client <= 8; client++) {
    const address = `127.0.0.${client}`;
    const seen = new Set<string>();
    for (let visit = 0; visit < 3; visit++) {
      seen.add((await curl("--interface", address, `http://127.0.0.1:${wwwPort}/name`)).stdout.trim());
    }
    names.set(address, seen);
  }
  for (const seen of names.values()) expect(seen.size).toBe(1);
  expect(new Set([...names.values()].flatMap((seen) => [...seen]))).toEqual(new Set(["web1", "web2"]));
});

test("balance roundrobin: the servers take turns", async () => {
  const names: string[] = [];
  for (let visit = 0; visit < 4; visit++) {
    names.push((await curl(`http://127.0.0.1:${turnPort}/name`)).stdout.trim());
  }
  expect(names.toSorted()).toEqual(["web1", "web1", "web2", "web2"]);
  expect(names[0]).toBe(names[2] as string);
});

test("each connection leaves its line in the log", async () => {
  await curl("--interface", "127.0.0.99", `http://127.0.0.1:${wwwPort}/small.txt`);
  const line = parseTcpLog(await syslog.waitFor((text) => text.includes(" 127.0.0.99:"), "the line of 127.0.0.99"));
  expect(line).toMatchObject({ frontend: "www", backend: "web", termination: "--", queues: [0, 0] });
  expect(line?.bytes).toBeGreaterThan(128);
  expect(Math.abs(Date.now() - readDate(line?.date ?? ""))).toBeLessThan(60_000);
});

test("SIGTERM ends it and leaves nothing", async () => {
  expect([0, 143]).toContain(await running.stop("SIGTERM")); // 143: death by the signal itself
});

/** The file's own 30000 need 60 000 descriptors: on a machine that allows fewer, as many connections as they carry. */
function maxconn(): Record<string, string> {
  const hard = Number(/^Max open files +\S+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  return hard < 60_200 ? { MAXCONN: `${Math.floor((hard - 200) / 2)}` } : {};
}

/** Reads "20/Nov/2026:08:56:48.817", local time. */
function readDate(text: string): number {
  const [day, month, rest] = text.split("/");
  const [year, hour, minute, second] = (rest ?? "").split(":");
  return Date.parse(`${day} ${month} ${year} ${hour}:${minute}:${second}`);
}
