/**
 * What stands before the text of a line in each `format` of a log target: RFC 3164, RFC 5424 and haproxy's shorter kinds.
 *
 * All that does not change from line to line is put together once; dates are rendered once per second.
 */
import type { LogFormat } from "../config/haproxy/model.ts";
import { putIsoDate, putLegacyDate } from "./dates.ts";
import { type LineBuffer, putByte, putBytes, putText } from "./line_buffer.ts";

export const LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;
export const LEVEL = { emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;

export interface Identity {
  /** log-send-hostname; null: lines name no host. */
  hostname: string | null;
  /** log-tag; "": none. */
  tag: string;
  /** Of the launched process. */
  pid: number;
}

/** `structuredData`: the line's own, in `format rfc5424`; empty for none. */
export type WriteHeader = (out: LineBuffer, level: number, nowMs: number, structuredData: LineBuffer) => void;

interface Kind {
  /** What the number between < and > is made of; null: there is none. */
  priority: "facility and level" | "level" | null;
  version: string;
  date: ((out: LineBuffer, ms: number) => void) | null;
  origin: (identity: Identity) => string;
  structuredData: boolean;
}

const none = (): string => "";
const process = ({ tag, pid }: Identity): string => tag === "" ? "" : `${tag}[${pid}]: `;
const nil = (value: string | null): string => value === null || value === "" ? "-" : value;

const KINDS: Record<LogFormat, Kind> = {
  local: {
    priority: "facility and level",
    version: "",
    date: putLegacyDate,
    origin: process,
    structuredData: false,
  },
  rfc3164: {
    priority: "facility and level",
    version: "",
    date: putLegacyDate,
    origin: (identity) => `${identity.hostname ?? "localhost"} ${process(identity)}`,
    structuredData: false,
  },
  rfc5424: {
    priority: "facility and level",
    version: "1 ",
    date: putIsoDate,
    origin: (identity) => `${nil(identity.hostname)} ${nil(identity.tag)} ${identity.pid} - `,
    structuredData: true,
  },
  priority: { priority: "facility and level", version: "", date: null, origin: none, structuredData: false },
  short: { priority: "level", version: "", date: null, origin: none, structuredData: false },
  timed: { priority: "level", version: "", date: putIsoDate, origin: none, structuredData: false },
  iso: { priority: null, version: "", date: putIsoDate, origin: none, structuredData: false },
  raw: { priority: null, version: "", date: null, origin: none, structuredData: false },
};

export function compileHeader(format: LogFormat, facility: number, identity: Identity): WriteHeader {
  const { priority, version, date, origin, structuredData } = KINDS[format];
  const starts = LEVELS.map((_, level) => {
    if (priority === null) return version;
    return `<${priority === "level" ? level : facility * 8 + level}>${version}`;
  });
  const middle = origin(identity);
  return (out, level, nowMs, data) => {
    putText(out, starts[level]!);
    if (date !== null) date(out, nowMs);
    putText(out, middle);
    if (structuredData) putStructuredData(out, data);
  };
}

const BLANK = 0x20;

function putStructuredData(out: LineBuffer, data: LineBuffer): void {
  let end = data.at;
  while (end > 0 && data.bytes[end - 1] === BLANK) end--;
  if (end === 0) putByte(out, 0x2d);
  else putBytes(out, data.bytes, 0, end);
  putByte(out, BLANK);
}
