/** `option NAME`: the switches of a proxy, and the keepalive values that go with them. */
import { isIP } from "node:net";
import { alert, didYouMean, warning } from "../../diagnostics.ts";
import { hasSide, type ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { AddressHeader, Options } from "../model.ts";
import type { Word } from "../words.ts";
import { milliseconds, wholeNumber } from "./arguments.ts";
import { chooseLogFormat } from "./log.ts";

type Switch = {
  [K in keyof Options]: Options[K] extends boolean ? K : never;
}[keyof Options];

/** Options that are on or off. `contstats` changes nothing: bytes are always counted when they pass. */
const SWITCHES: readonly [name: string, field: Switch, side: "frontend" | "backend" | "any"][] = [
  ["abortonclose", "abortonclose", "backend"],
  ["allbackups", "allbackups", "backend"],
  ["clitcpka", "clitcpka", "frontend"],
  ["contstats", "contstats", "frontend"],
  ["dontlog-normal", "dontlogNormal", "frontend"],
  ["dontlognull", "dontlognull", "frontend"],
  ["log-health-checks", "logHealthChecks", "backend"],
  ["log-separate-errors", "logSeparateErrors", "frontend"],
  ["logasap", "logasap", "frontend"],
  ["nolinger", "nolinger", "any"],
  ["persist", "persist", "backend"],
  ["socket-stats", "socketStats", "frontend"],
  ["srvtcpka", "srvtcpka", "backend"],
];

/**
 * Those of them that mean nothing without mode http, which is said. `http-no-delay` changes nothing there either: no socket
 * of ours waits for more to send.
 */
export const HTTP_SWITCHES: readonly [name: string, field: Switch | null, side: "frontend" | "backend" | "any"][] = [
  ["http-ignore-probes", "httpIgnoreProbes", "frontend"],
  ["http-no-delay", null, "any"],
  ["prefer-last-server", "preferLastServer", "backend"],
];

const switches: ProxyRow[] = [...SWITCHES, ...HTTP_SWITCHES].map(([name, field, side]) => ({
  name: `option ${name}`,
  args: [0, 0],
  prefix: true,
  side,
  elsewhere: "ignored",
  defaults: "yes",
  parse(_args, { target, keyword, prefix }) {
    if (field !== null) target.proxy.options[field] = prefix === "";
    if (HTTP_SWITCHES.some(([one]) => one === name)) noteHttpOption(target, name, prefix === "" ? keyword : null);
  },
}));

/** Where an option stands that needs mode http; null: nowhere any more. */
function noteHttpOption(target: ProxyDraft, name: string, at: Word | null): void {
  const options = new Map(target.places.options);
  if (at === null) options.delete(name);
  else options.set(name, at);
  target.places.options = options;
}

const CONNECTION: readonly [name: string, value: Options["connection"]][] = [
  ["http-keep-alive", "keep-alive"],
  ["http-server-close", "server-close"],
  ["httpclose", "close"],
];

/** The last one wins; negated, one that is not in force changes nothing. */
const connection: ProxyRow[] = CONNECTION.map(([name, value]) => ({
  name: `option ${name}`,
  args: [0, 0],
  prefix: true,
  side: "any",
  elsewhere: "ignored",
  defaults: "yes",
  parse(_args, { target: { proxy: { options } }, prefix }) {
    if (prefix === "") options.connection = value;
    else if (options.connection === value) options.connection = "keep-alive";
  },
}));

const composed: ProxyRow[] = [
  {
    name: "option tcpka",
    args: [0, 0],
    side: "any",
    elsewhere: "ignored",
    defaults: "yes",
    parse(_args, { target }) {
      if (hasSide(target, "frontend")) target.proxy.options.clitcpka = true;
      if (hasSide(target, "backend")) target.proxy.options.srvtcpka = true;
    },
  },
  {
    name: "option redispatch",
    args: [0, 1],
    usage: "[<interval>]",
    prefix: true,
    side: "backend",
    elsewhere: "ignored",
    defaults: "yes",
    parse: redispatch,
  },
  {
    name: "option tcplog",
    args: [0, 0],
    side: "any",
    elsewhere: "ignored",
    defaults: "yes",
    parse(_args, call) {
      if (chooseLogFormat(call, "option tcplog")) call.target.proxy.options.tcplog = true;
    },
  },
  {
    name: "option httplog",
    args: [0, 1],
    usage: "[clf]",
    side: "any",
    elsewhere: "ignored",
    defaults: "yes",
    parse: httplog,
  },
  {
    name: "option forwardfor",
    args: [0, Infinity],
    side: "any",
    elsewhere: "ignored",
    defaults: "yes",
    parse: (args, call) => addressHeader(args, call, "forwardfor", "X-Forwarded-For"),
  },
  {
    name: "option originalto",
    args: [0, Infinity],
    side: "any",
    elsewhere: "ignored",
    defaults: "yes",
    parse: (args, call) => addressHeader(args, call, "originalto", "X-Original-To"),
  },
];

/** "option redispatch" alone: on the last retry. With a number: on every so many retries, negative counts from the end. */
function redispatch(args: Word[], { target, prefix, name, load }: Call<ProxyDraft>): void {
  if (prefix !== "") {
    target.proxy.redispatch = null;
    return;
  }
  const word = args[0];
  const interval = word === undefined ? -1 : wholeNumber(word, name, load, -1000, 1000);
  if (interval !== null) target.proxy.redispatch = interval === 0 ? null : interval;
}

function httplog(args: Word[], call: Call<ProxyDraft>): void {
  const style = args[0];
  if (style !== undefined && style.text !== "clf") {
    return alert(call.load.diagnostics, style, `keyword 'httplog' only supports option 'clf' (got '${style.text}')`);
  }
  if (!chooseLogFormat(call, "option httplog")) return;
  call.target.proxy.options.httplog = true;
  call.target.proxy.options.httplogClf = style !== undefined;
}

/** `[except <network>] [header <name>] [if-none]`; only forwardfor knows the last. */
function addressHeader(
  args: Word[],
  { target, load, keyword, name }: Call<ProxyDraft>,
  field: "forwardfor" | "originalto",
  header: string,
): void {
  const d = load.diagnostics;
  const made: AddressHeader = { header, except: null, ifNone: false };
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (word === undefined) break;
    const argument = args[i + 1];
    if (word.text === "if-none" && field === "forwardfor") {
      made.ifNone = true;
    } else if (word.text === "header") {
      if (argument === undefined) return alert(d, word, `'${name} header' expects <header_name> as argument`);
      made.header = argument.text;
      i++;
    } else if (word.text === "except") {
      made.except = argument === undefined ? null : readNetwork(argument.text);
      if (made.except === null) {
        return alert(d, argument ?? word, `'${name} except' expects <address>[/mask] as argument`);
      }
      i++;
    } else {
      const values = field === "forwardfor" ? ["except", "header", "if-none"] : ["except", "header"];
      const list = values.map((one) => `'${one}'`).join(", ");
      const message = `'${name}' only supports optional values: ${list} (got '${word.text}')`;
      return alert(d, word, message, didYouMean(word.text, values));
    }
  }
  target.proxy.options[field] = made;
  noteHttpOption(target, field, keyword);
}

