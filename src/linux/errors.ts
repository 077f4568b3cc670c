/** What the kernel answers when it refuses: errno, its name, and an error that carries both. */
import { dlopen, type Pointer, read } from "bun:ffi";
import { constants } from "node:os";

const libc = dlopen("libc.so.6", { __errno_location: { args: [], returns: "ptr" } }).symbols;
// The address is that of this thread's errno and does not change.
const location = libc.__errno_location() as Pointer;

export const errno = (): number => read.i32(location, 0);

// The first name counts: EAGAIN, not its alias EWOULDBLOCK.
const NAMES = new Map(Object.entries(constants.errno).toReversed().map(([name, number]) => [number, name]));
export const errnoName = (number: number): string => NAMES.get(number) ?? `errno ${number}`;

/** A system call that failed. `code` is errno's name, as in Node's errors. */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  readonly code: string;
  constructor(readonly syscall: string, readonly errno: number, what = "") {
    super(`${what === "" ? "" : `${what}: `}${syscall} failed with ${errnoName(errno)}`);
    this.code = errnoName(errno);
  }
}

/** Passes a result on, or throws what errno says when it is negative. */
export function check(result: number, syscall: string, what = ""): number {
  if (result < 0) throw new SystemCallError(syscall, errno(), what);
  return result;
}
