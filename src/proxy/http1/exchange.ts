/**
 * One request and its answer, as far as mode http needs more than a session has: part of the session, reset for each
 * request on the connection.
 */
import type { Session } from "../session.ts";
import { type Found, newFound, resetFound } from "../rules/persistence.ts";
import type { Exchange } from "../samples/context.ts";
import { type Chunks, newChunks, resetChunks } from "./chunked.ts";
import { BODY } from "./head.ts";
import type { Pool } from "./pool.ts";

/** How far a message's body has come. */
export interface Flow {
  /** One of BODY. */
  kind: number;
  /** Of BODY.length: bytes to come. */
  left: number;
  chunks: Chunks;
  /** Content received, without framing, and how much of it has been counted. */
  data: number;
  counted: number;
  /** All of it has been received. */
  done: boolean;
}

export interface Http extends Exchange {
  /** Requests on this connection, this one included. */
  count: number;
  /** ms on the process's clock; NaN: not yet. */
  firstByteAt: number;
  /** When its whole head had come; when there was a connection to send it over. */
  receivedAt: number;
  sentAt: number;
  /** When the answer's head had come. */
  answeredAt: number;
  /** A whole head has come. */
  whole: boolean;
  /** ms since 1970 of the first byte. */
  requestDate: number;
  /** Of the request. */
  minor: number;
  keepClient: boolean;
  keepServer: boolean;
  request: Flow;
  response: Flow;
  /** No kept connection is taken any more: one has failed. */
  fresh: boolean;
  /** The head of an answer has gone to the client: nothing can be said any more. */
  answered: boolean;
  /** The statistics page answers. */
  stats: boolean;
  /** The request asked for another protocol. */
  upgrade: boolean;
  /** The connection carries another protocol now. */
  tunnel: boolean;
  /** Which side is to be told of as the cause when the answer has gone, and the stage; "" "": a normal end. */
  cause: string;
  stage: string;
  /** Received and not yet taken: the beginning of a request, or further requests. */
  input: Buffer | null;
  /** How far `input` has been searched for the end of a head. */
  searched: number;
  /** The beginning of an answer's head. */
  output: Buffer | null;
  /** The request as it was sent, while it may have to be sent again; `savedLength` bytes of a buffer lent for that. */
  saved: Buffer | null;
  savedLength: number;
  /** Of session.bytesUp, what backend and server have been credited with. */
  creditedUp: number;
  found: Found;
  /** `capture cookie`; "": nothing. */
  requestCookie: string;
  responseCookie: string;
}

const newFlow = (): Flow => ({ kind: BODY.none, left: 0, chunks: newChunks(), data: 0, counted: 0, done: false });

const newHttp = (): Http => ({
  method: 0,
  requestLine: "",
  status: -1,
  requestCaptures: [],
  responseCaptures: [],
  uniqueId: "",
  body: null,
  bodyAt: 0,
  bodyEnd: 0,
  count: 0,
  firstByteAt: NaN,
  receivedAt: NaN,
  sentAt: NaN,
  answeredAt: NaN,
  whole: false,
  requestDate: 0,
  minor: 1,
  keepClient: false,
  keepServer: false,
  request: newFlow(),
  response: newFlow(),
  fresh: false,
  answered: false,
  stats: false,
  upgrade: false,
  tunnel: false,
  cause: "",
  stage: "",
  input: null,
  searched: 0,
  output: null,
  saved: null,
  savedLength: 0,
  creditedUp: 0,
  found: newFound(),
  requestCookie: "",
  responseCookie: "",
});

/** Before a request; what belongs to the connection stays. */
export function resetExchange(http: Http): void {
  http.method = 0;
  http.requestLine = "";
  http.status = -1;
  http.requestCaptures.fill(null);
  http.responseCaptures.fill(null);
  http.body = null;
  http.uniqueId = "";
  http.firstByteAt = NaN;
  http.whole = false;
  http.receivedAt = NaN;
  http.sentAt = NaN;
  http.answeredAt = NaN;
  http.minor = 1;
  http.keepClient = false;
  http.keepServer = false;
  startFlow(http.request, BODY.none, 0);
  startFlow(http.response, BODY.none, 0);
  http.request.done = false;
  http.response.done = false;
  http.fresh = false;
  http.answered = false;
  http.tunnel = false;
  http.upgrade = false;
  http.stats = false;
  http.cause = "";
  http.stage = "";
  http.searched = 0;
  http.output = null;
  http.savedLength = 0;
  http.creditedUp = 0;
  resetFound(http.found);
  http.requestCookie = "";
  http.responseCookie = "";
}

export interface Exchanges {
  /** A request begins: what it needs besides the session, until its end. */
  begin(session: Session): Http;
  /** It is over; there may have been none. */
  end(session: Session): void;
}

/** Connections that wait for a request hold none of this: most do so most of the time. */
export function createExchanges(pool: Pool): Exchanges {
  const free: Http[] = [];
  return {
    begin(session) {
      const http = free.pop() ?? newHttp();
      const { requestCaptures, responseCaptures } = session.frontend!.proxy;
      http.requestCaptures.length = requestCaptures.length;
      http.responseCaptures.length = responseCaptures.length;
      resetExchange(http);
      pool.lend(session);
      return session.http = http;
    },
    end(session) {
      const { http } = session;
      if (http === null) return;
      pool.takeBack(session);
      http.input = null;
      session.http = null;
      free.push(http);
    },
  };
}

/** The head has been read: what is to follow. */
export function startFlow(flow: Flow, kind: number, length: number): void {
  flow.kind = kind;
  flow.left = length;
  flow.data = 0;
  flow.counted = 0;
  flow.done = kind === BODY.none;
  if (kind === BODY.chunked) resetChunks(flow.chunks);
}
