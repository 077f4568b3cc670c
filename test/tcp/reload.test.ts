/**
 * Reloads while clients are busy: the new process takes over from the old one by `-sf` (with and without the listening
 * sockets handed over by `-x`), in place by SIGUSR2, on TCP and on unix sockets. No request may fail.
 *
 * Each new configuration listens on one more port than the one before: that port shows that it is in force.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../harness/conditions.ts";
import { curl } from "../harness/client.ts";
import { type Load, startLoad } from "../harness/load.ts";
import { type NginxFarm, startNginx } from "../harness/nginx.ts";
import { freePort } from "../harness/ports.ts";
import { listening } from "../harness/proc.ts";
import { cleanUp, type Running, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";

setDefaultTimeout(60_000);

const RELOADS = 10;
/**
 * Where haproxy itself loses requests: it closes its listening sockets when nobody takes them over, and the old
 * process pauses while a new one tries to bind.
 */
const testOurs = test.skipIf(UNDER_TEST_IS_HAPROXY);

let farm: NginxFarm;
beforeAll(async () => {
  farm = await startNginx("one", "two");
});
afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  cleanUp();
});

interface Site {
  directory: string;
  port: number;
  stats: string;
  unix: string;
}

function newSite(): Site {
  const directory = temporaryDirectory();
  return { directory, port: freePort(), stats: join(directory, "stats"), unix: join(directory, "front") };
}

function configuration(site: Site, signPort: number): string {
  return `
global
  nbthread 1
  maxconn 2000
  stats socket ${site.stats} mode 600 level admin expose-fd listeners
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen web
  bind 127.0.0.1:${site.port}
  bind unix@${site.unix} mode 666
  server one 127.0.0.1:${farm.ports[0]}
  server two 127.0.0.1:${farm.ports[1]}
listen sign
  bind 127.0.0.1:${signPort}
  server one 127.0.0.1:${farm.ports[0]}
`;
}

function busyClients(site: Site, unix: boolean): Load[] {
  const where = unix ? { port: 0, unix: site.unix } : { port: site.port };
  return [
    startLoad({ ...where, connections: 8, keepAlive: false }),
    startLoad({ ...where, connections: 8, keepAlive: true }),
  ];
}

/** Resolves once every load has got so many more answers: traffic flows through whoever serves now. */
async function flows(loads: readonly Load[], more: number = 100): Promise<void> {
  await Promise.all(loads.map(async (load) => {
    const target = load.done() + more;
    await waitFor(() => load.done() >= target, () => `${more} more answers; failures: ${[...load.failures()]}`);
  }));
}

async function endLoads(loads: readonly Load[]): Promise<void> {
  await Promise.all(loads.map((load) => load.stop()));
  for (const load of loads) expect([...load.failures()]).toEqual([]);
}

/** Starts, reloads ten times by -sf under load, and holds that no request fails and that every old process ends. */
async function reloadBySf(site: Site, handOver: boolean, unix: boolean): Promise<void> {
  const sign = freePort();
  let current = await start(configuration(site, sign), { directory: site.directory, ready: [sign, site.unix] });
  const loads = busyClients(site, unix);
  const old: Running[] = [];
  await flows(loads);
  for (let i = 0; i < RELOADS; i++) {
    const sign = freePort();
    const takeOver = handOver ? ["-x", site.stats] : [];
    old.push(current);
    current = await start(configuration(site, sign), {
      directory: site.directory,
      args: ["-db", ...takeOver, "-sf", String(current.pid)],
      ready: [sign],
    });
    await flows(loads);
  }
  await endLoads(loads);
  for (const running of old) expect(await running.exited).toBe(0);
  const left = old.flatMap((running) => running.family());
  expect(left).toEqual([]);
  expect((await curl(`http://127.0.0.1:${site.port}/small.txt`)).code).toBe(0);
  await current.stop();
}

test("ten -sf reloads with the sockets handed over lose no request", () => reloadBySf(newSite(), true, false));
test("ten -sf reloads lose no request on a unix socket", () => reloadBySf(newSite(), true, true));
testOurs("ten -sf reloads without -x lose no request", () => reloadBySf(newSite(), false, false));

