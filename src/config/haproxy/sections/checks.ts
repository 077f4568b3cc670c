/** How servers are checked: `option httpchk`, `option tcp-check`, `http-check` and `tcp-check` (configuration.txt 4.2). */
import { alert, didYouMean, sectionWarning, warning } from "../../diagnostics.ts";
import { newHttpRules } from "../blank.ts";
import { hasSide, type Load, type ProxyDraft, title } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import { notYet } from "../later.ts";
import type { HealthChecks, HttpCheck } from "../model.ts";
import type { Word } from "../words.ts";
import { wholeNumber } from "./arguments.ts";
import { readHttpExpect, readTcpExpect } from "./checks_expect.ts";

const BACKEND = { side: "backend", elsewhere: "ignored", defaults: "yes" } as const;

export const checkRows: ProxyRow[] = [
  { name: "option httpchk", args: [0, 3], ...BACKEND, parse: httpchk },
  {
    name: "option tcp-check",
    args: [0, 0],
    ...BACKEND,
    parse: (_args, { target }) => {
      replaceInherited(target, "tcp");
      target.proxy.healthChecks.kind = "tcp";
    },
  },
  { name: "http-check", args: [0, Infinity], ...BACKEND, parse: rule("http-check") },
  { name: "tcp-check", args: [0, Infinity], ...BACKEND, parse: rule("tcp-check") },
];

/** With the first word about them in a section, the rules that came from `defaults` are gone, as with haproxy. */
function replaceInherited({ ownChecks, proxy: { healthChecks } }: ProxyDraft, kind: "http" | "tcp"): void {
  if (ownChecks.has(kind)) return;
  ownChecks.add(kind);
  if (kind === "http") Object.assign(healthChecks.http, newHttpRules());
  else healthChecks.tcp = [];
}

/** `[<uri>] | <method> <uri> [<version>]` */
function httpchk(args: Word[], { target, load, keyword }: Call<ProxyDraft>): void {
  const checks = target.proxy.healthChecks;
  checks.kind = "http";
  replaceInherited(target, "http");
  const { http } = checks;
  // A line replaces all that the one before it said, but not what `http-check` says.
  Object.assign(http, { method: "OPTIONS", uri: "/", version: "HTTP/1.0" });
  const [first, second, third] = args;
  for (const word of args) if (!isOneLine(word, load, word === third)) return;
  if (second === undefined) http.uri = first?.text || "/";
  else if (first !== undefined) {
    http.method = first.text;
    http.uri = second.text;
  }
  if (third !== undefined) readVersion(third, http, keyword, load);
}

/** Header fields used to be hidden behind the version, with the ends of their lines. */
function readVersion(word: Word, http: HttpCheck, keyword: Word, load: Load): void {
  const end = word.text.indexOf("\r\n\r\n");
  const [version = "", ...fields] = (end < 0 ? word.text : word.text.slice(0, end)).split("\r\n");
  http.version = version;
  if (fields.length === 0 && end < 0) return;
  warning(
    load.diagnostics,
    keyword,
    "'option httpchk' : hiding headers or body at the end of the version string is deprecated. Please, consider to use " +
      "'http-check send' directive instead.",
  );
  for (const field of fields) {
    const parts = /^([^:]+):[ \t]*(.*)$/.exec(field);
    if (parts !== null) addHeader(http, parts[1]!, parts[2]!);
  }
  if (end >= 0) http.body = word.text.slice(end + 4);
}

/** They follow from the body. */
const OWN_FIELDS = ["content-length", "transfer-encoding"];

function addHeader(http: HttpCheck, name: string, value: string): void {
  if (!OWN_FIELDS.includes(name.toLowerCase())) http.headers.push({ name: name.toLowerCase(), value });
}

function isOneLine(word: Word, load: Load, lines = false): boolean {
  if (lines || !/[\0\r\n]/.test(word.text)) return true;
  alert(load.diagnostics, word, "the end of a line cannot stand in a request of a check");
  return false;
}

type Step = (args: Word[], call: Call<ProxyDraft>, checks: HealthChecks, at: Word) => void;

