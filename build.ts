/**
 * Builds the executable: `bun build.ts [linux-x64|linux-arm64]`, called by the Makefile.
 *
 * A foreign runtime comes from the npm registry like ours, held against the checksum in package-lock.json.
 * What is left over (source map, runtime) stays under build/.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import lock from "./package-lock.json" with { type: "json" };
import pkg from "./package.json" with { type: "json" };

/** Our names for what can be built; the compiler's, and the npm package that holds its runtime. */
const TARGETS = {
  "linux-x64": { compiler: "bun-linux-x64", runtime: "@oven/bun-linux-x64", outfile: "appliance" },
  "linux-arm64": { compiler: "bun-linux-arm64", runtime: "@oven/bun-linux-aarch64", outfile: "appliance-linux-arm64" },
} as const;
type Target = keyof typeof TARGETS;

// A compiled program must not read .env or bunfig.toml where it is started: the latter can preload code.
const OPTIONS = [
  "--compile",
  "--minify",
  "--sourcemap",
  "--bytecode",
  "--format=esm",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

function build(target: Target): void {
  const { compiler, outfile } = TARGETS[target];
  const folder = `build/${target}`;
  mkdirSync(folder, { recursive: true });
  const defines = {
    BUILD_DATE: commitDate(),
    BUILD_COMMIT: output(["git", "describe", "--always", "--dirty"]) ?? "unknown",
    BUILD_TARGET: target,
    BUILD_OPTIONS: OPTIONS.join(" "),
  };
  run([
    process.execPath,
    "build",
    "./src/main.ts",
    ...OPTIONS,
    `--target=${compiler}`,
    ...(target === `linux-${process.arch}` ? [] : [`--compile-executable-path=${foreignRuntime(target)}`]),
    ...Object.entries(defines).map(([name, value]) => `--define=${name}=${JSON.stringify(value)}`),
    `--outfile=${folder}/appliance`,
  ]);
  // A rename, not a copy: the old one may be running.
  renameSync(`${folder}/appliance`, outfile);
}

/** The runtime of another processor, fetched once per version of Bun. */
function foreignRuntime(target: Target): string {
  const version = pkg.devDependencies.bun;
  const name = TARGETS[target].runtime;
  const folder = `build/runtime-${target}-${version}`;
  const runtime = `${folder}/package/bin/bun`;
  if (existsSync(runtime)) return runtime;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(["npm", "pack", `${name}@${version}`, "--silent", `--pack-destination=${folder}`]);
  const archive = `${folder}/${name.slice(1).replace("/", "-")}-${version}.tgz`;
  const expected = lock.packages[`node_modules/${name}`].integrity;
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== expected) fail(`Cannot use ${archive}: its checksum is not that of package-lock.json`);
  run(["tar", "-xzf", archive, "-C", folder]);
  rmSync(archive);
  return runtime;
}

/** YYYY/MM/DD. Of the commit, so that one commit always builds the same executable. */
function commitDate(): string {
  const date = output(["git", "log", "-1", "--format=%cs"]) ?? new Date().toISOString().slice(0, 10);
  return date.replaceAll("-", "/");
}

/** What a command prints, or null when it is not there, fails, or says nothing. */
function output(cmd: string[]): string | null {
  try {
    const { success, stdout } = Bun.spawnSync({ cmd, stdout: "pipe", stderr: "ignore" });
    return success && stdout.length > 0 ? stdout.toString().trim() : null;
  } catch {
    return null;
  }
}

function run(cmd: string[]): void {
  const { exitCode } = Bun.spawnSync({ cmd, stdout: "inherit", stderr: "inherit" });
  if (exitCode !== 0) fail(`${cmd.slice(0, 2).join(" ")} ended with exit code ${exitCode}`);
}

function fail(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

const wanted = process.argv[2] ?? `linux-${process.arch}`;
if (!(wanted in TARGETS)) fail(`Unknown target "${wanted}": expected one of ${Object.keys(TARGETS).join(", ")}`);
build(wanted as Target);
