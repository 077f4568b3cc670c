/** What the command line asks for, as data: the parser of options.ts fills it, the commands and the roles read it. */

/** What the words ask for. Fields are named after what the option does; the option stands beside each. */
export interface Invocation {
  kind: "run" | "check" | "condition" | "version" | "help" | "demo" | "agent" | "servers";
  /** -f, --config and what follows --, in order; a directory stands for its .cfg files. */
  files: string[];
  /** -C: where to go before any file is opened; null: stay. */
  directory: string | null;
  /** -cc: the text to evaluate; null unless kind is "condition". */
  condition: string | null;
  /** -v -vv -vq -vqs -vqb; null unless kind is "version". */
  version: "short" | "full" | "number" | "numberShort" | "branch" | null;
  /** -D; -d and -db win over it. */
  daemon: boolean;
  /** -db: stay in the foreground whatever the configuration says. */
  foreground: boolean;
  /** -d: stay in the foreground and show what happens. */
  debug: boolean;
  /** -W, -Ws */
  masterWorker: boolean;
  /** -Ws: tell the service manager over $NOTIFY_SOCKET. */
  notify: boolean;
  /** -q without -V: haproxy lets -V win in any order. */
  quiet: boolean;
  /** -V */
  verbose: boolean;
  /** -dW: a warning is an error. */
  zeroWarning: boolean;
  /** -dD: show what looks suspicious, too. */
  diagnostics: boolean;
  /** -dr: a server whose name has no address starts without one. */
  ignoreResolveFailures: boolean;
  /** -4: names are resolved to IPv4 addresses alone. */
  ipv4Only: boolean;
  /** -L: our name among peers, $HAPROXY_LOCALPEER; null: the host's name. */
  localPeer: string | null;
  /** -m: megabytes over all processes; null: no limit. */
  memoryMaxMb: number | null;
  /** -n: goes before the configuration's global maxconn; null: as configured. */
  maxconn: number | null;
  /** -N: maxconn of a proxy that sets none; null: as configured. */
  proxyMaxconn: number | null;
  /** -p: goes before the configuration's pidfile; null: as configured. */
  pidfile: string | null;
  /** -x: the running process's stats socket, to take its listening sockets from. */
  socketsFrom: string | null;
  /** -sf, -st: whom to signal once we serve. */
  oldPids: number[];
  /** SIGUSR1 lets them finish (-sf), SIGTERM ends them (-st); with both options the last one counts. */
  oldPidsSignal: "SIGUSR1" | "SIGTERM";
  /** What follows a command that reads its own options. */
  commandWords: string[];
}

/** Goes to stderr with exit code 1; the usage follows when the words themselves were not understood. */
export interface Refusal {
  kind: "refused";
  problem: string;
  showUsage: boolean;
}

export function emptyInvocation(): Invocation {
  return {
    kind: "run",
    files: [],
    directory: null,
    condition: null,
    version: null,
    daemon: false,
    foreground: false,
    debug: false,
    masterWorker: false,
    notify: false,
    quiet: false,
    verbose: false,
    zeroWarning: false,
    diagnostics: false,
    ignoreResolveFailures: false,
    ipv4Only: false,
    localPeer: null,
    memoryMaxMb: null,
    maxconn: null,
    proxyMaxconn: null,
    pidfile: null,
    socketsFrom: null,
    oldPids: [],
    oldPidsSignal: "SIGUSR1",
    commandWords: [],
  };
}
