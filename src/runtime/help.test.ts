/**
 * Which commands are offered to somebody who mistyped one.
 */
import { expect, test } from "bun:test";
import { COMMANDS } from "./commands.ts";
import { findCommand } from "./command.ts";
import { nearest, unknownCommand } from "./help.ts";

const names = (words: string[]): string[] => nearest(COMMANDS, words).map((command) => command.words.join(" "));

const near: [text: string, first: string[]][] = [
  ["show", ["show cli level"]],
  ["sho", ["show cli level"]],
  ["show st", ["show stat"]],
  ["show servers", ["show servers state", "show servers conn"]],
  ["show vrsion", ["show version"]], // no command begins so: all of "show"
  ["qit", ["quit"]],
  ["hlep", ["help"]],
];
test.each(near)("nearest to %p", (text, expected) => {
  const found = names(text.split(" "));
  for (const name of expected) expect(found).toContain(name);
});

test("an unknown command is named, and help, prompt and quit come last", () => {
  const lines = unknownCommand(COMMANDS, ["foo", "bar"]).split("\n");
  expect(lines[0]).toBe("Unknown command: 'foo bar', but maybe one of the following ones is a better match:");
  expect(lines.slice(-4).map((line) => line.trim().split(" ")[0])).toEqual(["help", "prompt", "quit", ""]);
});

test("hidden commands are not suggested", () => {
  expect(unknownCommand(COMMANDS, ["_getsock"])).not.toContain("_getsocks ");
});

test.each([
  [["show", "cli", "level"], "show cli level"],
  [["show", "stat", "1", "2", "3"], "show stat"],
  [["show", "servers", "state", "be"], "show servers state"],
  [["show", "servers"], undefined],
  [["sho", "stat"], undefined],
  [["set", "timeout"], "set timeout"],
])("findCommand %p", (words, name) => expect(findCommand(COMMANDS, words)?.words.join(" ")).toBe(name));

test("no two commands have the same words", () => {
  const all = COMMANDS.map((command) => command.words.join(" "));
  expect(new Set(all).size).toBe(all.length);
});