/** "10.0.0.0/8", "10.0.0.0/255.0.0.0", "fd00::/8", or an address alone; null: none of these. */
function readNetwork(text: string): AddressHeader["except"] {
  const [address = "", mask] = text.split("/", 2);
  const family = isIP(address);
  if (family === 0) return null;
  const most = family === 4 ? 32 : 128;
  const bits = mask === undefined ? most : maskBits(mask, family === 4);
  return bits === null || bits > most ? null : { address, bits, family: family === 4 ? 4 : 6 };
}

/** Length of a mask, which has no holes: a header field's network is one of prefixes. */
function maskBits(text: string, dotted: boolean): number | null {
  if (/^[0-9]{1,3}$/.test(text)) return Number(text);
  if (!dotted || isIP(text) !== 4) return null;
  const bits = text.split(".").map((part) => Number(part).toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replace(/0+$/, "").length : null;
}

type Value = {
  [K in keyof Options]: Options[K] extends number ? K : never;
}[keyof Options];

const KEEPALIVE: readonly [name: string, field: Value, side: "frontend" | "backend", unit: "number" | "time"][] = [
  ["clitcpka-cnt", "clitcpkaCnt", "frontend", "number"],
  ["clitcpka-idle", "clitcpkaIdleMs", "frontend", "time"],
  ["clitcpka-intvl", "clitcpkaIntvlMs", "frontend", "time"],
  ["srvtcpka-cnt", "srvtcpkaCnt", "backend", "number"],
  ["srvtcpka-idle", "srvtcpkaIdleMs", "backend", "time"],
  ["srvtcpka-intvl", "srvtcpkaIntvlMs", "backend", "time"],
];

const keepalive: ProxyRow[] = KEEPALIVE.map(([name, field, side, unit]) => ({
  name,
  args: [1, 1],
  usage: unit === "time" ? "a time such as 30s" : "a number",
  side: "any",
  elsewhere: "ignored",
  defaults: "yes",
  parse(args, { target, load, keyword }) {
    const word = args[0];
    if (word === undefined) return;
    // Without a unit haproxy takes the times of keepalive as seconds (configuration.txt, "clitcpka-idle").
    const value = unit === "time" ? milliseconds(word, name, load, "s") : wholeNumber(word, name, load, 1, 2 ** 31 - 1);
    if (value === null) return;
    if (hasSide(target, side)) {
      target.proxy.options[field] = value;
      return;
    }
    warning(
      load.diagnostics,
      keyword,
      `${name} will be ignored because ${target.section} '${target.proxy.name}' has no ${side} capability`,
    );
  },
}));

export const optionRows: ProxyRow[] = [...switches, ...connection, ...composed, ...keepalive];

/** Options of old: what to do about them. */
export const removedOptions: [string, string][] = [
  [
    "option forceclose",
    "option 'forceclose' is not supported any more since HAProxy 2.0, please just remove it, or use 'option httpclose'",
  ],
  ["option http-tunnel", "option 'http-tunnel' is not supported any more since HAProxy 2.1, please just remove it"],
  [
    "option http_proxy",
    "option 'http_proxy' is not supported any more since HAProxy 2.5, use 'http-request set-dst' and 'set-uri' instead",
  ],
];
