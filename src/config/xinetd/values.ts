/**
 * The values of xinetd's attributes: numbers with UNLIMITED, addresses in its several spellings, log targets.
 *
 * Pure. Each reader returns the value, or reports what is wrong with which word and returns null.
 */
import { alert, type Diagnostics, didYouMean, type Located, quote } from "../diagnostics.ts";
import { type Network, parseNetwork } from "../networks.ts";
import type { Word } from "./lexer.ts";
import type { LogTarget } from "./model.ts";

export type Reader<T> = (values: readonly Word[], at: Located, diagnostics: Diagnostics) => T | null;

/** Exactly one word. */
export function one<T>(read: (word: Word, diagnostics: Diagnostics) => T | null, expected: string): Reader<T> {
  return (values, at, diagnostics) => {
    const [word, extra] = values;
    if (word === undefined) return fail(diagnostics, at, `Nothing follows: expected ${expected}`);
    if (extra !== undefined) {
      return fail(diagnostics, extra, `Unexpected ${quote(extra.text)}: expected ${expected} alone`);
    }
    return read(word, diagnostics);
  };
}

export const anyWord = (expected: string): Reader<string> => one((word) => word.text, expected);

export function wholeNumber(least: number, most: number): Reader<number> {
  const expected = `a whole number from ${least} to ${most}`;
  return one((word, diagnostics) => {
    const value = /^-?[0-9]{1,9}$/.test(word.text) ? Number(word.text) : NaN;
    return value >= least && value <= most
      ? value
      : fail(diagnostics, word, `Cannot use ${quote(word.text)}: expected ${expected}`);
  }, expected);
}

/** "unlimited" stands for UNLIMITED. */
export const limit: Reader<number | "unlimited"> = one((word, diagnostics) => {
  if (word.text === "UNLIMITED") return "unlimited";
  const value = /^[0-9]{1,9}$/.test(word.text) ? Number(word.text) : 0;
  if (value > 0) return value;
  return fail(diagnostics, word, `Cannot use ${quote(word.text)}: expected a number from 1, or UNLIMITED`);
}, "a number from 1, or UNLIMITED");

export const octal: Reader<number> = one(
  (word, diagnostics) =>
    /^[0-7]{1,4}$/.test(word.text) ? parseInt(word.text, 8) : fail(
      diagnostics,
      word,
      `Cannot use ${quote(word.text)}: expected an octal number like 022`,
    ),
  "an octal number",
);

/** One of some words; those with a sentence are known and refused with it. */
export function choice<T>(choices: Readonly<Record<string, { value: T } | string>>): Reader<T> {
  const known = Object.keys(choices).filter((name) => typeof choices[name] !== "string");
  return one((word, diagnostics) => chosen(word, choices, known, diagnostics), known.join(" or "));
}

/** Any number of words out of a table; refused ones are reported and left out. */
export function choices<T>(table: Readonly<Record<string, { value: T } | string>>): Reader<T[]> {
  const known = Object.keys(table).filter((name) => typeof table[name] !== "string");
  return (values, _at, diagnostics) =>
    values.flatMap((word) => {
      const got = chosen(word, table, known, diagnostics);
      return got === null ? [] : [got];
    });
}

function chosen<T>(
  word: Word,
  table: Readonly<Record<string, { value: T } | string>>,
  known: readonly string[],
  diagnostics: Diagnostics,
): T | null {
  const row = Object.hasOwn(table, word.text) ? table[word.text]! : null;
  if (row === null) {
    const hint = didYouMean(word.text, Object.keys(table));
    return fail(diagnostics, word, `Unknown word ${quote(word.text)}: expected ${known.join(", ")}`, hint);
  }
  return typeof row === "string" ? fail(diagnostics, word, row) : row.value;
}

export const twoNumbers: Reader<{ perSecond: number; waitSeconds: number }> = (values, at, diagnostics) => {
  const [rate, wait, extra] = values;
  const bad = [rate, wait].find((word) => word !== undefined && !/^[0-9]{1,9}$/.test(word.text)) ?? extra;
  if (bad !== undefined || rate === undefined || wait === undefined || Number(rate.text) < 1) {
    return fail(diagnostics, bad ?? at, "Expected connections per second, and seconds to wait when there are more");
  }
  return { perSecond: Number(rate.text), waitSeconds: Number(wait.text) };
};

