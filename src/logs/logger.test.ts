/**
 * A proxy's log: which sessions are written, at which moment and level, and what each of several targets gets.
 */
import { expect, test } from "bun:test";
import type { LogSettings, LogTarget, Options } from "../config/haproxy/model.ts";
import { NO_EXPRESSIONS } from "./format.ts";
import { lineBuffer } from "./line_buffer.ts";
import { createProxyLogger, type LogMoment, type ProxyLogger } from "./logger.ts";
import type { SessionRecord } from "./record.ts";
import type { Outlets } from "./targets.ts";

const NOW = Date.UTC(2026, 10, 20, 8, 56, 48, 19);
const PLACE = { file: "x.cfg", line: 1, column: 1 };

function record(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    acceptedAtMs: NOW - 20,
    clientHost: "127.0.0.1",
    clientPort: 1111,
    localHost: "127.0.0.1",
    localPort: 80,
    sourceHost: "",
    sourcePort: 0,
    serverHost: "",
    serverPort: 0,
    frontendName: "fe",
    backendName: "be",
    serverName: "s",
    tls: false,
    handshakeMs: 0,
    queueMs: 0,
    connectMs: 1,
    totalMs: 20,
    dataMs: 19,
    bytesUp: 5,
    bytesDown: 7,
    termination: "--",
    actConn: 1,
    feConn: 1,
    beConn: 0,
    srvConn: 0,
    retries: 0,
    redispatched: false,
    serverQueue: 0,
    backendQueue: 0,
    uniqueId: "",
    sequence: 0,
    asap: false,
    ...change,
  };
}

const target = (change: Partial<LogTarget> = {}): LogTarget => ({
  to: { kind: "unix", path: "/dev/log" },
  format: "short",
  maxLength: 1024,
  facility: 16,
  maxLevel: 7,
  minLevel: 0,
  sample: null,
  place: PLACE,
  ...change,
});

const SETTINGS: LogSettings = {
  targets: [target()],
  tag: null,
  format: null,
  errorFormat: null,
  sdFormat: null,
  uniqueIdFormat: null,
};

/** A logger whose lines end up in `lines`, in order. */
function logger(settings: Partial<LogSettings>, options: Partial<Options> = {}): { log: ProxyLogger; lines: string[] } {
  const lines: string[] = [];
  const buffer = lineBuffer(65_536);
  const outlets: Outlets = {
    open: () => ({
      reserve() {
        buffer.at = 0;
        return buffer;
      },
      commit: () => void lines.push(buffer.bytes.toString("latin1", 0, buffer.at)),
    }),
    flush() {},
    close() {},
  };
  const all: Options = {
    abortonclose: false,
    allbackups: false,
    clitcpka: false,
    srvtcpka: false,
    clitcpkaCnt: 0,
    clitcpkaIdleMs: 0,
    clitcpkaIntvlMs: 0,
    srvtcpkaCnt: 0,
    srvtcpkaIdleMs: 0,
    srvtcpkaIntvlMs: 0,
    dontlognull: false,
    dontlogNormal: false,
    logSeparateErrors: false,
    logasap: false,
    tcplog: false,
    httplog: false,
    persist: false,
    socketStats: false,
    contstats: false,
    nolinger: false,
    ...options,
  };
  const log = createProxyLogger({ ...SETTINGS, ...settings }, all, {
    pid: 42,
    hostname: "vm",
    sendHostname: null,
    tag: "haproxy",
    outlets,
    expression: NO_EXPRESSIONS,
    now: () => NOW,
  });
  return { log, lines };
}

/** Goes through a session's life as the proxy does; returns what was written, and after which moment. */
function live(log: ProxyLogger, lines: string[], session: SessionRecord, fails = false): [LogMoment, string][] {
  const seen: [LogMoment, string][] = [];
  const moments: LogMoment[] = fails ? ["accept", "end"] : ["accept", "connect", "end"];
  let done = false;
  for (const moment of moments) {
    if (!done) done = log.logSession(session, moment);
    for (const line of lines.splice(0)) seen.push([moment, line]);
  }
  return seen;
}