for (const signal of ["SIGUSR2", "SIGHUP"] as const) {
  test(`ten reloads in place by ${signal} lose no request`, async () => {
    const site = newSite();
    const first = freePort();
    await using master = await start(configuration(site, first), {
      directory: site.directory,
      args: ["-W", "-db"],
      ready: [first, site.unix],
    });
    const loads = busyClients(site, false);
    await flows(loads);
    const processes = master.tree().length;
    for (let i = 0; i < RELOADS; i++) {
      const sign = freePort();
      writeFileSync(master.configPath, configuration(site, sign));
      master.signal(signal);
      await waitFor(() => listening(sign), () => `the reload to open port ${sign}:\n${master.stderr()}`);
      await flows(loads);
    }
    await endLoads(loads);
    await waitFor(() => master.tree().length === processes, "the old workers to end with their connections");
    expect([0, 143]).toContain(await master.stop());
  });
}

test("a new process with a configuration in error leaves the old one serving", async () => {
  const site = newSite();
  const sign = freePort();
  await using current = await start(configuration(site, sign), { directory: site.directory, ready: [sign] });
  const loads = busyClients(site, false);
  await flows(loads);
  const broken = configuration(site, freePort()).replace("mode tcp", "mode tpc");
  const next = await start(broken, {
    directory: site.directory,
    args: ["-db", "-x", site.stats, "-sf", String(current.pid)],
    mayFail: true,
  });
  expect(await next.exited).toBe(1);
  expect(next.stderr()).toContain("tpc");
  await flows(loads);
  await endLoads(loads);
  expect(current.exitCode()).toBe(null);
});

testOurs("a new process that cannot bind leaves the old one serving", async () => {
  const site = newSite();
  const sign = freePort();
  await using current = await start(configuration(site, sign), { directory: site.directory, ready: [sign] });
  const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const loads = busyClients(site, false);
  await flows(loads);
  const next = await start(configuration(site, taken.port), {
    directory: site.directory,
    args: ["-db", "-x", site.stats, "-sf", String(current.pid)],
    mayFail: true,
  });
  expect(await next.exited).toBe(1);
  await flows(loads);
  await endLoads(loads);
  taken.stop(true);
  expect(current.exitCode()).toBe(null);
});

test("SIGUSR2 with a configuration in error leaves the old one serving, and the next good one is taken", async () => {
  const site = newSite();
  const first = freePort();
  await using master = await start(configuration(site, first), {
    directory: site.directory,
    args: ["-W", "-db"],
    ready: [first],
  });
  const loads = busyClients(site, false);
  await flows(loads);
  writeFileSync(master.configPath, configuration(site, freePort()).replace("mode tcp", "mode tpc"));
  master.signal("SIGUSR2");
  await waitFor(() => master.stderr().includes("tpc"), "the error to be told");
  await flows(loads);
  const sign = freePort();
  writeFileSync(master.configPath, configuration(site, sign));
  master.signal("SIGUSR2");
  await waitFor(() => listening(sign), () => `the reload to open port ${sign}:\n${master.stderr()}`);
  await flows(loads);
  await endLoads(loads);
});

test("SIGUSR1 ends it once its connections have ended, SIGTTOU and SIGTTIN pause and resume it", async () => {
  const site = newSite();
  const sign = freePort();
  await using current = await start(configuration(site, sign), { directory: site.directory, ready: [sign] });
  const kept = startLoad({ port: site.port, connections: 2, keepAlive: true });
  await flows([kept]);
  current.signal("SIGTTOU");
  await waitFor(() => !listening(site.port), "the port to be closed by SIGTTOU");
  await flows([kept]); // connections that exist go on
  current.signal("SIGTTIN");
  await waitFor(() => listening(site.port), "the port to be open again by SIGTTIN");
  expect((await curl(`http://127.0.0.1:${site.port}/small.txt`)).code).toBe(0);
  current.signal("SIGUSR1");
  await waitFor(() => !listening(site.port), "the port to be closed by SIGUSR1");
  await flows([kept]);
  expect(current.exitCode()).toBe(null);
  await endLoads([kept]);
  expect(await current.exited).toBe(0);
});
