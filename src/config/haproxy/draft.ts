/**
 * The model while it is being read: what the sections fill, with the places a later check needs to point at.
 *
 * A `defaults` section is a draft like a proxy's; a proxy starts as a copy of the one it takes its settings from.
 */
import type { Diagnostic, Diagnostics } from "../diagnostics.ts";
import type { Place } from "../place.ts";
import type { Environment } from "./environment.ts";
import type { Acl, Bind, Global, LogTarget, Proxy, ProxyKind, Server } from "./model.ts";
import type { ConfigLine, Word } from "./words.ts";

/** What a hook found wrong with a text: the message, and where in the text it begins. */
export interface Complaint {
  message: string;
  offset: number;
  /** An error unless it says otherwise. */
  severity?: "warning";
}

/** The languages inside the language, owned by the modules that run them; null: nothing wrong. */
export interface Checks {
  logFormat(text: string): Complaint | null;
  expression(text: string): Complaint | null;
  acl(acl: Acl): Complaint | null;
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
  };
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
  /** The first server with `check`, which is warned about once. */
  checkAt: Word | null;
  checkedServer: string;
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

export function newGlobal(overrides: Overrides): Global {
  return {
    daemon: overrides.daemon,
    masterWorker: overrides.masterWorker,
    nbthread: 0,
    maxconn: 0,
    maxconnrate: 0,
    maxsessrate: 0,
    ulimitN: 0,
    strictLimits: true,
    hardStopAfterMs: null,
    graceMs: 0,
    closeSpreadMs: 0,
    uid: null,
    gid: null,
    chroot: null,
    pidfile: null,
    node: null,
    description: null,
    logTargets: [],
    logTag: "haproxy",
    logSendHostname: null,
    statsSockets: [],
    // Defaults of the stats socket: configuration.txt, "stats timeout", "stats maxconn".
    statsTimeoutMs: 10_000,
    statsMaxconn: 10,
    zeroWarning: overrides.zeroWarning,
    quiet: overrides.quiet,
    tune: {
      bufsize: 16_384,
      maxaccept: 4,
      maxrewrite: 1024,
      rcvbufClient: 0,
      rcvbufServer: 0,
      sndbufClient: 0,
      sndbufServer: 0,
      httpMaxhdr: 101,
      httpLogurilen: 1024,
      httpCookielen: 63,
    },
  };
}

/** A section that says nothing: configuration.txt's defaults of each keyword. */
export function newProxyDraft(section: ProxyDraft["section"], head: ConfigLine, at: Word): ProxyDraft {
  return {
    section,
    head,
    at,
    proxy: newProxy(section === "defaults" ? "listen" : section, head),
    defaultServer: newServer(head),
    // configuration.txt, "init-addr"
    initAddr: ["last", "libc"],
    bindLines: 0,
    logs: [],
    serverIds: new Map(),
    bindIds: new Map(),
    serverNames: new Map(),
    idAt: null,
    places: { defaultBackend: null, hashExpression: null, logFormat: null, logFormatSd: null, errorLogFormat: null },
    explicitUse: false,
    implicitUse: false,
    timeoutsSet: new Set(),
    aclNames: new Set(),
    useBackendWords: [],
    portless: [],
    checkAt: null,
    checkedServer: "",
  };
}

/** A proxy or a further `defaults` that starts with what `from` holds. */
export function inherit(section: ProxyDraft["section"], head: ConfigLine, at: Word, from: ProxyDraft): ProxyDraft {
  const draft = newProxyDraft(section, head, at);
  const given = structuredClone(from.proxy);
  const own = draft.proxy;
  draft.proxy = { ...given, name: own.name, kind: own.kind, id: 0, place: own.place, binds: [], acls: [] };
  draft.defaultServer = { ...from.defaultServer };
  draft.initAddr = from.initAddr;
  // The very object, so that the answer to a host name in it reaches all who use it.
  draft.proxy.source = from.proxy.source;
  draft.logs = [...from.logs];
  draft.places = { ...from.places };
  // What belongs to one side means nothing in a proxy that has only the other.
  if (section === "frontend" || section === "backend") forgetOtherSide(draft);
  return draft;
}

