/**
 * From results of checks to a server's state: pure, the whole of "rise" and "fall" (configuration.txt, "fall").
 *
 * The level of health moves from 0 to rise + fall - 1. From `rise` on the server is up; it jumps to the top when it gets
 * there, and to 0 when it leaves, so that both ways take all of `rise` or `fall`.
 */
import { SERVER_STATE } from "../board/words.ts";
import type { Meaning } from "../board/check_results.ts";

export interface Limits {
  rise: number;
  fall: number;
}

export const topOf = ({ rise, fall }: Limits): number => rise + fall - 1;

/** The level after a result. */
export function nextHealth(health: number, meaning: Meaning, limits: Limits): number {
  if (meaning === "failed") {
    const level = Math.max(0, health - 1);
    return level < limits.rise ? 0 : level;
  }
  const level = Math.min(topOf(limits), health + 1);
  return level >= limits.rise ? topOf(limits) : level;
}

export type Change = "down" | "up" | "stopping" | "stay";

/** What becomes of a server in each state, by what its health is now and whether the last check passed with reserve. */
const STEP: Readonly<Record<"low" | "high" | "reserved", Readonly<Record<number, Change>>>> = {
  //          down, starting, up, stopping (SERVER_STATE)
  low: ["stay", "down", "down", "down"],
  high: ["up", "stay", "stay", "up"],
  reserved: ["stopping", "stopping", "stopping", "stay"],
};

/** What follows for the server from the level it now has. */
export function step(state: number, health: number, meaning: Meaning, { rise }: Limits): Change {
  // A level in between changes nothing: the way down is over at 0, the way up at `rise`.
  if (health < rise) return health === 0 && meaning === "failed" ? STEP.low[state]! : "stay";
  if (meaning === "failed") return "stay";
  return STEP[meaning === "conditional" ? "reserved" : "high"][state]!;
}

/** The level a server has by its state, when somebody else has changed that. */
export function settledHealth(health: number, state: number, limits: Limits): number {
  const isUp = state !== SERVER_STATE.down;
  if (isUp === (health >= limits.rise)) return health;
  return isUp ? limits.rise : 0;
}

export interface Intervals extends Limits {
  interMs: number;
  fastinterMs: number;
  downinterMs: number;
}

/** configuration.txt, "inter": by how settled the server's health is. */
export function intervalOf(health: number, state: number, intervals: Intervals): number {
  if (health === topOf(intervals)) return intervals.interMs;
  return health === 0 && state === SERVER_STATE.down ? intervals.downinterMs : intervals.fastinterMs;
}

/** "2/3 UP", as haproxy counts the steps that are left. */
export function progress(health: number, { rise, fall }: Limits): string {
  return health >= rise ? `${health - rise + 1}/${fall}` : `${health}/${rise}`;
}
