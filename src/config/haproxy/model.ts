/**
 * The typed model of a haproxy configuration: what the parser produces and every role reads.
 *
 * Plain data only (it travels to the roles as JSON): no class, no function, no undefined that carries meaning.
 * Times are milliseconds, sizes bytes, 0 or null as each field says. Names are haproxy's own.
 */
import type { Place } from "../place.ts";
import type { HealthChecks } from "./model_checks.ts";
import type {
  AddressHeader,
  Capture,
  CaptureCookie,
  ErrorPage,
  HttpRule,
  Persistence,
  RedirectRule,
  RetryOn,
  StatsPage,
  UseServer,
} from "./model_http.ts";

export type * from "./model_checks.ts";
export type * from "./model_http.ts";

export interface Model {
  global: Global;
  /** In the order of the files; `listen` is one proxy with both sides. Ids are assigned (explicit `id` first). */
  proxies: Proxy[];
  /** What the files have made of the environment (setenv and its kin), as byte strings: what `env()` and `show env` see. */
  environment: Record<string, string>;
}

export interface Global {
  daemon: boolean;
  masterWorker: boolean;
  /** 0: one proxy process per core. */
  nbthread: number;
  /** Process-wide connection limit; 0: derived from the descriptor limit. */
  maxconn: number;
  /** Connections accepted per second over the process (maxconnrate), sessions (maxsessrate); 0: no limit. */
  maxconnrate: number;
  maxsessrate: number;
  /** 0: computed from maxconn. */
  ulimitN: number;
  strictLimits: boolean;
  /** How long a soft stop may last; null: for ever. */
  hardStopAfterMs: number | null;
  /** How long a stopping process goes on accepting (`grace`); 0: not at all. */
  graceMs: number;
  /** Spread of the closing of idle HTTP connections during a soft stop (close-spread-time); 0: at once, -1: not closed. */
  closeSpreadMs: number;
  uid: number | null;
  gid: number | null;
  chroot: string | null;
  pidfile: string | null;
  node: string | null;
  description: string | null;
  logTargets: LogTarget[];
  logTag: string;
  /** null: no host name in the line; "" : the machine's own. */
  logSendHostname: string | null;
  statsSockets: Bind[];
  statsTimeoutMs: number;
  statsMaxconn: number;
  zeroWarning: boolean;
  quiet: boolean;
  /** Random part of the interval between checks, in percent either way; most ms between the first and the last; 0: none. */
  spreadChecks: number;
  maxSpreadChecksMs: number;
  tune: {
    bufsize: number;
    maxaccept: number;
    maxrewrite: number;
    rcvbufClient: number;
    rcvbufServer: number;
    sndbufClient: number;
    sndbufServer: number;
    /** Most header fields of a message (tune.http.maxhdr). */
    httpMaxhdr: number;
    /** What a log line shows of a request line, of a captured cookie (tune.http.logurilen, tune.http.cookielen). */
    httpLogurilen: number;
    httpCookielen: number;
  };
}

export type ProxyKind = "frontend" | "backend" | "listen";
export type Mode = "tcp" | "http";

export interface Proxy {
  name: string;
  kind: ProxyKind;
  id: number;
  place: Place;
  mode: Mode;
  /** `disabled` in the section: it starts neither listeners nor checks. */
  disabled: boolean;
  description: string | null;

  // Frontend side (frontend, listen)
  binds: Bind[];
  /** Connections at once over all its listeners; 0: the process's own limit. */
  maxconn: number;
  /** Queue of the kernel; 0: maxconn (haproxy configuration.txt, "backlog"). */
  backlog: number;
  /** New sessions per second, over which accepting pauses (`rate-limit sessions`); 0: no limit. */
  rateLimitSessions: number;
  /** Name of a proxy with a backend side; null: itself for `listen`, else no backend (a 503 or a close). */
  defaultBackend: string | null;
  /** `use_backend NAME [if|unless COND]`, in order. */
  useBackends: UseBackend[];
  acls: Acl[];
  /** `monitor-uri`, and the conditions of `monitor fail`. */
  monitorUri: string | null;
  monitorFail: Condition[];
  /** `capture request|response header`, in the order of the lines: their slots in log lines. */
  requestCaptures: Capture[];
  responseCaptures: Capture[];
  captureCookie: CaptureCookie | null;
  /** `unique-id-header`: the name as written. */
  uniqueIdHeader: string | null;

