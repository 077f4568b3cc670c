/**
 * The variables of log-format strings, one row each (configuration.txt 8.2.6), and how flags change what they write.
 *
 * A row makes, once, the function that writes its value for a record: flags and names are decided when a format is compiled.
 */
import { putAcceptDate, putGmtDate, putLocalDate } from "./dates.ts";
import { type LineBuffer, putByte, putHex, putInt, putPadded, putText } from "./line_buffer.ts";
import type { RecordNeeds, SessionRecord } from "./record.ts";

/** The flags in force for one variable: +Q +X +E +M. */
export interface Style {
  quote: boolean;
  hex: boolean;
  escape: boolean;
  /** A value that is empty is written as `-` (unless quoted). */
  dash: boolean;
}

/** What a format knows besides the record. */
export interface FormatContext {
  hostname: string;
  pid: number;
  /** %lc: lines written before this one. */
  lineCount: () => number;
}

export type Step = (record: SessionRecord, out: LineBuffer) => void;

export interface Variable {
  name: string;
  /** The group of record fields it reads, if that costs something to fill. */
  needs?: keyof RecordNeeds;
  /** Its value is final only when the session ends, so the line is written then. */
  atEnd?: true;
  /** null: needs what is not built yet (the row says what in `missing`). */
  make: ((style: Style, context: FormatContext) => Step) | null;
  missing?: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const PLUS = 0x2b;
const DASH = 0x2d;
const BAR = 0x7c;
const BLANK = 0x20;
const HASH = 0x23;

/** RFC 5424 §6.3.3: what +E puts a backslash before. */
const mustEscape = (byte: number): boolean => byte === QUOTE || byte === BACKSLASH || byte === 0x5d;

export function putRaw(out: LineBuffer, text: string, style: Style): void {
  if (!style.escape) return putText(out, text);
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    if (mustEscape(byte)) putByte(out, BACKSLASH);
    putByte(out, byte);
  }
}

/** A string value: quoted, escaped, or `-` for none. */
export function putValue(out: LineBuffer, text: string, style: Style): void {
  if (style.quote) {
    putByte(out, QUOTE);
    putRaw(out, text, style);
    putByte(out, QUOTE);
  } else if (text !== "") putRaw(out, text, style);
  else if (style.dash) putByte(out, DASH);
}

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

type Make = (style: Style, context: FormatContext) => Step;

const text = (pick: (record: SessionRecord) => string): Make => (style) => (record, out) =>
  putValue(out, pick(record), style);

const int = (pick: (record: SessionRecord) => number): Make => () => (record, out) => putInt(out, pick(record));

/** +X writes it with at least `width` hexadecimal digits. */
const hexInt =
  (width: number, pick: (record: SessionRecord, context: FormatContext) => number): Make => (style, context) =>
    style.hex
      ? (record, out) => putHex(out, pick(record, context), width)
      : (record, out) => putInt(out, pick(record, context));

const date = (put: (out: LineBuffer, ms: number) => void): Make => () => (record, out) => put(out, record.acceptedAtMs);

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

/** A leading + : the real value will be greater (`option logasap`). */
const growing = (pick: (record: SessionRecord) => number): Make => () => (record, out) => {
  if (record.asap) putByte(out, PLUS);
  putInt(out, pick(record));
};

/** configuration.txt 8.6: what is not printed as it is becomes `#` and two hexadecimal digits. */
function putCaptured(out: LineBuffer, value: string, style: Style): void {
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i);
    if (byte < 32 || byte > 126 || byte === QUOTE || byte === HASH || (byte >= 0x7b && byte <= 0x7d)) {
      putByte(out, HASH);
      putHex(out, byte & 255, 2);
    } else {
      if (style.escape && mustEscape(byte)) putByte(out, BACKSLASH);
      putByte(out, byte);
    }
  }
}

type Captures = readonly (string | null)[] | undefined;

