/** `bind` lines and `stats socket`: addresses, and the options behind them, one row each. */
import { alert, didYouMean, warning } from "../../diagnostics.ts";
import { type BindAddress, parseBindAddresses } from "../addresses.ts";
import type { Load, ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import { BIND_NAMES } from "../language.ts";
import { nextKnown, notYet } from "../later.ts";
import type { Bind, ListenAddress } from "../model.ts";
import { parseThreadSet } from "../values.ts";
import type { Word } from "../words.ts";
import { badAddress, group, MAX_INT, milliseconds, user, value, wholeNumber } from "./arguments.ts";

export const bindRows: ProxyRow[] = [
  {
    name: "bind",
    args: [1, Infinity],
    usage: "{<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments",
    side: "frontend",
    elsewhere: "ignored",
    defaults: "no",
    parse: bind,
  },
];

/** What the options of one line say; each of its addresses becomes a Bind with a copy. */
type Settings = Omit<Bind, "address">;

interface Option {
  /** Words it takes behind its name. */
  args: 0 | 1;
  /** What is missing when they are. */
  missing?: string;
  parse(settings: Settings, word: Word, name: string, load: Load): void;
}

function flag(field: "v4v6" | "v6only" | "transparent" | "deferAccept" | "tfo"): Option {
  return {
    args: 0,
    parse: (settings) => {
      settings[field] = true;
    },
  };
}

function number(field: "maxconn" | "backlog" | "nice" | "id", min = 0, max = MAX_INT): Option {
  return {
    args: 1,
    missing: "missing value",
    parse: (settings, word, name, load) => {
      settings[field] = wholeNumber(word, name, load, min, max) ?? settings[field];
    },
  };
}

function text(field: "name" | "interface", missing: string): Option {
  return {
    args: 1,
    missing,
    parse: (settings, word) => {
      settings[field] = word.text;
    },
  };
}

const LEVELS: readonly Bind["level"][] = ["user", "operator", "admin"];

/** All act in listen.ts and the supervisor, but for those of which something else is said. */
export const BIND_OPTIONS: Readonly<Record<string, Option>> = {
  backlog: number("backlog"),
  "defer-accept": flag("deferAccept"),
  // Of a stats socket; on a proxy's line it and `level` mean nothing, to haproxy neither.
  "expose-fd": {
    args: 1,
    missing: "missing fd type, 'listeners' is the only one",
    parse: (settings, word, _name, load) => {
      if (word.text === "listeners") settings.exposeFdListeners = true;
      else alert(load.diagnostics, word, `'expose-fd' only supports 'listeners' (got '${word.text}')`);
    },
  },
  gid: {
    args: 1,
    missing: "missing value",
    parse: (settings, word, name, load) => {
      settings.unix.gid = wholeNumber(word, name, load);
    },
  },
  group: {
    args: 1,
    missing: "missing group name",
    parse: (settings, word, name, load) => {
      settings.unix.gid = group(word, name, load);
    },
  },
  id: number("id", 1),
  interface: text("interface", "missing interface name"),
  level: {
    args: 1,
    missing: "missing level",
    parse: (settings, word, _name, load) => {
      const level = LEVELS.find((one) => one === word.text);
      if (level !== undefined) settings.level = level;
      else {
        alert(
          load.diagnostics,
          word,
          `'level' only supports 'user', 'operator', and 'admin' (got '${word.text}')`,
          didYouMean(word.text, LEVELS),
        );
      }
    },
  },
  maxconn: number("maxconn"),
  mode: {
    args: 1,
    missing: "missing mode (octal integer expected)",
    parse: (settings, word, _name, load) => {
      if (/^[0-7]{1,5}$/.test(word.text)) settings.unix.mode = parseInt(word.text, 8);
      else alert(load.diagnostics, word, `'mode' : missing or wrong mode '${word.text}' (octal integer expected)`);
    },
  },
  mss: {
    args: 1,
    missing: "missing MSS value",
    parse: (settings, word, name, load) => {
      const mss = wholeNumber(word, name, load, -65_535, 65_535);
      if (mss === null) return;
      if (mss === 0) alert(load.diagnostics, word, "'mss' : expects an MSS with an absolute value between 1 and 65535");
      else if (mss < 0) {
        alert(load.diagnostics, word, "'mss' : a value to be taken off each client's is not supported yet");
      } else settings.mss = mss;
    },
  },
  name: text("name", "missing name"),
  // The order in which haproxy's scheduler runs its tasks: there is no such queue here, events are served as they come.
  nice: number("nice", -1024, 1024),
  process: {
    args: 1,
    missing: "missing value",
    parse: (settings, word, name, load) => {
      warning(
        load.diagnostics,
        word,
        `'process ${word.text}' on 'bind' lines is deprecated and will be removed in 2.7. Please use 'thread ${
          word.text.replace(/^1\//, "")
        }' instead.`,
      );
      const set = value(word, name, parseThreadSet(word.text), load);
      if (set !== null) settings.threads = set;
    },
  },
  "tcp-ut": {
    args: 1,
    missing: "missing TCP User Timeout value",
    parse: (settings, word, name, load) => {
      settings.tcpUserTimeoutMs = milliseconds(word, name, load) ?? settings.tcpUserTimeoutMs;
    },
  },
  tfo: flag("tfo"),
  thread: {
    args: 1,
    missing: "missing thread set",
    parse: (settings, word, name, load) => {
      const set = value(word, name, parseThreadSet(word.text), load);
      if (set !== null) settings.threads = set;
    },
  },
  transparent: flag("transparent"),
  uid: {
    args: 1,
    missing: "missing value",
    parse: (settings, word, name, load) => {
      settings.unix.uid = wholeNumber(word, name, load);
    },
  },
  user: {
    args: 1,
    missing: "missing user name",
    parse: (settings, word, name, load) => {
      settings.unix.uid = user(word, name, load);
    },
  },
  // IPv6 sockets take IPv4 too unless v6only is said.
  v4v6: flag("v4v6"),
  v6only: flag("v6only"),
};

const LATER: ReadonlySet<string> = new Set(BIND_NAMES.filter((name) => !Object.hasOwn(BIND_OPTIONS, name)));
/** One process serves all stats sockets: `thread` and `process` have no choice there, one limit holds for all together. */
const LATER_ON_STATS: ReadonlySet<string> = new Set([...LATER, "maxconn"]);

function bind(args: Word[], { target, load }: Call<ProxyDraft>): void {
  target.bindLines++;
  const made = readBinds(args, "bind", load);
  for (const one of made) {
    if (one.id > 0) claimId(one, args, target, load);
    target.proxy.binds.push(one);
  }
}

/** Of a line with several addresses the first one has the id written; the others are numbered like any other. */
function claimId(one: Bind, args: Word[], draft: ProxyDraft, load: Load): void {
  const word = args[args.findIndex((arg) => arg.text === "id") + 1] ?? args[0];
  if (word === undefined) return;
  const taken = draft.bindIds.get(one.id);
  if (taken === undefined) draft.bindIds.set(one.id, word);
  else if (taken === word) one.id = 0;
  else {
    alert(
      load.diagnostics,
      word,
      `'id' : custom id ${one.id} already used at ${taken.place.file}:${taken.place.line}`,
    );
  }
}

/** Addresses and options of one line; nothing when the address cannot be used. */
export function readBinds(args: Word[], name: string, load: Load): Bind[] {
  const [address, ...options] = args;
  if (address === undefined) return [];
  const parsed = parseBindAddresses(address.text);
  if ("error" in parsed) badAddress(address, name, parsed, load);
  const settings: Settings = {
    name: null,
    id: 0,
    place: address.place,
    maxconn: 0,
    backlog: 0,
    interface: null,
    v4v6: false,
    v6only: false,
    transparent: false,
    deferAccept: false,
    tfo: false,
    mss: 0,
    tcpUserTimeoutMs: 0,
    nice: 0,
    threads: null,
    unix: { mode: null, uid: null, gid: null },
    level: "operator",
    exposeFdListeners: false,
  };
  readOptions(options, settings, name, `${name} ${address.text}`, load);
  if ("error" in parsed) return [];
  const made = parsed.value.map((one): Bind => ({
    ...settings,
    unix: { ...settings.unix },
    address: listenAddress(one, address, name, load),
  }));
  if (settings.threads !== null) { for (const bind of made) load.threadSets.push({ at: address, bind }); }
  return made;
}

function readOptions(words: Word[], settings: Settings, name: string, who: string, load: Load): void {
  const d = load.diagnostics;
  const later = name === "stats socket" ? LATER_ON_STATS : LATER;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) break;
    if (later.has(word.text)) {
      notYet(load, word, `${name} ${word.text}`, `'${who}' : '${word.text}' is not supported yet`);
      i = nextKnown(words, i + 1, BIND_NAMES) - 1;
      continue;
    }
    const option = Object.hasOwn(BIND_OPTIONS, word.text) ? BIND_OPTIONS[word.text] : undefined;
    if (option === undefined) {
      // What follows may be its argument or not: the rest of the line is not judged.
      return alert(d, word, `'${who}' : unknown keyword '${word.text}'`, didYouMean(word.text, BIND_NAMES));
    }
    if (option.args === 0) {
      option.parse(settings, word, word.text, load);
      continue;
    }
    const argument = words[++i];
    if (argument === undefined) {
      return alert(d, word, `'${who}' : '${word.text}' : ${option.missing ?? "missing value"}`);
    }
    option.parse(settings, argument, word.text, load);
  }
}

function listenAddress(found: BindAddress, at: Word, name: string, load: Load): ListenAddress {
  if (found.kind !== "name") return found;
  const address = { kind: "ip" as const, family: 4 as const, host: "", port: found.port };
  load.names.push({
    name: found.name,
    family: found.family,
    at,
    target: address,
    who: `'${name}'`,
    server: null,
    proxy: null,
  });
  return address;
}
