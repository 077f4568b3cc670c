/**
 * Changes of a server's state by the operator, with what haproxy says of them in the backend's log: maintenance, drain, health
 * and weight. The order of the words and the levels were read off a running haproxy (test/runtime/states.test.ts compares them).
 */
import { wordAt } from "../board/board.ts";
import { CHECK, checkAt } from "../board/check_cells.ts";
import { changeServer, type ServerChange } from "../board/servers.ts";
import { ADMIN, DRAIN, MAINTENANCE, SERVER_STATE, WORD } from "../board/words.ts";
import { LEVEL } from "../logs/syslog.ts";
import type { ServerPlace } from "./chosen.ts";
import type { RuntimeContext } from "./context.ts";

const word = ({ board }: RuntimeContext, entity: number, which: number): number => board.words[wordAt(entity, which)]!;

const usable = (context: RuntimeContext, { entities: { backend } }: ServerPlace): number =>
  word(context, backend, WORD.active) + word(context, backend, WORD.backup);

function log({ events }: RuntimeContext, { index }: ServerPlace, level: number, text: string): void {
  events.tell(index, level, text);
}

export const titleOf = ({ proxy, server }: ServerPlace): string =>
  `${server.backup ? "Backup " : ""}Server ${proxy.name}/${server.name}`;

/** What follows the news of a server: who is left, and what became of those who waited for it. */
function countsText(context: RuntimeContext, { entities, entity }: ServerPlace, requeued: number): string {
  const active = word(context, entities.backend, WORD.active);
  const backup = word(context, entities.backend, WORD.backup);
  const queued = word(context, entity, WORD.queued);
  const down = word(context, entity, WORD.state) === SERVER_STATE.down;
  const runs = active === 0 && backup > 0 ? " Running on backup." : "";
  return `${active} active and ${backup} backup servers ${down ? "left" : "online"}.${runs} ` +
    (down
      ? `${word(context, entity, WORD.cur)} sessions active, ${requeued} requeued, ${queued} remaining in queue.`
      : `${requeued} sessions requeued, ${queued} total in queue.`);
}

/** A change from up to down of a server or backend. */
function countDown({ board }: RuntimeContext, entity: number): void {
  board.checks[checkAt(entity, CHECK.downs)]! += 1;
}

/** The level from which checks go on. */
const setLevel = ({ board }: RuntimeContext, { entity }: ServerPlace, level: number): void =>
  void (board.checks[checkAt(entity, CHECK.health)] = level);

/** Applies the change; `after` tells of it before the backend's own news, that it has no server left. */
async function apply(
  context: RuntimeContext,
  place: ServerPlace,
  change: ServerChange,
  after: () => void | Promise<void>,
): Promise<void> {
  const before = usable(context, place);
  changeServer(context.board, place.proxy, place.entities, place.number, change, context.now());
  // Before anybody is waited for: others may change something meanwhile.
  const wasLast = before > 0 && usable(context, place) === 0;
  await after();
  if (wasLast) {
    countDown(context, place.entities.backend);
    const { kind, name } = place.proxy;
    const says = (shown: string): string =>
      `${kind === "listen" ? "proxy" : "backend"} ${shown} has no server available!`;
    context.events.tell(place.index, LEVEL.emerg, says(name), says(`'${name}'`));
  }
}

/** Those who wait for the server go elsewhere if they may; returns how many did. */
async function leave(context: RuntimeContext, { index, number }: ServerPlace, ends: boolean): Promise<number> {
  const answers = await context.ask({ task: "leaveServer", proxy: index, server: number, ends });
  return answers.reduce((sum, answer) => sum + Number(answer), 0);
}

