/**
 * strftime(3) of the C locale, compiled once per format. Dates are whole seconds since 1970, in UTC or local time.
 */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** A moment taken apart, as struct tm. */
interface Moment {
  year: number;
  /** 0–11. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
  /** Day of the year, 0–365. */
  yearDay: number;
  epoch: number;
  /** Minutes east of Greenwich. */
  offset: number;
  zone: string;
}

/** What a letter writes: text, or a number with its usual width and what fills it. */
type Spec = ((m: Moment) => string) | { width: number; fill: "0" | " " | ""; of: (m: Moment) => number };

const two = (of: (m: Moment) => number): Spec => ({ width: 2, fill: "0", of });
const blank = (of: (m: Moment) => number): Spec => ({ width: 2, fill: " ", of });
const plain = (of: (m: Moment) => number): Spec => ({ width: 1, fill: "", of });

const hour12 = (m: Moment) => m.hour % 12 || 12;
const mod = (a: number, b: number) => ((a % b) + b) % b;
/** Weeks begun by the given weekday that the year has seen. */
const week = (m: Moment, first: number) => Math.floor((m.yearDay + 7 - mod(m.weekday - first, 7)) / 7);

/** ISO 8601: the week belongs to the year that holds its Thursday. */
function isoWeek(m: Moment): { year: number; week: number } {
  const thursday = Date.UTC(m.year, m.month, m.day + 3 - mod(m.weekday - 1, 7));
  const year = new Date(thursday).getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) };
}

const SPECS: Readonly<Record<string, Spec>> = {
  a: (m) => DAYS[m.weekday]!.slice(0, 3),
  A: (m) => DAYS[m.weekday]!,
  b: (m) => MONTHS[m.month]!.slice(0, 3),
  B: (m) => MONTHS[m.month]!,
  c: (m) => whole("%a %b %e %H:%M:%S %Y", m),
  C: two((m) => Math.floor(m.year / 100)),
  d: two((m) => m.day),
  D: (m) => whole("%m/%d/%y", m),
  e: blank((m) => m.day),
  F: (m) => whole("%Y-%m-%d", m),
  g: two((m) => mod(isoWeek(m).year, 100)),
  G: plain((m) => isoWeek(m).year),
  h: (m) => MONTHS[m.month]!.slice(0, 3),
  H: two((m) => m.hour),
  I: two(hour12),
  j: { width: 3, fill: "0", of: (m) => m.yearDay + 1 },
  k: blank((m) => m.hour),
  l: blank(hour12),
  m: two((m) => m.month + 1),
  M: two((m) => m.minute),
  n: () => "\n",
  p: (m) => m.hour < 12 ? "AM" : "PM",
  P: (m) => m.hour < 12 ? "am" : "pm",
  r: (m) => whole("%I:%M:%S %p", m),
  R: (m) => whole("%H:%M", m),
  s: plain((m) => m.epoch),
  S: two((m) => m.second),
  t: () => "\t",
  T: (m) => whole("%H:%M:%S", m),
  u: plain((m) => m.weekday || 7),
  U: two((m) => week(m, 0)),
  V: two((m) => isoWeek(m).week),
  w: plain((m) => m.weekday),
  W: two((m) => week(m, 1)),
  x: (m) => whole("%m/%d/%y", m),
  X: (m) => whole("%H:%M:%S", m),
  y: two((m) => mod(m.year, 100)),
  Y: plain((m) => m.year),
  z(m) {
    const east = Math.abs(m.offset);
    const digits = String(Math.floor(east / 60) * 100 + (east % 60)).padStart(4, "0");
    return (m.offset < 0 ? "-" : "+") + digits;
  },
  Z: (m) => m.zone,
  "%": () => "%",
};

type Part = string | ((m: Moment) => string);

/** `%`, flags (- _ 0 ^ #), a width, E or O, a letter. What is none of these stays as written. */
const DIRECTIVE = /%([-_0^#]*)(\d*)[EO]?([A-Za-z%])/g;

const compiled = new Map<string, Part[]>();

function compile(format: string): Part[] {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const parts: Part[] = [];
  let from = 0;
  for (const match of format.matchAll(DIRECTIVE)) {
    const spec = SPECS[match[3]!];
    if (spec === undefined) continue;
    parts.push(format.slice(from, match.index), directive(spec, match[1]!, match[2]!, match[3]!));
    from = match.index + match[0].length;
  }
  parts.push(format.slice(from));
  compiled.set(format, parts);
  return parts;
}

function directive(spec: Spec, flags: string, width: string, letter: string): Part {
  const flag = /[-_0]/.exec(flags.split("").reverse().join(""))?.[0];
  const numeric = typeof spec !== "function";
  const fill = flag === "-" ? "" : flag === "_" ? " " : flag === "0" ? "0" : numeric ? spec.fill || "0" : " ";
  const least = Number(width) || (numeric && flag !== "-" ? spec.width : 0);
  return (m) => {
    let text = numeric ? String(spec.of(m)) : spec(m);
    if (flags.includes("^")) text = text.toUpperCase();
    else if (flags.includes("#")) text = letter === "Z" || letter === "p" ? text.toLowerCase() : text.toUpperCase();
    return fill === "" ? text : text.padStart(least, fill);
  };
}

function whole(format: string, moment: Moment): string {
  let out = "";
  for (const part of compile(format)) out += typeof part === "string" ? part : part(moment);
  return out;
}

/** Seconds on either side of 1970 that a Date can hold. */
const FARTHEST = 8_640_000_000_000;

function moment(seconds: number, local: boolean): Moment | undefined {
  if (Math.abs(seconds) > FARTHEST) return undefined;
  const date = new Date(seconds * 1000);
  const offset = local ? -date.getTimezoneOffset() : 0;
  const shown = new Date((seconds + offset * 60) * 1000);
  const year = shown.getUTCFullYear();
  return {
    year,
    month: shown.getUTCMonth(),
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    weekday: shown.getUTCDay(),
    yearDay: Math.floor((shown.getTime() - new Date(0).setUTCFullYear(year, 0, 1)) / 86_400_000),
    epoch: seconds,
    offset,
    zone: local ? zoneName(date) : "GMT",
  };
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** undefined: the date is beyond what a calendar here can hold. */
export function compileDate(format: string, local: boolean): (seconds: number) => string | undefined {
  compile(format);
  return (seconds) => {
    const when = moment(seconds, local);
    return when === undefined ? undefined : whole(format, when);
  };
}
