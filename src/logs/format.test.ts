/**
 * Log formats: what each variable and flag writes, what is refused and where; and no text makes the compiler throw.
 */
import { expect, test } from "bun:test";
import {
  CHECK_ONLY,
  CLF_HTTP_LOG,
  compileLogFormat,
  connectLog,
  type FormatHooks,
  type FormatUse,
  HTTP_LOG,
  LINE,
  MESSAGE,
  TCP_LOG,
  UNIQUE_ID,
} from "./format.ts";
import { lineBuffer } from "./line_buffer.ts";
import { newRecord, noNeeds, type SessionRecord } from "./record.ts";
import { VARIABLES } from "./variables.ts";

const RECORD: SessionRecord = {
  ...newRecord(),
  acceptedAtMs: Date.UTC(2026, 10, 20, 8, 56, 48, 17),
  clientHost: "192.168.0.7",
  clientPort: 41234,
  localHost: "2001:db8::a:1",
  localPort: 80,
  sourceHost: "",
  sourcePort: 0,
  serverHost: "10.0.0.1",
  serverPort: 8080,
  frontendName: 'f"]e',
  backendName: "be",
  serverName: "<NOSRV>",
  tls: false,
  handshakeMs: 0,
  queueMs: -1,
  connectMs: 12,
  totalMs: 1234,
  dataMs: 1222,
  bytesUp: 5_000_000_000,
  bytesDown: 0,
  termination: "CD",
  actConn: 9,
  feConn: 10,
  beConn: 100,
  srvConn: 0,
  retries: 2,
  redispatched: true,
  serverQueue: 1,
  backendQueue: 0,
  uniqueId: "",
  sequence: 10,
  asap: false,
};

