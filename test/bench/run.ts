/**
 * `make bench`: the program, haproxy and (where it can) nginx side by side, alternating, same configuration, back ends and load; prints a
 * table of medians, spreads and ratios. See docs/performance.md.
 */
import { parseArgs } from "node:util";
import { basename } from "node:path";
import { startNginx } from "../harness/nginx.ts";
import { freePort } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, HAPROXY, start } from "../harness/processes.ts";
import { measure, newDirectory, type Run, startSink, wrk } from "./loads.ts";
import { compare, type Line, type Pair, type Sample, table } from "./report.ts";
import { type Row, ROWS } from "./rows.ts";

const HELP = `Usage: bun test/bench/run.ts [--row NAME]... [--pairs N] [--seconds S] [--json]

Runs ./appliance (APPLIANCE names another), haproxy and, where it can, nginx in turn and compares them.

  --row NAME    only this row; may be repeated
  --pairs N     runs of each program per row (5)
  --seconds S   measured span of a run (5)
  --json        every sample, as JSON, instead of the table

Rows:
${ROWS.map((row) => `  ${row.name.padEnd(12)}  ${row.what}`).join("\n")}

Needs the Debian packages haproxy, nginx-light, libnginx-mod-stream, wrk and nghttp2-client. Keep the machine otherwise quiet.`;

const { values } = parseArgs({
  options: {
    row: { type: "string", multiple: true },
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9][0-9]*$/.test(text)) stop(`Cannot use ${name} "${text}": expected a whole number from 1`);
  return Number(text);
}
function stop(problem: string): never {
  console.error(problem);
  process.exit(1);
}

const pairs = wholeNumber("--pairs", values.pairs);
const seconds = wholeNumber("--seconds", values.seconds);
const rows = values.row === undefined ? ROWS : values.row.map((name) =>
  ROWS.find((row) => row.name === name) ??
    stop(`Unknown row "${name}": expected one of ${ROWS.map((row) => row.name).join(", ")}`)
);
for (const needed of ["haproxy", "nginx", "wrk", "h2load"]) {
  if (Bun.which(needed, { PATH: "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin" }) === null) {
    stop(`Cannot find ${needed}: apt-get install haproxy nginx-light libnginx-mod-stream wrk nghttp2-client`);
  }
}
if (!await Bun.file(APPLIANCE).exists()) stop(`Cannot find ${APPLIANCE}: run make build`);

const NGINX = "/usr/sbin/nginx";
const tested = basename(APPLIANCE);
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
const warnings = new Set<string>();

/** One run of one program on fresh back ends, port and directory. */
async function once(row: Row, program: string, peak: () => Promise<number>): Promise<Sample> {
  await using farm = await startNginx("one", "two");
  const plan = { port: freePort(), servers: farm.ports, directory: newDirectory(), logPort: sink.port };
  const warn = (text: string) => void warnings.add(`${row.name}, ${basename(program)}: ${text}`);
  return await measure({ row, program, plan, seconds, peak, warn });
}

/** What haproxy reaches under the row's connections and path when nothing holds it back. */
async function peakOf(row: Row): Promise<number> {
  if (row.load.kind !== "paced") throw new Error(`Row ${row.name} has no pace`);
  await using farm = await startNginx("one", "two");
  const plan = { port: freePort(), servers: farm.ports, directory: newDirectory(), logPort: sink.port };
  const run: Run = { row, program: HAPROXY as string, plan, seconds, peak: () => Promise.resolve(0), warn() {} };
  await using _proxy = await start(row.config(plan), { program: run.program, ready: [plan.port] });
  await wrk(run, row.load, 1);
  return (await wrk(run, row.load, 2)).rate;
}

const sink = await startSink();
const lines: Line[] = [];
const raw: Record<string, Pair[]> = {};
for (const row of rows) {
  let known: Promise<number> | undefined;
  const peak = () => known ??= peakOf(row);
  const done: Pair[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    progress(`${row.name}: pair ${pair} of ${pairs}`);
    const haproxy = await once(row, HAPROXY as string, peak);
    const tested = await once(row, APPLIANCE, peak);
    done.push(row.nginx === undefined ? { haproxy, tested } : { haproxy, tested, nginx: await once(row, NGINX, peak) });
  }
  raw[row.name] = done;
  lines.push(...compare(row, done));
}
progress("");
console.log(values.json ? JSON.stringify({ seconds, pairs: raw, lines }, null, 1) : table(lines, tested));
for (const warning of warnings) console.error(`Warning: ${warning}`);
cleanUp();
process.exit(0);
