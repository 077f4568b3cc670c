/** Descriptors, their limits, and memory shared through them (dup(2), memfd_create(2), getrlimit(2)). */
import { dlopen } from "bun:ffi";
import { check } from "./errors.ts";

const libc = dlopen("libc.so.6", {
  close: { args: ["i32"], returns: "i32" },
  dup2: { args: ["i32", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  memfd_create: { args: ["cstring", "u32"], returns: "i32" },
  ftruncate: { args: ["i32", "i64"], returns: "i32" },
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
}).symbols;

const F_DUPFD_CLOEXEC = 1030;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const FD_CLOEXEC = 1;
const MFD_CLOEXEC = 1;
const RLIMIT_NOFILE = 7;

export const closeDescriptor = (fd: number): void => void libc.close(fd);

/** A copy that no program started from here inherits. */
export const duplicate = (fd: number): number => check(libc.fcntl(fd, F_DUPFD_CLOEXEC, 3), "fcntl", `descriptor ${fd}`);

/** Could this many more be opened now? Tells what accept would meet: the process's limit, or the system's. */
export function hasFree(count: number): boolean {
  const fds: number[] = [];
  for (let i = 0; i < count; i++) {
    const fd = libc.fcntl(0, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) break;
    fds.push(fd);
  }
  fds.forEach(closeDescriptor);
  return fds.length === count;
}

/** Makes `to` mean what `from` means; what was `to` is closed. */
export const replaceDescriptor = (from: number, to: number): void => void check(libc.dup2(from, to), "dup2");

export const isOpen = (fd: number): boolean => libc.fcntl(fd, F_GETFD, 0) >= 0;

export const setCloseOnExec = (fd: number): void => void check(libc.fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");

export const setNonBlocking = (fd: number): void =>
  void check(libc.fcntl(fd, F_SETFL, libc.fcntl(fd, F_GETFL, 0) | O_NONBLOCK), "fcntl");

/** Memory without a file, zeroed, to be mapped by every process that inherits the descriptor. */
export function createSharedMemory(name: string, bytes: number): number {
  const fd = check(libc.memfd_create(new TextEncoder().encode(`${name}\0`), MFD_CLOEXEC), "memfd_create");
  check(libc.ftruncate(fd, bytes), "ftruncate", `${bytes} bytes of shared memory`);
  return fd;
}

export const mapShared = (fd: number): Uint8Array => Bun.mmap(`/proc/self/fd/${fd}`, { shared: true });

/** Open descriptors that this process may have: the limit in force and the one it may be raised to. */
export function descriptorLimit(): { soft: number; hard: number } {
  const limits = new BigUint64Array(2);
  check(libc.getrlimit(RLIMIT_NOFILE, limits), "getrlimit");
  return { soft: Number(limits[0]), hard: Number(limits[1]) };
}

/** Raises (or lowers) the limit; a hard limit below it is raised too, which needs privileges. */
export function setDescriptorLimit(count: number): void {
  const { hard } = descriptorLimit();
  const limits = new BigUint64Array([BigInt(count), BigInt(Math.max(count, hard))]);
  check(libc.setrlimit(RLIMIT_NOFILE, limits), "setrlimit", `${count} descriptors`);
}