const HOOKS: FormatHooks = {
  hostname: "vm",
  pid: 12474,
  lineCount: () => 3,
  mode: "http",
  expression: (text) => {
    const value = /^str\((.*)\)$/s.exec(text)?.[1];
    return value === undefined
      ? { error: `Unknown sample "${text}"` }
      : { evaluate: () => value.replace(/^(["'])(.*)\1$/s, "$2") };
  },
};

function render(text: string, change: Partial<SessionRecord> = {}, use: FormatUse = LINE): string {
  const result = compileLogFormat(text, HOOKS, use);
  if (!result.ok) throw new Error(`${result.offset}: ${result.message}`);
  const out = lineBuffer(4096);
  result.format.write({ ...RECORD, ...change }, out);
  return out.bytes.toString("latin1", 0, out.at);
}

const lines: [format: string, want: string, change?: Partial<SessionRecord>][] = [
  ["plain", "plain"],
  ["%ci:%cp", "192.168.0.7:41234"],
  ["%{+X}ci:%{+X}cp", "C0A80007:A112"],
  ["%{+X}fi", "20010DB80000000000000000000A0001"],
  ["%{+X}fi", "00000000000000000000FFFF01020304", { localHost: "::ffff:1.2.3.4" }],
  ["%{+X}fi", "00000000000000000000000000000000", { localHost: "::" }],
  ["%{+Q}ci %{+Q}cp", '"192.168.0.7" 41234'],
  ["%bi %bp", "- -"],
  ["%{+Q}bi %{+Q}bp", '"" ""'],
  ["%ci:%cp", "unix:7", { clientHost: "unix", clientPort: 7 }],
  ["%{+X}ci:%{+X}cp", "unix:10", { clientHost: "unix", clientPort: 10 }],
  ["%t", "20/Nov/2026:08:56:48.017"],
  ["%T", "20/Nov/2026:08:56:48 +0000"],
  ["%Tl", "20/Nov/2026:08:56:48 +0000"],
  ["%Ts %{+X}Ts", "1795165008 6B000B50"],
  ["%ms %{+X}ms", "017 11"],
  ["%Tw/%Tc/%Tt/%Td/%Th/%Tu", "-1/12/1234/1222/0/1234"],
  ["%Tt %B", "+1234 +0", { asap: true }],
  ["%U", "5000000000"],
  ["%ac/%fc/%bc/%sc/%rc %sq/%bq", "9/10/100/0/+2 1/0"],
  ["%rc", "2", { redispatched: false }],
  ["%ts %tsc", "CD CD--"],
  ["%ST", "0"],
  // A TCP session may be written into a record that was an HTTP exchange's.
  ["%ST %Tu %hr%hrl", "0 1234 ", { status: 200, idleMs: 5, requestCaptures: ["a"] }],
  ["%f", 'f"]e'],
  ["%{+Q}f", '"f"]e"'],
  ["%{+E}f", 'f\\"\\]e'],
  ["%{+Q,+E}ft", '"f\\"\\]e~"', { tls: true }],
  ["%ft", 'f"]e'],
  ["%s", "<NOSRV>"],
  ["%H %pid %{+X}pid", "vm 12474 30BA"],
  ["%rt %{+X}rt %lc %{+X}lc", "10 000A 3 0003"],
  ["%ID", "-"],
  ["%{-M}ID|", "|"],
  ["%{+Q}ID", '""'],
  ["%ID", "abc", { uniqueId: "abc" }],
  // Flags for all that follow, and taken back.
  ["%b %{+Q}o%b %{-Q}b %b", 'be "be" be "be"'],
  ["%{+Q,+X}o%b %pid %{-X}pid", '"be" 30BA 12474'],
  ["%{ +Q , +X }b", '"be"'],
  ["%o%{}b", "be"],
  // Blanks: merged, none at the start, one kept at the end; a variable that writes nothing does not part them.
  ["  a   b  ", "a b "],
  ["%rt %hr %hs|", "10 |"],
  ["a%hr %hs b", "a b"],
  ["a %{-M}ID b %{-M}[str()] c", "a  b  c"],
  ["a %{-M}ID%hr b %hr%{-M}ID c %{+Q}o d", "a  b  c d"],
  ["a\tb", "a\tb"],
  // Percent signs.
  ["100%%", "100%"],
  ["%%ci%%%b", "%ci%be"],
  ["%-x %:y", "-x :y"],
  ["%b-%b_%b", "be-be_be"],
  // Expressions.
  ["<%[str(a b)]>", "<a b>"],
  ['%[str("a]b")]]', "a]b]"],
  ["%[str(a]b)]", "a]b"],
  ["%[str()] %{+Q}[str()]", '- ""'],
  ["%{+E}[str(a]b)]", "a\\]b"],
  ["%(name)ci %(name:sint)cp", "192.168.0.7 41234"],
  [TCP_LOG, '192.168.0.7:41234 [20/Nov/2026:08:56:48.017] f"]e be/<NOSRV> -1/12/1234 0 CD 9/10/100/0/+2 1/0'],
  [connectLog("tcp"), 'Connect from 192.168.0.7:41234 to 2001:db8::a:1:80 (f"]e/TCP)'],
];

for (const [format, want, change] of lines) {
  test(`format ${JSON.stringify(format)} writes ${JSON.stringify(want)}`, () =>
    expect(render(format, change)).toBe(want));
}

const HTTP: Partial<SessionRecord> = {
  http: true,
  requestAtMs: Date.UTC(2026, 10, 20, 8, 56, 48, 999),
  idleMs: 982,
  requestMs: 3,
  queueMs: 0,
  connectMs: 12,
  responseMs: 40,
  activeMs: 60,
  totalMs: 1042,
  dataMs: 5,
  requestLine: "GET /a/b?c=d&e=f?g HTTP/1.1",
  status: 304,
  requestCookie: "SID=1",
  termination: "--VN",
  requestCaptures: ["h|o", null, ""],
  responseCaptures: [null],
};
/** Written as haproxy 2.6 writes the same. */
const httpLines: [format: string, want: string, change?: Partial<SessionRecord>][] = [
  ["%HM %HU %HV", "GET /a/b?c=d&e=f?g HTTP/1.1"],
  ["%HP %HPO %HQ", "/a/b /a/b ?c=d&e=f?g"],
  ["%{+Q}r %r", '"GET /a/b?c=d&e=f?g HTTP/1.1" GET /a/b?c=d&e=f?g HTTP/1.1'],
  ["%ST %tsc %ts", "304 --VN --"],
  ["%ST", "-1", { status: -1 }],
  ["%TR/%Tr/%Ti/%Tq/%Ta/%Tt/%Tu", "3/40/982/985/60/1042/60"],
  ["%Tq %Tu", "-1 1042", { idleMs: -1 }],
  ["%Tq", "-1", { requestMs: -1 }],
  ["%Ta %Tu %TR %B", "+60 +60 3 +0", { asap: true }],
  ["%tr|%trg|%trl", "20/Nov/2026:08:56:48.999|20/Nov/2026:08:56:48 +0000|20/Nov/2026:08:56:48 +0000"],
  ["%{+Q,+X}o%tr %TR %ST %tsc", "20/Nov/2026:08:56:48.999 3 304 --VN"],
  ["%CC %CS %{-M}CS| %{+Q}CS", 'SID=1 - | ""'],
  ["%CC %{+Q,+E}CC", 'a"#\\{\xff "a\\"#\\\\{\xff"', { requestCookie: 'a"#\\{\xff' }],
  // Parts of other forms of request line (RFC 9112 §3.2), and what cutting leaves.
  ["%HP|%HPO|%HQ", "http://h/p/q|/p/q|?x=y", { requestLine: "GET http://h/p/q?x=y HTTP/1.1" }],
  ["%HP|%HPO|%HQ|%HU", "http://h|||http://h", { requestLine: "GET http://h HTTP/1.1" }],
  ["%HP|%HPO|%HQ", "*||?x", { requestLine: "OPTIONS *?x HTTP/1.1" }],
  ["%HP|%HPO", "h:1|", { requestLine: "CONNECT h:1 HTTP/1.1" }],
  ["%HP|%HPO|%HQ", "/|/|?", { requestLine: "GET /? HTTP/1.1" }],
  ["%HPO|%HQ", "/|?u=http://x/y", { requestLine: "GET /?u=http://x/y HTTP/1.1" }],
  ["%HPO", "", { requestLine: "OPTIONS *?u=http://x/y HTTP/1.1" }],
  ["%HU|%HV", "/x|HTT", { requestLine: "GET /x HTT" }],
  ["%HU|%HV", "/x|HTTP/0.9", { requestLine: "GET /x " }],
  ["%HU|%HV|%HQ", "/x|HTTP/0.9|", { requestLine: "GET /x" }],
  ["%HM|%HP|%HPO|%HU|%HV|%HQ|%r", "<BADREQ>|<BADREQ>|<BADREQ>|<BADREQ>|<BADREQ>||XY", { requestLine: "XY" }],
  ["%HM|%HP|%HPO|%HU|%HV|%HQ", Array(6).fill("<BADREQ>").join("|"), { requestLine: "" }],
  ["%r %{+Q,+E}r", '<BADREQ> "<BADREQ>"', { requestLine: "" }],
  // Bytes: `#` and quotes everywhere, in captures also what parts them; +E comes after.
  ["%r", "G #22#23]\\{|}~#7F#80#FF#09 v", { requestLine: 'G "#]\\{|}~\x7f\x80\xff\t v' }],
  ["%{+E}HU", "/#22\\]\\\\", { requestLine: 'G /"]\\ v' }],
  ["%hr %hs", "{h#7Co||} {}"],
  ["%hrl %{+Q}hrl %hsl", 'h#7Co -  "h#7Co" "" "" -'],
  ["%{+Q}hr", '"{h#7Co||}"'],
  ["%{+E}hr", "{#22#23#7B#7C#7D#0A#FF\\]\\\\}", { requestCaptures: ['"#{|}\n\xff]\\'] }],
  ["%hr%hs|%hrl%hsl", "|", { requestCaptures: [], responseCaptures: [] }],
  [
    HTTP_LOG,
    '192.168.0.7:41234 [20/Nov/2026:08:56:48.999] f"]e be/<NOSRV> 3/0/12/40/60 304 0 SID=1 - --VN 9/10/100/0/+2 1/0 ' +
    '{h#7Co||} {} "GET /a/b?c=d&e=f?g HTTP/1.1"',
  ],
  [
    CLF_HTTP_LOG,
    '192.168.0.7 - - [20/Nov/2026:08:56:48 +0000] "GET /a/b?c=d&e=f?g HTTP/1.1" 304 0 "" "" 41234 017 "f"]e" "be" ' +
    '"<NOSRV>" 3 0 12 40 60 --VN 9 10 100 0 +2 1 0 "SID=1" "" "h#7Co" "" "" ""',
  ],
];
for (const [format, want, change] of httpLines) {
  test(`HTTP: ${JSON.stringify(format)} writes ${JSON.stringify(want)}`, () =>
    expect(render(format, { ...HTTP, ...change })).toBe(want));
}

const messages: [format: string, want: string, constant: boolean][] = [
  ["  a   b ", "  a   b ", true],
  ["%%a", "%a", true],
  ["", "", true],
  ["a %[str(x)]", "a x", false],
  // Quotes are for variables alone there; +E holds.
  ["<%[str(a\r\n\x7f\tb)]> %{+Q}[str(x)] %{+E}[str(])]", "<a%0D%0A%7F\tb> x \\]", false],
  ["%CS|%hr %HM", "|{h#7Co||} GET", false],
];
test.each(messages)("in a message %p gives %p, always: %p", (format, want, constant) => {
  const result = compileLogFormat(format, HOOKS, MESSAGE);
  if (!result.ok) throw new Error(result.message);
  expect(render(format, HTTP, MESSAGE)).toBe(want);
  expect(result.format.constant).toBe(constant ? want : null);
  expect(result.format.usesRecord).toBe(/%[A-Z]/.test(format));
});

test("the text of a line is constant with its blanks merged", () => {
  const result = compileLogFormat("  a   b ", HOOKS);
  expect(result.ok && result.format.constant).toBe("a b ");
});

test("local dates follow the time zone", () => {
  const script = `
    import { putAcceptDate, putIsoDate, putLegacyDate, putLocalDate } from "${import.meta.dir}/dates.ts";
    import { lineBuffer } from "${import.meta.dir}/line_buffer.ts";
    const out = lineBuffer(200);
    for (const put of [putAcceptDate, putLocalDate, putLegacyDate, putIsoDate]) put(out, ${
    Date.UTC(2026, 0, 1, 2, 3, 4, 5)
  });
    console.log(out.bytes.toString("latin1", 0, out.at));`;
  const run = (zone: string): string =>
    Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ: zone } }).stdout.toString();
  expect(run("Asia/Kolkata")).toBe(
    "01/Jan/2026:07:33:04.00501/Jan/2026:07:33:04 +0530Jan  1 07:33:04 2026-01-01T07:33:04.005000+05:30 \n",
  );
  expect(run("America/St_Johns")).toBe(
    "31/Dec/2025:22:33:04.00531/Dec/2025:22:33:04 -0330Dec 31 22:33:04 2025-12-31T22:33:04.005000-03:30 \n",
  );
});

const ids: [format: string, want: string][] = [
  ["%{+X}o %ci:%cp_%Ts_%rt:%pid", "C0A80007:A112_6B000B50_000A:30BA"],
  ["%ID%[str(a\x01\tb\x7f)]", "a%01\tb%7F"],
  ["%[str()]-%{+Q}[str(x)]", "-x"],
];
test.each(ids)("unique-id-format %p gives %p", (format, want) => expect(render(format, {}, UNIQUE_ID)).toBe(want));

const refusals: [format: string, offset: number, message: RegExp][] = [
  ["%", 0, /Missing variable after "%": write "%%"/],
  ["ab %ci %", 7, /Missing variable/],
  ["100% sure", 4, /Unexpected " " after "%": write "%%"/],
  ["%5", 1, /Unexpected "5"/],
  ["%zz", 1, /Unknown variable "%zz": write "%%"/],
  ["x %CI", 3, /Unknown variable "%CI": did you mean "%ci"/],
  ["%cix", 1, /did you mean "%ci"/],
  ["%TX", 1, /did you mean "%T[A-Za-z]"/],
  ["%{+Q}", 5, /Missing variable after "%{\+Q}"/],
  ["%{+Q} b", 5, /Missing variable/],
  ["%{+Q", 1, /Missing "}"/],
  ["%{+Z}b", 2, /Unknown flag "\+Z": expected \+ or - and one of Q, X, E, M/],
  ["%{+Q,X}b", 5, /Unknown flag "X"/],
  ["%{+json}o %(a)ci", 2, /"\+json" is not supported yet/],
  ["%[src", 1, /Missing "]"/],
  ["a %[nope]", 4, /Unknown sample "nope"/],
  ["%sslv", 1, /needs TLS, which is not supported yet/],
  ["%(a b)ci", 1, /Cannot read the output name/],
  ["%(a:ip)ci", 1, /Unknown output type "ip"/],
];
test.each(refusals)("format %p is refused at %p", (format, offset, message) => {
  const result = compileLogFormat(format, HOOKS);
  if (result.ok) throw new Error("was accepted");
  expect(result.message).toMatch(message);
  expect(result.offset).toBe(offset);
});

const HTTP_ONLY = "CC CS HM HP HPO HQ HU HV TR Ta Ti Tq Tr r tr trg trl".split(" ");
test.each(VARIABLES.filter((row) => row.make !== null).map((row) => row.name))("%%%s in mode tcp", (name) => {
  const format = `a  %ci %${name}`;
  const complaint = HTTP_ONLY.includes(name)
    ? { ok: false as const, offset: 8, message: `format variable '${name}' is reserved for HTTP mode` }
    : null;
  const result = compileLogFormat(format, { ...HOOKS, mode: "tcp" });
  if (complaint) expect(result).toEqual(complaint);
  else expect(result.ok).toBe(true);
  expect(compileLogFormat(format, HOOKS).ok).toBe(true);
});

test("without hooks an expression is not supported yet", () => {
  const result = compileLogFormat("%[src]", CHECK_ONLY);
  expect(result).toEqual({ ok: false, offset: 2, message: "Sample expressions are not supported yet" });
});

const needs: [format: string, needs: string[], atEnd: boolean][] = [
  ["%ci %f", ["client"], false],
  ["%fp", ["local"], false],
  ["%bp %si", ["source", "server"], false],
  ["%b %s %rt %tsc", [], false],
  ["%Tt", [], true],
  ["%ID", [], true],
  [TCP_LOG, ["client"], true],
  [HTTP_LOG, ["client", "requestLine", "captures", "cookies"], true],
  ["%HQ %tsc %tr %ST", ["requestLine"], false],
  ["%hsl", ["captures"], false],
  ["%CS", ["cookies"], false],
  ["%Ta", [], true],
  ["%[str(a)]", ["client", "local"], false],
];
test.each(needs)("format %p needs %p, at the end: %p", (format, groups, atEnd) => {
  const result = compileLogFormat(format, HOOKS);
  if (!result.ok) throw new Error(result.message);
  const wanted = Object.entries(result.format.needs).filter(([, on]) => on).map(([name]) => name);
  expect(wanted).toEqual(groups);
  expect(result.format.atEnd).toBe(atEnd);
});

test("an expression says what it needs", () => {
  const expression = () => ({ evaluate: () => "", needs: ["requestLine"] as const });
  const result = compileLogFormat("%[capture.req.uri]", { ...HOOKS, expression });
  expect(result.ok && result.format.needs).toEqual({ ...noNeeds(), requestLine: true });
});

test("a line longer than its buffer is cut off", () => {
  const out = lineBuffer(5);
  for (const [format, want] of [["%b%b%b %pid %Tt", "bebeb"], ["b%hr%r", "b{h#7"], ["%HU%r", "/a/b?"]]) {
    const result = compileLogFormat(format!, HOOKS);
    if (!result.ok) throw new Error(result.message);
    out.at = 0;
    result.format.write({ ...RECORD, ...HTTP }, out);
    expect(out.bytes.toString("latin1", 0, out.at)).toBe(want!);
  }
});

test("any text compiles to a line or an error within it", () => {
  const seed = Number(process.env.FUZZ_SEED ?? 20261120);
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const pieces = ["%", "{", "}", "[", "]", "(", ")", "+Q", "-X", ",", " ", '"', "'", "\\", "o", ":", "\xff", "\0"]
    .concat(VARIABLES.map((row) => row.name), ["%{+Q}", "%[str(", "%("]);
  const REQUEST_PIECES = [" ", "?", "/", "://", "*", "GET", "\t", "\xff", '"', "]", "HTTP/1.1", "x".repeat(200)];
  const until = performance.now() + 1000;
  const out = lineBuffer(300);
  while (performance.now() < until) {
    let text = "";
    for (let i = random(12); i >= 0; i--) text += pieces[random(pieces.length)];
    try {
      const result = compileLogFormat(text, HOOKS, [LINE, UNIQUE_ID, MESSAGE][random(3)]);
      out.at = 0;
      let line = "";
      for (let i = random(9); i > 0; i--) line += REQUEST_PIECES[random(REQUEST_PIECES.length)];
      if (result.ok) result.format.write({ ...RECORD, ...HTTP, requestLine: line }, out);
      else if (!(result.offset >= 0 && result.offset <= text.length)) throw new Error(`offset ${result.offset}`);
    } catch (cause) {
      throw new Error(`FUZZ_SEED=${seed}: ${JSON.stringify(text)}`, { cause });
    }
  }
});
