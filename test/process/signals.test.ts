/** Signals and deaths: how it stops, what it tells the service manager, and what a killed or stopped role takes with it. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { commandLine, isAlive, listening } from "../harness/proc.ts";
import { APPLIANCE, cleanUp, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { ask, configuration, info } from "./lab.ts";

setDefaultTimeout(30_000);
const server = startServer(behaviours.echo());
afterAll(async () => {
  await server.stop();
  cleanUp();
});
const testOurs = test.skipIf(UNDER_TEST_IS_HAPROXY);

interface Made {
  global?: string;
  args?: readonly string[];
  env?: Record<string, string>;
}

async function site({ global = "nbthread 2", args = ["-db"], env = {} }: Made = {}) {
  const directory = temporaryDirectory();
  const stats = join(directory, "stats");
  const port = freePort();
  const config = configuration({
    global: `stats socket ${stats} mode 600 level admin\n  ${global}`,
    web: `bind 127.0.0.1:${port}`,
    server: server.port,
  });
  const running = await start(config, { args, env, directory, ready: [port, stats] });
  const role = (name: string): number => running.tree().find((pid) => commandLine(pid).includes(`role:${name}`)) ?? 0;
  return { ...running, port, stats, role };
}

async function talking(port: number) {
  const peer = await connect(port);
  peer.send("a");
  await peer.untilBytes(1);
  return peer;
}

const ENDS: [mode: string, signal: NodeJS.Signals, code: number][] = [
  ["-db", "SIGTERM", 0],
  ["-db", "SIGINT", 0],
  ["-db", "SIGUSR1", 0],
  ["-W", "SIGTERM", 143],
  ["-W", "SIGINT", 130],
  ["-W", "SIGUSR1", 0],
  ["-Ws", "SIGTERM", 143],
];
testOurs.each(ENDS)("%s ends by %s with %p, and nothing of it is left", async (mode, signal, code) => {
  const it = await site({ args: [mode] });
  const peer = await talking(it.port);
  if (signal === "SIGUSR1") peer.close(); // only that one waits for sessions
  expect(await it.stop(signal)).toBe(code);
  await waitFor(() => !listening(it.port), "the port to be closed");
  if (signal !== "SIGUSR1") await peer.untilEnded();
});

testOurs("-Ws tells the service manager when it serves, reloads and stops", async () => {
  for (const abstract of [false, true]) {
    const path = join(temporaryDirectory(), "notify");
    const name = abstract ? `\0${path}` : path;
    // Bun has no unix datagram sockets: perl prints each one as a line.
    const script =
      `use Socket; $| = 1; socket(S, PF_UNIX, SOCK_DGRAM, 0) or die; bind(S, pack_sockaddr_un($ARGV[0] eq "@" ?
      "\\0$ARGV[1]" : $ARGV[1])) or die; print "bound\\n"; while (recv(S, $_, 4096, 0), 1) { s/\\n/|/g; print "$_\\n" }`;
    const manager = Bun.spawn(["perl", "-e", script, abstract ? "@" : "/", path], { stdout: "pipe" });
    let heard = "";
    const decoder = new TextDecoder();
    void (async () => {
      for await (const chunk of manager.stdout) heard += decoder.decode(chunk);
    })();
    await waitFor(() => heard.startsWith("bound\n"), "the service manager");
    const it = await site({ args: ["-Ws"], env: { NOTIFY_SOCKET: name.replace("\0", "@") } });
    const lines = () => heard.split("\n").slice(1, -1);
    await waitFor(() => lines().length === 1, "READY");
    it.signal("SIGUSR2");
    await waitFor(() => lines().length === 3, "RELOADING and READY");
    await it.stop();
    await waitFor(() => lines().length >= 4, "STOPPING");
    const ready = `READY=1|MAINPID=${it.pid}|STATUS=Ready.|`;
    const said = lines().map((line) => line.replace(/USEC=\d+/, "USEC=N"));
    expect(said).toEqual([ready, "RELOADING=1|MONOTONIC_USEC=N|STATUS=Reloading.|", ready, "STOPPING=1|"]);
    manager.kill();
    await manager.exited;
  }
});

test("SIGUSR1 waits for sessions, refuses new ones, and exits 0", async () => {
  const it = await site();
  const peer = await talking(it.port);
  it.signal("SIGUSR1");
  await waitFor(() => !listening(it.port), "the port to be closed");
  expect(it.exitCode()).toBe(null);
  peer.send("b");
  await peer.untilBytes(2);
  it.signal("SIGUSR1"); // asked twice is asked once
  peer.shutdown();
  await peer.untilEnded();
  expect(await it.exited).toBe(0);
  await waitFor(() => it.family().length === 0, "all to end");
});

test("hard-stop-after ends sessions that outlive a soft stop", async () => {
  const it = await site({ global: "nbthread 1\n  hard-stop-after 100ms" });
  const peer = await talking(it.port);
  it.signal("SIGUSR1");
  await peer.untilEnded();
  await it.exited;
  await waitFor(() => it.family().length === 0, "all to end");
});

testOurs("grace keeps the port open for its time after SIGUSR1", async () => {
  const it = await site({ global: "nbthread 1\n  grace 300ms" });
  const begin = performance.now();
  it.signal("SIGUSR1");
  expect(await exchange(it.port, "still")).toBe("still");
  await waitFor(() => !listening(it.port), "the port to be closed");
  expect(performance.now() - begin).toBeGreaterThan(290);
  expect(await it.exited).toBe(0);
});

for (const [option, waits] of [["-sf", true], ["-st", false]] as const) {
  testOurs(`${option} with several pids ends all of them`, async () => {
    const olds = await Promise.all([site(), site(), site()]);
    const peers = await Promise.all(olds.map((old) => talking(old.port)));
    const gone = Bun.spawnSync(["true"]).pid; // a pid of nobody does no harm
    const next = await site({ args: ["-db", option, ...olds.map((old) => String(old.pid)), String(gone)] });
    if (waits) {
      await waitFor(() => olds.every((old) => !listening(old.port)), "the old ports to be closed");
      for (const peer of peers) {
        peer.send("b");
        await peer.untilBytes(2);
        peer.close();
      }
    }
    for (const old of olds) expect(await old.exited).toBe(0);
    expect(await exchange(next.port, "hello")).toBe("hello");
    await next.stop();
  });
}

testOurs("kill -9 of a proxy: the others and the port go on, it is back", async () => {
  const it = await site();
  const killed = it.role("proxy");
  process.kill(killed, "SIGKILL");
  await waitFor(
    () =>
      it.tree().filter((pid) => commandLine(pid).includes("role:proxy") && isAlive(pid)).length === 2 &&
      !isAlive(killed),
    "the proxy to be back",
  );
  for (let i = 0; i < 20; i++) expect(await exchange(it.port, "hello")).toBe("hello");
  await waitFor(() => /Role proxy \d \(pid \d+\) ended with signal SIGKILL/.test(it.stderr()), "a line about it");
  await it.stop();
});

testOurs("kill -9 of control: traffic does not notice, the stats socket is back", async () => {
  const it = await site();
  const peer = await talking(it.port);
  const killed = it.role("control");
  process.kill(killed, "SIGKILL");
  peer.send("b");
  await peer.untilBytes(2);
  peer.close();
  await waitFor(async () => (await ask(it.stats, "show version").catch(() => "")) !== "", "the stats socket");
  expect((await info(it.stats)).get("Pid")).toBe(String(it.pid));
  await it.stop();
});

testOurs("SIGSTOP of control disturbs neither traffic nor reloads nor the stop", async () => {
  const it = await site({ args: ["-W", "-db"] });
  process.kill(it.role("control"), "SIGSTOP");
  expect(await exchange(it.port, "hello")).toBe("hello");
  it.signal("SIGUSR2");
  await waitFor(() => it.stderr().includes("Reloaded"), "the reload");
  expect(await exchange(it.port, "hello")).toBe("hello");
  expect((await info(it.stats)).get("Pid")).toBe(String(it.pid)); // of the new control
  await waitFor(() => it.tree().length === 4, "the stopped one to be gone");
  process.kill(it.role("control"), "SIGSTOP");
  it.signal("SIGUSR1");
  expect(await it.exited).toBe(0);
  await waitFor(() => it.family().length === 0, "all to end");
});

testOurs("kill -9 of the supervisor: sessions end in order, nobody accepts, nothing is left", async () => {
  const it = await site();
  const peer = await talking(it.port);
  it.signal("SIGKILL");
  await it.exited;
  await waitFor(() => !listening(it.port), "the port to be closed");
  peer.send("b");
  await peer.untilBytes(2);
  peer.shutdown();
  await peer.untilEnded();
  await waitFor(() => it.family().length === 0, "all to end");
});

testOurs("a signal to the whole group ends it without a word", async () => {
  const it = await site();
  const roles = it.tree().slice(1);
  for (const pid of [...roles, it.pid]) process.kill(pid, "SIGTERM");
  expect(await it.exited).toBe(0);
  expect(it.stderr()).toBe("");
});

test("a port of each of two binds is refused once both are stopped", async () => {
  const [one, two] = freePorts(2);
  const config = configuration({ web: `bind 127.0.0.1:${one},127.0.0.1:${two}`, server: server.port });
  const it = await start(config, { ready: [one!, two!] });
  await it.stop();
  for (const port of [one!, two!]) expect(connect(port)).rejects.toThrow();
});

testOurs("an upgrade of the file it runs from changes nothing: roles come back, reloads work", async () => {
  const directory = temporaryDirectory();
  const program = join(directory, "appliance");
  copyFileSync(APPLIANCE, program);
  chmodSync(program, 0o755);
  const port = freePort();
  const config = configuration({ global: "nbthread 1", web: `bind 127.0.0.1:${port}`, server: server.port });
  const it = await start(config, { program, args: ["-W"], directory, ready: [port] });
  rmSync(program);
  writeFileSync(program, "#!/bin/sh\nexit 1\n", { mode: 0o755 }); // a version that does not know how to be a role
  const killed = it.tree()[1]!;
  process.kill(killed, "SIGKILL");
  await waitFor(() => !isAlive(killed) && it.tree().length === 2 && listening(port), "the proxy to be back");
  expect(await exchange(port, "hello")).toBe("hello");
  it.signal("SIGUSR2");
  await waitFor(() => it.stderr().includes("Reloaded"), () => `the reload:\n${it.stderr()}`);
  expect(await exchange(port, "hello")).toBe("hello");
  for (const pid of it.tree()) expect(readFileSync(`/proc/${pid}/comm`, "latin1")).toBe("appliance\n");
  expect(await it.stop()).toBe(143);
});
