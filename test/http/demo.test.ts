/**
 * `appliance demo` does what it prints: each address answers, the path decides, the statistics have their page.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { curl } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { listening } from "../harness/proc.ts";
import { APPLIANCE, cleanUp, launch, type Running, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";

setDefaultTimeout(60_000);
const testOurs = test.skipIf(UNDER_TEST_IS_HAPROXY);

/** The demo's own, printed by it. */
const PORTS = [9001, 9002, 1080] as const;
const [http, tcp, stats] = PORTS.map((port) => `http://127.0.0.1:${port}`) as [string, string, string];
let running: Running;

beforeAll(async () => {
  if (UNDER_TEST_IS_HAPROXY) return;
  running = launch([APPLIANCE, "demo"]);
  await waitFor(() => {
    if (running.exitCode() !== null) throw new Error(`The demo ended:\n${running.stderr()}`);
    return PORTS.every(listening);
  }, "the demo to listen");
});
afterAll(cleanUp);

const servedBy = async (url: string, ...args: string[]) =>
  /^Served by (\w+)$/m.exec((await curl(...args, url)).stdout)?.[1] ?? "";
const several = (url: string) => Promise.all(Array.from({ length: 6 }, () => servedBy(url)));

testOurs("it prints where to look", () => {
  for (const url of [http, tcp, stats]) expect(running.stdout()).toContain(url);
});

testOurs.each([
  [`${http}/`, ["apple", "banana"]],
  [`${http}/images/x`, ["cherry", "damson"]],
  [`${http}/api`, ["elder", "fig"]],
  [`${tcp}/`, ["apple", "banana", "cherry", "damson", "elder", "fig"]],
])("%s is served by its back ends", async (url, names) => {
  expect([...new Set(await several(url))].toSorted()).toEqual(names);
});

testOurs("the cookie keeps a browser with its back end, which learns the address", async () => {
  for (let i = 0; i < 3; i++) expect(await servedBy(`${http}/`, "-b", "SERVER=banana")).toBe("banana");
  expect((await curl("--interface", "127.0.0.9", `${http}/`)).stdout).toContain("to 127.0.0.9\n");
});

testOurs("the statistics page knows all of them", async () => {
  const { stdout } = await curl(`${stats}/`);
  for (const name of ["l7", "l4", "web", "images", "api", "fig"]) expect(stdout).toContain(name);
});

testOurs("SIGINT ends it and leaves nothing", async () => {
  expect([0, 130]).toContain(await running.stop("SIGINT"));
});
