/**
 * Reads what wrk and h2load print, and the arithmetic of runs: pure functions.
 */

export interface WrkResult {
  requests: number;
  rate: number;
  p50Ms: number;
  p99Ms: number;
  /** Failed connects, reads, writes, timeouts, and answers that are not 2xx or 3xx. */
  errors: number;
}

const UNIT_MS: Record<string, number> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** Reads the output of `wrk --latency`. */
export function parseWrk(text: string): WrkResult {
  const percentile = (percent: number) => {
    const [, value, unit] = new RegExp(`^ *${percent}% +([0-9.]+)(us|ms|s|m)$`, "m").exec(text) ?? [];
    return Number(value) * (UNIT_MS[unit ?? ""] ?? NaN);
  };
  const requests = /^ *([0-9]+) requests in /m.exec(text)?.[1];
  const rate = /^Requests\/sec: +([0-9.]+)$/m.exec(text)?.[1];
  if (requests === undefined || rate === undefined) throw new SyntaxError(`Cannot read wrk's output:\n${text}`);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const status = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? "0";
  return {
    requests: Number(requests),
    rate: Number(rate),
    p50Ms: percentile(50),
    p99Ms: percentile(99),
    errors: [...socket, status].reduce((sum, count) => sum + Number(count), 0),
  };
}

export interface PacedResult {
  requests: number;
  p50Ms: number;
  p99Ms: number;
  errors: number;
}

/** Reads h2load's --log-file: start in us, status, duration in us, separated by tabs. */
export function parseH2loadLog(text: string): PacedResult {
  const times: number[] = [];
  let errors = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, status, duration] = line.split("\t");
    if (status === "200") times.push(Number(duration) / 1_000);
    else errors += 1;
  }
  if (times.length === 0) throw new SyntaxError("Cannot find a request in h2load's log");
  times.sort((a, b) => a - b);
  return { requests: times.length, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), errors };
}

/** Of numbers in ascending order; between two neighbours the straight line. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers.toSorted((a, b) => a - b), 0.5);
}
