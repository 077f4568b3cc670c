/**
 * Commands about frontends: disable, enable, shutdown, set maxconn.
 */
import { readCounter, wordAt } from "../board/board.ts";
import { FRONTEND_ADMIN, NOBODY, WORD } from "../board/words.ts";
import { LEVEL } from "../logs/syslog.ts";
import { chosenFrontend, leadingNumber } from "./chosen.ts";
import type { Answer, Call, Command } from "./command.ts";
import type { RuntimeContext } from "./context.ts";

const adminAt = ({ board }: RuntimeContext, index: number): number =>
  wordAt(board.layout.proxies[index]!.frontend, WORD.admin);

/** What the operator wants of the frontend; one that the configuration disables was never there. */
function adminOf(context: RuntimeContext, index: number): number {
  const { disabled } = context.model.proxies[index]!;
  return disabled ? FRONTEND_ADMIN.stopped : context.board.words[adminAt(context, index)]!;
}

/** The answer comes when every process has done it, and the sockets listen or do not. */
async function change(context: RuntimeContext, index: number, admin: number, text: string): Promise<string> {
  context.board.words[adminAt(context, index)] = admin;
  await context.ask({ task: "followFrontend", proxy: index });
  context.events.tell(index, LEVEL.warning, text);
  return "";
}

function titleOf(context: RuntimeContext, index: number): string {
  const { kind, name } = context.model.proxies[index]!;
  return `${kind === "listen" ? "proxy" : kind} ${name}`;
}

const onFrontend =
  (deed: (context: RuntimeContext, index: number, words: readonly string[]) => Answer) =>
  ({ args, context }: Call): Answer => {
    const index = chosenFrontend(context.model, args[0]);
    return typeof index === "string" ? index : deed(context, index, args.slice(1));
  };

function disable(context: RuntimeContext, index: number): Answer {
  const admin = adminOf(context, index);
  if (admin === FRONTEND_ADMIN.stopped) return "Frontend was previously shut down, cannot disable.\n";
  if (admin === FRONTEND_ADMIN.paused) return "All sockets are already disabled.\n";
  return change(context, index, FRONTEND_ADMIN.paused, `Paused ${titleOf(context, index)}.`);
}

function enable(context: RuntimeContext, index: number): Answer {
  const admin = adminOf(context, index);
  if (admin === FRONTEND_ADMIN.stopped) return "Frontend was previously shut down, cannot enable.\n";
  if (admin === 0) return "All sockets are already enabled.\n";
  return change(context, index, 0, `Resumed ${titleOf(context, index)}.`);
}

function shutDown(context: RuntimeContext, index: number): Answer {
  if (adminOf(context, index) === FRONTEND_ADMIN.stopped) return "Frontend was already shut down.\n";
  const { board, model } = context;
  const { frontend, backend } = board.layout.proxies[index]!;
  const front = readCounter(board, frontend, "connections");
  const back = backend < 0 ? 0 : readCounter(board, backend, "sessions");
  const text = `Proxy ${model.proxies[index]!.name} stopped (cumulated conns: FE: ${front}, BE: ${back}).`;
  return change(context, index, FRONTEND_ADMIN.stopped, text);
}

function setMaxconn({ board }: RuntimeContext, index: number, [text]: readonly string[]): string {
  if (text === undefined) return "Integer value expected.\n";
  const value = leadingNumber(text);
  if (value < 0) return "Value out of range.\n";
  board.words[wordAt(board.layout.proxies[index]!.frontend, WORD.maxconn)] = value === 0 ? NOBODY : value;
  return "";
}

export const FRONTEND_COMMANDS: readonly Command[] = [
  {
    words: ["disable", "frontend"],
    level: "admin",
    usage: "<frontend>",
    description: "stop listening for a frontend, for now",
    run: onFrontend(disable),
  },
  {
    words: ["enable", "frontend"],
    level: "admin",
    usage: "<frontend>",
    description: "listen again for a frontend that was disabled",
    run: onFrontend(enable),
  },
  {
    words: ["shutdown", "frontend"],
    level: "admin",
    usage: "<frontend>",
    description: "stop listening for a frontend until the next reload",
    run: onFrontend(shutDown),
  },
  {
    words: ["set", "maxconn", "frontend"],
    level: "admin",
    usage: "<frontend> <limit>",
    description: "change a frontend's maxconn",
    run: onFrontend(setMaxconn),
  },
];
