/**
 * The log of one proxy: which sessions are written, when, at which level, and the line each target gets.
 *
 * Formats were checked when the configuration was read; the destinations are shared by all proxies of the process.
 */
import type { LogSettings, LogTarget, Mode, Options } from "../config/haproxy/model.ts";
import {
  CLF_HTTP_LOG,
  type CompiledFormat,
  compileLogFormat,
  compileOwnFormat,
  connectLog,
  connectLogUnix,
  ERROR_LOG,
  type FormatHooks,
  type FormatUse,
  HTTP_LOG,
  LINE,
  TCP_LOG,
  UNIQUE_ID,
} from "./format.ts";
import { type LineBuffer, lineBuffer, putByte, putBytes, putText } from "./line_buffer.ts";
import { allNeeds, type RecordNeeds, type SessionRecord } from "./record.ts";
import { compileHeader, type Identity, LEVEL, type WriteHeader } from "./syslog.ts";
import type { Outlet, Outlets } from "./targets.ts";

/**
 * The points at which a line may be due: of a TCP session's life; of an HTTP exchange's, which has its own line, "accept" (its request
 * is there), "response" (the head of the answer is there) and "end".
 */
export type LogMoment = "accept" | "connect" | "response" | "end";

export interface ProxyLogger {
  /** There is a target: without one the rest need not be asked. */
  active: boolean;
  /** What of a record the lines show. */
  needs: RecordNeeds;
  /**
   * When a session's line is due: as soon as all it shows is known. A session that ends before that is due at its end;
   * after "accept" there is no line any more.
   */
  due: LogMoment;
  /**
   * Writes the session's line if it is due at this moment and the options want it. True: this session is done with; else ask again
   * at the next moment. In HTTP also a connection that ends before it has brought a whole request has a line, at its "end".
   */
  logSession(record: SessionRecord, moment: LogMoment): boolean;
  /** A connection that failed before it became a session, through which listener and why: error-log-format or haproxy's own. */
  logConnectionError(record: SessionRecord, listener: string, message: string): void;
  /** What happens to the proxy or its servers. */
  logEvent(level: number, text: string): void;
  /** What unique-id-format gives for this session, or request; "" without one. */
  uniqueId(record: SessionRecord): string;
}

/** The options of a proxy that its log asks about. */
export type LogOptions = Pick<
  Options,
  "dontlognull" | "dontlogNormal" | "logSeparateErrors" | "logasap" | "tcplog" | "httplog" | "httplogClf"
>;

export interface LogContext {
  pid: number;
  /** The machine's name. */
  hostname: string;
  /** `log-send-hostname` of the global section: null off, "" the machine's own. */
  sendHostname: string | null;
  /** The global log-tag, for proxies without their own. */
  tag: string;
  outlets: Outlets;
  /** Of the proxy. */
  mode: Mode;
  expression: FormatHooks["expression"];
  /** Of unique-id-format, which is made from the request; left out: the same. */
  idExpression?: FormatHooks["expression"];
  /** ms since 1970. */
  now?: () => number;
}

/** The parser cuts `len` to this; the message alone is never longer. */
const LONGEST_LINE = 65_535;
const NEWLINE = 0x0a;
const NUL = 0;
const NO_CAPTURES: readonly null[] = [];

