/**
 * What a finished (or, with logasap, begun) session hands to the log: the fields behind haproxy's log-format variables.
 *
 * The proxy keeps one record per process and fills it for each line; a compiled format says which of the costly
 * fields (addresses) it needs, so that no string is made that no format asks for.
 */
export interface SessionRecord {
  /** ms since 1970 at which the connection was accepted. */
  acceptedAtMs: number;
  /** Filled when the format needs `client`: %ci %cp. Host "unix" and the listener's id for a unix socket. */
  clientHost: string;
  clientPort: number;
  /** `local`: the address the client connected to, %fi %fp. */
  localHost: string;
  localPort: number;
  /** `source`: our own address towards the server, %bi %bp. */
  sourceHost: string;
  sourcePort: number;
  /** `server`: %si %sp. */
  serverHost: string;
  serverPort: number;

  frontendName: string;
  /** The frontend's own name again when no backend was chosen. */
  backendName: string;
  /** "<NOSRV>" when none was chosen. */
  serverName: string;
  /** TLS on the client's side: a `~` follows the frontend's name in %ft. */
  tls: boolean;

  /** Times in ms; -1: not reached. Th Tw Tc Tt Td as configuration.txt 8.4 defines them. */
  handshakeMs: number;
  queueMs: number;
  connectMs: number;
  totalMs: number;
  dataMs: number;

  /**
   * %U from the client, %B to the client. Of an exchange whose request never became complete: what has come of it, by which
   * the logger knows a connection that nothing came over.
   */
  bytesUp: number;
  bytesDown: number;
  /**
   * How the session ended, and where it stood (configuration.txt 8.5): two letters; HTTP adds what became of the cookie on
   * the way in and out, `--NI`.
   */
  termination: string;

  /** Connections at the time of logging: %ac %fc %bc %sc. */
  actConn: number;
  feConn: number;
  beConn: number;
  srvConn: number;
  retries: number;
  /** %rc is written with a leading + when the session was redispatched. */
  redispatched: boolean;
  /** Places that were before it: %sq %bq. */
  serverQueue: number;
  backendQueue: number;

  /** %ID; "" when the proxy has no unique-id-format. */
  uniqueId: string;
  /** %rt: sessions seen by this process. */
  sequence: number;
  /** `option logasap` is on: %Tt and %B carry a leading +. Set by the logger, from the option. */
  asap: boolean;
  /** HTTP: true. The fields below are then filled, else not. */
  http: boolean;
  /** ms since 1970 of the request's first byte: %tr and its kin. */
  requestAtMs: number;
  /** Ti TR Tr Ta as configuration.txt 8.4 defines them, ms; -1: not reached. */
  idleMs: number;
  requestMs: number;
  responseMs: number;
  activeMs: number;
  /** First line of the request as received, cut at tune.http.logurilen: "GET /x HTTP/1.1"; "" when none was complete. */
  requestLine: string;
  /** -1: no answer. */
  status: number;
  /** `capture cookie`: %CC %CS, "" for none. */
  requestCookie: string;
  responseCookie: string;
  /** Level that a rule has set; -1: no line; null: by the options. */
  level: number | null;
  /** Captured values by slot, null where nothing was captured (%hr %hrl, %hs %hsl). Empty: none is declared. */
  requestCaptures: readonly (string | null)[];
  responseCaptures: readonly (string | null)[];
}
/** The groups of fields that cost something to fill. */
export interface RecordNeeds {
  client: boolean;
  local: boolean;
  source: boolean;
  server: boolean;
  /** HTTP: requestLine; requestCaptures and responseCaptures; requestCookie and responseCookie. */
  requestLine: boolean;
  captures: boolean;
  cookies: boolean;
}

export const noNeeds = (): RecordNeeds => ({
  client: false,
  local: false,
  source: false,
  server: false,
  requestLine: false,
  captures: false,
  cookies: false,
});

/** What any of several formats needs. */
export function allNeeds(each: readonly RecordNeeds[]): RecordNeeds {
  const all = noNeeds();
  for (const needs of each) for (const group of Object.keys(all) as (keyof RecordNeeds)[]) all[group] ||= needs[group];
  return all;
}

/** A record to be filled for each line. */
export const newRecord = (): SessionRecord => ({
  acceptedAtMs: 0,
  clientHost: "",
  clientPort: 0,
  localHost: "",
  localPort: 0,
  sourceHost: "",
  sourcePort: 0,
  serverHost: "",
  serverPort: 0,
  frontendName: "",
  backendName: "",
  serverName: "",
  tls: false,
  handshakeMs: 0,
  queueMs: -1,
  connectMs: -1,
  totalMs: 0,
  dataMs: -1,
  bytesUp: 0,
  bytesDown: 0,
  termination: "--",
  actConn: 0,
  feConn: 0,
  beConn: 0,
  srvConn: 0,
  retries: 0,
  redispatched: false,
  serverQueue: 0,
  backendQueue: 0,
  uniqueId: "",
  sequence: 0,
  asap: false,
  http: false,
  requestAtMs: 0,
  idleMs: -1,
  requestMs: -1,
  responseMs: -1,
  activeMs: -1,
  requestLine: "",
  status: -1,
  requestCookie: "",
  responseCookie: "",
  level: null,
  requestCaptures: [],
  responseCaptures: [],
});
