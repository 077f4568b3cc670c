/**
 * Checks of servers that come and go under traffic: who gets sessions, what becomes of those that wait or are served, and what
 * outlives a reload and the death of the role that checks.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { startNginx } from "../harness/nginx.ts";
import { freePort } from "../harness/ports.ts";
import { commandLine } from "../harness/proc.ts";
import { cleanUp, type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { startSyslog, type Syslog } from "../harness/syslog.ts";
import { stat } from "../process/lab.ts";

setDefaultTimeout(30_000);
const syslog: Syslog = await startSyslog();
afterAll(async () => {
  await syslog[Symbol.asyncDispose]();
  cleanUp();
});

/** A listening socket for checks alone, which can be closed and opened again. */
function checkPort(): { port: number; open(): void; close(): void; from: string[] } {
  const port = freePort();
  const from: string[] = [];
  const listen = () =>
    Bun.listen({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(socket) {
          from.push(socket.remoteAddress);
          socket.write("hello");
        },
        data() {},
        error() {},
      },
    });
  let listener: ReturnType<typeof listen> | null = listen();
  return {
    port,
    from,
    open: () => void (listener ??= listen()),
    close() {
      listener?.stop(true);
      listener = null;
    },
  };
}

interface Site {
  running: Running;
  socket: string;
  port: number;
  status(server: string): Promise<string>;
  until(server: string, status: string): Promise<void>;
}

/** One listen section `web`, mode tcp, with a stats socket. */
async function site(lines: readonly string[], args = ["-db"]): Promise<Site> {
  const port = freePort();
  const directory = temporaryDirectory();
  const socket = join(directory, "stats.sock");
  const running = await start(text(port, socket, lines), { args, directory, ready: [port, socket] });
  const status = async (server: string) => (await stat(socket)).get(`web/${server}`)!["status"]!;
  return {
    running,
    socket,
    port,
    status,
    until: async (server, wanted) =>
      void await waitFor(async () => (await status(server)) === wanted, `${server} to be ${wanted}`),
  };
}

const text = (port: number, socket: string, lines: readonly string[]): string =>
  `global
  stats socket ${socket} level admin
  nbthread 2
  log 127.0.0.1:${syslog.port} local0
defaults
  log global
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout queue 20s
listen web
  bind 127.0.0.1:${port}
  ${lines.join("\n  ")}
`;

const controlOf = (running: Running): number | undefined =>
  running.tree().find((pid) => commandLine(pid).includes("role:control"));

const FAST = "check inter 50ms rise 2 fall 2";

test("nginx stopped: its traffic goes to the other; gone on: it takes part again", async () => {
  await using farm = await startNginx("one", "two");
  const [one, two] = farm.servers;
  const servers = farm.servers.map(({ name, port }) => `server ${name} 127.0.0.1:${port} ${FAST}`);
  const { running, until, port } = await site(["option httpchk GET /name", "mode http", ...servers]);
  const names = async () => {
    const answers = Array.from({ length: 6 }, () => exchange(port, "GET /name HTTP/1.0\r\n\r\n"));
    return new Set((await Promise.all(answers)).map((answer) => answer.trim().split("\n").at(-1)));
  };
  await until("one", "UP");
  await until("two", "UP");
  expect(await names()).toEqual(new Set(["one", "two"]));
  process.kill(one!.pid, "SIGSTOP");
  await until("one", "DOWN");
  expect(await names()).toEqual(new Set(["two"]));
  process.kill(one!.pid, "SIGCONT");
  await until("one", "UP");
  expect(await names()).toEqual(new Set(["one", "two"]));
  await two![Symbol.asyncDispose]();
  await until("two", "DOWN");
  expect(await names()).toEqual(new Set(["one"]));
  await syslog.waitFor(
    (line) => line.includes("Server web/two is DOWN, reason: Layer4 connection problem"),
    "its line",
  );
  await running.stop();
});

