/**
 * A proxy's log: which sessions are written, at which moment and level, and what each of several targets gets.
 */
import { expect, test } from "bun:test";
import type { LogSettings, LogTarget, Mode } from "../config/haproxy/model.ts";
import { NO_EXPRESSIONS } from "./format.ts";
import { lineBuffer } from "./line_buffer.ts";
import { createProxyLogger, isFailure, type LogMoment, type LogOptions, type ProxyLogger } from "./logger.ts";
import { newRecord, noNeeds, type SessionRecord } from "./record.ts";
import type { Outlets } from "./targets.ts";

const NOW = Date.UTC(2026, 10, 20, 8, 56, 48, 19);
const PLACE = { file: "x.cfg", line: 1, column: 1 };

function record(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    ...newRecord(),
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
function logger(
  settings: Partial<LogSettings>,
  options: Partial<LogOptions> = {},
  mode: Mode = "tcp",
): { log: ProxyLogger; lines: string[] } {
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
  const all: LogOptions = {
    dontlognull: false,
    dontlogNormal: false,
    logSeparateErrors: false,
    logasap: false,
    tcplog: false,
    httplog: false,
    httplogClf: false,
    ...options,
  };
  const log = createProxyLogger({ ...SETTINGS, ...settings }, all, {
    pid: 42,
    hostname: "vm",
    sendHostname: null,
    tag: "haproxy",
    outlets,
    mode,
    expression: NO_EXPRESSIONS,
    now: () => NOW,
  });
  return { log, lines };
}

const TCP_MOMENTS: LogMoment[] = ["accept", "connect", "end"];
const TCP_FAILURE: LogMoment[] = ["accept", "end"];
const HTTP_MOMENTS: LogMoment[] = ["accept", "connect", "response", "end"];

/** Goes through a session's life as the proxy does; returns what was written, and after which moment. */
function live(log: ProxyLogger, lines: string[], session: SessionRecord, moments: LogMoment[]): [LogMoment, string][] {
  const seen: [LogMoment, string][] = [];
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
  options: Partial<LogOptions>,
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
  expect(live(log, lines, record(session), fails ? TCP_FAILURE : TCP_MOMENTS)).toEqual(want);
});

// An exchange of HTTP goes through other moments, and each has its line.
const exchange = (change: Partial<SessionRecord> = {}): SessionRecord =>
  record({
    http: true,
    requestAtMs: NOW - 10,
    idleMs: 10,
    requestMs: 1,
    responseMs: 2,
    activeMs: 10,
    status: 200,
    requestLine: "GET / HTTP/1.1",
    termination: "----",
    requestCaptures: ["h"],
    ...change,
  });
/** No request came; `end` is where the proxy goes straight to. */
const noRequest = (change: Partial<SessionRecord> = {}): Partial<SessionRecord> => ({
  requestMs: -1,
  queueMs: -1,
  connectMs: -1,
  responseMs: -1,
  status: 400,
  requestLine: "",
  termination: "PR--",
  serverName: "<NOSRV>",
  ...change,
});
const HTTP_START = "127.0.0.1:1111 [20/Nov/2026:08:56:48.009] fe be/";
const ANSWERED = `${HTTP_START}s 1/0/1/2/10 200 7 - - ---- 1/1/0/0/0 0/0 {h} "GET / HTTP/1.1"\n`;
const BAD = `${HTTP_START}<NOSRV> -1/-1/-1/-1/10 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"\n`;
const CLF = '127.0.0.1 - - [20/Nov/2026:08:56:48 +0000] "GET / HTTP/1.1" 200 7 "" "" 1111 999 "fe" "be" "s" ' +
  '1 0 1 2 10 ---- 1 1 0 0 0 0 0 "" "" "h" \n';

