/**
 * Accepting and not accepting: a connection for which there is no room is held unread, its listener closes, and the clients
 * behind it wait in the kernel's backlog.
 *
 * Places are taken on the board before a connection is served, so that no limit is ever exceeded, whatever the number of
 * processes. While one is held the gates look again each few milliseconds: another process may have made room.
 */
import { type Cell, enter, enterBelow, leave, noteMost } from "../board/cells.ts";
import { readRate } from "../board/rates.ts";
import { FRONTEND_ADMIN, LISTEN_STATE, PROCESS_WORD, WORD } from "../board/words.ts";
import { closeDescriptor, hasFree } from "../linux/descriptors.ts";
import type { Frontend, Listener, Plane } from "./plane.ts";
import type { Turns } from "./turns.ts";

const LOOK_AGAIN_MS = 2;
/** Two for a session, and some to spare for logs. */
const DESCRIPTORS_NEEDED = 4;

export interface Gates {
  /** A connection has gone: lets in who waits. */
  freed(): void;
  openAll(): void;
  /** Accepts no more on any listener (soft stop, SIGTTOU). */
  closeAll(state: "paused" | "stopped"): void;
  /** The operator has disabled or enabled the frontend, or shut it down. */
  follow(frontend: Frontend): void;
}

/** Called with a connection that has its places among the process's, the frontend's and the listener's. */
export type Accepted = (listener: Listener, fd: number, name: Uint8Array, nameLength: number) => void;

/** A connection at a closed gate. */
interface Held {
  /** -1: the system had no descriptor for it, and it is still in the backlog. */
  fd: number;
  name: Uint8Array;
  since: number;
  blocker: Blocker;
}

/** Whose limit is reached; "here": one of this process alone, or a rate. */
type Blocker = Cell | "here";

