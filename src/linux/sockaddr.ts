/**
 * Socket addresses between text and the kernel's bytes (ip(7), ipv6(7), unix(7)).
 *
 * Relies on libc's inet_pton/inet_ntop for the text of IP addresses.
 */
import { dlopen } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  inet_pton: { args: ["i32", "cstring", "ptr"], returns: "i32" },
  inet_ntop: { args: ["i32", "ptr", "ptr", "u32"], returns: "ptr" },
}).symbols;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
const SUN_PATH_AT = 2;
/** Longest path of a unix socket, its closing zero left out. */
export const MAX_UNIX_PATH = 107;

/** Room for any address: sockaddr_storage. */
export const newSockaddr = (): Uint8Array => new Uint8Array(new ArrayBuffer(128));

/** The bytes of a numeric address: 4 or 16. Throws a SyntaxError on anything else. */
export function addressBytes(host: string, family: 4 | 6): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(family === 4 ? 4 : 16));
  const text = new Uint8Array(new ArrayBuffer(host.length + 1));
  new TextEncoder().encodeInto(host, text);
  if (libc.inet_pton(family === 4 ? AF_INET : AF_INET6, text, bytes) !== 1) {
    throw new SyntaxError(`Cannot read address "${host}": expected an IPv${family} address`);
  }
  return bytes;
}

export function ipSockaddr(host: string, family: 4 | 6, port: number): Uint8Array {
  const [host6, zone] = host.split("%", 2) as [string, string?];
  const address = addressBytes(host6, family);
  const bytes = new Uint8Array(new ArrayBuffer(family === 4 ? 16 : 28));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(address, family === 4 ? 4 : 8);
  if (zone !== undefined) view.setUint32(24, Number(zone), true);
  return bytes;
}

/** A path, or with `abstract` a name without file; `padded` fills the name with zeros (haproxy's abns@). */
export function unixSockaddr(path: string, abstract: boolean, padded: boolean): Uint8Array {
  const name = new TextEncoder().encode(path);
  if (name.length > MAX_UNIX_PATH) {
    throw new RangeError(`Cannot use socket path "${path}": ${name.length} bytes, at most ${MAX_UNIX_PATH}`);
  }
  const length = abstract
    ? (padded ? SUN_PATH_AT + 108 : SUN_PATH_AT + 1 + name.length)
    : SUN_PATH_AT + name.length + 1;
  const bytes = new Uint8Array(new ArrayBuffer(length));
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, abstract ? SUN_PATH_AT + 1 : SUN_PATH_AT);
  return bytes;
}

export type SocketName =
  | { kind: "ip"; family: 4 | 6; host: string; port: number }
  | { kind: "unix"; path: string }
  | { kind: "abstract"; name: string };

/** Reads what getsockname and getpeername fill in. IPv4-mapped IPv6 addresses come out as IPv4. */
export function readSockaddr(bytes: Uint8Array, length: number): SocketName {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const family = length >= 2 ? view.getUint16(0, true) : AF_UNIX;
  if (family === AF_INET) {
    return { kind: "ip", family: 4, host: bytes.subarray(4, 8).join("."), port: view.getUint16(2) };
  }
  if (family === AF_INET6) {
    const port = view.getUint16(2);
    const mapped = view.getUint32(8) === 0 && view.getUint32(12) === 0 && view.getUint32(16) === 0xffff;
    if (mapped) return { kind: "ip", family: 4, host: bytes.subarray(20, 24).join("."), port };
    const text = new Uint8Array(new ArrayBuffer(64));
    libc.inet_ntop(AF_INET6, bytes.slice(8, 24), text, 64);
    return { kind: "ip", family: 6, host: new TextDecoder().decode(text.subarray(0, text.indexOf(0))), port };
  }
  const path = bytes.subarray(SUN_PATH_AT, length);
  if (path.length > 0 && path[0] === 0) return { kind: "abstract", name: latin1(trimZeros(path.subarray(1))) };
  return { kind: "unix", path: latin1(trimZeros(path)) };
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
function trimZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}
