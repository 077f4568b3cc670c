/**
 * The objects that statistics are given of, in haproxy's order, and what their rows derive from the board.
 *
 * A row of a backend is summed up from its servers' words while they pass, so a dump is linear in their number.
 */
import { type Board, wordAt } from "../board/board.ts";
import { CHECK, readCheck } from "../board/check_cells.ts";
import { hasBackend, hasFrontend, type ProxyEntities } from "../board/layout.ts";
import { DRAIN, MAINTENANCE, SERVER_STATE, WORD } from "../board/words.ts";
import type { Bind, Model, Proxy, Server } from "../config/haproxy/model.ts";

export type Kind = "frontend" | "listener" | "server" | "backend";

/** What a dump is to show, and the moment it shows. */
export interface View {
  model: Model;
  board: Board;
  nowMs: number;
  /** The process's limit, which a frontend without one of its own has. */
  maxconn: number;
  /** Addresses, cookies and algorithms: hidden from level `user`. */
  legends: boolean;
  /** management.txt 9.3, "show stat": null shows all. */
  select: Selection | null;
  /** Which proxies there are to see. */
  shows: (proxy: Proxy) => boolean;
  /** Leave out servers in maintenance; servers that are down as well. */
  hide: "none" | "maintenance" | "down";
}

export interface Selection {
  /** -1: all. */
  proxyId: number;
  /** Sum of 1 frontends, 2 backends, 4 servers, 8 listeners; -1: all. */
  types: number;
  /** Id of a server or listener; -1: all. */
  id: number;
}

export interface Row {
  kind: Kind;
  view: View;
  proxy: Proxy;
  entity: number;
  /** Present as the kind says. */
  server: Server | null;
  bind: Bind | null;
  /** Of a backend. */
  sum: BackendSum | null;
}

/** What a backend's row says of its servers. */
export interface BackendSum {
  servers: number;
  /** Not down and not in maintenance, whatever their weight. */
  up: number;
  /** Usable: up, not draining, of a weight. */
  active: number;
  backup: number;
  /** Of those that take traffic now. */
  weight: number;
}

export const readWord = (board: Board, entity: number, word: number): number => board.words[wordAt(entity, word)]!;

/** Text of the column `status`; a server without a check is "no check" when up, one on its way says how far it is. */
export function serverStatus(board: Board, entity: number, { check, rise, fall }: Server): string {
  const admin = readWord(board, entity, WORD.admin);
  if ((admin & MAINTENANCE) !== 0) return "MAINT";
  const state = readWord(board, entity, WORD.state);
  const name = state === SERVER_STATE.down
    ? "DOWN"
    : state === SERVER_STATE.stopping
    ? "NOLB"
    : (admin & DRAIN) !== 0
    ? "DRAIN"
    : "UP";
  if (!check) return name === "UP" ? "no check" : name;
  const health = readCheck(board, entity, CHECK.health);
  if (name === "DOWN") return health === 0 ? name : `DOWN ${health}/${rise}`;
  return health >= rise + fall - 1 || health < rise ? name : `${name} ${health - rise + 1}/${fall}`;
}

const isDown = (board: Board, entity: number): boolean => {
  const inMaintenance = (readWord(board, entity, WORD.admin) & MAINTENANCE) !== 0;
  return inMaintenance || readWord(board, entity, WORD.state) === SERVER_STATE.down;
};

export function sumBackend(board: Board, proxy: Proxy, entities: ProxyEntities): BackendSum {
  const sum: BackendSum = { servers: proxy.servers.length, up: 0, active: 0, backup: 0, weight: 0 };
  let backupWeight = 0;
  proxy.servers.forEach((server, i) => {
    const entity = entities.firstServer + i;
    if (isDown(board, entity)) return;
    sum.up++;
    const weight = readWord(board, entity, WORD.weight);
    if (weight === 0 || (readWord(board, entity, WORD.admin) & DRAIN) !== 0) return;
    if (readWord(board, entity, WORD.state) === SERVER_STATE.stopping) return;
    if (!server.backup) {
      sum.active++;
      sum.weight += weight;
      return;
    }
    // Without "option allbackups" only the first usable backup serves.
    if (sum.backup === 0 || proxy.options.allbackups) backupWeight += weight;
    sum.backup++;
  });
  if (sum.active === 0) sum.weight = backupWeight;
  return sum;
}

const TYPE_BIT: Record<Kind, number> = { frontend: 1, backend: 2, server: 4, listener: 8 };

/** Rows in haproxy's order. One object is used for all of them: what is kept must be copied. */
export function* rowsOf(view: View): Generator<Row> {
  const { model, board, select } = view;
  const wants = (kind: Kind): boolean =>
    select === null || select.types === -1 || (select.types & TYPE_BIT[kind]) !== 0;
  const wantsId = (id: number): boolean => select === null || select.id === -1 || select.id === id;
  for (const [p, proxy] of model.proxies.entries()) {
    if (
      proxy.disabled || !view.shows(proxy) || (select !== null && select.proxyId !== -1 && select.proxyId !== proxy.id)
    ) continue;
    const entities = board.layout.proxies[p]!;
    const row: Row = { kind: "frontend", view, proxy, entity: entities.frontend, server: null, bind: null, sum: null };
    if (hasFrontend(proxy)) {
      if (wants("frontend")) yield row;
      if (proxy.options.socketStats && wants("listener")) {
        row.kind = "listener";
        for (const [i, bind] of proxy.binds.entries()) {
          if (!wantsId(bind.id)) continue;
          row.bind = bind;
          row.entity = entities.firstListener + i;
          yield row;
        }
        row.bind = null;
      }
    }
    if (!hasBackend(proxy)) continue;
    if (wants("server")) {
      row.kind = "server";
      for (const [i, server] of proxy.servers.entries()) {
        row.entity = entities.firstServer + i;
        if (!wantsId(server.id) || isHidden(view, row.entity)) continue;
        row.server = server;
        yield row;
      }
      row.server = null;
    }
    if (wants("backend")) {
      row.kind = "backend";
      row.entity = entities.backend;
      row.sum = sumBackend(board, proxy, entities);
      yield row;
    }
  }
}

/** Is a server left out? */
export function isHidden({ board, hide }: View, entity: number): boolean {
  if (hide === "none") return false;
  if (hide === "down") return isDown(board, entity);
  return (readWord(board, entity, WORD.admin) & MAINTENANCE) !== 0;
}
