/**
 * Descriptors over unix sockets (SCM_RIGHTS, unix(7)), and on them haproxy's exchange of listening sockets, both sides.
 *
 * Every call names the system call that failed and its errno. What is received is close-on-exec.
 */
import { dlopen, ptr } from "bun:ffi";
import { closeDescriptor } from "./descriptors.ts";
import { check, errno, errnoName } from "./errors.ts";

const libc = dlopen("libc.so.6", {
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
}).symbols;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
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

/** Calls again when a signal came in between. */
function uninterrupted(syscall: string, run: () => number): number {
  for (;;) {
    const result = run();
    if (result >= 0 || errno() !== EINTR) return check(result, syscall);
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
  check(fd, "socket");
  const timeval = new BigInt64Array([BigInt(Math.floor(timeoutMs / 1000)), BigInt((timeoutMs % 1000) * 1000)]);
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) libc.setsockopt(fd, SOL_SOCKET, option, ptr(timeval), 16);
  if (libc.connect(fd, ptr(address), length) < 0) {
    const reason = errnoName(errno());
    closeDescriptor(fd);
    throw new Error(`Cannot connect to "${path}": ${reason}`);
  }
  return fd;
}

/*
 * The exchange behind `_getsocks`, with which a new process takes over the listening sockets of a running one.
 *
 * As seen between two haproxy 2.6: the client writes `_getsocks\n`; the server answers the number of sockets as an int32
 * in the machine's order, then messages of up to 252 descriptors, whose data holds for each of them a length byte and
 * the name of its namespace, the same for its interface, and an int32 of options, which nobody reads. After each message
 * the client writes an int32; the server waits for it before it sends the next, and closes after the last.
 */

const FDS_PER_MESSAGE = 252;
const INT_BYTES = 4;
/** Two names of up to 255 bytes with their lengths, and the options. */
const MAX_RECORD_BYTES = 2 * 256 + INT_BYTES;
const ANSWER_TIMEOUT_MS = 2000;

/** A listening socket on offer. */
export interface Offered {
  fd: number;
  namespace: string;
  interface: string | null;
}

export interface FetchedListener extends Offered {
  options: number;
}

/** The server's side of one exchange. */
export interface Transfer {
  /** Sends what may be sent next; false when all has been sent. */
  step(socketFd: number): boolean;
}

export function startTransfer(listeners: readonly Offered[]): Transfer {
  let next = -1;
  return {
    step(socketFd) {
      if (next < 0) {
        sendWhole(socketFd, [], int32(listeners.length));
        next = 0;
      }
      if (next >= listeners.length) return false;
      const batch = listeners.slice(next, next + FDS_PER_MESSAGE);
      next += batch.length;
      sendWhole(socketFd, batch.map(({ fd }) => fd), encodeRecords(batch));
      return next < listeners.length;
    },
  };
}

/** A batch is far below a socket's buffer, which is empty when a batch is due: a part of it is a failure. */
function sendWhole(socketFd: number, fds: number[], data: Uint8Array): void {
  const taken = sendDescriptors(socketFd, fds, data);
  if (taken < data.length) throw new Error(`Cannot pass the listeners on: ${taken} of ${data.length} bytes were taken`);
}

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(INT_BYTES);
  bytes.writeInt32LE(value);
  return bytes;
}

export function encodeRecords(listeners: readonly Omit<Offered, "fd">[]): Uint8Array {
  const name = (text: string): Buffer => {
    const bytes = Buffer.from(text, "latin1").subarray(0, 255);
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  };
  return Buffer.concat(
    listeners.flatMap((listener) => [name(listener.namespace), name(listener.interface ?? ""), int32(0)]),
  );
}

