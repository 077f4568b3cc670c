/**
 * `appliance servers`: which servers run and which are meant to, over a stats socket; takes them out and puts them back. Any stats
 * socket will do, haproxy's too: it speaks `show servers state` and `set server`.
 */
import { nearest, quote } from "../config/diagnostics.ts";

export interface ServersRequest {
  action: keyof typeof ACTIONS;
  server: string | null;
  backend: string | null;
  /** A path, or HOST:PORT. */
  socket: string;
  json: boolean;
}

export interface ServerStatus {
  backend: string;
  server: string;
  operational: string;
  administrative: "READY" | "MAINT" | "DRAIN";
}

/** What is said for each server, and which administrative state is intended. */
const ACTIONS = {
  status: { state: null, intended: "READY" },
  enable: { state: "ready", intended: "READY" },
  disable: { state: "maint", intended: "MAINT" },
  drain: { state: "drain", intended: "DRAIN" },
} as const;

const DEFAULT_SOCKET = "/run/haproxy/admin.sock";
const WITHIN_MS = 5_000;
const OPERATIONAL = ["STOPPED", "STARTING", "RUNNING", "STOPPING"];
/** Bits of srv_admin_state (management.txt 9.3, "show servers state"): forced, inherited, and no address known. */
const MAINTENANCE = 0x23;
const DRAIN = 0x18;

const VALUES = ["--server", "--backend", "--socket"] as const;

const usage = (program: string): string =>
  `Usage: ${program} servers ${
    Object.keys(ACTIONS).join("|")
  } [--server NAME] [--backend NAME] [--socket PATH|HOST:PORT] [--json]
Exit code: 0 when all are as intended, 2 when one is stopped or in another state, 1 when it could not be asked.
`;

/** A text says what is wrong with the words; null: help is asked for. */
export function parseServersArguments(words: readonly string[]): ServersRequest | string | null {
  const [action = "", ...rest] = words;
  if (action === "--help" || rest.includes("--help")) return null;
  if (!Object.hasOwn(ACTIONS, action)) {
    if (action === "") return `Expected one of ${Object.keys(ACTIONS).join(", ")}`;
    const meant = nearest(action, Object.keys(ACTIONS));
    return `Unknown action ${quote(action)}${meant === null ? "" : `: did you mean "${meant}"`}`;
  }
  const given: Record<(typeof VALUES)[number], string | null> = {
    "--server": null,
    "--backend": null,
    "--socket": null,
  };
  let json = false;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    const name = VALUES.find((one) => one === word);
    if (name !== undefined) {
      const value = rest[++at];
      if (value === undefined || value === "") return `Nothing follows ${quote(word)}`;
      if (name !== "--socket" && /[\s;\\/]/.test(value)) return `Cannot use name ${quote(value)} after ${word}`;
      given[name] = value;
    } else if (word === "--json") json = true;
    else {
      const meant = nearest(word, [...VALUES, "--json"]);
      return `Unknown option ${quote(word)}${meant === null ? "" : `: did you mean "${meant}"`}`;
    }
  }
  // All servers of the box at once is nothing that one asks for by leaving a word out.
  if (action !== "status" && given["--server"] === null) return `${action} needs --server NAME`;
  return {
    action: action as keyof typeof ACTIONS,
    server: given["--server"],
    backend: given["--backend"],
    socket: given["--socket"] ?? DEFAULT_SOCKET,
    json,
  };
}

/** Resolves with the exit code. */
export async function runServers(words: readonly string[], program: string): Promise<number> {
  const asked = parseServersArguments(words);
  if (asked === null) {
    process.stdout.write(usage(program));
    return 0;
  }
  if (typeof asked === "string") {
    process.stderr.write(`${asked}\n${usage(program)}`);
    return 1;
  }
  try {
    const { state, intended } = ACTIONS[asked.action];
    let servers = await readServers(asked);
    if (state !== null) {
      for (const { backend, server } of servers) await change(asked.socket, `${backend}/${server}`, state);
      servers = await readServers(asked);
    }
    process.stdout.write(asked.json ? jsonOf(servers, intended) : textOf(servers, intended));
    return servers.every((one) => isAsIntended(one, intended)) ? 0 : 2;
  } catch (error) {
    process.stderr.write(`Cannot ask ${asked.socket}: ${(error as Error).message}\n`);
    return 1;
  }
}

