/**
 * The same keys through haproxy's hashing and ours: the same servers, for each kind of key, function and hash type.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { HashType } from "../src/config/haproxy/model.ts";
import { hashBytes, hashInteger, hashSource, hashString } from "../src/proxy/balance/hash.ts";
import {
  hashBodyParam,
  hashHeader,
  hashUri,
  hashUrlParam,
  NO_KEY,
  type UriRule,
} from "../src/proxy/balance/request_key.ts";
import { bytes, caseList, FARMS, SOURCES, weights } from "./balance_cases.ts";
import { backend, hashType } from "./balance_fixture.ts";
import { type Lab, startLab } from "./balance_lab.ts";

const { cases, add } = caseList();
let lab: Lab;
beforeAll(async () => {
  lab = await startLab(cases.map((one) => one.theirs));
});
afterAll(() => lab.stop());

const HASH_FARMS = FARMS.filter(([name]) => !/10 1|1 10/.test(name));

describe("source", () => {
  for (const method of ["map-based", "consistent"] as const) {
    for (const avalanche of [false, true]) {
      for (const [name, servers, allbackups = false] of HASH_FARMS) {
        const type: Partial<HashType> = { method, avalanche };
        const farm = add(`source, ${method}${avalanche ? " avalanche" : ""}, ${name}`, {
          balance: { kind: "source" },
          hashType: type,
          servers,
          allbackups,
        });
        test(cases[farm]!.name, async () => {
          const ours = backend(cases[farm]!.ours);
          const mine: number[] = [];
          const theirs: number[] = [];
          for (const [line, address] of SOURCES) {
            mine.push(ours.balancer.pick(hashSource(hashType(type), address), -1));
            theirs.push(await lab.choose(farm, "", line));
          }
          expect(mine).toEqual(theirs);
        });
      }
    }
  }
});

describe("hash of samples", () => {
  const type = hashType({ method: "consistent", function: "wt6" });
  const samples: [expression: string, key: (line: string, address: Uint8Array) => number][] = [
    ["src", (_, address) => hashBytes(type, address)],
    ["src_port", () => hashInteger(type, 1000)],
    ["int(-5)", () => hashInteger(type, -5)],
    ["int(123456789012345)", () => hashInteger(type, 123_456_789_012_345)],
    ["str(abc)", () => hashString(type, "abc")],
    ["str(-1),map_str_int(/dev/null)", () => NO_KEY],
  ];
  for (const [expression, key] of samples) {
    const farm = add(`hash ${expression}`, {
      balance: { kind: "hash", expression: `hash ${expression}`, place: { file: "", line: 0, column: 0 } },
      hashType: type,
      servers: weights(1, 1, 2, 1, 1, 1, 3, 1, 1),
    });
    test(cases[farm]!.name, async () => {
      const ours = backend(cases[farm]!.ours);
      const mine: number[] = [];
      const theirs: number[] = [];
      for (const [line, address] of SOURCES) {
        mine.push(ours.balancer.pick(key(line, address), -1));
        theirs.push(await lab.choose(farm, "", line));
      }
      expect(mine).toEqual(theirs);
    });
  }
});

/** Requests with values of many shapes; index 0 of each pair is the request, 1 what ours hashes. */
const FUNCTIONS = ["sdbm", "djb2", "wt6", "crc32"] as const;
const WORDS = [
  "a",
  "b",
  "hello",
  "www.example.com",
  "a.b",
  ".b",
  "b.",
  "nodots",
  "\xe9\xff\x80",
  "x".repeat(300),
  "10.0.0.1",
  "",
];
for (let i = 0; i < 30; i++) WORDS.push(`host-${i * i}.example${i}.org`);

