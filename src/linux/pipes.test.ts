/** Pipes and splice(2) between real sockets. */
import { dlopen } from "bun:ffi";
import { expect, test } from "bun:test";
import { closeDescriptor, isOpen, setNonBlocking } from "./descriptors.ts";
import { createPipePool, emptyPipe, fillPipe, PIPE_BYTES } from "./pipes.ts";

const libc = dlopen("libc.so.6", {
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
}).symbols;

const EAGAIN = 11;

function pair(): [number, number] {
  const ends = new Int32Array(2);
  expect(libc.socketpair(1, 1, 0, ends)).toBe(0);
  ends.forEach(setNonBlocking);
  return [ends[0]!, ends[1]!];
}

test("bytes pass from socket to socket in order; an empty socket is EAGAIN, its end is 0", () => {
  const [sender, source] = pair();
  const [sink, receiver] = pair();
  const pipe = createPipePool(1).take()!;
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 31) & 255));
  expect(fillPipe(pipe, source, PIPE_BYTES)).toBe(-EAGAIN);
  expect(libc.send(sender, bytes, bytes.length, 0)).toBe(bytes.length);
  expect(fillPipe(pipe, source, PIPE_BYTES)).toBe(bytes.length);
  expect(pipe.filled).toBe(bytes.length);
  expect(emptyPipe(pipe, sink)).toBe(bytes.length);
  expect(pipe.filled).toBe(0);
  const got = Buffer.alloc(30_000);
  expect(libc.recv(receiver, got, got.length, 0)).toBe(bytes.length);
  expect(got.subarray(0, bytes.length).equals(bytes)).toBe(true);
  closeDescriptor(sender);
  expect(fillPipe(pipe, source, PIPE_BYTES)).toBe(0);
  [source, sink, receiver].forEach(closeDescriptor);
});

test("a full receiver leaves the rest in the pipe, which holds no more than its size", () => {
  const [sender, source] = pair();
  const [sink, receiver] = pair();
  const pipe = createPipePool(1).take()!;
  const chunk = Buffer.alloc(65_536, 7);
  let moved = 0;
  for (let i = 0; i < 200 && emptied(pipe, sink); i++) {
    libc.send(sender, chunk, chunk.length, 0);
    fillPipe(pipe, source, PIPE_BYTES);
  }
  expect(pipe.filled).toBeGreaterThan(0);
  expect(pipe.filled).toBeLessThanOrEqual(PIPE_BYTES);
  function emptied(of: typeof pipe, to: number): boolean {
    const got = of.filled === 0 ? 0 : emptyPipe(of, to);
    if (got > 0) moved += got;
    return got !== -EAGAIN;
  }
  expect(moved).toBeGreaterThan(0);
  [sender, source, sink, receiver].forEach(closeDescriptor);
});

test("the pool is bounded; an empty pipe is used again, one with bytes in it is closed", () => {
  const pool = createPipePool(2);
  const [first, second] = [pool.take()!, pool.take()!];
  expect(pool.take()).toBe(null);
  pool.giveBack(first);
  expect(pool.take()).toBe(first);
  const [sender, source] = pair();
  libc.send(sender, Buffer.from("left"), 4, 0);
  fillPipe(second, source, PIPE_BYTES);
  pool.giveBack(second);
  expect(isOpen(second.readEnd)).toBe(false);
  expect(pool.take()).not.toBe(null);
  [sender, source].forEach(closeDescriptor);
});
