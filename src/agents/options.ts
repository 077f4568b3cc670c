/**
 * The command line of `appliance agent`: words in, what to run or a sentence about what is wrong out.
 *
 * Pure. Every option is a row; the parser and the help (help.ts) are made from the same rows.
 */
import { parseArgs } from "node:util";
import { didYouMean, quote } from "../config/diagnostics.ts";
import { parseBindAddresses } from "../config/haproxy/addresses.ts";
import type { ListenAddress } from "../config/haproxy/model.ts";
import { parseTime } from "../config/haproxy/values.ts";
import { type Network, parseNetwork } from "../config/networks.ts";
import { type LagLimit, parseLag } from "./lag.ts";

export interface DatabaseOptions {
  command: "serve";
  kind: "mysql" | "pgsql";
  listen: ListenAddress[];
  /** A path: a unix socket. */
  host: string;
  port: number;
  user: string;
  /** null: from the environment. */
  passwordFile: string | null;
  database: string;
  maxLag: LagLimit | null;
  /** null: everybody. */
  allow: Network[] | null;
  perSource: number;
  instances: number;
  timeoutMs: number;
  availableWhenDonor: boolean;
  availableWhenReadonly: boolean;
}

export type AgentCommand =
  | DatabaseOptions
  | { command: "config"; paths: string[]; check: boolean }
  | { command: "help"; kind: AgentKind | null }
  | { command: "refused"; problem: string };

export type AgentKind = "mysql" | "pgsql";

/** What differs between the databases where nothing is said. */
export const DATABASES: Readonly<
  Record<AgentKind, { port: number; database: string; listen: string; secret: string }>
> = {
  // MySQL opens the database `mysql` for a client that names none; everybody may open information_schema.
  mysql: { port: 3306, database: "information_schema", listen: "0.0.0.0:9200", secret: "MYSQL_PWD" },
  pgsql: { port: 5432, database: "postgres", listen: "0.0.0.0:23267", secret: "PGPASSWORD" },
};

export interface OptionRow {
  name: string;
  /** What the word after it stands for; none: a switch. */
  value?: string;
  /** Of one database alone. */
  only?: AgentKind;
  help: string;
  /** Returns what was expected when it cannot use the value. */
  apply: (to: DatabaseOptions, value: string) => string | void;
}

export const MOST_INSTANCES = 100;
const DEFAULT_TIMEOUT_MS = 1000;

export const OPTION_ROWS: readonly OptionRow[] = [
  {
    name: "listen",
    value: "ADDRESS:PORT",
    help: "where to answer; may be repeated",
    apply(to, value) {
      const parsed = parseBindAddresses(value);
      if ("error" in parsed) return parsed.error;
      for (const address of parsed.value) {
        if (address.kind === "name") return "expected a numeric address, or * for all";
        to.listen.push(address);
      }
    },
  },
  {
    name: "host",
    value: "HOST",
    help: "where the database is: a name, an address, or the path of its socket (127.0.0.1)",
    apply: (to, value) => value === "" ? "expected a host or a path" : void (to.host = value),
  },
  { name: "port", value: "PORT", help: "its port", apply: number((to, value) => to.port = value, 65_535) },
  {
    name: "user",
    value: "NAME",
    help: "whom to log in as",
    apply: (to, value) => value === "" ? "expected a name" : void (to.user = value),
  },
  {
    name: "password-file",
    value: "FILE",
    help: "its first line is the password; without it the environment's MYSQL_PWD or PGPASSWORD",
    apply: (to, value) => value === "" ? "expected a file name" : void (to.passwordFile = value),
  },
  {
    name: "database",
    value: "NAME",
    help: "which database to open: one that the user may",
    apply: (to, value) => value === "" ? "expected a name" : void (to.database = value),
  },
  {
    name: "available-when-donor",
    only: "mysql",
    help: "a Galera node that gives its state to another one can be used",
    apply: (to) => void (to.availableWhenDonor = true),
  },
  {
    name: "available-when-readonly",
    only: "mysql",
    help: "a server that is read_only can be used",
    apply: (to) => void (to.availableWhenReadonly = true),
  },
  {
    name: "max-lag",
    value: "LAG",
    help: "a replica further behind cannot be used: a time (10s), of PostgreSQL also a size (16MB)",
    apply(to, value) {
      const lag = parseLag(value, to.kind === "mysql" ? "seconds" : "bytes");
      if (lag === null) return "expected a time like 10s or a size like 16MB";
      if (to.kind === "mysql" && lag.unit === "bytes") return "expected a time like 10s: MySQL tells no size";
      to.maxLag = lag;
    },
  },
  {
    name: "timeout",
    value: "TIME",
    help: `answer within this time, with 503 if need be (${DEFAULT_TIMEOUT_MS}ms)`,
    apply(to, value) {
      const parsed = parseTime(value);
      if ("error" in parsed) return parsed.error;
      if (parsed.value < 10 || parsed.value > 60_000) return "expected a time from 10ms to 60s";
      to.timeoutMs = parsed.value;
    },
  },
  {
    name: "allow",
    value: "CIDR",
    help: "clients from here may ask, others are refused; may be repeated (everybody may)",
    apply(to, value) {
      const networks = value.split(",").map(parseNetwork);
      if (networks.some((network) => network === null)) return "expected addresses or networks like 10.0.0.0/8";
      (to.allow ??= []).push(...networks as Network[]);
    },
  },
  {
    name: "per-source",
    value: "COUNT",
    help: "connections at once from one address (no limit)",
    apply: number((to, value) => to.perSource = value),
  },
  {
    name: "instances",
    value: "COUNT",
    help: `connections at once (${MOST_INSTANCES})`,
    apply: number((to, value) => to.instances = value),
  },
];

