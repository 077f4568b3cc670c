/** `appliance servers` on a running process: its lines, what it changes, and its exit codes. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { cleanUp } from "../harness/processes.ts";
import { run } from "../process/lab.ts";
import { type Site, startSite } from "./lab.ts";

afterAll(cleanUp);

const socketOf = ({ running }: Site): string => join(running.directory, "stats.sock");

async function servers(site: Site, ...words: string[]): Promise<[code: number, stdout: string, stderr: string]> {
  const { code, stdout, stderr } = await run(["servers", ...words, "--socket", socketOf(site)]);
  return [code, stdout, stderr];
}

test("status, disable, drain and enable", async () => {
  await using site = await startSite({ servers: { a: "", b: "" } });
  const all = "web/a: RUNNING/READY\nweb/b: RUNNING/READY\n2 of 2 servers RUNNING/READY\n";
  expect(await servers(site, "status")).toEqual([0, all, ""]);
  expect(await servers(site, "disable", "--server", "a")).toEqual([
    0,
    "web/a: STOPPED/MAINT\n1 of 1 servers MAINT\n",
    "",
  ]);
  expect(await site.names(2)).toEqual(["b", "b"]);
  expect(await servers(site, "status", "--backend", "web")).toEqual([
    2,
    "web/a: STOPPED/MAINT\nweb/b: RUNNING/READY\n1 of 2 servers RUNNING/READY\n",
    "",
  ]);
  expect(await servers(site, "drain", "--server", "a", "--json")).toEqual([
    0,
    '{"servers":[{"backend":"web","server":"a","operational":"RUNNING","administrative":"DRAIN"}],"total":1,"asIntended":1}\n',
    "",
  ]);
  expect(await servers(site, "enable", "--server", "a", "--backend", "web")).toEqual([
    0,
    "web/a: RUNNING/READY\n1 of 1 servers RUNNING/READY\n",
    "",
  ]);
  await site.done("set server web/b health down");
  expect(await servers(site, "enable", "--server", "b")).toEqual([
    2,
    "web/b: STOPPED/READY\n0 of 1 servers RUNNING/READY\n",
    "",
  ]);
});

test("what cannot be asked is an error with exit code 1", async () => {
  await using site = await startSite({ servers: { a: "" } });
  expect(await servers(site, "status", "--server", "nope")).toEqual([
    1,
    "",
    `Cannot ask ${socketOf(site)}: there is no server "nope"\n`,
  ]);
  expect(await servers(site, "status", "--backend", "nope")).toEqual([
    1,
    "",
    `Cannot ask ${socketOf(site)}: Can't find backend.\n`,
  ]);
  const nobody = await run(["servers", "status", "--socket", "/nonexistent.sock"]);
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toStartWith("Cannot ask /nonexistent.sock: ");
  expect((await run(["servers", "enable"])).code).toBe(1);
});