export function createProxyLogger(settings: LogSettings, options: LogOptions, context: LogContext): ProxyLogger {
  const now = context.now ?? Date.now;
  let lines = 0;
  const hooks: FormatHooks = {
    hostname: context.hostname,
    pid: context.pid,
    lineCount: () => lines,
    mode: context.mode,
    expression: context.expression,
  };
  const identity: Identity = {
    hostname: context.sendHostname === "" ? context.hostname : context.sendHostname,
    tag: settings.tag ?? context.tag,
    pid: context.pid,
  };
  const targets = settings.targets.map((target) => openTarget(target, identity, context.outlets));

  const http = context.mode === "http";
  const own = formatOf(settings, options, context.mode);
  // Without a format a proxy announces each connection, or request, as it comes.
  const announces = own === null;
  const session = announces ? compileOwnFormat(connectLog(context.mode), hooks) : compile(own, hooks, LINE);
  const unixConnect = compileOwnFormat(connectLogUnix(context.mode), hooks);
  const error = settings.errorFormat === null ? null : compile(settings.errorFormat, hooks, LINE);
  const errorStart = compileOwnFormat(ERROR_LOG, hooks);
  const structured = settings.sdFormat === null ? null : compile(settings.sdFormat, hooks, LINE);
  const idHooks: FormatHooks = { ...hooks, expression: context.idExpression ?? context.expression };
  const unique = settings.uniqueIdFormat === null ? null : compile(settings.uniqueIdFormat, idHooks, UNIQUE_ID);

  const used = [session, error ?? errorStart];
  if (structured) used.push(structured);
  const showsUniqueId = unique !== null && used.some((format) => format.usesUniqueId);
  // In HTTP it may be asked for by a header field alone.
  if (unique !== null && (showsUniqueId || http)) used.push(unique);

  const early: LogMoment = http ? "response" : "connect";
  const due: LogMoment = announces ? "accept" : session.atEnd && !options.logasap ? "end" : early;
  const message = lineBuffer(LONGEST_LINE);
  const data = lineBuffer(LONGEST_LINE);
  const id = lineBuffer(LONGEST_LINE);

  function write(format: CompiledFormat, record: SessionRecord, level: number): void {
    compose(format, record);
    if (message.at === 0) return;
    lines++;
    send(level);
  }

  function compose(format: CompiledFormat, record: SessionRecord): void {
    record.asap = options.logasap;
    data.at = 0;
    if (structured) structured.write(record, data);
    message.at = 0;
    format.write(record, message);
  }

  function send(level: number): void {
    const { bytes } = message;
    // A line ends where its last newline or NUL begins: one newline is put after it for each target.
    while (message.at > 0 && (bytes[message.at - 1] === NEWLINE || bytes[message.at - 1] === NUL)) message.at--;
    const at = now();
    for (const target of targets) if (wants(target, level)) deliver(target, level, at, message, data);
  }

  function uniqueId(record: SessionRecord): string {
    if (unique === null) return "";
    id.at = 0;
    unique.write(record, id);
    return id.bytes.toString("latin1", 0, id.at);
  }

  function announce(record: SessionRecord): void {
    data.at = 0;
    message.at = 0;
    (record.clientHost === "unix" ? unixConnect : session).write(record, message);
    send(LEVEL.info);
  }

  const errorLevel = options.logSeparateErrors ? LEVEL.err : LEVEL.info;

  /** What came was no request, or none came: there is no exchange to tell of, no unique id, and no bytes of either. */
  function logNoRequest(record: SessionRecord): void {
    const nothing = record.bytesUp === 0;
    if (options.dontlognull && nothing) return;
    record.bytesUp = 0;
    record.bytesDown = 0;
    record.requestCaptures = NO_CAPTURES;
    record.responseCaptures = NO_CAPTURES;
    record.uniqueId = "";
    if (error !== null) write(error, record, errorLevel);
    else if (!announces) write(session, record, errorLevel);
  }

  return {
    active: targets.length > 0,
    needs: allNeeds(used.map((format) => format.needs)),
    due,
    uniqueId,
    logSession(record, moment) {
      const ends = moment === "end";
      if (ends && record.http && record.requestMs < 0) {
        logNoRequest(record);
        return true;
      }
      if (due === "accept") {
        if (moment === "accept") announce(record);
        return true;
      }
      if (moment !== due && !ends) return false;
      if (ends && options.dontlognull && record.bytesUp === 0) return true;
      const failed = isFailure(record);
      // Asked again at the end: the session may still fail.
      if (options.dontlogNormal && !failed) return ends;
      if (record.level !== null && record.level < 0) return true;
      if (showsUniqueId && record.uniqueId === "") record.uniqueId = uniqueId(record);
      // Bytes of the request count once it is over, also in a line that is written before.
      if (moment === "response") record.bytesUp = 0;
      write(session, record, record.level ?? (failed ? errorLevel : LEVEL.info));
      return true;
    },
    logConnectionError(record, listener, reason) {
      if (error !== null) return write(error, record, errorLevel);
      compose(errorStart, record);
      putText(message, `${listener}: ${reason}`);
      lines++;
      send(errorLevel);
    },
    logEvent(level, text) {
      data.at = 0;
      message.at = 0;
      putText(message, text);
      send(level);
    },
  };
}

/** The parser has compiled the same text: what it refuses does not get here. */
function compile(text: string, hooks: FormatHooks, use: FormatUse): CompiledFormat {
  const result = compileLogFormat(text, hooks, use);
  if (!result.ok) throw new Error(`Cannot use log format "${text}": ${result.message}`);
  return result.format;
}

/** The format of a proxy's lines; null: it asks for none, neither its own nor one by name. */
function formatOf({ format }: LogSettings, options: LogOptions, mode: Mode): string | null {
  if (format !== null) return format;
  if (mode === "http" && options.httplogClf) return CLF_HTTP_LOG;
  if (mode === "http" && options.httplog) return HTTP_LOG;
  return options.tcplog || options.httplog ? TCP_LOG : null;
}

/**
 * Anything but a normal end at the first try; what the proxy itself ended (L) is no failure. An answer that speaks of a fault of the
 * server's side (5xx) is one however it came about (configuration.txt, "dontlog-normal").
 */
export function isFailure(record: SessionRecord): boolean {
  if (record.redispatched || (record.http && record.status >= 500)) return true;
  // A line that is written early may have no letters yet.
  const cause = record.termination[0] ?? "-";
  if (cause === "-") return record.retries > 0;
  return cause !== "L";
}

interface Target {
  header: WriteHeader;
  outlet: Outlet;
  maxLength: number;
  maxLevel: number;
  minLevel: number;
  sample: LogTarget["sample"];
  /** Lines seen of the current sample. */
  sampled: number;
}

function openTarget(target: LogTarget, identity: Identity, outlets: Outlets): Target {
  return {
    header: compileHeader(target.format, target.facility, identity),
    outlet: outlets.open(target.to),
    maxLength: target.maxLength,
    maxLevel: target.maxLevel,
    minLevel: target.minLevel,
    sample: target.sample,
    sampled: 0,
  };
}

function wants(target: Target, level: number): boolean {
  if (level > target.maxLevel) return false;
  const { sample } = target;
  if (sample === null) return true;
  const place = target.sampled + 1;
  target.sampled = place % sample.size;
  return sample.ranges.some(([from, to]) => from <= place && place <= to);
}

function deliver(target: Target, level: number, nowMs: number, message: LineBuffer, data: LineBuffer): void {
  const line = target.outlet.reserve(LONGEST_LINE);
  if (line === null) return;
  const start = line.at;
  target.header(line, Math.max(level, target.minLevel), nowMs, data);
  putBytes(line, message.bytes, 0, message.at);
  line.at = Math.min(line.at, start + target.maxLength - 1);
  putByte(line, NEWLINE);
  target.outlet.commit();
}
