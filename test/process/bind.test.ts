/** Every kind of listening address, from outside: who can connect, what the kernel was told, what a file looks like. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { connect, exchange, type Target } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { commandLine, listening } from "../harness/proc.ts";
import { APPLIANCE, cleanUp, launch, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { ask, backlogs, configuration, stat } from "./lab.ts";

setDefaultTimeout(30_000);
const server = startServer(behaviours.echo());
afterAll(async () => {
  await server.stop();
  cleanUp();
});
const hasIpv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1");

/** Serves on the binds; resolves when all ports and paths of `targets` answer with what was sent. */
async function serves(binds: readonly string[], targets: readonly Target[], global = "nbthread 2") {
  const it = await start(
    configuration({ global, web: binds.map((bind) => `bind ${bind}`).join("\n  "), server: server.port }),
    { ready: targets.flatMap(({ port, unix }) => port ?? (unix?.startsWith("\0") ? [] : unix ?? [])) },
  );
  for (const target of targets) {
    // The first one of an abstract socket may come before it is there.
    await waitFor(
      async () => await exchange(target, "hello").catch(() => "") === "hello",
      () => JSON.stringify(target),
    );
  }
  return it;
}

const refused = (target: Target) => expect(connect(target)).rejects.toThrow();

test("IPv4, every address, several on a line, a range of ports", async () => {
  const [one, two, three, four] = freePorts(4) as [number, number, number, number];
  const range = freePorts(3);
  const it = await serves([
    `127.0.0.1:${one}`,
    `*:${two}`,
    `127.0.0.2:${three},127.0.0.3:${four}`,
    `:${range[0]}-${range[2]}`,
  ], [
    { port: one },
    { port: two },
    { port: two, host: "127.0.0.9" },
    { port: three, host: "127.0.0.2" },
    { port: four, host: "127.0.0.3" },
    ...range.map((port) => ({ port, host: "127.0.0.4" })),
  ]);
  await refused({ port: one, host: "127.0.0.2" });
  await refused({ port: three, host: "127.0.0.3" });
  await it.stop();
  await refused({ port: one });
});

test.skipIf(!hasIpv6)("IPv6: one address, all of them with and without IPv4", async () => {
  const [one, both, only, plain] = freePorts(4) as [number, number, number, number];
  const it = await serves([
    `[::1]:${one}`,
    `:::${both} v4v6`,
    `:::${only} v6only`,
    `ipv6@[::]:${plain} v4v6`,
  ], [
    { port: one, host: "::1" },
    { port: both, host: "::1" },
    { port: both },
    { port: only, host: "::1" },
    { port: plain },
  ]);
  await refused({ port: one });
  await refused({ port: only });
  await it.stop();
});

test("unix sockets with mode, user and group; abstract ones of both kinds", async () => {
  const directory = temporaryDirectory();
  const [plain, kept] = ["plain", "kept"].map((name) => join(directory, name)) as [string, string];
  const name = Bun.randomUUIDv7();
  const root = process.getuid!() === 0;
  const it = await serves([
    `unix@${plain}`,
    `${kept} mode 641 ${root ? "user nobody group nogroup" : ""}`,
    `abnsz@${name}-z`,
    `abns@${name}`,
  ], [{ unix: plain }, { unix: kept }, { unix: `\0${name}-z` }]);
  // Bun takes no name of the full 107 bytes.
  const socat = ["socat", "-t5", "-", `ABSTRACT-CONNECT:${name},unix-tightsocklen=0`];
  expect(await Bun.spawn(socat, { stdin: Buffer.from("hello"), stdout: "pipe" }).stdout.text()).toBe("hello");
  const { mode, uid, gid } = statSync(kept);
  expect(mode & 0o7777).toBe(0o641);
  if (root) expect([uid, gid]).toEqual([65534, 65534]);
  await it.stop();
  await refused({ unix: plain });
  // What a stopped program leaves behind is no obstacle to the next.
  await (await serves([`unix@${plain}`], [{ unix: plain }])).stop();
});

