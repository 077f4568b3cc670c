/**
 * `help`, and the answer to a command nobody knows: the commands that come nearest.
 */
import type { Call, Command } from "./command.ts";

/** Shown below every selection. */
const ALWAYS: readonly string[] = ["help", "prompt", "quit"];
const USAGE_WIDTH = 40;
const MOST_SUGGESTIONS = 5;

const nameOf = (command: Command): string => command.words.join(" ");

function listed(commands: readonly Command[]): string {
  const line = (command: Command): string => {
    const usage = command.usage === "" ? nameOf(command) : `${nameOf(command)} ${command.usage}`;
    return `  ${usage.padEnd(USAGE_WIDTH)}: ${command.description}\n`;
  };
  return commands.map(line).join("");
}

/** All commands that are not hidden, by name, those that are always shown at the end. */
function visible(commands: readonly Command[]): Command[] {
  const rank = (command: Command): number => ALWAYS.indexOf(nameOf(command));
  return commands.filter((command) => command.description !== null).sort((a, b) =>
    rank(a) - rank(b) || (nameOf(a) < nameOf(b) ? -1 : 1)
  );
}

/**
 * Commands that begin with as many of these words as any does; when even the first is unknown, the few that are nearest
 * in spelling.
 */
export function nearest(commands: readonly Command[], words: readonly string[]): Command[] {
  const shared = (command: Command): number => {
    let count = 0;
    while (count < words.length && command.words[count] === words[count]) count++;
    return count;
  };
  const most = Math.max(0, ...commands.map(shared));
  if (most > 0) {
    const candidates = commands.filter((command) => shared(command) === most);
    const next = words[most];
    const begun = candidates.filter((command) => next !== undefined && command.words[most]?.startsWith(next));
    return begun.length > 0 ? begun : candidates;
  }
  const typed = words.join(" ");
  const begun = commands.filter((command) => typed !== "" && command.words[0]!.startsWith(words[0]!));
  if (begun.length > 0) return begun;
  const scored = commands.map((command) => ({ command, distance: distance(typed, nameOf(command)) }));
  const near = scored.filter(({ command, distance }) => distance < Math.max(typed.length, nameOf(command).length));
  near.sort((a, b) => a.distance - b.distance);
  return near.slice(0, MOST_SUGGESTIONS).map(({ command }) => command);
}

/** Levenshtein's distance, over the first 40 characters of what was typed. */
function distance(typed: string, name: string): number {
  const from = typed.slice(0, 40);
  let row = Array.from({ length: name.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= name.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === name[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[name.length]!;
}

const withAlways = (chosen: readonly Command[], all: readonly Command[]): Command[] => [
  ...chosen.filter((command) => !ALWAYS.includes(nameOf(command))),
  ...all.filter((command) => ALWAYS.includes(nameOf(command))),
];

export function unknownCommand(commands: readonly Command[], words: readonly string[]): string {
  const all = visible(commands);
  const close = nearest(all, words);
  const typed = words.join(" ");
  if (close.length === 0) {
    return `Unknown command: '${typed}'. Please enter one of the following commands only:\n${listed(all)}`;
  }
  const list = listed(withAlways(close, all));
  return `Unknown command: '${typed}', but maybe one of the following ones is a better match:\n${list}`;
}

export function helpCommand(all: () => readonly Command[]): Command {
  return {
    words: ["help"],
    level: "user",
    usage: "[<command>]",
    description: "list the commands, or those that match",
    run({ args }: Call) {
      const commands = visible(all());
      const chosen = args.length === 0 ? commands : withAlways(nearest(commands, args), commands);
      return `The following commands are valid at this level:\n${listed(chosen)}`;
    },
  };
}