export const ADMIN_STATES: Record<string, (context: RuntimeContext, place: ServerPlace) => Promise<void>> = {
  async maint(context, place) {
    const admin = word(context, place.entity, WORD.admin);
    const was = word(context, place.entity, WORD.state);
    const next = (admin & ~ADMIN.forcedDrain) | ADMIN.forcedMaint;
    if ((admin & MAINTENANCE) !== 0) return await apply(context, place, { admin: next }, () => {});
    await apply(context, place, { admin: next, state: SERVER_STATE.down }, async () => {
      if (was === SERVER_STATE.down) {
        return log(context, place, LEVEL.notice, `${titleOf(place)} was DOWN and now enters maintenance.`);
      }
      setLevel(context, place, 0);
      countDown(context, place.entity);
      const requeued = await leave(context, place, place.server.onMarkedDownShutdownSessions);
      const paused = (admin & DRAIN) !== 0 || was === SERVER_STATE.stopping;
      const counts = countsText(context, place, requeued);
      const level = paused ? LEVEL.notice : LEVEL.alert;
      log(context, place, level, `${titleOf(place)} is going DOWN for maintenance. ${counts}`);
    });
  },
  async drain(context, place) {
    const admin = word(context, place.entity, WORD.admin);
    const next = (admin & ~ADMIN.forcedMaint) | ADMIN.forcedDrain;
    if ((admin & ADMIN.forcedMaint) !== 0) return await leaveMaintenance(context, place, next);
    if ((admin & ADMIN.forcedDrain) !== 0) return;
    await apply(context, place, { admin: next }, async () => {
      const requeued = await leave(context, place, false);
      log(
        context,
        place,
        LEVEL.notice,
        `${titleOf(place)} enters drain state. ${countsText(context, place, requeued)}`,
      );
    });
  },
  async ready(context, place) {
    const admin = word(context, place.entity, WORD.admin);
    const next = admin & ~(ADMIN.forcedMaint | ADMIN.forcedDrain);
    if ((admin & ADMIN.forcedMaint) !== 0) return await leaveMaintenance(context, place, next);
    if ((admin & ADMIN.forcedDrain) === 0) return;
    await apply(context, place, { admin: next }, () => {
      const state = word(context, place.entity, WORD.state) === SERVER_STATE.down ? "DOWN" : "UP";
      log(context, place, LEVEL.notice, `${titleOf(place)} is ${state} (leaving forced drain).`);
    });
  },
};

/** It comes back as one that is up, whatever it was before: checks, where there are any, say what it is. */
async function leaveMaintenance(context: RuntimeContext, place: ServerPlace, admin: number): Promise<void> {
  const stays = (admin & MAINTENANCE) !== 0;
  await apply(context, place, stays ? { admin } : { admin, state: SERVER_STATE.up }, () => {
    if (stays) {
      const text = `${titleOf(place)} is leaving forced maintenance but remains in maintenance.`;
      return log(context, place, LEVEL.notice, text);
    }
    // One failed check away from being down.
    setLevel(context, place, place.server.rise);
    const as = (admin & DRAIN) !== 0 ? "DRAIN" : "READY";
    log(context, place, LEVEL.notice, `${titleOf(place)} is UP/${as} (leaving forced maintenance).`);
    remindOfDrain(context, place);
  });
}

function remindOfDrain(context: RuntimeContext, place: ServerPlace): void {
  if ((word(context, place.entity, WORD.admin) & ADMIN.forcedDrain) === 0) return;
  log(context, place, LEVEL.notice, `${titleOf(place)} remains in forced drain mode.`);
}

const HEALTH: Record<string, { state: number; word: string }> = {
  up: { state: SERVER_STATE.up, word: "UP" },
  stopping: { state: SERVER_STATE.stopping, word: "stopping" },
  down: { state: SERVER_STATE.down, word: "DOWN" },
};

/** False: no such health. */
export async function setHealth(context: RuntimeContext, place: ServerPlace, name: string): Promise<boolean> {
  const health = Object.hasOwn(HEALTH, name) ? HEALTH[name]! : null;
  if (health === null) return false;
  const was = word(context, place.entity, WORD.state);
  const admin = word(context, place.entity, WORD.admin);
  if (was === health.state || (admin & MAINTENANCE) !== 0) return true;
  await apply(context, place, { state: health.state }, async () => {
    const down = health.state === SERVER_STATE.down;
    setLevel(context, place, down ? 0 : place.server.rise + place.server.fall - 1);
    if (down) countDown(context, place.entity);
    const requeued = health.state === SERVER_STATE.up
      ? 0
      : await leave(context, place, down && place.server.onMarkedDownShutdownSessions);
    const paused = (admin & DRAIN) !== 0 || was === SERVER_STATE.stopping;
    const level = down && !paused ? LEVEL.alert : LEVEL.notice;
    const counts = countsText(context, place, requeued);
    log(context, place, level, `${titleOf(place)} is ${health.word}, changed from CLI. ${counts}`);
    remindOfDrain(context, place);
  });
  return true;
}

export const setWeight = (context: RuntimeContext, place: ServerPlace, weight: number): Promise<void> =>
  apply(context, place, { weight }, () => {});
