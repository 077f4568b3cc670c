/** Keywords of the global section: the process, its limits, its stats socket, its environment. */
import { dirname } from "node:path/posix";
import { alert, notice } from "../../diagnostics.ts";
import type { GlobalDraft } from "../draft.ts";
import { presetenv, resetenv, setenv, unsetenv } from "../environment.ts";
import { type Call, type Row, table } from "../keywords.ts";
import { GLOBAL_NAMES, REMOVED_GLOBAL } from "../language.ts";
import type { Global } from "../model.ts";
import type { Word } from "../words.ts";
import { bytes, group, MAX_INT, milliseconds, user, wholeNumber } from "./arguments.ts";
import { readBinds } from "./bind.ts";
import { logTag, readLog } from "./log.ts";

type Parse = (args: Word[], call: Call<GlobalDraft>) => void;

/** As many as the board has rows for. */
const MAX_THREADS = 64;

/** What haproxy can address in a message: it has to stay below 256 MB. */
const MAX_BUFSIZE = (256 << 20) - 1;

const rows: Row<GlobalDraft>[] = [
  { name: "daemon", args: [0, 0], parse: flag("daemon") },
  { name: "master-worker", args: [0, 1], parse: masterWorker },
  { name: "quiet", args: [0, 0], parse: flag("quiet") },
  { name: "zero-warning", args: [0, 0], parse: flag("zeroWarning") },
  {
    name: "strict-limits",
    args: [0, 0],
    prefix: true,
    parse: (_args, { target, prefix }) => {
      target.global.strictLimits = prefix !== "no";
    },
  },

  { name: "nbthread", args: [1, 1], usage: "a number of threads", parse: number("nbthread", 1, MAX_THREADS) },
  { name: "maxconn", args: [1, 1], usage: "an integer argument", parse: once(number("maxconn")) },
  { name: "maxconnrate", args: [1, 1], usage: "an integer argument", parse: once(number("maxconnrate")) },
  { name: "maxsessrate", args: [1, 1], usage: "an integer argument", parse: once(number("maxsessrate")) },
  { name: "ulimit-n", args: [1, 1], usage: "an integer argument", parse: once(number("ulimitN")) },

  { name: "hard-stop-after", args: [1, 1], usage: "<time> as argument", parse: hardStopAfter },
  { name: "grace", args: [1, 1], usage: "<time> as argument", parse: time("graceMs") },
  // Of idle HTTP connections; those of TCP mode last until one side ends them, with haproxy too.
  { name: "close-spread-time", args: [1, 1], usage: "<time> or 'infinite' as argument", parse: closeSpreadTime },

  { name: "user", args: [1, 1], usage: "a user name", parse: firstId("uid", userName) },
  { name: "group", args: [1, 1], usage: "a group name", parse: firstId("gid", groupName) },
  { name: "uid", args: [1, 1], usage: "an integer argument", parse: firstId("uid", number("uid")) },
  { name: "gid", args: [1, 1], usage: "an integer argument", parse: firstId("gid", number("gid")) },
  { name: "chroot", args: [1, 1], usage: "a directory as an argument", parse: once(text("chroot")) },
  { name: "pidfile", args: [1, 1], usage: "a file name as an argument", parse: once(text("pidfile")) },
  { name: "node", args: [1, 1], usage: "a name", parse: node },
  {
    name: "description",
    args: [1, Infinity],
    usage: "a string argument",
    parse: (args, { target }) => {
      target.global.description = args.map((word) => word.text).join(" ");
    },
  },

  { name: "log", args: [0, Infinity], prefix: true, parse: log },
  {
    name: "log-tag",
    args: [1, 1],
    usage: "a tag for use in syslog",
    parse: (args, { target, load }) => {
      target.global.logTag = logTag(args, load) ?? target.global.logTag;
    },
  },
  {
    name: "log-send-hostname",
    args: [0, 1],
    usage: "[<name>]",
    parse: (args, { target }) => {
      target.global.logSendHostname = args[0]?.text ?? "";
    },
  },

  { name: "stats socket", args: [1, Infinity], usage: "an address or a path to a UNIX socket", parse: statsSocket },
  { name: "stats timeout", args: [1, 1], usage: "a time such as 30s", parse: time("statsTimeoutMs") },
  { name: "stats maxconn", args: [1, 1], usage: "a positive value", parse: number("statsMaxconn", 1) },

  {
    name: "spread-checks",
    args: [1, 1],
    usage: "an integer argument (0..50)",
    parse: once(number("spreadChecks", 0, 50)),
  },
  { name: "max-spread-checks", args: [1, 1], usage: "an integer delay", parse: time("maxSpreadChecksMs") },

  { name: "setenv", args: [2, 2], usage: "a name and a value", parse: environment(setenv) },
  { name: "presetenv", args: [2, 2], usage: "a name and a value", parse: environment(presetenv) },
  {
    name: "unsetenv",
    args: [1, Infinity],
    usage: "at least one variable name",
    parse: (args, { load }) => unsetenv(load.environment, args.map((word) => word.text)),
  },
  {
    name: "resetenv",
    args: [0, Infinity],
    parse: (args, { load }) => resetenv(load.environment, args.map((word) => word.text)),
  },
  { name: "default-path", args: [1, 2], usage: "'current', 'config', 'parent' or 'origin'", parse: defaultPath },

  { name: "tune.bufsize", args: [1, 1], usage: "a size in bytes", parse: size("bufsize", 1024, MAX_BUFSIZE) },
  { name: "tune.maxrewrite", args: [1, 1], usage: "a size in bytes", parse: size("maxrewrite", 0) },
  { name: "tune.http.maxhdr", args: [1, 1], usage: "an integer argument", parse: tune("httpMaxhdr", 1, 32_767) },
  { name: "tune.http.logurilen", args: [1, 1], usage: "an integer argument", parse: tune("httpLogurilen", 0, MAX_INT) },
  { name: "tune.http.cookielen", args: [1, 1], usage: "an integer argument", parse: tune("httpCookielen", 0, MAX_INT) },
  {
    name: "tune.maxaccept",
    args: [1, 1],
    usage: "an integer argument",
    parse: tune("maxaccept", -1, MAX_INT),
  },
  { name: "tune.rcvbuf.client", args: [1, 1], usage: "a size in bytes", parse: once(size("rcvbufClient", 0)) },
  { name: "tune.rcvbuf.server", args: [1, 1], usage: "a size in bytes", parse: once(size("rcvbufServer", 0)) },
  { name: "tune.sndbuf.client", args: [1, 1], usage: "a size in bytes", parse: once(size("sndbufClient", 0)) },
  { name: "tune.sndbuf.server", args: [1, 1], usage: "a size in bytes", parse: once(size("sndbufServer", 0)) },
];

