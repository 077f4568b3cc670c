/**
 * The command line as scripts drive it: what -c, -cc, -v and wrong words print, and with which exit code they end.
 * Where Debian's haproxy has the behaviour the two are held against each other.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, HAPROXY, temporaryDirectory } from "../harness/processes.ts";
import { configuration, run } from "./lab.ts";

setDefaultTimeout(30_000);
afterAll(cleanUp);

const directory = temporaryDirectory();
const good = configuration({ web: `bind 127.0.0.1:${freePort()}` });
const FILES = {
  "good.cfg": good,
  "warns.cfg": good.replace("timeout client 60s", ""),
  "bad.cfg": good.replace("mode tcp", "mode tpc"),
  "strict.cfg": good.replace("nbthread 1", "zero-warning").replace("timeout client 60s", ""),
  "quiet.cfg": good.replace("nbthread 1", "quiet").replace("timeout client 60s", ""),
  "deaf.cfg": "frontend deaf\n  mode tcp\n  timeout client 1s\n",
  "more.cfg": `frontend more\n  mode tcp\n  timeout client 1s\n  bind 127.0.0.1:${freePort()}\n  default_backend web\n`,
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
mkdirSync(join(directory, "parts"));
writeFileSync(join(directory, "parts/1.cfg"), good);
writeFileSync(join(directory, "parts/2.cfg"), FILES["more.cfg"]);
writeFileSync(join(directory, "parts/3.txt"), "no configuration\n");

/** What is said on stderr, by its kind: our words differ from haproxy's, whether there are any does not. */
const kinds = (stderr: string): string[] =>
  [...new Set([...stderr.matchAll(/^\[(ALERT|WARNING)\]/gm)].map((match) => match[1]!))].sort();

const SAME: readonly string[] = [
  "-c -f good.cfg",
  "-c -V -f good.cfg",
  "-c -q -f good.cfg",
  "-c -q -V -f good.cfg",
  "-c -dW -f good.cfg",
  "-c -f warns.cfg",
  "-c -V -f warns.cfg",
  "-c -q -f warns.cfg",
  "-c -dW -f warns.cfg",
  "-c -f bad.cfg",
  "-c -q -f bad.cfg",
  "-c -q -V -f bad.cfg",
  "-q -f bad.cfg",
  "-c -f strict.cfg",
  "-c -q -f strict.cfg",
  "-c -f quiet.cfg",
  "-c -V -f quiet.cfg",
  "-c -f good.cfg -f more.cfg",
  "-c -f good.cfg -f good.cfg",
  "-c -f parts",
  "-c -f parts/",
  "-c -- good.cfg more.cfg",
  "-C parts -c -f 1.cfg -f 2.cfg",
  "-C nowhere -c -f 1.cfg",
  "-c -f nowhere.cfg",
  "-c -f good.cfg -sf",
  "-c -f good.cfg -x",
  "-c -n 100 -N 50 -m 300 -f good.cfg",
  "-c -dM -dr -f good.cfg",
  "-db -f deaf.cfg",
];

test.skipIf(HAPROXY === null).each(SAME)("%s: exit code, stdout and kinds of messages are haproxy's", async (words) => {
  const [ours, theirs] = await Promise.all([
    run(words.split(" "), { cwd: directory }),
    run(words.split(" "), { cwd: directory, program: HAPROXY! }),
  ]);
  // A wrong word makes haproxy print its whole usage on stdout or stderr; ours is short.
  const usage = theirs.stdout.includes("Usage") || theirs.stderr.includes("Usage");
  expect(ours.code).toBe(theirs.code);
  if (usage) return expect(ours.stderr).not.toBe("");
  expect(ours.stdout).toBe(theirs.stdout);
  expect(kinds(ours.stderr)).toEqual(kinds(theirs.stderr));
});

