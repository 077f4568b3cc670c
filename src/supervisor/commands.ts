/** The commands about a configuration: check it (`-c`), evaluate a condition (`-cc`), run it. */
import type { Invocation } from "../cli/invocation.ts";
import { hasWarnings } from "../config/diagnostics.ts";
import { evaluateArgument } from "../config/haproxy/conditions.ts";
import type { Checks } from "../config/haproxy/load.ts";
import { acceptConfiguration, conditionContext, environmentFor, isQuiet, showDiagnostics } from "./configuration.ts";
import { launchDaemon } from "./launch.ts";
import { supervise } from "./supervise.ts";

/** Exit code as haproxy's: 0 valid, 1 not. */
export async function checkConfiguration(asked: Invocation, checks: Checks): Promise<number> {
  const { model, diagnostics } = await acceptConfiguration(asked, checks);
  const quiet = isQuiet(asked, model);
  showDiagnostics(diagnostics, asked, quiet);
  if (model === null) return 1;
  if (quiet) return 0;
  if (hasWarnings(diagnostics)) process.stdout.write("Warnings were found.\n");
  process.stdout.write("Configuration file is valid\n");
  return 0;
}

/** 0 true, 1 false, 2 cannot be read. */
export function evaluate(asked: Invocation): number {
  const result = evaluateArgument(asked.condition ?? "", {
    ...conditionContext(),
    environment: environmentFor(asked, []),
  });
  if ("value" in result) return result.value ? 0 : 1;
  process.stderr.write(
    `[ALERT]    (${process.pid}) : Failed to evaluate condition: ${result.error}${
      result.hint === null ? "" : `. ${result.hint}`
    }\n`,
  );
  return 2;
}

/** In the background when the command line or the configuration says so; -d and -db keep it in the foreground. */
export async function runService(
  asked: Invocation,
  checks: Checks,
  args: readonly string[],
  daemonized: boolean,
): Promise<number> {
  if (daemonized || asked.foreground || asked.debug) return await supervise(asked, checks);
  const read = await acceptConfiguration(asked, checks);
  return read.model?.global.daemon ? await launchDaemon(args, read.model) : await supervise(asked, checks, read);
}
