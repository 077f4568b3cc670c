/**
 * The variables that speak of an HTTP exchange (marked H in configuration.txt 8.2.6), and of what `capture` has kept of one.
 *
 * The request is known as its first line, as received and perhaps cut; its parts are found there when a line is written.
 */
import { putAcceptDate, putGmtDate, putLocalDate } from "./dates.ts";
import { putHeaderText, putRequestText } from "./encode.ts";
import { type LineBuffer, putByte, putText } from "./line_buffer.ts";
import type { SessionRecord } from "./record.ts";
import { DASH, date, growing, int, type Make, QUOTE, text, type Variable } from "./values.ts";

const BAR = 0x7c;
const BLANK = 0x20;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** In place of a request, or of what is missing in one. */
const BAD_REQUEST = "<BADREQ>";
/** The version of a request line that has none, or whose end was cut off with it. */
const NO_VERSION = "HTTP/0.9";

/** Finds a part of the line: from the place it returns to `partEnd`, which saves an object per part. */
type Find = (line: string) => number;
let partEnd = 0;
/** It is no line of a request; or it is, but what may be left out is. */
const NOWHERE = -1;
const LEFT_OUT = -2;

const endOf = (line: string, mark: string, from: number, otherwise: number): number => {
  const at = line.indexOf(mark, from);
  return at < 0 || at > otherwise ? otherwise : at;
};

function method(line: string): number {
  partEnd = line.indexOf(" ");
  return partEnd < 0 ? NOWHERE : 0;
}

function uri(line: string): number {
  const blank = line.indexOf(" ");
  if (blank < 0 || blank + 1 === line.length) return NOWHERE;
  partEnd = endOf(line, " ", blank + 1, line.length);
  return blank + 1;
}

function uriWithoutQuery(line: string): number {
  const from = uri(line);
  if (from !== NOWHERE) partEnd = endOf(line, "?", from, partEnd);
  return from;
}

/** Behind scheme and authority of an absolute URI; `*` and what CONNECT asks for have none (RFC 9112 §3.2). */
function path(line: string): number {
  const from = uriWithoutQuery(line);
  if (from === NOWHERE || line[from] === "/") return from;
  const authority = line.indexOf("://", from);
  if (authority < 0 || authority > partEnd) return partEnd;
  return endOf(line, "/", authority + 3, partEnd);
}

/** With its question mark. */
function query(line: string): number {
  const from = uri(line);
  if (from !== NOWHERE) return endOf(line, "?", from, partEnd);
  partEnd = 0;
  return line === "" ? NOWHERE : 0;
}

function version(line: string): number {
  if (uri(line) === NOWHERE) return NOWHERE;
  const from = partEnd + 1;
  partEnd = line.length;
  return from < line.length ? from : LEFT_OUT;
}

function whole(line: string): number {
  partEnd = line.length;
  return line === "" ? NOWHERE : 0;
}

const requestPart = (find: Find): Make => ({ quote, escape }) => (record, out) => {
  const line = record.requestLine;
  if (quote) putByte(out, QUOTE);
  const from = find(line);
  if (from >= 0) putRequestText(out, line, from, partEnd, escape);
  else putText(out, from === NOWHERE ? BAD_REQUEST : NO_VERSION);
  if (quote) putByte(out, QUOTE);
};

type Captures = readonly (string | null)[];

/** All captures of one side between braces; nothing when none is declared. */
const captures = (pick: (record: SessionRecord) => Captures): Make => ({ quote, escape }) => (record, out) => {
  const values = pick(record);
  if (!record.http || values.length === 0) return;
  if (quote) putByte(out, QUOTE);
  putByte(out, OPEN_BRACE);
  for (let i = 0; i < values.length; i++) {
    if (i > 0) putByte(out, BAR);
    putHeaderText(out, values[i] ?? "", escape);
  }
  putByte(out, CLOSE_BRACE);
  if (quote) putByte(out, QUOTE);
};

/** The same as one word each. */
const captureList = (pick: (record: SessionRecord) => Captures): Make => ({ quote, escape }) => (record, out) => {
  const values = pick(record);
  if (!record.http) return;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? null;
    if (i > 0) putByte(out, BLANK);
    if (quote) putByte(out, QUOTE);
    if (value !== null) putHeaderText(out, value, escape);
    else if (!quote) putByte(out, DASH);
    if (quote) putByte(out, QUOTE);
  }
};

/** Handshake, idle time and reception of the request; -1 when one of them never ended. */
const untilRequest = ({ handshakeMs, idleMs, requestMs }: SessionRecord): number =>
  idleMs < 0 || requestMs < 0 ? -1 : handshakeMs + idleMs + requestMs;

/** configuration.txt 8.5: who ended it and where it stood; two more letters in HTTP tell what became of the cookie. */
const termination = (letters: number): Make => () => ({ termination }, out) => {
  for (let i = 0; i < letters; i++) putByte(out, i < termination.length ? termination.charCodeAt(i) : DASH);
};

const requestDate = (put: (out: LineBuffer, ms: number) => void): Make => date(put, (r) => r.requestAtMs);

export const HTTP_VARIABLES: readonly Variable[] = [
  { name: "CC", http: true, needs: "cookies", make: text((r) => r.requestCookie) },
  { name: "CS", http: true, needs: "cookies", make: text((r) => r.responseCookie) },
  { name: "HM", http: true, needs: "requestLine", make: requestPart(method) },
  { name: "HP", http: true, needs: "requestLine", make: requestPart(uriWithoutQuery) },
  { name: "HPO", http: true, needs: "requestLine", make: requestPart(path) },
  { name: "HQ", http: true, needs: "requestLine", make: requestPart(query) },
  { name: "HU", http: true, needs: "requestLine", make: requestPart(uri) },
  { name: "HV", http: true, needs: "requestLine", make: requestPart(version) },
  { name: "ST", make: int((r) => r.http ? r.status : 0) },
  { name: "TR", http: true, atEnd: true, make: int((r) => r.requestMs) },
  { name: "Ta", http: true, atEnd: true, make: growing((r) => r.activeMs) },
  { name: "Ti", http: true, atEnd: true, make: int((r) => r.idleMs) },
  { name: "Tq", http: true, atEnd: true, make: int(untilRequest) },
  { name: "Tr", http: true, atEnd: true, make: int((r) => r.responseMs) },
  { name: "hr", needs: "captures", joins: true, make: captures((r) => r.requestCaptures) },
  { name: "hrl", needs: "captures", joins: true, make: captureList((r) => r.requestCaptures) },
  { name: "hs", needs: "captures", joins: true, make: captures((r) => r.responseCaptures) },
  { name: "hsl", needs: "captures", joins: true, make: captureList((r) => r.responseCaptures) },
  { name: "r", http: true, needs: "requestLine", make: requestPart(whole) },
  { name: "tr", http: true, make: requestDate(putAcceptDate) },
  { name: "trg", http: true, make: requestDate(putGmtDate) },
  { name: "trl", http: true, make: requestDate(putLocalDate) },
  { name: "ts", atEnd: true, make: termination(2) },
  { name: "tsc", make: termination(4) },
];
