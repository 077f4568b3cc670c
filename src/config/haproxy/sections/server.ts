/** `server`, `default-server` and `server-template`: the servers of a backend and their parameters, one row each. */
import { isIP } from "node:net";
import { alert, didYouMean } from "../../diagnostics.ts";
import { parseServerAddress } from "../addresses.ts";
import { type Load, type ProxyDraft, title } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import { SERVER_NAMES } from "../language.ts";
import { nextKnown, notYet } from "../later.ts";
import type { Server } from "../model.ts";
import type { Word } from "../words.ts";
import { badAddress, inside, MAX_INT, milliseconds, wholeNumber } from "./arguments.ts";
import { readSource } from "./source.ts";

const BACKEND = { side: "backend", elsewhere: "refused" } as const;

export const serverRows: ProxyRow[] = [
  {
    name: "server",
    args: [2, Infinity],
    usage: "<name> and <addr>[:<port>] as arguments",
    ...BACKEND,
    defaults: "no",
    parse: server,
  },
  {
    name: "server-template",
    args: [3, Infinity],
    usage: "<prefix> <nb | range> <addr>[:<port>] as arguments",
    ...BACKEND,
    defaults: "no",
    parse: serverTemplate,
  },
  { name: "default-server", args: [0, Infinity], ...BACKEND, defaults: "yes", parse: defaultServer },
];

/** What the parameters fill. */
interface Settings {
  server: Server;
  initAddr: string[];
  /** Where `id` stands, if it does. */
  idAt: Word | null;
  load: Load;
}

interface Parameter {
  args: 0 | 1;
  /** Its argument, for messages. */
  usage?: string;
  /** May it stand in `default-server`? */
  onlyServer?: boolean;
  /** `rest` begins with the argument; a parameter that takes more words than its own says how many. */
  parse(settings: Settings, word: Word, name: string, rest: Word[]): number | void;
}

function set(field: "backup" | "check" | "disabled" | "tfo", to: boolean): Parameter {
  return {
    args: 0,
    parse: ({ server }) => {
      server[field] = to;
    },
  };
}

type NumberField =
  | ("checkPort" | "weight" | "maxconn" | "minconn" | "maxqueue" | "rise" | "fall")
  | ("maxReuse" | "poolLowConn" | "poolMaxConn");

function number(
  field: NumberField,
  min = 0,
  max = MAX_INT,
): Parameter {
  return {
    args: 1,
    usage: `a whole number from ${min} to ${max}`,
    parse: ({ server, load }, word, name) => {
      server[field] = wholeNumber(word, name, load, min, max) ?? server[field];
    },
  };
}

function time(
  field: "interMs" | "fastinterMs" | "downinterMs" | "poolPurgeDelayMs" | "tcpUserTimeoutMs",
  least: number,
): Parameter {
  return {
    args: 1,
    usage: "a time such as 2s",
    parse: ({ server, load }, word, name) => {
      server[field] = milliseconds(word, name, load, "ms", least) ?? server[field];
    },
  };
}

export const SERVER_PARAMETERS: Readonly<Record<string, Parameter>> = {
  addr: { args: 1, usage: "an address", parse: checkAddress },
  backup: set("backup", true),
  check: set("check", true),
  cookie: {
    args: 1,
    usage: "<value> as argument",
    parse: ({ server }, word) => {
      server.cookie = word.text;
    },
  },
  disabled: set("disabled", true),
  downinter: time("downinterMs", 1),
  enabled: set("disabled", false),
  fall: number("fall", 1),
  fastinter: time("fastinterMs", 1),
  id: {
    args: 1,
    usage: "an integer argument",
    onlyServer: true,
    parse: (settings, word, name) => {
      const id = wholeNumber(word, name, settings.load, 1);
      if (id === null) return;
      settings.server.id = id;
      settings.idAt = word;
    },
  },
  "init-addr": { args: 1, usage: "a list of 'last', 'libc', 'none' and addresses", parse: initAddr },
  inter: time("interMs", 1),
  "max-reuse": number("maxReuse", -1),
  maxconn: number("maxconn"),
  maxqueue: number("maxqueue"),
  minconn: number("minconn"),
  "no-backup": set("backup", false),
  "no-check": set("check", false),
  "no-tfo": set("tfo", false),
  "on-marked-down": {
    args: 1,
    usage: "'shutdown-sessions'",
    parse: ({ server, load }, word) => {
      if (word.text === "shutdown-sessions") server.onMarkedDownShutdownSessions = true;
      else alert(load.diagnostics, word, `'on-marked-down' expects 'shutdown-sessions' but got '${word.text}'`);
    },
  },
  "pool-low-conn": number("poolLowConn"),
  "pool-max-conn": number("poolMaxConn", -1),
  "pool-purge-delay": time("poolPurgeDelayMs", 0),
  port: number("checkPort", 0, 65_535),
  rise: number("rise", 1),
  source: {
    args: 1,
    usage: "<addr>[:<port>[-<port>]], and optionally 'interface' <name> as argument",
    parse: ({ server, load }, _word, name, rest) => {
      const read = readSource(rest, 0, name, load);
      if (read === null) return rest.length;
      server.source = read.source;
      return read.next;
    },
  },
  "tcp-ut": time("tcpUserTimeoutMs", 0),
  tfo: set("tfo", true),
  weight: number("weight", 0, 256),
};