type Case = [
  name: string,
  settings: Partial<LogSettings>,
  options: Partial<Options>,
  session: Partial<SessionRecord>,
  fails: boolean,
  want: [LogMoment, string][],
];
const TCP = "127.0.0.1:1111 [20/Nov/2026:08:56:47.999] fe be/s 0/1/";
const failed = { termination: "SC", connectMs: -1 };
const TCP_FAILED = "127.0.0.1:1111 [20/Nov/2026:08:56:47.999] fe be/s 0/-1/";
const cases: Case[] = [
  ["no option: announced at accept", {}, {}, {}, false, [[
    "accept",
    "<6>Connect from 127.0.0.1:1111 to 127.0.0.1:80 (fe/TCP)\n",
  ]]],
  ["no option, unix", {}, {}, { clientHost: "unix", clientPort: 2 }, true, [[
    "accept",
    "<6>Connect to unix:2 (fe/TCP)\n",
  ]]],
  ["tcplog: at the end", {}, { tcplog: true }, {}, false, [["end", `<6>${TCP}20 7 -- 1/1/0/0/0 0/0\n`]]],
  ["logasap: at connect", {}, { tcplog: true, logasap: true }, {}, false, [[
    "connect",
    `<6>${TCP}+20 +7 -- 1/1/0/0/0 0/0\n`,
  ]]],
  ["logasap, never connected: at the end, still with +", {}, { tcplog: true, logasap: true }, failed, true, [[
    "end",
    `<6>${TCP_FAILED}+20 +7 SC 1/1/0/0/0 0/0\n`,
  ]]],
  ["a format known at connect", { format: "%ci %s" }, {}, {}, false, [["connect", "<6>127.0.0.1 s\n"]]],
  ["the same, never connected", { format: "%ci %s" }, {}, failed, true, [["end", "<6>127.0.0.1 s\n"]]],
  ["a format known at the end", { format: "%ts %lc" }, {}, {}, false, [["end", "<6>-- 0\n"]]],
  ["a format that gives nothing", { format: "%hr" }, {}, {}, false, []],
  ["dontlognull, nothing came", {}, { tcplog: true, dontlognull: true }, { bytesUp: 0 }, false, []],
  ["dontlognull, something came", { format: "%U" }, { dontlognull: true }, {}, false, [["end", "<6>5\n"]]],
  ["dontlognull does not hold at connect", { format: "%s" }, { dontlognull: true }, { bytesUp: 0 }, false, [[
    "connect",
    "<6>s\n",
  ]]],
  ["dontlog-normal, normal", { format: "%U" }, { dontlogNormal: true }, {}, false, []],
  ["dontlog-normal, error", { format: "%ts" }, { dontlogNormal: true }, { termination: "cD" }, false, [[
    "end",
    "<6>cD\n",
  ]]],
  ["dontlog-normal, local", { format: "%ts" }, { dontlogNormal: true }, { termination: "LR" }, false, []],
  ["dontlog-normal, retried", { format: "%rc" }, { dontlogNormal: true }, { retries: 1 }, false, [["end", "<6>1\n"]]],
  ["dontlog-normal, redispatched", { format: "%rc" }, { dontlogNormal: true }, { redispatched: true }, false, [[
    "end",
    "<6>+0\n",
  ]]],
  ["log-separate-errors, error", { format: "%ts" }, { logSeparateErrors: true }, failed, true, [["end", "<3>SC\n"]]],
  ["log-separate-errors, normal", { format: "%ts" }, { logSeparateErrors: true }, {}, false, [["end", "<6>--\n"]]],
];
test.each(cases)("%s", (_name, settings, options, session, fails, want) => {
  const { log, lines } = logger(settings, options);
  expect(live(log, lines, record(session), fails)).toEqual(want);
});

