/**
 * The lexical layer against the haproxy of this machine (Debian's 2.6): same words, same conditions, same values
 * accepted. A row with a reason is where we differ on purpose, or where 2.6 does not know yet what we claim.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBindAddresses, parseServerAddress } from "../src/config/haproxy/addresses.ts";
import { type ConditionContext, evaluateArgument } from "../src/config/haproxy/conditions.ts";
import { lexLine } from "../src/config/haproxy/lexer.ts";
import { parseThreadSet, parseTime } from "../src/config/haproxy/values.ts";

const haproxy = Bun.which("haproxy");
const dir = mkdtempSync(join(tmpdir(), "lexical-"));
afterAll(() => rmSync(dir, { recursive: true }));

const env = { PATH: "/usr/bin:/bin", V: "a  b c", E: "", N: "5", X: 'q"\\n$N #' };
const environment = new Map(Object.entries(env));

/** What haproxy says of each line of a file; "" : nothing. */
function check(lines: string[]): string[] {
  const file = join(dir, "t.cfg");
  writeFileSync(file, Buffer.from(lines.join("\n") + "\n", "latin1"));
  const done = Bun.spawnSync([haproxy ?? "", "-c", "-f", file], { env, stdout: "ignore" });
  const said = done.stderr.toString("latin1").split("\n");
  const byLine = lines.map(() => "");
  for (const line of said) {
    const found = / : \D*\[[^\]]*:(\d+)\] ?: (.*)$/.exec(line);
    if (found !== null) byLine[Number(found[1]) - 1] ||= `${line.includes("ALERT") ? "!" : ""}${found[2]}`;
  }
  return byLine;
}

type Row = [text: string, differs?: string];
const EMPTY_EXPANSION = "an empty [*] gives no word since 3.x; 2.6 gives an empty one";
const BARE = "${NAME} in bare words is expanded at our level, 2.6 leaves it";

const words: Row[] = [
  ...[["a"], ["a b"], ['"a b"'], ["'a b'"], ["a\\ b"], ["a\\yb"], ["a\\x41b"], ["a\\x4"], ["a\\x4gz b"], [
    "a\\",
  ]] as Row[],
  ...[["a \\"], ["'a\\nb'"], ["\"a'b\\'\\\\\""], ["a\\#b#c"], ["a#b"], ['"a#b"'], ["a\\$b"], ['"a\\$b"']] as Row[],
  ...[["a\\tb"], ['"a'], ["'a "], ["\"a\"b'c'd"], ["a\r"], ["a\x0cb"], ['"a\\x"'], ['"a\\"'], ['""'], ["''"]] as Row[],
  ...[["$V"], ['"$V"'], ["'$V'"], ['"x${V[*]}y"'], ['"$U"'], ['"${U}"'], ['"x$U"y'], ['"${U-a b}"']] as Row[],
  ...[['"${E-a}"'], ['"${U-a$V}"'], ['"${U-a\\}b}"'], ['"${U-a"b}"'], ['"${U[*]-a b}"'], ['"${U"'], [
    '"${U-"',
  ]] as Row[],
  ...[['"$"'], ['"$ a"'], ['"$5"'], ['"${}"'], ['"${U[1]}"'], ['"$U[*]"'], ['"${U:-5}"'], ['"${N}x$N"']] as Row[],
  ...[['"$.line"'], ['"${.XX}"'], ['"${.LINE}:${.SECTION}|"'], ['"$X"'], ['"${X[*]}"'], ["a\xffb"], ["é"]] as Row[],
  ["${V}", BARE],
  ["${U-x}", BARE],
  ['"${U[*]}" y', EMPTY_EXPANSION],
  ["a\\x00b", "a NUL character ends the word without a word of warning in 2.6"],
  ["a\rb", "2.6 ignores what stands behind a stray carriage return"],
];

/** Our reading of `.notice …` in haproxy's words. */
function ourWords(text: string, line: number): string {
  const source = `.notice ${text}`;
  const lexed = lexLine(source, { file: "t", line, environment, section: "", comments: true });
  if (lexed.error !== null) {
    const what: [ours: RegExp, theirs: string][] = [
      [/quote/, "unmatched quote"],
      [/brace/, "unmatched brace in environment variable name"],
      [/escape/, "truncated or invalid hexadecimal sequence"],
      [/begin the name|pseudo/, "forbidden first char in environment variable name"],
      [/Cannot expand/, "truncated or invalid word expansion sequence"],
    ];
    const theirs = what.find(([ours]) => ours.test(lexed.error.message))?.[1] ?? lexed.error.message;
    return `!${theirs} at position ${lexed.error.column}:`;
  }
  const [, first, second] = lexed.words.map((word) => word.text);
  if (second !== undefined) {
    return `!Unexpected argument '${second}' for '.notice'. Use quotes if the message should contain spaces.`;
  }
  return `'${first ?? ""}'.`;
}

