/**
 * HTTP/1.1 load that counts every request that did not get its whole answer: on connections kept alive, or a new one
 * for each request. Used by the reload tests and, as a process of its own, by the benchmark.
 */

export interface LoadOptions {
  port: number;
  unix?: string;
  path?: string;
  connections: number;
  /** False: "Connection: close" and a new connection for each request. */
  keepAlive: boolean;
}

export interface Load {
  /** Requests answered in full. */
  done(): number;
  /** Requests that were not, by what happened. */
  failures(): ReadonlyMap<string, number>;
  failed(): number;
  /** Lets requests in hand end, opens no new ones; resolves when all connections are closed. */
  stop(): Promise<void>;
}

interface Client {
  /** A request was sent and its answer has not come in full. */
  waiting: boolean;
  /** Bytes of the answer still missing; -1 while the head is incomplete. */
  missing: number;
  head: string;
  /** The server announced that it closes after this answer. */
  closing: boolean;
}

const HEAD_END = "\r\n\r\n";

export function startLoad(options: LoadOptions): Load {
  const failures = new Map<string, number>();
  let done = 0;
  let stopping = false;
  let open = 0;
  const stopped = Promise.withResolvers<void>();
  const request = Buffer.from(
    `GET ${options.path ?? "/small.txt"} HTTP/1.1\r\nHost: load\r\n${
      options.keepAlive ? "" : "Connection: close\r\n"
    }\r\n`,
  );
  const fail = (what: string): void => void failures.set(what, (failures.get(what) ?? 0) + 1);

  const socket = {
    binaryType: "buffer" as const,
    open(it: Bun.Socket<Client>) {
      send(it);
    },
    data(it: Bun.Socket<Client>, data: Buffer) {
      const client = it.data;
      if (!client.waiting) return fail("bytes nobody asked for");
      let body = data.length;
      if (client.missing < 0) {
        client.head += data.toString("latin1");
        const end = client.head.indexOf(HEAD_END);
        if (end < 0) return;
        if (!client.head.startsWith("HTTP/1.1 200 ")) fail(`status ${client.head.slice(9, 12)}`);
        client.missing = Number(/\r\ncontent-length: *(\d+)/i.exec(client.head)?.[1] ?? 0);
        client.closing = /\r\nconnection: *close/i.test(client.head.slice(0, end + 2));
        body = client.head.length - end - HEAD_END.length;
      }
      client.missing -= body;
      if (client.missing > 0) return;
      client.waiting = false;
      done += 1;
      if (stopping || !options.keepAlive || client.closing) it.end();
      else send(it);
    },
    close(it: Bun.Socket<Client>, error?: Error) {
      open -= 1;
      if (it.data.waiting) fail(error ? `reset (${it.data.missing} missing)` : `closed (${it.data.missing} missing)`);
      next();
    },
    connectError(_it: Bun.Socket<Client>, error: Error) {
      open -= 1;
      fail(`connect: ${error.message}`);
      setTimeout(next, 10); // a refusal comes at once: do not spin on it
    },
    error() {},
  };

  function send(it: Bun.Socket<Client>): void {
    const client = it.data;
    client.waiting = true;
    client.missing = -1;
    client.head = "";
    it.write(request);
  }
  function next(): void {
    if (stopping) {
      if (open === 0) stopped.resolve();
      return;
    }
    open += 1;
    const data: Client = { waiting: false, missing: -1, head: "", closing: false };
    const connected = options.unix === undefined
      ? Bun.connect<Client>({ hostname: "127.0.0.1", port: options.port, data, socket })
      : Bun.connect<Client>({ unix: options.unix, data, socket });
    connected.catch(() => {}); // told by connectError
  }

  for (let i = 0; i < options.connections; i++) next();
  return {
    done: () => done,
    failures: () => failures,
    failed: () => [...failures.values()].reduce((sum, count) => sum + count, 0),
    stop() {
      stopping = true;
      if (open === 0) stopped.resolve();
      return stopped.promise;
    },
  };
}
