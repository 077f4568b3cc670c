/** What a check expects: the arguments of `http-check expect` and `tcp-check expect`. */
import { alert, didYouMean } from "../../diagnostics.ts";
import type { Load } from "../draft.ts";
import { notYet } from "../later.ts";
import type { HttpCheckExpect, TcpCheckMatch, TcpCheckStep } from "../model.ts";
import type { Word } from "../words.ts";
import { readHex } from "./checks.ts";

/** In front of the match, or behind it. */
const LATER = [
  "comment",
  "error-status",
  "min-recv",
  "ok-status",
  "on-error",
  "on-success",
  "status-code",
  "tout-status",
];

type Kinds<M> = Readonly<Record<string, ((pattern: Word, who: string, load: Load) => M | null) | "later">>;

const regex = (pattern: Word, who: string, load: Load): string | null => {
  const complaint = load.checks.regex(pattern.text);
  if (complaint === null) return pattern.text;
  alert(load.diagnostics, pattern, `'${who}' : ${complaint.message}`);
  return null;
};

const HTTP: Kinds<HttpCheckExpect["match"]> = {
  status: readStatuses,
  rstatus(word, who, load) {
    const pattern = regex(word, who, load);
    return pattern === null ? null : { kind: "rstatus", pattern };
  },
  string: ({ text }) => ({ kind: "string", text }),
  rstring(word, who, load) {
    const pattern = regex(word, who, load);
    return pattern === null ? null : { kind: "rstring", pattern };
  },
  "string-lf": "later",
  hdr: "later",
  fhdr: "later",
};

const TCP: Kinds<TcpCheckMatch> = {
  string: ({ text }) => ({ kind: "string", text }),
  rstring(word, who, load) {
    const pattern = regex(word, who, load);
    return pattern === null ? null : { kind: "rstring", pattern };
  },
  binary(word, who, load) {
    const text = readHex(word, who, load);
    return text === null ? null : { kind: "binary", text };
  },
  "string-lf": "later",
  rbinary: "later",
  "binary-lf": "later",
};

/** "200,201,300-310" */
function readStatuses(word: Word, who: string, load: Load): HttpCheckExpect["match"] | null {
  const ranges: [number, number][] = [];
  for (const part of word.text.split(",")) {
    const numbers = /^([0-9]{1,9})(?:-([0-9]{1,9}))?$/.exec(part);
    if (numbers === null) {
      const hint = "It is a list of codes and ranges, such as 200,300-310";
      alert(load.diagnostics, word, `'${who}' : expects a status code but got '${part}'.`, hint);
      return null;
    }
    const from = Number(numbers[1]);
    ranges.push([from, Number(numbers[2] ?? from)]);
  }
  return { kind: "status", ranges };
}

function readExpect<M>(
  args: Word[],
  who: string,
  at: Word,
  kinds: Kinds<M>,
  load: Load,
): { negated: boolean; match: M } | null {
  const d = load.diagnostics;
  let negated = false;
  let match: M | null = null;
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word.text === "!" && match === null) {
      negated = !negated;
      continue;
    }
    const inverse = word.text.startsWith("!");
    const name = inverse ? word.text.slice(1) : word.text;
    const later = LATER.includes(word.text) || (Object.hasOwn(kinds, name) && kinds[name] === "later");
    if (later) {
      notYet(load, word, `${who} ${name}`, `'${who}' : '${name}' is not supported yet`);
      return null;
    }
    const read: Kinds<M>[string] | undefined = Object.hasOwn(kinds, name) && match === null ? kinds[name] : undefined;
    if (read === undefined || read === "later") {
      const known = Object.keys(kinds);
      const list = [...known.map((one) => `'[!]${one}'`), "'min-recv'", "'comment'"].join(", ");
      const message = `'${who}' : only supports ${list} but got '${word.text}' as argument.`;
      alert(d, word, message, match === null ? didYouMean(name, known) : null);
      return null;
    }
    const pattern = args[++i];
    if (pattern === undefined || pattern.text === "") {
      alert(d, pattern ?? word, `'${who}' : '${name}' expects a <pattern> as argument.`);
      return null;
    }
    if (inverse) negated = !negated;
    match = read(pattern, who, load);
    if (match === null) return null;
  }
  if (match !== null) return { negated, match };
  alert(d, at, `'${who}' : expects at least a matching pattern as arguments.`);
  return null;
}

export const readHttpExpect = (args: Word[], at: Word, load: Load): HttpCheckExpect | null =>
  readExpect(args, "http-check expect", at, HTTP, load);

export function readTcpExpect(args: Word[], at: Word, load: Load): TcpCheckStep | null {
  const made = readExpect(args, "tcp-check expect", at, TCP, load);
  return made === null ? null : { kind: "expect", ...made };
}
