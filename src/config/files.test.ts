/** Files and directories of -f, what cannot be read, and the paths of default-path. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newDiagnostics } from "./diagnostics.ts";
import { MAX_FILE_BYTES, readConfigFiles } from "./files.ts";

const dir = mkdtempSync(join(tmpdir(), "files-"));
afterAll(() => rmSync(dir, { recursive: true }));

function read(...args: string[]): { files: [path: string, text: string][]; said: string[] } {
  const diagnostics = newDiagnostics();
  const files = readConfigFiles(args.map((arg) => arg.startsWith("/") ? arg : join(dir, arg)), diagnostics);
  return {
    files: files.map((file) => [file.path.replace(`${dir}/`, ""), file.text]),
    said: diagnostics.list.map((one) => one.message.replaceAll(`${dir}/`, "")),
  };
}

test("files in the order given, directories as their .cfg files in byte order", () => {
  mkdirSync(join(dir, "conf.d/sub.cfg"), { recursive: true });
  for (const name of ["b.cfg", "B.cfg", "a.cfg", "10.cfg", "é.cfg", ".hidden.cfg", "note.txt", "c.cfg~"]) {
    writeFileSync(join(dir, "conf.d", name), `${name}\n`);
  }
  writeFileSync(join(dir, "one.cfg"), Buffer.from("caf\xe9 \xff\n", "latin1"));
  symlinkSync("one.cfg", join(dir, "link"));
  const { files, said } = read("one.cfg", "conf.d", "link");
  expect(said).toEqual([]);
  expect(files.map(([path]) => path)).toEqual([
    "one.cfg",
    "conf.d/10.cfg",
    "conf.d/B.cfg",
    "conf.d/a.cfg",
    "conf.d/b.cfg",
    "conf.d/é.cfg",
    "link",
  ]);
  expect(files[0]?.[1]).toBe("caf\xe9 \xff\n"); // byte for byte
  expect(read("conf.d/").files[0]?.[0]).toBe("conf.d/10.cfg");
});

test("a null device is an empty file", () => {
  expect(read("/dev/null")).toEqual({ files: [["/dev/null", ""]], said: [] });
});

test("each one that cannot be read is reported, the others are read", async () => {
  mkdirSync(join(dir, "empty"));
  writeFileSync(join(dir, "huge.cfg"), "");
  truncateSync(join(dir, "huge.cfg"), MAX_FILE_BYTES + 1);
  const server = createServer();
  await new Promise<void>((done) => server.listen(join(dir, "sock"), done));
  const { files, said } = read("gone.cfg", "one.cfg", "empty", "huge.cfg", "sock", "one.cfg/x");
  server.close();
  expect(files.map(([path]) => path)).toEqual(["one.cfg"]);
  expect(said).toEqual([
    "Cannot open configuration file/directory gone.cfg : No such file or directory",
    'No file ending in ".cfg" in directory "empty"',
    "Cannot open configuration file/directory one.cfg/x : Not a directory",
    `Cannot read configuration file "huge.cfg": longer than ${MAX_FILE_BYTES} bytes`,
    "Cannot open configuration file/directory sock : No such device or address",
  ]);
});
