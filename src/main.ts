/** Entry point: reads the command line and hands over to a command or a role; nothing else is decided here. */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { helpText, usageText } from "./cli/help.ts";
import { parseArguments } from "./cli/options.ts";
import { versionText } from "./cli/version.ts";
import type { Invocation } from "./cli/invocation.ts";

const [first = "", ...rest] = process.argv.slice(2);

// Started by its like through /proc/self/exe, it would be called "exe" in lists of processes.
if (first.startsWith("role:")) writeFileSync("/proc/self/comm", basename(process.argv0));

switch (first) {
  case "role:proxy":
    await role(async () => (await import("./proxy/worker.ts")).runProxy(Number(rest[0])));
    break;
  case "role:control":
    await role(async () => (await import("./runtime/role.ts")).runControl());
    break;
  case "role:daemon":
    await command(rest, true);
    break;
  default:
    await command(process.argv.slice(2), false);
}

/** What keeps a role from starting is told in a line, not with the source around it. */
async function role(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`[ALERT]    (${process.pid}) : Cannot start ${first}: ${(error as Error).message}\n`);
    process.exit(1);
  }
}

async function command(args: string[], daemonized: boolean): Promise<void> {
  // argv[0] of a compiled program is always "bun"; argv0 is the name it was called by.
  const program = basename(process.argv0);
  const asked = parseArguments(args, program);
  switch (asked.kind) {
    case "help":
      process.stdout.write(helpText(program));
      break;
    case "version":
      process.stdout.write(versionText(asked.version ?? "short"));
      break;
    case "refused":
      process.stderr.write(`${asked.problem}\n${asked.showUsage ? usageText(program) : ""}`);
      process.exitCode = 1;
      break;
    case "servers":
      process.exitCode = await (await import("./cli/servers.ts")).runServers(asked.commandWords, program);
      process.exit();
      break;
    case "agent":
      process.exitCode = await (await import("./agents/command.ts")).runAgent(asked.commandWords, program);
      process.exit();
      break;
    default:
      process.exitCode = await run(asked, args, daemonized);
      // Pending handles are those of a start that failed: nothing is to be waited for.
      process.exit();
  }
}

async function run(asked: Invocation, args: string[], daemonized: boolean): Promise<number> {
  const { configChecks } = await import("./proxy/checks.ts");
  const commands = await import("./supervisor/commands.ts");
  // The child of a launcher is there already.
  if (asked.directory !== null && !daemonized) {
    try {
      process.chdir(asked.directory);
    } catch (error) {
      process.stderr.write(
        `[ALERT]    (${process.pid}) : Could not change to directory ${asked.directory} : ${
          (error as Error).message
        }\n`,
      );
      return 1;
    }
  }
  switch (asked.kind) {
    case "check":
      return await commands.checkConfiguration(asked, configChecks);
    case "condition":
      return commands.evaluate(asked);
    case "demo": {
      const { startDemo } = await import("./demo/demo.ts");
      return await commands.runService({ ...asked, files: [await startDemo()] }, configChecks, args, true);
    }
    default:
      return await commands.runService(asked, configChecks, args, daemonized);
  }
}
