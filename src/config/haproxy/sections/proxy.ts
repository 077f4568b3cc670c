/** Keywords of defaults, frontend, backend and listen that have no family of their own, and the table of them all. */
import { alert, didYouMean } from "../../diagnostics.ts";
import type { ProxyDraft } from "../draft.ts";
import type { Mode } from "../model.ts";
import { type Call, ignored, type ProxyRow, table } from "../keywords.ts";
import type { Word } from "../words.ts";
import { OPTION_NAMES, PROXY_NAMES, REMOVED_PROXY, TIMEOUT_NAMES } from "../language.ts";
import { notYet } from "../later.ts";
import { aclRows, readCondition } from "./acl.ts";
import { inside, MAX_INT, wholeNumber } from "./arguments.ts";
import { balanceRows } from "./balance.ts";
import { bindRows } from "./bind.ts";
import { captureRows } from "./capture.ts";
import { checkRows } from "./checks.ts";
import { cookieRows } from "./cookie.ts";
import { errorRows } from "./errors.ts";
import { httpRows } from "./http.ts";
import { logRows } from "./log.ts";
import { optionRows, removedOptions } from "./options.ts";
import { ruleRows } from "./http_rules.ts";
import { serverRows } from "./server.ts";
import { sourceRows } from "./source.ts";
import { LATER_STATS, statsRows } from "./stats.ts";
import { removedTimeouts, timeoutRows } from "./timeouts.ts";

const FRONTEND = { side: "frontend", elsewhere: "ignored", defaults: "yes" } as const;
const BACKEND = { side: "backend", elsewhere: "ignored", defaults: "yes" } as const;
const ANY = { side: "any", elsewhere: "ignored", defaults: "yes" } as const;

const rows: ProxyRow[] = [
  { name: "mode", args: [1, 1], usage: "'tcp' or 'http'", ...ANY, parse: mode },
  {
    name: "disabled",
    args: [0, 0],
    ...ANY,
    parse: (_args, { target }) => {
      target.proxy.disabled = true;
    },
  },
  {
    name: "enabled",
    args: [0, 0],
    ...ANY,
    parse: (_args, { target }) => {
      target.proxy.disabled = false;
    },
  },
  {
    name: "description",
    args: [1, Infinity],
    usage: "a string argument",
    ...ANY,
    defaults: "no",
    parse: (args, { target }) => {
      target.proxy.description = args.map((word) => word.text).join(" ");
    },
  },
  { name: "id", args: [1, 1], usage: "an integer argument", ...ANY, defaults: "no", parse: id },

  {
    name: "maxconn",
    args: [1, 1],
    usage: "an integer argument",
    ...FRONTEND,
    instead: "fullconn",
    parse: number("maxconn"),
  },
  { name: "backlog", args: [1, 1], usage: "an integer argument", ...FRONTEND, parse: number("backlog") },
  { name: "rate-limit sessions", args: [1, 1], usage: "a number of sessions per second", ...ANY, parse: rateLimit },
  { name: "default_backend", args: [1, 1], usage: "a backend name", ...FRONTEND, parse: defaultBackend },
  {
    name: "use_backend",
    args: [1, Infinity],
    usage: "a backend name",
    ...FRONTEND,
    defaults: "no",
    parse: useBackend,
  },

  {
    name: "fullconn",
    args: [1, 1],
    usage: "an integer argument",
    ...BACKEND,
    instead: "maxconn",
    parse: number("fullconn"),
  },
  { name: "retries", args: [1, 1], usage: "an integer argument", ...BACKEND, parse: number("retries") },
];

export const proxyTable = table<ProxyRow>(
  [
    ...rows,
    ...aclRows,
    ...balanceRows,
    ...bindRows,
    ...captureRows,
    ...checkRows,
    ...cookieRows,
    ...errorRows,
    ...httpRows,
    ...logRows,
    ...optionRows,
    ...ruleRows,
    ...serverRows,
    ...sourceRows,
    ...statsRows,
    ...timeoutRows,
  ],
  [
    ...PROXY_NAMES,
    ...LATER_STATS,
    ...OPTION_NAMES.map((name) => `option ${name}`),
    ...TIMEOUT_NAMES.map((name) => `timeout ${name}`),
  ],
  [...removedTimeouts, ...removedOptions, ...REMOVED_PROXY],
);

/** A keyword whose argument is a number and goes straight into the field of its name. */
function number(field: "maxconn" | "backlog" | "fullconn" | "retries") {
  return (args: Word[], { target, load, name }: Call<ProxyDraft>) => {
    const value = args[0] === undefined ? null : wholeNumber(args[0], name, load, 0, MAX_INT);
    if (value !== null) target.proxy[field] = value;
  };
}

const MODES: readonly Mode[] = ["tcp", "http"];
const LATER_MODES = ["log", "spop", "haterm"];

function mode(args: Word[], { target, load }: Call<ProxyDraft>): void {
  const word = args[0];
  if (word === undefined) return;
  const d = load.diagnostics;
  const known = MODES.find((one) => one === word.text);
  if (known !== undefined) {
    target.proxy.mode = known;
  } else if (LATER_MODES.includes(word.text)) {
    notYet(load, word, `mode ${word.text}`, `'mode ${word.text}' is not supported yet`);
  } else if (word.text === "health") {
    alert(d, word, "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead");
  } else {
    alert(d, word, `unknown proxy mode '${word.text}'`, didYouMean(word.text, [...MODES, ...LATER_MODES]));
  }
}

function id(args: Word[], { target, load, name }: Call<ProxyDraft>): void {
  const word = args[0];
  const value = word === undefined ? null : wholeNumber(word, name, load, 1, MAX_INT);
  if (word === undefined || value === null) return;
  target.proxy.id = value;
  target.idAt = word;
}

function rateLimit(args: Word[], call: Call<ProxyDraft>): void {
  const { target, load, name } = call;
  const value = args[0] === undefined ? null : wholeNumber(args[0], name, load, 0, MAX_INT);
  if (value === null) return;
  if (target.section === "backend") return ignored(call, "frontend");
  target.proxy.rateLimitSessions = value;
}

function defaultBackend(args: Word[], { target }: Call<ProxyDraft>): void {
  const word = args[0];
  if (word === undefined) return;
  target.proxy.defaultBackend = word.text;
  target.places.defaultBackend = word;
}

function useBackend(args: Word[], { target, load, line, keyword }: Call<ProxyDraft>): void {
  const word = args[0];
  if (word === undefined) return;
  const dynamic = word.text.includes("%");
  if (dynamic) {
    const complaint = load.checks.logFormat(word.text, "http use_backend");
    if (complaint !== null) {
      return alert(
        load.diagnostics,
        inside(word, complaint.offset),
        `failed to parse use_backend rule : ${complaint.message}`,
      );
    }
  }
  const rest = args.slice(1);
  const condition = readCondition(rest, line, target, load, "switching rule");
  if (condition === null && rest.length > 0) return;
  target.proxy.useBackends.push({ backend: word.text, dynamic, condition, place: keyword.place });
  target.useBackendWords.push(word);
}
