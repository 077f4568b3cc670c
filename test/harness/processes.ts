/**
 * Starts the program under test, or haproxy for comparison, on a configuration text, and ends it with all it started.
 *
 * APPLIANCE names another executable to test: `APPLIANCE=/usr/sbin/haproxy bun test test/tcp` holds the tests
 * themselves against the reference. Every process started carries a mark in its environment, so that
 * descendants are found even after they left their parent.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { waitFor } from "./conditions.ts";
import { isAlive, listening, treeOf, withEnvironment } from "./proc.ts";

export const APPLIANCE = process.env["APPLIANCE"] ?? join(import.meta.dir, "../../appliance");
export const HAPROXY = process.env["HAPROXY"] ?? Bun.which("haproxy", { PATH: "/usr/sbin:/usr/local/sbin:/usr/bin" });
/** The tests run against haproxy itself: what it has no counterpart for (roles, kill -9 of one) is left out. */
export const UNDER_TEST_IS_HAPROXY = /(^|\/)haproxy$/.test(APPLIANCE);

const MARK = "HARNESS_MARK";
const living = new Set<Running>();
const directories = new Set<string>();

/** Ends all that was started and removes all directories made: `afterAll(cleanUp)` in each file of tests. */
export function cleanUp(): void {
  for (const running of living) running.kill();
  living.clear();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  directories.clear();
}
process.on("exit", cleanUp); // the test runner does not come here, the benchmark does

/** A temporary directory, removed by cleanUp. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "appliance-test-"));
  directories.add(directory);
  return directory;
}

export interface Options {
  program?: string;
  /** Words after `-f FILE`; "-db" when left out: in the foreground. */
  args?: readonly string[];
  /** The whole command for a configuration file, of a program that is called otherwise. */
  command?: (configPath: string) => string[];
  env?: Record<string, string>;
  /** Ports that must listen, unix socket paths that must accept, before the start counts as done. */
  ready?: readonly (number | string)[];
  /** Where the configuration is written; a new temporary directory when left out. */
  directory?: string;
  /** Do not wait for `ready`; for starts that must fail. */
  mayFail?: boolean;
}

export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly directory: string;
  readonly configPath: string;
  readonly exited: Promise<number>;
  exitCode(): number | null;
  stdout(): string;
  stderr(): string;
  /** The launched process and its descendants, as they are now. */
  tree(): number[];
  /** Every live process this start led to, daemons included. */
  family(): number[];
  signal(name: NodeJS.Signals): void;
  /** Ends it and resolves once nothing of it is left; rejects if something stays. */
  stop(signal?: NodeJS.Signals): Promise<number>;
  kill(): void;
}

/** Writes the configuration, starts the program on it and waits until it serves. */
export async function start(config: string, options: Options = {}): Promise<Running> {
  const directory = options.directory ?? temporaryDirectory();
  const configPath = join(directory, `${Bun.randomUUIDv7()}.cfg`);
  writeFileSync(configPath, config);
  const program = options.program ?? APPLIANCE;
  const command = options.command?.(configPath) ?? [program, "-f", configPath, ...(options.args ?? ["-db"])];
  const running = launch(command, directory, configPath, options.env);
  if (options.mayFail) return running;
  try {
    for (const address of options.ready ?? []) await serving(address, running);
    const ours = options.ready !== undefined && basename(program) === "appliance" && !options.args?.includes("-D");
    if (ours) await allReady(running);
  } catch (cause) {
    running.kill();
    throw new Error(`Cannot start ${program}:\n${running.stderr()}`, { cause });
  }
  return running;
}

/** Starts any command with open file limits as high as allowed. */
export function launch(
  command: readonly string[],
  directory: string = temporaryDirectory(),
  configPath: string = "",
  env: Record<string, string> = {},
): Running {
  const mark = Bun.randomUUIDv7();
  const outPath = join(directory, `${mark}.out`);
  const errPath = join(directory, `${mark}.err`);
  writeFileSync(outPath, "");
  writeFileSync(errPath, "");
  const child = Bun.spawn(["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...command], {
    cwd: directory,
    env: { ...process.env, ...env, [MARK]: mark },
    stdin: "ignore",
    stdout: Bun.file(outPath), // files, not pipes: a daemon left behind must not keep the test waiting
    stderr: Bun.file(errPath),
  });
  const family = () => withEnvironment(MARK, mark);
  const running: Running = {
    pid: child.pid,
    directory,
    configPath,
    exited: child.exited,
    exitCode: () => child.exitCode,
    stdout: () => readFileSync(outPath, "utf8"),
    stderr: () => readFileSync(errPath, "utf8"),
    tree: () => treeOf(child.pid),
    family,
    signal(name) {
      child.kill(name);
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null) child.kill(signal);
      const code = await ended(child, running);
      try {
        await waitFor(() => family().length === 0, () => `nothing to be left of it, but there is ${family()}`, 10_000);
      } finally {
        running.kill();
        living.delete(running);
      }
      return code;
    },
    kill() {
      for (const pid of new Set([...family(), ...(isAlive(child.pid) ? [child.pid] : [])])) {
        try {
          process.kill(pid, "SIGKILL");
        } catch { /* gone meanwhile */ }
      }
    },
    async [Symbol.asyncDispose]() {
      running.kill();
      await child.exited;
      living.delete(running);
    },
  };
  living.add(running);
  return running;
}

async function ended(child: { exited: Promise<number> }, running: Running): Promise<number> {
  let code: number | undefined;
  void child.exited.then((value) => code = value);
  await waitFor(() => code !== undefined, () => `the program to end; it said:\n${running.stderr()}`);
  return code ?? -1;
}

/** Resolves once the port listens, or a connection to the unix socket path succeeds. */
/** A port listens before the roles are ready; the supervisor offers its listeners to a successor once all of them are. */
async function allReady(running: Running): Promise<void> {
  await waitFor(() => {
    if (running.exitCode() !== null) throw new Error(`It ended with ${running.exitCode()}`);
    return readFileSync("/proc/net/unix", "latin1").includes(`@appliance-handover-${running.pid}\n`);
  }, "all roles to be ready");
}

async function serving(address: number | string, running: Running): Promise<void> {
  await waitFor(async () => {
    if (running.exitCode() !== null && running.exitCode() !== 0) throw new Error(`It ended with ${running.exitCode()}`);
    return typeof address === "number" ? listening(address) : await acceptsUnix(address);
  }, `${address} to accept connections`);
}

async function acceptsUnix(path: string): Promise<boolean> {
  try {
    (await Bun.connect({ unix: path, socket: { data() {}, error() {} } })).terminate();
    return true;
  } catch {
    return false;
  }
}
