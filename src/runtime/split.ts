/**
 * How a line of the stats socket falls apart into commands and words (management.txt 9.3), and how a delay is written.
 *
 * Pure functions over byte strings.
 */

export interface Line {
  /** Words of each command; none for an empty one. */
  commands: string[][];
  /** The line that ends the payload of the last command ("" for `<<` alone); null: no payload follows. */
  payloadEnd: string | null;
}

/** The longest pattern that `<<` takes. */
export const MAX_PATTERN = 64;

/** Splits at `;` and blanks; a backslash takes the next character as it is. */
export function splitLine(text: string): Line {
  const pattern = /(?:^|[ \t])<<([^ \t]*)$/.exec(text);
  const payload = pattern !== null && pattern[1]!.length <= MAX_PATTERN ? pattern : null;
  const end = payload === null ? text.length : payload.index;
  const commands: string[][] = [];
  let words: string[] = [];
  let word = "";
  let inWord = false;
  const endWord = (): void => {
    if (inWord) words.push(word);
    word = "";
    inWord = false;
  };
  for (let i = 0; i < end; i++) {
    const char = text[i]!;
    if (char === ";") {
      endWord();
      commands.push(words);
      words = [];
    } else if (char === " " || char === "\t") endWord();
    else {
      // A backslash at the very end stands for itself.
      word += char === "\\" && i + 1 < end ? text[++i]! : char;
      inWord = true;
    }
  }
  endWord();
  commands.push(words);
  return { commands, payloadEnd: payload === null ? null : payload[1]! };
}

const UNIT_MS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** setTimeout's own limit. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A delay in seconds or with a unit, as whole milliseconds; null when it is none or not above zero. */
export function parseDelayMs(text: string): number | null {
  const parts = /^([0-9]+)(us|ms|s|m|h|d)?$/.exec(text);
  if (parts === null) return null;
  const ms = Math.ceil(Number(parts[1]) * UNIT_MS[parts[2] ?? "s"]!);
  return ms > 0 && ms <= MAX_DELAY_MS ? ms : null;
}