/** @param localLimit sessions that this process can hold with the descriptors it may open */
export function createGates(plane: Plane, turns: Turns, accepted: Accepted, localLimit: number): Gates {
  const { board } = plane;
  const { words } = board;
  /** By closed listener, in the order in which they closed. */
  const held = new Map<Listener, Held>();
  let stopLooking: (() => void) | null = null;
  let shut = false;
  let starved = false;
  let letting = false;

  const rateReached = (at: number, limit: number): boolean => limit > 0 && readRate(words, at, Date.now()) >= limit;

  function busyHere({ frontend }: Listener): boolean {
    const { word } = plane.process;
    return starved || plane.crowded || plane.sessions >= localLimit ||
      rateReached(word + WORD.connSec, words[word + PROCESS_WORD.connRateLimit]!) ||
      rateReached(word + WORD.sessSec, words[word + PROCESS_WORD.sessRateLimit]!) ||
      rateReached(frontend.cell.word + WORD.sessSec, frontend.proxy.rateLimitSessions);
  }

  const hasRoom = (cell: Cell, limit: number, since: number): boolean =>
    limit === 0 || (words[cell.word + WORD.cur]! < limit && !turns.yields(cell, since));

  /** Takes the places of a connection that came at `since`; returns who has none, or null. */
  function takePlaces(listener: Listener, since: number): Blocker | null {
    const { cell, bind, frontend } = listener;
    const { process } = plane;
    if (busyHere(listener)) return "here";
    const maxconn = words[process.word + PROCESS_WORD.maxconn]!;
    const frontendMaxconn = words[frontend.cell.word + WORD.maxconn]!;
    if (!hasRoom(process, maxconn, since)) return process;
    if (!hasRoom(frontend.cell, frontendMaxconn, since)) return frontend.cell;
    if (!hasRoom(cell, bind.maxconn, since)) return cell;
    if (!enterBelow(board, process, maxconn)) return process;
    if (!enterBelow(board, frontend.cell, frontendMaxconn)) {
      leave(board, process);
      return frontend.cell;
    }
    if (!enterBelow(board, cell, bind.maxconn)) {
      leave(board, process);
      leave(board, frontend.cell);
      return cell;
    }
    noteMost(board, process);
    noteMost(board, frontend.cell);
    noteMost(board, cell);
    return null;
  }

  /** What the operator wants of the frontend; 0: to serve. */
  const adminOf = ({ cell }: Frontend): number => words[cell.word + WORD.admin]!;

  function open(listener: Listener): void {
    if (listener.close !== null || shut || adminOf(listener.frontend) !== 0) return;
    const { maxaccept } = plane.model.global.tune;
    listener.close = plane.loop.accept(listener.fd, maxaccept, (fd, name, nameLength) => {
      if (fd < 0) starve();
      else arrived(listener, fd, name, nameLength);
    });
    words[listener.cell.word + WORD.state] = LISTEN_STATE.open;
    words[listener.frontend.cell.word + WORD.state] = LISTEN_STATE.open;
  }

  function close(listener: Listener, state: number): void {
    listener.close?.();
    listener.close = null;
    words[listener.cell.word + WORD.state] = state;
  }

  function arrived(listener: Listener, fd: number, name: Uint8Array, nameLength: number): void {
    const since = turns.now();
    const blocker = takePlaces(listener, since);
    if (blocker === null) accepted(listener, fd, name, nameLength);
    else hold(listener, { fd, name: name.slice(0, nameLength), since, blocker });
  }

  function hold(listener: Listener, one: Held): void {
    close(listener, LISTEN_STATE.full);
    held.set(listener, one);
    publish(one.blocker);
    stopLooking ??= plane.loop.every(LOOK_AGAIN_MS, letIn);
  }

  /** The system has no descriptor or memory for one more. */
  function starve(): void {
    starved = true;
    for (const { listeners } of plane.frontends) {
      for (const listener of listeners) {
        if (listener.close !== null) hold(listener, { fd: -1, name: new Uint8Array(), since: 0, blocker: "here" });
      }
    }
  }

  /** Tells the other processes since when somebody waits here for room there. */
  function publish(blocker: Blocker): void {
    if (blocker === "here") return;
    let first = 0;
    for (const one of held.values()) {
      if (one.blocker === blocker && (first === 0 || one.since < first)) first = one.since;
    }
    turns.waits(blocker, first);
  }

  function letIn(): void {
    // Who is let in may be gone at once, and come back here.
    if (letting) return;
    letting = true;
    if (starved) starved = !hasFree(DESCRIPTORS_NEEDED);
    for (const [listener, one] of held) {
      const blocker = one.fd < 0 ? (starved ? "here" : null) : takePlaces(listener, one.since);
      if (blocker === null) release(listener, one);
      else if (blocker !== one.blocker) {
        const before = one.blocker;
        one.blocker = blocker;
        publish(before);
        publish(blocker);
      }
    }
    letting = false;
    if (held.size === 0) lookNoMore();
  }

  function release(listener: Listener, { fd, name, blocker }: Held): void {
    held.delete(listener);
    publish(blocker);
    if (fd >= 0) accepted(listener, fd, name, name.length);
    open(listener);
  }

  function lookNoMore(): void {
    stopLooking?.();
    stopLooking = null;
  }

  /** They are this process's: its successor cannot serve them, and they have waited long enough. */
  function releaseAll(): void {
    for (const [listener, one] of held) {
      if (one.fd >= 0) {
        for (const cell of [plane.process, listener.frontend.cell, listener.cell]) enter(board, cell);
      }
      release(listener, one);
    }
    lookNoMore();
  }

  function follow(frontend: Frontend): void {
    const admin = adminOf(frontend);
    const state = admin === FRONTEND_ADMIN.stopped ? LISTEN_STATE.stopped : LISTEN_STATE.paused;
    for (const listener of frontend.listeners) {
      if (admin !== 0) close(listener, state);
      else if (!held.has(listener)) open(listener);
    }
    if (admin !== 0) words[frontend.cell.word + WORD.state] = state;
  }

  return {
    freed() {
      if (held.size > 0) letIn();
    },
    openAll() {
      shut = false;
      plane.frontends.forEach(follow);
    },
    follow,
    closeAll(state) {
      shut = true;
      for (const frontend of plane.frontends) {
        for (const listener of frontend.listeners) {
          close(listener, LISTEN_STATE[state]);
          // Our copy alone would keep the address listening, with nobody to accept.
          if (state === "stopped") closeDescriptor(listener.fd);
        }
        words[frontend.cell.word + WORD.state] = LISTEN_STATE[state];
      }
      if (state === "stopped") releaseAll();
    },
  };
}
