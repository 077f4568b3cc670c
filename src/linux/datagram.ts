/** Unix datagram sockets as a log target (/dev/log): non-blocking, connected, one send per line. */
import { dlopen } from "bun:ffi";
import { closeDescriptor } from "./descriptors.ts";
import { errno } from "./errors.ts";
import { AF_UNIX, unixSockaddr } from "./sockaddr.ts";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
}).symbols;

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

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

/** Sends the first `count` datagrams that lie one after the other in `bytes`; returns how many were taken, or minus errno if none was. */
export function sendDatagrams(fd: number, bytes: Uint8Array, lengths: ArrayLike<number>, count: number): number {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!;
    if (Number(libc.send(fd, bytes.subarray(at, at + length), length, MSG_DONTWAIT_NOSIGNAL)) < 0) {
      return i > 0 ? i : -errno();
    }
    at += length;
  }
  return count;
}
