/**
 * One connection of the stats socket on a wire made up here: every exchange whole, and in crumbs to a slow reader.
 */
import { expect, test } from "bun:test";
import { bind, context, ip, model, proxy, server } from "../../test/stats_fixture.ts";
import { PIECE_CHARS } from "../stats/pieces.ts";
import type { Level, Session } from "./command.ts";
import { type Connection, openConnection } from "./connection.ts";
import type { RuntimeContext } from "./context.ts";

interface Peer {
  connection: Connection;
  session: Session;
  /** What the client has. */
  output(): string;
  /** Bytes the socket takes in one write; all by default. */
  room: number;
  finished: boolean;
  paused: boolean;
  timeouts: number[];
}

const SMALL = model([
  proxy("backend", "be", 2, { servers: [server("s", 1, "127.0.0.1", 80)] }),
], { statsSockets: [bind({ kind: "unix", path: "/run/x.sock" }), bind(ip("::1", 9), { level: "user" })] });

function connect(level: Level = "admin", of: RuntimeContext = context(SMALL)): Peer {
  let output = "";
  const session: Session = {
    level,
    mode: "once",
    timed: false,
    timeoutMs: 10_000,
    quit: false,
    exposesListeners: false,
    transfer: null,
  };
  const peer: Peer = {
    connection: openConnection(
      {
        fd: -1,
        write(bytes) {
          const taken = Math.min(bytes.length, peer.room);
          output += Buffer.from(bytes.subarray(0, taken)).toString("latin1");
          return taken;
        },
        pause: () => peer.paused = true,
        resume: () => peer.paused = false,
        finish: () => peer.finished = true,
        restartTimer: (ms) => peer.timeouts.push(ms),
      },
      session,
      of,
    ),
    session,
    output: () => output,
    room: Infinity,
    finished: false,
    paused: false,
    timeouts: [],
  };
  return peer;
}

const V = "9.8.7\n";
/** Input, the whole output, and whether the connection has ended. */
const exchanges: [name: string, input: string, output: string, finished: boolean][] = [
  ["one command", "show version\n", `${V}\n`, true],
  ["two commands", "show version;show cli level\n", `${V}\nadmin\n\n`, true],
  ["the first line only", "show version\nshow version\n", `${V}\n`, true],
  ["a line that is not ended", "show version", "", false],
  ["an empty line", "\n", "\n", true],
  ["a carriage return", "show version\r\n", `${V}\n`, true],
  ["a command without output", "user\n", "\n", true],
  ["quit", "quit\n", "", true],
  ["quit before another", "show version;quit;show version\n", `${V}\n`, true],
  ["prompt", "prompt\n", "\n> ", false],
  ["prompt and more lines", "prompt\nshow version\n\nquit\nshow version\n", `\n> ${V}\n> \n> `, true],
  ["prompt twice", "prompt\nprompt;show version\nshow version\n", `\n> \n${V}\n`, true],
  ["prompt p", "prompt p\nprompt n\n", "\n> \n", true],
  ["prompt i", "prompt i\nshow version\nprompt\n", `\n${V}\n\n> `, false],
  ["prompt timed", "prompt timed\nprompt timed\n", "\n[0:00:01:05]> \n> ", false],
  ["prompt in the middle", "show version;prompt\nshow version\n", `${V}\n\n> ${V}\n> `, false],
  ["level lowered", "operator;show cli level;user;operator\n", "\noperator\n\n\nPermission denied\n\n", true],
  ["payload", "show version <<\nabc\n;quit\n\nshow version\n", `${V}\n`, true],
  ["payload with a pattern", "show version <<END\n\nabc\nEND\n", `${V}\n`, true],
  ["payload with a prompt", "prompt\nshow version <<\nabc\n\n", `\n> + + ${V}\n> `, false],
  ["payload that is not ended", "show version <<\nabc\n", "", false],
  ["a line of the longest length", `show version ${"x".repeat(16_370)}\n`, `${V}\n`, true],
  ["a line too long", `show version ${"x".repeat(16_384)}\n`, "", true],
  ["a line too long without an end", "x".repeat(16_385), "", true],
  ["a payload too long", "show version <<\n" + "abcdefg\n".repeat(17_000), "", true],
  ["no such time limit", "set timeout foo\n", "'set timeout' only supports 'cli'.\n\n", true],
  ["time limit without a value", "set timeout cli\n", "Expects an integer value.\n\n", true],
  ["time limit that is none", "set timeout cli 0\n", "Invalid timeout value.\n\n", true],
  ["a variable", "show env HOME\n", "HOME=/root\n\n", true],
  ["no such variable", "show env toString\n", "Variable not found\n\n", true],
  ["no such proxy", "show stat nope 1 1\n", "No such proxy.\n\n", true],
  ["no such back end", "show servers state nope\n", "Can't find backend.\n\n", true],
  ["another domain", "show stat domain dns\n", "Invalid statistics domain.\n\n", true],
  ["back ends", "show backend\n", "# name\nbe\n\n", true],
  [
    "stats sockets",
    "show cli sockets\n",
    "# socket lvl processes\nunix@/run/x.sock admin all\nipv6@[::1]:9 user all\n\n",
    true,
  ],
  ["listeners that are not exposed", "_getsocks\n", "", true],
];
test.each(exchanges)("%s", (_name, input, output, finished) => {
  const peer = connect();
  peer.connection.received(input);
  expect(peer.output()).toBe(output);
  expect(peer.finished).toBe(finished);
});

