/**
 * Changing a server's words: state, reasons for maintenance and drain, weight, limit. One role does it (control), the proxy
 * processes see it at their next choice, as the backend's version moves with every change.
 */
import type { Proxy } from "../config/haproxy/model.ts";
import { type Board, wordAt } from "./board.ts";
import type { ProxyEntities } from "./layout.ts";
import { DRAIN, MAINTENANCE, SERVER_STATE, WORD } from "./words.ts";

export interface ServerChange {
  /** One of SERVER_STATE. */
  state?: number;
  /** Bits of ADMIN, all of them. */
  admin?: number;
  /** 0–256. */
  weight?: number;
  maxconn?: number;
}

/** Can it be sent anything at all? One that drains can: those who are its already. */
export function isServerUp({ words }: Board, entity: number): boolean {
  const admin = words[wordAt(entity, WORD.admin)]!;
  return (admin & MAINTENANCE) === 0 && words[wordAt(entity, WORD.state)] !== SERVER_STATE.down;
}

const drains = ({ words }: Board, entity: number): boolean => (words[wordAt(entity, WORD.admin)]! & DRAIN) !== 0;

/** Does it take new clients? */
export function takesClients(board: Board, entity: number): boolean {
  const { words } = board;
  const state = words[wordAt(entity, WORD.state)];
  return isServerUp(board, entity) && !drains(board, entity) && state !== SERVER_STATE.stopping &&
    words[wordAt(entity, WORD.weight)]! > 0;
}

/**
 * Applies the change to a server (its index in the model) and what follows from it for the backend. Returns whether the server
 * has become up ("up"), down ("down"), or neither.
 */
export function changeServer(
  board: Board,
  proxy: Proxy,
  entities: ProxyEntities,
  server: number,
  change: ServerChange,
  nowMs: number,
): "up" | "down" | "same" {
  const { words } = board;
  const entity = entities.firstServer + server;
  const wasUp = isServerUp(board, entity);
  const wasDraining = drains(board, entity);
  for (const name of ["state", "admin", "weight", "maxconn"] as const) {
    const value = change[name];
    if (value !== undefined) words[wordAt(entity, WORD[name])] = value;
  }
  const isUp = isServerUp(board, entity);
  if (wasUp !== isUp) noteChange(board, entity, isUp, nowMs);
  // haproxy counts the time of a drain among that of being down.
  else if (wasDraining !== drains(board, entity)) noteChange(board, entity, wasDraining, nowMs);
  recount(board, proxy, entities, nowMs);
  Atomics.add(words, wordAt(entities.backend, WORD.version), 1);
  return wasUp === isUp ? "same" : isUp ? "up" : "down";
}

/** Since when, and for how long it was down in all: seconds since the board was made. */
function noteChange({ words, madeAtMs }: Board, entity: number, isUp: boolean, nowMs: number): void {
  const nowSec = Math.max(0, Math.floor((nowMs - madeAtMs) / 1000));
  const sinceAt = wordAt(entity, WORD.stateSince);
  if (isUp) words[wordAt(entity, WORD.downtime)]! += nowSec - words[sinceAt]!;
  words[sinceAt] = nowSec;
}

/** The backend's servers that take clients; it is down itself while there is none. */
function recount(board: Board, proxy: Proxy, entities: ProxyEntities, nowMs: number): void {
  const { words } = board;
  const { backend, firstServer } = entities;
  const before = words[wordAt(backend, WORD.active)]! + words[wordAt(backend, WORD.backup)]!;
  let active = 0;
  let backup = 0;
  proxy.servers.forEach((server, i) => {
    if (!takesClients(board, firstServer + i)) return;
    if (server.backup) backup++;
    else active++;
  });
  words[wordAt(backend, WORD.active)] = active;
  words[wordAt(backend, WORD.backup)] = backup;
  if ((before === 0) !== (active + backup === 0)) noteChange(board, backend, before === 0, nowMs);
}