function number(set: (to: DatabaseOptions, value: number) => void, most = 1_000_000): OptionRow["apply"] {
  return (to, value) => {
    if (!/^[0-9]{1,7}$/.test(value) || Number(value) < 1 || Number(value) > most) {
      return `expected a whole number from 1 to ${most}`;
    }
    set(to, Number(value));
  };
}

/** The words behind `agent`. */
export function parseAgentArguments(words: readonly string[]): AgentCommand {
  const [first] = words;
  if (first === undefined) return refuse("Nothing follows agent: expected mysql, pgsql or --config PATH");
  if (first.startsWith("-")) return parseConfigArguments(words);
  if (!Object.hasOwn(DATABASES, first)) {
    return refuse(withHint(`Unknown agent ${quote(first)}: expected mysql or pgsql`, first, Object.keys(DATABASES)));
  }
  return parseDatabaseArguments(first as AgentKind, words.slice(1));
}

function parseDatabaseArguments(kind: AgentKind, words: readonly string[]): AgentCommand {
  const rows = OPTION_ROWS.filter((row) => row.only === undefined || row.only === kind);
  const to: DatabaseOptions = {
    command: "serve",
    kind,
    listen: [],
    host: "127.0.0.1",
    port: DATABASES[kind].port,
    user: "",
    passwordFile: null,
    database: DATABASES[kind].database,
    maxLag: null,
    allow: null,
    perSource: Infinity,
    instances: MOST_INSTANCES,
    timeoutMs: DEFAULT_TIMEOUT_MS,
    availableWhenDonor: false,
    availableWhenReadonly: false,
  };
  for (const token of tokens(words, rows.filter((row) => row.value !== undefined).map((row) => row.name))) {
    if (token.kind !== "option") return refuse(`Unknown word ${quote(words[token.index] ?? "")}: expected an option`);
    if (token.name === "help" || token.rawName === "-h") return { command: "help", kind };
    const row = rows.find(({ name }) => token.rawName === `--${name}`);
    if (row === undefined) return unknown(token.rawName, kind, rows);
    const problem = misused(token, row.value ?? null) ?? applied(row, to, token.value ?? "");
    if (problem !== null) return refuse(problem);
  }
  if (to.user === "") return refuse("Missing --user NAME");
  if (to.listen.length === 0) return refuse(`Missing --listen ADDRESS:PORT, for example ${DATABASES[kind].listen}`);
  return to;
}

function parseConfigArguments(words: readonly string[]): AgentCommand {
  const paths: string[] = [];
  let check = false;
  for (const token of tokens(words, ["config"])) {
    if (token.kind !== "option") {
      return refuse(`Unknown word ${quote(words[token.index] ?? "")}: expected an option; mysql or pgsql come first`);
    }
    const { rawName } = token;
    if (rawName === "-h" || rawName === "--help") return { command: "help", kind: null };
    if (rawName === "-c") check = true;
    else if (rawName === "--config") {
      const problem = misused(token, "PATH");
      if (problem !== null) return refuse(problem);
      paths.push(token.value!);
    } else return refuse(withHint(`Unknown option ${quote(rawName)}`, rawName, ["--config", "--help"]));
  }
  return paths.length === 0 ? refuse("Missing --config PATH") : { command: "config", paths, check };
}

type Token = ReturnType<typeof tokens>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/** Nothing is refused here: our own sentences say more than those of node:util. */
function tokens(words: readonly string[], withValue: readonly string[]) {
  const options = Object.fromEntries(withValue.map((name) => [name, { type: "string" as const }]));
  return parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function misused(token: OptionToken, value: string | null): string | null {
  if (value === null) {
    return token.value === undefined ? null : `Cannot use ${quote(token.value)}: ${token.rawName} takes no value`;
  }
  const missing = token.value === undefined || (token.inlineValue === false && token.value.startsWith("--"));
  return missing ? `Nothing follows ${token.rawName}: expected ${value}` : null;
}

function applied(row: OptionRow, to: DatabaseOptions, value: string): string | null {
  const expected = row.apply(to, value);
  return typeof expected === "string" ? `Cannot use ${quote(value)} after --${row.name}: ${expected}` : null;
}

function unknown(rawName: string, kind: AgentKind, rows: readonly OptionRow[]): AgentCommand {
  if (rawName === "--password" || rawName === "-p") {
    // Everybody on the machine can read command lines.
    return refuse(
      `Cannot take a password here: expected --password-file FILE, or ${DATABASES[kind].secret} in the environment`,
    );
  }
  if (OPTION_ROWS.some(({ name }) => rawName === `--${name}`)) {
    return refuse(`Cannot use ${rawName} with agent ${kind}`);
  }
  return refuse(withHint(`Unknown option ${quote(rawName)}`, rawName, rows.map(({ name }) => `--${name}`)));
}

function withHint(problem: string, word: string, known: readonly string[]): string {
  const hint = didYouMean(word, known);
  return hint === null ? problem : `${problem}. ${hint}`;
}

const refuse = (problem: string): AgentCommand => ({ command: "refused", problem });
