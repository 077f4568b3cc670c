/**
 * ACL keywords (configuration.txt 7.3.6, "ACL derivatives"): names that stand for a fetch and a way of matching. Some are
 * names of fetches too; in an ACL the keyword is meant.
 */
import type { MatchName } from "./matches.ts";

export interface AclKeyword {
  fetch: string;
  match: MatchName;
}

const ENDINGS = ["beg", "dir", "dom", "end", "len", "reg", "sub"] as const;

/** `path`: exact; `path_beg` and its like. */
const derived = (name: string, fetch: string): [string, AclKeyword][] => [
  [name, { fetch, match: "str" }],
  ...ENDINGS.map((match): [string, AclKeyword] => [`${name}_${match}`, { fetch, match }]),
];

export const ACL_KEYWORDS: ReadonlyMap<string, AclKeyword> = new Map([
  ...derived("base", "base"),
  ...derived("cook", "req.cook"),
  ...derived("hdr", "req.hdr"),
  ...derived("path", "path"),
  ...derived("scook", "res.cook"),
  ...derived("shdr", "res.hdr"),
  ...derived("url", "url"),
  ...derived("urlp", "urlp"),
  ["method", { fetch: "method", match: "meth" }],
  ["req_ver", { fetch: "req.ver", match: "str" }],
  ["resp_ver", { fetch: "res.ver", match: "str" }],
]);
