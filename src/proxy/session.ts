/**
 * One client's connection on its way through the proxy: a flat, pooled object with a leg to each side.
 *
 * The legs are part of it and reused with it; a leg without a socket has fd -1, and no event reaches it any more.
 */
import type { Handlers, Leg } from "../linux/leg.ts";
import type { Pipe } from "../linux/pipes.ts";
import type { Http } from "./http1/exchange.ts";
import { NO_KEY } from "./balance/request_key.ts";
import type { Backend, Frontend, Listener, Target } from "./plane.ts";
import type { Queue } from "./queue.ts";

export const STATE = {
  assign: 0,
  queued: 1,
  connecting: 2,
  turnaround: 3,
  established: 4,
  closed: 5,
  // Of HTTP: between two requests, with part of a request's head, at an answer of our own, behind the last answer.
  idle: 6,
  request: 7,
  answering: 8,
  lingering: 9,
} as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** A connection to a server. In HTTP mode it outlives the exchange (http1/pool.ts). */
export interface ServerLeg extends Leg<Session> {
  target: Target | null;
  /** Source port of our own; 0: none. */
  sourcePort: number;
  /** Exchanges it has served, and since when it has had none, in ms on the process's clock. */
  uses: number;
  idleSince: number;
}

/** All legs are of one shape, the client's too, which the loop's code is the faster for. Spelled out: as one literal it is flat. */
export const newServerLeg = (owner: Session, handlers: Handlers<Session>): ServerLeg => ({
  owner,
  fd: -1,
  turn: 0,
  handlers,
  connecting: false,
  blocked: false,
  writeEvents: false,
  paused: false,
  raw: false,
  ended: false,
  waiting: 0,
  target: null,
  sourcePort: 0,
  uses: 0,
  idleSince: 0,
});

export interface Session {
  /** In the timer wheel; kept over the session's reuses. */
  readonly slot: number;
  readonly client: Leg<Session>;
  server: ServerLeg;
  /** Of a frontend in mode http. */
  readonly isHttp: boolean;
  /** The present exchange; null: none is in progress, or mode tcp. */
  http: Http | null;
  state: State;
  listener: Listener | null;
  frontend: Frontend | null;
  backend: Backend | null;
  target: Target | null;

  /** Bytes that wait to be written towards the server (up) and the client (down), from *At on. */
  up: Buffer | null;
  upAt: number;
  down: Buffer | null;
  downAt: number;
  /** While bulk passes: what carries it (tcp/bulk.ts). */
  upPipe: Pipe | null;
  downPipe: Pipe | null;
  /** The side has sent its end; the end has been passed on to the side. */
  clientEnded: boolean;
  serverEnded: boolean;
  /** A side's end is to be passed on at the end of the turn. */
  endWaits: boolean;
  clientShut: boolean;
  serverShut: boolean;

  /** ms on the process's clock (timers.ts). */
  acceptedAt: number;
  /** ms on the clock that all processes share (turns.ts). */
  queuedSince: number;
  connectStart: number;
  clientActive: number;
  serverActive: number;
  /** When the present state has lasted too long; Infinity: never. */
  deadline: number;
  clientLimit: number;
  serverLimit: number;
  /** ms since 1970. */
  acceptedDate: number;

  /** Since when there has been work for a server: the accept, or an HTTP request's whole head. */
  workAt: number;
  /** The server that a cookie or a rule asks for; -1: none. */
  wanted: number;
  /** What a deterministic `balance` decides by; NO_KEY: nothing. */
  key: number;
  queueMs: number;
  connectMs: number;
  bytesUp: number;
  bytesDown: number;
  attempts: number;
  redispatched: boolean;
  serverQueue: number;
  backendQueue: number;
  /** It holds one of the server's connections; it is counted among the backend's. */
  holdsServer: boolean;
  holdsBackend: boolean;
  /** Of mode http: exchanges begun, and since when there has been none, in ms on the process's clock. */
  exchanges: number;
  idleAt: number;
  /** A kept connection that no other client may use (http-reuse never). */
  own: ServerLeg | null;
  /** Who served the last request of this connection. */
  lastTarget: Target | null;
  /** Why the first attempt failed, for the termination state. */
  failure: "" | "SC" | "sC";
  logged: boolean;
  uniqueId: string;
  /** The client's address as text; "": not asked for yet. */
  clientHost: string;

  queue: Queue | null;
  before: Session | null;
  behind: Session | null;
}

/** Of a session that has no business with a server: without a socket, never given one. */
export const NO_SERVER: ServerLeg = newServerLeg(
  null as unknown as Session,
  { connected() {}, data() {}, readable() {}, drain() {}, end() {}, broken() {} },
);

/** Its leg to a server is the mode's to give. */
export function newSession(slot: number, client: Handlers<Session>, isHttp: boolean): Session {
  const session = blankSession(slot, isHttp);
  return Object.assign(session, { client: newServerLeg(session, client) });
}

const blankSession = (slot: number, isHttp: boolean): Session => ({
  slot,
  client: NO_SERVER,
  server: NO_SERVER,
  isHttp,
  http: null,
  state: STATE.closed,
  listener: null,
  frontend: null,
  backend: null,
  target: null,
  up: null,
  upAt: 0,
  down: null,
  downAt: 0,
  upPipe: null,
  downPipe: null,
  clientEnded: false,
  serverEnded: false,
  endWaits: false,
  clientShut: false,
  serverShut: false,
  acceptedAt: 0,
  queuedSince: 0,
  connectStart: 0,
  clientActive: 0,
  serverActive: 0,
  deadline: Infinity,
  clientLimit: Infinity,
  serverLimit: Infinity,
  acceptedDate: 0,
  workAt: 0,
  wanted: -1,
  key: NO_KEY,
  queueMs: -1,
  connectMs: -1,
  bytesUp: 0,
  bytesDown: 0,
  attempts: 0,
  redispatched: false,
  serverQueue: 0,
  backendQueue: 0,
  holdsServer: false,
  holdsBackend: false,
  exchanges: 0,
  idleAt: 0,
  own: null,
  lastTarget: null,
  failure: "",
  logged: false,
  uniqueId: "",
  clientHost: "",
  queue: null,
  before: null,
  behind: null,
});

/** Back to the state of a new session, or of a kept one before its next request; what is the connection's is the caller's to set. */
export function resetSession(session: Session): void {
  session.state = STATE.assign;
  session.backend = null;
  session.target = null;
  session.up = null;
  session.upAt = 0;
  session.down = null;
  session.downAt = 0;
  session.clientEnded = false;
  session.serverEnded = false;
  session.endWaits = false;
  session.clientShut = false;
  session.serverShut = false;
  session.deadline = Infinity;
  session.clientLimit = Infinity;
  session.serverLimit = Infinity;
  session.wanted = -1;
  session.key = NO_KEY;
  session.queueMs = -1;
  session.connectMs = -1;
  session.bytesUp = 0;
  session.bytesDown = 0;
  session.attempts = 0;
  session.redispatched = false;
  session.serverQueue = 0;
  session.backendQueue = 0;
  session.holdsServer = false;
  session.holdsBackend = false;
  session.failure = "";
  session.logged = false;
  session.uniqueId = "";
}
