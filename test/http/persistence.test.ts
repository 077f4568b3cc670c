/**
 * Persistence cookies and captures: every row of persistence_cases.ts goes through haproxy, and our functions must make the
 * same of the same messages. Then it goes through the program under test with the same configuration.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Proxy } from "../../src/config/haproxy/model.ts";
import { model } from "../config_fixture.ts";
import { APPLIANCE, cleanUp, HAPROXY, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { FARMS } from "./persistence_cases.ts";
import { applied, configuration, name, playAll, type Played } from "./persistence_lab.ts";

setDefaultTimeout(120_000);
afterAll(cleanUp);

let reference: Played;
let proxies: Proxy[] = [];

beforeAll(async () => {
  if (HAPROXY === null) return;
  reference = await playAll(HAPROXY);
  const ports = FARMS.map((_, i) => 20_000 + i);
  const text = configuration(FARMS, ports, reference.port, 81, "");
  proxies = model(text).proxies;
});

const proxy = (name: string) => proxies.find((proxy) => proxy.name === name)!;

test.skipIf(HAPROXY === null).each(FARMS.map((farm, i) => [farm.lines, i] as const))("functions: %s", (_, i) => {
  const farm = FARMS[i]!;
  const taken = new Set<string>();
  const wrong: unknown[] = [];
  for (const play of farm.plays) {
    const row = name(farm, play, taken);
    taken.add(row);
    const theirs = reference.rows.get(row)!;
    // A server that cannot be reached has sent nothing: there is no answer to compare.
    if (theirs.server === "e") continue;
    const ours = applied(proxy(`b${i}`), proxy(`f${i}`), farm, play, theirs.server, reference.times.get(row)!);
    if (!Bun.deepEquals(ours, theirs)) wrong.push({ row, theirs, ours });
  }
  expect(wrong).toEqual([]);
});

test.skipIf(HAPROXY === null || UNDER_TEST_IS_HAPROXY)("the program sees and sends what haproxy does", async () => {
  const tested = await playAll(APPLIANCE, reference.port);
  const wrong = [...reference.rows].filter(([row, theirs]) => !Bun.deepEquals(tested.rows.get(row), theirs))
    .map(([row, theirs]) => ({ row, theirs, ours: tested.rows.get(row) }));
  expect(wrong).toEqual([]);
});
