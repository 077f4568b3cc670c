/**
 * HTTP exchanges, good, odd and hostile: each row of the tables goes through haproxy and through the program under test
 * with the same configuration; clients, servers, log and statistics must see the same. Without haproxy on the machine
 * only the status and termination states of test/golden/exchanges.txt are held.
 *
 * EXCHANGES=word plays only the rows whose name holds the word.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { APPLIANCE, cleanUp, HAPROXY, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { CASES } from "./exchange_cases.ts";
import { DIFFERENCES, NOT_YET } from "./exchange_differences.ts";
import { readGolden, writeGolden } from "./exchange_golden.ts";
import { type Outcome, playAll } from "./exchange_run.ts";

setDefaultTimeout(60_000);
afterAll(cleanUp);

const wanted = CASES.filter(({ name }) => name.includes(process.env["EXCHANGES"] ?? ""));
const differenceOf = (name: string) => UNDER_TEST_IS_HAPROXY ? undefined : DIFFERENCES[name];

if (process.env["UPDATE_GOLDEN"] === "1" && HAPROXY !== null) {
  const outcomes = await playAll(HAPROXY, CASES, () => null);
  writeGolden(new Map(CASES.map(({ name }) => [name, outcomeOf(outcomes, name).log])));
}
const golden = readGolden();
const linesOf = (name: string) => golden.get(name)?.length ?? null;

let tested: Map<string, Outcome | Error>;
let reference: Map<string, Outcome | Error> | null = null;
beforeAll(async () => {
  tested = await playAll(APPLIANCE, wanted, (name) => differenceOf(name)?.log?.length ?? linesOf(name));
  if (HAPROXY !== null) reference = await playAll(HAPROXY, wanted, linesOf);
});

test.each(wanted.map((row) => [row.name, row] as const))("%s", (name, row) => {
  const notYet = UNDER_TEST_IS_HAPROXY ? undefined : NOT_YET[name];
  if (notYet !== undefined) {
    expect(() => outcomeOf(tested, name)).toThrow(notYet);
    expect(() => outcomeOf(tested, name)).toThrow("not supported yet");
    return;
  }
  const outcome = outcomeOf(tested, name);
  const difference = differenceOf(name);
  expect(outcome.log).toEqual((difference?.log ?? golden.get(name) ?? []).slice());
  if (row.atLeast) expect(outcome.lastLine?.[row.atLeast.field]).toBeGreaterThanOrEqual(row.atLeast.ms);
  if (reference === null) return;
  const { fate } = outcomeOf(reference, name);
  expect(outcome.fate).toEqual(difference === undefined ? fate : difference.instead(fate));
});

test("every row has a name of its own, every listed difference is a row", () => {
  const names = CASES.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  expect([DIFFERENCES, NOT_YET].flatMap(Object.keys).filter((name) => !names.includes(name))).toEqual([]);
  expect([...golden.keys()].toSorted()).toEqual(names.toSorted());
});

function outcomeOf(outcomes: Map<string, Outcome | Error>, name: string): Outcome {
  const outcome = outcomes.get(name);
  if (outcome === undefined) throw new Error(`Row ${name} was not played`);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}
