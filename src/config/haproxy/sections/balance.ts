/** `balance`, `hash-type`, `hash-balance-factor`: how a backend chooses its server. */
import { alert, didYouMean } from "../../diagnostics.ts";
import type { ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { Balance, HashType } from "../model.ts";
import type { Word } from "../words.ts";
import { oneOf } from "../keywords.ts";
import { notYet } from "../later.ts";
import { inside, MAX_INT, wholeNumber } from "./arguments.ts";

const BACKEND = { side: "backend", elsewhere: "ignored", defaults: "yes" } as const;

export const balanceRows: ProxyRow[] = [
  // What follows an algorithm that takes nothing is let pass, as haproxy does.
  { name: "balance", args: [0, Infinity], usage: "<algorithm> [<arguments>]", ...BACKEND, parse: balance },
  { name: "hash-type", args: [1, 3], usage: "<method> [<function> [avalanche]]", ...BACKEND, parse: hashType },
  { name: "hash-balance-factor", args: [1, 1], usage: "<factor>", ...BACKEND, side: "any", parse: balanceFactor },
];

type Reader = (args: Word[], call: Call<ProxyDraft>) => Balance | null;

/** `hdr` and `random` may have an argument in brackets. */
const ALGORITHMS: Readonly<Record<string, Reader | "later">> = {
  roundrobin: () => ({ kind: "roundrobin" }),
  "static-rr": () => ({ kind: "static-rr" }),
  leastconn: () => ({ kind: "leastconn" }),
  first: () => ({ kind: "first" }),
  source: () => ({ kind: "source" }),
  random,
  hash,
  uri,
  url_param: urlParam,
  hdr,
  "rdp-cookie": "later",
  "log-hash": "later",
  sticky: "later",
};

const BRACKETED = ["hdr", "random"];

function balance(args: Word[], call: Call<ProxyDraft>): void {
  const { target, load } = call;
  target.places.hashExpression = null;
  target.places.balance = call.keyword;
  const word = args[0];
  if (word === undefined) {
    target.proxy.balance = { kind: "roundrobin" };
    return;
  }
  const name = word.text.replace(/\(.*/s, "");
  const reader = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (reader === undefined || (name !== word.text && !BRACKETED.includes(name) && reader !== "later")) {
    const names = Object.keys(ALGORITHMS);
    const list = names.map((one) => `'${one}'`).join(", ");
    alert(load.diagnostics, word, `balance only supports ${list} (got '${word.text}')`, didYouMean(name, names));
    return;
  }
  if (reader === "later") return notYet(load, word, `balance ${name}`, `'balance ${name}' is not supported yet`);
  const made = reader(args, call);
  if (made !== null) target.proxy.balance = made;
}

/** "random" draws twice and takes the less loaded server; "random(<draws>)" says how often. */
function random(args: Word[], { load }: Call<ProxyDraft>): Balance | null {
  const word = args[0];
  if (word === undefined) return null;
  if (word.text === "random") return { kind: "random", draws: 2 };
  const draws = /^random\(\s*([0-9]+)\s*\)$/.exec(word.text)?.[1];
  if (draws !== undefined && Number(draws) >= 1 && Number(draws) < 2 ** 31) {
    return { kind: "random", draws: Number(draws) };
  }
  alert(
    load.diagnostics,
    inside(word, "random(".length),
    "balance random : number of draws must be at least 1, as in 'random(2)'",
  );
  return null;
}

function hash(args: Word[], { load, target, keyword }: Call<ProxyDraft>): Balance | null {
  const word = args[1];
  if (word === undefined) {
    alert(load.diagnostics, args[0] ?? keyword, "balance hash requires a sample expression");
    return null;
  }
  target.places.hashExpression = word;
  const complaint = load.checks.expression(word.text);
  if (complaint === null) return { kind: "hash", expression: word.text, place: word.place };
  alert(
    load.diagnostics,
    inside(word, complaint.offset),
    `failed to parse 'balance hash' expression '${word.text}' : ${complaint.message}`,
  );
  return null;
}

/** "uri [whole] [len <n>] [depth <n>] [path-only]": how much of the request's target is the key. */
function uri(args: Word[], { load }: Call<ProxyDraft>): Balance | null {
  const made = { kind: "uri" as const, whole: false, pathOnly: false, len: 0, depth: 0 };
  for (let i = 1; i < args.length; i++) {
    const word = args[i];
    if (word === undefined) break;
    switch (word.text) {
      case "whole":
        made.whole = true;
        break;
      case "path-only":
        made.pathOnly = true;
        break;
      case "len":
      case "depth": {
        const count = args[++i];
        const read = Number(/^[0-9]+$/.exec(count?.text ?? "")?.[0] ?? 0);
        if (read < 1 || read > MAX_INT) {
          const got = count?.text ?? "";
          alert(
            load.diagnostics,
            count ?? word,
            `balance uri : '${word.text}' expects a positive integer (got '${got}')`,
          );
          return null;
        }
        made[word.text] = read;
        break;
      }
      default: {
        const names = ["len", "depth", "path-only", "whole"];
        const list = names.map((name) => `'${name}'`).join(", ");
        const message = `balance uri only accepts parameters ${list} (got '${word.text}')`;
        alert(load.diagnostics, word, message, didYouMean(word.text, names));
        return null;
      }
    }
  }
  return made;
}

/** "url_param <name> [check_post [<wait>]]"; what stands behind check_post no longer has a meaning (configuration.txt). */
function urlParam(args: Word[], { load, keyword }: Call<ProxyDraft>): Balance | null {
  const [word, name, modifier] = args;
  if (name === undefined) {
    alert(load.diagnostics, word ?? keyword, "balance url_param requires an URL parameter name");
    return null;
  }
  if (modifier !== undefined && modifier.text !== "check_post") {
    alert(
      load.diagnostics,
      modifier,
      `balance url_param only accepts 'check_post' modifier (got '${modifier.text}')`,
      didYouMean(modifier.text, ["check_post"]),
    );
    return null;
  }
  return { kind: "url_param", name: name.text, checkPost: modifier !== undefined };
}

/** "hdr(<name>) [use_domain_only]" */
function hdr(args: Word[], { load, keyword }: Call<ProxyDraft>): Balance | null {
  const [word, modifier] = args;
  const name = /^hdr\(([^)]+)\)/s.exec(word?.text ?? "")?.[1];
  if (name === undefined) {
    alert(load.diagnostics, word ?? keyword, "balance hdr requires an http header field name, as in 'hdr(host)'");
    return null;
  }
  if (modifier !== undefined && modifier.text !== "use_domain_only") {
    alert(
      load.diagnostics,
      modifier,
      `balance hdr(${name}) only accepts 'use_domain_only' modifier (got '${modifier.text}')`,
      didYouMean(modifier.text, ["use_domain_only"]),
    );
    return null;
  }
  return { kind: "hdr", name, domainOnly: modifier !== undefined };
}

const METHODS: Readonly<Record<string, HashType["method"]>> = { "map-based": "map-based", consistent: "consistent" };
const FUNCTIONS: Readonly<Record<string, HashType["function"]>> = {
  sdbm: "sdbm",
  djb2: "djb2",
  wt6: "wt6",
  crc32: "crc32",
  none: "none",
};

function hashType(args: Word[], { target, load, name }: Call<ProxyDraft>): void {
  const [methodWord, functionWord, modifier] = args;
  if (methodWord === undefined) return;
  const method = oneOf(methodWord, name, METHODS, load);
  const hashFunction = functionWord === undefined ? "sdbm" : oneOf(functionWord, name, FUNCTIONS, load);
  if (method === null || hashFunction === null) return;
  if (modifier !== undefined && modifier.text !== "avalanche") {
    return alert(
      load.diagnostics,
      modifier,
      `'hash-type' only supports 'avalanche' as a modifier for hash functions (got '${modifier.text}')`,
    );
  }
  target.proxy.hashType = {
    ...target.proxy.hashType,
    method,
    function: hashFunction,
    // configuration.txt, "hash-type": consistent without a function means sdbm with avalanche.
    avalanche: modifier !== undefined || (method === "consistent" && functionWord === undefined),
  };
}

function balanceFactor(args: Word[], { target, load, name }: Call<ProxyDraft>): void {
  const word = args[0];
  if (word === undefined) return;
  const factor = wholeNumber(word, name, load, 0, 65_535);
  if (factor === null) return;
  if (factor > 0 && factor <= 100) {
    return alert(load.diagnostics, word, `'hash-balance-factor' must be 0 or greater than 100 (got ${factor})`);
  }
  target.proxy.hashType.balanceFactor = factor;
}
