/**
 * Where log lines go: UDP, unix datagram sockets, inherited descriptors. Lines collect per destination and leave in batches.
 *
 * Nothing here waits or throws: what a destination does not take stays in its buffer, and what finds no room there is dropped
 * and counted. The socket calls that Bun lacks, or has slower, are handed in (src/linux).
 */
import { closeSync, fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { LogTarget } from "../config/haproxy/model.ts";
import { ipSockaddr } from "../linux/sockaddr.ts";
import { type LineBuffer, lineBuffer } from "./line_buffer.ts";

export interface DatagramCalls {
  /** A connected, non-blocking datagram socket; negative: -errno. */
  openUnixDatagram(path: string): number;
  /** Negative: -errno. */
  openUdp(family: 4 | 6): number;
  /** Connects it, or again. */
  aimUdp(fd: number, address: Uint8Array): void;
  /**
   * Sends the first `count` of the datagrams that lie one after another in `bytes`, without waiting; `address` is null for a
   * connected socket. Returns how many were taken, or -errno when the first one was not; -EAGAIN is a receiver whose queue is full.
   */
  sendDatagrams(
    fd: number,
    bytes: Uint8Array,
    lengths: Uint32Array,
    count: number,
    address: Uint8Array | null,
  ): number;
  /** Sets O_NONBLOCK. */
  setNonBlocking(fd: number): void;
}

/** Longest value of `len`, and room for a good batch of ordinary lines. */
const CAPACITY = 2 * 65_536;
const MAX_LINES = 1024;
/** How soon a destination that took only some lines is tried again; one that took none ever more seldom, down to the second. */
const RETRY_MS = 1;
const SLOWEST_RETRY_MS = 64;
const EAGAIN = -11;
const ECONNREFUSED = -111;
/** How long a route and a source address are used before they are looked up again. */
const AIM_AGAIN_MS = 1000;
/** A write of whole lines up to this size is not mixed with another process's on the same pipe (POSIX: PIPE_BUF). */
const PIPE_BUF = 4096;

/** Lines that wait: `count` of them from number `first`, one after another in `bytes` from `at` to `end`. */
interface Lines {
  bytes: Buffer;
  lengths: Uint32Array;
  first: number;
  count: number;
  at: number;
  end: number;
}

interface Sink {
  /** Takes off `lines` what the destination accepts now, and what can never be delivered: returns how many of those. */
  deliver: (lines: Lines) => number;
  close: () => void;
}

export interface Outlet {
  /** Room for a line of up to `maxLength` bytes: write at `at` of this buffer, then `commit`. null: no room, counted as dropped. */
  reserve(maxLength: number): LineBuffer | null;
  commit(): void;
}

export interface Outlets {
  /** The same destination gives the same outlet. */
  open(to: LogTarget["to"]): Outlet;
  /** Hands over what has collected, as far as the destinations take it now. */
  flush(): void;
  close(): void;
}

/** When collected lines are handed over, and tried again: by the clock of the process that writes them. */
export interface Schedule {
  /** At the end of the present turn of the event loop. */
  soon(run: () => void): void;
  /** Once, after so many ms; returns what calls it off. */
  later(ms: number, run: () => void): () => void;
}

const BUN_SCHEDULE: Schedule = {
  soon: (run) => void setImmediate(run),
  later(ms, run) {
    const timer = setTimeout(run, ms);
    // A destination that never takes its lines must not keep the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** `dropped` is told how many lines were lost. */
export function createOutlets(
  calls: DatagramCalls,
  dropped: (lines: number) => void,
  schedule: Schedule = BUN_SCHEDULE,
): Outlets {
  const batches = new Map<string, Batch>();
  /** Lines of one turn of the event loop leave together. Longer batches save little, and overflow the queue of a unix socket. */
  let expected = false;
  let cancelRetry: (() => void) | null = null;
  let retryMs = RETRY_MS;

  function flush(): void {
    expected = false;
    stopRetry();
    let moved = false;
    let left = false;
    for (const batch of batches.values()) {
      const before = batch.waiting();
      if (before === 0) continue;
      batch.flush();
      moved ||= batch.waiting() < before;
      left ||= batch.waiting() > 0;
    }
    retryMs = moved ? RETRY_MS : Math.min(retryMs * 2, SLOWEST_RETRY_MS);
    if (left) cancelRetry = schedule.later(retryMs, flush);
  }
  function stopRetry(): void {
    cancelRetry?.();
    cancelRetry = null;
  }
  const wanted = (): void => {
    if (expected) return;
    expected = true;
    schedule.soon(flush);
  };

  return {
    flush,
    open(to) {
      const key = JSON.stringify(to);
      let batch = batches.get(key);
      if (batch === undefined) {
        batch = createBatch(openSink(to, calls), wanted, dropped);
        batches.set(key, batch);
      }
      return batch;
    },
    close() {
      flush();
      stopRetry();
      for (const batch of batches.values()) batch.close();
      batches.clear();
    },
  };
}

function openSink(to: LogTarget["to"], calls: DatagramCalls): Sink {
  switch (to.kind) {
    case "udp":
      return udpSink(to.host, to.port, to.family, calls);
    case "unix":
      return unixSink(to.path, calls);
    case "fd":
      return descriptorSink(to.fd, calls);
  }
}

interface Batch extends Outlet {
  flush(): void;
  /** Lines not taken yet. */
  waiting(): number;
  close(): void;
}

function createBatch(sink: Sink, wanted: () => void, dropped: (lines: number) => void): Batch {
  const buffer = lineBuffer(CAPACITY);
  const lines: Lines = { bytes: buffer.bytes, lengths: new Uint32Array(MAX_LINES), first: 0, count: 0, at: 0, end: 0 };

  function flush(): void {
    if (lines.count === 0) return;
    const lost = sink.deliver(lines);
    if (lost > 0) dropped(lost);
    lines.bytes.copyWithin(0, lines.at, lines.end);
    lines.lengths.copyWithin(0, lines.first, lines.first + lines.count);
    lines.end -= lines.at;
    lines.first = 0;
    lines.at = 0;
  }

  const fits = (length: number): boolean => lines.count < MAX_LINES && lines.end + length <= CAPACITY;

  return {
    reserve(maxLength) {
      if (!fits(maxLength)) flush();
      if (!fits(maxLength)) {
        dropped(1);
        return null;
      }
      buffer.at = lines.end;
      return buffer;
    },
    commit() {
      lines.lengths[lines.count++] = buffer.at - lines.end;
      lines.end = buffer.at;
      wanted();
    },
    flush,
    waiting: () => lines.count,
    close() {
      if (lines.count > 0) dropped(takeLines(lines, lines.count));
      sink.close();
    },
  };
}

function takeLines(lines: Lines, count: number): number {
  for (let i = 0; i < count; i++) lines.at += lines.lengths[lines.first++]!;
  lines.count -= count;
  return count;
}

/** Takes whole lines, and of the one after them what else was written. */
function takeBytes(lines: Lines, size: number): void {
  let rest = size;
  while (lines.count > 0 && rest >= lines.lengths[lines.first]!) {
    rest -= lines.lengths[lines.first]!;
    takeLines(lines, 1);
  }
  if (rest === 0) return;
  lines.lengths[lines.first]! -= rest;
  lines.at += rest;
}

/**
 * UDP. The socket is connected, which makes a line 0.4 µs cheaper, and again each second, as it would keep the route and the
 * source address it had. What the network refuses is lost, line by line.
 */
function udpSink(host: string, port: number, family: 4 | 6, calls: DatagramCalls): Sink {
  const address = ipSockaddr(host, family, port);
  let fd = -1;
  let aimedAt = -Infinity;
  return {
    deliver(lines) {
      if (fd < 0) fd = calls.openUdp(family);
      // None could be made (out of descriptors): these lines are lost, later ones try again.
      if (fd < 0) return takeLines(lines, lines.count);
      const now = performance.now();
      if (now - aimedAt >= AIM_AGAIN_MS) {
        calls.aimUdp(fd, address);
        aimedAt = now;
      }
      let lost = 0;
      let refusals = 0;
      while (lines.count > 0) {
        const taken = send(calls, fd, lines, null);
        if (taken === 0 || taken === EAGAIN) break;
        // An earlier line's: nobody reads there (ICMP). This one has not been tried yet.
        if (taken === ECONNREFUSED && refusals++ <= lines.count) continue;
        if (taken < 0) lost += takeLines(lines, 1);
        else takeLines(lines, taken);
      }
      return lost;
    },
    close() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  };
}

const send = (
  calls: DatagramCalls,
  fd: number,
  { bytes, at, end, lengths, first, count }: Lines,
  address: Uint8Array | null,
): number => calls.sendDatagrams(fd, bytes.subarray(at, end), lengths.subarray(first, first + count), count, address);

/** A unix datagram socket. The daemon behind it may be restarted, which makes the path another socket. */
function unixSink(path: string, calls: DatagramCalls): Sink {
  let fd = -1;

  function reopen(): boolean {
    if (fd >= 0) closeSync(fd);
    fd = calls.openUnixDatagram(path);
    return fd >= 0;
  }

  return {
    deliver(lines) {
      if (fd < 0 && !reopen()) return takeLines(lines, lines.count);
      while (lines.count > 0) {
        let taken = send(calls, fd, lines, null);
        if (taken === 0 || taken === EAGAIN) return 0;
        if (taken < 0) taken = reopen() ? send(calls, fd, lines, null) : taken;
        if (taken < 0) return takeLines(lines, lines.count);
        takeLines(lines, taken);
      }
      return 0;
    },
    close() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  };
}

/** An inherited descriptor: pipe, terminal, file or stream socket. It stays open: it is not ours. */
function descriptorSink(fd: number, calls: DatagramCalls): Sink {
  try {
    // As haproxy does: a terminal is shared with the shell, which expects it to block.
    if (!isatty(fd) && !fstatSync(fd).isFile()) calls.setNonBlocking(fd);
  } catch {
    // A descriptor that is not open: each line tells so again, and is counted.
  }
  return {
    deliver(lines) {
      while (lines.count > 0) {
        const size = sizeOfWrite(lines);
        try {
          const written = writeSync(fd, lines.bytes, lines.at, size);
          takeBytes(lines, written);
          if (written < size) return 0;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
          return takeLines(lines, lines.count);
        }
      }
      return 0;
    },
    close() {},
  };
}

/** As many whole lines as fit into one write; at least one. */
function sizeOfWrite({ lengths, first, count }: Lines): number {
  let size = lengths[first]!;
  for (let i = 1; i < count && size + lengths[first + i]! <= PIPE_BUF; i++) size += lengths[first + i]!;
  return size;
}
