/** Rules: every request of rules_cases.ts goes through haproxy and through us; server, client and log must see the same. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { APPLIANCE, cleanUp, HAPROXY, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { GROUPS } from "./rules_cases.ts";
import { playRules, type Seen } from "./rules_lab.ts";

setDefaultTimeout(60_000);
afterAll(cleanUp);

const skipped = HAPROXY === null || UNDER_TEST_IS_HAPROXY;
let theirs: Seen[][] = [];
let ours: Seen[][] = [];

beforeAll(async () => {
  if (HAPROXY === null || skipped) return;
  theirs = await playRules(HAPROXY, GROUPS);
  ours = await playRules(APPLIANCE, GROUPS);
});

test.skipIf(skipped).each(GROUPS.map(({ name }, i) => [name, i] as const))("%s", (_, i) => {
  const wrong = GROUPS[i]!.requests.map((request, n) => ({ request, theirs: theirs[i]![n], ours: ours[i]![n] }))
    .filter((row) => !Bun.deepEquals(row.theirs, row.ours));
  expect(wrong).toEqual([]);
});
