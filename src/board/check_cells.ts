/**
 * What checks have found out about each server: its health and the last result, with its text. Written by the control role
 * alone, read by those who show it. They outlive that role, so that a successor goes on where it was.
 */
import type { Board } from "./board.ts";

/** Int32 words of an entity; of a backend only `downs` counts. */
export const CHECK = {
  /** Level of health, 0 to rise + fall - 1: from `rise` on it is up (configuration.txt, "rise", "fall"). */
  health: 0,
  /** Number of the last result (check_results.ts); 0: no check is configured. */
  status: 1,
  /** What is known: 0 nothing yet, 2 failed, 3 passed, 4 conditionally passed, as haproxy numbers it. */
  result: 2,
  /** 1 while a check is under way. */
  running: 3,
  /** Of the answer; 0: none. */
  code: 4,
  /** -1: there has been no check. */
  durationMs: 5,
  /** Failed checks that lowered the health; changes to down. */
  failed: 6,
  downs: 7,
  textLength: 8,
} as const;

const TEXT_AT = 9;
/** As much as haproxy keeps. */
export const TEXT_BYTES = 128;
export const CHECK_WORDS = TEXT_AT + TEXT_BYTES / 4;

export const checkAt = (entity: number, word: number): number => entity * CHECK_WORDS + word;

export const readCheck = ({ checks }: Board, entity: number, word: number): number => checks[checkAt(entity, word)]!;

/** The text of the last result, a byte string. */
export function writeCheckText({ checks }: Board, entity: number, text: string): void {
  const bytes = bytesOf(checks, entity);
  const length = Math.min(text.length, TEXT_BYTES - 1);
  for (let i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
  checks[checkAt(entity, CHECK.textLength)] = length;
}

export function readCheckText({ checks }: Board, entity: number): string {
  const length = checks[checkAt(entity, CHECK.textLength)]!;
  return length === 0 ? "" : String.fromCharCode(...bytesOf(checks, entity).subarray(0, length));
}

const bytesOf = (checks: Int32Array, entity: number): Uint8Array =>
  new Uint8Array(checks.buffer, checks.byteOffset + checkAt(entity, TEXT_AT) * 4, TEXT_BYTES);
