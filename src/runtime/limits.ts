/**
 * Commands about limits of the process as a whole: set maxconn global, set rate-limit.
 */
import { wordAt } from "../board/board.ts";
import { PROCESS } from "../board/layout.ts";
import { PROCESS_WORD } from "../board/words.ts";
import { leadingNumber } from "./chosen.ts";
import type { Call, Command } from "./command.ts";

function setGlobalMaxconn({ args, context }: Call): string {
  const [text] = args;
  if (text === undefined) return "Expects an integer value.\n";
  const value = leadingNumber(text);
  // Descriptors were reserved for as many at the start.
  if (value > context.maxconn) return "Value out of range.\n";
  context.board.words[wordAt(PROCESS, PROCESS_WORD.maxconn)] = value <= 0 ? context.maxconn : value;
  return "";
}

const RATES: Record<string, number | null> = {
  connections: PROCESS_WORD.connRateLimit,
  sessions: PROCESS_WORD.sessRateLimit,
  "ssl-sessions": null,
  "http-compression": null,
};

const RATE_USAGE = `'set rate-limit' only supports :
   - 'connections global' to set the per-process maximum connection rate
   - 'sessions global' to set the per-process maximum session rate
   - 'ssl-sessions global' to set the per-process maximum SSL session rate
   - 'http-compression global' to set the per-process maximum compression speed in kB/s
`;

function setRateLimit({ args: [what = "", scope, text], context }: Call): string {
  if (!Object.hasOwn(RATES, what) || scope !== "global") return RATE_USAGE;
  if (text === undefined) return "Expects an integer value.\n";
  const value = leadingNumber(text);
  if (value < 0) return "Value out of range.\n";
  const word = RATES[what]!;
  if (word === null) return `'set rate-limit ${what}' is not supported yet.\n`;
  context.board.words[wordAt(PROCESS, word)] = value;
  return "";
}

export const LIMIT_COMMANDS: readonly Command[] = [
  {
    words: ["set", "maxconn", "global"],
    level: "admin",
    usage: "<limit>",
    description: "change the maxconn of the process, up to that of its start",
    run: setGlobalMaxconn,
  },
  {
    words: ["set", "rate-limit"],
    level: "admin",
    usage: "connections|sessions global <limit>",
    description: "change how many are accepted per second",
    run: setRateLimit,
  },
];
