/**
 * Commands about sessions: show sess, shutdown session, shutdown sessions server. The proxy processes are asked.
 */
import { chosenServer } from "./chosen.ts";
import type { Answer, Call, Command } from "./command.ts";

const ID = /^0x0*[1-9a-f][0-9a-f]*$/;

async function showSessions({ args: [which], context }: Call): Promise<string> {
  const answers = await context.ask({ task: "listSessions" });
  const all = answers.join("");
  if (which === undefined || !ID.test(which)) return all;
  const line = all.split("\n").find((text) => text.startsWith(`${which}:`));
  return line === undefined ? "Session not found.\n" : `${line}\n`;
}

async function endSession({ args: [id], context }: Call): Promise<string> {
  if (id === undefined || !ID.test(id)) return "Session pointer expected (use 'show sess').\n";
  const answers = await context.ask({ task: "endSession", id });
  return answers.includes("1") ? "" : "No such session (use 'show sess').\n";
}

function endSessions({ args: [name], context }: Call): Answer {
  const place = chosenServer(context, name);
  if (typeof place === "string") return place;
  return context.ask({ task: "endSessions", proxy: place.index, server: place.number }).then(() => "");
}

export const TRAFFIC_COMMANDS: readonly Command[] = [
  {
    words: ["show", "sess"],
    level: "operator",
    usage: "[<id>]",
    description: "list the sessions, or one of them",
    run: showSessions,
  },
  {
    words: ["shutdown", "session"],
    level: "admin",
    usage: "<id>",
    description: "end a session",
    run: endSession,
  },
  {
    words: ["shutdown", "sessions", "server"],
    level: "admin",
    usage: "<bk>/<srv>",
    description: "end the sessions of a server",
    run: endSessions,
  },
];
