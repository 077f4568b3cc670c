/**
 * Descriptors over unix sockets (SCM_RIGHTS, unix(7)), and the plain blocking client that fetches them.
 *
 * Every call names the system call that failed and its errno. What is received is close-on-exec.
 */
import { dlopen, ptr, read } from "bun:ffi";
import { getSystemErrorName } from "node:util";

const libc = dlopen("libc.so.6", {
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
}).symbols;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const F_DUPFD_CLOEXEC = 1030;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_CTRUNC = 8;
const EINTR = 4;

/** Most descriptors that one message may carry (SCM_MAX_FD). */
export const MAX_FDS_PER_MESSAGE = 253;

// struct msghdr and struct cmsghdr of 64-bit Linux.
const MSGHDR_FLAGS = 6;
const CMSG_HEADER_BYTES = 16;
const cmsgBytes = (fds: number): number => CMSG_HEADER_BYTES + fds * 4;
const align8 = (bytes: number): number => (bytes + 7) & ~7;

interface Message {
  header: BigUint64Array;
  control: Uint8Array;
  /** Held so that nothing the header points to is collected during the call. */
  keep: unknown[];
}

function messageOf(data: Uint8Array, controlBytes: number): Message {
  // Made on a buffer of its own: asking a small typed array for its .buffer later would move what ptr() pointed to.
  const control = new Uint8Array(new ArrayBuffer(Math.max(8, align8(controlBytes))));
  const iov = new BigUint64Array([BigInt(ptr(data)), BigInt(data.byteLength)]);
  const header = new BigUint64Array(7);
  header[2] = BigInt(ptr(iov));
  header[3] = 1n;
  if (controlBytes > 0) {
    header[4] = BigInt(ptr(control));
    header[5] = BigInt(controlBytes);
  }
  return { header, control, keep: [data, iov] };
}

function failure(call: string): Error & { errno: number } {
  const errno = read.i32(libc.__errno_location()!, 0);
  return Object.assign(new Error(`${call} failed with errno ${errno}`), { errno });
}

/** Calls again when a signal came in between. */
function uninterrupted(call: string, run: () => number): number {
  for (;;) {
    const result = run();
    if (result >= 0) return result;
    const error = failure(call);
    if (error.errno !== EINTR) throw error;
  }
}

/** Sends `data` (at least one byte) and with it `fds`; returns the bytes taken. The descriptors remain ours as well. */
export function sendDescriptors(socketFd: number, fds: number[], data: Uint8Array): number {
  if (data.byteLength === 0) throw new RangeError("Cannot send descriptors without data");
  if (fds.length > MAX_FDS_PER_MESSAGE) throw new RangeError(`Cannot send ${fds.length} descriptors in one message`);
  const message = messageOf(data, fds.length === 0 ? 0 : cmsgBytes(fds.length));
  if (fds.length > 0) {
    const view = new DataView(message.control.buffer);
    view.setBigUint64(0, BigInt(cmsgBytes(fds.length)), true);
    view.setInt32(8, SOL_SOCKET, true);
    view.setInt32(12, SCM_RIGHTS, true);
    fds.forEach((fd, i) => view.setInt32(CMSG_HEADER_BYTES + i * 4, fd, true));
  }
  return uninterrupted("sendmsg", () => Number(libc.sendmsg(socketFd, ptr(message.header), MSG_NOSIGNAL)));
}

/** Fills `data` with what one read gives (0 bytes: the peer closed) and collects the descriptors that came along. */
export function receiveDescriptors(
  socketFd: number,
  data: Uint8Array,
  maxFds: number,
): { bytes: number; fds: number[] } {
  const controlBytes = align8(cmsgBytes(Math.min(maxFds, MAX_FDS_PER_MESSAGE)));
  const message = messageOf(data, controlBytes);
  const bytes = uninterrupted(
    "recvmsg",
    () => Number(libc.recvmsg(socketFd, ptr(message.header), MSG_CMSG_CLOEXEC)),
  );
  const fds = readControl(message.control, Number(message.header[5]));
  if ((Number(message.header[MSGHDR_FLAGS]! & 0xffffffffn) & MSG_CTRUNC) !== 0) {
    fds.forEach(closeDescriptor);
    throw new Error(`Cannot take the descriptors: more than ${maxFds} came, or the limit of open files is reached`);
  }
  return { bytes, fds };
}

function readControl(control: Uint8Array, length: number): number[] {
  const view = new DataView(control.buffer);
  const fds: number[] = [];
  for (let at = 0; at + CMSG_HEADER_BYTES <= length;) {
    const size = Number(view.getBigUint64(at, true));
    if (size < CMSG_HEADER_BYTES) break;
    if (view.getInt32(at + 8, true) === SOL_SOCKET && view.getInt32(at + 12, true) === SCM_RIGHTS) {
      for (let i = at + CMSG_HEADER_BYTES; i + 4 <= at + size; i += 4) fds.push(view.getInt32(i, true));
    }
    at += align8(size);
  }
  return fds;
}

/** Connects to a unix stream socket; a path that begins with `@` names an abstract one. Blocking, with a time limit. */
export function connectUnix(path: string, timeoutMs: number): number {
  const name = Buffer.from(path, "utf8");
  // sun_path ends with a zero; an abstract name is as long as the address says.
  if (name.length > 107) throw new RangeError(`Cannot connect to "${path}": the path is longer than 107 bytes`);
  const address = new Uint8Array(new ArrayBuffer(110));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  if (name[0] === 0x40) address[2] = 0;
  const length = name[0] === 0x40 ? 2 + name.length : 110;
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failure("socket");
  const timeval = new BigInt64Array([BigInt(Math.floor(timeoutMs / 1000)), BigInt((timeoutMs % 1000) * 1000)]);
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) libc.setsockopt(fd, SOL_SOCKET, option, ptr(timeval), 16);
  if (libc.connect(fd, ptr(address), length) < 0) {
    const { errno } = failure("connect");
    libc.close(fd);
    throw new Error(`Cannot connect to "${path}": ${getSystemErrorName(-errno)}`);
  }
  return fd;
}

/** A further descriptor of the same open file, close-on-exec. */
export function duplicateDescriptor(fd: number): number {
  const copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw failure("fcntl");
  return copy;
}

export function closeDescriptor(fd: number): void {
  libc.close(fd);
}
