/** The results of a check as haproxy knows them: number, short name, words, and what each means for the server. */

export type Meaning = "failed" | "passed" | "conditional";

export interface Result {
  number: number;
  name: string;
  text: string;
  meaning: Meaning | null;
}

/** Numbers as in `show servers state`; from 14 on a result has a code. */
export const RESULTS = {
  unknown: { number: 0, name: "UNK", text: "Unknown", meaning: null },
  initial: { number: 1, name: "INI", text: "Initializing", meaning: null },
  socketError: { number: 5, name: "SOCKERR", text: "Socket error", meaning: "failed" },
  connected: { number: 6, name: "L4OK", text: "Layer4 check passed", meaning: "passed" },
  connectTimeout: { number: 7, name: "L4TOUT", text: "Layer4 timeout", meaning: "failed" },
  connectFailed: { number: 8, name: "L4CON", text: "Layer4 connection problem", meaning: "failed" },
  timeout: { number: 12, name: "L7TOUT", text: "Layer7 timeout", meaning: "failed" },
  invalid: { number: 13, name: "L7RSP", text: "Layer7 invalid response", meaning: "failed" },
  passed: { number: 15, name: "L7OK", text: "Layer7 check passed", meaning: "passed" },
  conditional: { number: 16, name: "L7OKC", text: "Layer7 check conditionally passed", meaning: "conditional" },
  wrongStatus: { number: 17, name: "L7STS", text: "Layer7 wrong status", meaning: "failed" },
} as const satisfies Readonly<Record<string, Result>>;

const BY_NUMBER: ReadonlyMap<number, Result> = new Map(Object.values(RESULTS).map((one) => [one.number, one]));
export const resultOf = (number: number): Result => BY_NUMBER.get(number) ?? RESULTS.unknown;

export type ResultName = keyof typeof RESULTS;

const FIRST_WITH_CODE = 14;
export const hasCode = (number: number): boolean => number >= FIRST_WITH_CODE;

/** As numbers of what is known. */
export const MEANING_NUMBER: Readonly<Record<Meaning, number>> = { failed: 2, passed: 3, conditional: 4 };
