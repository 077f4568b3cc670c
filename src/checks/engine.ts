/**
 * The checks of a configuration at work: starts each when it is due, one at a time per server, and carries what it came to
 * onto the board and into the log. Runs in the control role, on the loop handed in; no check waits for another.
 */
import { type Board, readCounter, wordAt } from "../board/board.ts";
import { CHECK, checkAt, readCheck, TEXT_BYTES, writeCheckText } from "../board/check_cells.ts";
import { MEANING_NUMBER, type Result, RESULTS } from "../board/check_results.ts";
import { changeServer } from "../board/servers.ts";
import { MAINTENANCE, SERVER_STATE, WORD } from "../board/words.ts";
import type { Model } from "../config/haproxy/model.ts";
import type { Loop, Timers } from "../linux/loop.ts";
import { LEVEL } from "../logs/syslog.ts";
import { createAgenda, firstDelays, spreadInterval } from "./agenda.ts";
import { type Attempt, createAttempts } from "./attempt.ts";
import { backendDownLine, checkLine, type Counts, type Finding, stateLine } from "./lines.ts";
import { intervalOf, nextHealth, progress, settledHealth, step } from "./machine.ts";
import { type Checked, planChecks } from "./plan.ts";
import type { Outcome } from "./outcome.ts";

export interface Surroundings {
  model: Model;
  board: Board;
  loop: Loop;
  /** A line of a proxy, by its index in the model; `severity` is that of the line on the terminal, which may have other words. */
  tell(proxy: number, level: number, severity: "WARNING" | "ALERT", text: string, shown?: string): void;
  /** The proxy processes let go of a server: how many sessions left its queue. `ends`: those that it serves are ended. */
  leave(proxy: number, server: number, ends: boolean): Promise<number>;
  /** 0 to 1. */
  random(): number;
}

export interface Engine {
  timers: Timers;
  stop(): void;
}

type Change = "up" | "down" | "stopping";
const STATE_AFTER: Readonly<Record<Change, number>> = {
  up: SERVER_STATE.up,
  down: SERVER_STATE.down,
  stopping: SERVER_STATE.stopping,
};

