/**
 * The dates of log lines and syslog headers. A second is rendered once: lines of the same second share its text.
 */
import { type LineBuffer, putByte, putPadded, putText } from "./line_buffer.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DOT = 0x2e;

const two = (value: number): string => String(value).padStart(2, "0");
const clock = (hours: number, minutes: number, seconds: number): string =>
  `${two(hours)}:${two(minutes)}:${two(seconds)}`;

/** East of Greenwich is positive, as written after a time. */
function offset(date: Date, between: string): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${between}${two(size % 60)}`;
}

const dayOf = (date: Date): string => `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
const timeOf = (date: Date): string => clock(date.getHours(), date.getMinutes(), date.getSeconds());

/** Sessions end in another order than they began: the last 64 seconds asked for are kept, not only one. */
const SLOTS = 64;

function perSecond(render: (date: Date) => string): (ms: number) => string {
  const seconds = new Float64Array(SLOTS).fill(NaN);
  const texts: string[] = new Array(SLOTS).fill("");
  return (ms) => {
    const second = Math.floor(ms / 1000);
    const slot = second & (SLOTS - 1);
    if (seconds[slot] !== second) {
      seconds[slot] = second;
      texts[slot] = render(new Date(second * 1000));
    }
    return texts[slot]!;
  };
}

const accepted = perSecond((date) => `${dayOf(date)}:${timeOf(date)}`);
const local = perSecond((date) => `${dayOf(date)}:${timeOf(date)} ${offset(date, "")}`);
const gmt = perSecond((date) =>
  `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:` +
  `${clock(date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds())} +0000`
);
const legacy = perSecond((date) => `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${timeOf(date)} `);
const isoSecond = perSecond((date) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${timeOf(date)}`
);
const isoOffset = perSecond((date) => `${offset(date, ":")} `);

/** %t: `20/Nov/2026:08:56:48.817`, local time. */
export function putAcceptDate(out: LineBuffer, ms: number): void {
  putText(out, accepted(ms));
  putByte(out, DOT);
  putPadded(out, Math.floor(ms % 1000), 3);
}

/** %T: `20/Nov/2026:08:56:48 +0000`. */
export function putGmtDate(out: LineBuffer, ms: number): void {
  putText(out, gmt(ms));
}

/** %Tl: the same with the local time and its distance from GMT. */
export function putLocalDate(out: LineBuffer, ms: number): void {
  putText(out, local(ms));
}

/** RFC 3164 §4.1.2, a blank after it: `Nov 20 08:56:48 `. */
export function putLegacyDate(out: LineBuffer, ms: number): void {
  putText(out, legacy(ms));
}

/** RFC 3339 with microseconds, a blank after it: `2026-11-20T08:56:49.019479+00:00 `. */
export function putIsoDate(out: LineBuffer, ms: number): void {
  putText(out, isoSecond(ms));
  putByte(out, DOT);
  putPadded(out, Math.floor((ms % 1000) * 1000), 6);
  putText(out, isoOffset(ms));
}