function forgetOtherSide(draft: ProxyDraft): void {
  const blank = newProxy("listen", draft.head);
  const proxy = draft.proxy;
  if (draft.section === "backend") {
    proxy.maxconn = blank.maxconn;
    proxy.backlog = blank.backlog;
    proxy.rateLimitSessions = blank.rateLimitSessions;
    proxy.defaultBackend = null;
    Object.assign(proxy.timeouts, { client: null, clientFin: null });
    Object.assign(draft.places, {
      defaultBackend: null,
      logFormat: null,
      logFormatSd: null,
      errorLogFormat: null,
    });
    Object.assign(proxy.log, { format: null, errorFormat: null, sdFormat: null, formatPlace: null });
    Object.assign(proxy.options, { tcplog: false, httplog: false });
  } else {
    proxy.balance = blank.balance;
    draft.places.hashExpression = null;
    proxy.fullconn = 0;
    proxy.source = null;
    Object.assign(proxy.timeouts, {
      server: null,
      connect: null,
      queue: null,
      check: null,
      tunnel: null,
      serverFin: null,
    });
  }
}

function newProxy(kind: ProxyKind, head: ConfigLine): Proxy {
  return {
    name: "",
    kind,
    id: 0,
    place: head.place,
    mode: "tcp",
    disabled: false,
    description: null,
    binds: [],
    maxconn: 0,
    backlog: 0,
    rateLimitSessions: 0,
    defaultBackend: null,
    useBackends: [],
    acls: [],
    balance: { kind: "roundrobin" },
    hashType: { method: "map-based", function: "sdbm", avalanche: false, balanceFactor: 0 },
    servers: [],
    fullconn: 0,
    retries: 3,
    redispatch: null,
    retryOn: { connFailure: true, emptyResponse: false, junkResponse: false, responseTimeout: false, statuses: [] },
    source: null,
    useServers: [],
    cookie: null,
    httpReuse: "safe",
    monitorUri: null,
    monitorFail: [],
    requestCaptures: [],
    responseCaptures: [],
    captureCookie: null,
    uniqueIdHeader: null,
    httpRequestRules: [],
    httpResponseRules: [],
    redirects: [],
    errorPages: [],
    stats: null,
    timeouts: {
      httpRequest: null,
      httpKeepAlive: null,
      client: null,
      server: null,
      connect: null,
      queue: null,
      check: null,
      tunnel: null,
      clientFin: null,
      serverFin: null,
    },
    options: {
      abortonclose: false,
      allbackups: false,
      clitcpka: false,
      srvtcpka: false,
      clitcpkaCnt: 0,
      clitcpkaIdleMs: 0,
      clitcpkaIntvlMs: 0,
      srvtcpkaCnt: 0,
      srvtcpkaIdleMs: 0,
      srvtcpkaIntvlMs: 0,
      dontlognull: false,
      dontlogNormal: false,
      logSeparateErrors: false,
      logasap: false,
      tcplog: false,
      httplog: false,
      httplogClf: false,
      connection: "keep-alive",
      preferLastServer: false,
      httpIgnoreProbes: false,
      forwardfor: null,
      originalto: null,
      persist: false,
      socketStats: false,
      contstats: false,
      nolinger: false,
    },
    log: {
      targets: [],
      tag: null,
      format: null,
      errorFormat: null,
      sdFormat: null,
      uniqueIdFormat: null,
    },
  };
}

function newServer(head: ConfigLine): Server {
  return {
    name: "",
    id: 0,
    place: head.place,
    address: { kind: "ip", family: 4, host: "", port: 0, portMode: "map", portOffset: 0 },
    fqdn: null,
    weight: 1,
    maxconn: 0,
    minconn: 0,
    maxqueue: 0,
    backup: false,
    disabled: false,
    check: false,
    interMs: 2000,
    fastinterMs: 0,
    downinterMs: 0,
    rise: 2,
    fall: 3,
    cookie: null,
    poolMaxConn: -1,
    poolLowConn: 0,
    poolPurgeDelayMs: 5000,
    maxReuse: -1,
    source: null,
    tfo: false,
    tcpUserTimeoutMs: 0,
    onMarkedDownShutdownSessions: false,
  };
}

/** Has the section the side a keyword belongs to? `defaults` stands for both. */
export function hasSide(draft: ProxyDraft, side: "frontend" | "backend"): boolean {
  return draft.section === "defaults" || draft.section === "listen" || draft.section === side;
}

/** "frontend 'www'", as haproxy names it: a `listen` is a "proxy". */
export function title(draft: ProxyDraft): string {
  return `${draft.section === "listen" ? "proxy" : draft.section} '${draft.proxy.name}'`;
}
