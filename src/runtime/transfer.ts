/**
 * The exchange behind `_getsocks`, with which a new process takes over the listening sockets of a running one.
 *
 * As seen between two haproxy 2.6: the client writes `_getsocks\n`; the server answers the number of sockets as an int32
 * in the machine's order, then messages of up to 252 descriptors (SCM_RIGHTS), whose data holds for each of them
 * a length byte and the name of its namespace, the same for its interface, and an int32 of options, which nobody reads.
 * After each message the client writes an int32; the server waits for it before it sends the next, and closes after the
 * last.
 */
import { closeDescriptor, connectUnix, receiveDescriptors, sendDescriptors } from "../linux/passing.ts";
import type { PassedListener } from "./context.ts";

const FDS_PER_MESSAGE = 252;
const INT_BYTES = 4;
/** Two names of up to 255 bytes with their lengths, and the options. */
const MAX_RECORD_BYTES = 2 * 256 + INT_BYTES;
const ANSWER_TIMEOUT_MS = 2000;

export interface FetchedListener {
  fd: number;
  namespace: string;
  interface: string | null;
  options: number;
}

/** The server's side of one exchange. */
export interface Transfer {
  /** Sends what may be sent next; false when all has been sent. */
  step(socketFd: number): boolean;
}

export function startTransfer(listeners: readonly PassedListener[]): Transfer {
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

export function encodeRecords(listeners: readonly Pick<PassedListener, "namespace" | "interface">[]): Uint8Array {
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
 */
export function fetchListeners(path: string): Promise<FetchedListener[]> {
  return Promise.try(fetchNow, path);
}

function fetchNow(path: string): FetchedListener[] {
  const socket = connectUnix(path, ANSWER_TIMEOUT_MS);
  const fds: number[] = [];
  try {
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
