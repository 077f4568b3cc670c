/**
 * Every option and command of the program as a row: those of haproxy's management guide, section 3, and ours.
 *
 * The parser (options.ts) and the help (help.ts) are both made from these tables.
 */
import type { Invocation } from "./invocation.ts";

export type HelpGroup = "Configuration" | "Process" | "Taking over" | "Messages" | "Information";

export interface Option {
  names: readonly string[];
  /** What the word after it stands for, as the help shows it. */
  value?: string;
  group: HelpGroup;
  help: string;
  /** Returns what was expected when it cannot use the value. */
  apply: (to: Invocation, value: string) => string | void;
}

const MAX_LIMIT = 2_147_483_647;

/** Options that we act on. `-sf`, `-st` and `--` take any number of words and are read in parseArguments. */
export const OPTIONS: readonly Option[] = [
  {
    names: ["-f", "--config"],
    value: "PATH",
    group: "Configuration",
    help: "read this file, or every .cfg of this directory; may be repeated",
    apply: (to, value) => void to.files.push(value),
  },
  {
    names: ["-C"],
    value: "DIR",
    group: "Configuration",
    help: "go to this directory first",
    apply: (to, value) => void (to.directory = value),
  },
  {
    names: ["-c"],
    group: "Configuration",
    help: "check the configuration and exit: 0 when it can be used, else 1",
    apply: (to) => void (to.kind = "check"),
  },
  {
    names: ["-cc"],
    value: "CONDITION",
    group: "Configuration",
    help: "evaluate a condition of .if and exit: 0 true, 1 false, 2 not understood",
    apply: (to, value) => {
      to.kind = "condition";
      to.condition = value;
    },
  },
  {
    names: ["-dr"],
    group: "Configuration",
    help: "start although the name of a server has no address",
    apply: (to) => void (to.ignoreResolveFailures = true),
  },
  {
    names: ["-4"],
    group: "Configuration",
    help: "resolve names to IPv4 addresses only",
    apply: (to) => void (to.ipv4Only = true),
  },
  {
    names: ["-L"],
    value: "NAME",
    group: "Configuration",
    help: "our own name among peers instead of the host's",
    apply: (to, value) => value === "" ? "expected a name" : void (to.localPeer = value),
  },
  { names: ["-D"], group: "Process", help: "run in the background", apply: (to) => void (to.daemon = true) },
  {
    names: ["-db"],
    group: "Process",
    help: "stay in the foreground",
    apply: (to) => void (to.foreground = true),
  },
  {
    names: ["-d"],
    group: "Process",
    help: "stay in the foreground and show what happens",
    apply: (to) => void (to.debug = true),
  },
  {
    names: ["-W"],
    group: "Process",
    help: "master-worker mode: SIGUSR2 reloads the configuration",
    apply: (to) => void (to.masterWorker = true),
  },
  {
    names: ["-Ws"],
    group: "Process",
    help: "the same, and tell systemd when ready",
    apply: (to) => {
      to.masterWorker = true;
      to.notify = true;
    },
  },
  {
    names: ["-p"],
    value: "FILE",
    group: "Process",
    help: "write the process id here",
    apply: (to, value) => value === "" ? "expected a file name" : void (to.pidfile = value),
  },
  {
    names: ["-n"],
    value: "COUNT",
    group: "Process",
    help: "connections at once, over all",
    apply: limit((to, count) => to.maxconn = count),
  },
  {
    names: ["-N"],
    value: "COUNT",
    group: "Process",
    help: "connections at once for a proxy that sets no maxconn",
    apply: limit((to, count) => to.proxyMaxconn = count),
  },
  {
    names: ["-m"],
    value: "MEGABYTES",
    group: "Process",
    help: "memory over all processes",
    apply: limit((to, count) => to.memoryMaxMb = count),
  },
  {
    names: ["-x"],
    value: "SOCKET",
    group: "Taking over",
    help: "take the listening sockets of the process behind this stats socket",
    // haproxy refuses an option in its place: a forgotten path would eat the next option.
    apply: (to, value) =>
      value === "" || value.startsWith("-") ? "expected the path of a stats socket" : void (to.socketsFrom = value),
  },
  {
    names: ["-q"],
    group: "Messages",
    help: "say nothing",
    apply: (to) => void (to.quiet = true),
  },
  {
    names: ["-V"],
    group: "Messages",
    help: "say more; wins over -q",
    apply: (to) => void (to.verbose = true),
  },
  {
    names: ["-dW"],
    group: "Messages",
    help: "a warning is an error",
    apply: (to) => void (to.zeroWarning = true),
  },
  {
    names: ["-dD"],
    group: "Messages",
    help: "show what looks suspicious, too",
    apply: (to) => void (to.diagnostics = true),
  },
  { names: ["-v", "--version"], group: "Information", help: "version", apply: version("short") },
  {
    names: ["-vv"],
    group: "Information",
    help: "version, how it was built, features",
    apply: version("full"),
  },
  { names: ["-vq"], group: "Information", help: "language version alone", apply: version("number") },
  { names: ["-vqs"], group: "Information", help: "the same in its short form", apply: version("numberShort") },
  { names: ["-vqb"], group: "Information", help: "its branch alone", apply: version("branch") },
  {
    names: ["-h", "--help"],
    group: "Information",
    help: "this page",
    apply: (to) => void (to.kind = "help"),
  },
];

