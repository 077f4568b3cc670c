/**
 * Plain fields at the head of a haproxy log line, and the record behind them: what our side renders the same line from.
 */
import { expect } from "bun:test";
import type { LogSettings, LogTarget } from "../src/config/haproxy/model.ts";
import { compileLogFormat, type FormatHooks } from "../src/logs/format.ts";
import { lineBuffer } from "../src/logs/line_buffer.ts";
import { createProxyLogger, type LogContext, type LogOptions, type ProxyLogger } from "../src/logs/logger.ts";
import { newRecord, type SessionRecord } from "../src/logs/record.ts";

export const FIELDS = "ci cp fi fp bi bp si sp Ts ms f b s Tw Tc Tt Td Th U B ts ac fc bc sc rc sq bq ID H pid rt lc"
  .split(
    " ",
  );
/** What an exchange of HTTP has besides; what the client has sent, the test knows itself. */
export const HTTP_FIELDS = FIELDS.concat("ST TR Ti Tr Ta tsc tr".split(" "));

export const headOf = (fields: readonly string[]): string => fields.map((name) => `%${name}`).join("|");

export const doubleQuoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

const EXPRESSIONS: FormatHooks["expression"] = (text) => {
  const value = /^str\("?(.*?)"?\)$/.exec(text)?.[1] ?? "";
  return { evaluate: () => value };
};

/** The record behind the plain fields of a line, and what a format needs besides. */
export function read(fields: readonly string[], head: string): { record: SessionRecord; hooks: FormatHooks } {
  const values = head.split("|");
  expect(values).toHaveLength(fields.length);
  const get = (name: string): string => values[fields.indexOf(name)]!;
  const int = (name: string): number => Number(get(name).replace(/^\+/, ""));
  const host = (name: string): string => get(name) === "-" ? "" : get(name);
  const port = (name: string): number => get(name) === "-" ? 0 : int(name);
  const http = fields.includes("tr");
  const record: SessionRecord = {
    ...newRecord(),
    acceptedAtMs: int("Ts") * 1000 + int("ms"),
    clientHost: host("ci"),
    clientPort: port("cp"),
    localHost: host("fi"),
    localPort: port("fp"),
    sourceHost: host("bi"),
    sourcePort: port("bp"),
    serverHost: host("si"),
    serverPort: port("sp"),
    frontendName: get("f"),
    backendName: get("b"),
    serverName: get("s"),
    handshakeMs: int("Th"),
    queueMs: int("Tw"),
    connectMs: int("Tc"),
    totalMs: int("Tt"),
    dataMs: int("Td"),
    bytesUp: int("U"),
    bytesDown: int("B"),
    termination: get(http ? "tsc" : "ts"),
    actConn: int("ac"),
    feConn: int("fc"),
    beConn: int("bc"),
    srvConn: int("sc"),
    retries: int("rc"),
    redispatched: get("rc").startsWith("+"),
    serverQueue: int("sq"),
    backendQueue: int("bq"),
    uniqueId: host("ID"),
    sequence: int("rt"),
  };
  if (http) {
    Object.assign(record, {
      http: true,
      status: int("ST"),
      requestMs: int("TR"),
      idleMs: int("Ti"),
      responseMs: int("Tr"),
      activeMs: int("Ta"),
      requestAtMs: dateOf(get("tr")),
    });
  }
  const count = int("lc");
  return {
    record,
    hooks: {
      hostname: get("H"),
      pid: int("pid"),
      lineCount: () => count,
      mode: http ? "http" : "tcp",
      expression: EXPRESSIONS,
    },
  };
}

/** `20/Nov/2026:08:56:48.817`, in UTC as the tests run. */
function dateOf(text: string): number {
  const [, day, month, year, time] = /^(\d+)\/(\w+)\/(\d+):(.*)$/.exec(text)!;
  return Date.parse(`${day} ${month} ${year} ${time} UTC`);
}

export function render(text: string, record: SessionRecord, hooks: FormatHooks): string {
  const result = compileLogFormat(text, hooks);
  if (!result.ok) throw new Error(`${result.offset}: ${result.message}`);
  const out = lineBuffer(16_384);
  result.format.write(record, out);
  return out.bytes.toString("latin1", 0, out.at);
}

/** A logger of ours with one target, whose lines end up in `lines`. */
export function ourLogger(
  settings: Partial<LogSettings>,
  options: Partial<LogOptions>,
  target: Partial<LogTarget>,
  context: Partial<LogContext>,
): { logger: ProxyLogger; lines: string[] } {
  const lines: string[] = [];
  const line = lineBuffer(65_536);
  const targets: LogTarget[] = [{
    to: { kind: "udp", host: "127.0.0.1", port: 1, family: 4 },
    format: "raw",
    maxLength: 1024,
    facility: 3,
    maxLevel: 7,
    minLevel: 0,
    sample: null,
    place: { file: "", line: 0, column: 0 },
    ...target,
  }];
  const reserve = () => {
    line.at = 0;
    return line;
  };
  const commit = () => void lines.push(line.bytes.toString("latin1", 0, line.at));
  const logger = createProxyLogger(
    { tag: null, format: null, errorFormat: null, sdFormat: null, uniqueIdFormat: null, ...settings, targets },
    {
      dontlognull: false,
      dontlogNormal: false,
      logSeparateErrors: false,
      logasap: false,
      tcplog: false,
      httplog: false,
      httplogClf: false,
      ...options,
    },
    {
      pid: 1,
      hostname: "unused",
      sendHostname: "a.host",
      tag: "haproxy",
      mode: "tcp",
      outlets: { open: () => ({ reserve, commit }), flush() {}, close() {} },
      expression: EXPRESSIONS,
      ...context,
    },
  );
  return { logger, lines };
}
