/**
 * Taking over between independent programs, Debian's haproxy among them: the listening sockets go from one to the other in
 * either direction while connections go on.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { startLoad } from "../harness/load.ts";
import { freePort } from "../harness/ports.ts";
import { treeOf } from "../harness/proc.ts";
import { APPLIANCE, cleanUp, HAPROXY, launch, start, temporaryDirectory } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { configuration } from "./lab.ts";

setDefaultTimeout(30_000);
const echo = startServer(behaviours.echo());
const web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("small") });
afterAll(async () => {
  await echo.stop();
  await web.stop(true);
  cleanUp();
});

const PAIRS: [from: string, to: string, fromProgram: string, toProgram: string][] = [
  ["haproxy", "us", HAPROXY ?? "", APPLIANCE],
  ["us", "haproxy", APPLIANCE, HAPROXY ?? ""],
  ["us", "us", APPLIANCE, APPLIANCE],
];
test.skipIf(HAPROXY === null).each(PAIRS)(
  "from %s to %s by -x and -sf no request is lost",
  async (_from, _to, from, to) => {
    const directory = temporaryDirectory();
    const port = freePort();
    const kinds = [`unix@${directory}/front`, `abns@${Bun.randomUUIDv7()}`, `[0:0:0:0:0:0:0:1]:${freePort()}`];
    const stats = join(directory, "stats");
    const text = configuration({
      // haproxy 2.6 takes one socket of an address and closes the rest, which resets what is queued in them.
      global: `nbthread ${to === HAPROXY ? 1 : 2}\n  stats socket ${stats} mode 600 level admin expose-fd listeners`,
      web: `bind 127.0.0.1:${port}\n  ${kinds.map((kind) => `bind ${kind}`).join("\n  ")}`,
      server: web.port!,
      more: `listen near\n  bind 127.0.0.1:${freePort()} interface lo\n  server one 127.0.0.1:${echo.port}`,
    });
    const old = await start(text, { program: from, directory, ready: [port, stats] });
    const loads = [false, true].map((keepAlive) => startLoad({ port, connections: 6, keepAlive }));
    const paths = startLoad({ port: 0, unix: join(directory, "front"), connections: 2, keepAlive: false });
    const flows = (many: typeof loads) =>
      Promise.all(many.map(async (load) => {
        const target = load.done() + 200;
        await waitFor(() => load.done() >= target, () => `answers; failures: ${[...load.failures()]}`);
      }));
    await flows([...loads, paths]);
    const next = await start(text, {
      program: to,
      directory,
      args: ["-db", "-x", stats, "-sf", String(old.pid)],
      ready: [port, stats],
    });
    await flows([...loads, paths]);
    await Promise.all([...loads, paths].map((load) => load.stop()));
    expect([...loads, paths].map((load) => [...load.failures()])).toEqual([[], [], []]);
    expect(await old.exited).toBe(0);
    await next.stop();
    await old[Symbol.asyncDispose]();
  },
);

test("a successor without -x takes every kind of socket, queued connections included", async () => {
  const directory = temporaryDirectory();
  const port = freePort();
  const kinds = [
    `unix@${directory}/front`,
    `abns@${Bun.randomUUIDv7()}`,
    `[0:0:0:0:0:0:0:1]:${freePort()}`,
    `127.0.0.1:${freePort()} interface lo`,
  ];
  const text = configuration({
    global: `nbthread 1`,
    web: `bind 127.0.0.1:${port}\n  ${kinds.map((kind) => `bind ${kind}`).join("\n  ")}\n  maxconn 1`,
    server: echo.port,
  });
  const inode = (pid: number) =>
    new Set(Bun.spawnSync(["sh", "-c", `ls -l /proc/${pid}/fd | grep -o "socket:.*"`]).stdout.toString().split("\n"));
  const old = await start(text, { directory, ready: [port] });
  const holding = await connect(port);
  holding.send("a");
  await holding.untilBytes(1);
  const queued = await connect(port); // maxconn is reached: it waits in the kernel's queue
  queued.send("queued");
  const sockets = inode(old.pid);
  const next = await start(text, {
    directory,
    args: ["-db", "-sf", String(old.pid)],
    ready: [join(directory, "front")],
  });
  await queued.untilBytes(6);
  const shared = [...inode(next.pid)].filter((name) => name !== "" && sockets.has(name));
  expect(shared.length).toBe(5); // none was opened anew
  holding.close();
  queued.close();
  expect(await old.exited).toBe(0);
  expect(await exchange({ unix: join(directory, "front") }, "path")).toBe("path");
  await next.stop();
});

test("a stranger under our abstract name is not asked for sockets", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  const stranger = Bun.listen({
    unix: `\0appliance-handover-${child.pid}`,
    socket: {
      data() {
        asked = true;
      },
    },
  });
  let asked = false;
  const port = freePort();
  const it = await start(configuration({ web: `bind 127.0.0.1:${port}`, server: echo.port }), {
    args: ["-db", "-sf", String(child.pid)],
    ready: [port],
  });
  expect(await exchange(port, "hello")).toBe("hello");
  expect(asked).toBe(false);
  await child.exited; // SIGUSR1
  stranger.stop(true);
  await it.stop();
});

test("-x to somebody who does not answer says so", async () => {
  const directory = temporaryDirectory();
  const it = await start(configuration({ web: `bind 127.0.0.1:${freePort()}` }), {
    args: ["-db", "-x", join(directory, "nobody")],
    mayFail: true,
  });
  expect(await it.exited).toBe(1);
  expect(it.stderr()).toMatch(/Failed to get the sockets from the old process: .*nobody/);
});

test("-D -p -sf over and over, as init scripts do it: no request is lost, one program is left", async () => {
  const directory = temporaryDirectory();
  const port = freePort();
  const pidfile = join(directory, "pid");
  const config = join(directory, "x.cfg");
  const global = `nbthread 2\n  daemon\n  pidfile ${pidfile}\n  stats socket ${directory}/stats mode 600 level admin`;
  await Bun.write(config, configuration({ global, web: `bind 127.0.0.1:${port}`, server: web.port! }));
  const pid = (): number => Number(readFileSync(pidfile, "latin1"));
  const first = launch([APPLIANCE, "-f", config], directory);
  expect(await first.exited).toBe(0);
  const starts = [first];
  const load = startLoad({ port, connections: 6, keepAlive: false });
  for (let i = 0; i < 4; i++) {
    const target = load.done() + 100;
    await waitFor(() => load.done() >= target, () => `answers; failures: ${[...load.failures()]}`);
    const next = launch([APPLIANCE, "-f", config, "-sf", String(pid())], directory);
    expect(await next.exited).toBe(0);
    starts.push(next);
  }
  await load.stop();
  expect([...load.failures()]).toEqual([]);
  const family = () => starts.flatMap((start) => start.family());
  await waitFor(() => family().length === treeOf(pid()).length, "the old ones to end");
  process.kill(pid(), "SIGTERM");
  await waitFor(() => family().length === 0, "all to end");
});
