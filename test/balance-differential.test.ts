/**
 * The same servers, the same sequence of connections, through haproxy and through our balancer: the same choices.
 *
 * Where ours differs on purpose the case says so and why.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, WORD } from "../src/board/words.ts";
import { FULL, NONE } from "../src/proxy/balance/farm.ts";
import { hashBytes, hashSource } from "../src/proxy/balance/hash.ts";
import { NO_KEY } from "../src/proxy/balance/request_key.ts";
import type { Balance, HashType } from "../src/config/haproxy/model.ts";
import { backup, caseList, FARMS, script, SOURCES, weights } from "./balance_cases.ts";
import { backend } from "./balance_fixture.ts";
import { type Held, type Lab, startLab } from "./balance_lab.ts";

const { cases, add } = caseList();
let lab: Lab;
beforeAll(async () => {
  lab = await startLab(cases.map((one) => one.theirs));
});
afterAll(() => lab.stop());

describe("in turn", () => {
  for (const kind of ["roundrobin", "static-rr", "first"] as const) {
    for (const [name, servers, allbackups = false] of FARMS) {
      // haproxy 2.6 takes turns among two backups here; its documentation says the first one.
      if (kind === "static-rr" && name === "only backups: the first") continue;
      const farm = add(`${kind}, ${name}`, { balance: { kind }, servers, allbackups });
      test(cases[farm]!.name, async () => {
        const total = servers.reduce((sum, server) => sum + (server.weight ?? 1), 0);
        await sameSequence(farm, Math.min(250, 2 * total + 10));
      });
    }
  }
});

async function sameSequence(farm: number, count: number): Promise<void> {
  const ours = backend(cases[farm]!.ours);
  const theirs: number[] = [];
  const mine: number[] = [];
  for (let i = 0; i < count; i++) {
    theirs.push(await lab.choose(farm));
    mine.push(ours.balancer.pick(NO_KEY, -1));
  }
  expect(mine).toEqual(theirs);
}

/** Opens and releases connections on both sides; a connection that must wait is given up on both. */
async function sameUnderLoad(farm: number, steps: number, most: number): Promise<void> {
  const ours = backend(cases[farm]!.ours);
  const open: { held: Held; server: number }[] = [];
  const log: string[] = [];
  for (const dice of script(farm + 1, steps)) {
    if (open.length < most && dice < 0.65 || open.length === 0) {
      const mine = ours.take(NO_KEY);
      log.push(`take ${mine}`);
      const held = await lab.hold(farm);
      open.push({ held, server: mine });
      expect([...log.slice(0, -1), `take ${held.server}`]).toEqual(log);
    } else {
      const [{ held, server }] = open.splice(Math.floor(dice * 1e6) % open.length, 1) as [typeof open[0]];
      held.release();
      ours.release(server);
      log.push(`release ${server}`);
      await lab.until(farm, `s${server}`, "scur", open.filter((one) => one.server === server).length);
    }
  }
  for (const { held } of open) held.release();
}

describe("under load", () => {
  for (const [name, servers, allbackups = false] of FARMS) {
    const farm = add(`leastconn, ${name}`, { balance: { kind: "leastconn" }, servers, allbackups });
    test(cases[farm]!.name, () => sameUnderLoad(farm, 60, 20));
  }
  const limited = [{ weight: 3, maxconn: 3 }, { weight: 1, maxconn: 5 }, { weight: 2, maxconn: 1 }, { maxconn: 2 }];
  // When a server is full haproxy's roundrobin moves its next turn by its weight and ours keeps the schedule: with equal
  // weights the same, with others a different order of the same shares. A schedule read by tickets cannot move one.
  const even = limited.map((server) => ({ ...server, weight: 1 }));
  for (const kind of ["roundrobin", "static-rr", "leastconn", "first"] as const) {
    const servers = kind === "roundrobin" ? even : limited;
    const farm = add(`${kind}, near maxconn`, { balance: { kind }, servers });
    test(cases[farm]!.name, () => sameUnderLoad(farm, 80, 11));
  }
  for (const kind of ["roundrobin", "leastconn", "first"] as const) {
    const servers = [{ minconn: 1, maxconn: 6 }, { minconn: 2, maxconn: 4 }, { maxconn: 3 }];
    const farm = add(`${kind}, minconn`, { balance: { kind }, servers, fullconn: 12 });
    test(cases[farm]!.name, () => sameUnderLoad(farm, 80, 5));
  }
});