/** An address for checks alone; a port behind it is one for checks too. */
function checkAddress({ server, load }: Settings, word: Word): void {
  const parsed = parseServerAddress(word.text);
  if ("error" in parsed) return badAddress(word, "addr", parsed, load);
  const { value } = parsed;
  if (value.kind !== "ip") {
    const what = "'addr' : a name or a unix socket is not supported yet";
    return notYet(load, word, "server addr name", what);
  }
  server.checkAddress = { host: value.host, family: value.family };
  if (value.port > 0 && value.portMode === "fixed") server.checkPort = value.port;
}

function initAddr(settings: Settings, word: Word): void {
  const methods = word.text.split(",");
  let offset = 0;
  for (const method of methods) {
    if (!["last", "libc", "none"].includes(method) && isIP(method) === 0) {
      return alert(
        settings.load.diagnostics,
        inside(word, offset, method.length),
        `'init-addr' : unknown init-addr method '${method}', supported methods are 'libc', 'last', 'none' and addresses`,
        didYouMean(method, ["libc", "last", "none"]),
      );
    }
    offset += method.length + 1;
  }
  settings.initAddr = methods;
}

const LATER: ReadonlySet<string> = new Set(SERVER_NAMES.filter((name) => !Object.hasOwn(SERVER_PARAMETERS, name)));

function readParameters(words: Word[], settings: Settings, who: string, template: boolean): void {
  const d = settings.load.diagnostics;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) break;
    const name = word.text;
    const parameter = Object.hasOwn(SERVER_PARAMETERS, name) ? SERVER_PARAMETERS[name] : undefined;
    if (LATER.has(name)) {
      notYet(settings.load, word, `server ${name}`, `'${who}' : '${name}' is not supported yet`);
      i = nextKnown(words, i + 1, SERVER_NAMES) - 1;
      continue;
    }
    if (parameter === undefined) {
      // What follows may be its argument or not: the rest of the line is not judged.
      return alert(d, word, `'${who}' : unknown keyword '${name}'`, didYouMean(name, SERVER_NAMES));
    }
    if (template && parameter.onlyServer === true) {
      return alert(d, word, `'${who}' : '${name}' option is not accepted in default-server sections`);
    }
    if (parameter.args === 0) {
      parameter.parse(settings, word, name, []);
      continue;
    }
    const argument = words[i + 1];
    if (argument === undefined) {
      return alert(d, word, `'${who}' : '${name}' expects ${parameter.usage ?? "an argument"}`);
    }
    i += parameter.parse(settings, argument, name, words.slice(i + 1)) ?? 1;
  }
}

function defaultServer(args: Word[], { target, load }: Call<ProxyDraft>): void {
  const settings: Settings = {
    server: target.defaultServer,
    initAddr: target.initAddr,
    idAt: null,
    load,
  };
  readParameters(args, settings, "default-server", true);
  target.initAddr = settings.initAddr;
}

function server(args: Word[], { target, load, keyword }: Call<ProxyDraft>): void {
  const [name, address] = args;
  if (name === undefined || address === undefined || !checkName(name, load)) return;
  const settings = newSettings(target, load, keyword);
  readParameters(args.slice(2), settings, `server ${target.proxy.name}/${name.text}`, false);
  addServer(name.text, name, address, settings, target);
}