async function readServers({ socket, backend, server }: ServersRequest): Promise<ServerStatus[]> {
  const answer = await askSocket(socket, `show servers state${backend === null ? "" : ` ${backend}`}`);
  const servers = parseServersState(answer);
  if (servers === null) throw new Error(answer.trim() || "it answers nothing");
  const found = servers.filter((one) => server === null || one.server === server);
  if (found.length === 0 && server !== null) throw new Error(`there is no server ${quote(server)}`);
  return found;
}

/** null: this is no answer to `show servers state`. */
export function parseServersState(answer: string): ServerStatus[] | null {
  const [version, header, ...lines] = answer.trimEnd().split("\n");
  if (version !== "1" || !header?.startsWith("# be_id be_name srv_id srv_name ")) return null;
  return lines.map((line): ServerStatus => {
    const words = line.split(" ");
    const admin = Number(words[6]);
    return {
      backend: words[1]!,
      server: words[3]!,
      operational: OPERATIONAL[Number(words[5])] ?? "UNKNOWN",
      administrative: (admin & MAINTENANCE) !== 0 ? "MAINT" : (admin & DRAIN) !== 0 ? "DRAIN" : "READY",
    };
  });
}

async function change(socket: string, name: string, state: string): Promise<void> {
  const answer = (await askSocket(socket, `set server ${name} state ${state}`)).trim();
  if (answer !== "") throw new Error(`${name}: ${answer}`);
}

/** Who is out for maintenance does not run; who drains serves those it has. */
function isAsIntended(
  { operational, administrative }: ServerStatus,
  intended: ServerStatus["administrative"],
): boolean {
  if (administrative !== intended) return false;
  return intended === "MAINT" || operational === "RUNNING" || operational === "STARTING";
}

function countOf(servers: readonly ServerStatus[], intended: ServerStatus["administrative"]): number {
  return servers.filter((one) => isAsIntended(one, intended)).length;
}

function textOf(servers: readonly ServerStatus[], intended: ServerStatus["administrative"]): string {
  const lines = servers.map((one) => `${one.backend}/${one.server}: ${one.operational}/${one.administrative}\n`);
  const meant = intended === "MAINT" ? intended : `RUNNING/${intended}`;
  return `${lines.join("")}${countOf(servers, intended)} of ${servers.length} servers ${meant}\n`;
}

const jsonOf = (servers: readonly ServerStatus[], intended: ServerStatus["administrative"]): string =>
  `${JSON.stringify({ servers, total: servers.length, asIntended: countOf(servers, intended) })}\n`;

/** One command, and all that comes back. */
async function askSocket(where: string, command: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => reject(new Error("no answer in time")), WITHIN_MS);
  const socket = {
    open: (socket: Bun.Socket) => void socket.write(`${command}\n`),
    data: (_socket: Bun.Socket, bytes: Buffer) => void chunks.push(bytes),
    end: (socket: Bun.Socket) => void socket.end(),
    close: (_socket: Bun.Socket, error?: Error) =>
      error === undefined ? resolve(Buffer.concat(chunks).toString("latin1")) : reject(error),
    error: (_socket: Bun.Socket, error: Error) => reject(error),
  };
  const remote = /^([^/]+):([0-9]+)$/.exec(where);
  try {
    if (remote === null) await Bun.connect({ unix: where, socket });
    else await Bun.connect({ hostname: remote[1]!, port: Number(remote[2]), socket });
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
