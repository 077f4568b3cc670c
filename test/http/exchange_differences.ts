/**
 * Where the program under test goes its own way on purpose: why, and what haproxy's fate becomes with us.
 */
import type { Fate } from "./exchange_fate.ts";

export interface Difference {
  reason: string;
  /** Status and termination states, where they differ. */
  log?: readonly string[];
  /** Our fate, made of haproxy's. */
  instead: (fate: Fate) => Fate;
}

export const DIFFERENCES: Readonly<Record<string, Difference>> = {};
