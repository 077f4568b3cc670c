/** The command line as tables: what scripts give haproxy, what we refuse, and that every option is told of. */
import { expect, test } from "bun:test";
import { emptyInvocation, type Invocation } from "./invocation.ts";
import { NOT_SUPPORTED, OPTIONS, SUBCOMMANDS, WITHOUT_EFFECT } from "./option_table.ts";
import { parseArguments } from "./options.ts";

/** Words as a shell would split them; "" inside quotes stays a word. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map((found) => found[1] ?? found[0]);
}

const accepted: [line: string, want: Partial<Invocation>][] = [
  // Launches seen in the field.
  [`-d -dM -dI -dW -f "/x/cfg"`, { debug: true, zeroWarning: true, files: ["/x/cfg"] }],
  ["-c -V -f cfg", { kind: "check", verbose: true, files: ["cfg"] }],
  ["-D -f cfg -p pid -sf 123 124", { daemon: true, files: ["cfg"], pidfile: "pid", oldPids: [123, 124] }],
  ["-W -db -f a -f b -f dir/", { masterWorker: true, foreground: true, files: ["a", "b", "dir/"] }],
  ["-Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid", {
    masterWorker: true,
    notify: true,
    files: ["/etc/haproxy/haproxy.cfg"],
    pidfile: "/run/haproxy.pid",
  }],
  ["-f a -x /run/s -sf 7", { files: ["a"], socketsFrom: "/run/s", oldPids: [7] }],
  ["-q -c -f /dev/null", { kind: "check", quiet: true, files: ["/dev/null"] }],
  // Files in their three spellings, in order.
  ["--config a --config=b -f c -- d -e", { files: ["a", "b", "c", "d", "-e"] }],
  ["--config=a=b", { files: ["a=b"] }],
  ["-f -", { files: ["-"] }],
  ["-C /etc -f a", { directory: "/etc", files: ["a"] }],
  // Lists of old processes.
  ["-f a -sf", { files: ["a"] }], // what `-sf $(cat none)` becomes
  ["-f a -st 1 -sf 2", { files: ["a"], oldPids: [1, 2], oldPidsSignal: "SIGUSR1" }],
  ["-sf 1 -st 2 -f a", { files: ["a"], oldPids: [1, 2], oldPidsSignal: "SIGTERM" }],
  [`-f a -sf "12\n"`, { files: ["a"], oldPids: [12] }],
  // Quiet and verbose: verbose wins in any order.
  ["-q -V -f a", { verbose: true, files: ["a"] }],
  ["-V -q -f a", { verbose: true, files: ["a"] }],
  // Numbers and names.
  ["-n 2000 -N 0 -m 512 -L lb1 -f a", {
    maxconn: 2000,
    proxyMaxconn: 0,
    memoryMaxMb: 512,
    localPeer: "lb1",
    files: ["a"],
  }],
  ["-4 -dr -dD -f a", { ipv4Only: true, ignoreResolveFailures: true, diagnostics: true, files: ["a"] }],
  // -d with a letter that is not known is -d; text glued to -dM belongs to it.
  ["-dx -f a", { debug: true, files: ["a"] }],
  ["-dM0x50,no-merge -f a", { files: ["a"] }],
  // Without files.
  ["-cc 1", { kind: "condition", condition: "1" }],
  [`-cc ""`, { kind: "condition", condition: "" }],
  ["-cc 1 -c", { kind: "condition", condition: "1" }],
  ["-v", { kind: "version", version: "short" }],
  ["--version", { kind: "version", version: "short" }],
  ["-vv", { kind: "version", version: "full" }],
  ["-vq", { kind: "version", version: "number" }],
  ["-vqs", { kind: "version", version: "numberShort" }],
  ["-vqb", { kind: "version", version: "branch" }],
  ["-h", { kind: "help" }],
  ["--help --nonsense", { kind: "help" }], // the first such word ends the reading
  ["-f a -v -zz", { kind: "version", version: "short", files: ["a"] }],
  ["demo", { kind: "demo" }],
];

test.each(accepted)("accepts %s", (line, want) => {
  expect(parseArguments(words(line), "/usr/bin/appliance")).toEqual({ ...emptyInvocation(), ...want });
});

const refused: [line: string, problem: RegExp, showUsage: boolean][] = [
  ["", /No configuration file given/, true],
  ["-c", /No configuration file given/, true],
  ["-c --", /No configuration file given/, true],
  ["-f", /Nothing follows "-f": expected PATH/, true],
  ["-c -f a -x", /Nothing follows "-x"/, true],
  ["-cc", /Nothing follows "-cc"/, true],
  ["-x -f a", /Cannot use "-f" after -x: expected the path/, false],
  ["-f a -z", /Unknown option "-z"/, true],
  ["-f a -Wx", /Unknown option "-Wx"/, true],
  ["-fa", /Unknown option "-fa"/, true],
  ["-f a -dbfoo", /Unknown option "-dbfoo"/, true],
  ["-f a -dRx", /Unknown option "-dRx"/, true], // no text glued where none belongs
  ["-vx", /Unknown option "-vx"/, true],
  ["--confg a", /Unknown option "--confg": did you mean "--config"/, true],
  ["--help=1", /--help takes no value/, false],
  ["-c toString", /Unknown word/, true],
  ["-c a", /Unknown word "a": expected an option/, true],
  ["-f a -n abc", /Cannot use "abc" after -n: expected a whole number/, false],
  ["-f a -n -5", /Cannot use "-5" after -n/, false],
  ["-f a -N 2147483648", /Cannot use "2147483648" after -N/, false],
  ["-f a -m 1.5", /Cannot use "1.5" after -m/, false],
  ["-f a -sf abc", /Cannot use "abc" after -sf: expected a process id/, false],
  ["-f a -sf 1x", /Cannot use "1x" after -sf/, false],
  ["-f a -st 0", /Cannot use "0" after -st/, false],
  [`-f a -sf ""`, /Cannot use "" after -sf/, false],
  [`-f a -p ""`, /Cannot use "" after -p: expected a file name/, false],
  ["-d -Ws -S fd@7 -f cfg -p /x/pid", /"-S": the master socket is not supported yet/, false],
  ["-dKall -q -c -f a", /"-dKall": a dump of the keywords is not supported yet/, false],
  ["-dt -f a", /"-dt": traces are not supported yet/, false],
  ["-dL -c -q -f a", /not supported yet/, false],
  ["-dA/tmp/x -c -q -f a", /not supported yet/, false],
  ["-dC1,line -f a", /not supported yet/, false],
  ["-dR -f a", /SO_REUSEPORT is not supported yet/, false],
  ["dmeo", /Unknown command "dmeo": did you mean "demo"/, true],
  ["/etc/haproxy/haproxy.cfg", /Unknown command/, true],
  ["demo -f a", /Cannot use "-f" after demo/, false],
];

test.each(refused)("refuses %s", (line, problem, showUsage) => {
  const got = parseArguments(words(line), "appliance");
  expect(got).toEqual({ kind: "refused", problem: expect.stringMatching(problem), showUsage });
});

test("a link named haproxy has the same options and no subcommands", () => {
  expect(parseArguments(["-c", "-f", "a"], "/usr/sbin/haproxy")).toEqual({
    ...emptyInvocation(),
    kind: "check",
    files: ["a"],
  });
  expect(parseArguments(["demo"], "/usr/sbin/haproxy")).toMatchObject({ kind: "refused", showUsage: true });
});

test.each(Object.keys(WITHOUT_EFFECT))("%s changes nothing", (name) => {
  expect(parseArguments([name, "-f", "a"], "haproxy")).toEqual({ ...emptyInvocation(), files: ["a"] });
});

test("every option stands in one table, once", () => {
  const names = [
    ...OPTIONS.flatMap((option) => option.names),
    ...Object.keys(WITHOUT_EFFECT),
    ...Object.keys(NOT_SUPPORTED),
    ...Object.keys(SUBCOMMANDS),
  ];
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});
