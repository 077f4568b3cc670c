/**
 * Accepting and not accepting: a listener whose gate is closed is not polled, and its clients wait in the kernel's backlog.
 *
 * Limits over all processes are watched by looking again each few milliseconds while a gate is closed: another process may
 * have made room.
 */
import { readRate } from "../board/rates.ts";
import { LISTEN_STATE, WORD } from "../board/words.ts";
import { closeDescriptor, hasFree } from "../linux/descriptors.ts";
import type { Frontend, Listener, Plane } from "./plane.ts";

const LOOK_AGAIN_MS = 2;
/** Two for a session, and some to spare for logs. */
const DESCRIPTORS_NEEDED = 4;

export interface Gates {
  /** Closes gates whose limit is reached. Called after each accept. */
  review(frontend: Frontend): void;
  /** The system has no descriptor or memory for one more. */
  starve(): void;
  /** A connection has gone: opens what may accept again. */
  freed(): void;
  openAll(): void;
  /** Accepts no more on any listener (soft stop, SIGTTOU). */
  closeAll(state: "paused" | "stopped"): void;
}

export type Accepted = (listener: Listener, fd: number, name: Uint8Array, nameLength: number) => void;

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createGates(plane: Plane, accepted: Accepted, localLimit: number): Gates {
  const { words } = plane.board;
  const closed = new Set<Listener>();
  let stopLooking: (() => void) | null = null;
  let shut = false;
  let starved = false;

  const current = (cell: { word: number }): number => words[cell.word + WORD.cur]!;
  const rateReached = (at: number, limit: number): boolean => limit > 0 && readRate(words, at, Date.now()) >= limit;

  /** Reached limits of the process as a whole. */
  function processFull(): boolean {
    const { process, maxconn, maxconnrate, maxsessrate } = plane;
    return starved || (maxconn > 0 && current(process) >= maxconn) || plane.sessions >= localLimit ||
      rateReached(process.word + WORD.connSec, maxconnrate) || rateReached(process.word + WORD.sessSec, maxsessrate);
  }

  function frontendFull({ cell, maxconn, proxy }: Frontend): boolean {
    return (maxconn > 0 && current(cell) >= maxconn) || rateReached(cell.word + WORD.sessSec, proxy.rateLimitSessions);
  }

  const listenerFull = ({ cell, bind }: Listener): boolean => bind.maxconn > 0 && current(cell) >= bind.maxconn;

  function open(listener: Listener): void {
    if (listener.close !== null) return;
    const { maxaccept } = plane.model.global.tune;
    listener.close = plane.loop.accept(listener.fd, maxaccept, (fd, name, nameLength) => {
      if (fd < 0) starve();
      else accepted(listener, fd, name, nameLength);
    });
    words[listener.cell.word + WORD.state] = LISTEN_STATE.open;
    words[listener.frontend.cell.word + WORD.state] = LISTEN_STATE.open;
  }

  function close(listener: Listener, state: number): void {
    listener.close?.();
    listener.close = null;
    words[listener.cell.word + WORD.state] = state;
  }

  function closeForNow(listener: Listener): void {
    if (listener.close === null) return;
    close(listener, LISTEN_STATE.full);
    closed.add(listener);
    stopLooking ??= plane.loop.every(LOOK_AGAIN_MS, freed);
  }

  function starve(): void {
    starved = true;
    for (const { listeners } of plane.frontends) listeners.forEach(closeForNow);
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
    if (closed.size === 0) lookNoMore();
  }

  function lookNoMore(): void {
    stopLooking?.();
    stopLooking = null;
  }

  return {
    review,
    starve,
    freed,
    openAll() {
      shut = false;
      for (const frontend of plane.frontends) frontend.listeners.forEach(open);
    },
    closeAll(state) {
      shut = true;
      closed.clear();
      lookNoMore();
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