test("backups take over, and give back", async () => {
  const [main, spare] = [checkPort(), checkPort()];
  const echo = startServer(behaviours.echo());
  const { running, until, port } = await site([
    `server main 127.0.0.1:${echo.port} ${FAST} port ${main.port}`,
    `server spare 127.0.0.1:${echo.port} ${FAST} port ${spare.port} backup`,
  ]);
  await until("main", "UP");
  main.close();
  await until("main", "DOWN");
  await syslog.waitFor(
    (line) => /web\/main is DOWN.* 0 active and 1 backup servers left\. Running on backup\./.test(line),
    "it",
  );
  expect(await exchange(port, "hello")).toBe("hello");
  spare.close();
  await until("spare", "DOWN");
  await syslog.waitFor((line) => line.includes("proxy web has no server available!"), "the last one's");
  expect(await exchange(port, "hello")).toBe("");
  main.open();
  await until("main", "UP");
  expect(await exchange(port, "hello")).toBe("hello");
  await running.stop();
  main.close();
  await echo.stop();
});

test("disable-on-404: no new clients, those with its cookie come back to it", async () => {
  const serve = (name: string) => {
    const state = { status: 200 };
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ method }) => new Response(name, { status: method === "OPTIONS" ? state.status : 200 }),
    });
    return { state, server };
  };
  const [one, two] = [serve("one"), serve("two")];
  const { running, until, port } = await site([
    "mode http",
    "option httpchk",
    "http-check disable-on-404",
    "cookie S insert indirect",
    `server one 127.0.0.1:${one.server.port} cookie one ${FAST}`,
    `server two 127.0.0.1:${two.server.port} cookie two ${FAST}`,
  ]);
  const ask = async (cookie = "") => {
    const answer = await exchange(port, `GET / HTTP/1.0\r\n${cookie === "" ? "" : `Cookie: S=${cookie}\r\n`}\r\n`);
    return answer.split("\r\n\r\n").at(-1);
  };
  await until("one", "UP");
  await until("two", "UP");
  one.state.status = 404;
  await until("one", "NOLB");
  expect(await Promise.all([ask(), ask(), ask(), ask("one"), ask("two")])).toEqual(["two", "two", "two", "one", "two"]);
  one.state.status = 500;
  await until("one", "DOWN");
  expect(await Promise.all([ask("one"), ask("two")])).toEqual(["two", "two"]);
  one.state.status = 200;
  await until("one", "UP");
  expect(await ask("one")).toBe("one");
  await running.stop();
  for (const { server } of [one, two]) await server.stop(true);
});

test("on-marked-down shutdown-sessions ends what it serves, without it sessions go on", async () => {
  for (const ends of [true, false]) {
    const check = checkPort();
    const echo = startServer(behaviours.echo());
    const { running, until, port } = await site([
      `server s 127.0.0.1:${echo.port} ${FAST} port ${check.port} ${ends ? "on-marked-down shutdown-sessions" : ""}`,
    ]);
    await until("s", "UP");
    const clients = await Promise.all([connect(port), connect(port), connect(port)]);
    for (const client of clients) client.send("hello");
    for (const client of clients) await client.untilBytes(5);
    check.close();
    await until("s", "DOWN");
    if (ends) { for (const client of clients) await client.untilEnded(); }
    else {
      for (const client of clients) client.send("again");
      for (const client of clients) await client.untilBytes(10);
      for (const client of clients) client.close();
    }
    await running.stop();
    await echo.stop();
  }
});

test("who waits for a server that goes down is served by another, with option redispatch", async () => {
  const checks = [checkPort(), checkPort()];
  const names = ["one", "two"];
  const echos = names.map(() => startServer(behaviours.echo()));
  const { running, until, port, socket } = await site([
    "balance source",
    "option redispatch",
    ...names.map((name, i) => `server ${name} 127.0.0.1:${echos[i]!.port} ${FAST} port ${checks[i]!.port} maxconn 1`),
  ]);
  for (const name of names) await until(name, "UP");
  const first = await connect(port);
  first.send("hello");
  await first.untilBytes(5);
  const second = await connect(port);
  second.send("hello");
  const busy = await waitFor(async () => {
    const rows = await stat(socket);
    return names.find((name) => rows.get(`web/${name}`)!["qcur"] === "1");
  }, "the second to wait");
  checks[names.indexOf(busy)]!.close();
  await second.untilBytes(5);
  const line = await syslog.waitFor(
    (one) => one.includes(`Server web/${busy} is DOWN`) && one.includes("1 requeued"),
    "it",
  );
  expect(line).toContain("1 sessions active, 1 requeued, 0 remaining in queue.");
  for (const client of [first, second]) client.close();
  await running.stop();
  for (const check of checks) check.close();
  for (const echo of echos) await echo.stop();
});

