/**
 * Reads the command line: haproxy's own grammar, and our commands. Words in, an Invocation or a Refusal out.
 *
 * Pure. Which options there are stands in option_table.ts.
 */
import { nearest, quote } from "../config/diagnostics.ts";
import { emptyInvocation, type Invocation, type Refusal } from "./invocation.ts";
import {
  GLUED,
  NOT_SUPPORTED,
  type Option,
  OPTIONS,
  SUBCOMMANDS,
  wholeNumber,
  WITH_OPTIONS,
  WITHOUT_EFFECT,
} from "./option_table.ts";

const BY_NAME: ReadonlyMap<string, Option> = new Map(
  OPTIONS.flatMap((option) => option.names.map((name) => [name, option] as const)),
);

const KNOWN_WORDS: readonly string[] = [
  ...BY_NAME.keys(),
  ...Object.keys(WITHOUT_EFFECT),
  ...Object.keys(NOT_SUPPORTED),
  "-sf",
  "-st",
  "--",
];

/**
 * Reads the words after the program's name.
 *
 * @param program how the program was called; a link named `haproxy` has haproxy's options and no subcommands
 */
export function parseArguments(args: readonly string[], program: string): Invocation | Refusal {
  const to = emptyInvocation();
  const first = args[0];
  if (first !== undefined && !first.startsWith("-") && basename(program) !== "haproxy") {
    return parseSubcommand(first, args.slice(1), to);
  }
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === "--") {
      to.files.push(...args.slice(at + 1));
      break;
    }
    if (word === "-sf" || word === "-st") {
      to.oldPidsSignal = word === "-sf" ? "SIGUSR1" : "SIGTERM";
      while (at + 1 < args.length && !args[at + 1]!.startsWith("-")) {
        at += 1;
        const pid = wholeNumber(args[at]!.trim());
        if (pid === null || pid < 1) {
          return refuse(`Cannot use ${quote(args[at]!)} after ${word}: expected a process id`);
        }
        to.oldPids.push(pid);
      }
      continue;
    }
    if (!word.startsWith("-")) {
      return refuse(`Unknown word ${quote(word)}: expected an option; a file follows -f`, true);
    }
    const [name, glued] = split(word);
    const missing = NOT_SUPPORTED[name];
    if (missing !== undefined) return refuse(`Cannot use option ${quote(word)}: ${missing} not supported yet`);
    if (WITHOUT_EFFECT[name] !== undefined) continue;
    const option = BY_NAME.get(name);
    if (option === undefined) return unknown(name);
    let value = glued;
    if (option.value === undefined) {
      if (value !== null) return refuse(`Cannot use ${quote(word)}: ${name} takes no value`);
    } else if (value === null) {
      value = args[at += 1] ?? null;
      if (value === null) return refuse(`Nothing follows ${quote(word)}: expected ${option.value}`, true);
    }
    const expected = option.apply(to, value ?? "");
    if (typeof expected === "string") return refuse(`Cannot use ${quote(value ?? "")} after ${name}: ${expected}`);
    // As in haproxy, the first of these ends the reading: what stands behind is not looked at.
    if (to.kind === "version" || to.kind === "help") return to;
  }
  // haproxy reads no file when it is given a condition, whatever else it is given.
  if (to.condition !== null) to.kind = "condition";
  else if (to.files.length === 0) return refuse("No configuration file given: expected -f PATH", true);
  to.quiet &&= !to.verbose;
  return to;
}

function parseSubcommand(word: string, rest: readonly string[], to: Invocation): Invocation | Refusal {
  if (!Object.hasOwn(SUBCOMMANDS, word)) {
    const meant = nearest(word, Object.keys(SUBCOMMANDS));
    return refuse(`Unknown command ${quote(word)}${meant === null ? "" : `: did you mean "${meant}"`}`, true);
  }
  const extra = rest[0];
  if (WITH_OPTIONS.has(word)) to.commandWords = [...rest];
  else if (extra !== undefined) return refuse(`Cannot use ${quote(extra)} after ${word}: it takes no options`);
  to.kind = word as keyof typeof SUBCOMMANDS;
  return to;
}

/** The name an option goes by in the tables, and the text glued to it: `--config=x`, `-dM0x50`. */
function split(word: string): [name: string, glued: string | null] {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    return equals < 0 ? [word, null] : [word.slice(0, equals), word.slice(equals + 1)];
  }
  const name = word.slice(0, 3);
  if (GLUED.has(name)) return [name, word.length > 3 ? word.slice(3) : null];
  // haproxy takes -d with a letter that it does not know for the bare -d.
  if (name.length === 3 && name.startsWith("-d") && !KNOWN_WORDS.includes(name)) return ["-d", null];
  return [word, null];
}

function unknown(word: string): Refusal {
  // Between short options any one is near any other: a guess would help nobody.
  const meant = word.startsWith("--") ? nearest(word, KNOWN_WORDS.filter((name) => name.startsWith("--"))) : null;
  return refuse(`Unknown option ${quote(word)}${meant === null ? "" : `: did you mean "${meant}"`}`, true);
}

function refuse(problem: string, showUsage = false): Refusal {
  return { kind: "refused", problem, showUsage };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