const STEPS: Readonly<Record<"http-check" | "tcp-check", Readonly<Record<string, Step>>>> = {
  "http-check": {
    "disable-on-404": (args, { load, keyword }, { http }) => {
      if (noMore(args, `'${keyword.text}'`, load)) http.disableOn404 = true;
    },
    send: httpSend,
    expect: (args, call, { http }, at) => {
      const made = readHttpExpect(args, at, call.load);
      if (made !== null) http.expects.push(made);
    },
  },
  "tcp-check": {
    connect: tcpConnect,
    send: (args, { load }, { tcp }, at) => {
      const [data, ...rest] = args;
      if (data === undefined) return alert(load.diagnostics, at, "'tcp-check send' : expects <data> as argument.");
      if (!noComment(rest, "tcp-check send", load)) return;
      tcp.push({ kind: "send", data: data.text });
    },
    "send-binary": (args, { load }, { tcp }, at) => {
      const [digits, ...rest] = args;
      if (digits === undefined) {
        return alert(load.diagnostics, at, "'tcp-check send-binary' : expects <hexstring> as argument.");
      }
      const data = readHex(digits, "tcp-check send-binary", load);
      if (data !== null && noComment(rest, "tcp-check send-binary", load)) tcp.push({ kind: "send", data });
    },
    expect: (args, call, { tcp }, at) => {
      const made = readTcpExpect(args, at, call.load);
      if (made !== null) tcp.push(made);
    },
  },
};

const LATER: Readonly<Record<"http-check" | "tcp-check", readonly string[]>> = {
  "http-check": ["comment", "connect", "send-state", "set-var", "set-var-fmt", "unset-var"],
  "tcp-check": ["comment", "send-binary-lf", "send-lf", "set-var", "set-var-fmt", "unset-var"],
};

function rule(keyword: "http-check" | "tcp-check") {
  return (args: Word[], call: Call<ProxyDraft>): void => {
    const { load, target } = call;
    const [word, ...rest] = args;
    const known = [...Object.keys(STEPS[keyword]), ...LATER[keyword]];
    const name = word?.text.replace(/\(.*$/, "") ?? "";
    if (word !== undefined && LATER[keyword].includes(name)) {
      return notYet(load, word, `${keyword} ${name}`, `'${keyword} ${name}' is not supported yet`);
    }
    const step = Object.hasOwn(STEPS[keyword], name) ? STEPS[keyword][name] : undefined;
    if (word === undefined || step === undefined) {
      const list = known.map((one) => `'${one}'`).join(", ");
      const message = `'${keyword}' only supports ${list} (got '${name}')`;
      return alert(load.diagnostics, word ?? call.keyword, message, didYouMean(name, known));
    }
    if (name !== "disable-on-404") {
      replaceInherited(target, keyword === "http-check" ? "http" : "tcp");
      target.ownChecks.add(keyword);
    }
    step(rest, call, target.proxy.healthChecks, word);
  };
}

function noMore(rest: Word[], who: string, load: Load): boolean {
  const extra = rest[0];
  if (extra === undefined) return true;
  alert(load.diagnostics, extra, `${who} cannot handle unexpected argument '${extra.text}'.`);
  return false;
}

function noComment(rest: Word[], who: string, load: Load): boolean {
  const extra = rest[0];
  if (extra === undefined) return true;
  if (extra.text === "comment") notYet(load, extra, `${who} comment`, `'${who}' : 'comment' is not supported yet`);
  else alert(load.diagnostics, extra, `'${who}' : expects 'comment' but got '${extra.text}' as argument.`);
  return false;
}

/** Bytes as pairs of hexadecimal digits; null: they are none, which has been reported. */
export function readHex(word: Word, who: string, load: Load): string | null {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(word.text)) return Buffer.from(word.text, "hex").toString("latin1");
  const problem = word.text.length % 2 === 1 ? "an even number of" : "only";
  alert(load.diagnostics, word, `'${who}' : "${word.text}" is no hexstring: it takes ${problem} hexadecimal digits`);
  return null;
}