test("dontlog-normal with logasap: a session that fails after connect is written at its end", () => {
  const { log, lines } = logger({ format: "%ts" }, { dontlogNormal: true, logasap: true });
  const session = record();
  expect(log.logSession(session, "connect")).toBe(false);
  session.termination = "SD";
  expect(log.logSession(session, "end")).toBe(true);
  expect(lines).toEqual(["<6>SD\n"]);
});

const targets: [name: string, target: Partial<LogTarget>, level: number, want: string[]][] = [
  ["level that is sent", { maxLevel: 6 }, 6, ["<6>text\n"]],
  ["level that is not", { maxLevel: 5 }, 6, []],
  ["minimum level", { minLevel: 4 }, 1, ["<4>text\n"]],
  ["facility and level", { format: "priority", facility: 3 }, 6, ["<30>text\n"]],
  ["cut at len, newline kept", { maxLength: 6 }, 6, ["<6>te\n"]],
  ["cut within the header", { maxLength: 3 }, 6, ["<6\n"]],
  ["default header", { format: "local" }, 6, ["<134>Nov 20 08:56:48 haproxy[42]: text\n"]],
];
test.each(targets)("target: %s", (_name, change, level, want) => {
  const { log, lines } = logger({ targets: [target(change)] });
  log.logEvent(level, "text\n\0\n");
  expect(lines).toEqual(want);
});

test("the line of one session goes to each target in that target's form", () => {
  const { log, lines } = logger({
    targets: [target(), target({ format: "raw" }), target({ format: "rfc5424" })],
    format: "%ID",
    sdFormat: "[x@1 id=%{+Q}ID] ",
    uniqueIdFormat: "%{+X}cp-%rt",
    tag: "own",
  });
  expect(log.needs).toEqual({ client: true, local: false, source: false, server: false });
  log.logSession(record(), "end");
  expect(lines).toEqual([
    "<6>0457-0\n",
    "0457-0\n",
    '<134>1 2026-11-20T08:56:48.019000+00:00 - own 42 - [x@1 id="0457-0"] 0457-0\n',
  ]);
  log.logEvent(5, "event");
  expect(lines.at(-1)).toBe("<133>1 2026-11-20T08:56:48.019000+00:00 - own 42 - - event\n");
});

test("a sample takes its ranges of every so many lines", () => {
  const { log, lines } = logger({
    targets: [target({ format: "raw", sample: { size: 5, ranges: [[1, 1], [3, 4]] } })],
  });
  for (let i = 1; i <= 10; i++) log.logEvent(6, String(i));
  expect(lines.join("")).toBe("1\n3\n4\n6\n8\n9\n");
});

test("lines are counted for %lc, events and unwritten sessions are not", () => {
  const { log, lines } = logger({ format: "%lc %U" }, { dontlognull: true });
  log.logSession(record(), "end");
  log.logEvent(4, "event");
  log.logSession(record({ bytesUp: 0 }), "end");
  log.logSession(record(), "end");
  expect(lines).toEqual(["<6>0 5\n", "<4>event\n", "<6>1 5\n"]);
});

test("a connection that fails before it is a session", () => {
  const own = logger({}, { tcplog: true, logSeparateErrors: true });
  own.log.logConnectionError(record(), "1", "Connection closed during SSL handshake");
  expect(own.lines).toEqual([
    "<3>127.0.0.1:1111 [20/Nov/2026:08:56:47.999] fe/1: Connection closed during SSL handshake\n",
  ]);
  const given = logger({ errorFormat: "E %ci %ts" });
  given.log.logConnectionError(record({ termination: "PR" }), "1", "not shown");
  expect(given.lines).toEqual(["<6>E 127.0.0.1 PR\n"]);
});

test("without a target nothing is active; a format the parser must have refused throws", () => {
  expect(logger({ targets: [] }).log.active).toBe(false);
  expect(() => logger({ format: "%zz" })).toThrow(/Unknown variable "%zz"/);
});