describe("full", () => {
  for (const kind of ["roundrobin", "static-rr", "leastconn", "first", "random"] as const) {
    const balance: Balance = kind === "random" ? { kind, draws: 2 } : { kind };
    const farm = add(`${kind} waits for the backend`, { balance, servers: [{ maxconn: 1 }, { maxconn: 1 }] });
    if (kind === "random") continue; // haproxy may wait while the server not drawn has room; ours takes it.
    test(cases[farm]!.name, async () => {
      const ours = backend(cases[farm]!.ours);
      const held = [await lab.hold(farm), await lab.hold(farm)];
      expect(held.map((one) => one.server)).toEqual([ours.take(), ours.take()]);
      expect(ours.take()).toBe(FULL);
      const waiting = lab.enqueue(farm).server;
      await lab.until(farm, "BACKEND", "qcur", 1);
      held[1]!.release();
      ours.release(held[1]!.server);
      const served = await waiting;
      expect(ours.take()).toBe(served.server);
      served.release();
      held[0]!.release();
    });
  }
});

describe("hash-balance-factor", () => {
  for (const [balanceFactor, ...list] of [[125, 1, 1, 1], [150, 3, 1, 2, 7], [101, 1, 2]] as const) {
    const farm = add(`factor ${balanceFactor}, weights ${list}`, {
      balance: { kind: "hash", expression: "hash src", place: { file: "", line: 0, column: 0 } },
      hashType: { method: "consistent", avalanche: true, balanceFactor },
      servers: weights(...list),
    });
    test(cases[farm]!.name, async () => {
      const ours = backend(cases[farm]!.ours);
      const held: Held[] = [];
      const mine: number[] = [];
      for (const [line, address] of SOURCES.slice(0, 60)) {
        held.push(await lab.hold(farm, line));
        mine.push(ours.take(hashBytes(ours.proxy.hashType, address)));
      }
      expect(mine).toEqual(held.map((one) => one.server));
      for (const one of held) one.release();
    });
  }
});

describe("random", () => {
  for (const draws of [1, 2]) {
    for (const [name, servers, allbackups = false] of FARMS.filter((_, i) => i > 1 && i % 2 === 0)) {
      const farm = add(`random(${draws}), ${name}`, { balance: { kind: "random", draws }, servers, allbackups });
      test(cases[farm]!.name, async () => {
        const ours = backend(cases[farm]!.ours);
        // Idle servers: each choice is a draw from the ring. 400 of theirs, 20000 of ours.
        const theirs = new Array<number>(servers.length).fill(0);
        const mine = new Array<number>(servers.length).fill(0);
        for (let i = 0; i < 400; i++) theirs[await lab.choose(farm)]! += 1;
        for (let i = 0; i < 20_000; i++) mine[ours.balancer.pick(0, -1)]! += 1;
        for (let s = 0; s < servers.length; s++) {
          const share = mine[s]! / 20_000;
          // Six standard deviations: one run in some hundred millions fails by chance.
          expect(Math.abs(theirs[s]! - 400 * share)).toBeLessThanOrEqual(6 * Math.sqrt(400 * share * (1 - share)) + 1);
        }
      });
    }
  }
});

