/**
 * Accepting and not accepting: a listener accepts on a duplicate of its descriptor, and stops by closing that.
 *
 * Clients of a closed gate wait in the kernel's backlog (BUN_FACTS §3). Limits over all processes are watched by looking
 * again each few milliseconds while a gate is closed: another process may have made room.
 */
import type { SocketHandler } from "bun";
import { readRate } from "../board/rates.ts";
import { LISTEN_STATE, WORD } from "../board/words.ts";
import { closeDescriptor, duplicate, hasFree } from "../linux/descriptors.ts";
import { setBacklog } from "../linux/listen.ts";
import type { Frontend, Listener, Plane } from "./plane.ts";

const LOOK_AGAIN_MS = 2;
/** How often a process with sessions asks whether descriptors are left: an accept that fails for lack of one spins (BUN_FACTS §3). */
const PROBE_MS = 100;
/** Two for a session, one for the gate itself, and one to spare. */
const DESCRIPTORS_NEEDED = 4;

export interface Gates {
  /** Closes gates whose limit is reached. Called after each accept. */
  review(frontend: Frontend): void;
  /** A connection has gone: opens what may accept again. */
  freed(): void;
  openAll(): void;
  /** Accepts no more on any listener (soft stop, SIGTTOU). */
  closeAll(state: "paused" | "stopped"): void;
}

export function createGates(plane: Plane, handlers: SocketHandler<never>, localLimit: number): Gates {
  const { words } = plane.board;
  const closed = new Set<Listener>();
  let timer: ReturnType<typeof setInterval> | null = null;
  let shut = false;
  let starved = false;
  setInterval(() => {
    if (plane.sessions > 0 && !shut) probe();
  }, PROBE_MS).unref();

  /** Without descriptors nobody is accepted: clients wait in the kernel's queue. */
  function probe(): void {
    starved = !hasFree(DESCRIPTORS_NEEDED);
    if (starved) { for (const each of plane.frontends) each.listeners.forEach(closeForNow); }
  }

  const current = (cell: { word: number }): number => words[cell.word + WORD.cur]!;
  const rateReached = (at: number, limit: number): boolean => limit > 0 && readRate(words, at, Date.now()) >= limit;

  /** Reached limits of the process as a whole. */
  function processFull(): boolean {
    const { process, maxconn, maxconnrate, maxsessrate } = plane;
    return starved || (maxconn > 0 && current(process) >= maxconn) || plane.sessions >= localLimit ||
      rateReached(process.word + WORD.connSec, maxconnrate) || rateReached(process.word + WORD.sessSec, maxsessrate);
  }

  function frontendFull({ cell, maxconn, proxy }: Frontend): boolean {
    return starved || (maxconn > 0 && current(cell) >= maxconn) ||
      rateReached(cell.word + WORD.sessSec, proxy.rateLimitSessions);
  }

  const listenerFull = ({ cell, bind }: Listener): boolean => bind.maxconn > 0 && current(cell) >= bind.maxconn;

  function open(listener: Listener): void {
    if (listener.handle !== null) return;
    const fd = duplicate(listener.fd);
    try {
      // Undocumented but held by tests: an fd in place of a host is adopted.
      listener.handle = Bun.listen({ fd, data: listener, socket: handlers, allowHalfOpen: true } as never);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
    setBacklog(listener.fd, listener.backlog);
    words[listener.cell.word + WORD.state] = LISTEN_STATE.open;
    words[listener.frontend.cell.word + WORD.state] = LISTEN_STATE.open;
  }

  function close(listener: Listener, state: number): void {
    listener.handle?.stop(false);
    listener.handle = null;
    words[listener.cell.word + WORD.state] = state;
  }

  function closeForNow(listener: Listener): void {
    if (listener.handle === null) return;
    close(listener, LISTEN_STATE.full);
    closed.add(listener);
    timer ??= setInterval(freed, LOOK_AGAIN_MS);
  }

  function review(frontend: Frontend): void {
    if (processFull()) {
      for (const each of plane.frontends) each.listeners.forEach(closeForNow);
    } else if (frontendFull(frontend)) {
      frontend.listeners.forEach(closeForNow);
      words[frontend.cell.word + WORD.state] = LISTEN_STATE.full;
    } else {
      for (const listener of frontend.listeners) if (listenerFull(listener)) closeForNow(listener);
    }
  }

  function freed(): void {
    if (closed.size === 0 || shut) return;
    if (starved) starved = !hasFree(DESCRIPTORS_NEEDED);
    if (processFull()) return;
    for (const listener of closed) {
      if (frontendFull(listener.frontend) || listenerFull(listener)) continue;
      closed.delete(listener);
      open(listener);
    }
    if (closed.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  }

  return {
    review,
    freed,
    openAll() {
      shut = false;
      for (const frontend of plane.frontends) frontend.listeners.forEach(open);
    },
    closeAll(state) {
      shut = true;
      closed.clear();
      if (timer !== null) clearInterval(timer);
      timer = null;
      for (const frontend of plane.frontends) {
        for (const listener of frontend.listeners) {
          close(listener, LISTEN_STATE[state]);
          // Our copy alone would keep the address listening, with nobody to accept.
          if (state === "stopped") closeDescriptor(listener.fd);
        }
        words[frontend.cell.word + WORD.state] = LISTEN_STATE[state];
      }
    },
  };
}
