/** What `appliance agent --help` prints, made from the rows of options.ts so that no option can be missing. */
import { type AgentKind, DATABASES, OPTION_ROWS } from "./options.ts";

const LEFT_WIDTH = 28;

export const agentUsage = (program: string): string => `${program} agent --help tells what can be asked\n`;

export function agentHelp(program: string, kind: AgentKind | null): string {
  return kind === null ? overview(program) : database(program, kind);
}

function overview(program: string): string {
  return `Agents run on a database host and tell a load balancer by HTTP whether the database can be used:
what a shell script behind xinetd did.

Usage: ${program} agent mysql --listen ${DATABASES.mysql.listen} --user NAME [options]
       ${program} agent pgsql --listen ${DATABASES.pgsql.listen} --user NAME [options]
       ${program} agent [-c] --config PATH...

Agents:
${row("mysql", "200 when MySQL or MariaDB can be used (Galera: synced), else 503")}
${row("pgsql", "200 of a primary, 206 of a standby, else 503; /primary, /replica and more")}

Options:
${row("--config PATH", "run the service blocks of this xinetd file or directory; may be repeated")}
${row("-c", "check them and exit: 0 when they can be used, else 1")}
${row("--help", "this page; behind mysql or pgsql theirs")}

Exit codes: 0 after SIGTERM or SIGINT, 1 on an error.
`;
}

const ANSWERS: Readonly<Record<AgentKind, string>> = {
  mysql: `Answers, on any path:
${row("200 MySQL is running.", "it can be used")}
${row("503 MySQL is *down*.", "it cannot: not synced, donor, read_only, lagging, no answer; the log says why")}`,
  pgsql: `Answers:
${row("/", "200 primary, 206 standby, 503 no answer, or lagging")}
${row("/primary /leader", "200 primary; also /master, /read-write")}
${row("/replica", "200 standby; /replica?lag=16MB or ?lag=10s: and not further behind")}
${row("/read-only", "200 primary or standby; takes lag, too")}
${row("/health", "200 when it answers at all")}`,
};

function database(program: string, kind: AgentKind): string {
  const { listen, port, database, secret } = DATABASES[kind];
  const rows = OPTION_ROWS.filter((one) => one.only === undefined || one.only === kind).map((one) => {
    const preset = one.name === "port" ? ` (${port})` : one.name === "database" ? ` (${database})` : "";
    return row(`--${one.name}${one.value === undefined ? "" : ` ${one.value}`}`, one.help + preset);
  });
  return `Usage: ${program} agent ${kind} --listen ${listen} --user NAME [options]

Options:
${rows.join("\n")}

${ANSWERS[kind]}

GET, HEAD and OPTIONS of HTTP/1.0 and 1.1; a client that sends nothing gets the answer of / after a moment.
The password is never taken from the command line: --password-file, or ${secret} in the environment.

Example:
  ${program} agent ${kind} --listen ${listen} --user check --password-file /etc/appliance/check --allow 10.0.0.0/8
`;
}

function row(left: string, help: string): string {
  const pad = left.length < LEFT_WIDTH ? " ".repeat(LEFT_WIDTH - left.length) : `\n${" ".repeat(LEFT_WIDTH + 2)}`;
  return `  ${left}${pad}${help}`;
}
