/**
 * The same expressions and ACLs through haproxy and through us: the same ones accepted, the same values, the same
 * matches. What differs is listed with its reason.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Acl, Model } from "../src/config/haproxy/model.ts";
import { compileAcl, splitAclWords } from "../src/proxy/samples/acl.ts";
import { parseIPv4 } from "../src/proxy/samples/address.ts";
import type { SampleContext } from "../src/proxy/samples/context.ts";
import { compileExpression } from "../src/proxy/samples/expression.ts";
import { namesOf } from "../src/proxy/samples/names.ts";
import type { Setting } from "../src/proxy/samples/types.ts";
import { freePort } from "./harness/ports.ts";
import { cleanUp, HAPROXY, start, temporaryDirectory } from "./harness/processes.ts";
import { startSyslog } from "./harness/syslog.ts";
import { PROCESS } from "./samples_context.ts";
import {
  FILES,
  linesOf,
  NOT_YET,
  quoted,
  refusal,
  REFUSED,
  refused,
  splitWords,
  withFiles,
  writeFiles,
} from "./samples_lab.ts";

const acl = (line: string) => `acl: ${line}`;

/** What haproxy 2.6 does otherwise, and why we do not follow. */
const DIFFERENT = new Map([
  ["act_conn", "came after 2.6"],
  ["int(5),add()", "we ask for the operand that haproxy takes for 0"],
  ["int(5),add", "likewise"],
  ["int(1700000000),utime", "we ask for the format"],
  ["int(1700000000),utime()", "likewise"],
  ["int(-1),utime(%F %T)", "haproxy cuts a bit off a date before 1970; strftime(3) does not"],
  ["int(9223372036854775807),utime(%F)", "likewise of one no calendar reaches: ours has no value"],
  ["str(YWJjZA==),ub64dec", "haproxy decodes the padding to a stray byte"],
  ["str(a:b:c),port_only", "haproxy makes a number of letters; ours is 0"],
  ["str(host:8x),port_only", "likewise; ours ends at the letter"],
  ["str(abc),regsub($,-,g)", "haproxy replaces the end twice"],
  [acl("int(5) ne 5"), "haproxy takes it, undocumented, and compares for equality: a trap, so it is refused"],
]);

/** Text or "-", as the log shows it. */
let theirs: Map<string, string>;
let ours: Map<string, string>;

/** As they stand in a configuration, one in a line. */
const EXPRESSIONS = linesOf("expressions.txt");
/** Criterion, flags and patterns; the files they name are below. */
const ACLS = linesOf("acls.txt");

const directory = temporaryDirectory();
const PORTS = { frontend: freePort(), bind: 0 };
let clientPort = 0;

beforeAll(async () => {
  writeFiles(directory);
  await using syslog = await startSyslog();
  const head = `global
  log 127.0.0.1:${syslog.port} len 65000 format raw local0
  tune.bufsize 65000
  tune.vars.sess-max-size 1000000
defaults
  mode tcp
  timeout client 5s
  timeout server 6s
  timeout connect 5s
  retries 0
`;
  theirs = new Map();
  const badExpressions = await refused(
    directory,
    `${head}listen f\n  bind 127.0.0.1:1\n  server s 127.0.0.1:1\n`,
    EXPRESSIONS,
    (text, i) => `listen f${i}\n  bind 127.0.0.1:1\n  server s 127.0.0.1:1\n  log-format ${quoted(`%[${text}]`)}`,
  );
  const files = (line: string) => withFiles(line, directory);
  const aclLine = (line: string, i: number) => `  acl a${i} ${files(line)}`;
  const badAcls = await refused(directory, `${head}listen f\n  bind 127.0.0.1:1\n`, ACLS, aclLine);
  for (const text of badExpressions) theirs.set(text, REFUSED);
  for (const line of badAcls) theirs.set(acl(line), REFUSED);
  const expressions = EXPRESSIONS.filter((text) => !badExpressions.has(text));
  const acls = ACLS.filter((line) => !badAcls.has(line));
  const format = [
    ...expressions.map((text) => `%[${text}]`),
    ...acls.map((_, i) => `%[var(sess.a${i})]`),
  ].map((field, i) => `\u0002${i}:${field}\u0003`);
  const config = `${head}
listen f
  bind 127.0.0.1:${PORTS.frontend} name door
  server s 127.0.0.1:1 weight 7 maxconn 10 maxqueue 5
  log global
${
    acls.map((line, i) => `  acl a${i} ${files(line)}\n  tcp-request connection set-var(sess.a${i}) int(1) if a${i}`)
      .join("\n")
  }
  log-format ${quoted(format.join("").replaceAll("\u0002", "<<").replaceAll("\u0003", ">>"))}
`;
  await using running = await start(config, {
    program: HAPROXY!,
    ready: [PORTS.frontend],
    directory,
  });
  const client = await Bun.connect({ hostname: "127.0.0.1", port: PORTS.frontend, socket: { data() {} } });
  clientPort = client.localPort;
  const line = await syslog.waitFor((text) => text.includes("<<0:"), "the line with all values");
  client.end();
  const values = [...line.matchAll(/<<(\d+):([^]*?)>>(?=<<\d+:|$)/g)].map((match) => match[2]!);
  expressions.forEach((text, i) => theirs.set(text, values[i] ?? "missing"));
  acls.forEach((text, i) => theirs.set(acl(text), values[expressions.length + i] === "1" ? "match" : "no match"));
  await running.stop();
  ours = evaluateAll();
});
afterAll(cleanUp);

