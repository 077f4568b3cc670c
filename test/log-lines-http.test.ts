/**
 * Log lines of mode http against haproxy's own: the same exchange rendered by both, for every variable and flag; and which
 * exchanges have a line under which options, at which level.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LogSettings } from "../src/config/haproxy/model.ts";
import { CLF_HTTP_LOG, HTTP_LOG } from "../src/logs/format.ts";
import type { LogMoment, LogOptions } from "../src/logs/logger.ts";
import type { SessionRecord } from "../src/logs/record.ts";
import { freePort } from "./harness/ports.ts";
import { cleanUp, HAPROXY, type Running, start } from "./harness/processes.ts";
import { startSyslog, type Syslog } from "./harness/syslog.ts";
import { doubleQuoted, headOf, HTTP_FIELDS, ourLogger, read, render } from "./log_lines_fixture.ts";

const HEAD = headOf(HTTP_FIELDS);
const EVERY = HTTP_FIELDS.concat(
  "t T Tl Tu Tq ft hr hrl hs hsl CC CS HM HP HPO HQ HU HV r trg trl".split(" "),
);
const withFlags = (flags: string): string => EVERY.map((name) => `%{${flags}}${name}`).join(" ");
const FORMATS = {
  plain: EVERY.map((name) => `%${name}`).join(" "),
  quoted: withFlags("+Q"),
  hex: withFlags("+X"),
  escaped: withFlags("+E"),
  undashed: withFlags("-M"),
  all: withFlags("+Q,+X,+E"),
  httplog: HTTP_LOG,
  clf: CLF_HTTP_LOG,
};

/** Visible ASCII but what may not stand in a URI. */
const VISIBLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("").replace("#", "");
/** What a header field may hold, from the tab on. */
const FIELD = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).filter((c) => c !== "\x7f" && (c >= " "))
  .join("").trim() + "\t#.";
const SHOWN = 1023;

interface Exchange {
  /** What the client sends; it half-closes then if nothing will come. */
  send: string;
  halfClose?: true;
  /** What we know of it, as no plain field tells. */
  known: Partial<SessionRecord>;
}

const NONE: Partial<SessionRecord> = {
  requestCaptures: [null, null, null],
  responseCaptures: [null],
};
/** An exchange of one request line, which the server answers. */
const get = (line: string, fields: string[] = [], known: Partial<SessionRecord> = {}): Exchange => ({
  send: [line, "Host: h", "Connection: close", ...fields, "", ""].join("\r\n"),
  known: { ...NONE, requestLine: line.slice(0, SHOWN), ...known },
});
const answered: Partial<SessionRecord> = { responseCaptures: ['s"#{|}\\]'], responseCookie: 'SID=s"\\]; path=/' };
const unanswered: Partial<SessionRecord> = { requestLine: "", requestCaptures: [], responseCaptures: [] };

