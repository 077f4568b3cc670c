/** Help and version: nothing is missing, and scripts find the lines that they look for. */
import { expect, test } from "bun:test";
import { featureList } from "../config/haproxy/features.ts";
import { VERSION } from "../version.ts";
import { helpText, usageText } from "./help.ts";
import { NOT_SUPPORTED, OPTIONS, SUBCOMMANDS, WITHOUT_EFFECT } from "./option_table.ts";
import { versionText } from "./version.ts";

test("the help tells of every option and command, and fits a terminal", () => {
  const help = helpText("appliance");
  const names = [
    ...OPTIONS.flatMap((option) => option.names),
    ...[WITHOUT_EFFECT, NOT_SUPPORTED, SUBCOMMANDS].flatMap((table) => Object.keys(table)),
    ...["-sf", "-st", "--"],
  ];
  const shown = new Set(help.split(/[\s,]+/));
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
  expect(help.split("\n").filter((line) => line.length > 100)).toEqual([]);
});

test("the usage names the program as it was called", () => {
  expect(usageText("haproxy")).toStartWith("Usage: haproxy [-f PATH]");
});

test("-v: our own name first, then what scripts read as haproxy's version", () => {
  const lines = versionText("short").split("\n");
  expect(lines[0]).toStartWith(`Appliance version ${VERSION} `);
  expect(lines[1]).toMatch(/^HAProxy version 3\.5\.0 \d{4}\/\d\d\/\d\d - https:\/\/\S+$/);
});

test("-vv: the lines that regression harnesses cut out, in their order", () => {
  const wanted = /HA-?Proxy version|TARGET.*=|^Feature|^Available services/;
  const found = versionText("full").split("\n").filter((line) => wanted.test(line));
  expect(found.map((line) => line.replace(/.* [:=] /, ""))).toEqual([
    found[0]!,
    "linux-glibc",
    featureList(),
    "none",
  ]);
  expect(versionText("full")).toContain("\n  TARGET  = linux-glibc\n");
});

test.each([["number", "3.5.0\n"], ["numberShort", "3.5.0\n"], ["branch", "3.5\n"]] as const)("%s", (which, want) => {
  expect(versionText(which)).toBe(want);
});
