/** How far a replica may lag: in bytes of its log, or in time. Pure. */

export type LagLimit = { unit: "bytes" | "seconds"; value: number };

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  k: 1 << 10,
  kb: 1 << 10,
  m: 1 << 20,
  mb: 1 << 20,
  g: 1 << 30,
  gb: 1 << 30,
  tb: 2 ** 40,
};
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };

/** "16MB", "10s"; `bare` is what a number alone counts. null: it cannot be read. */
export function parseLag(text: string, bare: LagLimit["unit"]): LagLimit | null {
  const parts = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)([A-Za-z]*)$/.exec(text);
  if (parts === null) return null;
  const number = Number(parts[1]);
  const unit = parts[2]!.toLowerCase();
  if (unit === "") return { unit: bare, value: number };
  if (Object.hasOwn(SECONDS, unit)) return { unit: "seconds", value: number * SECONDS[unit]! };
  return Object.hasOwn(BYTES, unit) ? { unit: "bytes", value: number * BYTES[unit]! } : null;
}
