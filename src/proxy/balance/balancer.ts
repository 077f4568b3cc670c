/**
 * Which server gets the next connection: `balance` and `hash-type`, over the servers' words on the board.
 *
 * One Balancer per backend and process, made at load. A choice allocates nothing; what it needs of states and weights is
 * built anew when the backend's version word has moved. Choosing counts nothing: the caller does, and says so.
 */
import type { Board } from "../../board/board.ts";
import type { ProxyEntities } from "../../board/layout.ts";
import { WORD, WORDS_PER_ENTITY } from "../../board/words.ts";
import type { Balance, Proxy } from "../../config/haproxy/model.ts";
import { type Farm, FULL, isFull, lastResort, NONE, openFarm, othersFull, readStates, versionMoved } from "./farm.ts";
import { NO_KEY } from "./request_key.ts";
import { closestPoint, type FullRing, fullRing, POINTS_PER_WEIGHT, type Ring, ringFor } from "./ring.ts";
import { mapSchedule, ringSchedule, type Schedule, smoothSchedule, turnOf } from "./schedule.ts";

export interface Balancer {
  /**
   * Index of the server to use, in model order; NONE: nobody is usable; FULL: those that are have no room.
   * A server chosen by a hash may be full: who wants it waits for it.
   *
   * @param key hash of the input for source and hash, or NO_KEY
   * @param avoid the server not to take again, if there is another (redispatch), or -1
   */
  pick(key: number, avoid: number): number;
  /** A connection to the server, or a place in its queue, has just been counted on the board. */
  taken(server: number): void;
  /** One has just been given back. */
  released(server: number): void;
  /** Takes new connections now: weight, state and, for a backup, that no active server does. */
  usable(server: number): boolean;
  /** The choice depends on the key. */
  deterministic: boolean;
}

/** A way to choose among usable servers, of which there is at least one. */
interface Method {
  /** States or weights have changed. */
  rebuild(): void;
  choose(key: number, avoid: number): number;
  /** The connections and places in the queue of a server have become `now`, one more or less than `before`. */
  moved?(server: number, before: number, now: number): void;
  deterministic?: boolean;
}

const METHODS: Record<Balance["kind"], (farm: Farm, proxy: Proxy) => Method> = {
  roundrobin: (farm) => turns(farm, smoothSchedule),
  "static-rr": (farm) => turns(farm, mapSchedule),
  leastconn,
  first,
  source: byKey,
  hash: byKey,
  uri: byKey,
  url_param: byKey,
  hdr: byKey,
  random,
};

export function createBalancer(proxy: Proxy, board: Board, entities: ProxyEntities): Balancer {
  const farm = openFarm(proxy, board, entities);
  const method = METHODS[proxy.balance.kind](farm, proxy);
  const { moved } = method;
  if (farm.count > 0) method.rebuild();
  function refresh(): void {
    if (!versionMoved(farm)) return;
    readStates(farm);
    if (farm.count > 0) method.rebuild();
  }
  return {
    deterministic: method.deterministic ?? false,
    usable(server) {
      refresh();
      return farm.usable[server] === 1;
    },
    pick(key, avoid) {
      refresh();
      return farm.count === 0 ? NONE : method.choose(key, avoid);
    },
    taken(server) {
      if (moved === undefined) return;
      const now = inFlight(farm, server);
      moved(server, now - 1, now);
    },
    released(server) {
      if (moved === undefined) return;
      const now = inFlight(farm, server);
      moved(server, now + 1, now);
    },
  };
}

function inFlight(farm: Farm, server: number): number {
  const at = farm.serversAt + server * WORDS_PER_ENTITY;
  return farm.words[at + WORD.cur]! + farm.words[at + WORD.queued]!;
}

function turns(farm: Farm, build: (farm: Farm) => Schedule): Method {
  let schedule: Schedule;
  return {
    rebuild: () => void (schedule = build(farm)),
    choose: (_, avoid) => takeTurn(farm, schedule, avoid),
  };
}