  // HTTP, either side
  httpRequestRules: HttpRule[];
  httpResponseRules: HttpRule[];
  /** `redirect`, which come after the http-request rules. */
  redirects: RedirectRule[];
  /** What is answered in place of the standard pages, by status. */
  errorPages: ErrorPage[];
  /** `stats enable` and its kin; null: no page. */
  stats: StatsPage | null;

  // Backend side (backend, listen)
  balance: Balance;
  hashType: HashType;
  servers: Server[];
  /** 0: 10 % of the maxconns of the frontends that may use this backend. */
  fullconn: number;
  retries: number;
  /** null: off; else the interval as written (`option redispatch` is -1: on the last retry). */
  redispatch: number | null;
  retryOn: RetryOn;
  source: SourceAddress | null;
  useServers: UseServer[];
  cookie: Persistence | null;
  httpReuse: "never" | "safe" | "aggressive" | "always";
  healthChecks: HealthChecks;

  timeouts: Timeouts;
  options: Options;
  log: LogSettings;
}

/** Milliseconds; null: not set, which means for ever. */
export interface Timeouts {
  httpRequest: number | null;
  httpKeepAlive: number | null;
  client: number | null;
  server: number | null;
  connect: number | null;
  queue: number | null;
  check: number | null;
  tunnel: number | null;
  clientFin: number | null;
  serverFin: number | null;
}

export interface Options {
  abortonclose: boolean;
  allbackups: boolean;
  /** SO_KEEPALIVE on the client's side, the server's side (`tcpka` sets both). */
  clitcpka: boolean;
  srvtcpka: boolean;
  clitcpkaCnt: number;
  clitcpkaIdleMs: number;
  clitcpkaIntvlMs: number;
  srvtcpkaCnt: number;
  srvtcpkaIdleMs: number;
  srvtcpkaIntvlMs: number;
  dontlognull: boolean;
  dontlogNormal: boolean;
  logSeparateErrors: boolean;
  logasap: boolean;
  tcplog: boolean;
  httplog: boolean;
  /** `option httplog clf` */
  httplogClf: boolean;
  /** `option http-keep-alive`, `http-server-close`, `httpclose`: the last one wins. */
  connection: "keep-alive" | "server-close" | "close";
  preferLastServer: boolean;
  httpIgnoreProbes: boolean;
  forwardfor: AddressHeader | null;
  originalto: AddressHeader | null;
  persist: boolean;
  logHealthChecks: boolean;
  socketStats: boolean;
  contstats: boolean;
  /** `option nolinger`: a side closed by us is reset. */
  nolinger: boolean;
}

export interface LogSettings {
  /** `log global` already replaced by the global targets. */
  targets: LogTarget[];
  tag: string | null;
  /** Format strings, checked by the parser; null: the default of the mode and of tcplog/httplog. */
  format: string | null;
  errorFormat: string | null;
  sdFormat: string | null;
  uniqueIdFormat: string | null;
}

export type LogFormat = "local" | "rfc3164" | "rfc5424" | "priority" | "short" | "timed" | "iso" | "raw";

export interface LogTarget {
  /** host:port resolved to an address, a datagram socket's path, or an inherited descriptor (1 stdout, 2 stderr). */
  to:
    | { kind: "udp"; host: string; port: number; family: 4 | 6 }
    | { kind: "unix"; path: string }
    | { kind: "fd"; fd: number };
  format: LogFormat;
  /** Longest line, with its header, in bytes. */
  maxLength: number;
  /** 0–23. */
  facility: number;
  /** 0–7: what is less severe (greater) is not sent. */
  maxLevel: number;
  /** What is more severe than this is sent as this. */
  minLevel: number;
  /** `sample 1,3-5:10`: of each `size` lines those in `ranges` (from 1). */
  sample: { size: number; ranges: [from: number, to: number][] } | null;
  place: Place;
}

