/** Entry point: reads the command line and hands over to a command or a role; nothing else is decided here. */
import { basename } from "node:path";
import { helpText, usageText } from "./cli/help.ts";
import { parseArguments } from "./cli/options.ts";
import { versionText } from "./cli/version.ts";

// argv[0] of a compiled program is always "bun"; argv0 is the name it was called by.
const program = basename(process.argv0);
const asked = parseArguments(process.argv.slice(2), program);

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
  default:
    process.stderr.write(`Cannot ${asked.kind}: not supported yet\n`);
    process.exitCode = 1;
}
