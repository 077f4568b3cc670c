/**
 * Values as haproxy's keywords take them: times, sizes, numbers, thread sets, on/off. Each reader returns the value or
 * what is wrong with the text, as the whole message of a diagnostic; none throws.
 */
import { didYouMean, quote } from "../diagnostics.ts";

export type Parsed<T> = { value: T } | { error: string; hint: string | null };

function wrong(error: string, hint: string | null = null): { error: string; hint: string | null } {
  return { error, hint };
}

export type TimeUnit = "us" | "ms" | "s" | "m" | "h" | "d";

/** In microseconds, so that every quotient is exact. */
const UNITS: Readonly<Record<TimeUnit, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** haproxy keeps times in a signed 32-bit number of their unit. */
export const MAX_TIME = 2_147_483_647;

/**
 * A time in the unit asked for, which is also what a bare number means; configuration.txt 2.5.
 *
 * A part of a unit counts as a whole one: 1us is 1 ms, never 0, which would mean for ever.
 */
export function parseTime(text: string, unit: TimeUnit = "ms"): Parsed<number> {
  const parts = /^([0-9]+)([A-Za-z]*)(.*)$/s.exec(text);
  const expected = "expected a number with us, ms, s, m, h or d behind it";
  if (parts === null) return wrong(`Cannot read time ${quote(text)}: ${expected}`);
  const [, digits = "", suffix = "", rest = ""] = parts;
  if (rest !== "") return wrong(`Unexpected ${quote(rest)} in time ${quote(text)}: ${expected}`);
  if (suffix !== "" && !Object.hasOwn(UNITS, suffix)) {
    const lower = suffix.toLowerCase();
    const hint = Object.hasOwn(UNITS, lower) ? `Did you mean "${digits}${lower}"?` : null;
    return wrong(`Unknown unit ${quote(suffix)} in time ${quote(text)}: ${expected}`, hint);
  }
  const factor = UNITS[suffix === "" ? unit : suffix as TimeUnit];
  const value = Math.ceil(Number(digits) * factor / UNITS[unit]);
  if (value > MAX_TIME) {
    const days = Math.floor(MAX_TIME * UNITS[unit] / UNITS.d * 10) / 10;
    return wrong(`Timer overflow in ${quote(text)}: at most ${MAX_TIME} ${unit} or about ${days} days`);
  }
  return { value };
}

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** Bytes (or entries) with an optional k, m or g; powers of 1024. */
export function parseSize(text: string, range: { min?: number; max?: number } = {}): Parsed<number> {
  const { min = 0, max = 0xffff_ffff } = range;
  const parts = /^([0-9]+)([kKmMgG]?)$/.exec(text);
  if (parts === null) {
    return wrong(`Cannot read size ${quote(text)}: expected a number, with k, m or g behind it or nothing`);
  }
  const value = Number(parts[1]) * (FACTORS[(parts[2] ?? "").toLowerCase()] ?? 1);
  return inRange(text, value, min, max, "size");
}

/** A whole number; decimal digits only, so that nothing behind them is lost. */
export function parseInteger(text: string, range: { min?: number; max?: number } = {}): Parsed<number> {
  const { min = 0, max = MAX_TIME } = range;
  if (!/^[+-]?[0-9]+$/.test(text)) {
    return wrong(`Cannot read number ${quote(text)}: expected a whole number from ${min} to ${max}`);
  }
  return inRange(text, Number(text), min, max, "number");
}

/** "30" or "30%". */
export function parsePercentage(text: string, range: { min?: number; max?: number } = {}): Parsed<number> {
  const { min = 0, max = 100 } = range;
  const digits = /^([0-9]+)%?$/.exec(text)?.[1];
  if (digits === undefined) {
    return wrong(`Cannot read percentage ${quote(text)}: expected ${min} to ${max}, with or without %`);
  }
  return inRange(text, Number(digits), min, max, "percentage");
}

function inRange(text: string, value: number, min: number, max: number, what: string): Parsed<number> {
  if (value >= min && value <= max) return { value };
  return wrong(`Cannot use ${what} ${quote(text)}: must be ${min} to ${max}`);
}

export function parseOnOff(text: string): Parsed<boolean> {
  return parseChoice(text, { on: true, off: false });
}

/** One word of a table. */
export function parseChoice<T>(text: string, choices: Readonly<Record<string, T>>): Parsed<T> {
  if (Object.hasOwn(choices, text)) return { value: choices[text] as T };
  const known = Object.keys(choices);
  const expected = known.length === 1 ? `"${known[0]}"` : `one of ${known.map((one) => `"${one}"`).join(", ")}`;
  return wrong(`Unknown word ${quote(text)}: expected ${expected}`, didYouMean(text, known));
}

/** haproxy's MAX_THREADS on 64-bit machines: what a set may name before the number of threads is known. */
export const MAX_THREADS = 64;

/**
 * A set of threads or processes: "all", "odd", "even", "3", "1-4", "2-", several with commas; "1/…" names the thread
 * group, of which there is one. Ascending without doubles; null: all.
 */
export function parseThreadSet(text: string, max: number = MAX_THREADS): Parsed<number[] | null> {
  const slash = text.indexOf("/");
  if (slash >= 0 && text.slice(0, slash) !== "1") {
    return wrong(`Cannot use thread group ${quote(text.slice(0, slash))}: there is group 1 alone`);
  }
  const set = new Set<number>();
  let all = false;
  for (const part of text.slice(slash + 1).split(",")) {
    if (part === "all") {
      all = true;
    } else if (part === "odd" || part === "even") {
      for (let n = part === "odd" ? 1 : 2; n <= max; n += 2) set.add(n);
    } else {
      const range = /^([0-9]{1,6})(?:(-)([0-9]{0,6}))?$/.exec(part);
      if (range === null) {
        const expected = 'expected numbers like "1" or "1-4", "all", "odd" or "even"';
        return wrong(`Cannot read threads ${quote(part)}: ${expected}`, didYouMean(part, ["all", "odd", "even"]));
      }
      const from = Number(range[1]);
      const to = range[2] === undefined ? from : range[3] === "" ? max : Number(range[3]);
      if (Math.min(from, to) < 1 || Math.max(from, to) > max) {
        return wrong(`Cannot use threads ${quote(part)}: must be 1 to ${max}`);
      }
      for (let n = Math.min(from, to); n <= Math.max(from, to); n++) set.add(n);
    }
  }
  return { value: all ? null : [...set].sort((a, b) => a - b) };
}
