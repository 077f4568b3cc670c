/**
 * Commands about the program as a whole: version, figures, environment.
 */
import { renderInfo } from "../stats/info.ts";
import { toByteString } from "../config/byte_strings.ts";
import type { Call, Command } from "./command.ts";

function showInfo({ args, context }: Call): string {
  const form = args.includes("json") ? "json" : args.includes("typed") ? "typed" : "plain";
  return renderInfo(context, { form, descriptions: args.includes("desc"), float: args.includes("float") });
}

function showEnv({ args, context }: Call): string {
  const line = (name: string, value: string): string => toByteString(`${name}=${value}`).replaceAll("\n", " ") + "\n";
  const [name] = args;
  if (name === undefined) {
    return Object.entries(context.environment).map(([name, value]) => line(name, value ?? "")).join("");
  }
  const value = Object.hasOwn(context.environment, name) ? context.environment[name] : undefined;
  return value === undefined ? "Variable not found\n" : line(name, value);
}

export const PROGRAM_COMMANDS: readonly Command[] = [
  {
    words: ["show", "version"],
    level: "user",
    usage: "",
    description: "show the version of the program",
    run: ({ context }) => `${context.version}\n`,
  },
  {
    words: ["show", "info"],
    level: "user",
    usage: "[desc|json|typed|float]*",
    description: "show figures of the program as a whole",
    run: showInfo,
  },
  {
    words: ["show", "env"],
    level: "operator",
    usage: "[<name>]",
    description: "show the environment, or one variable of it",
    run: showEnv,
  },
];