/**
 * The next server in turn that has room. The cursor passes those that have none, and stays where it is when
 * nobody has.
 */
function takeTurn(farm: Farm, schedule: Schedule, avoid: number): number {
  const { words } = farm;
  const cursorAt = farm.backendAt + WORD.cursor;
  for (;;) {
    const seen = Atomics.load(words, cursorAt);
    let ticket = seen >>> 0;
    let server = turnOf(schedule, ticket);
    for (let steps = 1; server === avoid || isFull(farm, server); steps++) {
      // Asking each server is cheaper than a whole period; and again after as many, as others fill servers meanwhile.
      if (steps % farm.count === 0 && othersFull(farm, avoid)) return lastResort(farm, avoid);
      ticket = (ticket + 1) >>> 0;
      server = turnOf(schedule, ticket);
    }
    // Another process may have taken this turn since: then look again.
    if (Atomics.compareExchange(words, cursorAt, seen, (ticket + 1) | 0) === seen) return server;
  }
}

/** Fewest connections in proportion to the weight; of equals, the one whose number changed longest ago. */
function leastconn(farm: Farm): Method {
  const { words } = farm;
  return {
    rebuild() {},
    choose(_, avoid) {
      let best = FULL;
      let bestLoad = Infinity;
      let bestStamp = 0;
      for (let i = 0; i < farm.count; i++) {
        const server = farm.servers[i]!;
        const load = loadOf(inFlight(farm, server), farm.weights[i]!);
        if (load > bestLoad || server === avoid || isFull(farm, server)) continue;
        const stamp = words[farm.serversAt + server * WORDS_PER_ENTITY + WORD.stamp]!;
        // The difference, as stamps wrap around.
        if (load === bestLoad && ((stamp - bestStamp) | 0) >= 0) continue;
        best = server;
        bestLoad = load;
        bestStamp = stamp;
      }
      return best === FULL ? lastResort(farm, avoid) : best;
    },
    moved(server, before, now) {
      const at = farm.serversAt + server * WORDS_PER_ENTITY;
      const weight = words[at + WORD.weight]!;
      if (weight === 0 || loadOf(before, weight) === loadOf(now, weight)) return;
      words[at + WORD.stamp] = Atomics.add(words, farm.backendAt + WORD.stamp, 1) + 1;
    },
  };
}

/** An idle server comes before all others; one connection counts as two, as the next would be the second. */
function loadOf(connections: number, weight: number): number {
  return connections === 0 ? 0 : Math.floor((connections + 1) * 256 / weight);
}

/** The lowest id that has room; weights do not matter. */
function first(farm: Farm): Method {
  let order = new Int32Array(0);
  return {
    rebuild() {
      order = farm.servers.slice(0, farm.count).sort((a, b) => farm.ids[a]! - farm.ids[b]! || a - b);
    },
    choose(_, avoid) {
      for (const server of order) if (server !== avoid && !isFull(farm, server)) return server;
      return lastResort(farm, avoid);
    },
  };
}

/** source and hash: the key says the server; without a key, servers take turns. */
function byKey(farm: Farm, proxy: Proxy): Method {
  return proxy.hashType.method === "consistent" ? consistent(farm, proxy) : mapBased(farm);
}

function mapBased(farm: Farm): Method {
  let schedule: Schedule;
  return {
    deterministic: true,
    rebuild: () => void (schedule = mapSchedule(farm)),
    // As in haproxy a redispatch does not change the answer: the map knows one server for a key.
    choose: (key, avoid) =>
      key === NO_KEY ? takeTurn(farm, schedule, avoid) : turnOf(schedule, (key >>> 0) % schedule.period),
  };
}

