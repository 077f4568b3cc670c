/**
 * From samples to the table: medians, spreads, ratios by pair, and whether the target holds. Pure functions.
 */
import { median } from "./parse.ts";
import { type Metric, METRICS, type Row, type Target } from "./rows.ts";

export type Sample = Partial<Record<Metric, number>>;

/** One run of each, one after the other. */
export interface Pair {
  haproxy: Sample;
  tested: Sample;
  /** Where nginx can do the row. */
  nginx?: Sample;
}

export interface Figure {
  median: number;
  min: number;
  max: number;
}

export interface Line {
  row: string;
  metric: Metric;
  haproxy: Figure;
  tested: Figure;
  nginx: Figure | null;
  /** Median of the pairs' ratios; NaN where haproxy's figure is 0. */
  ratio: number;
  target: string;
  /** Null: no target. */
  met: boolean | null;
}

/** The lines of one row's pairs, one for each of its metrics. */
export function compare(row: Row, pairs: readonly Pair[]): Line[] {
  return (Object.keys(row.metrics) as Metric[]).map((metric) => {
    const haproxy = figure(pairs.map((pair) => pair.haproxy[metric] ?? NaN));
    const tested = figure(pairs.map((pair) => pair.tested[metric] ?? NaN));
    const ratios = pairs.map((pair) => (pair.tested[metric] ?? NaN) / (pair.haproxy[metric] ?? NaN));
    const ratio = haproxy.median === 0 ? NaN : median(ratios);
    const nginx = row.nginx === undefined ? null : figure(pairs.map((pair) => pair.nginx?.[metric] ?? NaN));
    return {
      row: row.name,
      metric,
      haproxy,
      tested,
      nginx,
      ratio,
      ...judged(row.metrics[metric] ?? null, ratio, tested),
    };
  });
}

function judged(target: Target | null, ratio: number, tested: Figure): { target: string; met: boolean | null } {
  if (target === null) return { target: "", met: null };
  if ("ratio" in target) return { target: `≤ ${target.ratio.toFixed(2)}×`, met: ratio <= target.ratio };
  return { target: `≤ ${target.most}`, met: tested.median <= target.most };
}

function figure(numbers: readonly number[]): Figure {
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

export function table(lines: readonly Line[], testedName: string): string {
  const rows = lines.map((line, index) => [
    line.row === lines[index - 1]?.row ? "" : line.row,
    METRICS[line.metric],
    spread(line.haproxy),
    spread(line.tested),
    line.nginx === null || Number.isNaN(line.nginx.median) ? "" : spread(line.nginx),
    Number.isFinite(line.ratio) ? line.ratio.toFixed(2) : "-",
    line.target,
    line.met === null ? "" : line.met ? "held" : "MISSED",
  ]);
  const all = [["row", "measure", "haproxy", testedName, "nginx", "ratio", "target", ""], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? "").length)));
  return all.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join(
    "\n",
  );
}

function spread({ median, min, max }: Figure): string {
  return min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

function short(value: number): string {
  if (Number.isInteger(value) || value >= 1_000) return String(Math.round(value));
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
