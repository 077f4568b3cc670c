/**
 * Reloads in place that change what is there: more and fewer proxy processes, listeners that come and go, signals that
 * follow one another. Plain reloads under load, and those by -sf, are in test/tcp/reload.test.ts.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { startLoad } from "../harness/load.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { commandLine, descriptors, listening } from "../harness/proc.ts";
import { cleanUp, start, temporaryDirectory } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { ask, backlogs, configuration, info } from "./lab.ts";

setDefaultTimeout(30_000);
const echo = startServer(behaviours.echo());
const web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("small") });
afterAll(async () => {
  await echo.stop();
  await web.stop(true);
  cleanUp();
});

async function site(port: number, server = echo.port) {
  const directory = temporaryDirectory();
  const stats = join(directory, "stats");
  const text = (bind: string, threads = 1) =>
    configuration({
      global: `nbthread ${threads}\n  stats socket ${stats} mode 600 level admin`,
      web: `bind 127.0.0.1:${port}\n  ${bind}`,
      server,
    });
  const it = await start(text(""), { args: ["-W", "-db"], directory, ready: [port, stats] });
  let told = 0;
  const proxies = (): number[] => it.tree().filter((pid) => commandLine(pid).includes("role:proxy"));
  return {
    ...it,
    stats,
    proxies,
    write: (bind: string, threads = 1) => writeFileSync(it.configPath, text(bind, threads)),
    /** Reloads and waits until it is said to be done. */
    async reload(signal: NodeJS.Signals = "SIGUSR2") {
      it.signal(signal);
      told += 1;
      const count = () => it.stderr().split("Reloaded").length - 1;
      await waitFor(() => count() >= told, () => `reload ${told}:\n${it.stderr()}`);
    },
  };
}

test("nbthread grown and shrunk under load loses nothing", async () => {
  const port = freePort();
  const it = await site(port, web.port);
  const loads = [false, true].map((keepAlive) => startLoad({ port, connections: 8, keepAlive }));
  const flows = () =>
    Promise.all(loads.map(async (load) => {
      const target = load.done() + 200;
      await waitFor(() => load.done() >= target, () => `answers; failures: ${[...load.failures()]}`);
    }));
  await flows();
  for (const threads of [4, 1, 3, 2, 1]) {
    it.write("", threads);
    await it.reload();
    await flows();
    expect((await info(it.stats)).get("Nbthread")).toBe(String(threads));
  }
  await Promise.all(loads.map((load) => load.stop()));
  expect(loads.map((load) => [...load.failures()])).toEqual([[], []]);
  await waitFor(() => it.proxies().length === 1, "the old proxies to end");
  expect(await it.stop()).toBe(143);
});

test("listeners come and go: one that no configuration names any more is closed, sessions through it go on", async () => {
  const [port, second, third] = freePorts(3);
  const it = await site(port!);
  const path = join(it.directory, "front");
  it.write(`bind 127.0.0.1:${second}\n  bind unix@${path}`, 2);
  await it.reload();
  expect(await exchange(second!, "two")).toBe("two");
  expect(await exchange({ unix: path }, "path")).toBe("path");
  const old = await connect(second!);
  old.send("a");
  await old.untilBytes(1);
  it.write(`bind 127.0.0.1:${third}`);
  await it.reload();
  expect(await exchange(third!, "three")).toBe("three");
  expect(listening(second!)).toBe(false);
  expect(connect(second!)).rejects.toThrow();
  expect(connect({ unix: path })).rejects.toThrow();
  old.send("b");
  await old.untilBytes(2);
  old.close();
  await it.stop();
});

test("a refused reload leaves no listener, no file and no process of its own", async () => {
  const port = freePort();
  const it = await site(port);
  const added = freePort();
  const before = it.tree().length;
  const busy = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  it.write(`bind 127.0.0.1:${added}\n  bind unix@${it.directory}/front\n  bind 127.0.0.1:${busy.port}`);
  it.signal("SIGUSR2");
  await waitFor(() => it.stderr().includes("the old configuration goes on"), "the refusal");
  expect(it.stderr()).toContain(`cannot bind socket (Address already in use) [127.0.0.1:${busy.port}]`);
  expect(listening(added)).toBe(false);
  expect(existsSync(join(it.directory, "front"))).toBe(false);
  expect(it.tree().length).toBe(before);
  expect(await exchange(port, "hello")).toBe("hello");
  busy.stop(true);
  await it.stop();
});

test("signals that follow one another: the last text written is in force, and only it", async () => {
  const port = freePort();
  const it = await site(port);
  const ports = freePorts(6);
  for (const added of ports) {
    it.write(`bind 127.0.0.1:${added}`);
    it.signal("SIGUSR2");
    it.signal("SIGHUP");
  }
  await waitFor(() => listening(ports.at(-1)!), "the last to be in force");
  await waitFor(() => ports.slice(0, -1).every((added) => !listening(added)), "the others to be closed");
  await waitFor(() => it.tree().length === 3, "one generation to be left");
  expect(await exchange(port, "hello")).toBe("hello");
  expect((await ask(it.stats, "show info")).length).toBeGreaterThan(100);
  await it.stop();
});

test("a stop during a reload stops: everything, at once or softly", async () => {
  for (const [signal, code] of [["SIGTERM", 143], ["SIGUSR1", 0]] as const) {
    const it = await site(freePort());
    it.signal("SIGUSR2");
    const before = it.tree().length;
    // The roles of the new generation are on their way.
    await waitFor(() => it.tree().length > before || it.stderr().includes("Reloaded"), "the reload to begin");
    expect(await it.stop(signal)).toBe(code);
  }
});

test("twenty reloads leave no descriptor and no process behind; the backlog follows the configuration", async () => {
  const port = freePort();
  const it = await site(port);
  it.write(`bind unix@${it.directory}/front`, 2);
  await it.reload();
  const settled = () => waitFor(() => it.proxies().length === 2, "the old proxies to end");
  await settled();
  const before = descriptors([it.pid]);
  for (let i = 0; i < 20; i++) {
    it.write(`bind unix@${it.directory}/front\n  backlog ${100 + i}`, 2);
    await it.reload();
  }
  await settled();
  await waitFor(
    () => descriptors([it.pid]) <= before,
    () => `${before} descriptors, there are ${descriptors([it.pid])}`,
  );
  expect(backlogs(port)).toEqual([119, 119]);
  await it.stop();
});
