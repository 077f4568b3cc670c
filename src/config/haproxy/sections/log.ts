/** `log` targets, the formats of lines, and what else a proxy says about its log. */
import { alert, didYouMean, warning } from "../../diagnostics.ts";
import { parseDatagramAddress } from "../addresses.ts";
import { hasSide, type Load, type ProxyDraft, type Standing } from "../draft.ts";
import type { Call, Prefix, ProxyRow } from "../keywords.ts";
import type { LogFormat, LogSettings, LogTarget } from "../model.ts";
import type { Word } from "../words.ts";
import { badAddress, inside, wholeNumber } from "./arguments.ts";

const ANY = { side: "any", elsewhere: "ignored", defaults: "yes" } as const;

export const logRows: ProxyRow[] = [
  { name: "log", args: [0, Infinity], ...ANY, prefix: true, parse: log },
  {
    name: "log-tag",
    args: [1, 1],
    usage: "a tag for use in syslog",
    ...ANY,
    parse: (args, { target, load }) => {
      target.proxy.log.tag = logTag(args, load) ?? target.proxy.log.tag;
    },
  },
  { name: "log-format", args: [1, Infinity], usage: "an argument", ...ANY, parse: logFormat },
  {
    name: "log-format-sd",
    args: [1, Infinity],
    usage: "an argument",
    ...ANY,
    parse: (args, call) => lineFormat(args, call, "sdFormat", "logFormatSd"),
  },
  // For connections that fail before they are sessions, in a PROXY header or a handshake: TCP mode has neither yet.
  {
    name: "error-log-format",
    args: [1, Infinity],
    usage: "an argument",
    ...ANY,
    parse: (args, call) => lineFormat(args, call, "errorFormat", "errorLogFormat"),
  },
  { name: "unique-id-format", args: [1, Infinity], usage: "an argument", ...ANY, parse: uniqueIdFormat },
];

/** Listed in the order of their codes (RFC 5424 §6.2.1, with haproxy's names for 10 to 15). */
const FACILITIES = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"],
  ...["auth2", "ftp", "ntp", "audit", "alert", "cron2"],
  ...["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
];
const LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const FORMATS: readonly LogFormat[] = ["local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"];

/** configuration.txt, "log": of a line with its header. */
const DEFAULT_LENGTH = 1024;

function log(args: Word[], { target, load, prefix, keyword }: Call<ProxyDraft>): void {
  const made = readLog(args, keyword, prefix, load);
  if (made === "none") target.logs = [];
  else if (made !== null) target.logs.push(made);
}

/** One `log` line: a target, all the global ones, or ("no log") none of those before it. null: reported. */
export function readLog(
  args: Word[],
  keyword: Word,
  prefix: Prefix,
  load: Load,
): LogTarget | "global" | "none" | null {
  const d = load.diagnostics;
  const [address] = args;
  if (prefix === "no") {
    if (address === undefined) return "none";
    alert(d, address, "log : 'no log' does not expect arguments");
    return null;
  }
  if (address?.text === "global" && args.length === 1) return "global";
  const target = newTarget(args, load);
  if (address === undefined || args.length < 2) {
    alert(d, keyword, "log : expects <address> and <facility> or global as arguments");
    return null;
  }
  if (target === null || address.text === "global") {
    if (target !== null && args[1] !== undefined) {
      alert(d, args[1], `log : 'global' cannot handle unexpected argument '${args[1].text}'`);
    }
    return null;
  }
  target.place = address.place;
  let i = 1;
  for (; i < args.length; i += 2) {
    const setting = Object.hasOwn(SETTINGS, args[i]?.text ?? "") ? SETTINGS[args[i]?.text ?? ""] : undefined;
    if (setting === undefined) break;
    const word = args[i + 1];
    if (word === undefined) {
      alert(d, args[i] ?? address, `log : '${args[i]?.text}' expects a value`);
      return null;
    }
    if (!setting(target, word, load)) return null;
  }
  if (!readSeverities(args.slice(i), address, target, load)) return null;
  if (!args.slice(1, i).some((word, k) => k % 2 === 0 && word.text === "format")) load.unformatted.push(target);
  return target;
}