/** One listening address: a `bind` word with several addresses or a port range gives several of these. */
export interface Bind {
  address: ListenAddress;
  name: string | null;
  id: number;
  place: Place;
  maxconn: number;
  /** 0: the proxy's. */
  backlog: number;
  interface: string | null;
  v4v6: boolean;
  v6only: boolean;
  transparent: boolean;
  deferAccept: boolean;
  tfo: boolean;
  mss: number;
  /** TCP_USER_TIMEOUT in ms; 0: the system's. */
  tcpUserTimeoutMs: number;
  nice: number;
  /** Proxy processes that accept here, from 1; null: all (`thread 1-2`, `thread odd`). */
  threads: number[] | null;
  unix: { mode: number | null; uid: number | null; gid: number | null };
  /** Of a stats socket. */
  level: "user" | "operator" | "admin";
  exposeFdListeners: boolean;
}

export type ListenAddress =
  | { kind: "ip"; family: 4 | 6; host: string; port: number }
  | { kind: "unix"; path: string }
  /** Abstract; `padded`: name filled with zeros to the full length (abns@), else exact (abnsz@). */
  | { kind: "abstract"; name: string; padded: boolean }
  | { kind: "fd"; fd: number };

export type ServerAddress =
  /** port 0 with portMode "map": that of the client's destination, plus portOffset. */
  | { kind: "ip"; family: 4 | 6; host: string; port: number; portMode: "fixed" | "map"; portOffset: number }
  | { kind: "unix"; path: string }
  | { kind: "abstract"; name: string; padded: boolean };

export interface SourceAddress {
  host: string;
  family: 4 | 6;
  /** 0: the kernel's choice; a range is walked through. */
  portLow: number;
  portHigh: number;
  interface: string | null;
}

export interface Server {
  name: string;
  /** haproxy's puid: what consistent hashing places on the ring. */
  id: number;
  place: Place;
  address: ServerAddress;
  /** Host name as written, when it is one; address holds the answer of the resolver (host "" until resolved). */
  fqdn: string | null;
  weight: number;
  maxconn: number;
  minconn: number;
  /** 0: no limit. */
  maxqueue: number;
  backup: boolean;
  disabled: boolean;
  check: boolean;
  /** Where checks connect to instead; 0, null: where traffic does. */
  checkPort: number;
  checkAddress: { host: string; family: 4 | 6 } | null;
  interMs: number;
  fastinterMs: number;
  downinterMs: number;
  rise: number;
  fall: number;
  cookie: string | null;
  /**
   * Idle connections kept: at most (-1: no limit); how many other threads leave alone, when they have none themselves; how
   * long some may go unused before they are closed.
   */
  poolMaxConn: number;
  poolLowConn: number;
  poolPurgeDelayMs: number;
  /** Times a connection is used again; 0: never, -1: no limit. */
  maxReuse: number;
  source: SourceAddress | null;
  tfo: boolean;
  /** TCP_USER_TIMEOUT in ms; 0: the system's. */
  tcpUserTimeoutMs: number;
  onMarkedDownShutdownSessions: boolean;
}

export type Balance =
  | { kind: "roundrobin" | "static-rr" | "leastconn" | "first" | "source" }
  | { kind: "random"; draws: number }
  /** 0: no limit. */
  | { kind: "uri"; whole: boolean; pathOnly: boolean; len: number; depth: number }
  | { kind: "url_param"; name: string; checkPost: boolean }
  | { kind: "hdr"; name: string; domainOnly: boolean }
  | { kind: "hash"; expression: string; place: Place };

export interface HashType {
  method: "map-based" | "consistent";
  function: "sdbm" | "djb2" | "wt6" | "crc32" | "none";
  avalanche: boolean;
  /** hash-balance-factor in percent; 0: off. */
  balanceFactor: number;
}

export interface UseBackend {
  /** A backend's name, or a log-format string when `dynamic`. */
  backend: string;
  dynamic: boolean;
  condition: Condition | null;
  place: Place;
}

/** `if`/`unless` over ACL names: an OR of ANDs. Anonymous ACLs are given names of their own and put into `acls`. */
export interface Condition {
  unless: boolean;
  terms: { acl: string; negated: boolean }[][];
}

export interface Acl {
  name: string;
  /** Criterion with its arguments and converters, as written: `src`, `dst_port`, `hdr(host),lower`. */
  criterion: string;
  flags: string[];
  patterns: string[];
  place: Place;
}