test("checks come from the address of source, and go to addr and port", async () => {
  const check = checkPort();
  // With an answer to wait for: a connection that is reset at once has no address any more.
  const { running, until } = await site([
    "option tcp-check",
    "tcp-check expect string hello",
    `server s 127.0.0.9:1 ${FAST} addr 127.0.0.1 port ${check.port} source 127.0.0.5`,
  ]);
  await until("s", "UP");
  expect(new Set(check.from)).toEqual(new Set(["127.0.0.5"]));
  await running.stop();
  check.close();
});

test("without a stats socket servers are checked too", async () => {
  const port = freePort();
  await using running = await start(
    text(port, "x", [`server s 127.0.0.1:${freePort()} check inter 50ms`]).replace(/.*stats socket.*\n/, "")
      .replace("listen web", "listen alone"),
    { ready: [port] },
  );
  await syslog.waitFor((line) => line.includes("Server alone/s is DOWN"), "the line of its failure");
  expect(running.stderr()).toContain("[ALERT]");
  expect(running.stderr()).toContain("proxy 'alone' has no server available!");
});

test("a reload keeps what is known: down stays down until a check says otherwise", async () => {
  const check = checkPort();
  check.close();
  const lines = [`server gone 127.0.0.1:1 ${FAST} downinter 60s port ${check.port}`, "server other 127.0.0.1:2"];
  const { running, socket, port, until } = await site(lines, ["-W", "-db"]);
  await until("gone", "DOWN");
  const before = (await stat(socket)).get("web/gone")!;
  // A check that would not begin for a minute: what the new roles show is what the old ones knew.
  writeFileSync(running.configPath, text(port, socket, [...lines, "server third 127.0.0.1:3"]));
  check.open();
  running.signal("SIGUSR2");
  await waitFor(async () => (await stat(socket).catch(() => new Map())).has("web/third"), "the new configuration");
  const after = (await stat(socket)).get("web/gone")!;
  expect(["chkfail", "chkdown"].map((name) => after[name])).toEqual(["chkfail", "chkdown"].map((name) => before[name]));
  expect(["DOWN", "DOWN 1/2", "UP"]).toContain(after["status"]!);
  const said = syslog.lines.filter((line) => line.includes("Server web/gone is DOWN")).length;
  expect(said).toBe(1);
  await running.stop();
  check.close();
});

test("the role that checks is killed: its successor goes on where it was", async () => {
  const [down, up] = [checkPort(), checkPort()];
  down.close();
  const { running, socket, until } = await site([
    `server down 127.0.0.1:1 ${FAST} port ${down.port}`,
    `server up 127.0.0.1:1 ${FAST} port ${up.port}`,
  ]);
  await until("down", "DOWN");
  await until("up", "UP");
  const lines = () => syslog.lines.filter((line) => /web\/(?:down|up) is/.test(line)).length;
  const said = lines();
  const before = (await stat(socket)).get("web/down")!;
  const old = controlOf(running)!;
  process.kill(old, "SIGKILL");
  await waitFor(() => ![undefined, old].includes(controlOf(running)), "a successor");
  const seen = up.from.length;
  await waitFor(() => up.from.length > seen + 3, "its checks");
  const rows = await waitFor(() => stat(socket).catch(() => null), "its answer");
  expect(rows.get("web/down")!["status"]).toBe("DOWN");
  expect(rows.get("web/down")!["chkdown"]).toBe(before["chkdown"]!);
  expect(rows.get("web/up")!["status"]).toBe("UP");
  expect(lines()).toBe(said);
  down.open();
  await until("down", "UP");
  await running.stop();
  for (const check of [down, up]) check.close();
});