/**
 * Options of haproxy accepted without effect, each with why nothing is to be done. Nobody who gives one of these
 * sees another behaviour than he asked for; when that stops being true the row moves up.
 */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  "-dM": "no memory pools whose blocks could be poisoned or checked",
  "-dI": "lets checks start programs: never forbidden here",
  "-de": "the runtime waits with epoll alone; which poller waits cannot be seen from outside",
  "-dp": "the poll poller is not used",
  "-dk": "kqueue is not on Linux",
  "-dS": "splice is not used",
  "-dG": "chooses how libc resolves names: an answer is the same either way",
  "-dZ": "no zero-copy forwarding",
  "-dF": "no fast forwarding that bypasses the analysers",
  "-dT": "no kernel TLS",
  "-dc": "reports processors chosen by cpu-map and cpu-policy: none are",
  "-dV": "no TLS to servers, hence no certificate of theirs to verify",
};

/** Options of haproxy that would change what we do, and do not yet. */
export const NOT_SUPPORTED: Readonly<Record<string, string>> = {
  "-S": "the master socket is",
  "-dA": "an archive of loaded objects is",
  "-dC": "a dump of the configuration is",
  "-dK": "a dump of the keywords is",
  "-dL": "a list of loaded objects is",
  "-dR": "listening without SO_REUSEPORT is",
  "-dt": "traces are",
};

/** Options with text glued to them. */
export const GLUED: ReadonlySet<string> = new Set(["-dM", "-dA", "-dC", "-dK", "-dt"]);

/** First word of our own commands, and what each is for. */
export const SUBCOMMANDS: Readonly<Record<"agent" | "demo" | "servers", string>> = {
  agent: "tells from a database host whether the database can be used; agent --help",
  demo: "a load balancer over six small services inside this process",
  servers: "which servers run; takes them out and puts them back; servers --help",
};

/** Those of them that read the words behind them by themselves. */
export const WITH_OPTIONS: ReadonlySet<string> = new Set(["agent", "servers"]);

function limit(set: (to: Invocation, count: number) => void): Option["apply"] {
  return (to, value) => {
    const count = wholeNumber(value);
    if (count === null || count > MAX_LIMIT) return `expected a whole number up to ${MAX_LIMIT}`;
    set(to, count);
  };
}

function version(which: NonNullable<Invocation["version"]>): Option["apply"] {
  return (to) => {
    to.kind = "version";
    to.version = which;
  };
}

/** Digits alone: no sign, no fraction, no hex. */
export function wholeNumber(text: string): number | null {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : null;
}
