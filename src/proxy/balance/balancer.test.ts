/** The balancer on a board: who is usable, processes that share it, changes of state, fullness. haproxy's orders: see test/. */
import { describe, expect, test } from "bun:test";
import { backend, type BackendOptions } from "../../../test/balance_fixture.ts";
import { ADMIN, SERVER_STATE, WORD } from "../../board/words.ts";
import type { Balance } from "../../config/haproxy/model.ts";
import { FULL, NONE } from "./farm.ts";
import { NO_KEY } from "./request_key.ts";

const place = { file: "", line: 0, column: 0 };
const BALANCES: Balance[] = [
  { kind: "roundrobin" },
  { kind: "static-rr" },
  { kind: "leastconn" },
  { kind: "first" },
  { kind: "source" },
  { kind: "hash", expression: "src", place },
  { kind: "random", draws: 1 },
  { kind: "random", draws: 3 },
];
const METHODS = BALANCES.flatMap((balance) => [
  { balance, hashType: { method: "map-based" as const } },
  { balance, hashType: { method: "consistent" as const } },
]);

/** The servers it chooses for many keys. */
function chosen(made: ReturnType<typeof backend>, avoid = -1): number[] {
  const seen = new Set<number>();
  for (let i = 0; i < 400; i++) seen.add(made.balancer.pick(Math.imul(i, 2_654_435_761) >>> 0, avoid));
  return [...seen].sort();
}

describe.each(METHODS)("%j", (method) => {
  const of = (options: Omit<BackendOptions, "balance">) => backend({ ...method, ...options });
  const { kind } = method.balance;
  // These choose one server until it has a connection.
  const one = kind === "first" || kind === "leastconn";

  test("nobody usable", () => {
    expect(chosen(of({ servers: [] }))).toEqual([NONE]);
    expect(chosen(of({ servers: [{ disabled: true }, { weight: 0 }, { backup: true, disabled: true }] }))).toEqual([
      NONE,
    ]);
  });

  test("states, reasons and weights that keep a server out, as they change", () => {
    const made = of({ servers: [{}, {}, {}] });
    made.word(0, WORD.state, SERVER_STATE.down);
    made.word(2, WORD.admin, ADMIN.inheritedDrain);
    expect(chosen(made)).toEqual([1]);
    made.word(1, WORD.weight, 0);
    expect(chosen(made)).toEqual([NONE]);
    made.word(0, WORD.state, SERVER_STATE.starting);
    expect(chosen(made)).toEqual([0]);
    made.word(2, WORD.admin, 0);
    made.word(0, WORD.state, SERVER_STATE.stopping);
    expect(chosen(made)).toEqual([2]);
    made.word(1, WORD.weight, 256);
    made.word(2, WORD.admin, ADMIN.forcedMaint);
    expect(chosen(made)).toEqual([1]);
  });

  test("backups stand in for all active servers: the first usable, or all", () => {
    const servers = [{}, { backup: true, disabled: true }, { backup: true }, { backup: true }];
    for (const allbackups of [false, true]) {
      const made = of({ servers, allbackups });
      expect(chosen(made)).toEqual([0]);
      made.word(0, WORD.state, SERVER_STATE.down);
      expect(chosen(made)).toEqual(allbackups && !one ? [2, 3] : [2]);
    }
  });

  test("a full server is passed over, or waited for", () => {
    const made = of({ servers: [{ maxconn: 1 }, { maxconn: 1 }] });
    made.word(0, WORD.cur, 1);
    expect(chosen(made)).toEqual(made.balancer.deterministic ? [0, 1] : [1]);
    expect(made.balancer.pick(NO_KEY, -1)).toBe(made.balancer.deterministic ? made.balancer.pick(NO_KEY, -1) : 1);
    made.word(1, WORD.queued, 1);
    expect(chosen(made)).toEqual(made.balancer.deterministic ? [0, 1] : [FULL]);
    made.word(0, WORD.cur, 0);
    expect(made.balancer.pick(NO_KEY, -1)).toBe(0);
  });

  test("the server to avoid is taken when there is no other", () => {
    const keeps = made(kind, method.hashType.method);
    const two = of({ servers: [{}, {}] });
    expect(chosen(two, 0)).toEqual(keeps ? [0, 1] : [1]);
    two.word(1, WORD.state, SERVER_STATE.down);
    expect(chosen(two, 0)).toEqual([0]);
  });
});

