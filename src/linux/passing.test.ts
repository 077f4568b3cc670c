/**
 * SCM_RIGHTS on connected pairs of unix sockets: order, close-on-exec, limits.
 */
import { afterAll, expect, test } from "bun:test";
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeDescriptor, duplicate } from "./descriptors.ts";
import {
  connectUnix,
  decodeRecords,
  encodeRecords,
  MAX_FDS_PER_MESSAGE,
  receiveDescriptors,
  sendDescriptors,
} from "./passing.ts";

const folder = mkdtempSync(join(tmpdir(), "passing-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A connected pair: the accepted side as a descriptor of its own, so that Bun reads nothing of what it gets. */
async function pair(path: string): Promise<[client: number, server: number, close: () => void]> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const listener = Bun.listen({
    unix: path,
    socket: { open: (socket) => (socket.pause(), resolve((socket as unknown as { fd: number }).fd)), data() {} },
  });
  const client = connectUnix(path, 1000);
  return [client, await promise, () => (closeDescriptor(client), listener.stop(true))];
}

const isCloexec = (fd: number): boolean => {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!;
  return (parseInt(flags, 8) & 0o2000000) !== 0;
};

test.each([1, 2, 3, MAX_FDS_PER_MESSAGE])("%p descriptors arrive in order, close-on-exec", async (count) => {
  const [client, server, close] = await pair(join(folder, `pair${count}.sock`));
  const files = ["a", "b"].map((name) => join(folder, name));
  files.forEach((file) => writeFileSync(file, file));
  const sent = Array.from({ length: count }, (_, i) => openSync(files[i % 2]!, "r"));
  const data = new Uint8Array(count).map((_, i) => i);
  expect(sendDescriptors(server, sent, data)).toBe(count);
  const buffer = new Uint8Array(1000);
  const { bytes, fds } = receiveDescriptors(client, buffer, MAX_FDS_PER_MESSAGE);
  expect(buffer.subarray(0, bytes)).toEqual(data);
  expect(fds.map((fd) => fstatSync(fd).ino)).toEqual(sent.map((fd) => fstatSync(fd).ino));
  expect(fds.every(isCloexec)).toBe(true);
  for (const fd of [...sent, ...fds]) closeSync(fd);
  close();
});

test("data without descriptors, and the end of the stream", async () => {
  const [client, server, close] = await pair(join(folder, "plain.sock"));
  sendDescriptors(server, [], new Uint8Array([1, 2]));
  const buffer = new Uint8Array(8);
  expect(receiveDescriptors(client, buffer, 1)).toEqual({ bytes: 2, fds: [] });
  close();
});

test("more descriptors than asked for are refused and closed", async () => {
  const [client, server, close] = await pair(join(folder, "many.sock"));
  const fds = Array.from({ length: 5 }, () => duplicate(server));
  sendDescriptors(server, fds, new Uint8Array(1));
  const open = () => readFdCount();
  const before = open();
  expect(() => receiveDescriptors(client, new Uint8Array(8), 1)).toThrow(/more than 1 came/);
  expect(open()).toBe(before);
  fds.forEach(closeDescriptor);
  close();
});

const readFdCount = (): number => readdirSync("/proc/self/fd").length;

test("a reader that hears nothing gives up", async () => {
  const path = join(folder, "mute.sock");
  const listener = Bun.listen({ unix: path, socket: { data() {} } });
  const client = connectUnix(path, 20);
  expect(() => receiveDescriptors(client, new Uint8Array(1), 1)).toThrow(/recvmsg failed with (EAGAIN|EWOULDBLOCK)/);
  closeDescriptor(client);
  listener.stop(true);
  await Promise.resolve();
});

test.each([
  ["/nowhere/at/all.sock", /Cannot connect to "\/nowhere\/at\/all.sock": ENOENT/],
  ["x".repeat(108), /longer than 107 bytes/],
])("connectUnix %p", (path, message) => expect(() => connectUnix(path, 10)).toThrow(message));

test.each([
  [[], new Uint8Array(0), /without data/],
  [Array(MAX_FDS_PER_MESSAGE + 1).fill(0), new Uint8Array(1), /Cannot send 254/],
])("sendDescriptors refuses %#", (fds, data, message) => {
  expect(() => sendDescriptors(-1, fds as number[], data as Uint8Array)).toThrow(message as RegExp);
});

const RECORDS = [
  { namespace: "", interface: null },
  { namespace: "blue", interface: "eth0" },
  { namespace: "", interface: "n".repeat(255) },
];

test("records of listeners are read as far as they have come", () => {
  const data = Buffer.from(encodeRecords(RECORDS));
  const ends = [6, 6 + 14, data.length];
  for (let length = 0; length <= data.length; length++) {
    const whole = ends.filter((end) => end <= length).length;
    expect(decodeRecords(data.subarray(0, length))).toEqual(
      RECORDS.slice(0, whole).map((record) => ({ ...record, options: 0 })),
    );
  }
});
