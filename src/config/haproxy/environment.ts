/**
 * The environment a configuration is read in: that of the process, the variables haproxy adds to it (configuration.txt
 * 2.3), and what `setenv` and its kin change while the lines go by. Byte strings; nothing here touches process.env.
 */
import { toByteString } from "../byte_strings.ts";

/** Consulted at each line and changed between lines, in place. */
export type Environment = Map<string, string>;

/** What the program knows of itself when it begins to read. */
export interface ProcessFacts {
  /** Language level, e.g. "3.5.0". */
  version: string;
  /** `-L`, or the machine's name. */
  localPeer: string;
  masterWorker: boolean;
  /** All configuration files, in the order of loading. */
  files: readonly string[];
}

/** configuration.txt 8.2.2 to 8.2.4: the formats as log-format strings, so that they can be extended instead of copied. */
const TCP = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
const HTTP =
  "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
const HTTPS = HTTP +
  " %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";
const HTTP_CLF = '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta ' +
  "%tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
const TCP_CLF = '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U ' +
  '%ts-- %ac %fc %bc %sc %rc %sq %bq "" "" ';

export const LOG_FORMAT_VARIABLES: Readonly<Record<string, string>> = {
  HAPROXY_TCP_LOG_FMT: TCP,
  HAPROXY_TCP_CLF_LOG_FMT: TCP_CLF,
  HAPROXY_HTTP_LOG_FMT: HTTP,
  HAPROXY_HTTP_CLF_LOG_FMT: HTTP_CLF,
  HAPROXY_HTTPS_LOG_FMT: HTTPS,
};

export function newEnvironment(
  processEnv: Readonly<Record<string, string | undefined>>,
  facts: ProcessFacts,
): Environment {
  const environment: Environment = new Map();
  for (const [name, value] of Object.entries(processEnv)) {
    if (value !== undefined) environment.set(toByteString(name), toByteString(value));
  }
  for (const [name, value] of Object.entries(LOG_FORMAT_VARIABLES)) environment.set(name, value);
  environment.set("HAPROXY_BRANCH", facts.version.split(".", 2).join("."));
  // A program started by another keeps the first one's version (configuration.txt 2.3).
  if (!environment.has("HAPROXY_STARTUP_VERSION")) environment.set("HAPROXY_STARTUP_VERSION", facts.version);
  environment.set("HAPROXY_LOCALPEER", toByteString(facts.localPeer));
  environment.set("HAPROXY_CFGFILES", facts.files.map(toByteString).join(";"));
  if (facts.masterWorker) environment.set("HAPROXY_MWORKER", "1");
  else environment.delete("HAPROXY_MWORKER");
  return environment;
}

/** Addresses of the stats sockets and of the master's, known once they are configured; "" : none. */
export function publishCliAddresses(environment: Environment, cli: readonly string[], master: readonly string[]): void {
  environment.set("HAPROXY_CLI", cli.join(";"));
  environment.set("HAPROXY_MASTER_CLI", master.join(";"));
}

/** null when done; else what is wrong with the name (setenv(3) refuses the same). */
export function setenv(environment: Environment, name: string, value: string): string | null {
  const problem = nameProblem(name);
  if (problem === null) environment.set(name, value);
  return problem;
}

/** Keeps a value that is there, be it empty. */
export function presetenv(environment: Environment, name: string, value: string): string | null {
  const problem = nameProblem(name);
  if (problem === null && !environment.has(name)) environment.set(name, value);
  return problem;
}

export function unsetenv(environment: Environment, names: readonly string[]): void {
  for (const name of names) environment.delete(name);
}

/** Removes all but the names given. */
export function resetenv(environment: Environment, keep: readonly string[]): void {
  for (const name of [...environment.keys()]) if (!keep.includes(name)) environment.delete(name);
}

function nameProblem(name: string): string | null {
  if (name === "") return "Cannot set a variable without a name";
  return /[=\0]/.test(name) ? 'Cannot use "=" in the name of a variable' : null;
}

/** The pseudo-variables (configuration.txt 2.3): what they say depends on the line being read. */
export const PSEUDO_VARIABLES = [".FILE", ".LINE", ".SECTION"] as const;
export type PseudoVariables = Readonly<Record<(typeof PSEUDO_VARIABLES)[number], string>>;
