/** Datagrams sent in batches, read by a real socket. */
import { expect, test } from "bun:test";
import { waitFor } from "../../test/harness/conditions.ts";
import { aimUdp, openUdp, sendDatagrams } from "./datagram.ts";
import { closeDescriptor } from "./descriptors.ts";
import { ipSockaddr } from "./sockaddr.ts";

test.each([[4, "127.0.0.1"], [6, "::1"]] as const)(
  "more datagrams than one call takes, IPv%d",
  async (family, host) => {
    const got: string[] = [];
    const reader = await Bun.udpSocket({
      hostname: host,
      port: 0,
      socket: { data: (_socket, data) => void got.push(data.toString("latin1")) },
    });
    const texts = Array.from({ length: 150 }, (_, i) => `line ${i} ${"x".repeat(i)}`);
    const fd = openUdp(family);
    const bytes = Buffer.from(texts.join(""));
    const lengths = texts.map(({ length }) => length);
    expect(sendDatagrams(fd, bytes, lengths, texts.length, ipSockaddr(host, family, reader.port))).toBe(texts.length);
    await waitFor(() => got.length === texts.length, "all datagrams to arrive");
    expect(got).toEqual(texts);
    reader.close();
    closeDescriptor(fd);
  },
);

test("a socket that is aimed needs no address, and can be aimed elsewhere", async () => {
  const got: string[][] = [[], []];
  const readers = await Promise.all(got.map((list) =>
    Bun.udpSocket({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (_socket, data) => void list.push(data.toString()) },
    })
  ));
  const fd = openUdp(4);
  for (const [i, reader] of readers.entries()) {
    aimUdp(fd, ipSockaddr("127.0.0.1", 4, reader.port));
    expect(sendDatagrams(fd, Buffer.from(`for ${i}`), [5], 1, null)).toBe(1);
  }
  await waitFor(() => got.every((list) => list.length === 1), "both to arrive");
  expect(got).toEqual([["for 0"], ["for 1"]]);
  for (const reader of readers) reader.close();
  closeDescriptor(fd);
});

test("what cannot be sent is said with its number", () => {
  const fd = openUdp(4);
  const tooLong = new Uint8Array(new ArrayBuffer(70_000));
  const to = ipSockaddr("127.0.0.1", 4, 9);
  expect(sendDatagrams(fd, tooLong, [tooLong.length], 1, to)).toBe(-90); // EMSGSIZE
  // One that goes and one that does not: the first counts.
  expect(sendDatagrams(fd, tooLong, [10, 69_990], 2, to)).toBe(1);
  closeDescriptor(fd);
});
