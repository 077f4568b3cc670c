/** Servers as checks meet them: one row per way to answer, or not to. Each is a real listening socket on a port of its own. */
import type { Socket } from "bun";
import { freePort } from "../harness/ports.ts";

export interface Behaviour {
  name: string;
  /** null: nobody listens. */
  serve: ((connection: Connection) => void) | null;
  /** It answers without having read anything. */
  eager?: boolean;
  /** Parameters of the server beside the common ones. */
  more?: string;
}

export interface Connection {
  socket: Socket<unknown>;
  /** From 1: which connection of this server it is. */
  count: number;
  request: string;
}

const say = (text: string, then: "end" | "reset" | "stay" = "end") => ({ socket }: Connection): void => {
  socket.write(Buffer.from(text, "latin1"));
  if (then === "end") socket.end();
  if (then === "reset") socket.terminate();
};

const ok = "HTTP/1.0 200 OK\r\n\r\n";

export const BEHAVIOURS: readonly Behaviour[] = [
  { name: "refused", serve: null },
  { name: "mute", serve: () => {} },
  { name: "ok", serve: say(ok) },
  { name: "kept", serve: say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "stay") },
  { name: "created", serve: say("HTTP/1.1 201 Created\r\n\r\n") },
  { name: "moved", serve: say("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n") },
  { name: "missing", serve: say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") },
  { name: "broken", serve: say("HTTP/1.0 500 Internal Server Error\r\n\r\nbody") },
  { name: "unavailable", serve: say("HTTP/1.1 503 Service Unavailable\r\n\r\nMySQL is *down*.\r\n") },
  { name: "no-reason", serve: say("HTTP/1.1 404\r\n\r\n") },
  { name: "no-reason-200", serve: say("HTTP/1.1 200\r\n\r\n") },
  { name: "informational", serve: say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n") },
  { name: "garbage", serve: say("SSH-2.0-OpenSSH_9.2\r\n") },
  { name: "garbage-stays", serve: say("SSH-2.0-OpenSSH_9.2\r\n", "stay") },
  { name: "short-garbage", serve: say("hi") },
  { name: "empty", serve: say("") },
  { name: "reset", serve: say("", "reset") },
  { name: "status-line-only", serve: say("HTTP/1.1 200 OK\r\n") },
  { name: "half-status-line", serve: say("HTTP/1.1 20") },
  { name: "half-status-line-stays", serve: say("HTTP/1.1 200 O", "stay") },
  { name: "half-head-stays", serve: say("HTTP/1.1 200 OK\r\nServer: x\r\n", "stay") },
  { name: "bare-lf", serve: say("HTTP/1.1 200 OK\nContent-Type: text/plain\n\nup") },
  { name: "bare-lf-after-status", serve: say("HTTP/1.1 200 OK\nContent-Type: text/plain\r\n\r\nup") },
  {
    name: "xinetd",
    serve: say("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\nno\r\n", "end"),
    eager: true,
  },
  { name: "no-colon", serve: say("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n") },
  { name: "space-in-name", serve: say("HTTP/1.1 200 OK\r\nContent Type: x\r\n\r\n") },
  { name: "bad-length", serve: say("HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello") },
  { name: "short-body", serve: say("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello") },
  { name: "http-2", serve: say("HTTP/2.0 200 OK\r\n\r\n") },
  { name: "http-09", serve: say("<html>hello</html>\n") },
  { name: "icy", serve: say("ICY 200 OK\r\n\r\n") },
  { name: "four-digits", serve: say("HTTP/1.1 2000 OK\r\n\r\n") },
  { name: "leading-crlf", serve: say("\r\nHTTP/1.1 200 OK\r\n\r\n") },
  { name: "reset-after-answer", serve: say("HTTP/1.1 404 Gone away\r\n\r\n", "reset") },
  { name: "lower-case", serve: say("http/1.1 200 ok\r\n\r\n") },
  {
    name: "chunked",
    serve: say(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nal\r\n4\r\nright\r\n0\r\n\r\n".replace(
        "4\r\nright",
        "5\r\nright",
      ),
    ),
  },
  { name: "huge-body", serve: say(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(40_000)}needle`) },
  { name: "endless-head", serve: say(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`, "stay") },
  { name: "long-reason", serve: say(`HTTP/1.1 500 ${"reason ".repeat(40)}\r\n\r\n`) },
  { name: "odd-reason", serve: say('HTTP/1.1 500 a "quoted" \\ \xe9\t reason \r\n\r\n') },
  { name: "no-space", serve: say("HTTP/1.1 200OK\r\n\r\n") },
  { name: "two-spaces", serve: say("HTTP/1.1  404  Not  There \r\n\r\n") },
  { name: "one-digit", serve: say("HTTP/1.1 2 OK\r\n\r\n") },
  { name: "two-lengths", serve: say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab") },
  { name: "empty-name", serve: say("HTTP/1.1 200 OK\r\n: x\r\n\r\n") },
  { name: "nul", serve: say("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n") },
  { name: "bare-cr", serve: say("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n") },
  { name: "folded-first", serve: say("HTTP/1.1 200 OK\r\n a: b\r\n\r\n") },
  { name: "blank-before-colon", serve: say("HTTP/1.1 200 OK\r\na : b\r\n\r\n") },
  { name: "recovers", serve: (one) => say(one.count <= 4 ? "HTTP/1.1 503 Busy\r\n\r\n" : ok)(one) },
  { name: "stumbles", serve: (one) => say(one.count === 2 ? "HTTP/1.1 500 Oops\r\n\r\n" : ok)(one) },
  { name: "disabled", serve: say(ok), more: "disabled" },
];

export interface Site extends AsyncDisposable {
  ports: ReadonlyMap<string, number>;
  /** Requests as received, by behaviour. */
  requests: Map<string, string[]>;
}

/** Opens all of them. */
export function openSite(behaviours: readonly Behaviour[] = BEHAVIOURS): Site {
  const ports = new Map<string, number>();
  const requests = new Map<string, string[]>();
  const listeners = behaviours.flatMap(({ name, serve, eager }) => {
    const port = freePort();
    ports.set(name, port);
    requests.set(name, []);
    if (serve === null) return [];
    let count = 0;
    return [Bun.listen<Connection | undefined>({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(socket) {
          socket.data = { socket, count: ++count, request: "" };
          if (eager === true) serve(socket.data);
        },
        data(socket, bytes) {
          const connection = socket.data;
          if (connection === undefined || eager === true) return;
          connection.request += bytes.toString("latin1");
          const [head = "", body] = connection.request.split("\r\n\r\n", 2);
          if (body === undefined || body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
          requests.get(name)!.push(connection.request);
          serve(connection);
        },
        end: (socket) => void socket.end(),
        error() {},
      },
    })];
  });
  return {
    ports,
    requests,
    [Symbol.asyncDispose]() {
      for (const listener of listeners) listener.stop(true);
      return Promise.resolve();
    },
  };
}
