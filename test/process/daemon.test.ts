/**
 * Starting in the background and in the foreground: the launching command returns when it serves and holds nothing back;
 * a start that fails says why and leaves nothing.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { childrenOf, commandLine, listening, treeOf, withEnvironment } from "../harness/proc.ts";
import { cleanUp, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { configuration, run } from "./lab.ts";
import { behaviours, startServer } from "../harness/servers.ts";

setDefaultTimeout(30_000);
const MARK = "PROCESS_TEST";
const marks: string[] = [];
afterAll(() => {
  for (const pid of marks.flatMap((mark) => withEnvironment(MARK, mark))) process.kill(pid, "SIGKILL");
  cleanUp();
});

/** Runs the command in a new directory; `left` are the processes that stay behind. */
async function launch(config: string, words: (directory: string) => string[]) {
  const directory = temporaryDirectory();
  const mark = Bun.randomUUIDv7();
  marks.push(mark);
  writeFileSync(join(directory, "x.cfg"), config.replaceAll("DIRECTORY", directory));
  const result = await run(words(directory), { cwd: directory, env: { [MARK]: mark } });
  return { ...result, directory, left: () => withEnvironment(MARK, mark) };
}

for (
  const [how, global, words] of [
    ["-D", "nbthread 2", ["-D", "-p", "pid"]],
    ["daemon and pidfile", "nbthread 2\n  daemon\n  pidfile pid", []],
  ] as const
) {
  test(`${how}: returns 0 once it serves, with its output let go of`, async () => {
    const port = freePort();
    const config = configuration({
      global: `${global}\n  stats socket DIRECTORY/stats`,
      web: `bind 127.0.0.1:${port}`,
    });
    const it = await launch(config, () => ["-f", "x.cfg", ...words]);
    expect(it).toMatchObject({ code: 0, stdout: "", stderr: "" });
    (await connect(port)).close(); // no waiting: it serves
    const text = readFileSync(join(it.directory, "pid"), "latin1");
    expect(text).toMatch(/^\d+\n$/);
    const pid = Number(text);
    expect(it.left().sort()).toEqual(treeOf(pid).sort());
    for (const one of it.left()) {
      for (const fd of [0, 1, 2]) expect(readlinkSync(`/proc/${one}/fd/${fd}`)).toBe("/dev/null");
    }
    // A session of its own: the terminal's hang-up is not for it.
    expect(Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[3])).toBe(pid);
    process.kill(pid, "SIGTERM");
    await waitFor(() => it.left().length === 0, "all of the daemon to end");
  });
}

test("-D goes to -C once, and finds files there", async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "inner"));
  const mark = Bun.randomUUIDv7();
  marks.push(mark);
  writeFileSync(join(directory, "inner/x.cfg"), configuration({ web: `bind 127.0.0.1:${freePort()}` }));
  const words = ["-D", "-C", "inner", "-f", "x.cfg", "-p", "pid"];
  expect(await run(words, { cwd: directory, env: { [MARK]: mark } })).toEqual({ code: 0, stdout: "", stderr: "" });
  process.kill(Number(readFileSync(join(directory, "inner/pid"), "latin1")), "SIGTERM");
  await waitFor(() => withEnvironment(MARK, mark).length === 0, "all of the daemon to end");
});

test("-db and -d keep the foreground in spite of daemon", async () => {
  for (const option of ["-db", "-d"]) {
    const port = freePort();
    const config = configuration({ global: "nbthread 1\n  daemon", web: `bind 127.0.0.1:${port}` });
    await using it = await start(config, { args: [option], ready: [port] });
    expect(it.exitCode()).toBe(null);
    expect(await it.stop()).toBe(0);
  }
});

test("a link named haproxy runs as a daemon", async () => {
  const directory = temporaryDirectory();
  const port = freePort();
  const mark = Bun.randomUUIDv7();
  marks.push(mark);
  const link = join(directory, "haproxy");
  symlinkSync((await import("../harness/processes.ts")).APPLIANCE, link);
  writeFileSync(join(directory, "x.cfg"), configuration({ web: `bind 127.0.0.1:${port}` }));
  const it = await run(["-D", "-f", "x.cfg", "-p", "pid"], { cwd: directory, program: link, env: { [MARK]: mark } });
  expect(it).toEqual({ code: 0, stdout: "", stderr: "" });
  (await connect(port)).close();
  process.kill(Number(readFileSync(join(directory, "pid"), "latin1")), "SIGTERM");
  await waitFor(() => withEnvironment(MARK, mark).length === 0, "all of the daemon to end");
});

