/** The house rules, held against every source file, and each rule against a file that breaks it. */
import { expect, test } from "bun:test";
import lock from "../../package-lock.json" with { type: "json" };
import pkg from "../../package.json" with { type: "json" };
import {
  consoles,
  ffiOutsideLinux,
  importsUpwards,
  leftovers,
  LONG_FILES,
  LONGEST,
  looseVersions,
  MAY_IMPORT,
  type Source,
  sources,
  tooLong,
  withoutOpening,
} from "./rules.ts";

const files = await sources();

test("imports point downwards", () => expect(importsUpwards(files)).toEqual([]));
test("only src/linux calls native code", () => expect(ffiOutsideLinux(files)).toEqual([]));
test("every module opens by saying what it is for", () => expect(withoutOpening(files)).toEqual([]));
test("long files are named, with a reason", () => {
  expect(tooLong(files, LONG_FILES)).toEqual([]);
  expect(Object.values(LONG_FILES).filter((reason) => reason.length < 20)).toEqual([]);
});
test("only the command line prints", () => expect(consoles(files)).toEqual([]));
test("nothing is left for later in the code", () => expect(leftovers(files)).toEqual([]));

test("versions are exact, and the runtime's package has the version of the runtime", () => {
  expect(looseVersions(pkg)).toEqual([]);
  const { bun } = pkg.devDependencies;
  for (const name of ["@oven/bun-linux-x64", "@oven/bun-linux-aarch64"] as const) {
    expect(lock.packages[`node_modules/${name}`].version).toBe(bun);
  }
  expect(Bun.version).toBe(bun);
});

test("the lock file names the packages of all platforms", () => {
  // npm drops those that its registry cannot show, and the next `npm ci` then refuses the file.
  const packages: Readonly<Record<string, object>> = lock.packages;
  const missing = Object.values(packages).flatMap((one) =>
    Object.keys("optionalDependencies" in one ? one.optionalDependencies as object : {}).filter((name) =>
      !Object.hasOwn(packages, `node_modules/${name}`)
    )
  );
  expect(missing).toEqual([]);
});

test("CI runs the command that the README tells", async () => {
  const read = (path: string) => Bun.file(`${import.meta.dir}/../../${path}`).text();
  const command = /^exec (.*)$/m.exec(await read(".ci/run"))?.[1];
  expect(command).toBe("make check test");
  expect((await read("README.md")).split("\n").map((line) => line.trim())).toContain(command!);
});

const file = (path: string, text: string): Source => ({ path, text });
const broken: [name: string, got: unknown[], want: unknown[]][] = [
  [
    "the proxy imports the stats socket",
    importsUpwards([file("src/proxy/tcp/a.ts", `import { x } from "../../runtime/x.ts";`)]),
    ["src/proxy/tcp/a.ts imports src/runtime/x.ts"],
  ],
  [
    "the stats socket imports the proxy, for a type, over lines",
    importsUpwards([file("src/runtime/a.ts", `import type {\n  A,\n  B,\n} from "../proxy/b.ts";`)]),
    ["src/runtime/a.ts imports src/proxy/b.ts"],
  ],
  [
    "re-exported and imported when needed",
    importsUpwards([file("src/config/a.ts", `export * from "../logs/b.ts";\nawait import("../linux/c.ts");`)]),
    ["src/config/a.ts imports src/logs/b.ts", "src/config/a.ts imports src/linux/c.ts"],
  ],
  ["main", importsUpwards([file("src/cli/a.ts", `import "../main.ts";`)]), ["src/cli/a.ts imports src/main.ts"]],
  ["top", importsUpwards([file("src/logger.ts", `import "./logs/a.ts";`)]), ["src/logger.ts imports src/logs/a.ts"]],
  [
    "a folder nobody has placed",
    importsUpwards([file("src/new/a.ts", "")]),
    [`src/new/a.ts: folder "new" is not in MAY_IMPORT`],
  ],
  ["downwards is free", importsUpwards([file("src/proxy/a.ts", `import "../board/b.ts";\nimport "../v.ts";`)]), []],
  ["ffi", ffiOutsideLinux([file("src/logs/a.ts", `import { ptr } from "bun:ffi";`)]), ["src/logs/a.ts"]],
  ["ffi at home", ffiOutsideLinux([file("src/linux/a.ts", `import { ptr } from "bun:ffi";`)]), []],
  ["no opening", withoutOpening([file("a.ts", "// x\n"), file("b.ts", "/** x */")]), ["a.ts"]],
  ["long", tooLong([file("a.ts", "x\n".repeat(LONGEST + 1)), file("b.ts", "x\n".repeat(LONGEST))], {}), ["a.ts"]],
  ["named, but short", tooLong([file("a.ts", "x")], { "a.ts": "because" }), ["a.ts"]],
  ["console", consoles([file("src/logs/a.ts", "console.log(1)"), file("src/cli/a.ts", "console.log(1)")]), [
    "src/logs/a.ts",
  ]],
  ["console in a comment", consoles([file("src/logs/a.ts", "// no console.log here")]), []],
  ["later", leftovers([file("a.ts", `x\n// ${"TO"}${"DO"}: y`)]), ["a.ts:2"]],
  ["loose", looseVersions({ dependencies: { a: "^1.0.0", b: "1.0.0" }, devDependencies: { c: "latest" } }), [
    "a@^1.0.0",
    "c@latest",
  ]],
];
test.each(broken)("a broken rule is seen: %s", (_, got, want) => expect(got).toEqual(want));

test("the folders stand in an order: no two import each other, directly or around", () => {
  const seen = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    expect(path).not.toContain(name);
    if (seen.has(name)) return;
    for (const next of MAY_IMPORT[name] ?? []) visit(next, [...path, name]);
    seen.add(name);
  };
  for (const name of Object.keys(MAY_IMPORT)) visit(name, []);
});