const EXCHANGES: Record<string, Exchange> = {
  plain: get("GET /a/b?c=d HTTP/1.1", [], answered),
  bytes: get(
    `M#"{|}]\\ERGE`.replace(/["{}\]\\]/g, "") + ` /${VISIBLE.replace("?", "")}?${VISIBLE} HTTP/1.1`,
    [`X-R: ${FIELD}`, "X-Q:", 'Cookie: a=b; SID=c"#{|}\\]"~; d=e'],
    { ...answered, requestCaptures: [FIELD, "", null], requestCookie: 'SID=c"#{|}\\]"~' },
  ),
  absolute: {
    ...get("GET http://h/p/q?x=y HTTP/1.1", ["X-Z: z z"], { ...answered, requestCaptures: [null, null, "z z"] }),
  },
  host: get("GET http://h HTTP/1.1", [], answered),
  asterisk: get("OPTIONS *?x HTTP/1.1", [], answered),
  old: get("GET /? HTTP/1.0", [], answered),
  cutVersion: get(`GET /${"x".repeat(1012)} HTTP/1.1`, [], answered),
  cutUri: get(`GET /?${"x".repeat(2000)} HTTP/1.1`, [], answered),
  cutMethod: get(`${"X".repeat(1030)} /?a HTTP/1.1`, [], answered),
  notFound: get("GET /404 HTTP/1.1", [], answered),
  failing: get("GET /500 HTTP/1.1", [], answered),
  denied: get("GET /deny HTTP/1.1"),
  returned: get("GET /return HTTP/1.1"),
  failed: get("GET /return503 HTTP/1.1"),
  redirected: get("GET /redirect HTTP/1.1"),
  refused: get("GET /down HTTP/1.1"),
  redispatched: get("GET /other HTTP/1.1", [], answered),
  aborted: get("GET /abort HTTP/1.1"),
  bad: { send: "GET / HTTP/1.1\0\r\n\r\n", known: unanswered },
  partial: { send: "GET / HT", halfClose: true, known: unanswered },
  nothing: { send: "", halfClose: true, known: unanswered },
};

interface Row {
  lines: string[];
  settings?: Partial<LogSettings>;
  options?: Partial<LogOptions>;
}
const SHORT = "%ST %tsc %U %Ta %{+Q}r %hr";
const EARLY = "%ST %{+Q}r %CS";
const format = (text: string): { lines: string[]; settings: Partial<LogSettings> } => ({
  lines: [`log-format ${doubleQuoted(text)}`],
  settings: { format: text },
});
const and = (row: Row, line: string, options: Partial<LogOptions>, settings: Partial<LogSettings> = {}): Row => ({
  lines: [...row.lines, line],
  options: { ...row.options, ...options },
  settings: { ...row.settings, ...settings },
});
const errorFormat = [`error-log-format "E %ST %U"`, {}, { errorFormat: "E %ST %U" }] as const;
const ROWS: Record<string, Row> = {
  announcing: { lines: [] },
  named: { lines: ["option httplog"], options: { httplog: true } },
  combined: { lines: ["option httplog clf"], options: { httplog: true, httplogClf: true } },
  tcp: { lines: ["option tcplog"], options: { tcplog: true } },
  null: and(format(SHORT), "option dontlognull", { dontlognull: true }),
  normal: and(format(SHORT), "option dontlog-normal", { dontlogNormal: true }),
  apart: and(format(SHORT), "option log-separate-errors", { logSeparateErrors: true }),
  asap: and(format("%ST %U %Ta %{+Q}r"), "option logasap", { logasap: true }),
  early: format(EARLY),
  earlyNormal: and(format(EARLY), "option dontlog-normal", { dontlogNormal: true }),
  errors: and(format(SHORT), ...errorFormat),
  errorsAlone: and({ lines: [] }, ...errorFormat),
  identified: and(format("%ST %ID"), `unique-id-format "%HM-%ci"`, {}, { uniqueIdFormat: "%HM-%ci" }),
};

let haproxy: Running;
let origin: Bun.TCPSocketListener<undefined>;
let reader: Syslog;
const ports: Record<string, number> = {};

function answer(socket: Bun.Socket, request: string): void {
  const status = /^\S+ \/(\d+)/.exec(request)?.[1] ?? "200";
  if (request.startsWith("GET /abort")) return void socket.end();
  const head = `HTTP/1.1 ${status} x\r\nContent-Length: 2\r\nX-S: s"#{|}\\]\r\nSet-Cookie: SID=s"\\]; path=/\r\n\r\n`;
  socket.write(`${head}ok`);
}

beforeAll(async () => {
  origin = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, data) => answer(socket, data.toString("latin1")) },
  });
  reader = await startSyslog();
  const frontend = (name: string, lines: string[]): string => {
    ports[name] = freePort();
    return [
      `frontend ${name}`,
      `bind 127.0.0.1:${ports[name]}`,
      `log 127.0.0.1:${reader.port} len 16384 format short local0`,
      "capture cookie SID len 60",
      ...["X-R len 400", "X-Q len 20", "X-Z len 20"].map((rest) => `capture request header ${rest}`),
      "capture response header X-S len 60",
      "http-request deny if { path /deny }",
      "http-request return status 200 if { path /return }",
      "http-request return status 503 if { path /return503 }",
      "http-request redirect location /x if { path /redirect }",
      "use_backend down if { path /down }",
      "use_backend other if { path /other }",
      "default_backend up",
      ...lines,
    ].join("\n  ");
  };
  haproxy = await start(
    `${
      [
        "global\n  nbthread 1",
        "defaults\n  mode http\n  timeout client 9s\n  timeout server 9s\n  timeout connect 1s\n  retries 0",
        `backend up\n  server s1 127.0.0.1:${origin.port}`,
        `backend down\n  server s2 127.0.0.1:${freePort()}`,
        `backend other\n  balance first\n  retries 1\n  option redispatch 1\n  server s3 127.0.0.1:${freePort()}\n` +
        `  server s4 127.0.0.1:${origin.port}`,
        ...Object.entries(FORMATS).map(([name, text]) =>
          frontend(name, [`log-format ${doubleQuoted(`${name} ${HEAD}#${text}`)}`])
        ),
        ...Object.entries(ROWS).map(([name, { lines }]) => frontend(name, lines)),
        frontend("marker", [`log-format "marker %HU"`]),
      ].join("\n\n")
    }\n`,
    { program: HAPROXY!, env: { TZ: "UTC" }, ready: Object.values(ports).slice(-1) },
  );
});

