/** What is said on the stats socket of servers that are checked, beside haproxy 2.6: the same states and the same lines. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, HAPROXY, start, temporaryDirectory } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { ask } from "../process/lab.ts";

afterAll(cleanUp);

const nowhere = freePort();

/** What the program logs, and answers to `show servers state` after each step, without what depends on the time. */
async function play(program: string): Promise<{ lines: string[]; states: string[] }> {
  const directory = temporaryDirectory();
  const socket = join(directory, "stats.sock");
  await using server = startServer(behaviours.mute());
  await using running = await start(
    `global
  stats socket ${socket} level admin
  log stderr format raw local0
defaults
  mode tcp
  log global
  timeout client 5s
  timeout server 5s
  timeout connect 1s
backend b
  server up 127.0.0.1:${server.port} check inter 50ms
  server dn 127.0.0.1:${nowhere} check inter 50ms
`,
    { program, directory, ready: [socket] },
  );
  const lines = (): string[] =>
    running.stderr().split("\n").filter((line) => /^(Server|backend) /.test(line))
      .map((line) => line.replace(/duration: \d+ms/, "duration"));
  const times = (text: string): number => lines().filter((line) => line.startsWith(text)).length;
  const states: string[] = [];
  async function step(command: string, ready: () => boolean = () => true): Promise<void> {
    expect(await ask(socket, command)).toBe("\n");
    await waitFor(ready, () => `what follows from "${command}": ${lines().join("\n")}`);
    const answer = await ask(socket, "show servers state b");
    // Name, operational and administrative state.
    states.push(
      ...answer.split("\n").slice(2, 4).map((line) =>
        line.split(" ").filter((_, i) => [3, 5, 6].includes(i)).join(" ")
      ),
    );
  }
  const fallen = (count: number) => () => times("Server b/dn is DOWN, reason") === count;
  await waitFor(fallen(1), () => `the first failure: ${lines().join("\n")}`);
  await step("set server b/up state maint");
  await step("set server b/up state ready");
  await step("set server b/dn state maint");
  await step("set server b/dn state ready", fallen(2));
  await step("set server b/dn health up", fallen(3));
  await step("set server b/up health down", () => times("Server b/up is UP, reason") === 1);
  await step("set server b/up state drain");
  await step("set server b/up state ready");
  return { lines: lines(), states };
}

test.skipIf(HAPROXY === null)("commands and checks together", async () => {
  const [ours, theirs] = await Promise.all([play(APPLIANCE), play(HAPROXY!)]);
  expect(ours.states).toEqual(theirs.states);
  expect(ours.lines).toEqual(theirs.lines);
});
