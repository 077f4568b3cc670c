/**
 * `acl` and the conditions built from ACLs (`if` and `unless`). What a criterion means is the business of the sample
 * engine, asked through the hooks of the load; here stand names, flags, and, or, not, braces.
 */
import { alert, didYouMean, type Located, quote, warning } from "../../diagnostics.ts";
import type { Load, ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { Acl, Condition } from "../model.ts";
import type { ConfigLine, Word } from "../words.ts";
import { inside, namedFile } from "./arguments.ts";

/** configuration.txt 7.4: ACLs nobody has to declare. */
const PREDEFINED: Readonly<Record<string, readonly [criterion: string, ...patterns: string[]]>> = {
  FALSE: ["always_false"],
  HTTP: ["req.proto_http"],
  "HTTP_1.0": ["req.ver", "1.0"],
  "HTTP_1.1": ["req.ver", "1.1"],
  "HTTP_2.0": ["req.ver", "2.0"],
  "HTTP_3.0": ["req.ver", "3.0"],
  HTTP_CONTENT: ["req.hdr_val(content-length)", "gt", "0"],
  HTTP_URL_ABS: ["url_reg", "^[^/:]*://"],
  HTTP_URL_SLASH: ["url_beg", "/"],
  HTTP_URL_STAR: ["url", "*"],
  LOCALHOST: ["src", "127.0.0.1/8", "::1"],
  METH_CONNECT: ["method", "CONNECT"],
  METH_DELETE: ["method", "DELETE"],
  METH_GET: ["method", "GET", "HEAD"],
  METH_HEAD: ["method", "HEAD"],
  METH_OPTIONS: ["method", "OPTIONS"],
  METH_POST: ["method", "POST"],
  METH_PUT: ["method", "PUT"],
  METH_TRACE: ["method", "TRACE"],
  RDP_COOKIE: ["req.rdp_cookie_cnt", "gt", "0"],
  REQ_CONTENT: ["req.len", "gt", "0"],
  TRUE: ["always_true"],
  WAIT_END: ["wait_end"],
};

export const aclRows: ProxyRow[] = [
  {
    name: "acl",
    args: [2, Infinity],
    usage: "<name> <criterion> [flags] [operator] <value>...",
    side: "any",
    elsewhere: "ignored",
    defaults: "named",
    parse: acl,
  },
];

function acl(args: Word[], { target, load, line }: Call<ProxyDraft>): void {
  const name = args[0];
  if (name === undefined) return;
  const d = load.diagnostics;
  const wrong = /[^A-Za-z0-9_.:-]/.exec(name.text);
  if (wrong !== null) {
    return alert(
      d,
      inside(name, wrong.index, 1),
      `character '${wrong[0]}' is not permitted in acl name '${name.text}'`,
    );
  }
  if (name.text.toLowerCase() === "or") {
    return alert(
      d,
      name,
      `acl name '${name.text}' will never match. 'or' is used to express a logical disjunction within a condition`,
    );
  }
  const made = readAcl(name.text, args.slice(1), line, load, `ACL '${name.text}'`);
  // One refused is still declared: its uses are no second mistake.
  target.aclNames.add(name.text);
  if (made !== null) target.proxy.acls.push(made);
}

const WITH_VALUE: ReadonlySet<string> = new Set(["-f", "-m", "-u"]);

/** Criterion, flags and patterns, checked by the sample engine. */
function readAcl(name: string, words: Word[], line: ConfigLine, load: Load, what: string): Acl | null {
  const criterion = words[0];
  if (criterion === undefined) return null;
  const flags: string[] = [];
  let i = 1;
  // Flags are the words that begin with a minus sign, some with a value, up to "--" or the first pattern.
  for (; words[i]?.text.startsWith("-") === true; i++) {
    const flag = words[i]?.text ?? "";
    flags.push(flag);
    const value = words[i + 1];
    if (flag === "--") {
      i++;
      break;
    }
    if (!WITH_VALUE.has(flag) || value === undefined) continue;
    flags.push(flag === "-f" ? namedFile(value.text, line, load) : value.text);
    i++;
  }
  const patterns = words.slice(i);
  const made: Acl = {
    name,
    criterion: criterion.text,
    flags,
    patterns: patterns.map((word) => word.text),
    place: criterion.place,
  };
  const complaint = load.checks.acl(made);
  if (complaint === null) return made;
  // A complaint about one of the values quotes it.
  const value = patterns.find((word) => complaint.message.includes(quote(word.text)));
  const at = value ?? inside(criterion, complaint.offset);
  if (complaint.severity === "warning") {
    warning(load.diagnostics, at, `parsing ${what} : ${complaint.message}`);
    return made;
  }
  alert(load.diagnostics, at, `error detected while parsing ${what} : ${complaint.message}`);
  return null;
}

/**
 * Reads `if` or `unless` and what follows. Like in haproxy, an ACL stands above its first use. `what` names the rule
 * in messages. A condition without any term is never true.
 */
export function readCondition(
  words: Word[],
  line: ConfigLine,
  draft: ProxyDraft,
  load: Load,
  what: string,
): Condition | null {
  const d = load.diagnostics;
  const keyword = words[0];
  if (keyword === undefined) return null;
  if (keyword.text !== "if" && keyword.text !== "unless") {
    alert(
      d,
      keyword,
      `unexpected keyword '${keyword.text}' after ${what}, only 'if' and 'unless' are allowed`,
      didYouMean(keyword.text, ["if", "unless"]),
    );
    return null;
  }
  const terms: Condition["terms"] = [];
  let term: Condition["terms"][number] = [];
  let negated = false;
  let failed = false;
  const problem = (where: Located, message: string, hint: string | null = null) => {
    alert(d, where, `error detected while parsing ${what} : ${message}`, hint);
    failed = true;
  };
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) break;
    let text = word.text;
    if (text === "||" || text.toLowerCase() === "or") {
      if (term.length > 0) terms.push(term);
      term = [];
      negated = false;
      continue;
    }
    while (text.startsWith("!")) {
      negated = !negated;
      text = text.slice(1);
    }
    if (text === "") continue;
    let name: string;
    if (text === "{") {
      const end = words.findIndex((other, index) => index > i && other.text === "}");
      if (end < 0) {
        problem(word, "missing closing '}' in condition");
        break;
      }
      const inner = words.slice(i + 1, end);
      i = end;
      name = `{${draft.proxy.acls.length}}`;
      if (inner.length === 0) {
        problem(word, "missing fetch method in ACL expression ''");
        continue;
      }
      const made = readAcl(name, inner, line, load, what);
      if (made === null) {
        failed = true;
        continue;
      }
      draft.proxy.acls.push(made);
    } else {
      name = text;
      if (!isKnown(name, draft, word, load)) {
        problem(
          inside(word, word.text.length - text.length),
          `no such ACL : '${name}'`,
          didYouMean(name, [...draft.aclNames, ...Object.keys(PREDEFINED)]),
        );
        continue;
      }
    }
    term.push({ acl: name, negated });
    negated = false;
  }
  if (term.length > 0) terms.push(term);
  return failed ? null : { unless: keyword.text === "unless", terms };
}

/** Declared above, or predefined: then it joins the declared ones. */
function isKnown(name: string, draft: ProxyDraft, word: Word, load: Load): boolean {
  if (draft.aclNames.has(name)) return true;
  if (!Object.hasOwn(PREDEFINED, name)) return false;
  const [criterion = "", ...patterns] = PREDEFINED[name] ?? [];
  const made: Acl = { name, criterion, flags: [], patterns, place: word.place };
  const complaint = load.checks.acl(made);
  if (complaint !== null) {
    alert(load.diagnostics, word, `error detected while parsing ACL '${name}' : ${complaint.message}`);
  }
  draft.proxy.acls.push(made);
  draft.aclNames.add(name);
  return true;
}