const URIS = [
  "/",
  "/a",
  "/a/",
  "/a/b/c/d?e=f/g",
  "//a//b",
  "/a?b/c/d",
  "http://www.example.com/a/b?c=d",
  "http://www.example.com",
  "*",
  "/?",
  "/a?user=1",
  "/a?user=",
  "/a?user",
  "/a?xuser=2&user=3",
  "/a?User=3",
  "/a?user=4&user=5",
  "/a?u=1&&user=6&",
  "/a?b?user=8",
  "/a&user=9",
];
for (let i = 0; i < 20; i++) URIS.push(`/d${i}/e${i * 7}/f.html?user=u${i % 7}&x=${i}`);

interface HttpCase {
  balance: string;
  request(word: string): string;
  key(type: HashType, word: string): number;
  words: string[];
}

function get(uri: string): string {
  const host = /^http:\/\/([^/?]*)/.exec(uri)?.[1] ?? "h";
  return `${uri === "*" ? "OPTIONS" : "GET"} ${uri} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
}

const uri = (rule: Partial<UriRule>, words: string): HttpCase => ({
  balance: `uri ${words}`,
  request: get,
  key: (type, word) => hashUri(type, { whole: false, pathOnly: false, len: 0, depth: 0, ...rule }, bytes(word)),
  words: URIS,
});
const header = (name: string, domainOnly: boolean, words: string[]): HttpCase => ({
  balance: `hdr(${name})${domainOnly ? " use_domain_only" : ""}`,
  request: (word) => `GET / HTTP/1.1\r\nhost: h\r\nx-key: ${word}\r\n\r\n`,
  key: (type, word) => hashHeader(type, domainOnly, bytes(word)),
  words,
});

const HTTP: HttpCase[] = [
  uri({}, ""),
  uri({ whole: true }, "whole"),
  uri({ len: 4 }, "len 4"),
  uri({ depth: 1 }, "depth 1"),
  uri({ depth: 2 }, "depth 2"),
  uri({ depth: 2, len: 9, whole: true }, "depth 2 len 9 whole"),
  uri({ pathOnly: true }, "path-only"),
  uri({ pathOnly: true, whole: true, depth: 2 }, "path-only whole depth 2"),
  uri({ pathOnly: true, len: 5 }, "path-only len 5"),
  {
    balance: "url_param user",
    request: get,
    key: (type, word) => hashUrlParam(type, bytes("user"), bytes(word)),
    words: URIS,
  },
  {
    balance: "url_param user check_post",
    request: (word) => `POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${word.length}\r\n\r\n${word}`,
    key: (type, word) => hashBodyParam(type, bytes("user"), bytes(word)),
    words: [
      "user=1",
      "user=",
      "user",
      "a=b&user=2&user=3",
      "user= x",
      "user=\r\n",
      "user=(1)",
      "user=\x80",
      "user=5\r\n",
      "xuser=1",
      "user=a b&c",
      "a&&user=7&",
    ],
  },
  header("x-key", false, [...WORDS, "a, b", "a ,b", '"a,b",c', ",a", "a\tb"]),
  header("X-Key", true, WORDS),
  {
    balance: "hash req.hdr(x-key)",
    request: (word) => `GET / HTTP/1.1\r\nhost: h\r\nx-key: ${word}\r\n\r\n`,
    key: hashString,
    words: WORDS,
  },
];

describe("http", () => {
  for (const one of HTTP) {
    for (const method of ["map-based", "consistent"] as const) {
      for (const name of FUNCTIONS) {
        const type = hashType({ method, function: name, avalanche: name === "djb2" });
        const farm = add(`${one.balance}, ${method} ${name}`, {
          balance: { kind: "hash", expression: one.balance, place: { file: "", line: 0, column: 0 } },
          hashType: type,
          servers: weights(3, 1, 2, 5, 1, 1),
        }, "http");
        test(cases[farm]!.name, async () => {
          const ours = backend(cases[farm]!.ours);
          const mine: string[] = [];
          const theirs: string[] = [];
          for (const word of one.words) {
            mine.push(`${word} ${ours.balancer.pick(one.key(type, word), -1)}`);
            theirs.push(`${word} ${await lab.choose(farm, one.request(word))}`);
          }
          expect(mine).toEqual(theirs);
        });
      }
    }
  }
});
