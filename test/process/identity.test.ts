/** Who the processes are, how many there are, and which limits they work under. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { exchange } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { commandLine } from "../harness/proc.ts";
import { cleanUp, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { configuration, info, status } from "./lab.ts";

setDefaultTimeout(30_000);
const server = startServer(behaviours.echo());
afterAll(async () => {
  await server.stop();
  cleanUp();
});

const asRoot = test.skipIf(process.getuid!() !== 0);
const NOBODY = 65534;

async function site(global: string, args: readonly string[] = ["-db"]) {
  const directory = temporaryDirectory();
  const stats = join(directory, "stats");
  const port = freePort();
  const config = configuration({
    global: `stats socket ${stats} mode 600 level admin\n  ${global.replaceAll("DIRECTORY", directory)}`,
    web: `bind 127.0.0.1:${port}`,
    server: server.port,
  });
  return { ...await start(config, { args, directory, ready: [port, stats] }), port, stats, directory };
}

for (
  const [how, lines] of [
    ["user and group", "user nobody\n  group nogroup"],
    ["uid and gid", `uid ${NOBODY}\n  gid ${NOBODY}`],
  ] as const
) {
  asRoot(`${how}: whoever meets traffic or commands runs as the user, in no group of root's`, async () => {
    const it = await site(`${lines}\n  nbthread 2`);
    const roles = it.tree().filter((pid) => commandLine(pid).includes("role:"));
    expect(roles.length).toBe(UNDER_TEST_IS_HAPROXY ? 0 : 3);
    for (const pid of UNDER_TEST_IS_HAPROXY ? it.tree() : roles) {
      expect(status(pid, "Uid")).toEqual(Array(4).fill(String(NOBODY)));
      expect(status(pid, "Gid")).toEqual(Array(4).fill(String(NOBODY)));
      expect(status(pid, "Groups")).toEqual([]);
      expect(status(pid, "CapEff")).toEqual(["0000000000000000"]);
    }
    // The supervisor opens privileged ports at the next reload: it stays who it was, and meets neither.
    if (!UNDER_TEST_IS_HAPROXY) expect(status(it.pid, "Uid")).toEqual(["0", "0", "0", "0"]);
    expect(await exchange(it.port, "hello")).toBe("hello");
    expect((await info(it.stats)).get("Pid")).toBe(String(it.pid));
    await it.stop();
  });
}

asRoot("chroot: roles see nothing but the directory and still serve, after a reload too", async () => {
  const jail = temporaryDirectory();
  mkdirSync(join(jail, "empty"));
  chmodSync(join(jail, "empty"), 0o555);
  const it = await site(`nbthread 1\n  user nobody\n  group nogroup\n  chroot ${jail}/empty`);
  const roles = () => it.tree().filter((pid) => commandLine(pid).includes("role:"));
  for (const pid of UNDER_TEST_IS_HAPROXY ? [it.pid] : roles()) {
    expect(readlinkSync(`/proc/${pid}/root`)).toBe(`${jail}/empty`);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(`${jail}/empty`);
  }
  expect(await exchange(it.port, "hello")).toBe("hello");
  expect((await info(it.stats)).get("Pid")).toBe(String(it.pid));
  await it.stop();
});

test("-n -N -m, nbthread and ulimit-n are what show info shows", async () => {
  const it = await site("nbthread 3\n  maxconn 77\n  ulimit-n 5000", ["-db", "-n", "123", "-N", "45", "-m", "900"]);
  const shown = await info(it.stats);
  const wanted = { Maxconn: "123", Memmax_MB: "900", Nbthread: "3", "Ulimit-n": "5000", Pid: String(it.pid) };
  expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, shown.get(name)]))).toEqual(wanted);
  if (!UNDER_TEST_IS_HAPROXY) {
    const proxies = it.tree().filter((pid) => commandLine(pid).includes("role:proxy"));
    expect(proxies.length).toBe(3);
    for (const pid of proxies) expect(status(pid, "Threads").length).toBe(1);
  }
  await it.stop();
});

test("maxconn of the process holds over all of its processes", async () => {
  const it = await site("nbthread 2\n  maxconn 3");
  const { connect } = await import("../harness/client.ts");
  const peers = await Promise.all(Array.from({ length: 5 }, () => connect(it.port)));
  for (const peer of peers) peer.send("x");
  const { waitFor } = await import("../harness/conditions.ts");
  await waitFor(() => peers.filter((peer) => peer.bytes > 0).length === 3, "three connections to be served");
  expect((await info(it.stats)).get("CurrConns")).toMatch(/^[34]$/); // haproxy counts that of the stats socket
  const waiting = peers.filter((peer) => peer.bytes === 0);
  expect(waiting.length).toBe(2);
  peers.filter((peer) => peer.bytes > 0).forEach((peer) => peer.close());
  await waitFor(() => waiting.every((peer) => peer.bytes > 0), "those who waited to be served");
  for (const peer of waiting) peer.close();
  await it.stop();
});

test("without strict-limits too few descriptors are a warning", async () => {
  const it = await site("nbthread 1\n  no strict-limits\n  ulimit-n 100\n  maxconn 5000");
  expect(it.stderr()).toMatch(/FD limit \(\d+\) too low for maxconn=5000/);
  expect(await exchange(it.port, "hello")).toBe("hello");
  await it.stop();
});

test("-q says nothing from the start to the end, reload and faults included", async () => {
  const it = await site("nbthread 1", ["-db", "-q", "-W"]);
  if (!UNDER_TEST_IS_HAPROXY) {
    const role = it.tree().find((pid) => commandLine(pid).includes("role:proxy"))!;
    process.kill(role, "SIGKILL");
  }
  expect(await it.stop()).toBe(143);
  expect(it.stdout() + it.stderr()).toBe("");
  expect(existsSync(it.directory)).toBe(true);
});
