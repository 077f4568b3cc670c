/** Questions to several roles: who answers, who goes, who says nothing. */
import { expect, test } from "bun:test";
import { createErrands } from "./errands.ts";

/** Asks roles that can be asked; what they were asked under which number, and the answers when it is over. */
function ask(roles: readonly string[], withinMs = 10_000, deaf: readonly string[] = []) {
  const errands = createErrands<string>(withinMs);
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const asked: [role: string, id: number][] = [];
  const state = { over: false };
  errands.begin(roles, (role, id) => {
    if (deaf.includes(role)) return false;
    asked.push([role, id]);
    return true;
  }, (answers) => {
    state.over = true;
    resolve(answers);
  });
  return { errands, asked, state, answers: promise };
}

test("it is over when the last has answered", async () => {
  const { errands, asked, state, answers } = ask(["a", "b"]);
  const id = asked[0]![1];
  expect(asked).toEqual([["a", id], ["b", id]]);
  errands.answered("b", id, "2");
  expect(state.over).toBe(false);
  errands.answered("a", id, "1");
  expect(await answers).toEqual(["2", "1"]);
  errands.answered("a", id, "late"); // nobody waits for it
});

test("one that goes, or cannot be told, is not waited for", async () => {
  const { errands, asked, answers } = ask(["a", "b", "c"], 10_000, ["c"]);
  errands.answered("a", asked[0]![1], "1");
  errands.gone("b");
  expect(await answers).toEqual(["1"]);
});

test("without anybody to ask it is over at once", async () => expect(await ask([]).answers).toEqual([]));

test("one that says nothing costs its answer alone", async () => {
  const { errands, asked, answers } = ask(["a", "b"], 1);
  errands.answered("a", asked[0]![1], "1");
  expect(await answers).toEqual(["1"]);
});

test("two questions do not get each other's answers", () => {
  const errands = createErrands<string>(10_000);
  const got: string[][] = [];
  const ids: number[] = [];
  for (const name of ["one", "two"]) {
    errands.begin(["a"], (_role, id) => ids.push(id) > 0, (answers) => got.push([name, ...answers]));
  }
  errands.answered("a", ids[1]!, "second");
  errands.answered("a", ids[0]!, "first");
  expect(got).toEqual([["two", "second"], ["one", "first"]]);
});