export function createEngine(around: Surroundings): Engine {
  const { model, board, loop } = around;
  const { words, checks: cells } = board;
  const list = planChecks(model, board);
  const agenda = createAgenda(list.length);
  const startedAt = new Float64Array(list.length);
  const numbers = new Map<Attempt, number>();
  const attempts = createAttempts(loop, model.global.tune.bufsize, {
    connected(attempt) {
      const { answerMs } = attempt.checked;
      const check = numbers.get(attempt)!;
      // Measured: the time for the answer lengthens the time that there was, and never shortens it.
      if (answerMs !== null) agenda.set(check, Math.max(agenda.at(check), loop.now + answerMs));
    },
    done: (attempt, result) => done(numbers.get(attempt)!, result),
  });
  const all = list.map((checked, check) => {
    const attempt = attempts.make(checked);
    numbers.set(attempt, check);
    return attempt;
  });

  const set = (entity: number, word: number, value: number): void => void (cells[checkAt(entity, word)] = value);
  const stateOf = ({ entity }: Checked): number => words[wordAt(entity, WORD.state)]!;
  const healthOf = (checked: Checked): number =>
    settledHealth(readCheck(board, checked.entity, CHECK.health), stateOf(checked), checked.server);

  const delays = firstDelays(
    list.map((checked) => intervalOf(healthOf(checked), stateOf(checked), checked.server)),
    model.global.maxSpreadChecksMs,
  );
  list.forEach(({ entity }, check) => {
    // One that was under way when a former role ended is not any more.
    set(entity, CHECK.running, 0);
    agenda.set(check, loop.now + delays[check]!);
  });

  /** @param dueAt when it was to begin: what is late does not make the check shorter or the interval longer */
  function start(check: number, dueAt: number): void {
    const checked = list[check]!;
    const { entity, server, connectMs } = checked;
    if ((words[wordAt(entity, WORD.admin)]! & MAINTENANCE) !== 0) {
      agenda.set(check, loop.now + server.interMs);
      return;
    }
    set(entity, CHECK.running, 1);
    set(entity, CHECK.result, 0);
    startedAt[check] = loop.now;
    agenda.set(check, Math.max(loop.now, dueAt) + connectMs);
    attempts.start(all[check]!);
  }

  function done(check: number, { result: name, code, info: whole }: Outcome): void {
    const info = whole.slice(0, TEXT_BYTES - 1);
    const checked = list[check]!;
    const { entity, server, proxy } = checked;
    const result: Result = RESULTS[name];
    const meaning = result.meaning ?? "failed";
    const before = healthOf(checked);
    const health = nextHealth(before, meaning, server);
    const durationMs = Math.max(0, Math.trunc(loop.now - startedAt[check]!));
    const known = readCheck(board, entity, CHECK.status);
    set(entity, CHECK.running, 0);
    set(entity, CHECK.health, health);
    set(entity, CHECK.status, result.number);
    set(entity, CHECK.result, MEANING_NUMBER[meaning]);
    set(entity, CHECK.code, code);
    set(entity, CHECK.durationMs, durationMs);
    writeCheckText(board, entity, info);
    if (meaning === "failed" && before > 0) set(entity, CHECK.failed, readCheck(board, entity, CHECK.failed) + 1);
    const finding: Finding = { result, code, info, durationMs };
    const counts = health !== before || (meaning === "failed" && before > 0);
    if (proxy.options.logHealthChecks && (known !== result.number || counts)) report(checked, finding, health);
    // It may have been taken out while it was being checked.
    if ((words[wordAt(entity, WORD.admin)]! & MAINTENANCE) === 0) {
      const change = step(stateOf(checked), health, meaning, server);
      if (change !== "stay") follow(checked, change, finding);
    }
    const interval = intervalOf(health, stateOf(checked), server);
    agenda.set(check, loop.now + spreadInterval(interval, model.global.spreadChecks, around.random()));
  }

  function report({ entity, server, proxy, proxyIndex }: Checked, finding: Finding, health: number): void {
    const up = words[wordAt(entity, WORD.weight)]! > 0 ? "UP" : "DRAIN";
    const named = { proxy: proxy.name, server: server.name, backup: server.backup };
    const line = checkLine(named, finding, progress(health, server), health >= server.rise ? up : "DOWN");
    around.tell(proxyIndex, LEVEL.notice, "WARNING", line);
  }

  /** The server changes its state: on the board at once, in the log when the proxies have said what it meant for them. */
  function follow(checked: Checked, change: Change, finding: Finding): void {
    const { proxy, proxyIndex, entities, server, index, entity } = checked;
    const wasStopping = stateOf(checked) === SERVER_STATE.stopping;
    const count = (word: number): number => words[wordAt(entities.backend, word)]!;
    const usable = (): number => count(WORD.active) + count(WORD.backup);
    const before = usable();
    const taken = change === "up" ? willTake(checked) : 0;
    changeServer(board, proxy, entities, index, { state: STATE_AFTER[change] }, Date.now());
    const backendDown = before > 0 && usable() === 0;
    if (change === "down") set(entity, CHECK.downs, readCheck(board, entity, CHECK.downs) + 1);
    if (backendDown) set(entities.backend, CHECK.downs, readCheck(board, entities.backend, CHECK.downs) + 1);
    const usableNow = { active: count(WORD.active), backup: count(WORD.backup) };

    const write = (requeued: number): void => {
      const counts: Counts = {
        ...usableNow,
        sessions: words[wordAt(entity, WORD.cur)]!,
        queued: words[wordAt(entity, WORD.queued)]!,
        requeued,
      };
      const named = { proxy: proxy.name, server: server.name, backup: server.backup };
      const line = stateLine(named, change, proxy.options.logHealthChecks ? null : finding, counts);
      // configuration.txt, "http-check disable-on-404": it had been taken out in an orderly way before.
      const level = change === "down" && !wasStopping ? LEVEL.alert : LEVEL.notice;
      around.tell(proxyIndex, level, "WARNING", line);
      if (!backendDown) return;
      around.tell(proxyIndex, LEVEL.emerg, "ALERT", backendDownLine(proxy), backendDownLine(proxy, "'"));
    };
    const { onMarkedDownShutdownSessions: ends } = server;
    if (change !== "down" || !concernsProxies(checked, ends)) write(taken);
    else void around.leave(proxyIndex, index, ends).then(write, () => write(0));
  }

  /** Somebody waits for it, is served by it, or keeps a connection to it. */
  function concernsProxies({ entity }: Checked, ends: boolean): boolean {
    return words[wordAt(entity, WORD.queued)]! > 0 || (ends && words[wordAt(entity, WORD.cur)]! > 0) ||
      readCounter(board, entity, "idle") > 0;
  }

  /** Sessions of its backend's queue that it has room for. */
  function willTake({ entity, entities }: Checked): number {
    const limit = words[wordAt(entity, WORD.maxconn)]!;
    const waiting = words[wordAt(entities.backend, WORD.queued)]!;
    return limit === 0 ? waiting : Math.max(0, Math.min(waiting, limit - words[wordAt(entity, WORD.cur)]!));
  }

  return {
    timers: {
      nextAt: agenda.nextAt,
      turn(nowMs) {
        // One look at each: what is due again at once waits for the next turn.
        for (let left = list.length; left > 0; left--) {
          const dueAt = agenda.nextAt();
          const check = agenda.due(nowMs);
          if (check < 0) return;
          const attempt = all[check]!;
          if (attempt.talk === null) start(check, dueAt);
          else attempts.expire(attempt);
        }
      },
    },
    stop() {
      all.forEach((attempt, check) => {
        agenda.set(check, Infinity);
        attempts.abandon(attempt);
        set(list[check]!.entity, CHECK.running, 0);
      });
    },
  };
}