/** The settings between address and facility: true when the word was understood. */
const SETTINGS: Readonly<Record<string, (target: LogTarget, word: Word, load: Load) => boolean>> = {
  len: (target, word, load) => {
    const length = wholeNumber(word, "log ... len", load, 80, 65_535);
    target.maxLength = length ?? target.maxLength;
    return length !== null;
  },
  format: (target, word, load) => {
    const format = FORMATS.find((one) => one === word.text);
    if (format === undefined) {
      alert(load.diagnostics, word, `log : unknown log format '${word.text}'`, didYouMean(word.text, FORMATS));
      return false;
    }
    target.format = format;
    return true;
  },
  sample: (target, word, load) => {
    const sample = readSample(word.text);
    if (typeof sample !== "string") {
      target.sample = sample;
      return true;
    }
    alert(load.diagnostics, word, `log : ${sample}`);
    return false;
  },
  profile: (_target, word, load) => {
    alert(load.diagnostics, word, "'log ... profile' is not supported yet");
    return false;
  },
};

/** "1,3-5:10"; a text is what is wrong with it. */
function readSample(text: string): LogTarget["sample"] | string {
  const parts = /^([^:]+):([0-9]{1,9})$/.exec(text);
  if (parts === null) return `wrong sample '${text}': expected ranges and the sample size, such as '1,3-5:10'`;
  const size = Number(parts[2]);
  const ranges: [number, number][] = [];
  for (const part of (parts[1] ?? "").split(",")) {
    const range = /^([0-9]{1,9})(?:-([0-9]{1,9}))?$/.exec(part);
    const from = Number(range?.[1]);
    const to = Number(range?.[2] ?? range?.[1]);
    if (range === null || from < 1 || to < from) return `wrong sample range '${part}'`;
    ranges.push([from, to]);
  }
  ranges.sort((a, b) => a[0] - b[0]);
  for (let i = 1; i < ranges.length; i++) {
    if ((ranges[i]?.[0] ?? 0) <= (ranges[i - 1]?.[1] ?? 0)) return "ranges are overlapping";
  }
  const high = ranges.at(-1)?.[1] ?? 0;
  if (size < high) {
    return `sample size ${size} should be greater or equal to ${high} the maximum of the high ranges limits`;
  }
  return { size, ranges };
}

/** "<facility> [<level> [<minlevel>]]" */
function readSeverities(words: Word[], address: Word, target: LogTarget, load: Load): boolean {
  const d = load.diagnostics;
  const [facilityWord, levelWord, minimumWord, extra] = words;
  if (facilityWord === undefined) {
    alert(d, address, "log : expects <address> and <facility> or global as arguments");
    return false;
  }
  const facility = FACILITIES.indexOf(facilityWord.text);
  if (facility < 0) {
    alert(
      d,
      facilityWord,
      `log : unknown log facility '${facilityWord.text}'`,
      didYouMean(facilityWord.text, FACILITIES),
    );
    return false;
  }
  target.facility = facility;
  if (levelWord !== undefined) {
    const level = readLevel(levelWord, "level", load);
    if (level === null) return false;
    target.maxLevel = level;
  }
  if (minimumWord !== undefined) {
    const level = readLevel(minimumWord, "minimum level", load);
    if (level === null) return false;
    target.minLevel = level;
  }
  if (extra !== undefined) {
    alert(d, extra, `log : cannot handle unexpected argument '${extra.text}'`);
    return false;
  }
  return true;
}

function readLevel(word: Word, what: string, load: Load): number | null {
  const level = LEVELS.indexOf(word.text);
  if (level >= 0) return level;
  alert(load.diagnostics, word, `log : unknown optional log ${what} '${word.text}'`, didYouMean(word.text, LEVELS));
  return null;
}

const STREAMS: Readonly<Record<string, number>> = { stdout: 1, stderr: 2 };
const LATER = /^(?:ring|backend|tcp[46]?|sockpair|quic[46]?)@/;

