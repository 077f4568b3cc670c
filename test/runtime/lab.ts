/**
 * What the tests of run-time commands share: a small site with named servers, clients that ask who answers, and the stats socket.
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import type { Peer } from "../harness/peer.ts";
import { freePort } from "../harness/ports.ts";
import { type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { behaviours, startServer, type TestServer } from "../harness/servers.ts";
import { ask, stat } from "../process/lab.ts";

export interface Site extends AsyncDisposable {
  running: Running;
  port: number;
  servers: Record<string, TestServer>;
  /** One command; its answer without the empty line that ends it. */
  say(command: string): Promise<string>;
  /** The command is answered with nothing. */
  done(command: string): Promise<void>;
  /** A field of `show stat`. */
  field(object: string, column: string): Promise<string>;
  /** Opens a connection and waits until a server has said its name over it. */
  client(): Promise<{ peer: Peer; name: string }>;
  /** Who answers that many new connections, sorted. */
  names(count: number): Promise<string[]>;
}

export interface SiteOptions {
  /** Lines of the listen section `web` before its servers. */
  web?: string;
  /** Words behind each server's address, by its name. */
  servers: Record<string, string>;
  global?: string;
  mode?: "tcp" | "http";
}

export const HTTP_ANSWER = (name: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;

export async function startSite({ web = "", servers, global = "", mode = "tcp" }: SiteOptions): Promise<Site> {
  const directory = temporaryDirectory();
  const socket = join(directory, "stats.sock");
  const port = freePort();
  const started = Object.fromEntries(
    Object.keys(servers).map((name) => [
      name,
      startServer(mode === "tcp" ? behaviours.saysFirst(name) : behaviours.answers(HTTP_ANSWER(name))),
    ]),
  );
  const lines = Object.entries(servers).map(([name, words]) => {
    return `  server ${name} 127.0.0.1:${started[name]!.port} ${words}`;
  });
  const running = await start(
    `global
  stats socket ${socket} level admin
  nbthread 2
  ${global}
defaults
  mode ${mode}
  timeout client 20s
  timeout server 20s
  timeout connect 5s
  timeout queue 20s
listen web
  bind 127.0.0.1:${port}
  ${web}
${lines.join("\n")}
`,
    { directory, ready: [port, socket] },
  );
  const say = async (command: string): Promise<string> => (await ask(socket, command)).replace(/\n$/, "");
  const client = async (): Promise<{ peer: Peer; name: string }> => {
    const peer = await connect(port);
    await peer.untilBytes(1);
    return { peer, name: peer.received() };
  };
  // The ports that were tried for readiness are sessions too.
  await waitFor(async () => (await stat(socket)).get("web/FRONTEND")!["scur"] === "0", "the first connections to go");
  return {
    running,
    port,
    servers: started,
    say,
    async done(command) {
      expect(`${command}: ${await say(command)}`).toBe(`${command}: `);
    },
    field: async (object, column) => (await stat(socket)).get(object)![column]!,
    client,
    async names(count) {
      const names: string[] = [];
      for (let i = 0; i < count; i++) {
        const { peer, name } = await client();
        names.push(name);
        peer.close();
      }
      return names.toSorted();
    },
    async [Symbol.asyncDispose]() {
      await running.stop("SIGTERM");
      await Promise.all(Object.values(started).map((server) => server.stop()));
    },
  };
}
