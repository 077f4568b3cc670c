/**
 * The log of one proxy: which sessions are written, when, at which level, and the line each target gets.
 *
 * Formats were checked when the configuration was read; the destinations are shared by all proxies of the process.
 */
import type { LogSettings, LogTarget, Options } from "../config/haproxy/model.ts";
import {
  type CompiledFormat,
  compileLogFormat,
  compileOwnFormat,
  CONNECT_LOG,
  CONNECT_LOG_UNIX,
  ERROR_LOG,
  type FormatHooks,
  type FormatUse,
  LINE,
  TCP_LOG,
  UNIQUE_ID,
} from "./format.ts";
import { type LineBuffer, lineBuffer, putByte, putBytes, putText } from "./line_buffer.ts";
import type { RecordNeeds, SessionRecord } from "./record.ts";
import { compileHeader, type Identity, LEVEL, type WriteHeader } from "./syslog.ts";
import type { Outlet, Outlets } from "./targets.ts";

/** The points of a session's life at which a line may be due. */
export type LogMoment = "accept" | "connect" | "end";

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
   * at the next moment. `level` overrules the options' choice.
   */
  logSession(record: SessionRecord, moment: LogMoment, level?: number): boolean;
  /** A connection that failed before it became a session, through which listener and why: error-log-format or haproxy's own. */
  logConnectionError(record: SessionRecord, listener: string, message: string): void;
  /** What happens to the proxy or its servers. */
  logEvent(level: number, text: string): void;
  /** What unique-id-format gives for this session; "" without one. */
  uniqueId(record: SessionRecord): string;
}

export interface LogContext {
  pid: number;
  /** The machine's name. */
  hostname: string;
  /** `log-send-hostname` of the global section: null off, "" the machine's own. */
  sendHostname: string | null;
  /** The global log-tag, for proxies without their own. */
  tag: string;
  outlets: Outlets;
  expression: FormatHooks["expression"];
  /** ms since 1970. */
  now?: () => number;
}

/** The parser cuts `len` to this; the message alone is never longer. */
const LONGEST_LINE = 65_535;
const NEWLINE = 0x0a;
const NUL = 0;

export function createProxyLogger(settings: LogSettings, options: Options, context: LogContext): ProxyLogger {
  const now = context.now ?? Date.now;
  let lines = 0;
  const hooks: FormatHooks = {
    hostname: context.hostname,
    pid: context.pid,
    lineCount: () => lines,
    expression: context.expression,
  };
  const identity: Identity = {
    hostname: context.sendHostname === "" ? context.hostname : context.sendHostname,
    tag: settings.tag ?? context.tag,
    pid: context.pid,
  };
  const targets = settings.targets.map((target) => openTarget(target, identity, context.outlets));

  // Without a format of its own a proxy announces each connection as it comes, unless it asks for the format of its mode.
  const announces = settings.format === null && !options.tcplog && !options.httplog;
  const session = announces ? compileOwnFormat(CONNECT_LOG, hooks) : compile(settings.format ?? TCP_LOG, hooks, LINE);
  const unixConnect = compileOwnFormat(CONNECT_LOG_UNIX, hooks);
  const error = settings.errorFormat === null ? null : compile(settings.errorFormat, hooks, LINE);
  const errorStart = compileOwnFormat(ERROR_LOG, hooks);
  const structured = settings.sdFormat === null ? null : compile(settings.sdFormat, hooks, LINE);
  const unique = settings.uniqueIdFormat === null ? null : compile(settings.uniqueIdFormat, hooks, UNIQUE_ID);

  const used = [session, error ?? errorStart];
  if (structured) used.push(structured);
  if (unique && used.some((format) => format.usesUniqueId)) used.push(unique);

  const due: LogMoment = announces ? "accept" : session.atEnd && !options.logasap ? "end" : "connect";
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
    if (record.uniqueId === "" && unique !== null) record.uniqueId = uniqueId(record);
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

  return {
    active: targets.length > 0,
    needs: {
      client: used.some((format) => format.needs.client),
      local: used.some((format) => format.needs.local),
      source: used.some((format) => format.needs.source),
      server: used.some((format) => format.needs.server),
    },
    due,
    uniqueId,
    logSession(record, moment, level) {
      if (due === "accept") {
        if (moment === "accept") {
          data.at = 0;
          message.at = 0;
          (record.clientHost === "unix" ? unixConnect : session).write(record, message);
          send(LEVEL.info);
        }
        return true;
      }
      if (moment !== due && moment !== "end") return false;
      if (moment === "end" && options.dontlognull && record.bytesUp === 0) return true;
      const failed = isFailure(record);
      // Asked again at the end: the session may still fail.
      if (options.dontlogNormal && !failed) return moment === "end";
      write(session, record, level ?? (failed && options.logSeparateErrors ? LEVEL.err : LEVEL.info));
      return true;
    },
    logConnectionError(record, listener, reason) {
      const level = options.logSeparateErrors ? LEVEL.err : LEVEL.info;
      if (error !== null) return write(error, record, level);
      compose(errorStart, record);
      putText(message, `${listener}: ${reason}`);
      lines++;
      send(level);
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

/** Anything but a normal end at the first try; what the proxy itself ended (L) is no failure. */
export function isFailure(record: SessionRecord): boolean {
  if (record.redispatched) return true;
  const cause = record.termination[0];
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
