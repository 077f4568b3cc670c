/** Counters over reloads: carries what the retired generations count to the one that serves, until they have gone. */
import { createCarrier } from "../board/carry.ts";
import type { Serving } from "./roles.ts";

const CARRY_MS = 1000;

interface Retired {
  carry: () => void;
  gone: boolean;
}

export interface Heritage {
  /** `to` serves in place of `from` from now on. */
  pass(from: Serving, to: Serving): void;
}

export function createHeritage(): Heritage {
  /** Oldest first: what one generation hands on, the next one has had from those before it. */
  let retired: Retired[] = [];
  let timer: ReturnType<typeof setInterval> | null = null;

  function carryAll(): void {
    for (const one of retired) one.carry();
    // Who has gone hands on until all before it have gone too.
    const alive = retired.findIndex((one) => !one.gone);
    retired = alive < 0 ? [] : retired.slice(alive);
    if (retired.length > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return {
    pass(from, to) {
      const one: Retired = {
        carry: createCarrier(
          { model: from.model, board: from.generation.board },
          { model: to.model, board: to.generation.board },
        ),
        gone: false,
      };
      retired.push(one);
      void from.generation.gone.then(() => one.gone = true);
      timer ??= setInterval(carryAll, CARRY_MS);
      carryAll();
    },
  };
}
