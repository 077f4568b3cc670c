/** Conditions over ACLs: and, or, not, unless; names nobody declared. */
import { expect, test } from "bun:test";
import { contextOf, type Session, settingOf } from "../../../test/samples_context.ts";
import type { Acl, Condition } from "../../config/haproxy/model.ts";
import { splitAclWords } from "./acl.ts";
import { compileAcls, compileCondition } from "./conditions.ts";
import type { Scope } from "./types.ts";

const aclOf = (line: string): Acl => {
  const [name = "", criterion = "", ...words] = line.split(" ");
  return { name, criterion, ...splitAclWords(words), place: { file: "", line: 1, column: 1 } };
};

/** "a !b | c": an OR of ANDs, as the model holds it. */
const conditionOf = (text: string): Condition => ({
  unless: text.startsWith("unless "),
  terms: text.replace(/^unless /, "").split(" | ").map((term) =>
    term.split(" ").map((name) => ({ acl: name.replace(/^!/, ""), negated: name.startsWith("!") }))
  ),
});

const ACLS = [
  "inside src 10.0.0.0/8",
  "inside src 192.168.0.0/16", // the same name: either will do
  "high src_port 1024:",
  "even src_port,even",
  "chosen srv_name -m found",
  "never always_false",
].map(aclOf);

function run(text: string, session: Session, scope: Scope = "log") {
  const setting = settingOf(scope);
  const { acls, problems } = compileAcls(ACLS, setting);
  expect(problems).toEqual([]);
  const compiled = compileCondition(conditionOf(text), acls, setting);
  if (!compiled.ok) return compiled.message;
  return compiled.warnings.length > 0 ? compiled.warnings : compiled.test(contextOf(session));
}

const cases: [condition: string, session: Session, want: boolean][] = [
  ["inside", { client: "10.0.0.1" }, true],
  ["inside", { client: "192.168.1.1" }, true],
  ["inside", { client: "172.16.0.1" }, false],
  ["!inside", { client: "172.16.0.1" }, true],
  ["!inside", { client: null }, true], // no value: no match, and the opposite of that
  ["unless inside", { client: "10.0.0.1" }, false],
  ["unless inside", { client: null }, true],
  ["inside high", { client: "10.0.0.1", clientPort: 2000 }, true],
  ["inside high", { client: "10.0.0.1", clientPort: 200 }, false],
  ["inside high !even", { client: "10.0.0.1", clientPort: 2001 }, true],
  ["inside high !even", { client: "10.0.0.1", clientPort: 2000 }, false],
  ["inside | high", { client: "172.16.0.1", clientPort: 2000 }, true],
  ["inside | high", { client: "172.16.0.1", clientPort: 20 }, false],
  ["inside high | even | never", { client: "172.16.0.1", clientPort: 21 }, false],
  ["inside high | even | never", { client: "172.16.0.1", clientPort: 22 }, true],
  ["unless inside | high", { client: "172.16.0.1", clientPort: 20 }, true],
];

test.each(cases)("if %s, %j: %p", (text, session, want) => {
  expect(run(text, session)).toBe(want);
});

test("names nobody declared", () => {
  expect(run("insde", {})).toBe('Unknown ACL "insde". Did you mean "inside"?');
  expect(run("constructor", {})).toBe('Unknown ACL "constructor"');
});

test("an ACL that knows nothing where it is used is warned about", () => {
  expect(run("chosen", {}, "log")).toBe(true);
  expect(run("chosen", {}, "use_backend")).toEqual([
    'ACL "chosen" never matches in "use_backend": what it asks for is not known there',
  ]);
});

test("all problems are reported, with their ACL", () => {
  const broken = ["a sorce", "b src x/y", "c src", "d src 10.0.0.1"].map(aclOf);
  const { acls, problems } = compileAcls(broken, settingOf());
  expect(problems.map(({ acl, severity }) => [acl.name, severity])).toEqual([
    ["a", "alert"],
    ["b", "alert"],
    ["c", "warning"],
  ]);
  expect([...acls.keys()]).toEqual(["c", "d"]);
});
