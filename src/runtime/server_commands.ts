/**
 * Commands that change servers: set server, set weight, get weight, enable and disable server, set maxconn server.
 */
import { wordAt } from "../board/board.ts";
import { changeServer } from "../board/servers.ts";
import { WORD } from "../board/words.ts";
import type { Proxy, Server } from "../config/haproxy/model.ts";
import { chosenServer, type ServerPlace } from "./chosen.ts";
import type { Answer, Call, Command } from "./command.ts";
import type { RuntimeContext } from "./context.ts";
import { ADMIN_STATES, setHealth, setWeight } from "./server_state.ts";

type Deed = (context: RuntimeContext, place: ServerPlace, words: readonly string[]) => Answer;

/** Finds the server first; the rest of the words are the deed's. */
const onServer = (deed: Deed) => ({ args, context }: Call): Answer => {
  const place = chosenServer(context, args[0]);
  return typeof place === "string" ? place : deed(context, place, args.slice(1));
};

async function changeState(context: RuntimeContext, place: ServerPlace, state: string): Promise<string> {
  if (!Object.hasOwn(ADMIN_STATES, state)) return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n";
  await ADMIN_STATES[state]!(context, place);
  return "";
}

/** What can only be all or nothing: their tables are made once. */
const isStatic = ({ balance, hashType }: Proxy): boolean => {
  if (balance.kind === "static-rr") return true;
  const hashes = ["source", "hash", "uri", "url_param", "hdr"].includes(balance.kind);
  return hashes && hashType.method !== "consistent";
};

/** A weight, or a share in percent of that of the configuration; a text says why not, in haproxy's words. */
export function parseWeight(text: string, proxy: Proxy, { weight: initial }: Pick<Server, "weight">): number | string {
  const parts = /^\s*([+-]?[0-9]+)(.*)$/s.exec(text);
  if (parts === null) return "Empty weight string empty or preceded by garbage";
  const value = Number(parts[1]);
  let weight = value;
  if (parts[2] === "%") {
    if (value < 0) return "Relative weight must be positive.\n";
    weight = Math.min(256, Math.floor(initial * Math.min(value, 25_600) / 100));
  } else if (value < 0 || value > 256) return "Absolute weight can only be between 0 and 256 inclusive.\n";
  else if (parts[2] !== "") return "Trailing garbage in weight string";
  if (weight !== 0 && weight !== initial && isStatic(proxy)) {
    return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n";
  }
  return weight;
}

async function changeWeight(context: RuntimeContext, place: ServerPlace, text: string | undefined): Promise<string> {
  if (text === undefined) return "Require <weight> or <weight%>.\n";
  const weight = parseWeight(text, place.proxy, place.server);
  if (typeof weight === "string") return weight;
  await setWeight(context, place, weight);
  return "";
}

const MOST = 2 ** 31 - 1;

function changeMaxconn(context: RuntimeContext, place: ServerPlace, text: string | undefined): string {
  if (text === undefined) return "Require <maxconn>.\n";
  const parts = /^\s*([+-]?[0-9]+)(.*)$/s.exec(text);
  if (parts === null) return "maxconn string empty or preceded by garbage";
  if (parts[2] !== "") return "Trailing garbage in maxconn string";
  const value = Number(parts[1]);
  // haproxy counts without a sign: below zero is beyond all numbers.
  const maxconn = value < 0 ? MOST : Math.min(value, MOST);
  changeServer(context.board, place.proxy, place.entities, place.number, { maxconn }, context.now());
  return "";
}

const SET_SERVER_USAGE = "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | " +
  "check-addr | check-port | fqdn | health | ssl | state | weight\n";

const later = (what: string): Deed => () => `'set server <srv> ${what}' is not supported yet.\n`;

const SET_SERVER: Record<string, Deed> = {
  state: (context, place, [state = ""]) => changeState(context, place, state),
  weight: (context, place, [text]) => changeWeight(context, place, text),
  async health(context, place, [name = ""]) {
    const known = await setHealth(context, place, name);
    return known ? "" : "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n";
  },
  ...Object.fromEntries(
    ["addr", "agent", "agent-addr", "agent-port", "agent-send", "check-addr", "check-port", "fqdn", "ssl"].map((
      word,
    ) => [
      word,
      later(word),
    ]),
  ),
};

export const CHANGE_COMMANDS: readonly Command[] = [
  {
    words: ["set", "server"],
    level: "admin",
    usage: "<bk>/<srv> <what>",
    description: "change a server's state, weight or health",
    run: onServer((context, place, [what = "", ...rest]) =>
      Object.hasOwn(SET_SERVER, what) ? SET_SERVER[what]!(context, place, rest) : SET_SERVER_USAGE
    ),
  },
  {
    words: ["enable", "server"],
    level: "admin",
    usage: "<bk>/<srv>",
    description: "let a server take traffic again (set server state ready)",
    run: onServer((context, place) => changeState(context, place, "ready")),
  },
  {
    words: ["disable", "server"],
    level: "admin",
    usage: "<bk>/<srv>",
    description: "take a server out for maintenance (set server state maint)",
    run: onServer((context, place) => changeState(context, place, "maint")),
  },
  {
    words: ["set", "weight"],
    level: "admin",
    usage: "<bk>/<srv> <weight>",
    description: "change a server's weight, as a number or in percent (set server weight)",
    run: onServer((context, place, [text]) => changeWeight(context, place, text)),
  },
  {
    words: ["get", "weight"],
    level: "user",
    usage: "<bk>/<srv>",
    description: "show a server's weight, now and as configured",
    run: onServer(({ board }, { entity, server }) =>
      `${board.words[wordAt(entity, WORD.weight)]} (initial ${server.weight})\n`
    ),
  },
  {
    words: ["set", "maxconn", "server"],
    level: "admin",
    usage: "<bk>/<srv> <limit>",
    description: "change a server's maxconn",
    run: onServer((context, place, [text]) => changeMaxconn(context, place, text)),
  },
];
