/**
 * A laboratory for comparing server choices: one haproxy, servers that answer with their number, and clients.
 *
 * Everything meets on Unix sockets in one temporary directory, so no port is guessed; a client's address is told
 * to haproxy by the PROXY protocol, so that any source can be tried.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One `listen` section: its lines besides mode, bind and server. */
export interface Farm {
  mode: "tcp" | "http";
  lines: string[];
  /** One per server, in order: what follows the address. */
  servers: string[];
  /** A server that refuses connections. */
  dead?: number;
}

/** A connection that a server has been given and that is kept until let go. */
export interface Held {
  server: number;
  release(): void;
}

export interface Lab {
  /** The server that gets one connection, which then ends. `proxyLine`: addresses told to haproxy. */
  choose(farm: number, payload?: string, proxyLine?: string): Promise<number>;
  /** The same, kept open; to be released. */
  hold(farm: number, proxyLine?: string): Promise<Held>;
  /** Opens a connection that is expected to wait, and returns the server once it gets one. */
  enqueue(farm: number): { server: Promise<Held> };
  /** A command on the stats socket. */
  ask(command: string): Promise<string>;
  /** A column of `show stat` for one server, or the BACKEND line. */
  stat(farm: number, server: string, column: string): Promise<number>;
  /** Looks until the column has the value. */
  until(farm: number, server: string, column: string, value: number): Promise<void>;
  stop(): Promise<void>;
}

const LOCAL = "PROXY UNKNOWN\r\n";
const HEAD = "HTTP/1.0 200 OK\r\ncontent-length: 6\r\n\r\n";
const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

export async function startLab(farms: Farm[]): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), "balance-"));
  const count = Math.max(...farms.map((farm) => farm.servers.length));
  const listeners = Array.from({ length: count }, (_, i) => [
    startServer(join(folder, `tcp${i}`), i, "open"),
    startServer(join(folder, `http${i}`), i, "data"),
  ]).flat();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, configuration(folder, farms));
  const process = Bun.spawn(["haproxy", "-db", "-f", file], { stdout: "ignore", stderr: "pipe" });
  const ask = (command: string) => talk(join(folder, "stats"), command + "\n");
  while (process.exitCode === null && !(await ask("show info").catch(() => "")));
  if (process.exitCode !== null) throw new Error(await new Response(process.stderr).text());

  const open = (farm: number, payload: string, proxyLine: string): Promise<Held> =>
    connect(join(folder, `f${farm}`), proxyLine + (farms[farm]!.mode === "http" ? payload || REQUEST : payload));
  const stat = async (farm: number, server: string, column: string): Promise<number> => {
    const lines = (await ask(`show stat f${farm} -1 -1`)).split("\n");
    const at = lines[0]!.replace("# ", "").split(",").indexOf(column);
    const row = lines.find((line) => line.startsWith(`f${farm},${server},`));
    if (row === undefined || at < 0) throw new Error(`No row for f${farm},${server} or no column "${column}"`);
    return Number(row.split(",")[at]);
  };
  return {
    ask,
    stat,
    async choose(farm, payload = "", proxyLine = LOCAL) {
      const held = await open(farm, payload, proxyLine);
      held.release();
      return held.server;
    },
    hold: (farm, proxyLine = LOCAL) => open(farm, "", proxyLine),
    enqueue: (farm) => ({ server: open(farm, "", LOCAL) }),
    async until(farm, server, column, value) {
      while (await stat(farm, server, column) !== value);
    },
    async stop() {
      process.kill();
      await process.exited;
      for (const listener of listeners) listener.stop(true);
      rmSync(folder, { recursive: true });
    },
  };
}

function configuration(folder: string, farms: Farm[]): string {
  const lines = [
    "global",
    " nbthread 1",
    ` stats socket ${folder}/stats level admin`,
    "defaults",
    " timeout connect 5s",
    " timeout client 60s",
    " timeout server 60s",
    " timeout queue 60s",
  ];
  farms.forEach((farm, f) => {
    lines.push(`listen f${f}`, ` mode ${farm.mode}`, ` bind unix@${folder}/f${f} accept-proxy`);
    for (const line of farm.lines) lines.push(` ${line}`);
    farm.servers.forEach((words, s) => {
      const path = s === farm.dead ? `${folder}/nobody` : `${folder}/${farm.mode}${s}`;
      lines.push(` server s${s} unix@${path} ${words}`);
    });
  });
  return lines.join("\n") + "\n";
}

/** Answers its number, at once or when the request comes. */
function startServer(path: string, number: number, answerAt: "open" | "data"): Bun.UnixSocketListener<undefined> {
  const answer = (socket: Bun.Socket<undefined>): void =>
    void socket.write(`${HEAD}#${number}#`.padEnd(HEAD.length + 6));
  return Bun.listen({ unix: path, socket: { open() {}, data() {}, [answerAt]: answer } });
}

/** Resolves with the server's number; the connection stays. */
function connect(path: string, payload: string): Promise<Held> {
  return new Promise((resolve, reject) => {
    let text = "";
    Bun.connect({
      unix: path,
      socket: {
        open: (socket) => void socket.write(Buffer.from(payload, "latin1")),
        data(socket, bytes) {
          text += bytes.toString("latin1");
          const number = /#([0-9]+)#/.exec(text)?.[1];
          if (number !== undefined) resolve({ server: Number(number), release: () => void socket.terminate() });
        },
        close: () => reject(new Error(`Closed without a number, after ${JSON.stringify(payload)}: ${text}`)),
        error: (_, error) => reject(error),
      },
    }).catch(reject);
  });
}

function talk(path: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    Bun.connect({
      unix: path,
      socket: {
        open: (socket) => void socket.write(command),
        data: (_, bytes) => void (text += bytes.toString("latin1")),
        close: () => resolve(text),
        error: (_, error) => reject(error),
      },
    }).catch(reject);
  });
}
