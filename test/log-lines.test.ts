/**
 * Log lines against haproxy's own: the same session rendered by both, for every variable, flag and header kind.
 *
 * haproxy writes the plain fields first; they make the record our side renders the whole line from.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LogFormat, LogSettings, LogTarget } from "../src/config/haproxy/model.ts";
import { TCP_LOG } from "../src/logs/format.ts";
import type { LogContext } from "../src/logs/logger.ts";
import { freePort } from "./harness/ports.ts";
import { cleanUp, HAPROXY, type Running, start, temporaryDirectory } from "./harness/processes.ts";
import { startSyslog, type Syslog } from "./harness/syslog.ts";
import { doubleQuoted, FIELDS, headOf, ourLogger, read, render } from "./log_lines_fixture.ts";

const HEAD = headOf(FIELDS);
const EVERY = FIELDS.concat("t T Tl Tu ft tsc ST hr hrl hs hsl".split(" "));
const withFlags = (flags: string): string => EVERY.map((name) => `%{${flags}}${name}`).join(" ");
const FORMATS = {
  plain: EVERY.map((name) => `%${name}`).join(" "),
  quoted: withFlags("+Q"),
  hex: withFlags("+X"),
  escaped: withFlags("+E"),
  all: withFlags("+Q,+X,+E"),
  global: `%{+Q,+X}o ${EVERY.map((name) => `%${name}`).join(" ")} %{-Q}o %f %{-X}pid %{+Q}s`,
  blanks: "  a   %hr %hs  b\t %% 100%%%b %-x  %ci%cp  ",
  // Values that are empty part blanks, captures that are not declared do not.
  empty: "%hr a%hr %hs b %{-M}[str()] c %{-M}[str()]%hr %hr%{-M}[str()] d %{+Q}o e",
  expression: '%[str(a)] %{+Q}[str()] %[str()] %{+E}[str("a]b")] %{+Q,+E}[str("x]")]]',
  tcplog: TCP_LOG,
};
/** Kinds of header; what comes after is the rest of the `log` line. */
const KINDS: LogFormat[] = ["local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"];
const STRUCTURED = '%{+Q,+E}o [x@1 f=%f a=%[str("]")] id=%ID]  ';
const UNIQUE = "%{+X}o %ci:%cp_%fi:%fp_%Ts_%rt:%pid";

const directory = temporaryDirectory();
const ports: Record<string, number> = {};
let haproxy: Running;
let echo: Bun.TCPSocketListener<undefined>;
let reader: Syslog;

/** One exchange over a frontend; resolves when it has closed. */
function session(to: { port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Bun.SocketHandler = {
      open: (socket) => void socket.write("hello"),
      data: (socket) => void socket.end(),
      close: () => resolve(),
    };
    const made = "path" in to
      ? Bun.connect({ unix: to.path, socket })
      : Bun.connect({ hostname: "127.0.0.1", port: to.port, socket });
    made.catch(reject);
  });
}
const over = (frontend: string): Promise<void> => session({ port: ports[frontend]! });

function frontend(name: string, backend: string, rest: string[]): string {
  ports[name] = freePort();
  return [`frontend ${name}`, `bind 127.0.0.1:${ports[name]}`, `default_backend ${backend}`, ...rest].join("\n  ");
}

beforeAll(async () => {
  echo = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket, data) => void socket.write(data) } });
  reader = await startSyslog();
  const log = `log 127.0.0.1:${reader.port}`;
  const raw = `${log} len 4096 format raw local0`;
  const sections = [
    "global\n  nbthread 1\n  log-send-hostname a.host",
    "defaults\n  mode tcp\n  timeout client 5s\n  timeout server 5s\n  timeout connect 1s\n  retries 0",
    `backend up\n  server s1 127.0.0.1:${echo.port}`,
    `backend down\n  server s2 127.0.0.1:${freePort()}`,
  ];
  for (const [name, format] of Object.entries(FORMATS)) {
    for (const backend of ["up", "down"]) {
      const text = doubleQuoted(`${name} ${HEAD}#${format}`);
      const id = `unique-id-format ${doubleQuoted(UNIQUE)}`;
      sections.push(frontend(`${name}-${backend}`, backend, [raw, id, `log-format ${text}`]));
    }
  }
  sections.push(
    `frontend unix\n  bind ${directory}/in.sock id 77\n  default_backend up\n  ${raw}\n  ` +
      `log-format ${doubleQuoted(`unix ${HEAD}#%ci:%cp %fi:%fp %{+Q}ci`)}`,
  );
  for (const kind of KINDS) {
    for (const length of [1024, 80]) {
      sections.push(frontend(`${kind}-${length}`, "up", [
        `${log} len ${length} format ${kind} daemon`,
        "log-tag my-tag",
        `log-format ${doubleQuoted(`${kind}-${length} %ci ${"x".repeat(60)}`)}`,
        // When structured data crosses the limit haproxy leaves all of it out; we cut it, so it is not compared.
        ...(length === 80 ? [] : [`log-format-sd ${doubleQuoted(STRUCTURED)}`]),
      ]));
    }
  }
  sections.push(frontend("announcing", "up", [raw]));
  haproxy = await start(`${sections.join("\n\n")}\n`, {
    program: HAPROXY!,
    env: { TZ: "UTC" },
    ready: Object.values(ports).slice(-1),
  });
});