describe("changes at run time", () => {
  const changes: [name: string, command: (server: string) => string, word: number, value: number][] = [
    ["maint", (server) => `set server ${server} state maint`, WORD.admin, ADMIN.forcedMaint],
    ["ready", (server) => `set server ${server} state ready`, WORD.admin, 0],
    ["drain", (server) => `set server ${server} state drain`, WORD.admin, ADMIN.forcedDrain],
    ["ready again", (server) => `set server ${server} state ready`, WORD.admin, 0],
    ["weight 0", (server) => `set server ${server} weight 0`, WORD.weight, 0],
    ["weight 200", (server) => `set server ${server} weight 200`, WORD.weight, 200],
  ];
  for (const method of ["map-based", "consistent"] as const) {
    const farm = add(`source ${method}`, {
      balance: { kind: "source" },
      hashType: { method, avalanche: true },
      servers: [...weights(3, 1, 2), backup(2)],
    });
    test(cases[farm]!.name, async () => {
      const ours = backend(cases[farm]!.ours);
      // A map does not follow weights, but for 0 and the configured one (configuration.txt, "static-rr").
      for (const [name, command, word, value] of method === "consistent" ? changes : changes.slice(0, 4)) {
        await lab.ask(command(`f${farm}/s1`) + "\n");
        ours.word(1, word, value);
        for (const [line, address] of SOURCES.slice(0, 60)) {
          const mine = ours.balancer.pick(hashSource(ours.proxy.hashType, address), -1);
          expect([name, line, mine]).toEqual([name, line, await lab.choose(farm, "", line)]);
        }
      }
      for (const server of [0, 1, 2]) {
        await lab.ask(`set server f${farm}/s${server} state maint`);
        ours.word(server, WORD.admin, ADMIN.forcedMaint);
      }
      expect(ours.take(5)).toBe(await lab.choose(farm));
      await lab.ask(`set server f${farm}/s3 state maint`);
      ours.word(3, WORD.admin, ADMIN.forcedMaint);
      expect(ours.take(5)).toBe(NONE);
    });
  }
  for (const kind of ["roundrobin", "first"] as const) {
    const servers = [...weights(3, 1, 2), backup(2)];
    const farm = add(kind, { balance: { kind }, servers });
    test(cases[farm]!.name, async () => {
      const ours = backend(cases[farm]!.ours);
      for (const [name, command, word, value] of changes) {
        await lab.ask(command(`f${farm}/s1`));
        ours.word(1, word, value);
        // haproxy goes on from where each server stood, ours from the cursor's place: over rounds, the same shares.
        const total = name === "weight 200" ? 205 : 60;
        const mine = [0, 0, 0, 0];
        const theirs = [0, 0, 0, 0];
        for (let i = 0; i < total; i++) {
          mine[ours.balancer.pick(NO_KEY, -1)]! += 1;
          theirs[await lab.choose(farm)]! += 1;
        }
        const most = Math.max(...mine.map((count, i) => Math.abs(count - theirs[i]!)));
        expect([name, most <= 2, mine[3], theirs[3]]).toEqual([name, true, 0, 0]);
      }
    });
  }
  const farm = add("leastconn", { balance: { kind: "leastconn" }, servers: [...weights(3, 1, 2), backup(2)] });
  test(cases[farm]!.name, async () => {
    const ours = backend(cases[farm]!.ours);
    const held: Held[] = [];
    for (const [name, command, word, value] of changes) {
      await lab.ask(command(`f${farm}/s1`));
      ours.word(1, word, value);
      for (let i = 0; i < 8; i++) {
        const one = await lab.hold(farm);
        held.push(one);
        expect([name, i, ours.take()]).toEqual([name, i, one.server]);
      }
    }
    for (const one of held) one.release();
  });
});

describe("redispatch", () => {
  const methods: [kind: "roundrobin" | "static-rr" | "first" | "source", method: HashType["method"]][] = [
    ["roundrobin", "map-based"],
    ["static-rr", "map-based"],
    ["first", "map-based"],
    ["source", "consistent"],
    ["source", "map-based"],
  ];
  for (const [kind, method] of methods) {
    for (const dead of [0, 1]) {
      const servers = kind === "static-rr" ? weights(3, 1, 2) : weights(1, 1, 1);
      const farm = add(`${kind} ${method}, server ${dead} refuses`, {
        balance: { kind },
        hashType: { method, avalanche: true },
        servers,
      });
      const section = cases[farm]!.theirs;
      section.dead = dead;
      // Before it tries again haproxy waits for a second or this.
      section.lines.push("option redispatch 1", "retries 1", "timeout connect 20");
      test(cases[farm]!.name, async () => {
        const ours = backend(cases[farm]!.ours);
        const mine: number[] = [];
        const theirs: number[] = [];
        for (const [line, address] of SOURCES.slice(0, 25)) {
          const key = hashSource(ours.proxy.hashType, address);
          let server = ours.balancer.pick(key, -1);
          if (server === dead) server = ours.balancer.pick(key, dead);
          mine.push(server);
          theirs.push(await lab.choose(farm, "", line).catch(() => dead));
        }
        expect(mine).toEqual(theirs);
      });
    }
  }
});