/** Map-based hashing knows one server for a key, also on a redispatch. */
const made = (kind: Balance["kind"], method: string): boolean =>
  (kind === "source" || kind === "hash") && method === "map-based";

test("processes on one board keep one order", () => {
  for (const kind of ["roundrobin", "static-rr"] as const) {
    const servers = [{ weight: 3 }, { weight: 1 }, { weight: 2 }];
    const alone = backend({ balance: { kind }, servers });
    const shared = backend({ balance: { kind }, servers });
    const processes = [shared.balancer, shared.another(), shared.another()];
    for (let i = 0; i < 60; i++) {
      expect(processes[i * i % 3]!.pick(0, -1)).toBe(alone.balancer.pick(0, -1));
    }
  }
});

test("the cursor wraps around without a hole", () => {
  const made = backend({ balance: { kind: "roundrobin" }, servers: [{}, {}, {}, {}] });
  made.backendWord(WORD.cursor, -2);
  expect([0, 0, 0, 0].map(() => made.balancer.pick(0, -1))).toEqual([2, 3, 0, 1]);
});

test("when nobody has room no turn is lost", () => {
  const made = backend({ balance: { kind: "roundrobin" }, servers: [{ maxconn: 1 }, { maxconn: 1 }, { maxconn: 1 }] });
  expect([made.take(), made.take(), made.take(), made.take(), made.take()]).toEqual([0, 1, 2, FULL, FULL]);
  made.release(1);
  expect(made.take()).toBe(1);
  for (const server of [0, 1, 2]) made.release(server);
  expect(made.take()).toBe(2);
});

test("leastconn: fewest in proportion to the weight, then longest unchanged", () => {
  const made = backend({ balance: { kind: "leastconn" }, servers: [{ weight: 1 }, { weight: 2 }, { weight: 1 }] });
  expect([made.take(), made.take(), made.take(), made.take()]).toEqual([0, 1, 2, 1]);
  made.release(2);
  expect(made.take()).toBe(2);
  made.release(0);
  made.release(2);
  expect([made.take(), made.take()]).toEqual([0, 2]);
});

test("leastconn: equals take turns in order of their last change, also while stamps wrap around", () => {
  const made = backend({ balance: { kind: "leastconn" }, servers: [{}, {}, {}] });
  for (const server of [0, 1, 2]) made.word(server, WORD.stamp, 0x7ffffffa + server);
  made.backendWord(WORD.stamp, 0x7ffffffc);
  const order = Array.from({ length: 6 }, () => {
    const server = made.take();
    made.release(server);
    return server;
  });
  expect(order).toEqual([0, 1, 2, 0, 1, 2]);
});

test("first: ids decide, not the order of declaration", () => {
  const made = backend({
    balance: { kind: "first" },
    servers: [{ id: 9, maxconn: 1 }, { id: 2, maxconn: 2 }, { id: 5 }],
  });
  expect([made.take(), made.take(), made.take(), made.take()]).toEqual([1, 1, 2, 2]);
});

test("random: more draws, less load on the busiest", () => {
  const spread = (draws: number): number => {
    const made = backend({ balance: { kind: "random", draws }, servers: new Array(20).fill({ weight: 10 }) });
    const counts = new Array<number>(20).fill(0);
    for (let i = 0; i < 20_000; i++) counts[made.take()]! += 1;
    return Math.max(...counts) - Math.min(...counts);
  };
  expect(spread(1)).toBeGreaterThan(100);
  expect(spread(3)).toBeLessThan(20);
});

test("hash-balance-factor: no server holds more than its share times the factor", () => {
  const made = backend({
    balance: { kind: "source" },
    hashType: { method: "consistent", balanceFactor: 150 },
    servers: [{ weight: 1 }, { weight: 1 }, { weight: 2 }],
  });
  const counts = [0, 0, 0];
  for (let i = 0; i < 400; i++) counts[made.take(12_345)]! += 1; // one key for all
  expect(Math.max(counts[0]!, counts[1]!)).toBeLessThanOrEqual(151);
  expect(counts[2]!).toBeLessThanOrEqual(301);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
  expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
});