const busy = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
afterAll(() => busy.stop(true));
const bind = `bind 127.0.0.1:${freePort()}\n  bind unix@DIRECTORY/front\n  `;
const stats = "nbthread 1\n  stats socket DIRECTORY/stats mode 600";
const FAILURES: [what: string, config: string, words: string[], message: RegExp][] = [
  ["an error in the configuration", configuration({ global: stats, web: `${bind}blance roundrobin` }), [], /blance/],
  [
    "a busy port",
    configuration({ global: stats, web: `${bind}bind 127.0.0.1:${busy.port}` }),
    [],
    new RegExp(`cannot bind socket \\(Address already in use\\).*\\[127\\.0\\.0\\.1:${busy.port}\\]`),
  ],
  [
    "an address that is not here",
    configuration({ global: stats, web: `${bind}bind 198.51.100.7:${freePort()}` }),
    [],
    /cannot bind socket \(Cannot assign requested address\)/,
  ],
  [
    "a unix path in a directory that is not there",
    configuration({ global: stats, web: `${bind}bind unix@DIRECTORY/no/where` }),
    [],
    /cannot bind socket \(No such file or directory\).*no\/where/,
  ],
  ["a pid file that cannot be", configuration({ global: stats, web: bind }), ["-p", "no/where"], /pidfile "no\/where"/],
  [
    "a chroot that is not there",
    configuration({ global: `${stats}\n  chroot DIRECTORY/no`, web: bind }),
    [],
    /Cannot chroot to ".*\/no": no such directory/,
  ],
  ["an inherited descriptor that is none", configuration({ global: stats, web: `${bind}bind fd@99` }), [], /\[fd@99\]/],
  [
    "more connections than descriptors",
    configuration({ global: `${stats}\n  ulimit-n 100\n  maxconn 5000`, web: bind }),
    [],
    /FD limit \(100\) too low for maxconn=5000/,
  ],
  ["an old process that is not there", configuration({ global: stats, web: bind }), ["-x", "no/where"], /no\/where/],
];
for (const words of [["-D"], ["-db"]]) {
  const option = words[0];
  test.skipIf(UNDER_TEST_IS_HAPROXY).each(FAILURES)(
    `${option} with %s says why, exits 1, leaves nothing`,
    async (_, config, more, message) => {
      const pid = more.includes("-p") ? [] : ["-p", "pid"];
      const it = await launch(config, () => [option!, "-f", "x.cfg", ...pid, ...more]);
      expect(it.stderr).toMatch(message);
      expect(it.stderr).not.toContain("    at "); // no stack of ours
      expect(it.code).toBe(1);
      expect(it.stdout).toBe("");
      expect(it.left()).toEqual([]);
      expect(readdirSync(it.directory)).toEqual(["x.cfg"]);
    },
  );
}

test("a start that fails leaves alone what stood under its names", async () => {
  const directory = temporaryDirectory();
  const path = join(directory, "front");
  const pidfile = join(directory, "pid");
  await using other = startServer(behaviours.saysFirst("still here"), path);
  writeFileSync(pidfile, "4711\n");
  const config = configuration({ web: `bind unix@${path}\n  bind 127.0.0.1:${busy.port}` });
  await using it = await start(config, { args: ["-db", "-p", pidfile], mayFail: true });
  expect(await it.exited).toBe(1);
  expect(readFileSync(pidfile, "latin1")).toBe("4711\n");
  const peer = await connect({ unix: path });
  await peer.untilBytes(10);
  peer.close();
  expect(other.peers.length).toBe(1);
});

test("a signal during the start is obeyed and leaves nothing", async () => {
  const port = freePort();
  const directory = temporaryDirectory();
  const config = configuration({
    global: `stats socket ${directory}/stats\n  nbthread 2`,
    web: `bind 127.0.0.1:${port}`,
  });
  await using it = await start(config, { args: ["-W", "-db"], directory, mayFail: true });
  // As soon as it has children it is starting roles; before that nothing of ours has been made.
  await waitFor(() => childrenOf(it.pid).some((pid) => commandLine(pid).includes("role:")), "the first role");
  expect(await it.stop("SIGTERM")).toBe(143);
  await waitFor(() => !listening(port), "the port to be closed");
});

test("standard output and error reach their end when the launched process is killed", async () => {
  const directory = temporaryDirectory();
  const port = freePort();
  writeFileSync(join(directory, "x.cfg"), configuration({ global: "nbthread 2", web: `bind 127.0.0.1:${port}` }));
  const running = run(["-db", "-f", "x.cfg", "-p", "pid"], { cwd: directory });
  await waitFor(() => existsSync(join(directory, "pid")) && listening(port), "the start");
  process.kill(Number(readFileSync(join(directory, "pid"), "latin1")), "SIGKILL");
  expect((await running).code).toBe(137);
});