/** Reads the records of the data so far; a last one that is not whole yet is left out. */
export function decodeRecords(data: Buffer): Omit<FetchedListener, "fd">[] {
  const records: Omit<FetchedListener, "fd">[] = [];
  for (let at = 0; at < data.length;) {
    const namespaceEnd = at + 1 + data[at]!;
    const interfaceEnd = namespaceEnd + 1 + (data[namespaceEnd] ?? 0);
    if (interfaceEnd + INT_BYTES > data.length) break;
    records.push({
      namespace: data.toString("latin1", at + 1, namespaceEnd),
      interface: data.toString("latin1", namespaceEnd + 1, interfaceEnd) || null,
      options: data.readInt32LE(interfaceEnd),
    });
    at = interfaceEnd + INT_BYTES;
  }
  return records;
}

/**
 * Asks the process behind a stats socket for its listening sockets. They are close-on-exec and the caller's to close.
 * Blocks for at most a few seconds: it belongs to the start, before anything is served.
 *
 * @param pid who must be behind it: an abstract name, unlike a path, is anybody's to take
 */
export function fetchListeners(path: string, pid: number | null = null): Promise<FetchedListener[]> {
  return Promise.try(fetchNow, path, pid);
}

function fetchNow(path: string, pid: number | null): FetchedListener[] {
  const socket = connectUnix(path, ANSWER_TIMEOUT_MS);
  const fds: number[] = [];
  try {
    if (pid !== null && peerProcess(socket).pid !== pid) throw new Error(`"${path}" is not held by process ${pid}`);
    return receiveListeners(socket, path, fds);
  } catch (error) {
    fds.forEach(closeDescriptor);
    throw error;
  } finally {
    closeDescriptor(socket);
  }
}

function receiveListeners(socket: number, path: string, fds: number[]): FetchedListener[] {
  sendDescriptors(socket, [], Buffer.from("_getsocks\n"));
  const head = receiveBytes(socket, INT_BYTES);
  if (head === null) {
    throw new Error(`Cannot take over listeners from "${path}": it needs "level admin" and "expose-fd listeners"`);
  }
  const count = head.readInt32LE();
  const chunk = Buffer.alloc(FDS_PER_MESSAGE * MAX_RECORD_BYTES);
  const data: Buffer[] = [];
  let records: Omit<FetchedListener, "fd">[] = [];
  while (fds.length < count || records.length < count) {
    const got = receiveDescriptors(socket, chunk, FDS_PER_MESSAGE);
    if (got.bytes === 0) throw new Error(`Cannot take over listeners from "${path}": ${fds.length} of ${count} came`);
    fds.push(...got.fds);
    data.push(Buffer.from(chunk.subarray(0, got.bytes)));
    records = decodeRecords(Buffer.concat(data));
    if (got.fds.length > 0) acknowledge(socket, fds.length);
  }
  return records.slice(0, count).map((record, i) => ({ fd: fds[i]!, ...record }));
}

/** Exactly so many bytes; null when the peer closed before the first. */
function receiveBytes(socket: number, length: number): Buffer | null {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const got = receiveDescriptors(socket, bytes.subarray(at), 1);
    got.fds.forEach(closeDescriptor);
    if (got.bytes === 0) return null;
    at += got.bytes;
  }
  return bytes;
}

/** After the last message the server has closed: that nobody reads this is no failure. */
function acknowledge(socket: number, received: number): void {
  try {
    sendDescriptors(socket, [], int32(received));
  } catch {
    // The next read tells whether anything is missing.
  }
}

export const TRANSFER_ACK_BYTES = INT_BYTES;

const SO_PEERCRED = 17;

/** Who is at the other end of a unix socket; -1 when the kernel does not say. */
export function peerProcess(socketFd: number): { pid: number; uid: number } {
  const credentials = new Int32Array(3); // pid, uid, gid
  const length = new Uint32Array([12]);
  if (libc.getsockopt(socketFd, SOL_SOCKET, SO_PEERCRED, credentials, length) < 0) return { pid: -1, uid: -1 };
  return { pid: credentials[0]!, uid: credentials[1]! };
}