afterAll(async () => {
  await haproxy?.stop();
  await reader?.[Symbol.asyncDispose]();
  echo?.stop(true);
  cleanUp();
});

for (const [name, format] of Object.entries(FORMATS)) {
  for (const backend of ["up", "down"]) {
    test(`variables: ${name}, server ${backend}`, async () => {
      await over(`${name}-${backend}`);
      const from = `|${name}-${backend}|`;
      const line = await reader.waitFor(
        (line) => line.startsWith(`${name} `) && line.includes(from),
        `a line with ${from}`,
      );
      const { record, hooks } = read(FIELDS, line.slice(name.length + 1, line.indexOf("#")));
      expect(record.termination).toBe(backend === "up" ? "--" : "SC");
      expect(`${render(`${name} ${HEAD}#${format}`, record, hooks)}\n`).toBe(line);
    });
  }
}

test("a session over a unix socket", async () => {
  await session({ path: `${directory}/in.sock` });
  const line = await reader.waitFor((line) => line.startsWith("unix "), "the line of the unix socket");
  const { record, hooks } = read(FIELDS, line.slice(5, line.indexOf("#")));
  expect([record.clientHost, record.clientPort]).toEqual(["unix", 77]);
  expect(`${render(`unix ${HEAD}#%ci:%cp %fi:%fp %{+Q}ci`, record, hooks)}\n`).toBe(line);
});

/** What our logger sends to one target for a session. */
function send(settings: Partial<LogSettings>, target: Partial<LogTarget>, context: Partial<LogContext>): string {
  const { logger, lines } = ourLogger(settings, {}, target, { pid: haproxy.pid, ...context });
  const { record } = read(
    FIELDS,
    FIELDS.map((name) => /^(ci|fi|bi|si)$/.test(name) ? "127.0.0.1" : name === "f" ? "name" : "1").join("|"),
  );
  if (settings.format) record.frontendName = settings.format.split(" ")[0]!;
  record.uniqueId = "";
  logger.logSession(record, logger.due);
  return lines[0]!;
}

/** When haproxy wrote a header, from its date. */
function timeOf(line: string): number {
  const iso = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{6})\+00:00/.exec(line);
  // Half a microsecond more: the fraction must not fall below what is written.
  if (iso) return Date.parse(`${iso[0].slice(0, 19)}Z`) + Number(iso[1]) / 1000 + 0.0005;
  const legacy = /^<\d+>(\w{3} [ \d]\d \d\d:\d\d:\d\d) /.exec(line);
  return legacy ? Date.parse(`${legacy[1]} ${new Date().getUTCFullYear()} UTC`) : 0;
}

for (const kind of KINDS) {
  for (const length of [1024, 80]) {
    test(`header: format ${kind} len ${length}`, async () => {
      const name = `${kind}-${length}`;
      // At 80 bytes even the frontend's name may be cut off: the next line is this session's.
      const seen = reader.lines.length;
      await over(name);
      const line = await reader.waitFor((line) => reader.lines.lastIndexOf(line) >= seen, `the line of ${name}`);
      const ours = send(
        {
          tag: "my-tag",
          format: `${name} %ci ${"x".repeat(60)}`,
          sdFormat: length === 80 ? null : STRUCTURED,
        },
        { format: kind, maxLength: length },
        { now: () => timeOf(line) },
      );
      // 2.6 puts the newline after `len` bytes; later versions count it, so that no line is longer than a receiver was said to take.
      expect(ours).toBe(line.length > length ? `${line.slice(0, length - 1)}\n` : line);
    });
  }
}

test("without a format: a line when the connection comes", async () => {
  await over("announcing");
  const line = await reader.waitFor((line) => line.startsWith("Connect "), "an announcement");
  const [, client, port] = /from 127\.0\.0\.1:(\d+) to 127\.0\.0\.1:(\d+) /.exec(line)!;
  const ours = send({}, {}, {});
  expect(ours).toBe("Connect from 127.0.0.1:1 to 127.0.0.1:1 (name/TCP)\n");
  expect(ours.replace(":1 ", `:${client} `).replace(":1 ", `:${port} `).replace("(name/", "(announcing/")).toBe(line);
});