test.each(exchanges)("%s, byte by byte to a reader of 7 bytes at a time", (_name, input, output, finished) => {
  const peer = connect();
  peer.room = 7;
  for (const char of input) {
    peer.connection.received(char);
    peer.connection.writable();
  }
  while (peer.output().length < output.length) peer.connection.writable();
  peer.connection.writable();
  expect(peer.output()).toBe(output);
  expect(peer.finished).toBe(finished);
});

test.each([["show env", "operator"], ["show env HOME", "operator"]])("%p is refused below %p", (text) => {
  const peer = connect("user");
  peer.connection.received(`${text}\n`);
  expect(peer.output()).toBe("Permission denied\n\n");
});

test("the end of the input does not cost the answer", () => {
  const peer = connect();
  peer.room = 0;
  peer.connection.received("show version\n");
  peer.connection.receivedEnd();
  expect(peer.finished).toBe(false);
  peer.room = 3;
  for (let i = 0; i < 5; i++) peer.connection.writable();
  expect([peer.output(), peer.finished]).toEqual([`${V}\n`, true]);
});

test("the end of the input in the middle of a line ends the connection", () => {
  const peer = connect();
  peer.connection.received("show ver");
  peer.connection.receivedEnd();
  expect([peer.output(), peer.finished]).toEqual(["", true]);
});

test("set timeout cli is in force from its own answer on", () => {
  const peer = connect();
  peer.connection.received("prompt;set timeout cli 60\n");
  expect(peer.timeouts.at(-1)).toBe(60_000);
});

test("a slow reader of a long answer costs one piece", () => {
  const servers = Array.from({ length: 2000 }, (_, i) => server(`s${i}`, i + 1, "127.0.0.1", 80));
  const of = context(model([proxy("backend", "be", 2, { servers })]));
  let looked = 0;
  const counted = {
    ...of,
    board: {
      ...of.board,
      get words() { // every row asks for its words
        looked++;
        return of.board.words;
      },
    },
  };
  const peer = connect("admin", counted);
  peer.room = 1;
  peer.connection.received("show stat\n");
  const before = looked;
  for (let i = 0; i < 1000; i++) peer.connection.writable();
  expect(looked).toBe(before); // 1000 bytes later the first piece is not used up
  peer.room = PIECE_CHARS * 2;
  let drains = 0;
  while (!peer.finished) {
    peer.connection.writable();
    peer.room = PIECE_CHARS * 2 - 1;
    if (++drains > 100) throw new Error("Does not come to an end");
  }
  expect(peer.output().split("\n").length).toBe(2000 + 1 + 1 + 2);
});

test("a client that sends without reading is paused, and resumed when it reads", () => {
  const peer = connect();
  peer.connection.received("prompt\n");
  peer.room = 0;
  for (let i = 0; i < 12_000; i++) peer.connection.received("show version\n");
  expect(peer.paused).toBe(true);
  peer.room = Infinity;
  peer.connection.writable();
  expect(peer.paused).toBe(false);
  expect(peer.output()).toBe("\n> " + `${V}\n> `.repeat(12_000));
});

/** Of a context whose proxies answer when they are told to. */
function asked(): { of: RuntimeContext; answer: (text: string) => Promise<void> } {
  const waiting: ((answers: string[]) => void)[] = [];
  return {
    of: { ...context(SMALL), ask: () => new Promise((resolve) => void waiting.push(resolve)) },
    async answer(text) {
      waiting.shift()!([text]);
      await Bun.sleep(0);
    },
  };
}

test("a command that waits for the proxies holds up those behind it", async () => {
  const { of, answer } = asked();
  const peer = connect("admin", of);
  peer.connection.received("show sess;show version;show sess\n");
  expect(peer.output()).toBe("");
  await answer("0x1: one\n");
  expect([peer.output(), peer.finished]).toEqual([`0x1: one\n\n${V}\n`, false]);
  await answer("");
  expect([peer.output(), peer.finished]).toEqual([`0x1: one\n\n${V}\n\n`, true]);
});

test("the end of the input does not cost an answer that comes later", async () => {
  const { of, answer } = asked();
  const peer = connect("admin", of);
  peer.connection.received("disable server be/s\n");
  peer.connection.receivedEnd();
  expect(peer.finished).toBe(false);
  await answer("0");
  expect([peer.output(), peer.finished]).toEqual(["\n", true]);
});

test("a command that fails says so and the connection goes on", () => {
  const of = context(SMALL);
  const broken = {
    ...of,
    get version(): string {
      throw new Error("no version");
    },
  };
  const peer = connect("admin", broken);
  peer.connection.received("show version;show cli level\n");
  expect(peer.output()).toBe("Cannot answer: no version\n\nadmin\n\n");
});
