/**
 * What checks have found out outlives a reload: a server that was down stays down until a check says otherwise. Once, before
 * the new roles start, for every server that both configurations check.
 */
import type { Server } from "../config/haproxy/model.ts";
import { type Board, wordAt } from "./board.ts";
import type { Counted } from "./carry.ts";
import { CHECK, CHECK_WORDS, checkAt } from "./check_cells.ts";
import { hasBackend } from "./layout.ts";
import { changeServer } from "./servers.ts";
import { MAINTENANCE, WORD } from "./words.ts";

export function carryChecks(from: Counted, to: Counted, nowMs: number): void {
  const known = new Map(from.model.proxies.map((proxy, p) => [`${hasBackend(proxy)} ${proxy.name}`, p]));
  to.model.proxies.forEach((proxy, p) => {
    const before = known.get(`${hasBackend(proxy)} ${proxy.name}`);
    if (before !== undefined && hasBackend(proxy)) carryProxy(from, before, to, p, nowMs);
  });
}

function carryProxy(from: Counted, before: number, to: Counted, after: number, nowMs: number): void {
  const old = from.model.proxies[before]!;
  const source = from.board.layout.proxies[before]!;
  const proxy = to.model.proxies[after]!;
  const target = to.board.layout.proxies[after]!;
  const byName = new Map(old.servers.map((server, s) => [server.name, s]));
  proxy.servers.forEach((server, s) => {
    const was = byName.get(server.name);
    if (!server.check || was === undefined || !old.servers[was]!.check) return;
    const entity = target.firstServer + s;
    // Who was taken out by the operator begins as the file says.
    if ((from.board.words[wordAt(source.firstServer + was, WORD.admin)]! & MAINTENANCE) !== 0) return;
    if ((to.board.words[wordAt(entity, WORD.admin)]! & MAINTENANCE) !== 0) return;
    const state = from.board.words[wordAt(source.firstServer + was, WORD.state)]!;
    carryFindings(from.board, source.firstServer + was, old.servers[was]!, to.board, entity, server);
    changeServer(to.board, proxy, target, s, { state }, nowMs);
    carryTimes(from.board, source.firstServer + was, to.board, entity);
  });
  if (
    !proxy.servers.some(({ check }) => check) || !sameStanding(from.board, source.backend, to.board, target.backend)
  ) return;
  to.board.checks[checkAt(target.backend, CHECK.downs)] = from.board.checks[checkAt(source.backend, CHECK.downs)]!;
  carryTimes(from.board, source.backend, to.board, target.backend);
}

/** Up or down in both. */
function sameStanding(from: Board, source: number, to: Board, target: number): boolean {
  const isUp = ({ words }: Board, entity: number): boolean =>
    words[wordAt(entity, WORD.active)]! + words[wordAt(entity, WORD.backup)]! > 0;
  return isUp(from, source) === isUp(to, target);
}

function carryFindings(
  from: Board,
  source: number,
  old: Server,
  to: Board,
  target: number,
  { rise, fall }: Server,
): void {
  const words = from.checks.subarray(checkAt(source, 0), checkAt(source, CHECK_WORDS));
  to.checks.set(words, checkAt(target, 0));
  to.checks[checkAt(target, CHECK.running)] = 0;
  // By the new limits: as sure as it was, or one step from the change.
  const health = words[CHECK.health]!;
  const sure = health === old.rise + old.fall - 1;
  to.checks[checkAt(target, CHECK.health)] = health < old.rise ? 0 : sure ? rise + fall - 1 : rise;
}

/** Seconds since the board was made, of another board. */
function carryTimes(from: Board, source: number, to: Board, target: number): void {
  const shift = Math.round((from.madeAtMs - to.madeAtMs) / 1000);
  to.words[wordAt(target, WORD.stateSince)] = from.words[wordAt(source, WORD.stateSince)]! + shift;
  to.words[wordAt(target, WORD.downtime)] = from.words[wordAt(source, WORD.downtime)]!;
}
