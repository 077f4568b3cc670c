/**
 * The event loop of a data-plane process: epoll and non-blocking sockets by FFI, one reused receive buffer, nothing
 * allocated per event.
 *
 * Bun's own sockets copy each read into memory of its own and cost 3 to 8 % more CPU per exchange than haproxy, this loop
 * 8 % less (docs/performance.md). Bun's loop goes on beside it: its epoll descriptor is a member of ours, and whenever
 * something waits there, or at the latest after a tenth of a second, the turn ends and Bun has its own.
 */
import { dlopen, type Pointer, ptr } from "bun:ffi";
import { bunPollers } from "./bun_pollers.ts";
import { check, errno } from "./errors.ts";
import type { Leg } from "./leg.ts";

const libc = dlopen("libc.so.6", {
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
}).symbols;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const IN = 1;
const OUT = 4;
const ERR = 8;
const HUP = 0x10;
const RDHUP = 0x2000;
const EDGE = 1 << 31;
/** Not the kernel's: the owner has met an error on this leg. */
const FAILED = 1 << 30;
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_LINGER = 13;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const EINTR = 4;
const EAGAIN = 11;
const EPIPE = 32;

/** struct epoll_event is packed on x86-64 alone: words per event, and where its data begins. */
const STRIDE = process.arch === "x64" ? 3 : 4;
const DATA_AT = STRIDE - 2;
const EVENTS_PER_TURN = 256;
/** Big enough for few calls on bulk, small enough to stay in the processor's cache. */
export const BUFFER_BYTES = 65_536;
/** Reads of one socket before the others have their turn. */
const READS_PER_TURN = 16;
/** Of a leg without a socket; sockets are numbered from 1 in the order they come. */
const NO_TURN = 0;
const LAST_TURN = 0x7fffffff;
/** Bun's timers and promises wait no longer than this. */
const LONGEST_TURN_MS = 100;

/** `name` holds the peer's sockaddr, good until the handler returns. Called with -errno when accept fails for good reason. */
export type OnAccept = (fd: number, name: Uint8Array, nameLength: number) => void;

export interface Loop {
  /** ms on the process's clock, of the present turn. */
  now: number;
  /** Takes over a connected socket, or one whose connection is under way. */
  attach<T>(leg: Leg<T>, fd: number, connecting: boolean): void;
  /** Bytes taken: fewer than length is back-pressure, -1 a broken connection whose event follows. */
  write<T>(leg: Leg<T>, bytes: Uint8Array, at: number, length: number): number;
  /** For a socket that is not in the loop yet: bytes taken, or minus errno; EAGAIN: its connection is still under way. */
  writeFirst(fd: number, bytes: Uint8Array, length: number): number;
  /** For an owner that writes by itself: it was told EAGAIN and wants to hear of room. */
  awaitRoom<T>(leg: Leg<T>): void;
  /** For an owner that reads by itself: others have their turn first. */
  readOn<T>(leg: Leg<T>): void;
  /** For an owner that met an error by itself: `broken` follows before the turn is over. */
  failSoon<T>(leg: Leg<T>): void;
  pause<T>(leg: Leg<T>): void;
  resume<T>(leg: Leg<T>): void;
  /** The peer has reset a socket that is paused, so its owner has not heard of it. */
  wasReset<T>(leg: Leg<T>): boolean;
  /** Sends our end; reading goes on. */
  shutdown<T>(leg: Leg<T>): void;
  close<T>(leg: Leg<T>): void;
  /** Closes with a reset. */
  reset<T>(leg: Leg<T>): void;
  /** Accepts on a listening descriptor, at most `most` at a time; returns what stops it. The descriptor stays the caller's. */
  accept(fd: number, most: number, on: OnAccept): () => void;
  /** Calls about every `ms`, until the returned function is called. */
  every(ms: number, run: () => void): () => void;
  /** Once, at the end of the present turn. */
  atTurnEnd(run: () => void): void;
  start(timers: Timers): void;
}

/** What is due by time: the owner's timer wheel. */
export interface Timers {
  /** When there is something to do, in ms on the loop's clock; Infinity: nothing. */
  nextAt(): number;
  turn(nowMs: number): void;
}

interface Interval {
  ms: number;
  at: number;
  run: () => void;
}

interface Acceptor {
  fd: number;
  most: number;
  on: OnAccept;
}

