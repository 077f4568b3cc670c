/** Asking a database that may be silent, gone or restarted; and limits and lines, which need no database at all. */
import type { SQL } from "bun";
import { expect, test } from "bun:test";
import { parseNetwork } from "../config/networks.ts";
import { createAsker } from "./database.ts";
import { createPlaces, mayConnect } from "./limits.ts";
import { createLog } from "./log.ts";

/** A client that only counts. */
function clients() {
  const made = { opened: 0, closed: 0 };
  const connect = (): SQL => {
    made.opened++;
    return { close: () => Promise.resolve(void made.closed++) } as unknown as SQL;
  };
  return { made, connect };
}

test("who asks while a question is under way shares its answer; the connection is kept", async () => {
  const { made, connect } = clients();
  let questions = 0;
  const asker = createAsker(connect, () => Promise.resolve(++questions), 1000, () => "");
  expect(await Promise.all([asker.ask(), asker.ask()])).toEqual([{ value: 1 }, { value: 1 }]);
  expect(await asker.ask()).toEqual({ value: 2 });
  expect(made).toEqual({ opened: 1, closed: 0 });
  await asker.close();
  expect(made.closed).toBe(1);
});

test("silence ends at the limit, and takes its connection along", async () => {
  const { made, connect } = clients();
  const asker = createAsker(connect, () => new Promise<never>(() => {}), 20, () => "");
  expect(await asker.ask()).toEqual({ problem: "no answer within 20 ms" });
  expect(made).toEqual({ opened: 1, closed: 1 });
});

test("a proven connection that fails is tried once more; a new one is not", async () => {
  const { made, connect } = clients();
  const fates = ["fail", "fine", "fail", "fine", "fail", "fail"];
  const question = () => fates.shift() === "fine" ? Promise.resolve(1) : Promise.reject(new Error("gone"));
  const asker = createAsker(connect, question, 1000, () => "");
  expect(await asker.ask()).toEqual({ problem: "error: gone" });
  expect(await asker.ask()).toEqual({ value: 1 });
  expect(await asker.ask()).toEqual({ value: 1 });
  expect(await asker.ask()).toEqual({ problem: "error: gone" });
  expect(made).toEqual({ opened: 4, closed: 4 });
});

test("a reason is short and holds no password, whatever the database says", async () => {
  const { connect } = clients();
  const error = Object.assign(new Error(`denied for hunter2 ${"x".repeat(500)}`), { code: "E", errno: 7 });
  const asker = createAsker(connect, () => Promise.reject(error), 1000, () => "hunter2");
  const got = await asker.ask() as { problem: string };
  expect(got.problem).toStartWith("E 7: denied for *** xxx");
  expect(got.problem).toHaveLength(200);
});

const accesses: [onlyFrom: string[] | null, noAccess: string[], source: string, may: boolean][] = [
  [null, [], "1.2.3.4", true],
  [null, ["1.2.3.4"], "1.2.3.4", false],
  [["10.0.0.0/8"], [], "1.2.3.4", false],
  [["10.0.0.0/8"], ["10.1.0.0/16"], "10.1.2.3", false],
  [["10.1.2.3"], ["10.1.0.0/16"], "10.1.2.3", true],
  [["10.1.2.3"], ["10.1.2.3"], "10.1.2.3", false],
  [[], [], "10.1.2.3", false],
];
test.each(accesses)("only %p but not %p: %s", (onlyFrom, noAccess, source, may) => {
  const read = (texts: string[]) => texts.map((text) => parseNetwork(text)!);
  expect(mayConnect(onlyFrom === null ? null : read(onlyFrom), read(noAccess), source)).toBe(may);
});

test("places are given back to the source that had them", () => {
  const places = createPlaces({ onlyFrom: null, noAccess: [], instances: 3, perSource: 2 });
  expect(["a", "a", "a", "b", "b"].map(places.take)).toEqual([null, null, "per_source", null, "instances"]);
  places.giveBack("a");
  expect([places.take("a"), places.count()]).toEqual([null, 3]);
});

test("lines about clients are limited per second, others are not; nothing moves the cursor", () => {
  const lines: string[] = [];
  let now = 0;
  const log = createLog((line) => void lines.push(line), () => now);
  for (let i = 0; i < 30; i++) log.client(`refused ${i}`);
  expect(lines).toHaveLength(20);
  log.warning("down\n\x1b[31m");
  expect(lines.at(-1)).toBe(`[WARNING]  (${process.pid}) : down\\n\\x1b[31m\n`);
  now = 1000;
  log.client("refused again");
  expect(lines.slice(21).map((line) => line.split(" : ")[1])).toEqual([
    "10 more lines about clients were left out\n",
    "refused again\n",
  ]);
});
