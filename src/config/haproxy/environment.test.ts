/** What a configuration finds in its environment and what it may change there. */
import { expect, test } from "bun:test";
import {
  newEnvironment,
  presetenv,
  type ProcessFacts,
  publishCliAddresses,
  resetenv,
  setenv,
  unsetenv,
} from "./environment.ts";

const facts: ProcessFacts = { version: "3.5.0", localPeer: "box1", masterWorker: true, files: ["a.cfg", "d/é.cfg"] };

test("haproxy's own variables are there beside those of the process", () => {
  const env = newEnvironment({ HOME: "/root", GONE: undefined, NAME: "é" }, facts);
  expect(env.get("HOME")).toBe("/root");
  expect(env.has("GONE")).toBe(false);
  expect(env.get("NAME")).toBe("\xc3\xa9"); // a byte string
  expect(env.get("HAPROXY_LOCALPEER")).toBe("box1");
  expect(env.get("HAPROXY_CFGFILES")).toBe("a.cfg;d/\xc3\xa9.cfg");
  expect(env.get("HAPROXY_MWORKER")).toBe("1");
  expect(env.get("HAPROXY_BRANCH")).toBe("3.5");
  expect(env.get("HAPROXY_STARTUP_VERSION")).toBe("3.5.0");
  expect(env.get("HAPROXY_TCP_LOG_FMT")).toBe(
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
  );
  expect(env.get("HAPROXY_HTTP_LOG_FMT")).toEndWith("%hr %hs %{+Q}r");
  expect(env.get("HAPROXY_HTTPS_LOG_FMT")).toEndWith("%[ssl_fc_sni]/%sslv/%sslc");
  expect(env.has("HAPROXY_CLI")).toBe(false);
  publishCliAddresses(env, ["unix@/a", "ipv4@:1"], []);
  expect([env.get("HAPROXY_CLI"), env.get("HAPROXY_MASTER_CLI")]).toEqual(["unix@/a;ipv4@:1", ""]);
});

test("an inherited HAPROXY_MWORKER does not survive outside master-worker mode, the startup version does", () => {
  const inherited = { HAPROXY_MWORKER: "1", HAPROXY_STARTUP_VERSION: "3.4.1" };
  const env = newEnvironment(inherited, { ...facts, masterWorker: false });
  expect(env.has("HAPROXY_MWORKER")).toBe(false);
  expect(env.get("HAPROXY_STARTUP_VERSION")).toBe("3.4.1");
});

test("setenv overwrites, presetenv does not, not even an empty value", () => {
  const env = new Map([["A", "1"], ["E", ""]]);
  expect(setenv(env, "A", "2")).toBeNull();
  expect(presetenv(env, "A", "3")).toBeNull();
  expect(presetenv(env, "E", "3")).toBeNull();
  expect(presetenv(env, "N", "4")).toBeNull();
  expect(Object.fromEntries(env)).toEqual({ A: "2", E: "", N: "4" });
});

test("a name that setenv(3) refuses is refused", () => {
  const env = new Map<string, string>();
  for (const change of [setenv, presetenv]) {
    expect(change(env, "", "x")).toMatch(/without a name/);
    expect(change(env, "a=b", "x")).toMatch(/"="/);
  }
  expect(env.size).toBe(0);
});

test("unsetenv removes the named, resetenv all but the named", () => {
  const env = new Map([["A", "1"], ["B", "2"], ["C", "3"]]);
  unsetenv(env, ["A", "NEVER"]);
  expect([...env.keys()]).toEqual(["B", "C"]);
  resetenv(env, ["C", "NEVER"]);
  expect([...env.keys()]).toEqual(["C"]);
  resetenv(env, []);
  expect(env.size).toBe(0);
});
