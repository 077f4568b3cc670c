/**
 * Limits hold over two proxy processes: what the servers of the test count is never above what the configuration allows,
 * who waits is served in order, and a process that dies gives back what it held.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort } from "../harness/ports.ts";
import { childrenOf, commandLine } from "../harness/proc.ts";
import { cleanUp, type Running, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { startServer, type TestServer } from "../harness/servers.ts";

setDefaultTimeout(60_000);
afterAll(cleanUp);

/** A server that says "ok" at once, and knows how many it has at the same time. */
interface Counting {
  server: TestServer;
  now: number;
  most: number;
}

function counting(): Counting {
  const self: Counting = {
    now: 0,
    most: 0,
    server: startServer((peer) => {
      self.now++;
      self.most = Math.max(self.most, self.now);
      peer.send("ok");
      peer.onEnding = () => {
        self.now--;
        peer.shutdown();
      };
    }),
  };
  return self;
}

interface Bench extends AsyncDisposable {
  running: Running;
  stats: string;
  port: number;
  servers: Counting[];
}

/** One `listen x` before so many counting servers; its lines may say @SERVER0@ and so on for an address. */
async function bench(
  lines: string,
  options: { global?: string; servers?: number; processes?: number } = {},
): Promise<Bench> {
  const servers = Array.from({ length: options.servers ?? 1 }, counting);
  const port = freePort();
  const stats = join(temporaryDirectory(), "stats");
  const text = lines.replace(/@SERVER(\d)@/g, (_, index) => `127.0.0.1:${servers[index]!.server.port}`);
  const running = await start(
    `
global
  nbthread ${options.processes ?? 2}
  stats socket ${stats} mode 600 level admin
  ${options.global ?? "maxconn 500"}
defaults
  mode tcp
  timeout connect 10s
  timeout client 30s
  timeout server 30s
  timeout queue 30s
listen x
  bind 127.0.0.1:${port} backlog 300 ${text}
`,
    { ready: [port, stats] },
  );
  return {
    running,
    stats,
    port,
    servers,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      for (const { server } of servers) await server.stop();
    },
  };
}

/** A column of `show stat`: of the server of that name, of BACKEND or FRONTEND. */
async function stat(of: Bench, row: string, column: string): Promise<number> {
  const [header = "", ...rows] = (await exchange({ unix: of.stats }, "show stat\n")).split("\n");
  const at = header.replace("# ", "").split(",").indexOf(column);
  return Number(rows.find((line) => line.startsWith(`x,${row},`))?.split(",")[at]);
}

async function visit(port: number, from?: string): Promise<void> {
  const client = await connect({ port, ...(from === undefined ? {} : { from }) });
  await client.untilBytes(2);
  client.shutdown();
  expect(await client.untilEnded()).toBe("fin");
}

async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) await work(next++);
  }));
}

const nowOf = ({ servers }: Bench): number => servers.reduce((sum, { now }) => sum + now, 0);
const servedOf = (clients: readonly Peer[]): number => clients.filter(({ bytes }) => bytes >= 2).length;

describe.each([1, 2])("%p processes: a server's maxconn is never exceeded", (processes) => {
  test.each(["roundrobin", "static-rr", "leastconn", "first", "source", "hash src", "random(2)"])(
    "balance %s",
    async (balance) => {
      const lines = ["", `balance ${balance}`, "server s0 @SERVER0@ maxconn 3", "server s1 @SERVER1@ maxconn 2"];
      await using x = await bench(lines.join("\n  "), { servers: 2, processes });
      await inParallel(80, 24, (index) => visit(x.port, `127.0.0.${1 + index % 16}`));
      const most = x.servers.map((server) => server.most);
      expect(most[0]).toBeLessThanOrEqual(3);
      expect(most[1]).toBeLessThanOrEqual(2);
      expect(x.servers.map(({ server }) => server.peers.length).reduce((a, b) => a + b)).toBe(80);
      await waitFor(async () => await stat(x, "FRONTEND", "scur") === 0, "all sessions to be over");
      for (const [row, column] of [["s0", "scur"], ["s1", "scur"], ["BACKEND", "scur"], ["BACKEND", "qcur"]] as const) {
        expect({ row, column, value: await stat(x, row, column) }).toEqual({ row, column, value: 0 });
      }
      expect(await stat(x, "s0", "smax")).toBe(most[0]!);
      expect(await stat(x, "s1", "smax")).toBe(most[1]!);
    },
  );
});

