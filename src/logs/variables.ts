/**
 * The variables of log-format strings, one row each (configuration.txt 8.2.6), and how flags change what they write.
 *
 * A row makes, once, the function that writes its value for a record: flags and names are decided when a format is compiled.
 */
import { putAcceptDate, putGmtDate, putLocalDate } from "./dates.ts";
import { putRaw } from "./encode.ts";
import { HTTP_VARIABLES } from "./http_variables.ts";
import { type LineBuffer, putByte, putHex, putInt, putPadded } from "./line_buffer.ts";
import type { SessionRecord } from "./record.ts";
import {
  date,
  growing,
  hexInt,
  int,
  type Make,
  PLUS,
  putValue,
  QUOTE,
  type Step,
  type Style,
  text,
  type Variable,
} from "./values.ts";

/** The bytes of an address, each as two hexadecimal digits. */
function putHexAddress(out: LineBuffer, host: string): void {
  if (!host.includes(":")) {
    for (const part of host.split(".")) putHex(out, Number(part), 2);
    return;
  }
  const [before = "", after] = host.split("::");
  const head = groups(before);
  const tail = groups(after ?? "");
  for (const group of head) putHex(out, group, 4);
  for (let i = head.length + tail.length; i < 8; i++) putHex(out, 0, 4);
  for (const group of tail) putHex(out, group, 4);
}

/** 16-bit groups of one side of an IPv6 address; its end may be written as IPv4 (RFC 4291 §2.2). */
function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (!part.includes(".")) return [parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
    return [a << 8 | b, c << 8 | d];
  });
}

/** An address; "" is none. "unix" has no hexadecimal form. */
const host = (pick: (record: SessionRecord) => string): Make => (style) =>
  style.hex
    ? (record, out) => {
      const name = pick(record);
      if (name === "" || name === "unix") putValue(out, name, style);
      else putHexAddress(out, name);
    }
    : (record, out) => putValue(out, pick(record), style);

const port =
  (pickHost: (record: SessionRecord) => string, pick: (record: SessionRecord) => number): Make =>
  (style) =>
  (record, out) => {
    const name = pickHost(record);
    if (name === "") putValue(out, "", style);
    // What stands there for a unix socket is its listener's id, which +X does not change.
    else if (style.hex && name !== "unix") putHex(out, pick(record), 4);
    else putInt(out, pick(record));
  };

const tlsListener = (name: string): Variable => ({ name, make: null, missing: "TLS" });

export const VARIABLES: readonly Variable[] = [
  ...HTTP_VARIABLES,
  { name: "B", atEnd: true, make: growing((r) => r.bytesDown) },
  { name: "H", make: (style, context) => (_, out) => putValue(out, context.hostname, style) },
  { name: "ID", atEnd: true, make: text((r) => r.uniqueId) },
  { name: "OG", make: null, missing: "the origin of a line" },
  { name: "T", make: date(putGmtDate, (r) => r.acceptedAtMs) },
  { name: "Tc", atEnd: true, make: int((r) => r.connectMs) },
  { name: "Td", atEnd: true, make: int((r) => r.dataMs) },
  { name: "Th", atEnd: true, make: int((r) => r.handshakeMs) },
  { name: "Tl", make: date(putLocalDate, (r) => r.acceptedAtMs) },
  { name: "Ts", make: hexInt(4, (r) => Math.floor(r.acceptedAtMs / 1000)) },
  { name: "Tt", atEnd: true, make: growing((r) => r.totalMs) },
  { name: "Tu", atEnd: true, make: growing((r) => r.http && r.idleMs > 0 ? r.totalMs - r.idleMs : r.totalMs) },
  { name: "Tw", atEnd: true, make: int((r) => r.queueMs) },
  { name: "U", atEnd: true, make: int((r) => r.bytesUp) },
  { name: "ac", atEnd: true, make: int((r) => r.actConn) },
  { name: "b", make: text((r) => r.backendName) },
  { name: "bc", atEnd: true, make: int((r) => r.beConn) },
  { name: "bi", needs: "source", make: host((r) => r.sourceHost) },
  { name: "bp", needs: "source", make: port((r) => r.sourceHost, (r) => r.sourcePort) },
  { name: "bq", atEnd: true, make: int((r) => r.backendQueue) },
  { name: "ci", needs: "client", make: host((r) => r.clientHost) },
  { name: "cp", needs: "client", make: port((r) => r.clientHost, (r) => r.clientPort) },
  { name: "f", make: text((r) => r.frontendName) },
  { name: "fc", atEnd: true, make: int((r) => r.feConn) },
  { name: "fi", needs: "local", make: host((r) => r.localHost) },
  { name: "fp", needs: "local", make: port((r) => r.localHost, (r) => r.localPort) },
  { name: "ft", make: frontendWithTransport },
  { name: "lc", make: hexInt(4, (_, context) => context.lineCount()) },
  { name: "ms", make: milliseconds },
  { name: "pid", make: hexInt(4, (_, context) => context.pid) },
  { name: "rc", atEnd: true, make: retries },
  { name: "rt", make: hexInt(4, (r) => r.sequence) },
  { name: "s", make: text((r) => r.serverName) },
  { name: "sc", atEnd: true, make: int((r) => r.srvConn) },
  { name: "si", needs: "server", make: host((r) => r.serverHost) },
  { name: "sp", needs: "server", make: port((r) => r.serverHost, (r) => r.serverPort) },
  { name: "sq", atEnd: true, make: int((r) => r.serverQueue) },
  tlsListener("sslc"),
  tlsListener("sslv"),
  { name: "t", make: date(putAcceptDate, (r) => r.acceptedAtMs) },
];

function frontendWithTransport(style: Style): Step {
  return (record, out) => {
    if (style.quote) putByte(out, QUOTE);
    putRaw(out, record.frontendName, style.escape);
    if (record.tls) putByte(out, 0x7e);
    if (style.quote) putByte(out, QUOTE);
  };
}

function milliseconds(style: Style): Step {
  return style.hex
    ? (record, out) => putHex(out, Math.floor(record.acceptedAtMs % 1000), 2)
    : (record, out) => putPadded(out, Math.floor(record.acceptedAtMs % 1000), 3);
}

function retries(): Step {
  return (record, out) => {
    if (record.redispatched) putByte(out, PLUS);
    putInt(out, record.retries);
  };
}

export const VARIABLE_BY_NAME: ReadonlyMap<string, Variable> = new Map(VARIABLES.map((row) => [row.name, row]));