afterAll(async () => {
  await haproxy?.stop();
  await reader?.[Symbol.asyncDispose]();
  origin?.stop(true);
  cleanUp();
});

/** Resolves when the connection is closed. */
function play(name: string, { send, halfClose }: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    Bun.connect({
      hostname: "127.0.0.1",
      port: ports[name]!,
      socket: {
        open(socket) {
          socket.write(Buffer.from(send, "latin1"));
          if (halfClose) socket.end();
        },
        data() {},
        close: () => resolve(),
      },
    }).catch(reject);
  });
}

let markers = 0;
/** What haproxy has logged of the exchange, once the line of a later one is there. */
async function linesOf(name: string, exchange: Exchange): Promise<string[]> {
  const from = reader.lines.length;
  await play(name, exchange);
  const marker = `/${++markers}`;
  await play("marker", get(`GET ${marker} HTTP/1.1`));
  await reader.waitFor((line) => line === `<6>marker ${marker}\n`, `marker ${marker}`);
  return reader.lines.slice(from).filter((line) => !line.startsWith("<6>marker"));
}

function recordOf(line: string, exchange: Exchange): ReturnType<typeof read> {
  const result = read(HTTP_FIELDS, line.slice(line.indexOf(" ") + 1, line.indexOf("#")));
  Object.assign(result.record, exchange.known);
  return result;
}

for (const [name, text] of Object.entries(FORMATS)) {
  for (const [which, exchange] of Object.entries(EXCHANGES)) {
    test(`variables: ${name}, ${which}`, async () => {
      const [line, ...more] = await linesOf(name, exchange);
      expect(more).toEqual([]);
      const { record, hooks } = recordOf(line!, exchange);
      expect(`<6>${render(`${name} ${HEAD}#${text}`, record, hooks)}\n`).toBe(line!);
    });
  }
}

/** Without what differs from one exchange to the next: ports, dates; and of numbers that stand together all but a -1. */
const masked = (line: string): string =>
  line.replace(/127\.0\.0\.1:\d+/g, "client").replace(/\[[^\]]+\]/, "[date]").replace(
    /"" "" \d+ \d{3} /,
    '"" "" port ms ',
  )
    .replace(/-?\d+(?:[/ ][+-]?\d+){3,}|-?\d+(?:\/[+-]?\d+)+/g, (numbers) => numbers.replace(/(?<!-)\b\d+/g, "n"))
    .replace(/(\d \S{4} \d+) \d+ "/, '$1 Ta "').replace(/\+\d+ "/, '+Ta "');

const facts = new Map<string, SessionRecord>();

for (const [name, row] of Object.entries(ROWS)) {
  for (const [which, exchange] of Object.entries(EXCHANGES)) {
    test(`options: ${name}, ${which}`, async () => {
      if (!facts.has(which)) facts.set(which, recordOf((await linesOf("plain", exchange))[0]!, exchange).record);
      const theirs = await linesOf(name, exchange);
      const { logger, lines } = ourLogger(
        row.settings ?? {},
        row.options ?? {},
        { format: "short", maxLength: 16_384 },
        {
          mode: "http",
        },
      );
      const record: SessionRecord = { ...facts.get(which)!, frontendName: name };
      if (record.backendName === "plain") record.backendName = name;
      // Where there was no request haproxy shows no bytes; our logger is told of them.
      if (exchange.known.requestLine === "") Object.assign(record, { bytesUp: exchange.send.length, bytesDown: 187 });
      // Only a server's answer is logged as it begins.
      const moments: LogMoment[] = record.requestMs < 0
        ? []
        : record.responseCookie
        ? ["accept", "response"]
        : ["accept"];
      let done = false;
      for (const moment of [...moments, "end" as const]) done ||= logger.logSession(record, moment);
      expect(lines.map(masked)).toEqual(theirs.map(masked));
    });
  }
}
