/**
 * The servers of one backend as balancing sees them: which are usable now, with what weight, and which are full.
 *
 * Reads the board's words. What depends on states and weights is kept until the backend's version word moves.
 */
import type { Board } from "../../board/board.ts";
import { wordAt } from "../../board/board.ts";
import type { ProxyEntities } from "../../board/layout.ts";
import { DRAIN, MAINTENANCE, SERVER_STATE, WORD, WORDS_PER_ENTITY } from "../../board/words.ts";
import type { Proxy } from "../../config/haproxy/model.ts";
import type { Weighted } from "./schedule.ts";

/** Results of a choice that are no server: none is usable; those that are have no room. */
export const NONE = -1;
export const FULL = -2;

/** The usable servers come first in `servers` and `weights`: indices in model order, weights above 0. */
export interface Farm extends Weighted {
  words: Int32Array;
  /** Index of the backend's first word, and of server 0's: server s has its own WORDS_PER_ENTITY further each. */
  backendAt: number;
  serversAt: number;
  total: number;
  ids: Int32Array;
  minconns: Int32Array;
  backup: Uint8Array;
  allBackups: boolean;
  fullconn: number;
  /** Sum of the usable servers' weights, and of those before each, by index of the server. */
  totalWeight: number;
  weightsBefore: Int32Array;
  /** 1 for the usable ones, by index of the server. */
  usable: Uint8Array;
  version: number;
}

export function openFarm(proxy: Proxy, board: Board, entities: ProxyEntities): Farm {
  const total = proxy.servers.length;
  const farm: Farm = {
    words: board.words,
    backendAt: wordAt(entities.backend, 0),
    serversAt: wordAt(entities.firstServer, 0),
    total,
    ids: Int32Array.from(proxy.servers, (server) => server.id),
    minconns: Int32Array.from(proxy.servers, (server) => server.minconn),
    backup: Uint8Array.from(proxy.servers, (server) => Number(server.backup)),
    allBackups: proxy.options.allbackups,
    fullconn: proxy.fullconn,
    count: 0,
    servers: new Int32Array(total),
    weights: new Int32Array(total),
    totalWeight: 0,
    weightsBefore: new Int32Array(total),
    usable: new Uint8Array(total),
    version: 0,
  };
  readStates(farm);
  return farm;
}

export const versionMoved = (farm: Farm): boolean => farm.words[farm.backendAt + WORD.version] !== farm.version;

const OUT = MAINTENANCE | DRAIN;

/** The weight with which a server takes new connections; 0: it takes none. */
export function weightInForce(farm: Farm, server: number): number {
  const at = farm.serversAt + server * WORDS_PER_ENTITY;
  const state = farm.words[at + WORD.state];
  if (state !== SERVER_STATE.up && state !== SERVER_STATE.starting) return 0;
  return (farm.words[at + WORD.admin]! & OUT) !== 0 ? 0 : farm.words[at + WORD.weight]!;
}

/** Finds the usable servers: the active ones, else the first backup, or all backups with `option allbackups`. */
export function readStates(farm: Farm): void {
  // Before the states: a change that comes while they are read is then seen at the next choice.
  farm.version = Atomics.load(farm.words, farm.backendAt + WORD.version);
  farm.usable.fill(0);
  collect(farm, 0, farm.total);
  if (farm.count === 0) collect(farm, 1, farm.allBackups ? farm.total : 1);
}

function collect(farm: Farm, backup: number, most: number): void {
  farm.count = 0;
  farm.totalWeight = 0;
  for (let s = 0; s < farm.total && farm.count < most; s++) {
    const weight = farm.backup[s] === backup ? weightInForce(farm, s) : 0;
    if (weight === 0) continue;
    farm.usable[s] = 1;
    farm.servers[farm.count] = s;
    farm.weights[farm.count++] = weight;
    farm.weightsBefore[s] = farm.totalWeight;
    farm.totalWeight += weight;
  }
}

/**
 * A server's limit in force, between minconn and maxconn as its backend fills up to fullconn; 0: none.
 *
 * @param maxconn the server's, as on the board
 * @param minconn the server's; 0: it has none, and maxconn holds always
 * @param connections the backend's now, those that wait in queues included
 */
export function dynamicMaxconn(maxconn: number, minconn: number, fullconn: number, connections: number): number {
  if (minconn === 0 || minconn >= maxconn || connections >= fullconn) return maxconn;
  return Math.max(minconn, Math.floor(connections * maxconn / fullconn));
}

/** True when the server has no room for one more, or others already wait for it. */
export function isFull(farm: Farm, server: number): boolean {
  const { words } = farm;
  const at = farm.serversAt + server * WORDS_PER_ENTITY;
  const maxconn = words[at + WORD.maxconn]!;
  if (maxconn === 0) return false;
  if (words[at + WORD.queued]! > 0) return true;
  const connections = words[farm.backendAt + WORD.cur]!;
  return words[at + WORD.cur]! >= dynamicMaxconn(maxconn, farm.minconns[server]!, farm.fullconn, connections);
}

/** True when every usable server but `avoid` is full. */
export function othersFull(farm: Farm, avoid: number): boolean {
  for (let i = 0; i < farm.count; i++) {
    const server = farm.servers[i]!;
    if (server !== avoid && !isFull(farm, server)) return false;
  }
  return true;
}

/** When no other server can be had: the one to avoid, if it is usable and has room. */
export function lastResort(farm: Farm, avoid: number): number {
  for (let i = 0; i < farm.count; i++) {
    if (farm.servers[i] === avoid) return isFull(farm, avoid) ? FULL : avoid;
  }
  return FULL;
}
