/**
 * The fate of connections: each exchange of fate_cases.ts goes through haproxy and through the program under test with
 * the same configuration; clients, servers and the log must see the same. Without haproxy on the machine only the
 * termination states of the table are held.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { APPLIANCE, cleanUp, HAPROXY, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { CASES } from "./fate_cases.ts";
import { type Outcome, playAll } from "./fate_run.ts";

setDefaultTimeout(60_000);
afterAll(cleanUp);

/** Where the program under test goes its own way on purpose: how it ends instead, and why. haproxy's fate is not compared. */
const DIFFERENCES: Record<string, { reason: string; termination: readonly string[] }> = {
  client_resets_after_half_close: {
    reason: "haproxy does not notice the reset and holds both connections until the server's timeout",
    termination: ["CD"],
  },
};

let tested: Map<string, Outcome | Error>;
let reference: Map<string, Outcome | Error> | null = null;

beforeAll(async () => {
  tested = await playAll(APPLIANCE, CASES);
  if (HAPROXY !== null) reference = await playAll(HAPROXY, CASES);
});

test.each(CASES.map((row) => [row.name, row] as const))("%s", (name, row) => {
  const outcome = outcomeOf(tested, name);
  const difference = UNDER_TEST_IS_HAPROXY ? undefined : DIFFERENCES[name];
  const { termination } = difference ?? row;
  expect(outcome.terminations.slice(0, termination.length)).toEqual(termination.slice());
  if (row.atLeast) expect(outcome.lastLine?.[row.atLeast.field]).toBeGreaterThanOrEqual(row.atLeast.ms);
  if (reference === null || difference !== undefined) return;
  expect(outcome.fate).toEqual(outcomeOf(reference, name).fate);
});

test("every listed difference is a case", () => {
  const names = new Set(CASES.map((row) => row.name));
  expect(Object.keys(DIFFERENCES).filter((name) => !names.has(name))).toEqual([]);
});

function outcomeOf(outcomes: Map<string, Outcome | Error>, name: string): Outcome {
  const outcome = outcomes.get(name);
  if (outcome === undefined) throw new Error(`Case ${name} was not played`);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}