test.skipIf(haproxy === null)("words of a line", () => {
  // 2.6 spoils a default value when it must enlarge its buffer: the first line makes it large enough.
  const theirs = check([`.notice ${"x".repeat(200)}`, ...words.map(([text]) => `.notice ${text}`)]).slice(1);
  for (const [k, [text, differs]] of words.entries()) {
    const pair = { text, ours: ourWords(text, k + 2), theirs: theirs[k] };
    if (differs === undefined) expect(pair).toEqual({ ...pair, ours: theirs[k] ?? "" });
    else expect(pair, `no longer different: ${differs}`).not.toEqual({ ...pair, ours: theirs[k] ?? "" });
  }
});

const NEWER = "unknown to 2.6";
const STRICTER = "2.6 takes it for false; we say what is missing";
const conditions: Row[] = [
  ...["", "0", "1", "-1", "00", "12a", " 1 ", "a", "!0", "! 0", "!!0", "!", "(1)", "(1", "1)", "1&&0", "1 & 0"].map((
    t,
  ) => [t] as Row),
  ...["1 && ", "&& 1", "0 || 1", "1 || 0 && 0", "(1||0)&&0", "defined(V)", "defined(E)", "defined(U)"].map((t) =>
    [t] as Row
  ),
  ...["defined (V)", "defined()", "defined(V", "defined(V)x", "defined(V,W)", "feature(FOO)"].map((t) => [t] as Row),
  ...["feature(EPOLL)", "feature(epoll)", "feature(THREAD) && !feature(WURFL)", "streq(a,a)", "streq(a , a)"].map((t) =>
    [t] as Row
  ),
  ...['streq("a b","a b")', 'streq("$N",5)', "streq(a)", "streq(a,b,c)", "strneq(a,b)", "streq(,)"].map((t) =>
    [t] as Row
  ),
  ...[
    "version_atleast(2.4)",
    "version_atleast(2.4-dev19)",
    "version_before(9)",
    "version_atleast()",
    "ssllib_name_startswith(X)",
  ].map((t) => [t] as Row),
  ...["foo(1)", "1 1", "1 (0)", '"1"', "'1'", '"$N"', "$N", "streq(\\x41,A)", 'streq("a,b",a)', "streq(a\\,b,c)"].map((
    t,
  ) => [t] as Row),
  ...["1#", "1 # c", "defined(V) || foo", "0 && foo", "((1)", "()", "(0) || (1)", "+1", "1e", "0x10", "08"].map((t) =>
    [t] as Row
  ),
  ...["99999999999999999999", "streq(a,(b))", "streq(\\\"a,b\\\",\\'a,b\\')", "streq(a\\\\\\\\b,'a\\\\b')"].map((t) =>
    [t] as Row
  ),
  ['streq("$V","a  b c")', "2.6 expands in place and stumbles over a value longer than its name"],
  ["defined", STRICTER],
  ["version_before(x)", STRICTER],
  ["strstr(abc,b)", NEWER],
  ["enabled(EPOLL)", NEWER],
  ["awslc_api_atleast(1)", NEWER],
  ["fips_mode", NEWER],
];

test.skipIf(haproxy === null)("conditions of -cc", () => {
  const context: ConditionContext = {
    environment,
    features: new Set(["EPOLL", "THREAD"]),
    enabled: new Set(["EPOLL"]),
    version: "3.5.0",
    ssl: null,
  };
  for (const [text, differs] of conditions) {
    const result = evaluateArgument(text, context);
    const ours = "error" in result ? 2 : result.value ? 0 : 1;
    const done = Bun.spawnSync([haproxy ?? "", "-cc", text], { env, stdout: "ignore", stderr: "ignore" });
    const pair = { text, code: done.exitCode };
    if (differs === undefined) expect(pair).toEqual({ text, code: ours });
    else expect(pair, `no longer different: ${differs}`).not.toEqual({ text, code: ours });
  }
});

const UNIT = "2.6 warns that what follows the unit will be an error in later versions";
const times: Row[] = [
  ...["0", "1", "10s", "10S", "1h", "24d", "25d", "24.5d", "2147483647", "2147483648", "99999999999999"].map((t) =>
    [t] as Row
  ),
  ...["1us", "1500us", "0us", "-1", "+1", "1.5s", "10x", "ms", "010", "0x10", "1M", "596h", "597h"].map((t) =>
    [t] as Row
  ),
  ["1m30s", UNIT],
  ["1sx", UNIT],
];

test.skipIf(haproxy === null)("times", () => {
  const theirs = check(["defaults", ...times.map(([text]) => ` timeout client ${text}`)]).slice(1);
  expectAccepted(times, theirs, (text) => "value" in parseTime(text));
});