function consistent(farm: Farm, proxy: Proxy): Method {
  const points = ringOf(farm);
  let schedule: Schedule;
  return {
    deterministic: true,
    rebuild() {
      points.rebuild();
      schedule = ringSchedule(points.ring);
    },
    choose(key, avoid) {
      if (key === NO_KEY) return takeTurn(farm, schedule, avoid);
      return onRing(farm, points.ring, key >>> 0, avoid, proxy.hashType.balanceFactor);
    },
  };
}

/** The least loaded of the owners of some random points. */
function random(farm: Farm, proxy: Proxy): Method {
  const points = ringOf(farm);
  const draws = proxy.balance.kind === "random" ? proxy.balance.draws : 1;
  const { words } = farm;
  const load = (server: number): number => words[farm.serversAt + server * WORDS_PER_ENTITY + WORD.cur]!;
  const weight = (server: number): number => words[farm.serversAt + server * WORDS_PER_ENTITY + WORD.weight]!;
  const draw = (avoid: number): number =>
    onRing(farm, points.ring, Math.random() * 4_294_967_296 >>> 0, avoid, proxy.hashType.balanceFactor);
  return {
    rebuild: points.rebuild,
    choose(_, avoid) {
      let best = draw(avoid);
      for (let i = 1; i < draws; i++) {
        const other = draw(avoid);
        if (load(other) * weight(best) <= load(best) * weight(other)) best = other;
      }
      if (best !== avoid && !isFull(farm, best)) return best;
      // haproxy lets the connection wait here; there may be room elsewhere.
      for (let i = 0; i < farm.count; i++) {
        const server = farm.servers[(best + i) % farm.count]!;
        if (server !== avoid && !isFull(farm, server)) return server;
      }
      return lastResort(farm, avoid);
    },
  };
}

/** The ring in force; all points are sorted once, and again when a weight is raised beyond those it was made for. */
function ringOf(farm: Farm): { ring: Ring; rebuild(): void } {
  let full: FullRing | null = null;
  const weights = new Int32Array(farm.total);
  const held = {
    ring: { size: 0, keys: new Uint32Array(0), owners: new Uint16Array(0) } as Ring,
    rebuild() {
      weights.fill(0);
      for (let i = 0; i < farm.count; i++) weights[farm.servers[i]!] = farm.weights[i]!;
      if (full === null || weights.some((weight, server) => weight > full!.weights[server]!)) {
        const known = full?.weights;
        full = fullRing(farm.ids, weights.map((weight, server) => Math.max(weight, known?.[server] ?? 0)));
      }
      held.ring = ringFor(full, weights);
    },
  };
  return held;
}

/** The owner of the point closest to the key; past it, of the next point whose owner may be taken. */
function onRing(farm: Farm, ring: Ring, key: number, avoid: number, balanceFactor: number): number {
  const from = closestPoint(ring, key);
  for (let i = from, steps = 0; steps < ring.size; steps++, i = i + 1 === ring.size ? 0 : i + 1) {
    const server = ring.owners[i]!;
    if (server !== avoid && (balanceFactor === 0 || withinShare(farm, server, balanceFactor))) return server;
  }
  return ring.owners[from]!;
}

/**
 * hash-balance-factor: a server may hold its share of the backend's connections (this one included) times the factor.
 * The shares are whole numbers: what does not divide evenly goes to servers by their place among the weights.
 */
function withinShare(farm: Farm, server: number, factor: number): boolean {
  const at = farm.serversAt + server * WORDS_PER_ENTITY;
  const slots = Math.floor(((farm.words[farm.backendAt + WORD.served]! + 1) * factor + 99) / 100);
  const scale = POINTS_PER_WEIGHT;
  const total = farm.totalWeight * scale;
  const weight = farm.words[at + WORD.weight]! * scale;
  const before = farm.weightsBefore[server]! * scale;
  const rest = slots % total;
  const share = weight * Math.floor(slots / total) + Math.floor((before + weight) * rest / total) -
    Math.floor(before * rest / total);
  return farm.words[at + WORD.cur]! < Math.max(1, share);
}