/** A span between two clients, longer than the processes let each other's first go before their own. */
async function apart(): Promise<void> {
  const from = performance.now();
  await waitFor(() => performance.now() - from > 8, "a span between two clients");
}

test.each(["roundrobin", "source"])("balance %s: a queue over two processes is served in order", async (balance) => {
  await using x = await bench(`\n  balance ${balance}\n  server s0 @SERVER0@ maxconn 1`);
  const held = await connect(x.port);
  await held.untilBytes(2);
  const waiting: Peer[] = [];
  const row = balance === "source" ? "s0" : "BACKEND";
  for (let i = 0; i < 12; i++) {
    waiting.push(await connect(x.port));
    await waitFor(async () => await stat(x, row, "qcur") === i + 1, `${i + 1} in the queue`);
    await apart();
  }
  held.shutdown();
  const order: number[] = [];
  while (order.length < waiting.length) {
    const next = await waitFor(() => waiting.find(({ bytes }, i) => bytes > 0 && !order.includes(i)), "the next one");
    order.push(waiting.indexOf(next));
    next.shutdown();
    await next.untilEnded();
  }
  expect(order).toEqual(waiting.map((_, i) => i));
  expect(x.servers[0]!.most).toBe(1);
});

const maxima: [what: string, lines: string, global: string, limit: number][] = [
  ["a frontend's maxconn", "\n  maxconn 5", "maxconn 500", 5],
  ["a bind line's maxconn", "maxconn 4", "maxconn 500", 4],
  ["the global maxconn", "", "maxconn 6", 6],
];
test.each(maxima)("%s is exact over two processes, and who waits is served", async (_, lines, global, limit) => {
  await using x = await bench(`${lines}\n  server s0 @SERVER0@`, { global });
  const clients: Peer[] = [];
  for (let i = 0; i < 24; i++) clients.push(await connect({ port: x.port, from: `127.0.0.${1 + i % 7}` }));
  let over = 0;
  while (over < clients.length) {
    await waitFor(() => nowOf(x) === Math.min(limit, clients.length - over), "as many as may");
    const client = await waitFor(
      () => clients.find(({ bytes, ending }) => bytes >= 2 && ending === "open"),
      "one served",
    );
    client.shutdown();
    await client.untilEnded();
    over++;
  }
  expect(x.servers[0]!.most).toBe(limit);
  await waitFor(async () => await stat(x, "FRONTEND", "scur") === 0, "all sessions to be over");
  expect(await stat(x, "FRONTEND", "smax")).toBe(limit);
  await visit(x.port);
});

test("many short connections against a frontend's maxconn: none is lost, none too many", async () => {
  await using x = await bench("\n  maxconn 2\n  server s0 @SERVER0@");
  await inParallel(200, 32, () => visit(x.port));
  expect(x.servers[0]!.most).toBeLessThanOrEqual(2);
});

const rates: [what: string, lines: string, global: string][] = [
  ["rate-limit sessions", "\n  rate-limit sessions 10", "maxconn 500"],
  ["maxconnrate", "", "maxconnrate 10"],
  ["maxsessrate", "", "maxsessrate 10"],
];
test.each(rates)("%s spreads connections over time and loses none", async (_, lines, global) => {
  await using x = await bench(`${lines}\n  server s0 @SERVER0@`, { global });
  const from = performance.now();
  await inParallel(30, 30, () => visit(x.port));
  // Ten at once, then ten per sliding second; two more may slip through as two processes look at the same time.
  expect(performance.now() - from).toBeGreaterThan(1_000);
});

// haproxy looks at its queue again only when a connection ends.
test.skipIf(UNDER_TEST_IS_HAPROXY)("minconn grows to maxconn as the backend fills up to fullconn", async () => {
  await using x = await bench("\n  fullconn 10\n  server s0 @SERVER0@ minconn 1 maxconn 4");
  const clients: Peer[] = [];
  for (const served of [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4]) {
    clients.push(await connect(x.port));
    await waitFor(() => servedOf(clients) === served, () => `${served} of ${clients.length} served`);
  }
  for (let left = clients.length; left > 0; left--) {
    const client = await waitFor(
      () => clients.find(({ bytes, ending }) => bytes >= 2 && ending === "open"),
      "one served",
    );
    client.shutdown();
    await client.untilEnded();
  }
  expect(x.servers[0]!.most).toBe(4);
});

