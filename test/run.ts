/**
 * Runs all tests and ends with "N passed, N failed" alone on a line, which the reader of a test run looks for.
 *
 * Unit tests run a file per process; the scenarios after them one by one, because they share ports, files and CPU.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const RUNS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["unit", ["--parallel=2", "./src", "./test/house"]],
  ["scenarios", ["./test", "--path-ignore-patterns=test/house/**"]],
];
/** A run that hangs is ended; the whole must fit into the 20 minutes that CI has. */
const LIMIT_MS = 8 * 60_000;
const FOLDER = "build/test";

/** Counts of one run from its JUnit report; a run that left none, or failed without saying where, has failed once. */
function tally(report: string | null, exitCode: number | null): Tally {
  const head = /<testsuites [^>]*>/.exec(report ?? "")?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(` ${name}="([0-9]+)"`).exec(head)?.[1] ?? 0);
  const [all, failed, skipped] = [count("tests"), count("failures"), count("skipped")];
  const unseen = exitCode !== 0 && failed === 0 ? 1 : 0;
  return { passed: all - failed - skipped, failed: failed + unseen, skipped };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const sum: Tally = { passed: 0, failed: 0, skipped: 0 };
for (const [name, args] of RUNS) {
  const outfile = `${FOLDER}/${name}.xml`;
  const { exitCode } = Bun.spawnSync({
    cmd: [process.execPath, "test", ...args, "--reporter=junit", `--reporter-outfile=${outfile}`],
    stdio: ["ignore", "inherit", "inherit"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const one = tally(read(outfile), exitCode);
  if (exitCode === null) process.stderr.write(`Run "${name}" was ended after ${LIMIT_MS / 60_000} minutes\n`);
  sum.passed += one.passed;
  sum.failed += one.failed;
  sum.skipped += one.skipped;
}
if (sum.skipped > 0) process.stdout.write(`${sum.skipped} skipped\n`);
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed\n`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
