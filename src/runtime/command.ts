/**
 * A command of the stats socket, and the session it is given in. Every family of commands is a table of these.
 */
import type { RuntimeContext } from "./context.ts";
import type { Transfer } from "../linux/passing.ts";

/** In rising order. */
export const LEVELS = ["user", "operator", "admin"] as const;
export type Level = (typeof LEVELS)[number];

export const mayUse = (level: Level, needed: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(needed);

/** Of one connection; commands may change it. */
export interface Session {
  level: Level;
  /** once: one line, then close; interactive: until quit; prompt: that with "> ". */
  mode: "once" | "interactive" | "prompt";
  /** The prompt shows for how long the program has been up. */
  timed: boolean;
  /** Without a byte in either direction; 0: for ever. */
  timeoutMs: number;
  /** Set by `quit`: nothing further is executed or answered. */
  quit: boolean;
  /** The socket allows listeners to be passed on (expose-fd listeners on a unix socket). */
  exposesListeners: boolean;
  /** Set by `_getsocks`: from here on the connection speaks that protocol. */
  transfer: Transfer | null;
}

/**
 * Whole, in pieces, or later: lines with their newlines, without the empty one that ends the answer. One character is one byte.
 */
export type Answer = string | Iterable<string> | Promise<string>;

export interface Call {
  /** What follows the command's own words. */
  args: readonly string[];
  /** Lines that followed a `<<`, each with its newline; null without. */
  payload: string | null;
  session: Session;
  context: RuntimeContext;
}

export interface Command {
  words: readonly string[];
  level: Level;
  /** Arguments in the notation of the manual; "" when there are none. */
  usage: string;
  /** For `help`; null hides the command. */
  description: string | null;
  run(call: Call): Answer;
}

/** The command that the words begin with: that of the most words. */
export function findCommand(commands: readonly Command[], words: readonly string[]): Command | null {
  let found: Command | null = null;
  for (const command of commands) {
    if (found !== null && found.words.length >= command.words.length) continue;
    if (command.words.every((word, i) => words[i] === word)) found = command;
  }
  return found;
}