test("maxqueue refuses who comes too late, over two processes", async () => {
  await using x = await bench("\n  balance source\n  server s0 @SERVER0@ maxconn 1 maxqueue 3");
  const held = await connect(x.port);
  await held.untilBytes(2);
  const waiting: Peer[] = [];
  for (let i = 0; i < 3; i++) {
    waiting.push(await connect(x.port));
    await waitFor(async () => await stat(x, "s0", "qcur") === i + 1, `${i + 1} in the queue`);
  }
  for (let i = 0; i < 3; i++) {
    const late = await connect(x.port);
    expect([await late.untilEnded(), late.bytes]).toEqual(["fin", 0]);
  }
  held.shutdown();
  for (const client of waiting) client.shutdown(); // each has sent nothing: it takes its place along
  await waitFor(async () => await stat(x, "s0", "qcur") === 0, "the queue to be empty");
  expect(await stat(x, "s0", "econ")).toBe(3);
  expect(await stat(x, "s0", "qmax")).toBe(3);
  await visit(x.port);
});

test.skipIf(UNDER_TEST_IS_HAPROXY)(
  "a process killed gives back its server slot and its places in the queue",
  async () => {
    await using x = await bench("\n  balance source\n  server s0 @SERVER0@ maxconn 1");
    for (let round = 0; round < 3; round++) {
      const held = await connect(x.port);
      await held.untilBytes(2);
      const waiting: Peer[] = [];
      for (let i = 0; i < 6; i++) waiting.push(await connect(x.port));
      await waitFor(async () => await stat(x, "s0", "qcur") === 6, "six in the queue");
      const holder = ownerOf(x.servers[0]!.server.port, childrenOf(x.running.pid));
      process.kill(holder, "SIGKILL");
      // Those of the dead process end, the others are served, one at a time.
      for (const client of waiting) {
        await waitFor(() => client.bytes > 0 || client.ending !== "open", "it to be served, or to end");
        client.shutdown();
        await client.untilEnded();
      }
      await visit(x.port);
      expect(x.servers[0]!.most).toBe(1);
      await waitFor(async () => await stat(x, "FRONTEND", "scur") === 0, "all sessions to be over");
      expect([await stat(x, "s0", "scur"), await stat(x, "s0", "qcur"), await stat(x, "BACKEND", "scur")]).toEqual([
        0,
        0,
        0,
      ]);
    }
  },
);

test.skipIf(UNDER_TEST_IS_HAPROXY)(
  "processes killed under load: when it is over nothing is counted any more",
  async () => {
    await using x = await bench(
      "\n  maxconn 12\n  balance leastconn\n  server s0 @SERVER0@ maxconn 3\n  server s1 @SERVER1@ maxconn 2",
      {
        servers: 2,
      },
    );
    let killed = 0;
    await inParallel(400, 24, async (index) => {
      const client = await connect(x.port);
      if (index % 80 === 40) {
        const [pid] = childrenOf(x.running.pid).filter((child) => commandLine(child).includes("role:proxy"));
        if (pid !== undefined) process.kill(pid, "SIGKILL");
        killed++;
      }
      await waitFor(() => client.bytes >= 2 || client.ending !== "open", "it to be served, or to end");
      client.shutdown();
      await client.untilEnded();
    });
    expect(killed).toBe(5);
    await waitFor(async () => await stat(x, "FRONTEND", "scur") === 0, "all sessions to be over");
    const left = [];
    for (const row of ["s0", "s1", "BACKEND"]) left.push(await stat(x, row, "scur"), await stat(x, row, "qcur"));
    expect(left).toEqual([0, 0, 0, 0, 0, 0]);
    await visit(x.port);
  },
);

/** Which of the processes has a connection to the port. */
function ownerOf(port: number, pids: readonly number[]): number {
  const { stdout } = Bun.spawnSync(["ss", "-Htnp", "state", "established", `dport = :${port}`]);
  const found = [...stdout.toString().matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]));
  const owner = found.find((pid) => pids.includes(pid));
  if (owner === undefined) throw new Error(`None of ${pids} is connected to ${port}`);
  return owner;
}

describe("paused and stopped", () => {
  let x: Bench;
  beforeAll(async () => {
    x = await bench("\n  maxconn 1\n  server s0 @SERVER0@");
  });
  test("who waits before a full frontend when it is stopped is still served", async () => {
    const held = await connect(x.port);
    await held.untilBytes(2);
    const waiting = await connect(x.port);
    await apart();
    x.running.signal("SIGUSR1");
    await waitFor(() => waiting.bytes === 2 || waiting.ending !== "open", "it to be served, or told");
    held.shutdown();
    waiting.shutdown();
    expect(await x.running.exited).toBe(0);
    for (const { server } of x.servers) await server.stop();
  });
});
