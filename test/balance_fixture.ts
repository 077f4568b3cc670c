/**
 * A backend for tests of balancing: a board in plain memory, and what the caller of a balancer does to its words.
 */
import { type Board, initBoard, wordAt } from "../src/board/board.ts";
import { layoutBoard, type ProxyEntities } from "../src/board/layout.ts";
import { WORD } from "../src/board/words.ts";
import type { Balance, HashType, Model, Proxy, Server } from "../src/config/haproxy/model.ts";
import { type Balancer, createBalancer } from "../src/proxy/balance/balancer.ts";

export interface BackendOptions {
  balance: Balance;
  hashType?: Partial<HashType>;
  fullconn?: number;
  allbackups?: boolean;
  servers: Partial<Pick<Server, "weight" | "id" | "maxconn" | "minconn" | "backup" | "disabled">>[];
}

export interface Backend {
  proxy: Proxy;
  board: Board;
  entities: ProxyEntities;
  balancer: Balancer;
  /** Another process's balancer on the same board. */
  another(): Balancer;
  /** Picks a server and, if there is one, counts the connection. */
  take(key?: number, avoid?: number): number;
  release(server: number): void;
  word(server: number, word: number, value: number): void;
  backendWord(word: number, value: number): void;
}

export const hashType = (given: Partial<HashType> = {}): HashType => ({
  method: "map-based",
  function: "sdbm",
  avalanche: false,
  balanceFactor: 0,
  ...given,
});

export function backend(options: BackendOptions): Backend {
  const servers = options.servers.map((server, i) => ({
    id: i + 1,
    weight: 1,
    maxconn: 0,
    minconn: 0,
    backup: false,
    disabled: false,
    ...server,
  }));
  // Only what balancing and the board's layout read of a model.
  const proxy = {
    name: "b",
    kind: "backend",
    binds: [],
    balance: options.balance,
    hashType: hashType(options.hashType),
    fullconn: options.fullconn ?? 0,
    options: { allbackups: options.allbackups ?? false },
    servers,
  } as unknown as Proxy;
  const model = { proxies: [proxy] } as unknown as Model;
  const layout = layoutBoard(model, 1);
  const board = initBoard(new Uint8Array(new ArrayBuffer(layout.bytes)), layout, model, 0);
  const entities = layout.proxies[0]!;
  const balancer = createBalancer(proxy, board, entities);
  const count = (entity: number, word: number, by: number): void => void (board.words[wordAt(entity, word)]! += by);
  return {
    proxy,
    board,
    entities,
    balancer,
    another: () => createBalancer(proxy, board, entities),
    take(key = 0, avoid = -1) {
      // The backend counts a connection before it looks for its server, and while it waits.
      count(entities.backend, WORD.cur, 1);
      const server = balancer.pick(key, avoid);
      if (server < 0) {
        count(entities.backend, WORD.cur, -1);
        return server;
      }
      count(entities.firstServer + server, WORD.cur, 1);
      count(entities.backend, WORD.served, 1);
      balancer.taken(server);
      return server;
    },
    release(server) {
      count(entities.firstServer + server, WORD.cur, -1);
      count(entities.backend, WORD.cur, -1);
      count(entities.backend, WORD.served, -1);
      balancer.released(server);
    },
    word(server, word, value) {
      board.words[wordAt(entities.firstServer + server, word)] = value;
      count(entities.backend, WORD.version, 1);
    },
    backendWord: (word, value) => void (board.words[wordAt(entities.backend, word)] = value),
  };
}
