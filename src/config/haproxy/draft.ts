/**
 * The model while it is being read: what the sections fill, with the places a later check needs to point at.
 *
 * A `defaults` section is a draft like a proxy's; a proxy starts as a copy of the one it takes its settings from.
 */
import type { Diagnostic, Diagnostics } from "../diagnostics.ts";
import type { Place } from "../place.ts";
import type { Environment } from "./environment.ts";
import type { Acl, Bind, Global, LogTarget, Mode, Proxy, ProxyKind, Server } from "./model.ts";
import type { ConfigLine, Word } from "./words.ts";

/** What a hook found wrong with a text: the message, and where in the text it begins. */
export interface Complaint {
  message: string;
  offset: number;
  /** An error unless it says otherwise. */
  severity?: "warning";
}

/** Where an expression or a format stands. The rules of a listen are a backend's. */
export type Standing =
  | `${"" | "http "}${"use_backend" | "balance" | "log"}`
  | `${"frontend" | "backend"} http-request`
  | "http-response";

/** The languages inside the language, owned by the modules that run them; null: nothing wrong. */
export interface Checks {
  /** `where` it stands decides what it can ask for; while the mode of its proxy is not known, it is taken for http. */
  logFormat(text: string, where?: Standing): Complaint | null;
  expression(text: string, where?: Standing): Complaint | null;
  acl(acl: Acl, mode?: Mode): Complaint | null;
  /** Can the ACL ever hold in that place? */
  aclFits(acl: Acl, where: Standing): boolean;
  regex(text: string): Complaint | null;
  /** A whole HTTP response, head and body, to be sent instead of an error page. */
  errorMessage(text: string): Complaint | null;
  /** A file that a line names, as a byte string; null: it cannot be read. */
  readFile(path: string): string | null;
}

/** Values of the command line, which win over those of the files. 0 and null: not given. */
export interface Overrides {
  /** -n: of the process. */
  maxconn: number;
  /** -N: of a frontend that names none. */
  frontendMaxconn: number;
  /** -p */
  pidfile: string | null;
  /** -D, -W, -q, -dW */
  daemon: boolean;
  masterWorker: boolean;
  quiet: boolean;
  zeroWarning: boolean;
  /** -d, -db: whatever the files say. */
  foreground: boolean;
}

export interface Limits {
  /** How many threads there are unless `nbthread` says. */
  cores: number;
}

/** Ids of the system's users and groups; null: there is none of that name. */
export interface Accounts {
  user(name: string): number | null;
  group(name: string): number | null;
}

export interface GlobalDraft {
  global: Global;
  /** Keywords that count once, with the place of the first. */
  seen: Map<string, Word>;
}

export interface ProxyDraft {
  section: "defaults" | ProxyKind;
  /** The line that opens it. */
  head: ConfigLine;
  /** The name; that of the section's word when it has none. */
  at: Word;
  proxy: Proxy;
  /** Settings for the servers that follow. */
  defaultServer: Server;
  /** Their `init-addr`. */
  initAddr: string[];
  /** Number of the next `bind` line. */
  bindLines: number;
  logs: (LogTarget | "global")[];
  /** `stats` was said in this very section. */
  ownStats: boolean;
  /** Servers, binds by their explicit ids; servers by name. */
  serverIds: Map<number, Word>;
  bindIds: Map<number, Word>;
  serverNames: Map<string, Word>;
  idAt: Word | null;
  /** Where something was said that can only be judged at the end; inherited from `defaults`. */
  places: {
    defaultBackend: Word | null;
    hashExpression: Word | null;
    /** `option tcplog`, `option httplog`, `log-format`: the last one wins. */
    logFormat: { name: "option tcplog" | "option httplog" | "log-format"; at: Word } | null;
    logFormatSd: Word | null;
    errorLogFormat: Word | null;
    balance: Word | null;
    cookie: Word | null;
    captureCookie: Word | null;
    /** The first `capture` of a header. */
    capture: Word | null;
    monitorUri: Word | null;
    /** Options of HTTP that are on, by their name. */
    options: ReadonlyMap<string, Word>;
  };
  /** What this very section says of checks: it replaces what it has inherited. */
  ownChecks: Set<"http" | "tcp" | "http-check" | "tcp-check" | "http-check send">;
  /** `cookie … dynamic` and `dynamic-cookie-key`, which may stand in different sections. */
  dynamicCookie: boolean;
  dynamicCookieKey: string | null;
  /** Of the http rules, those that come from a `defaults`. */
  inheritedRules: { request: number; response: number };
  /** Of a `defaults` with rules: the kind of section it has been used for. */
  rulesFor: "frontend" | "backend" | null;
  /** Of a `defaults`: proxies named it behind "from", or took it because it was the last. */
  explicitUse: boolean;
  implicitUse: boolean;
  /** Timeouts given in this very section. */
  timeoutsSet: Set<string>;
  /** Declared so far, and predefined ones already used. */
  aclNames: Set<string>;
  useBackendWords: Word[];
  /** Servers to be checked at no known port. */
  portless: { server: string; at: Word }[];
}

/** A host name whose address is asked for once everything is read. */
export interface PendingName {
  name: string;
  /** 0: either. */
  family: 0 | 4 | 6;
  at: Word;
  /** Filled with the answer. */
  target: { host: string; family: 4 | 6 };
  /** Whose name it is, for messages. */
  who: string;
  /** Of a server: what `init-addr` says, in order ("last", "libc", "none" or an address). */
  server: { server: Server; initAddr: string[] } | null;
  /** The proxy it stands in; null: global, or settings that several proxies may share. */
  proxy: ProxyDraft | null;
}

export interface Load {
  diagnostics: Diagnostics;
  checks: Checks;
  limits: Limits;
  overrides: Overrides;
  environment: Environment;
  accounts: Accounts;
  /** Directory that relative file names are taken from (`default-path`); "": the current one. */
  directory(line: ConfigLine): string;
  global: GlobalDraft;
  /** Named and anonymous ones, in order. */
  defaults: ProxyDraft[];
  proxies: ProxyDraft[];
  names: PendingName[];
  /** Listening addresses for some threads only, judged once their number is known. */
  threadSets: { at: Word; bind: Bind }[];
  /** Targets that name no format: `log-send-hostname`, wherever it stands, decides. */
  unformatted: LogTarget[];
  /** What is not supported yet, with every line that uses it: said once (later.ts). */
  later: Map<string, { said: Diagnostic; places: Place[] }>;
  /** Names of sections whose opening could not be read: that they lead nowhere is no second mistake. */
  lostNames: Set<string>;
}

/** Has the section the side a keyword belongs to? `defaults` stands for both. */
export function hasSide(draft: ProxyDraft, side: "frontend" | "backend"): boolean {
  return draft.section === "defaults" || draft.section === "listen" || draft.section === side;
}

/** "frontend 'www'", as haproxy names it: a `listen` is a "proxy". */
export function title(draft: ProxyDraft): string {
  return `${draft.section === "listen" ? "proxy" : draft.section} '${draft.proxy.name}'`;
}
