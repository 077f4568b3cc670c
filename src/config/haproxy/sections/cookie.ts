/** `cookie` and `dynamic-cookie-key`: which server a client's cookie names, and how that cookie is made. */
import { alert, didYouMean, warning } from "../../diagnostics.ts";
import type { Load, ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { Persistence } from "../model.ts";
import { parseTime } from "../values.ts";
import type { Word } from "../words.ts";
import { inside, value } from "./arguments.ts";

const BACKEND = { side: "backend", elsewhere: "ignored", defaults: "yes" } as const;

export const cookieRows: ProxyRow[] = [
  { name: "cookie", args: [1, Infinity], usage: "<cookie_name> as argument", ...BACKEND, parse: cookie },
  {
    name: "dynamic-cookie-key",
    // What stands behind the key is let pass, as haproxy does.
    args: [1, Infinity],
    usage: "<secret_key> as argument",
    ...BACKEND,
    parse: (args, { target }) => {
      target.dynamicCookieKey = args[0]?.text ?? null;
    },
  },
];

/** What the words of one line say. */
interface Reading {
  made: Persistence;
  modes: Set<"insert" | "rewrite" | "prefix">;
  dynamic: boolean;
  load: Load;
}

type Option = { usage: string; read(reading: Reading, word: Word): boolean } | ((reading: Reading) => void);

const mode = (name: "insert" | "rewrite" | "prefix"): Option => ({ modes }) => {
  modes.add(name);
};

const flag =
  (field: "indirect" | "nocache" | "postonly" | "preserve" | "httponly" | "secure"): Option => ({ made }) => {
    made[field] = true;
  };

/** Seconds, unlike the other times of a proxy: browsers are told them, or a date is made of them. */
const seconds = (field: "maxidleSec" | "maxlifeSec", name: string, usage: string): Option => ({
  usage,
  read: ({ made, load }, word) => {
    const read = value(word, name, parseTime(word.text, "s"), load);
    if (read !== null) made[field] = read;
    return read !== null;
  },
});

/** configuration.txt, "cookie" */
const OPTIONS: Readonly<Record<string, Option>> = {
  rewrite: mode("rewrite"),
  insert: mode("insert"),
  prefix: mode("prefix"),
  indirect: flag("indirect"),
  nocache: flag("nocache"),
  postonly: flag("postonly"),
  preserve: flag("preserve"),
  httponly: flag("httponly"),
  secure: flag("secure"),
  domain: { usage: "<domain> as argument", read: domain },
  maxidle: seconds("maxidleSec", "cookie maxidle", "<idletime> in seconds as argument"),
  maxlife: seconds("maxlifeSec", "cookie maxlife", "<lifetime> in seconds as argument"),
  dynamic: (reading) => {
    reading.dynamic = true;
  },
  attr: { usage: "<value> as argument", read: attribute },
};

/** A line replaces the one before, its options included. */
function cookie(args: Word[], { target, load, keyword }: Call<ProxyDraft>): void {
  const [name, ...options] = args;
  if (name === undefined) return;
  const reading: Reading = { made: blank(name.text), modes: new Set(), dynamic: false, load };
  const d = load.diagnostics;
  for (let i = 0; i < options.length; i++) {
    const word = options[i];
    if (word === undefined) break;
    const option = Object.hasOwn(OPTIONS, word.text) ? OPTIONS[word.text] : undefined;
    if (option === undefined) {
      const names = Object.keys(OPTIONS);
      const list = names.map((one) => `'${one}'`).join(", ");
      return alert(d, word, `'cookie' supports ${list} options (got '${word.text}')`, didYouMean(word.text, names));
    }
    if (typeof option === "function") {
      option(reading);
      continue;
    }
    const argument = options[++i];
    if (argument === undefined) return alert(d, word, `'cookie' : '${word.text}' expects ${option.usage}`);
    if (!option.read(reading, argument)) return;
  }
  const { made, modes } = reading;
  if (modes.has("rewrite") && made.indirect) {
    alert(d, keyword, "cookie 'rewrite' and 'indirect' modes are incompatible");
  }
  if (modes.size > 1) alert(d, keyword, "cookie 'rewrite', 'insert' and 'prefix' modes are incompatible");
  if (made.preserve && !modes.has("insert") && !made.indirect) {
    alert(d, keyword, "cookie 'preserve' requires at least 'insert' or 'indirect'");
  }
  made.mode = [...modes][0] ?? "passive";
  target.proxy.cookie = made;
  target.dynamicCookie = reading.dynamic;
  target.places.cookie = keyword;
}

const blank = (name: string): Persistence => ({
  name,
  mode: "passive",
  indirect: false,
  nocache: false,
  postonly: false,
  preserve: false,
  httponly: false,
  secure: false,
  domains: [],
  maxidleSec: 0,
  maxlifeSec: 0,
  attributes: [],
  dynamicKey: null,
});

function domain({ made, load }: Reading, word: Word): boolean {
  const d = load.diagnostics;
  if (!word.text.includes(".")) {
    warning(
      d,
      word,
      `domain '${word.text}' contains no embedded dot, this configuration may not work properly (see RFC6265#5.2.3)`,
    );
  }
  const wrong = /[^A-Za-z0-9_.-]/.exec(word.text);
  if (wrong !== null) {
    alert(
      d,
      inside(word, wrong.index, 1),
      `character '${wrong[0]}' is not permitted in domain name '${word.text}'`,
    );
    return false;
  }
  made.domains.push(word.text);
  return true;
}

/** It goes into the header field as it is (RFC 6265 §4.1.1, extension-av). */
function attribute({ made, load }: Reading, word: Word): boolean {
  const wrong = /[\x00-\x1f\x7f;]/.exec(word.text);
  if (wrong === null) {
    made.attributes.push(word.text);
    return true;
  }
  const code = wrong[0].charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
  alert(load.diagnostics, inside(word, wrong.index, 1), `character '%x${code}' is not permitted in attribute value`);
  return false;
}
