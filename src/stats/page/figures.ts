/** How the page writes names and figures: escaped, short, and as wide as their column. ASCII only, so one byte a character. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text and for quoted attributes alike. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => ENTITIES[mark]!);

const UNITS = ["k", "M", "G", "T", "P", "E"] as const;

/** Up to five characters: all digits below 10000, then three of them and a unit of 1000. */
export function short(amount: number): string {
  if (amount < 10_000) return String(Math.round(amount));
  let rest = amount;
  let unit = -1;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit++;
  }
  const digits = rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0;
  return Number(rest.toFixed(digits)) + UNITS[unit]!;
}

const two = (amount: number): string => String(amount).padStart(2, "0");

/** The two greatest units: `12s`, `4m07s`, `3h09m`, `12d03h`, `812d`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (seconds < 86_400) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 2400 ? `${Math.floor(hours / 24)}d${two(hours % 24)}h` : `${Math.floor(hours / 24)}d`;
}

/** `1 server`, `2 servers` */
export const counted = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? "" : "s"}`;

/** `830 bit/s`, `276 Mbit/s` */
export function bitRate(bytesPerSecond: number): string {
  const [, digits = "", unit = ""] = /^([0-9.]+)([a-zA-Z]?)$/.exec(short(bytesPerSecond * 8)) ?? [];
  return `${digits} ${unit}bit/s`;
}
