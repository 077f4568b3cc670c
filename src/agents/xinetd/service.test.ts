/** The rate of connections as xinetd counts it, and the names of the system; programs are started in test/agents. */
import { expect, test } from "bun:test";
import { rateLimit } from "./service.ts";
import { systemLookups, systemSources } from "./system.ts";

test("cps: so many per second, then none until the wait is over", () => {
  const tooFast = rateLimit({ perSecond: 2, waitSeconds: 10 });
  const at = (...times: number[]) => times.map(tooFast);
  expect(at(0, 999, 1000, 1500)).toEqual(["no", "no", "no", "no"]);
  expect(at(1999, 2000, 11_998)).toEqual(["first", "yes", "yes"]);
  expect(at(11_999, 12_000, 12_001)).toEqual(["no", "no", "first"]);
});

test("users, groups and ports of this machine, by name and number", () => {
  const { user, group, port } = systemLookups();
  expect([user("root"), user("0"), user("nobody-of-that-name"), user("")]).toEqual([
    { uid: 0, gid: 0 },
    { uid: 0, gid: 0 },
    null,
    null,
  ]);
  expect([group("root"), group("4711"), group("no group")]).toEqual([0, 4711, null]);
  expect(port("no-service-of-that-name")).toBeNull();
  expect([systemSources.directory("/etc/passwd"), systemSources.directory("/none")]).toEqual([null, null]);
  expect(systemSources.directory("/etc")).toContain("passwd");
  expect(systemSources.file("/etc/passwd")).toStartWith("root:");
});
