/** Rules on messages made of hostile pieces: what goes on is one message, and can be read again as it is. */
import { expect, test } from "bun:test";
import { frontendOf, siteOf } from "../../../test/rules_fixture.ts";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import { contextOf } from "../../../test/samples_context.ts";
import { composeHead } from "../http1/compose.ts";
import { newHead } from "../http1/head.ts";
import { PARSED, parseRequest } from "../http1/parse.ts";
import { compileHttpRules } from "./compile.ts";

const BUDGET = 20_000;
const SEED = fuzzSeed();

const RULES = [
  'add-header X-A "%[hdr(a)]%[path,url_dec]"',
  "set-header A %[hdr(a),lower]",
  "set-header Host %[hdr(a)]",
  "replace-header A ^(.)(.*)$ \\\\2\\\\1",
  "replace-value A (.*) [\\\\1]",
  "replace-value A ^$ x",
  "replace-header Host (.*) \\\\1.%[hdr(a)]",
  "del-header a -m sub",
  "set-path /%[path,url_dec]",
  "set-path %[hdr(a)]",
  "set-pathq %[hdr(a)]",
  "set-query %[query,url_dec]",
  "set-uri http://%[hdr(a)]/x",
  "set-uri %[hdr(a)]",
  "set-method %[hdr(m)]",
].map((rule) => {
  const proxy = frontendOf([`http-request ${rule}`]);
  return { rule, list: compileHttpRules(proxy.httpRequestRules, "request", siteOf(proxy))! };
});

const PIECES = [
  "a",
  "b,c",
  '"',
  '"x,y"',
  ",",
  " ",
  "\t",
  ";",
  "\\",
  "%0d%0a",
  "%00",
  "%20",
  "/",
  "?",
  "#",
  ":",
  "@",
  "é",
];
const TARGETS = ["/", "*", "/a?b=c", "/%0d%0aX:%20y", "http://h/a?b", "http://u@h:80", "http://h?x", "/?", "//x//y?z?"];
const METHODS = ["GET", "POST", "PURGE", "", "a b", "X("];

test(`${BUDGET} messages with seed ${SEED}`, () => {
  const random = randomFrom(SEED);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const value = () => Array.from({ length: random(8) }, () => pick(PIECES)).join("");
  const head = newHead(101, 8192);
  const again = newHead(101, 8192);
  const out = Buffer.alloc(16_384);
  for (let i = 0; i < BUDGET; i++) {
    const fields = Array.from({ length: random(4) }, () => `A: ${value()}\r\n`).join("");
    const text = `GET ${pick(TARGETS)} HTTP/1.1\r\nHost: h\r\n${fields}M: ${
      pick(METHODS)
    }\r\nContent-Length: 3\r\n\r\n`;
    const bytes = Buffer.from(text, "latin1");
    if (parseRequest(head, bytes, 0, bytes.length, 101) !== PARSED.done) continue;
    const { rule, list } = pick(RULES);
    const context = { ...contextOf({ request: "GET / HTTP/1.1\r\nHost: h\r\n\r\n" }), request: head };
    const reply = list.run(context, head);
    if (reply !== null) {
      expect(reply.status).toBe(500);
      continue;
    }
    const end = composeHead(head, true, out, 0);
    const message = out.toString("latin1", 0, end);
    const told = `${rule} on ${JSON.stringify(text)} gave ${JSON.stringify(message)} with seed ${SEED}`;
    if (message.indexOf("\r\n\r\n") !== end - 4) throw new Error(`Not one head: ${told}`);
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(message.replaceAll("\r\n", ""))) throw new Error(`Control characters: ${told}`);
    // A host that names another than Host does is refused, as from a client; nothing else is.
    const result = parseRequest(again, Buffer.from(message, "latin1"), 0, end, 101);
    if (result === PARSED.more || (result !== PARSED.done && !/[hH]ost|uri|path/.test(rule))) {
      throw new Error(`Cannot read it again (${result}): ${told}`);
    }
    if (result === PARSED.done && again.length !== 3) throw new Error(`Another length: ${told}`);
  }
});