export const globalTable = table(rows, GLOBAL_NAMES, REMOVED_GLOBAL);

/** The first value stands, and a second one is said to be without effect. */
function once(parse: Parse): Parse {
  return (args, call) => {
    if (call.target.seen.has(call.name)) {
      return notice(call.load.diagnostics, call.keyword, `'${call.name}' already specified. Continuing.`);
    }
    call.target.seen.set(call.name, call.keyword);
    parse(args, call);
  };
}

/** The same for an id, which `user` and `uid` (`group` and `gid`) both give; root's counts as none. */
function firstId(field: "uid" | "gid", parse: Parse): Parse {
  return (args, call) => {
    if ((call.target.global[field] ?? 0) === 0) return parse(args, call);
    const names = field === "uid" ? "user/uid" : "gid/group was";
    notice(call.load.diagnostics, call.keyword, `${names} already specified. Continuing.`);
  };
}

function flag(field: "daemon" | "quiet" | "zeroWarning"): Parse {
  return (_args, { target }) => {
    target.global[field] = true;
  };
}

type NumberField = {
  [K in keyof Global]: Global[K] extends number | null ? (number extends Global[K] ? K : never) : never;
}[keyof Global];

function number(field: NumberField, min = 0, max = MAX_INT): Parse {
  return (args, { target, load, name }) => {
    const value = args[0] === undefined ? null : wholeNumber(args[0], name, load, min, max);
    if (value !== null) target.global[field] = value;
  };
}

function time(field: "graceMs" | "statsTimeoutMs" | "maxSpreadChecksMs"): Parse {
  return (args, { target, load, name }) => {
    const value = args[0] === undefined ? null : milliseconds(args[0], name, load);
    if (value !== null) target.global[field] = value;
  };
}

function text(field: "chroot" | "pidfile"): Parse {
  return (args, { target }) => {
    target.global[field] = args[0]?.text ?? null;
  };
}

