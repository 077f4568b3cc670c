/**
 * Commands of the stats socket that change something, beside haproxy 2.6 with the same configuration: the same answers, the same
 * states, and the same lines in the log.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, HAPROXY, type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { startSyslog, type Syslog } from "../harness/syslog.ts";
import { ask, stat } from "../process/lab.ts";
import { COMMANDS, LEVEL_COMMANDS, SITE } from "./commands_cases.ts";

afterAll(cleanUp);

interface Side {
  running: Running;
  syslog: Syslog;
  socket(level: string): string;
}

async function startSide(program: string): Promise<Side> {
  const directory = temporaryDirectory();
  const syslog = await startSyslog();
  const socket = (level: string): string => join(directory, `${level}.sock`);
  const ports = [freePort(), freePort()];
  const config = `global
  ${["admin", "operator", "user"].map((level) => `stats socket ${socket(level)} level ${level}`).join("\n  ")}
  maxconn 1000
  nbthread 2
  log 127.0.0.1:${syslog.port} local0
defaults
  mode tcp
  log global
  timeout client 10s
  timeout server 10s
  timeout connect 1s
${SITE.replace("PORT1", String(ports[0])).replace("PORT2", String(ports[1]))}`;
  const running = await start(config, { program, directory, ready: [socket("admin")] });
  return { running, syslog, socket };
}

/** Without what depends on the time, and the level of health, of which there is none without checks. */
function stable(answer: string): string {
  return answer.replace(/^(Total events captured on) \[.*\]/, "$1").split("\n").map((line) => {
    const words = line.split(" ");
    return /^\d+ \S+ \d+ /.test(line) && words.length > 20
      ? words.filter((_, i) => i !== 9 && i !== 12).join(" ")
      : line;
  }).join("\n");
}

/** Severity and text. */
const told = ({ lines }: Syslog): string[] => lines.map((line) => line.replace(/>.*?\]: /, " ").trim());

describe.skipIf(HAPROXY === null)("as haproxy", () => {
  let ours: Side;
  let theirs: Side;
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([startSide(APPLIANCE), startSide(HAPROXY!)]);
  });

  const both = (level: string, command: string): Promise<string[]> =>
    Promise.all([ours, theirs].map((side) => ask(side.socket(level), command)));

  test("every command at level admin is answered alike, and logged alike", async () => {
    const answers: [ours: string[], theirs: string[]] = [[], []];
    for (const [i, command] of COMMANDS.entries()) {
      const said = await both("admin", command);
      said.forEach((answer, side) => answers[side]!.push(`${i} ${command}: ${stable(answer)}`));
    }
    expect(answers[0]).toEqual(answers[1]);
    await waitFor(
      () => ours.syslog.lines.length >= theirs.syslog.lines.length,
      () => `${theirs.syslog.lines.length} lines: ${told(ours.syslog).join("\n")}`,
    );
    expect(told(ours.syslog).filter(isEvent)).toEqual(told(theirs.syslog).filter(isEvent));
    expect(told(ours.syslog).filter(isEvent).length).toBeGreaterThan(50);
    await waitFor(() => shown(ours).length >= shown(theirs).length, "the lines on stderr");
    expect(shown(ours)).toEqual(shown(theirs));
  });

  test("show stat and show info say what was changed", async () => {
    for (const column of ["status", "weight", "slim", "act", "bck"]) {
      const [our, their] = await Promise.all([ours, theirs].map((side) => stat(side.socket("admin"))));
      for (const [object, row] of their!) {
        expect(`${object} ${column} ${our!.get(object)?.[column]}`).toBe(`${object} ${column} ${row[column]}`);
      }
    }
    const figures = (await both("admin", "show info")).map((text) =>
      text.split("\n").filter((line) => /^(Maxconn|Hard_maxconn|ConnRateLimit|SessRateLimit):/.test(line))
    );
    expect(figures[0]).toEqual(figures[1]!);
  });

  test.each(["user", "operator"])("what level %s may", async (level) => {
    for (const command of LEVEL_COMMANDS) {
      const [our, their] = await both(level, command);
      expect(`${command}: ${stable(our!)}`).toBe(`${command}: ${stable(their!)}`);
    }
  });
});

/** The same on stderr, without the pid. */
const shown = ({ running }: Side): string[] =>
  running.stderr().split("\n").filter(isEvent).map((line) => line.replace(/\(\d+\)/, "")).filter((line) =>
    line.startsWith("[")
  );

/** haproxy also tells of its start, and of each connection of a readiness check. */
const isEvent = (line: string): boolean =>
  /Server \S+ (is|was|enters|remains)|server available|Paused|Resumed|Proxy \S+ stopped \(/.test(line);
