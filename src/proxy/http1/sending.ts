/**
 * A composed request on its way out: at once when there is a connection to the server, else kept until there is one; and
 * kept on until it is answered where it may have to be sent again.
 */
import { BUFFER_BYTES } from "../../linux/loop.ts";
import type { Plane } from "../plane.ts";
import { type Session, STATE, type State } from "../session.ts";
import type { Bodies } from "./bodies.ts";
import type { Ends } from "./ends.ts";
import type { Http } from "./exchange.ts";
import { METHOD } from "./head.ts";

export interface Sending {
  /** Where requests are composed: good until the connector has been asked. */
  readonly out: Buffer;
  /** out[0, end) is the session's request, which is given to the connector now. */
  composed(session: Session, end: number): void;
  /** The connector has been asked: a request that must wait for its server is taken out of `out`. */
  settle(session: Session): void;
  /** There is a connection to the server: the request goes out. */
  send(session: Session): void;
  /**
   * Writes to a connection that is under way the request that is being given to the connector. Returns the bytes taken, or
   * minus errno; EAGAIN: there is no such request, or no connection yet.
   */
  first(session: Session, fd: number): number;
  /** So much of the request has gone out that way. */
  begun(session: Session, written: number): void;
  /** All of the request has gone to the server. */
  sent(session: Session): void;
  /** More of the body may come. */
  resume(session: Session): void;
  /** The request will not be sent again. */
  forget(http: Http): void;
}

const EAGAIN = 11;
/** Requests up to this size are kept until their answer comes, so that they can be sent again. */
const SAVED_BYTES = 2048;
/** RFC 9110 §9.2.2. */
const IDEMPOTENT: readonly number[] = [
  ...[METHOD.GET, METHOD.HEAD, METHOD.OPTIONS, METHOD.TRACE, METHOD.PUT, METHOD.DELETE],
];

/** It has no connection to a server yet, and will. */
const WAITING: readonly State[] = [STATE.queued, STATE.connecting, STATE.turnaround];

export function createSending(plane: Plane, bodies: Bodies, ends: Ends): Sending {
  const { loop, wheel } = plane;
  const { bufsize, maxrewrite } = plane.model.global.tune;
  const out = Buffer.from(new ArrayBuffer(bufsize + maxrewrite + Math.max(bufsize, BUFFER_BYTES) + bufsize));
  /** Buffers that requests are kept in, when nobody has them. */
  const lent: Buffer[] = [];
  let owner: Session | null = null;
  let end = 0;

  function establish(session: Session): void {
    const http = session.http!;
    session.state = STATE.established;
    http.sentAt = loop.now;
    session.deadline = Infinity;
    session.clientActive = loop.now;
    session.serverActive = loop.now;
    session.clientLimit = session.frontend!.clientMs;
    session.serverLimit = session.backend!.serverMs;
    const at = loop.now + Math.min(session.clientLimit, session.serverLimit);
    if (at < wheel.armedFor(session.slot)) wheel.arm(session.slot, at);
  }

  function send(session: Session): void {
    const http = session.http!;
    establish(session);
    if (owner === session) {
      owner = null;
      save(session, out, end);
      bodies.writeUp(session, out, 0, end);
    } else if (http.savedLength > 0 && session.up === null) {
      bodies.writeUp(session, http.saved!, 0, http.savedLength);
    } else {
      if (session.up !== null) save(session, session.up, session.up.length);
      if (bodies.flushUp(session)) resume(session);
    }
    if (http.request.done && session.up === null && session.server.fd >= 0) sent(session);
  }

  /** Keeps what may have to be sent again: over a kept connection that its server is about to close, or by `retry-on`. */
  function save(session: Session, bytes: Buffer, length: number): void {
    const http = session.http!;
    if (!http.request.done) return;
    const { retriesAnswers } = session.backend!.http!;
    // As much as a buffer holds (configuration.txt, "retry-on").
    if (retriesAnswers && length <= bufsize - maxrewrite) {
      forget(http);
      http.saved = Buffer.from(bytes.subarray(0, length));
      http.savedLength = length;
    } else if (session.server.uses > 1 && length <= SAVED_BYTES && IDEMPOTENT.includes(http.method)) {
      http.saved ??= lent.pop() ?? Buffer.allocUnsafeSlow(SAVED_BYTES);
      bytes.copy(http.saved, 0, 0, length);
      http.savedLength = length;
    }
  }

  function sent(session: Session): void {
    session.serverActive = loop.now;
    if (session.http!.response.done) ends.complete(session);
  }

  function resume(session: Session): void {
    if (session.http!.request.done) return;
    session.clientActive = loop.now;
    loop.resume(session.client);
  }

  function forget(http: Http): void {
    const { saved } = http;
    if (saved === null) return;
    if (saved.length === SAVED_BYTES) lent.push(saved);
    http.saved = null;
    http.savedLength = 0;
  }

  return {
    out,
    composed(session, at) {
      owner = session;
      end = at;
    },
    settle(session) {
      if (owner !== session) return;
      owner = null;
      if (!WAITING.includes(session.state)) return;
      session.up = Buffer.from(out.subarray(0, end));
      session.upAt = 0;
      if (!session.http!.request.done && session.up.length >= bufsize) loop.pause(session.client);
    },
    send,
    first(session, fd) {
      return owner === session ? loop.writeFirst(fd, out, end) : -EAGAIN;
    },
    begun(session, written) {
      owner = null;
      establish(session);
      save(session, out, end);
      if (written < end) bodies.writeUp(session, out, written, end);
      if (session.http!.request.done && session.up === null) sent(session);
    },
    sent,
    resume,
    forget,
  };
}
