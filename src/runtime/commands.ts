/**
 * All commands of the stats socket, and the way from the words of one to its answer.
 */
import { type Answer, type Call, type Command, findCommand, mayUse } from "./command.ts";
import { helpCommand, unknownCommand } from "./help.ts";
import { PROGRAM_COMMANDS } from "./program.ts";
import { COUNTER_COMMANDS } from "./counters.ts";
import { FRONTEND_COMMANDS } from "./frontends.ts";
import { LIMIT_COMMANDS } from "./limits.ts";
import { CHANGE_COMMANDS } from "./server_commands.ts";
import { SERVER_COMMANDS } from "./servers.ts";
import { TRAFFIC_COMMANDS } from "./traffic.ts";
import { SESSION_COMMANDS } from "./session.ts";
import { STAT_COMMANDS } from "./stat.ts";
import { startTransfer } from "../linux/passing.ts";

/** Not for people: answered with silence where it is not allowed, so that the asking process goes without. */
const GETSOCKS: Command = {
  words: ["_getsocks"],
  level: "user",
  usage: "",
  description: null,
  run({ session, context }) {
    if (session.exposesListeners && session.level === "admin") session.transfer = startTransfer(context.listeners);
    else session.quit = true;
    return "";
  },
};

export const COMMANDS: readonly Command[] = [
  helpCommand(() => COMMANDS),
  ...SESSION_COMMANDS,
  ...PROGRAM_COMMANDS,
  ...STAT_COMMANDS,
  ...SERVER_COMMANDS,
  ...CHANGE_COMMANDS,
  ...FRONTEND_COMMANDS,
  ...LIMIT_COMMANDS,
  ...COUNTER_COMMANDS,
  ...TRAFFIC_COMMANDS,
  GETSOCKS,
];

/** Runs one command. An empty one has an empty answer. */
export function execute(words: readonly string[], call: Omit<Call, "args">): Answer {
  if (words.length === 0) return "";
  const command = findCommand(COMMANDS, words);
  if (command === null) return unknownCommand(COMMANDS, words);
  if (!mayUse(call.session.level, command.level)) return "Permission denied\n";
  return command.run({ ...call, args: words.slice(command.words.length) });
}
