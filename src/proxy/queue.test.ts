/** The chain of waiting sessions against a plain list. */
import { expect, test } from "bun:test";
import { append, newQueue, type Queue, remove } from "./queue.ts";
import { newSession, type Session } from "./session.ts";

const none = null as never;
const sessions = (count: number): Session[] =>
  Array.from({ length: count }, (_, slot) => newSession(slot, none, false));

function slots(queue: Queue): number[] {
  const forth: number[] = [];
  const back: number[] = [];
  for (let one = queue.first; one !== null; one = one.behind) forth.push(one.slot);
  for (let one = queue.last; one !== null; one = one.before) back.push(one.slot);
  expect(back.toReversed()).toEqual(forth);
  return forth;
}

const REMOVALS: [what: string, removed: number[], left: number[]][] = [
  ["the first", [0], [1, 2, 3]],
  ["the last", [3], [0, 1, 2]],
  ["one in the middle", [2], [0, 1, 3]],
  ["all in order", [0, 1, 2, 3], []],
  ["all backwards", [3, 2, 1, 0], []],
  ["from both ends", [0, 3, 1], [2]],
];
test.each(REMOVALS)("%s leaves", (_, removed, left) => {
  const queue = newQueue();
  const all = sessions(4);
  for (const session of all) append(queue, session);
  for (const slot of removed) remove(queue, all[slot]!);
  expect(slots(queue)).toEqual(left);
  for (const slot of removed) append(queue, all[slot]!); // what left may come again, to the end
  expect(slots(queue)).toEqual([...left, ...removed]);
});

test("a session goes from one queue to another", () => {
  const [one, other] = [newQueue(), newQueue()];
  const all = sessions(3);
  for (const session of all) append(one, session);
  remove(one, all[1]!);
  append(other, all[1]!);
  expect([slots(one), slots(other)]).toEqual([[0, 2], [1]]);
});
