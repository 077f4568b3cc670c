/**
 * The taking apart of haproxy's httplog lines (configuration.txt 8.2.3).
 */

/** The fields of a line of `option httplog`, the syslog header left out. */
export interface HttpLog {
  client: string;
  clientPort: number;
  date: string;
  frontend: string;
  backend: string;
  server: string;
  /** TR/Tw/Tc/Tr/Ta. */
  requestMs: number;
  queueMs: number;
  connectMs: number;
  responseMs: number;
  activeMs: number;
  /** A leading + (logasap). */
  early: boolean;
  status: number;
  bytes: number;
  requestCookie: string;
  responseCookie: string;
  termination: string;
  /** actconn/feconn/beconn/srv_conn/retries, as written. */
  connections: readonly [act: number, fe: number, be: number, srv: number, retries: string];
  queues: readonly [server: number, backend: number];
  /** `{…}` blocks, braces left out. */
  captures: readonly string[];
  request: string;
}

/** A line that is too long is cut: its last quote may be missing. */
const HTTPLOG =
  /^<\d+>\w{3} [ \d]\d [\d:]{8} (?:\S+ )?\w+\[\d+\]: (\S+):(\d+) \[([^\]]+)\] (\S+) ([^/ ]+)\/(\S+) (-?\d+)\/(-?\d+)\/(-?\d+)\/(-?\d+)\/(\+?)(-?\d+) (-?\d+) \+?(\d+) (\S+) (\S+) (\S{4}) (\d+)\/(\d+)\/(\d+)\/(\d+)\/(\+?\d+) (\d+)\/(\d+) ((?:\{[^}]*\} )*)"([^"]*)"?\n?$/;

/** Null when the line is not of that form. */
export function parseHttpLog(line: string): HttpLog | null {
  const part = HTTPLOG.exec(line);
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
    requestMs: number(7),
    queueMs: number(8),
    connectMs: number(9),
    responseMs: number(10),
    early: word(11) === "+",
    activeMs: number(12),
    status: number(13),
    bytes: number(14),
    requestCookie: word(15),
    responseCookie: word(16),
    termination: word(17),
    connections: [number(18), number(19), number(20), number(21), word(22)],
    queues: [number(23), number(24)],
    captures: [...word(25).matchAll(/\{([^}]*)\}/g)].map((found) => found[1] ?? ""),
    request: word(26),
  };
}
