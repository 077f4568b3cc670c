/** The help and the short usage, made from the tables of option_table.ts so that neither can miss an option. */
import { type HelpGroup, NOT_SUPPORTED, OPTIONS, SUBCOMMANDS, WITHOUT_EFFECT } from "./option_table.ts";

const GROUPS: readonly HelpGroup[] = ["Configuration", "Process", "Taking over", "Messages", "Information"];

/** Rows that no Option describes: they take any number of words. */
const MORE_ROWS: Readonly<Partial<Record<HelpGroup, readonly [left: string, help: string][]>>> = {
  "Configuration": [["-- PATH...", "all that follows are files or directories"]],
  "Taking over": [
    ["-sf PID...", "once serving, let these processes finish their connections and leave"],
    ["-st PID...", "once serving, end these processes"],
  ],
};

const LEFT_WIDTH = 20;
const LINE_WIDTH = 100;

export function usageText(program: string): string {
  return `Usage: ${program} [-f PATH]... [-c] [-D | -W | -Ws | -db] [-p FILE] [-x SOCKET] [-sf PID...]
       ${program} --help lists all options
`;
}

export function helpText(program: string): string {
  const groups = GROUPS.map((group) => {
    const rows = OPTIONS.filter((option) => option.group === group).map((option) => {
      const names = option.names.join(", ");
      return row(option.value === undefined ? names : `${names} ${option.value}`, option.help);
    });
    return [`${group}:`, ...rows, ...(MORE_ROWS[group] ?? []).map(([left, help]) => row(left, help))].join("\n");
  });
  const commands = Object.entries(SUBCOMMANDS).map(([name, help]) => row(name, help)).join("\n");
  return `A load balancer that reads haproxy's configuration language.

Usage: ${program} -f PATH [options]
       ${program} COMMAND

Commands:
${commands}

${groups.join("\n\n")}

${list("Accepted from haproxy's options, with nothing to do here", Object.keys(WITHOUT_EFFECT))}
${list("Not supported yet", Object.keys(NOT_SUPPORTED))}

Examples:
  ${program} demo                                       see it work
  ${program} -c -f /etc/haproxy/haproxy.cfg             is this configuration good?
  ${program} -f /etc/haproxy/haproxy.cfg                serve it
  ${program} -f new.cfg -D -p lb.pid -sf $(cat lb.pid)  replace the running one, losing nothing
`;
}

function row(left: string, help: string): string {
  // A left side that is too long gets a line of its own.
  const pad = left.length < LEFT_WIDTH ? " ".repeat(LEFT_WIDTH - left.length) : `\n${" ".repeat(LEFT_WIDTH + 2)}`;
  return `  ${left}${pad}${help}`;
}

function list(title: string, names: readonly string[]): string {
  let line = `${title}:`;
  const lines: string[] = [];
  for (const name of names) {
    if (line.length + name.length + 1 > LINE_WIDTH) {
      lines.push(line);
      line = " ";
    }
    line += ` ${name}`;
  }
  return [...lines, line].join("\n");
}
