/** The command line of agents: what it comes to, and every refusal. */
import { expect, test } from "bun:test";
import { agentHelp } from "./help.ts";
import { OPTION_ROWS, parseAgentArguments } from "./options.ts";

const split = (line: string): string[] => line.split(" ").filter((word) => word !== "");
const LOGIN = "--listen 127.0.0.1:1 --user u";

const accepted: [line: string, want: object][] = [
  ["mysql --listen *:9200 --user u", {
    command: "serve",
    kind: "mysql",
    listen: [{ kind: "ip", family: 4, host: "0.0.0.0", port: 9200 }],
    host: "127.0.0.1",
    port: 3306,
    database: "information_schema",
    passwordFile: null,
    maxLag: null,
    allow: null,
    perSource: Infinity,
    instances: 100,
    timeoutMs: 1000,
  }],
  [`pgsql ${LOGIN} --port 6432 --host=/run/postgresql`, { kind: "pgsql", port: 6432, host: "/run/postgresql" }],
  [`pgsql ${LOGIN} --max-lag 16MB`, { maxLag: { unit: "bytes", value: 16 << 20 } }],
  [`mysql ${LOGIN} --max-lag 10`, { maxLag: { unit: "seconds", value: 10 } }],
  [`mysql ${LOGIN} --available-when-donor`, { availableWhenDonor: true, availableWhenReadonly: false }],
  [`mysql ${LOGIN} --allow 10.0.0.0/8,::1 --allow 192.0.2.1 --timeout 1500ms`, {
    allow: [expect.anything(), expect.anything(), expect.anything()],
    timeoutMs: 1500,
  }],
  ["mysql --help", { command: "help", kind: "mysql" }],
  ["--help", { command: "help", kind: null }],
  ["-h", { command: "help", kind: null }],
  ["--config a -c --config=b", { command: "config", paths: ["a", "b"], check: true }],
];
test.each(accepted)("accepts %s", (line, want) => expect(parseAgentArguments(split(line))).toMatchObject(want));

const refused: [line: string, problem: string | RegExp][] = [
  ["", "Nothing follows agent: expected mysql, pgsql or --config PATH"],
  ["mysqll", `Unknown agent "mysqll": expected mysql or pgsql. Did you mean "mysql"?`],
  ["-c", "Missing --config PATH"],
  ["-c /etc/xinetd.conf", /Unknown word "\/etc\/xinetd.conf": expected an option/],
  ["--config", "Nothing follows --config: expected PATH"],
  ["--confg x", `Unknown option "--confg". Did you mean "--config"?`],
  ["mysql --user u", "Missing --listen ADDRESS:PORT, for example 0.0.0.0:9200"],
  ["pgsql --listen :1", "Missing --user NAME"],
  [`mysql ${LOGIN} --lsten :2`, `Unknown option "--lsten". Did you mean "--listen"?`],
  [`mysql ${LOGIN} x`, /Unknown word "x"/],
  [`mysql ${LOGIN} --password secret`, /^Cannot take a password here: expected --password-file FILE, or MYSQL_PWD/],
  [`mysql ${LOGIN} --password=secret`, /^Cannot take a password here/],
  [`pgsql ${LOGIN} --available-when-donor`, "Cannot use --available-when-donor with agent pgsql"],
  [`mysql ${LOGIN} --available-when-donor=1`, `Cannot use "1": --available-when-donor takes no value`],
  [`mysql ${LOGIN} --port 0`, `Cannot use "0" after --port: expected a whole number from 1 to 65535`],
  [`mysql ${LOGIN} --port 1.5`, /Cannot use "1.5" after --port/],
  [`mysql ${LOGIN} --port --host h`, "Nothing follows --port: expected PORT"],
  [`mysql ${LOGIN} --max-lag 16MB`, /MySQL tells no size/],
  [`mysql ${LOGIN} --allow 10.0.0.0/33`, /expected addresses or networks like 10.0.0.0\/8/],
  [`mysql ${LOGIN} --allow lan`, /expected addresses or networks/],
  [`mysql ${LOGIN} --timeout 5`, /expected a time from 10ms to 60s/],
  [`mysql ${LOGIN} --timeout fast`, /Cannot read time "fast"/],
  [`mysql --listen host:1 --user u`, /expected a numeric address/],
  [`mysql --listen 127.0.0.1 --user u`, /Cannot use "127.0.0.1" after --listen/],
  [`mysql ${LOGIN} --instances -1`, /expected a whole number from 1/],
];
test.each(refused)("refuses %s", (line, problem) => {
  const got = parseAgentArguments(split(line));
  expect(got).toEqual({
    command: "refused",
    problem: typeof problem === "string" ? problem : expect.stringMatching(problem),
  });
  expect(JSON.stringify(got)).not.toContain("secret");
});

test("the help tells of every option where it counts, and fits a terminal", () => {
  for (const kind of ["mysql", "pgsql"] as const) {
    const help = agentHelp("appliance", kind);
    for (const { name, only } of OPTION_ROWS) {
      expect(help.includes(`--${name}`)).toBe(only === undefined || only === kind);
    }
  }
  const pages = [null, "mysql", "pgsql"] as const;
  expect(pages.flatMap((kind) => agentHelp("appliance", kind).split("\n")).filter((line) => line.length > 120)).toEqual(
    [],
  );
});