export function createLoop(): Loop {
  const pollers = bunPollers();
  const epoll = check(libc.epoll_create1(0o2000000), "epoll_create1");
  const events = new Int32Array(new ArrayBuffer(STRIDE * 4 * EVENTS_PER_TURN));
  const eventsAt = ptr(events);
  const change = new Int32Array(new ArrayBuffer(STRIDE * 4));
  const buffer = Buffer.from(new ArrayBuffer(BUFFER_BYTES));
  const bufferAt = ptr(buffer) as Pointer & number;
  const value = new Int32Array(new ArrayBuffer(8));
  const valueLength = new Uint32Array(new ArrayBuffer(4));
  const name = new Uint8Array(new ArrayBuffer(128));
  const nameLength = new Uint32Array(new ArrayBuffer(4));
  const lingerNot = new Int32Array([1, 0]);
  const one = new Int32Array([1]);

  const legs: (Leg<unknown> | null)[] = [];
  const acceptors: (Acceptor | null)[] = [];
  /** Legs with something left to read, taken up at the end of the turn. */
  let ready: Leg<unknown>[] = [];
  let atEnd: (() => void)[] = [];
  const intervals: Interval[] = [];
  let turns = 0;

  function control(operation: number, fd: number, mask: number, turn: number): number {
    change[0] = mask;
    change[DATA_AT] = fd;
    change[DATA_AT + 1] = turn;
    return libc.epoll_ctl(epoll, operation, fd, change);
  }
  for (const fd of pollers) control(EPOLL_CTL_ADD, fd, IN, -1);

  const loop: Loop = {
    now: performance.now(),
    attach(leg, fd, connecting) {
      leg.fd = fd;
      turns = turns === LAST_TURN ? 1 : turns + 1;
      leg.turn = turns;
      leg.connecting = connecting;
      leg.blocked = false;
      leg.paused = false;
      leg.raw = false;
      leg.ended = false;
      leg.waiting = 0;
      // An accepted socket is writable: it would only tell what is known.
      leg.writeEvents = connecting;
      while (legs.length <= fd) legs.push(null);
      legs[fd] = leg as Leg<unknown>;
      control(EPOLL_CTL_ADD, fd, connecting ? IN | OUT | RDHUP | EDGE : IN | RDHUP | EDGE, leg.turn);
    },
    write(leg, bytes, at, length) {
      const from = bytes === buffer ? (bufferAt + at) as Pointer : ptr(bytes, at);
      const taken = libc.send(leg.fd, from, length, MSG_NOSIGNAL);
      if (taken === length) return taken;
      if (taken < 0 && errno() !== EAGAIN) {
        // A leg that is paused would not hear of it.
        loop.failSoon(leg);
        return -1;
      }
      loop.awaitRoom(leg);
      return taken < 0 ? 0 : taken;
    },
    writeFirst(fd, bytes, length) {
      const taken = libc.send(fd, ptr(bytes), length, MSG_NOSIGNAL);
      return taken < 0 ? -errno() : taken;
    },
    awaitRoom(leg) {
      leg.blocked = true;
      if (leg.writeEvents) return;
      leg.writeEvents = true;
      control(EPOLL_CTL_MOD, leg.fd, IN | OUT | RDHUP | EDGE, leg.turn);
    },
    readOn(leg) {
      leg.waiting |= IN;
      ready.push(leg as Leg<unknown>);
    },
    failSoon(leg) {
      leg.waiting |= FAILED;
      ready.push(leg as Leg<unknown>);
    },
    pause(leg) {
      leg.paused = true;
    },
    resume(leg) {
      leg.paused = false;
      if (leg.waiting !== 0 && leg.fd >= 0) ready.push(leg as Leg<unknown>);
    },
    wasReset: (leg) => (leg.waiting & ERR) !== 0,
    shutdown: (leg) => void libc.shutdown(leg.fd, SHUT_WR),
    close(leg) {
      const { fd } = leg;
      if (fd < 0) return;
      legs[fd] = null;
      leg.fd = -1;
      leg.turn = NO_TURN;
      leg.waiting = 0;
      libc.close(fd);
    },
    reset(leg) {
      if (leg.fd < 0) return;
      libc.setsockopt(leg.fd, SOL_SOCKET, SO_LINGER, lingerNot, 8);
      loop.close(leg);
    },
    accept(fd, most, on) {
      while (acceptors.length <= fd) acceptors.push(null);
      acceptors[fd] = { fd, most, on };
      // Accepted sockets inherit it (tcp(7)): one call less for each of them. A unix socket refuses, which is as well.
      libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
      check(control(EPOLL_CTL_ADD, fd, IN, -1), "epoll_ctl");
      return () => {
        if (acceptors[fd] === null) return;
        acceptors[fd] = null;
        control(EPOLL_CTL_DEL, fd, 0, 0);
      };
    },
    every(ms, run) {
      const interval = { ms, at: performance.now() + ms, run };
      intervals.push(interval);
      return () => {
        const index = intervals.indexOf(interval);
        if (index >= 0) intervals.splice(index, 1);
      };
    },
    atTurnEnd: (run) => void atEnd.push(run),
    start(timers) {
      const round = (): void => {
        turn(timers);
        setImmediate(round);
      };
      setImmediate(round);
    },
  };

  function socketError(fd: number): number {
    valueLength[0] = 4;
    return libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, valueLength) < 0 ? errno() : value[0]!;
  }

  function broken(leg: Leg<unknown>, why: number): void {
    loop.close(leg);
    leg.handlers.broken(leg, why);
  }

  function dispatch(leg: Leg<unknown>, mask: number): void {
    const { turn } = leg;
    if (leg.connecting) {
      if ((mask & (OUT | ERR | HUP)) === 0) return;
      if ((mask & (ERR | HUP)) !== 0) {
        const why = socketError(leg.fd);
        if (why !== 0) return broken(leg, why);
      }
      leg.connecting = false;
      leg.handlers.connected(leg);
    } else if ((mask & OUT) !== 0 && leg.blocked) {
      leg.blocked = false;
      leg.handlers.drain(leg);
    }
    if (leg.turn !== turn || (mask & ~OUT) === 0) return;
    if (leg.paused) leg.waiting |= mask;
    else read(leg, mask);
  }

  /** Reads until the kernel has no more, the owner pauses, or others have waited long enough. */
  function read(leg: Leg<unknown>, mask: number): void {
    // Not its handlers: a connection that is given to somebody else gets others meanwhile.
    const { turn, fd } = leg;
    leg.waiting = 0;
    if (leg.ended) {
      if ((mask & ERR) === 0) return;
      const why = socketError(fd);
      if (why !== 0) broken(leg, why);
      return;
    }
    if (leg.raw) return leg.handlers.readable(leg);
    const closing = (mask & (RDHUP | HUP | ERR)) !== 0;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const got = libc.recv(fd, bufferAt, BUFFER_BYTES, 0);
      if (got > 0) {
        leg.handlers.data(leg, buffer, got);
        if (leg.turn !== turn) return;
        if (leg.raw) return leg.paused ? void (leg.waiting |= mask) : leg.handlers.readable(leg);
        // A short read has emptied the socket: the next bytes are a new edge (epoll(7)).
        if (got < BUFFER_BYTES && !closing) return;
        if (!leg.paused) continue;
        leg.waiting |= mask;
        return;
      }
      if (got === 0) {
        leg.ended = true;
        leg.handlers.end(leg);
        return;
      }
      const why = errno();
      if (why === EAGAIN) return;
      if (why !== EINTR) return broken(leg, why);
    }
    leg.waiting |= mask;
    ready.push(leg);
  }

  function acceptAll({ fd, most, on }: Acceptor): void {
    for (let i = 0; i < most && acceptors[fd] !== null; i++) {
      nameLength[0] = name.length;
      const accepted = libc.accept4(fd, name, nameLength, NONBLOCK_CLOEXEC);
      if (accepted >= 0) {
        on(accepted, name, nameLength[0]!);
        continue;
      }
      const why = errno();
      if (why === EAGAIN) return;
      // ECONNABORTED and its like concern one client; a lack of descriptors or memory (23, 24, 105, 12) concerns all.
      if (why === 23 || why === 24 || why === 105 || why === 12) return on(-why, name, 0);
    }
  }

  function takeUp(): void {
    const list = ready;
    ready = [];
    for (const leg of list) {
      if (leg.fd < 0) continue;
      if ((leg.waiting & FAILED) !== 0) broken(leg, socketError(leg.fd) || EPIPE);
      else if (!leg.paused && leg.waiting !== 0) read(leg, leg.waiting);
    }
  }

  function runIntervals(now: number): void {
    // Backwards and without a copy: one that ends itself moves only those that have had their turn.
    for (let i = intervals.length - 1; i >= 0; i--) {
      const interval = intervals[i];
      if (interval === undefined || now < interval.at) continue;
      interval.at = now + interval.ms;
      interval.run();
    }
  }

  function waitMs(timers: Timers, now: number, until: number): number {
    if (ready.length > 0) return 0;
    let at = Math.min(timers.nextAt(), until);
    for (const interval of intervals) at = Math.min(at, interval.at);
    return Math.max(0, Math.ceil(at - now));
  }

  function turn(timers: Timers): void {
    const until = performance.now() + LONGEST_TURN_MS;
    let bunWaits = false;
    loop.now = performance.now();
    do {
      const count = libc.epoll_wait(
        epoll,
        eventsAt,
        EVENTS_PER_TURN,
        waitMs(timers, loop.now, until),
      );
      loop.now = performance.now();
      for (let i = 0; i < count; i++) {
        const at = i * STRIDE;
        const fd = events[at + DATA_AT]!;
        const leg = legs[fd];
        if (leg !== null && leg !== undefined) {
          if (leg.turn === events[at + DATA_AT + 1]) dispatch(leg, events[at]!);
          continue;
        }
        const acceptor = acceptors[fd];
        if (acceptor !== null && acceptor !== undefined) acceptAll(acceptor);
        else if (pollers.includes(fd)) bunWaits = true;
      }
      if (ready.length > 0) takeUp();
      if (intervals.length > 0) runIntervals(loop.now);
      if (timers.nextAt() <= loop.now) timers.turn(loop.now);
      if (atEnd.length > 0) {
        const list = atEnd;
        atEnd = [];
        for (const run of list) run();
      }
    } while (!bunWaits && loop.now < until);
  }

  return loop;
}
