/** The house rules as functions: source files in, a list of what breaks the rule out. Empty is good. */
import { Glob } from "bun";
import { dirname, normalize } from "node:path";

export interface Source {
  /** From the top of the checkout, e.g. "src/proxy/tcp/relay.ts". */
  path: string;
  text: string;
}

/**
 * Which folder of src/ may import from which; each may import from itself and from the files that lie directly in src/.
 * main.ts may import from all. Imports point downwards: nothing here goes in a circle.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // Commands and roles.
  cli: ["config"],
  demo: ["config", "linux"],
  supervisor: ["board", "cli", "config", "linux", "logs"], // cli: what the command line asked for
  // The data plane and what watches it meet on the board and in the configuration, never in code.
  proxy: ["board", "config", "linux", "logs", "stats"],
  control: ["board", "checks", "config", "linux", "logs", "runtime", "stats", "store"],
  vrrp: ["config", "linux", "logs"],
  agents: ["config", "linux"],
  admin: ["board", "checks", "config", "linux", "logs", "runtime", "stats", "store"],
  // Domain modules.
  runtime: ["board", "checks", "config", "linux", "logs", "stats", "store"],
  checks: ["board", "config", "linux", "logs"],
  stats: ["board", "config"],
  logs: ["board", "config", "linux"],
  store: ["config"],
  // The ground.
  board: ["config", "linux"],
  config: [],
  linux: [],
};

/** Files longer than this must be named below, each with its reason. */
export const LONGEST = 400;
export const LONG_FILES: Readonly<Record<string, string>> = {
  "test/tcp/fate_cases.ts": "one table: the exchanges of fate.test.ts",
};

/** Every TypeScript file of the project. */
export async function sources(): Promise<Source[]> {
  const top = `${import.meta.dir}/../..`;
  const found: Source[] = [];
  for (const pattern of ["src/**/*.ts", "src/**/*.tsx", "test/**/*.ts", "*.ts"]) {
    for await (const path of new Glob(pattern).scan({ cwd: top })) {
      found.push({ path, text: await Bun.file(`${top}/${path}`).text() });
    }
  }
  return found.toSorted((a, b) => a.path < b.path ? -1 : 1);
}

export function isTest(path: string): boolean {
  return path.startsWith("test/") || /\.test\.tsx?$/.test(path);
}

/** What a file imports: static, re-exported, dynamic, for its types or for its effects. */
export function imports(text: string): string[] {
  const found = text.matchAll(/^\s*(?:import|export)\b[^"'`;]*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm);
  return [...found].map((match) => match[1] ?? match[2] ?? "");
}

/** Directions between the folders of src/. Tests may look anywhere. */
export function importsUpwards(files: readonly Source[]): string[] {
  return files.filter(({ path }) => path.startsWith("src/") && !isTest(path)).flatMap(({ path, text }) => {
    const from = folder(path);
    if (from === null) return path === "src/main.ts" ? [] : topImports(path, text);
    const allowed = MAY_IMPORT[from];
    if (allowed === undefined) return [`${path}: folder "${from}" is not in MAY_IMPORT`];
    return targets(path, text).flatMap((target) => {
      if (target === "src/main.ts" || target.startsWith("test/")) return [`${path} imports ${target}`];
      const to = folder(target);
      return to === null || to === from || allowed.includes(to) ? [] : [`${path} imports ${target}`];
    });
  });
}

/** What everybody may import must itself stand on nothing. */
function topImports(path: string, text: string): string[] {
  return targets(path, text).filter((target) => folder(target) !== null).map((target) => `${path} imports ${target}`);
}

/** Native code is called in one folder, so that a change of system or runtime is a change there. */
export function ffiOutsideLinux(files: readonly Source[]): string[] {
  return files.filter(({ path, text }) => !path.startsWith("src/linux/") && imports(text).includes("bun:ffi"))
    .map(({ path }) => path);
}

export function withoutOpening(files: readonly Source[]): string[] {
  return files.filter(({ text }) => !/^\/\*\*\s+\S/.test(text)).map(({ path }) => path);
}

/** Long files that are not named, and named ones that are no longer long. Tables of test cases may grow. */
export function tooLong(files: readonly Source[], named: Readonly<Record<string, string>>): string[] {
  const long = files.filter(({ path, text }) =>
    !/\.test\.tsx?$/.test(path) && text.trimEnd().split("\n").length > LONGEST
  )
    .map(({ path }) => path);
  return [
    ...long.filter((path) => !Object.hasOwn(named, path)),
    ...Object.keys(named).filter((path) => !long.includes(path)),
  ];
}

/** Only the command line talks to a terminal; the roles log. */
export function consoles(files: readonly Source[]): string[] {
  return files.filter(({ path, text }) =>
    path.startsWith("src/") && !path.startsWith("src/cli/") && !isTest(path) && /\bconsole\s*\./.test(code(text))
  ).map(({ path }) => path);
}

/** Promises to come back later belong into the list of work, not into the code. */
export function leftovers(files: readonly Source[]): string[] {
  // Written so that this line does not find itself.
  const words = /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/;
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, at) => words.test(line) ? [`${path}:${at + 1}`] : [])
  );
}

/** A version that is not one: "^1.2.3", "latest", "1.x". */
export function looseVersions(pkg: Readonly<Record<string, unknown>>): string[] {
  return ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].flatMap((kind) =>
    Object.entries((pkg[kind] ?? {}) as Record<string, string>)
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `${name}@${version}`)
  );
}

/** The folder of src/ that a path lies in; null: directly in src/, or outside. */
function folder(path: string): string | null {
  const parts = path.split("/");
  return parts[0] === "src" && parts.length > 2 ? parts[1]! : null;
}

/** Paths, from the top of the checkout, of what a file imports of ours. */
function targets(path: string, text: string): string[] {
  return imports(text).filter((name) => name.startsWith(".")).map((name) => normalize(`${dirname(path)}/${name}`));
}

/** The text without its comments, as far as a rule needs it. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}
