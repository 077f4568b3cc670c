/** The engine on a clock of the test's: when checks begin, what they leave on the board, what is said. Connections are real. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { model, proxy, server } from "../../test/stats_fixture.ts";
import { initBoard, wordAt } from "../board/board.ts";
import { CHECK, checkAt, readCheck } from "../board/check_cells.ts";
import { layoutBoard } from "../board/layout.ts";
import { changeServer } from "../board/servers.ts";
import { ADMIN, SERVER_STATE, WORD } from "../board/words.ts";
import type { Global, Server } from "../config/haproxy/model.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import type { Leg } from "../linux/leg.ts";
import type { Loop } from "../linux/loop.ts";
import { createEngine } from "./engine.ts";

const folder = mkdtempSync(join(tmpdir(), "checks-"));
const path = join(folder, "server.sock");
afterAll(() => rmSync(folder, { recursive: true }));

const UNTOUCHED = -2;

/** Servers on a unix socket, which fails at once while nobody listens. `mute`: a connection that never comes about. */
function site(
  servers: Partial<Server>[],
  { mute = false, global = {} }: { mute?: boolean; global?: Partial<Global> } = {},
) {
  const made = servers.map((given, i) =>
    server(`s${i}`, i + 1, "", 0, { check: true, address: { kind: "unix", path }, ...given })
  );
  const of = model([proxy("backend", "b", 2, { servers: made })], { quiet: true, ...global });
  const layout = layoutBoard(of, 1);
  const board = initBoard(new Uint8Array(layout.bytes), layout, of, 0);
  const [entities] = layout.proxies;
  const close = (leg: Leg<unknown>): void => {
    if (leg.fd >= 0) closeDescriptor(leg.fd);
    leg.fd = -1;
  };
  const opened: Leg<unknown>[] = [];
  const loop = {
    now: 0,
    attach(leg: Leg<unknown>, fd: number) {
      leg.fd = fd;
      opened.push(leg);
    },
    close,
    reset: close,
  } as unknown as Loop;
  const lines: string[] = [];
  const engine = createEngine({
    model: of,
    board,
    loop,
    random: () => 0.5,
    tell: (_proxy, level, _severity, text) => void lines.push(`${level} ${text}`),
    leave: () => Promise.resolve(0),
  });
  const checks: string[] = [];
  return {
    board,
    lines,
    engine,
    /** When each check ended, and how: "s0 8 @1000", with the number of its result. */
    checks,
    change: (s: number, change: Parameters<typeof changeServer>[4]) =>
      changeServer(board, of.proxies[0]!, entities!, s, change, loop.now),
    word: (s: number, word: number) => board.words[wordAt(entities!.firstServer + s, word)]!,
    /** Goes on to that time, in turns at the times that the engine asks for. */
    to(ms: number) {
      while (engine.timers.nextAt() <= ms) {
        loop.now = Math.max(loop.now, Math.ceil(engine.timers.nextAt()));
        // Each check that ends writes how long it took.
        const entity = (s: number): number => entities!.firstServer + s;
        made.forEach((_, s) => board.checks[checkAt(entity(s), CHECK.durationMs)] = UNTOUCHED);
        engine.timers.turn(loop.now);
        for (const leg of opened.splice(0)) if (!mute) leg.handlers.connected(leg);
        made.forEach(({ name }, s) => {
          if (readCheck(board, entity(s), CHECK.durationMs) === UNTOUCHED) return;
          checks.push(`${name} ${readCheck(board, entity(s), CHECK.status)} @${loop.now}`);
        });
      }
      loop.now = ms;
    },
  };
}

const listen = () => Bun.listen({ unix: path, socket: { data() {}, error() {} } });

test("intervals follow the health: inter, fastinter on the way, downinter while down", () => {
  const of = site([{ interMs: 1000, fastinterMs: 100, downinterMs: 5000, rise: 2, fall: 2 }]);
  of.to(4999);
  expect(of.checks).toEqual(["s0 8 @0"]);
  expect(of.word(0, WORD.state)).toBe(SERVER_STATE.down);
  const listener = listen();
  of.to(7199);
  expect(of.checks.slice(1)).toEqual(["s0 6 @5000", "s0 6 @5100", "s0 6 @6100", "s0 6 @7100"]);
  expect(of.word(0, WORD.state)).toBe(SERVER_STATE.up);
  listener.stop(true);
  rmSync(path, { force: true });
  of.to(8300);
  expect(of.checks.slice(5)).toEqual(["s0 8 @8100", "s0 8 @8200"]);
  expect(of.word(0, WORD.state)).toBe(SERVER_STATE.down);
  const words = of.lines.map((line) => line.replace(/ is (\w+),.*/, " is $1"));
  expect(words).toEqual([
    "1 Server b/s0 is DOWN",
    "0 backend b has no server available!",
    "5 Server b/s0 is UP",
    "1 Server b/s0 is DOWN",
    "0 backend b has no server available!",
  ]);
});

test("a connection that does not come about ends the check after the interval; the next begins as long after", () => {
  const listener = listen();
  const of = site([{ interMs: 400, fastinterMs: 400, downinterMs: 400 }], { mute: true });
  of.to(399);
  expect(of.checks).toEqual([]);
  of.to(1199);
  expect(of.checks).toEqual(["s0 7 @400"]);
  expect(of.lines[0]).toContain("Layer4 timeout, check duration: 400ms");
  of.engine.stop();
  expect(of.engine.timers.nextAt()).toBe(Infinity);
  listener.stop(true);
  rmSync(path, { force: true });
});

test("several begin spread over the interval, no further than max-spread-checks", () => {
  const times = { interMs: 2000, fastinterMs: 2000, downinterMs: 2000 };
  const of = site([times, times, times, times]);
  of.to(1999);
  expect(of.checks).toEqual(["s0 8 @0", "s1 8 @500", "s2 8 @1000", "s3 8 @1500"]);
  const close = site([times, times, times, times], { global: { maxSpreadChecksMs: 400 } });
  close.to(399);
  expect(close.checks).toEqual(["s0 8 @0", "s1 8 @100", "s2 8 @200", "s3 8 @300"]);
});

test("in maintenance nothing is checked; who comes back is up until its first failure", () => {
  const of = site([{ interMs: 1000, fastinterMs: 1000, downinterMs: 1000 }]);
  of.change(0, { admin: ADMIN.forcedMaint, state: SERVER_STATE.down });
  of.to(2500);
  expect([of.checks, of.lines]).toEqual([[], []]);
  of.change(0, { admin: 0, state: SERVER_STATE.up });
  of.to(3000);
  expect(of.checks).toEqual(["s0 8 @3000"]);
  expect(of.word(0, WORD.state)).toBe(SERVER_STATE.down);
});
