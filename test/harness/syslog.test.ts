/** The reader of tcplog lines refuses what is not one: a test that compares nothings would always pass. */
import { expect, test } from "bun:test";
import { parseTcpLog } from "./syslog.ts";

const LINE =
  "<134>Nov 20 08:56:49 haproxy[12474]: 127.0.0.1:46862 [20/Nov/2026:08:56:49.817] front back/s1 1/-1/+230 +57 sC 12/2/1/0/+3 4/5\n";

test("every field of a line", () => {
  expect(parseTcpLog(LINE)).toEqual({
    client: "127.0.0.1",
    clientPort: 46_862,
    date: "20/Nov/2026:08:56:49.817",
    frontend: "front",
    backend: "back",
    server: "s1",
    queueMs: 1,
    connectMs: -1,
    totalMs: 230,
    early: true,
    bytes: 57,
    termination: "sC",
    connections: [12, 2, 1, 0, "+3"],
    queues: [4, 5],
  });
});

test.each([
  ["a day below 10 has a blank", LINE.replace("Nov 20", "Nov  2"), true],
  ["a host name may precede the tag", LINE.replace("haproxy[", "box haproxy["), true],
  ["no server", LINE.replace("s1", "<NOSRV>"), true],
  ["another process name", LINE.replace("haproxy[", "appliance["), true],
  ["a field too few", LINE.replace(" 4/5", ""), false],
  ["a field too many", LINE.replace("4/5", "4/5 x"), false],
  ["a negative count", LINE.replace("12/2", "12/-2"), false],
  ["a termination of three letters", LINE.replace(" sC ", " sCx "), false],
  ["no priority", LINE.slice(5), false],
])("%s", (_, line, readable) => {
  expect(parseTcpLog(line) !== null).toBe(readable);
});