/** "server-template <prefix> <count | from-to> <address>": servers prefix1, prefix2 and so on. */
function serverTemplate(args: Word[], { target, load, keyword }: Call<ProxyDraft>): void {
  const [prefix, range, address] = args;
  if (prefix === undefined || range === undefined || address === undefined || !checkName(prefix, load)) return;
  const parts = /^([0-9]{1,6})(?:-([0-9]{1,6}))?$/.exec(range.text);
  const low = parts?.[2] === undefined ? 1 : Number(parts[1]);
  const high = Number(parts?.[2] ?? parts?.[1] ?? 0);
  if (parts === null || low < 1 || high < low) {
    return alert(
      load.diagnostics,
      range,
      `Wrong server-template number or range arg '${range.text}', as in '5' or '1-5'`,
    );
  }
  const settings = newSettings(target, load, keyword);
  readParameters(args.slice(3), settings, `server-template ${target.proxy.name}/${prefix.text}`, false);
  const { id, source } = settings.server;
  for (let n = low; n <= high; n++) {
    // An id of its own only for the first.
    const made: Settings = { ...settings, server: { ...settings.server, id: n === low ? id : 0, source } };
    addServer(`${prefix.text}${n}`, prefix, address, made, target);
  }
}

function newSettings(draft: ProxyDraft, load: Load, keyword: Word): Settings {
  const server = { ...draft.defaultServer, place: keyword.place };
  return { server, initAddr: draft.initAddr, idAt: null, load };
}

function checkName(name: Word, load: Load): boolean {
  const wrong = /[^A-Za-z0-9_.:-]/.exec(name.text);
  if (wrong === null) return true;
  alert(
    load.diagnostics,
    inside(name, wrong.index, 1),
    `character '${wrong[0]}' is not permitted in server name '${name.text}'`,
  );
  return false;
}

function addServer(name: string, nameAt: Word, address: Word, settings: Settings, draft: ProxyDraft): void {
  const { server, load } = settings;
  const d = load.diagnostics;
  const who = `server ${draft.proxy.name}/${name}`;
  server.name = name;
  const parsed = parseServerAddress(address.text);
  if ("error" in parsed) return badAddress(address, who, parsed, load);
  const { value } = parsed;
  if (value.kind === "name") {
    const { portMode, portOffset, port } = value;
    server.fqdn = value.name;
    const target = { kind: "ip" as const, family: 4 as const, host: "", port, portMode, portOffset };
    server.address = target;
    load.names.push({
      name: value.name,
      family: value.family,
      at: address,
      target,
      who: `'${who}'`,
      server: { server, initAddr: settings.initAddr },
      proxy: draft,
    });
  } else {
    server.address = value;
  }
  // As in haproxy: a lone or higher minconn is the limit itself.
  if (server.minconn > server.maxconn) server.maxconn = server.minconn;
  // Without values of their own, both are the normal interval (configuration.txt, "fastinter").
  server.fastinterMs ||= server.interMs;
  server.downinterMs ||= server.interMs;

  const twin = draft.serverNames.get(name);
  if (twin !== undefined) {
    alert(
      d,
      nameAt,
      `${
        title(draft)
      }, another server named '${name}' was already defined at line ${twin.place.line}, please use distinct names.`,
    );
  } else draft.serverNames.set(name, nameAt);
  if (server.id > 0) {
    const taken = draft.serverIds.get(server.id);
    if (taken === undefined) draft.serverIds.set(server.id, settings.idAt ?? nameAt);
    else {
      alert(
        d,
        settings.idAt ?? nameAt,
        `'${who}' : 'id' : custom id ${server.id} already used at ${taken.place.file}:${taken.place.line}`,
      );
    }
  }
  if (server.check) {
    // A port that follows the client's is no port of a check's.
    const hasPort = value.kind === "unix" || value.kind === "abstract" || server.checkPort > 0 ||
      (value.port > 0 && value.portMode === "fixed");
    if (!hasPort) draft.portless.push({ server: name, at: address });
  }
  draft.proxy.servers.push(server);
}