function newTarget(args: Word[], load: Load): LogTarget | null {
  const word = args[0];
  if (word === undefined) return null;
  const target: LogTarget = {
    to: { kind: "fd", fd: STREAMS[word.text] ?? 0 },
    format: "local",
    maxLength: DEFAULT_LENGTH,
    facility: 0,
    maxLevel: 7,
    minLevel: 0,
    sample: null,
    place: word.place,
  };
  if (Object.hasOwn(STREAMS, word.text) || word.text === "global") return target;
  const later = LATER.exec(word.text);
  if (later !== null) {
    alert(load.diagnostics, inside(word, 0, later[0].length), `log : '${later[0]}' is not supported yet`);
    return null;
  }
  const parsed = parseDatagramAddress(word.text, 514);
  if ("error" in parsed) {
    badAddress(word, "log", parsed, load);
    return null;
  }
  const { value } = parsed;
  if (value.kind === "ip") target.to = { kind: "udp", host: value.host, port: value.port, family: value.family };
  else if (value.kind === "name") {
    const to = { kind: "udp" as const, host: "", port: value.port, family: 4 as const };
    target.to = to;
    load.names.push({
      name: value.name,
      family: value.family,
      at: word,
      target: to,
      who: "log",
      server: null,
      proxy: null,
    });
  } else target.to = value;
  return target;
}

export function logTag(args: Word[], load: Load): string | null {
  const word = args[0];
  if (word === undefined) return null;
  if (word.text !== "") return word.text;
  alert(load.diagnostics, word, "'log-tag' expects a tag for use in syslog");
  return null;
}

/**
 * The last of `option tcplog`, `option httplog` and `log-format` says what a line looks like; this forgets those before.
 * false: the section writes no lines of its own, and has been warned about it.
 */
export function chooseLogFormat(
  call: Call<ProxyDraft>,
  name: "option tcplog" | "option httplog" | "log-format",
): boolean {
  const { target, load, keyword } = call;
  if (!hasSide(target, "frontend")) return ignoredInBackend(call, name);
  const before = target.places.logFormat;
  if (target.section === "defaults" && before !== null) {
    warning(load.diagnostics, keyword, `'${name}' overrides previous '${before.name}' in 'defaults' section.`);
  }
  target.places.logFormat = { name, at: keyword };
  target.proxy.options.tcplog = false;
  target.proxy.options.httplog = false;
  target.proxy.options.httplogClf = false;
  target.proxy.log.format = null;
  return true;
}

function ignoredInBackend({ target, load, keyword }: Call<ProxyDraft>, name: string): boolean {
  warning(load.diagnostics, keyword, `backend '${target.proxy.name}' : '${name}' directive is ignored in backends.`);
  return false;
}

/** The one argument, or null after what is wrong has been reported; a format nobody uses is not looked into. */
function readFormat(
  args: Word[],
  { load, name }: Call<ProxyDraft>,
  used: boolean,
  where: Standing = "http log",
): Word | null {
  const [word, extra] = args;
  if (extra !== undefined) {
    alert(load.diagnostics, extra, `${name} expects only one argument, don't forget to escape spaces!`);
    return null;
  }
  if (word === undefined || !used) return word ?? null;
  const complaint = load.checks.logFormat(word.text, where);
  if (complaint === null) return word;
  alert(load.diagnostics, inside(word, complaint.offset), `failed to parse ${name} : ${complaint.message}`);
  return null;
}

function logFormat(args: Word[], call: Call<ProxyDraft>): void {
  const chosen = chooseLogFormat(call, "log-format");
  const word = readFormat(args, call, chosen);
  if (word === null || !chosen) return;
  call.target.proxy.log.format = word.text;
}

function lineFormat(
  args: Word[],
  call: Call<ProxyDraft>,
  field: keyof LogSettings & ("sdFormat" | "errorFormat"),
  place: "logFormatSd" | "errorLogFormat",
): void {
  const used = hasSide(call.target, "frontend") || ignoredInBackend(call, call.name);
  const word = readFormat(args, call, used);
  if (word === null || !used) return;
  call.target.proxy.log[field] = word.text;
  call.target.places[place] = word;
}

function uniqueIdFormat(args: Word[], call: Call<ProxyDraft>): void {
  // It is made as soon as a request is there.
  const word = readFormat(args, call, true, "frontend http-request");
  if (word !== null) call.target.proxy.log.uniqueIdFormat = word.text;
}
