/** The words behind `servers`, and what is read out of the stats socket's answer. */
import { expect, test } from "bun:test";
import { parseServersArguments, parseServersState } from "./servers.ts";

const good: [text: string, request: object][] = [
  ["status", { action: "status", server: null, backend: null, socket: "/run/haproxy/admin.sock", json: false }],
  ["status --backend be --json", {
    action: "status",
    server: null,
    backend: "be",
    socket: "/run/haproxy/admin.sock",
    json: true,
  }],
  ["drain --socket /x --server s1", { action: "drain", server: "s1", backend: null, socket: "/x", json: false }],
];
test.each(good)("%s", (text, request) => expect(parseServersArguments(text.split(" "))).toEqual(request as never));

const bad: [text: string, problem: RegExp][] = [
  ["", /^Expected one of status, enable, disable, drain$/],
  ["enabel", /did you mean "enable"/],
  ["enable", /^enable needs --server NAME$/],
  ["disable --backend be", /needs --server/],
  ["status --server", /^Nothing follows "--server"$/],
  ["status --jsn", /did you mean "--json"/],
  ["disable --server a;b", /^Cannot use name "a;b"/],
];
test.each(bad)(
  "%p is refused",
  (text, problem) => expect(parseServersArguments(text === "" ? [] : text.split(" "))).toMatch(problem),
);

test("help is asked for", () => expect(parseServersArguments(["status", "--help"])).toBeNull());

const HEADER = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n";
const states: [fields: string, text: string][] = [
  ["2 0", "RUNNING/READY"],
  ["0 1", "STOPPED/MAINT"],
  ["0 5", "STOPPED/MAINT"],
  ["2 4", "RUNNING/READY"], // the configuration disables it, the operator has enabled it
  ["0 32", "STOPPED/MAINT"],
  ["0 2", "STOPPED/MAINT"],
  ["2 8", "RUNNING/DRAIN"],
  ["1 0", "STARTING/READY"],
  ["3 16", "STOPPING/DRAIN"],
  ["0 0", "STOPPED/READY"],
];
test.each(states)("operational and administrative state %p are %s", (fields, text) => {
  const [one] = parseServersState(`${HEADER}4 be 1 s 127.0.0.1 ${fields} 1\n\n`)!;
  expect(`${one!.backend}/${one!.server}: ${one!.operational}/${one!.administrative}`).toBe(`be/s: ${text}`);
});

test("another answer is none", () => expect(parseServersState("Can't find backend.\n\n")).toBeNull());