const CONDITIONS: [text: string, code: number][] = [
  ["1", 0],
  ["0", 1],
  ["", 1],
  ["defined(PATH)", 0],
  ["!defined(PATH)", 1],
  ["defined(PATH) && streq(a,b) || 1", 0],
  ["version_atleast(2.0)", 0],
  ["version_before(2.0)", 1],
  ["true", 2],
  ["streq(a", 2],
];
test.each(CONDITIONS)("-cc %p ends with %p", async (text, code) => {
  const ours = await run(["-cc", text]);
  expect(ours.code).toBe(code);
  expect(ours.stdout).toBe("");
  if (code === 2) expect(ours.stderr).toMatch(/^\[ALERT\] {4}\(\d+\) : Failed to evaluate condition: .+\n$/);
  else expect(ours.stderr).toBe("");
  if (HAPROXY !== null) expect((await run(["-cc", text], { program: HAPROXY })).code).toBe(code);
});

const WRONG: [words: string, message: RegExp][] = [
  ["-zz", /^Unknown option "-zz"\nUsage: /],
  ["", /^No configuration file given.*\nUsage: /],
  ["-c", /^No configuration file given.*\nUsage: /],
  ["-f", /^Nothing follows "-f".*\nUsage: /],
  ["-c -f good.cfg extra", /^Unknown word "extra"/],
  ["-n many -f good.cfg", /^Cannot use "many" after -n/],
  ["-c -f good.cfg -sf some", /^Cannot use "some" after -sf: expected a process id/],
  ["--confg=good.cfg", /did you mean "--config"/],
  ["dmo", /did you mean "demo"/],
];
test.each(WRONG)("%p is refused with exit code 1", async (words, message) => {
  const ours = await run(words.split(" ").filter((word) => word !== ""), { cwd: directory });
  expect(ours.code).toBe(1);
  expect(ours.stdout).toBe("");
  expect(ours.stderr).toMatch(message);
});

const VERSIONS: [option: string, output: RegExp][] = [
  ["-v", /^Appliance version \S+ .*\nHAProxy version \d+\.\d+\.\d+\S* \d{4}\/\d\d\/\d\d - https:.*\n/],
  ["-vv", /^Appliance version (?:.*\n)+? {2}TARGET {2}= linux-glibc\n(?:.*\n)*Feature list : /],
  ["-vq", /^\d+\.\d+\.\d+\n$/],
  ["-vqs", /^\d+\.\d+\.\d+\n$/],
  ["-vqb", /^\d+\.\d+\n$/],
  ["--help", /^A load balancer.*(?:.*\n)*Examples:/],
];
test.each(VERSIONS)("%s prints on stdout and exits 0", async (option, output) => {
  const ours = await run([option]);
  expect(ours.code).toBe(0);
  expect(ours.stdout).toMatch(output);
  expect(ours.stderr).toBe("");
});

test("a reader that goes away early does no harm to -vv", async () => {
  const child = Bun.spawn(["sh", "-c", `"${APPLIANCE}" -vv | head -1; echo \${PIPESTATUS:-}`], { stderr: "pipe" });
  expect(await child.stdout.text()).toMatch(/^Appliance version/);
  expect(await child.stderr.text()).toBe("");
});

test("a link named haproxy has haproxy's options and no commands of ours", async () => {
  const link = join(directory, "haproxy");
  symlinkSync(APPLIANCE, link);
  expect((await run(["-v"], { program: link })).stdout).toContain("HAProxy version");
  const checked = await run(["-c", "-f", join(directory, "good.cfg")], { program: link });
  expect(checked).toEqual({ code: 0, stdout: "Configuration file is valid\n", stderr: "" });
  const command = await run(["demo"], { program: link });
  expect(command.code).toBe(1);
  expect(command.stderr).toContain('Unknown word "demo"');
});

test("a program without any listener says so", async () => {
  const { code, stderr } = await run(["-db", "-f", join(directory, "deaf.cfg")]);
  expect(code).toBe(1);
  expect(stderr).toContain("No enabled listener found (check for 'bind' directives) ! Exiting.");
});
