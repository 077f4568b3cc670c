/** Datagram sockets as log targets: non-blocking, several datagrams in one system call (sendmmsg(2)). */
import { dlopen, ptr } from "bun:ffi";
import { closeDescriptor } from "./descriptors.ts";
import { errno } from "./errors.ts";
import { AF_INET, AF_INET6, AF_UNIX, unixSockaddr } from "./sockaddr.ts";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  sendmmsg: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
}).symbols;

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
const MOST_AT_ONCE = 64;

/** struct mmsghdr and struct iovec of 64-bit machines, in 32-bit words, and where their fields lie. */
const HEADER = 16;
const NAME = 0;
const NAME_LENGTH = 2;
const IOV = 4;
const IOV_COUNT = 6;
const VECTOR = 4;
const LENGTH = 2;
const headers = new Uint32Array(new ArrayBuffer(MOST_AT_ONCE * HEADER * 4));
const vectors = new Uint32Array(new ArrayBuffer(MOST_AT_ONCE * VECTOR * 4));
const vectorsAt = ptr(vectors);
for (let i = 0; i < MOST_AT_ONCE; i++) {
  putPointer(headers, i * HEADER + IOV, vectorsAt + i * VECTOR * 4);
  headers[i * HEADER + IOV_COUNT] = 1;
}

function putPointer(words: Uint32Array, at: number, pointer: number): void {
  words[at] = pointer;
  words[at + 1] = pointer / 2 ** 32;
}

/** A descriptor, or minus errno. */
export function openUnixDatagram(path: string, abstract = false): number {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return -errno();
  const address = unixSockaddr(path, abstract, false);
  if (libc.connect(fd, address, address.length) < 0) {
    const why = errno();
    closeDescriptor(fd);
    return -why;
  }
  return fd;
}

/** A UDP socket: a descriptor, or minus errno. */
export function openUdp(family: 4 | 6): number {
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  return fd < 0 ? -errno() : fd;
}

/** Connects a UDP socket to a sockaddr, or again, which looks up route and source address anew. */
export const aimUdp = (fd: number, address: Uint8Array): void => void libc.connect(fd, address, address.length);

/**
 * Sends the first `count` datagrams that lie one after the other in `bytes`, to `address` (a sockaddr; null: the socket is
 * connected). Returns how many were taken, or minus errno if none was.
 */
export function sendDatagrams(
  fd: number,
  bytes: Uint8Array,
  lengths: ArrayLike<number>,
  count: number,
  address: Uint8Array | null,
): number {
  const nameAt = address === null ? 0 : ptr(address);
  let from: number = ptr(bytes);
  for (let sent = 0; sent < count;) {
    const batch = Math.min(count - sent, MOST_AT_ONCE);
    for (let i = 0; i < batch; i++) {
      const length = lengths[sent + i]!;
      putPointer(headers, i * HEADER + NAME, nameAt);
      headers[i * HEADER + NAME_LENGTH] = address === null ? 0 : address.length;
      putPointer(vectors, i * VECTOR, from);
      vectors[i * VECTOR + LENGTH] = length;
      from += length;
    }
    const taken = libc.sendmmsg(fd, headers, batch, MSG_DONTWAIT_NOSIGNAL);
    if (taken < 0) return sent > 0 ? sent : -errno();
    sent += taken;
    if (taken < batch) return sent;
  }
  return count;
}