/** All captures of one side between braces; nothing when none is declared. */
const captures = (pick: (record: SessionRecord) => Captures): Make => (style) => (record, out) => {
  const values = pick(record);
  if (values === undefined || values.length === 0) return;
  if (style.quote) putByte(out, QUOTE);
  putByte(out, 0x7b);
  for (let i = 0; i < values.length; i++) {
    if (i > 0) putByte(out, BAR);
    putCaptured(out, values[i] ?? "", style);
  }
  putByte(out, 0x7d);
  if (style.quote) putByte(out, QUOTE);
};

/** The same as one word each. */
const captureList = (pick: (record: SessionRecord) => Captures): Make => (style) => (record, out) => {
  const values = pick(record);
  if (values === undefined) return;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? null;
    if (i > 0) putByte(out, BLANK);
    if (style.quote) putByte(out, QUOTE);
    if (value !== null) putCaptured(out, value, style);
    else if (!style.quote) putByte(out, DASH);
    if (style.quote) putByte(out, QUOTE);
  }
};

const httpMode = (name: string): Variable => ({ name, make: null, missing: "HTTP mode" });
const tlsListener = (name: string): Variable => ({ name, make: null, missing: "TLS" });

export const VARIABLES: readonly Variable[] = [
  { name: "B", atEnd: true, make: growing((r) => r.bytesDown) },
  httpMode("CC"),
  httpMode("CS"),
  { name: "H", make: (style, context) => (_, out) => putValue(out, context.hostname, style) },
  httpMode("HM"),
  httpMode("HP"),
  httpMode("HPO"),
  httpMode("HQ"),
  httpMode("HU"),
  httpMode("HV"),
  { name: "ID", atEnd: true, make: text((r) => r.uniqueId) },
  { name: "OG", make: null, missing: "the origin of a line" },
  { name: "ST", make: int(() => 0) }, // A TCP session has no status.
  { name: "T", make: date(putGmtDate) },
  httpMode("TR"),
  httpMode("Ta"),
  { name: "Tc", atEnd: true, make: int((r) => r.connectMs) },
  { name: "Td", atEnd: true, make: int((r) => r.dataMs) },
  { name: "Th", atEnd: true, make: int((r) => r.handshakeMs) },
  httpMode("Ti"),
  { name: "Tl", make: date(putLocalDate) },
  httpMode("Tq"),
  httpMode("Tr"),
  { name: "Ts", make: hexInt(4, (r) => Math.floor(r.acceptedAtMs / 1000)) },
  { name: "Tt", atEnd: true, make: growing((r) => r.totalMs) },
  { name: "Tu", atEnd: true, make: growing((r) => r.totalMs) }, // Tt - Ti, and a TCP session is never idle first.
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
  { name: "hr", make: captures((r) => r.requestCaptures) },
  { name: "hrl", make: captureList((r) => r.requestCaptures) },
  { name: "hs", make: captures((r) => r.responseCaptures) },
  { name: "hsl", make: captureList((r) => r.responseCaptures) },
  { name: "lc", make: hexInt(4, (_, context) => context.lineCount()) },
  { name: "ms", make: milliseconds },
  { name: "pid", make: hexInt(4, (_, context) => context.pid) },
  httpMode("r"),
  { name: "rc", atEnd: true, make: retries },
  { name: "rt", make: hexInt(4, (r) => r.sequence) },
  { name: "s", make: text((r) => r.serverName) },
  { name: "sc", atEnd: true, make: int((r) => r.srvConn) },
  { name: "si", needs: "server", make: host((r) => r.serverHost) },
  { name: "sp", needs: "server", make: port((r) => r.serverHost, (r) => r.serverPort) },
  { name: "sq", atEnd: true, make: int((r) => r.serverQueue) },
  tlsListener("sslc"),
  tlsListener("sslv"),
  { name: "t", make: date(putAcceptDate) },
  httpMode("tr"),
  httpMode("trg"),
  httpMode("trl"),
  { name: "ts", atEnd: true, make: () => (record, out) => putText(out, record.termination) },
  { name: "tsc", make: () => (record, out) => putText(out, record.termination.padEnd(4, "-")) },
];

function frontendWithTransport(style: Style): Step {
  return (record, out) => {
    if (style.quote) putByte(out, QUOTE);
    putRaw(out, record.frontendName, style);
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
