/**
 * What is said on the connection of a check, apart from the connection: given what came, the next move. Scripts are made once
 * per proxy, a talk for each check.
 */
import type { Outcome } from "./outcome.ts";

/** The check is over, something is sent, or more is to come. */
export type Move = Outcome | { send: Uint8Array } | "wait";

export interface Talk {
  connected(): Move;
  /** @param text all that has come since something was last sent; @param ended no more will come */
  received(text: string, ended: boolean): Move;
  /** Where it stands, for the text of a failure of the connection. */
  where(connecting: boolean): string;
}

export type Script = () => Talk;

export const WAIT: Move = "wait";
export const send = (bytes: Uint8Array): Move => ({ send: bytes });