function httpSend(args: Word[], { load, target }: Call<ProxyDraft>, { http }: HealthChecks, at: Word): void {
  const d = load.diagnostics;
  const again = target.ownChecks.has("http-check send");
  if (again || http.expects.length > 0) {
    const step = http.expects.length + (again ? 2 : 1);
    return alert(
      d,
      at,
      `'http-check send' : unable to add http-check send rule at step ${step} (missing connect rule).`,
    );
  }
  const fields: Readonly<Record<string, "method" | "uri" | "version">> = { meth: "method", uri: "uri", ver: "version" };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i]!;
    const value = args[i + 1];
    if (["uri-lf", "body-lf", "comment"].includes(name.text)) {
      const what = `'http-check send' : '${name.text}' is not supported yet`;
      return notYet(load, name, `http-check send ${name.text}`, what);
    }
    const field = Object.hasOwn(fields, name.text) ? fields[name.text] : undefined;
    if (field === undefined && name.text !== "hdr" && name.text !== "body") {
      const known = ["meth", "uri", "uri-lf", "ver", "hdr", "body", "body-lf", "comment"];
      const list = known.map((one) => `'${one}'`).join(", ");
      const message = `'http-check send' : expects ${list} but got '${name.text}' as argument.`;
      return alert(d, name, message, didYouMean(name.text, known));
    }
    if (name.text === "hdr") {
      const text = args[i + 2];
      if (value === undefined || text === undefined) {
        return alert(d, name, "'http-check send' : 'hdr' expects <name> and <value> as arguments.");
      }
      if (!readHeader(value, text, http, load)) return;
      i++;
      continue;
    }
    if (value === undefined) {
      return alert(d, name, `'http-check send' : '${name.text}' expects a string as argument.`);
    }
    if (field === undefined) http.body = value.text;
    else if (!isOneLine(value, load)) return;
    else http[field] = value.text;
  }
  target.ownChecks.add("http-check send");
}

/** The value is a format: one that asks for something is not built. */
function readHeader(name: Word, value: Word, http: HttpCheck, load: Load): boolean {
  if (!isOneLine(name, load) || !isOneLine(value, load)) return false;
  if (/%(?!%)/.test(value.text.replaceAll("%%", ""))) {
    const what = "'http-check send' : a log format as value of 'hdr' is not supported yet";
    notYet(load, value, "http-check send hdr format", what);
    return false;
  }
  addHeader(http, name.text, value.text.replaceAll("%%", "%"));
  return true;
}

function tcpConnect(args: Word[], { load }: Call<ProxyDraft>, { tcp }: HealthChecks, at: Word): void {
  if (tcp.some(({ kind }) => kind === "connect")) {
    const message = "'tcp-check connect' : more than one connection per check is not supported yet";
    return notYet(load, at, "tcp-check connect again", message);
  }
  if (tcp.length > 0) {
    return alert(
      load.diagnostics,
      at,
      "'tcp-check connect' : first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' " +
        "or a 'comment', when there is a 'connect' step in the tcp-check ruleset.",
    );
  }
  let port: number | null = null;
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    const later = ["comment", "addr", "send-proxy", "ssl", "sni", "alpn", "via-socks4", "linger", "proto"];
    if (later.includes(word.text)) {
      const message = `'tcp-check connect' : '${word.text}' is not supported yet`;
      return notYet(load, word, `tcp-check connect ${word.text}`, message);
    }
    if (word.text === "default") continue;
    if (word.text !== "port") {
      const known = ["comment", "port", ...later.slice(1, -1), "default"].map((one) => `'${one}'`).join(", ");
      return alert(
        load.diagnostics,
        word,
        `'tcp-check connect' : expects ${known} but got '${word.text}' as argument.`,
      );
    }
    const value = args[++i];
    if (value === undefined) {
      return alert(load.diagnostics, word, "'tcp-check connect' : 'port' expects a port number as argument.");
    }
    port = wholeNumber(value, "tcp-check connect port", load, 1, 65_535);
    if (port === null) return;
  }
  tcp.push({ kind: "connect", port });
}

/** Rules for one kind of check while another is asked for. */
export function checkCheckRules(draft: ProxyDraft, load: Load): void {
  const { healthChecks } = draft.proxy;
  for (
    const [keyword, kind, option] of [["http-check", "http", "httpchk"], ["tcp-check", "tcp", "tcp-check"]] as const
  ) {
    if (!draft.ownChecks.has(keyword) || healthChecks.kind === kind) continue;
    const message = `${title(draft)} uses ${keyword} rules without 'option ${option}', so the rules are ignored.`;
    warning(load.diagnostics, draft.at, message);
  }
  if (!healthChecks.http.disableOn404 || healthChecks.kind === "http" || !hasSide(draft, "backend")) return;
  const message = `'disable-on-404' will be ignored for ${title(draft)} (requires 'option httpchk').`;
  sectionWarning(load.diagnostics, draft.at, message);
}