type HttpCase = [
  name: string,
  settings: Partial<LogSettings>,
  options: Partial<LogOptions>,
  exchange: Partial<SessionRecord>,
  want: [LogMoment, string][],
];
const httpCases: HttpCase[] = [
  ["no option", {}, {}, {}, [["accept", "<6>Connect from 127.0.0.1:1111 to 127.0.0.1:80 (fe/HTTP)\n"]]],
  ["no option, unix", {}, {}, { clientHost: "unix", clientPort: 2 }, [["accept", "<6>Connect to unix:2 (fe/HTTP)\n"]]],
  ["no option, no request", {}, {}, noRequest(), []],
  ["httplog", {}, { httplog: true }, {}, [["end", `<6>${ANSWERED}`]]],
  ["httplog clf", {}, { httplog: true, httplogClf: true }, {}, [["end", `<6>${CLF}`]]],
  ["tcplog", {}, { tcplog: true }, {}, [["end", `<6>${TCP}20 7 -- 1/1/0/0/0 0/0\n`]]],
  ["a format goes first", { format: "%U" }, { httplog: true }, {}, [["end", "<6>5\n"]]],
  ["logasap", { format: "%Ta %B %U %ST" }, { logasap: true }, {}, [["response", "<6>+10 +7 0 200\n"]]],
  ["a format known at the response", { format: "%ST %r" }, {}, {}, [["response", "<6>200 GET / HTTP/1.1\n"]]],
  ["dontlog-normal", { format: "%ST" }, { dontlogNormal: true }, {}, []],
  ["dontlog-normal, client's fault", { format: "%Ta" }, { dontlogNormal: true }, { status: 499 }, []],
  ["dontlog-normal, 5xx", { format: "%ST" }, { dontlogNormal: true }, { status: 500 }, [["response", "<6>500\n"]]],
  ["log-separate-errors", { format: "%Ta" }, { logSeparateErrors: true }, { status: 503 }, [["end", "<3>10\n"]]],
  ["log-separate-errors, 4xx", { format: "%Ta" }, { logSeparateErrors: true }, { status: 404 }, [["end", "<6>10\n"]]],
  ["level by a rule", { format: "%Ta" }, { logSeparateErrors: true }, { status: 503, level: 1 }, [["end", "<1>10\n"]]],
  ["no line by a rule", { format: "%Ta" }, {}, { level: -1 }, []],
  ["no line by a rule, early", { format: "%ST" }, {}, { level: -1 }, []],
  ["no request", {}, { httplog: true }, noRequest(), [["end", `<6>${BAD}`]]],
  ["no request, errors apart", {}, { httplog: true, logSeparateErrors: true }, noRequest(), [["end", `<3>${BAD}`]]],
  ["no request, early format", { format: "%ST %U %ID" }, {}, noRequest(), [["end", "<6>400 0 -\n"]]],
  ["no request, logasap", { format: "%B %Tt" }, { logasap: true }, noRequest(), [["end", "<6>+0 +20\n"]]],
  ["no request, dontlognull", { format: "%U" }, { dontlognull: true }, noRequest(), [["end", "<6>0\n"]]],
  ["nothing came, dontlognull", { format: "%U" }, { dontlognull: true }, noRequest({ bytesUp: 0 }), []],
  ["nothing came", { format: "%ts" }, {}, noRequest({ bytesUp: 0, termination: "CR--" }), [["end", "<6>CR\n"]]],
  ["no request, error-log-format", { errorFormat: "E%r" }, { httplog: true }, noRequest(), [["end", "<6>E<BADREQ>\n"]]],
  ["no request, that alone", { errorFormat: "E%r" }, {}, noRequest(), [["end", "<6>E<BADREQ>\n"]]],
];
test.each(httpCases)("HTTP: %s", (_name, settings, options, change, want) => {
  const { log, lines } = logger({ uniqueIdFormat: "id", ...settings }, options, "http");
  expect(live(log, lines, exchange(change), change.requestMs === -1 ? ["end"] : HTTP_MOMENTS)).toEqual(want);
});

test("the unique id of a request is made once, and its fields are asked for with the log's", () => {
  const { log, lines } = logger({ format: "%ID", uniqueIdFormat: "%rt-%HM-%fp" }, {}, "http");
  // The client is what every line of a failed connection shows.
  expect(log.needs).toEqual({ ...noNeeds(), client: true, local: true, requestLine: true });
  const one = exchange({ sequence: 7 });
  expect(log.uniqueId(one)).toBe("7-GET-80");
  one.uniqueId = "given";
  log.logSession(one, "end");
  log.logSession(exchange({ sequence: 8 }), "end");
  expect(lines).toEqual(["<6>given\n", "<6>8-GET-80\n"]);
});

const failures: [change: Partial<SessionRecord>, failed: boolean][] = [
  [{}, false],
  [{ status: 404 }, false],
  [{ status: 499 }, false],
  [{ status: 500 }, true],
  [{ status: -1 }, false],
  [{ http: false, status: 500, termination: "--" }, false],
  [{ termination: "" }, false],
  [{ termination: "LR--" }, false],
  [{ termination: "LR--", retries: 1 }, false],
  [{ termination: "LR--", status: 503 }, true],
  [{ termination: "PR--", status: 403 }, true],
  [{ termination: "CD--" }, true],
  [{ termination: "cH--" }, true],
  [{ termination: "SD--" }, true],
  [{ retries: 1 }, true],
  [{ redispatched: true }, true],
  [{ redispatched: true, termination: "LR--" }, true],
];
test.each(failures)("%p failed: %p", (change, failed) => expect(isFailure(exchange(change))).toBe(failed));

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
  expect(log.needs).toEqual({ ...noNeeds(), client: true });
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