function size(field: keyof Global["tune"], min: number, max = MAX_INT): Parse {
  return (args, { target, load, name }) => {
    const value = args[0] === undefined ? null : bytes(args[0], name, load, min, max);
    if (value !== null) target.global.tune[field] = value;
  };
}

function tune(field: keyof Global["tune"], min: number, max: number): Parse {
  return (args, { target, load, name }) => {
    const value = args[0] === undefined ? null : wholeNumber(args[0], name, load, min, max);
    if (value !== null) target.global.tune[field] = value;
  };
}

function masterWorker(args: Word[], { target, load }: Call<GlobalDraft>): void {
  const word = args[0];
  if (word?.text === "no-exit-on-failure") {
    return alert(load.diagnostics, word, "'master-worker no-exit-on-failure' is not supported yet");
  }
  if (word !== undefined) {
    return alert(
      load.diagnostics,
      word,
      `'master-worker' only supports 'no-exit-on-failure' option (got '${word.text}')`,
    );
  }
  target.global.masterWorker = true;
}

function hardStopAfter(args: Word[], { target, load, name }: Call<GlobalDraft>): void {
  const value = args[0] === undefined ? null : milliseconds(args[0], name, load);
  if (value !== null) target.global.hardStopAfterMs = value === 0 ? null : value;
}

function closeSpreadTime(args: Word[], { target, load, name }: Call<GlobalDraft>): void {
  const word = args[0];
  if (word === undefined) return;
  const value = word.text === "infinite" ? -1 : milliseconds(word, name, load);
  if (value !== null) target.global.closeSpreadMs = value;
}

function userName(args: Word[], { target, load }: Call<GlobalDraft>): void {
  const word = args[0];
  const uid = word === undefined ? null : user(word, "user", load);
  if (word === undefined || uid === null) return;
  target.global.uid = uid;
}

function groupName(args: Word[], { target, load }: Call<GlobalDraft>): void {
  const word = args[0];
  const gid = word === undefined ? null : group(word, "group", load);
  if (word === undefined || gid === null) return;
  target.global.gid = gid;
}

function node(args: Word[], { target, load }: Call<GlobalDraft>): void {
  const word = args[0];
  if (word === undefined) return;
  if (/^[A-Za-z0-9._-]+$/.test(word.text)) target.global.node = word.text;
  else {
    alert(
      load.diagnostics,
      word,
      `'node' requires a valid node name: digits, letters, dot, hyphen or underscore (got '${word.text}')`,
    );
  }
}

function log(args: Word[], { target, load, prefix, keyword }: Call<GlobalDraft>): void {
  const made = readLog(args, keyword, prefix, load);
  if (made === "none") target.global.logTargets = [];
  else if (made === "global") {
    alert(load.diagnostics, args[0] ?? keyword, "log : 'global' is not supported for a global syslog server");
  } else if (made !== null) target.global.logTargets.push(made);
}

/** "stats socket <address>[,...] [mode 660] [level admin] ...": bind's own options. */
function statsSocket(args: Word[], { target, load }: Call<GlobalDraft>): void {
  const made = readBinds(args, "stats socket", load);
  for (const bind of made) bind.id = target.global.statsSockets.push(bind);
}

function environment(change: (env: Map<string, string>, name: string, value: string) => string | null): Parse {
  return (args, { load }) => {
    const [name, value] = args;
    if (name === undefined || value === undefined) return;
    const problem = change(load.environment, name.text, value.text);
    if (problem !== null) alert(load.diagnostics, name, problem);
  };
}

/** From which directory relative file names are read, from this line on. */
function defaultPath(args: Word[], { load }: Call<GlobalDraft>): void {
  const [mode, origin] = args;
  if (mode === undefined) return;
  const d = load.diagnostics;
  if (mode.text === "origin") {
    if (origin === undefined) return alert(d, mode, "'default-path origin' expects a directory as an argument");
    load.directory = () => origin.text;
    return;
  }
  if (origin !== undefined) {
    return alert(d, origin, `'default-path ${mode.text}' cannot handle unexpected argument '${origin.text}'`);
  }
  if (mode.text === "current") load.directory = () => "";
  else if (mode.text === "config") load.directory = (at) => dirname(at.place.file);
  else if (mode.text === "parent") load.directory = (at) => `${dirname(at.place.file)}/..`;
  else {
    alert(
      d,
      mode,
      `unsupported default-path mode '${mode.text}' for 'default-path', supported modes include 'current', 'config', 'parent', and 'origin'`,
    );
  }
}
