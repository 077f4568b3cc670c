/** What is counted over several processes adds up to what was sent, while it is being sent and after. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePorts } from "../harness/ports.ts";
import { cleanUp, start, temporaryDirectory } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { info, stat } from "./lab.ts";

setDefaultTimeout(30_000);
const servers = [startServer(behaviours.echo()), startServer(behaviours.echo())];
afterAll(async () => {
  for (const server of servers) await server.stop();
  cleanUp();
});

const BURSTS = 60;
const HELD = 7;

test("sessions, bytes and connections over two processes are those that were sent", async () => {
  const [direct, front] = freePorts(2) as [number, number];
  const stats = join(temporaryDirectory(), "stats");
  const it = await start(
    `
global
  nbthread 2
  stats socket ${stats} mode 600 level admin
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen direct
  bind 127.0.0.1:${direct}
  balance roundrobin
  server one 127.0.0.1:${servers[0]!.port}
  server two 127.0.0.1:${servers[1]!.port}
frontend front
  bind 127.0.0.1:${front}
  default_backend farm
backend farm
  server one 127.0.0.1:${servers[0]!.port}
`,
    { ready: [direct, front, stats] },
  );
  for (let i = 0; i < BURSTS; i++) {
    const text = "x".repeat(i);
    expect(await exchange(i % 3 === 0 ? front : direct, text)).toBe(text);
  }
  const held = await Promise.all(Array.from({ length: HELD }, () => connect(direct)));
  for (const peer of held) peer.send("y");
  await Promise.all(held.map((peer) => peer.untilBytes(1)));

  const fronts = Array.from({ length: BURSTS }, (_, i) => i).filter((i) => i % 3 === 0);
  const directs = Array.from({ length: BURSTS }, (_, i) => i).filter((i) => i % 3 !== 0);
  const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
  const sessions = directs.length + HELD;
  // Closing reaches the counters a moment after the client.
  const settled = await waitFor(async () => {
    const rows = await stat(stats);
    return rows.get("direct/FRONTEND")?.["scur"] === String(HELD) && rows.get("front/FRONTEND")?.["scur"] === "0" &&
      rows;
  }, "the sessions to be counted as closed");
  const show = (row: string, ...names: string[]) => names.map((name) => Number(settled.get(row)?.[name]));
  expect(show("direct/FRONTEND", "stot", "bin", "bout")).toEqual([sessions, sum(directs) + HELD, sum(directs) + HELD]);
  expect(show("direct/BACKEND", "scur", "stot", "bin", "bout", "lbtot")).toEqual(
    [HELD, sessions, sum(directs) + HELD, sum(directs) + HELD, sessions],
  );
  const [one = 0] = show("direct/one", "stot");
  const [two = 0] = show("direct/two", "stot");
  expect(one + two).toBe(sessions);
  expect(Math.abs(one - two)).toBeLessThanOrEqual(1);
  expect(show("front/FRONTEND", "stot", "bin", "bout")).toEqual([fronts.length, sum(fronts), sum(fronts)]);
  expect(show("farm/one", "scur", "stot", "bin", "bout")).toEqual([0, fronts.length, sum(fronts), sum(fronts)]);

  const shown = await info(stats);
  expect(Number(shown.get("CurrConns"))).toBeGreaterThanOrEqual(HELD);
  expect(Number(shown.get("CurrConns"))).toBeLessThanOrEqual(HELD + 1); // haproxy counts that of the stats socket
  expect(Number(shown.get("CumConns"))).toBeGreaterThanOrEqual(BURSTS + HELD);
  for (const peer of held) peer.close();
  await waitFor(async () => (await stat(stats)).get("direct/BACKEND")?.["scur"] === "0", "the rest to be closed");
  expect(Number((await info(stats)).get("CurrConns"))).toBeLessThanOrEqual(1);
  expect((await stat(stats)).get("direct/FRONTEND")?.["smax"]).toBe(
    String(Math.max(HELD, Number(settled.get("direct/FRONTEND")?.["smax"]))),
  );
  await it.stop();
});