for (const option of ["-db", "-D"]) {
  test(`fd@N with ${option}: an inherited listener, and the connections queued in it before the start`, async () => {
    const directory = temporaryDirectory();
    const port = freePort();
    // Perl makes the listener, queues a connection in it, and leaves it to the program as descriptor 7.
    const script =
      `use Socket; use POSIX; socket(L, PF_INET, SOCK_STREAM, 0) or die; setsockopt(L, SOL_SOCKET, SO_REUSEADDR, 1);
      bind(L, sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))) or die $!; listen(L, 10) or die;
      socket(C, PF_INET, SOCK_STREAM, 0); connect(C, sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))) or die;
      syswrite(C, "queued"); shutdown(C, 1);
      if (fork() == 0) { POSIX::dup2(fileno(L), 7); shift; close(C); exec(@ARGV) }
      close(L); local $/; print <C>;`;
    const config = configuration({ web: `bind "fd@\${LISTENER}"`, server: server.port });
    const path = join(directory, "x.cfg");
    await Bun.write(path, config);
    const pidfile = join(directory, "pid");
    const it = launch(
      ["perl", "-e", script, String(port), APPLIANCE, option, "-f", path, "-p", pidfile],
      directory,
      path,
      { LISTENER: "7" },
    );
    await waitFor(() => it.stdout() === "queued", () => `the queued connection to be served: ${it.stderr()}`);
    expect(await exchange(port, "hello")).toBe("hello");
    const pid = await waitFor(() => existsSync(pidfile) && Number(readFileSync(pidfile, "latin1")), "the pid file");
    process.kill(pid, "SIGTERM");
    await waitFor(() => it.family().length === 0, "all to end");
    await waitFor(() => !listening(port), "the port to be closed");
  });
}

test("backlog, interface, transparent, defer-accept, tfo and an address that is not here", async () => {
  const ports = freePorts(6) as [number, number, number, number, number, number];
  const [queue, near, deferred, tfo, absent, nice] = ports;
  const it = await serves([
    `127.0.0.1:${queue} backlog 33`,
    `*:${near} interface lo`,
    `127.0.0.1:${deferred} defer-accept`,
    `127.0.0.1:${tfo} tfo`,
    `198.51.100.9:${absent} transparent`,
    `127.0.0.1:${nice} nice 5 name nicely id 77 maxconn 5`,
  ], [queue, near, deferred, tfo, nice].map((port) => ({ port })));
  expect(backlogs(queue)).toEqual(UNDER_TEST_IS_HAPROXY ? [33] : [33, 33]);
  expect(listening(absent)).toBe(true);
  const { stdout } = Bun.spawnSync(["ss", "-Htln", `sport = :${near}`]);
  expect(stdout.toString()).toContain(`%lo:${near}`);
  await it.stop();
});

test("the kernel is told of defer-accept: a silent client reaches no server", async () => {
  const port = freePort();
  const it = await serves([`127.0.0.1:${port} defer-accept`], [{ port }]);
  const before = server.peers.length;
  const silent = await connect(port);
  const second = await connect(port);
  second.send("x");
  await second.untilBytes(1);
  expect(server.peers.length).toBe(before + 1);
  silent.close();
  second.close();
  await it.stop();
});

test.skipIf(UNDER_TEST_IS_HAPROXY)("thread limits name the processes that accept", async () => {
  const [all, first, second] = freePorts(3) as [number, number, number];
  const binds = [`127.0.0.1:${all}`, `127.0.0.1:${first} thread 1`, `127.0.0.1:${second} thread 2`];
  const it = await serves(binds, [all, first, second].map((port) => ({ port })));
  const proxies = it.tree().filter((pid) => commandLine(pid).includes("role:proxy"));
  expect(proxies.length).toBe(2);
  expect(backlogs(all).length).toBe(2);
  expect([backlogs(first).length, backlogs(second).length]).toEqual([1, 1]);
  // The one that alone accepts on a port is stopped: nobody answers there, the other goes on.
  const one = proxies.find((pid) => commandLine(pid).endsWith("role:proxy 0"))!;
  process.kill(one, "SIGSTOP");
  expect(await exchange(second, "hello")).toBe("hello");
  const waiting = await connect(first);
  waiting.send("x");
  expect(await exchange(second, "again")).toBe("again");
  expect(waiting.bytes).toBe(0);
  process.kill(one, "SIGCONT");
  await waiting.untilBytes(1);
  waiting.close();
  await it.stop();
});

test("a stats socket on TCP answers, and bind names and ids are what show stat shows", async () => {
  const [port, tcp] = freePorts(2) as [number, number];
  const directory = temporaryDirectory();
  const stats = join(directory, "stats");
  const it = await start(
    configuration({
      global: `nbthread 1\n  stats socket ipv4@127.0.0.1:${tcp} level operator\n  stats socket ${stats} mode 600`,
      web: `option socket-stats\n  bind 127.0.0.1:${port} name nicely id 77`,
      server: server.port,
    }),
    { ready: [port, tcp, stats] },
  );
  expect(await exchange(tcp, "show version\n")).not.toBe("");
  expect(await ask(stats, "show info")).toContain(`Pid: ${it.pid}\n`);
  const row = (await stat(stats)).get("web/nicely");
  expect(row?.["sid"]).toBe("77");
  await it.stop();
});
