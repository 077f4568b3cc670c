/**
 * Commands about the connection itself: prompt, quit, level, time limit.
 */
import { type Call, type Command, type Level, mayUse } from "./command.ts";
import { parseDelayMs } from "./split.ts";

const PROMPT_HELP = `Usage: prompt [help | n | i | p | timed]*
  n     : one line of commands, then close
  i     : interactive, without a prompt
  p     : interactive, with a prompt
  timed : show in the prompt, or no longer, for how long the program has been up
Without an argument the prompt is switched on, or off together with the interactive mode.
`;

const PROMPT_ACTIONS: Record<string, (call: Call) => void> = {
  n: ({ session }) => session.mode = "once",
  i: ({ session }) => session.mode = "interactive",
  p: ({ session }) => session.mode = "prompt",
  timed: ({ session }) => {
    session.mode = "prompt";
    session.timed = !session.timed;
  },
};

function prompt(call: Call): string {
  const { args, session } = call;
  if (args.length === 0) {
    session.mode = session.mode === "prompt" ? "once" : "prompt";
    return "";
  }
  if (args.includes("help") || !args.every((arg) => Object.hasOwn(PROMPT_ACTIONS, arg))) return PROMPT_HELP;
  for (const arg of args) PROMPT_ACTIONS[arg]!(call);
  return "";
}

function setTimeoutCommand({ args, session }: Call): string {
  if (args[0] !== "cli") return "'set timeout' only supports 'cli'.\n";
  if (args[1] === undefined) return "Expects an integer value.\n";
  const delayMs = parseDelayMs(args[1]);
  if (delayMs === null) return "Invalid timeout value.\n";
  session.timeoutMs = delayMs;
  return "";
}

/** Levels are only ever lowered. */
const lower = (to: Level) => ({ session }: Call): string => {
  if (!mayUse(session.level, to)) return "Permission denied\n";
  session.level = to;
  return "";
};

export const SESSION_COMMANDS: readonly Command[] = [
  {
    words: ["prompt"],
    level: "user",
    usage: "[help|n|i|p|timed]*",
    description: "switch the interactive mode and its prompt",
    run: prompt,
  },
  {
    words: ["quit"],
    level: "user",
    usage: "",
    description: "close the connection",
    run({ session }) {
      session.quit = true;
      return "";
    },
  },
  {
    words: ["operator"],
    level: "user",
    usage: "",
    description: "lower the level of this connection to operator",
    run: lower("operator"),
  },
  {
    words: ["user"],
    level: "user",
    usage: "",
    description: "lower the level of this connection to user",
    run: lower("user"),
  },
  {
    words: ["set", "timeout"],
    level: "user",
    usage: "cli <delay>",
    description: "close this connection after so long without a byte",
    run: setTimeoutCommand,
  },
  {
    words: ["show", "cli", "level"],
    level: "user",
    usage: "",
    description: "show the level of this connection",
    run: ({ session }) => `${session.level}\n`,
  },
  {
    words: ["show", "cli", "sockets"],
    level: "user",
    usage: "",
    description: "list the stats sockets",
    *run({ context }) {
      yield "# socket lvl processes\n";
      for (const bind of context.model.global.statsSockets) {
        yield `${addressText(bind.address)} ${bind.level} all\n`;
      }
    },
  },
];

function addressText(address: Call["context"]["model"]["global"]["statsSockets"][number]["address"]): string {
  switch (address.kind) {
    case "ip":
      return address.family === 4 ? `ipv4@${address.host}:${address.port}` : `ipv6@[${address.host}]:${address.port}`;
    case "unix":
      return `unix@${address.path}`;
    case "abstract":
      return `${address.padded ? "abns" : "abnsz"}@${address.name}`;
    case "fd":
      return `fd@${address.fd}`;
  }
}
