/**
 * A syslog receiver on UDP that keeps every line, and the taking apart of haproxy's tcplog lines.
 */
import { waitFor } from "./conditions.ts";

export interface Syslog extends AsyncDisposable {
  readonly port: number;
  readonly lines: readonly string[];
  /** Resolves with the first line for which `wanted` holds. */
  waitFor(wanted: (line: string) => boolean, what: string): Promise<string>;
}

export async function startSyslog(): Promise<Syslog> {
  const lines: string[] = [];
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(_socket, data) {
        lines.push(data.toString("latin1"));
      },
    },
  });
  return {
    port: socket.port,
    lines,
    waitFor: (wanted, what) => waitFor(() => lines.find(wanted), () => `${what} among:\n${lines.join("\n")}`),
    [Symbol.asyncDispose]() {
      socket.close();
      return Promise.resolve();
    },
  };
}

/** The fields of a line of `option tcplog` (configuration.txt 8.2.2), the syslog header left out. */
export interface TcpLog {
  client: string;
  clientPort: number;
  date: string;
  frontend: string;
  backend: string;
  server: string;
  queueMs: number;
  connectMs: number;
  /** A leading + (logasap) is kept in `early`. */
  totalMs: number;
  bytes: number;
  early: boolean;
  termination: string;
  /** actconn/feconn/beconn/srv_conn/retries, as written. */
  connections: readonly [act: number, fe: number, be: number, srv: number, retries: string];
  /** srv_queue/backend_queue. */
  queues: readonly [server: number, backend: number];
}

const TCPLOG =
  /^<\d+>\w{3} [ \d]\d [\d:]{8} (?:\S+ )?\w+\[\d+\]: (\S+):(\d+) \[([^\]]+)\] (\S+) ([^/ ]+)\/(\S+) (-?\d+)\/(-?\d+)\/(\+?)(-?\d+) (\+?)(\d+) (\S\S) (\d+)\/(\d+)\/(\d+)\/(\d+)\/(\+?\d+) (\d+)\/(\d+)\n?$/;

/** Null when the line is not of that form. */
export function parseTcpLog(line: string): TcpLog | null {
  const part = TCPLOG.exec(line);
  if (part === null) return null;
  const word = (index: number) => part[index] ?? "";
  const number = (index: number) => Number(part[index]);
  return {
    client: word(1),
    clientPort: number(2),
    date: word(3),
    frontend: word(4),
    backend: word(5),
    server: word(6),
    queueMs: number(7),
    connectMs: number(8),
    early: word(9) === "+",
    totalMs: number(10),
    bytes: number(12),
    termination: word(13),
    connections: [number(14), number(15), number(16), number(17), word(18)],
    queues: [number(19), number(20)],
  };
}
