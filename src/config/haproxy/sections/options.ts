/** `option NAME`: the switches of a proxy, and the keepalive values that go with them. */
import { alert, warning } from "../../diagnostics.ts";
import { hasSide, type ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { Options } from "../model.ts";
import type { Word } from "../words.ts";
import { milliseconds, wholeNumber } from "./arguments.ts";
import { chooseLogFormat } from "./log.ts";

type Switch = {
  [K in keyof Options]: Options[K] extends boolean ? K : never;
}[keyof Options];

/**
 * Options that are on or off. Two change nothing in TCP mode: `contstats`, as bytes are always counted when they pass, and
 * `persist`, which is about a server that a cookie names.
 */
const SWITCHES: readonly [name: string, field: Switch, side: "frontend" | "backend" | "any"][] = [
  ["abortonclose", "abortonclose", "backend"],
  ["allbackups", "allbackups", "backend"],
  ["clitcpka", "clitcpka", "frontend"],
  ["contstats", "contstats", "frontend"],
  ["dontlog-normal", "dontlogNormal", "frontend"],
  ["dontlognull", "dontlognull", "frontend"],
  ["log-separate-errors", "logSeparateErrors", "frontend"],
  ["logasap", "logasap", "frontend"],
  ["nolinger", "nolinger", "any"],
  ["persist", "persist", "backend"],
  ["socket-stats", "socketStats", "frontend"],
  ["srvtcpka", "srvtcpka", "backend"],
];

const switches: ProxyRow[] = SWITCHES.map(([name, field, side]) => ({
  name: `option ${name}`,
  args: [0, 0],
  prefix: true,
  side,
  elsewhere: "ignored",
  defaults: "yes",
  parse(_args, { target, prefix }) {
    target.proxy.options[field] = prefix === "";
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
  if (style !== undefined) {
    const problem = style.text === "clf"
      ? "'option httplog clf' is not supported yet"
      : `keyword 'httplog' only supports option 'clf' (got '${style.text}')`;
    return alert(call.load.diagnostics, style, problem);
  }
  if (chooseLogFormat(call, "option httplog")) call.target.proxy.options.httplog = true;
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

export const optionRows: ProxyRow[] = [...switches, ...composed, ...keepalive];

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
