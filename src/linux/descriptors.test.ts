/** Descriptors: copies, limits, memory that two mappings share. */
import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import {
  closeDescriptor,
  createSharedMemory,
  descriptorLimit,
  duplicate,
  hasFree,
  isOpen,
  mapShared,
  replaceDescriptor,
  setCloseOnExec,
  setDescriptorLimit,
  setNonBlocking,
} from "./descriptors.ts";
import { SystemCallError } from "./errors.ts";

const CLOSED = 999;
const flags = (fd: number): number =>
  parseInt(/^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!, 8);
const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;

test("a copy stays open when its original is closed, and no child inherits it", () => {
  const fd = openSync("/dev/null", "r");
  const copy = duplicate(fd);
  closeSync(fd);
  expect([isOpen(fd), isOpen(copy), copy > 2, flags(copy) & CLOEXEC]).toEqual([false, true, true, CLOEXEC]);
  closeDescriptor(copy);
  expect(isOpen(copy)).toBe(false);
});

test("replacing, and the two flags", () => {
  const [zero, status] = [openSync("/dev/zero", "r"), openSync("/dev/null", "r")];
  replaceDescriptor(zero, status);
  expect(flags(status) & CLOEXEC).toBe(0); // dup2's copy is inherited
  setCloseOnExec(status);
  setNonBlocking(status);
  expect(flags(status) & (CLOEXEC | NONBLOCK)).toBe(CLOEXEC | NONBLOCK);
  closeSync(zero);
  closeSync(status);
});

const REFUSED: [what: string, run: () => void, error: RegExp][] = [
  ["duplicate", () => void duplicate(CLOSED), /descriptor 999: fcntl failed with EBADF/],
  ["replaceDescriptor", () => replaceDescriptor(CLOSED, 998), /dup2 failed with EBADF/],
  ["setCloseOnExec", () => setCloseOnExec(CLOSED), /EBADF/],
  ["setNonBlocking", () => setNonBlocking(CLOSED), /EBADF/],
];
test.each(REFUSED)("%s of a closed descriptor throws", (_, run, error) => {
  expect(run).toThrow(error);
  expect(run).toThrow(SystemCallError);
});

test("shared memory begins with zeros, and two mappings show the same", () => {
  const fd = createSharedMemory("test", 8192);
  const [one, other] = [mapShared(fd), mapShared(fd)];
  expect([one.length, one.every((byte) => byte === 0)]).toEqual([8192, true]);
  one[8191] = 7;
  expect(other[8191]).toBe(7);
  closeDescriptor(fd);
  one[0] = 1;
  expect(other[0]).toBe(1); // the mappings outlive the descriptor
});

test("hasFree tells what is left below the limit, and leaves nothing open", () => {
  const { soft, hard } = descriptorLimit();
  const next = duplicate(0);
  closeDescriptor(next);
  try {
    setDescriptorLimit(next + 3); // holes below `next` there are none: it was the lowest free one
    expect(descriptorLimit()).toEqual({ soft: next + 3, hard });
    const least = [1, 2, 3].map((count) => hasFree(count));
    expect(least[0]).toBe(true);
    expect(hasFree(10_000)).toBe(false);
    expect([1, 2, 3].map((count) => hasFree(count))).toEqual(least);
  } finally {
    setDescriptorLimit(soft);
  }
});
