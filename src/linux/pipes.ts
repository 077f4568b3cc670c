/**
 * Pipes through which bulk passes from socket to socket without being copied (splice(2)).
 *
 * A pool per process, bounded: a pipe costs two descriptors. Who finds it empty copies as usual.
 */
import { dlopen } from "bun:ffi";
import { closeDescriptor } from "./descriptors.ts";
import { errno } from "./errors.ts";

const libc = dlopen("libc.so.6", {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  splice: { args: ["i32", "ptr", "i32", "ptr", "u64", "u32"], returns: "i32" },
}).symbols;

const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const SPLICE_MOVE_NONBLOCK = 3;
/** What is in flight in one direction of a connection, at most. */
export const PIPE_BYTES = 256 * 1024;
/** A user has pages for so many pipes (pipe(7), pipe-user-pages-soft); beyond them a pipe is too small to be worth it. */
const LEAST_BYTES = 64 * 1024;

export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
  /** Bytes in it. */
  filled: number;
}

export interface PipePool {
  /** null: all are in use, or the system has no descriptor left. */
  take(): Pipe | null;
  /** One that holds bytes nobody wants is closed. */
  giveBack(pipe: Pipe): void;
}

export function createPipePool(most: number): PipePool {
  const free: Pipe[] = [];
  let open = 0;
  const ends = new Int32Array(2);
  return {
    take() {
      const used = free.pop();
      if (used !== undefined) return used;
      if (open >= most || libc.pipe2(ends, NONBLOCK_CLOEXEC) < 0) return null;
      const [readEnd, writeEnd] = [ends[0]!, ends[1]!];
      if (libc.fcntl(writeEnd, F_SETPIPE_SZ, PIPE_BYTES) < 0 && libc.fcntl(writeEnd, F_GETPIPE_SZ, 0) < LEAST_BYTES) {
        closeDescriptor(readEnd);
        closeDescriptor(writeEnd);
        return null;
      }
      open++;
      return { readEnd, writeEnd, filled: 0 };
    },
    giveBack(pipe) {
      if (pipe.filled === 0) return void free.push(pipe);
      open--;
      closeDescriptor(pipe.readEnd);
      closeDescriptor(pipe.writeEnd);
    },
  };
}

/**
 * Moves what the socket has into the pipe, at most `most` bytes: bytes, 0 at the socket's end, or -errno; EAGAIN is an empty
 * socket or a full pipe.
 */
export function fillPipe(pipe: Pipe, socket: number, most: number): number {
  const moved = libc.splice(socket, null, pipe.writeEnd, null, Math.min(most, PIPE_BYTES), SPLICE_MOVE_NONBLOCK);
  if (moved < 0) return -errno();
  pipe.filled += moved;
  return moved;
}

/** Moves what the pipe has into the socket: bytes, or -errno. */
export function emptyPipe(pipe: Pipe, socket: number): number {
  const moved = libc.splice(pipe.readEnd, null, socket, null, pipe.filled, SPLICE_MOVE_NONBLOCK);
  if (moved < 0) return -errno();
  pipe.filled -= moved;
  return moved;
}