export const assignments: Reader<[name: string, value: string][]> = (values, _at, diagnostics) =>
  values.flatMap((word) => {
    const equals = word.text.indexOf("=");
    if (equals > 0) return [[word.text.slice(0, equals), word.text.slice(equals + 1)] as [string, string]];
    fail(diagnostics, word, `Cannot use ${quote(word.text)}: expected NAME=VALUE`);
    return [];
  });

export const words: Reader<string[]> = (values) => values.map((word) => word.text);

export const address: Reader<{ family: 4 | 6; host: string }> = one((word, diagnostics) => {
  const network = word.text.includes("/") ? null : parseNetwork(word.text);
  if (network !== null) return { family: word.text.includes(":") ? 6 : 4, host: word.text };
  return fail(
    diagnostics,
    word,
    `Cannot use ${quote(word.text)}: expected a numeric address; names are not supported yet`,
  );
}, "a numeric address");

/** The forms a, b and e of xinetd.conf(5), only_from. */
export const networks: Reader<Network[]> = (values, _at, diagnostics) =>
  values.flatMap((word) => {
    const found = readNetworks(word.text);
    if (found !== null) return found;
    const expected = "expected an address, 10.0.0.0, 10.0.0.{1,2} or 10.0.0.0/8";
    const isName = /^[A-Za-z.]/.test(word.text) && !word.text.includes(":");
    fail(
      diagnostics,
      word,
      isName
        ? `Names of hosts and networks are not supported yet: ${expected}`
        : `Cannot read ${quote(word.text)}: ${expected}`,
    );
    return [];
  });

function readNetworks(text: string): Network[] | null {
  // The one name whose addresses nobody has to ask for.
  if (text === "localhost") return [parseNetwork("127.0.0.1")!, parseNetwork("::1")!];
  const factorized = /^((?:[0-9]{1,3}\.){0,3})\{([0-9]{1,3}(?:,[0-9]{1,3})*)\}$/.exec(text);
  if (factorized !== null) {
    const parts = factorized[1]!.split(".").length;
    const padding = ".0".repeat(4 - parts);
    const found = factorized[2]!.split(",").map((part) =>
      parseNetwork(`${factorized[1]}${part}${padding}/${parts * 8}`)
    );
    return found.includes(null) ? null : found as Network[];
  }
  const network = parseNetwork(text);
  if (network === null || text.includes("/") || text.includes(":")) return network === null ? null : [network];
  // Zeros at the right of an IPv4 address stand for anything.
  let bits = 32;
  while (bits > 0 && network.bytes[bits / 8 - 1] === 0) bits -= 8;
  return [{ ...network, bits }];
}

const FACILITIES: Readonly<Record<string, number>> = {
  ...{ user: 1, mail: 2, daemon: 3, auth: 4, lpr: 6, news: 7, uucp: 8, authpriv: 10, ftp: 11 },
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`local${i}`, 16 + i])),
};
const LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

export const logTarget: Reader<LogTarget> = (values, at, diagnostics) => {
  const [kind, first, second, extra] = values;
  if (kind?.text === "FILE") {
    if (first === undefined) return fail(diagnostics, kind, "Nothing follows FILE: expected a path");
    if (second !== undefined) return fail(diagnostics, second, "Limits of a log file are not supported yet");
    return { kind: "file", path: first.text };
  }
  if (kind?.text !== "SYSLOG") {
    const text = kind === undefined ? "Nothing follows" : `Unknown word ${quote(kind.text)}`;
    return fail(
      diagnostics,
      kind ?? at,
      `${text}: expected SYSLOG or FILE`,
      didYouMean(kind?.text ?? "", ["SYSLOG", "FILE"]),
    );
  }
  if (first === undefined) return fail(diagnostics, kind, "Nothing follows SYSLOG: expected a facility");
  if (!Object.hasOwn(FACILITIES, first.text)) {
    const hint = didYouMean(first.text, Object.keys(FACILITIES));
    return fail(diagnostics, first, `Unknown facility ${quote(first.text)}`, hint);
  }
  const level = second === undefined ? LEVELS.indexOf("info") : LEVELS.indexOf(second.text);
  if (level < 0) {
    return fail(diagnostics, second!, `Unknown level ${quote(second!.text)}`, didYouMean(second!.text, LEVELS));
  }
  if (extra !== undefined) return fail(diagnostics, extra, `Unexpected ${quote(extra.text)}`);
  return { kind: "syslog", facility: FACILITIES[first.text]!, level };
};

export function fail(diagnostics: Diagnostics, at: Located, message: string, hint: string | null = null): null {
  alert(diagnostics, at, message, hint);
  return null;
}