/** The proxy of the configuration above, as far as samples look at it. */
const MODEL = {
  proxies: [{
    name: "f",
    kind: "listen",
    id: 1,
    binds: [{ id: 1, name: "door" }],
    servers: [{ name: "s", id: 1, weight: 7 }],
    defaultBackend: null,
    timeouts: { client: 5000, server: 6000, tunnel: null },
    options: { allbackups: false },
  }],
} as unknown as Model;

function evaluateAll(): Map<string, string> {
  const address = parseIPv4("127.0.0.1")!;
  const counts = {
    ...PROCESS.counts,
    frontendConnections: () => 1,
    frontendSessionRate: () => 1,
    frontendRequestRate: () => 0,
    listenerConnections: () => 1,
    backendConnections: () => 0,
    backendSessionRate: () => 1,
    backendQueued: () => 0,
    usableServers: () => 1,
    freeConnections: () => 10,
    freeSlots: () => 15,
    serverConnections: () => 0,
  };
  const context: SampleContext = {
    process: { ...PROCESS, model: MODEL, counts },
    clientAddress: () => address,
    clientPort: () => clientPort,
    localAddress: () => address,
    localPort: () => PORTS.frontend,
    frontend: 0,
    listener: 0,
    backend: 0,
    server: 0,
    request: null,
    response: null,
    exchange: null,
  };
  const setting: Setting = {
    scope: "log",
    names: namesOf(MODEL, 0),
    environment: (name) => process.env[name],
    readFile: (path) => FILES[path] ?? null,
  };
  // The rules that stand for ACLs run before a server is chosen.
  const early = { ...context, server: -1 };
  const results = new Map<string, string>();
  for (const text of EXPRESSIONS) {
    const compiled = compileExpression(Buffer.from(text).toString("latin1"), "str", setting);
    if (!compiled.ok) results.set(text, refusal(compiled.message));
    // The log writes a string up to a zero byte, and nothing as a dash.
    else results.set(text, String(compiled.evaluate(context) ?? "").split("\0", 1)[0] || "-");
  }
  for (const line of ACLS) {
    const [criterion = "", ...words] = splitWords(line);
    const one: Acl = { name: "a", criterion, ...splitAclWords(words), place: { file: "", line: 0, column: 0 } };
    const compiled = compileAcl(one, setting);
    results.set(acl(line), !compiled.ok ? refusal(compiled.message) : compiled.test(early) ? "match" : "no match");
  }
  return results;
}

const names = [...EXPRESSIONS, ...ACLS.map(acl)];

test("as haproxy does", () => {
  const differences = names
    .filter((name) => !DIFFERENT.has(name) && ours.get(name) !== NOT_YET && ours.get(name) !== theirs.get(name))
    .map((name) => `${name}   ours: ${ours.get(name)}   theirs: ${theirs.get(name)}`);
  expect(differences).toEqual([]);
});

test("the list of differences holds no more than there are", () => {
  expect([...DIFFERENT.keys()].filter((name) => ours.get(name) === theirs.get(name))).toEqual([]);
});