const LOOSE = "2.6 reads the digits and ignores the rest";
const C_FORM = "the C library's forms of an IPv4 address are mistakes in a configuration";
const binds: Row[] = [
  ...[":80", "*:80", "80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:80", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:80-90"].map((
    t,
  ) => [t] as Row),
  ...["1.2.3.4:90-80", "1.2.3.4:80-", "1.2.3.4:-80", "1.2.3.4:+80", "1.2.3.400:80", "::", "::1", ":::80"].map((t) =>
    [t] as Row
  ),
  ...["::1:80", "[::1]:80", "[::1]", "[::1", "[::1]x", "[1.2.3.4]:80", "ipv4@:80", "ipv6@:80", "ipv6@::1:80"].map((t) =>
    [t] as Row
  ),
  ...["ipv4@::1:80", "ipv6@1.2.3.4:80", "ip@1.2.3.4:80", "tcp@1.2.3.4:80", "tcp4@1.2.3.4:80", "tcp6@::1:80"].map((t) =>
    [t] as Row
  ),
  ...["udp@1.2.3.4:80", "quic4@1.2.3.4:80", "unix@/run/x", "/run/x", "unix@x", "abns@x", "fd@", "fd@x"].map((t) =>
    [t] as Row
  ),
  ...["stream+ipv4@1.2.3.4:80", "stream+unix@/x", "stream+tcp@1.1.1.1:1", "dgram+ipv4@1.2.3.4:80"].map((t) =>
    [t] as Row
  ),
  ...["stream+1.2.3.4:80", "foo@1.2.3.4:80", "localhost:80", "1.2.3.4:80,1.2.3.5:81", "1.2.3.4:80,"].map((t) =>
    [t] as Row
  ),
  ...[",1.2.3.4:80", ":80-82,:90", "*", ":", "*:*", "1.2.3.4:http", "::ffff:1.2.3.4:80", "ipv6@[::1]:80"].map((t) =>
    [t] as Row
  ),
  ...["*:+100", "uxst@/run/x", "/run/a:80", "0:0:0:0:0:0:0:1:80", "1::2::3:80"].map((t) => [t] as Row),
  ["1.2.3.4:80x", LOOSE],
  ["1.2.3:80", C_FORM],
  ["127.1:80", C_FORM],
  ["01.2.3.4:80", C_FORM],
  ["0x7f000001:80", C_FORM],
  ["unix@", "an empty path cannot be bound"],
  ["abns@", "an empty name would be chosen by the kernel"],
  ["abnsz@x", NEWER],
];

test.skipIf(haproxy === null)("addresses of bind", () => {
  for (let from = 0; from < binds.length; from += 30) { // haproxy stops after 50 mistakes
    const rows = binds.slice(from, from + 30);
    const theirs = check(["frontend f", ...rows.map(([text]) => ` bind ${text}`)]).slice(1);
    expectAccepted(rows, theirs, (text) => "value" in parseBindAddresses(text));
  }
});

const servers: Row[] = [
  ...["1.2.3.4", "1.2.3.4:", "1.2.3.4:80", "1.2.3.4:0", "1.2.3.4:+80", "1.2.3.4:-80", "[::1]", "*:80", ":80"].map((t) =>
    [t] as Row
  ),
  ...["1.2.3.4:65536", "1.2.3.4:80-90", "1.2.3.4:http", "udp@1.2.3.4:80", "fd@3", "/run/x", "abns@x", "tcp6@::1:80"]
    .map((t) => [t] as Row),
  ["1.2.3.4:80x", LOOSE],
];

test.skipIf(haproxy === null)("addresses of server", () => {
  const theirs = check(["backend b", ...servers.map(([text], k) => ` server s${k} ${text}`)]).slice(1);
  expectAccepted(servers, theirs, (text) => "value" in parseServerAddress(text));
});

const threads: Row[] = [
  ...["1", "1-2", "2-1", "1-", "odd", "even", "all", "1/1-2", "1/odd", "2/1", "0", "65", "-2", "1k", "abc"].map((t) =>
    [t] as Row
  ),
  ["1,2", "lists of sets came after 2.6"],
];

test.skipIf(haproxy === null)("thread sets", () => {
  const theirs = check(["frontend f", ...threads.map(([text], k) => ` bind :${k + 1} thread ${text}`)]).slice(1);
  expectAccepted(threads, theirs, (text) => "value" in parseThreadSet(text));
});

function expectAccepted(rows: Row[], theirs: string[], accepts: (text: string) => boolean): void {
  for (const [k, [text, differs]] of rows.entries()) {
    const said = theirs[k] ?? "";
    const pair = { text, accepted: !said.startsWith("!"), said };
    if (differs === undefined) expect(pair).toEqual({ ...pair, accepted: accepts(text) });
    else expect(pair, `no longer different: ${differs}`).not.toEqual({ ...pair, accepted: accepts(text) });
  }
}
