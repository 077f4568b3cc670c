/** ACLs over a made-up session: what matches, what is refused and why, long lists, and any words at all. */
import { expect, test } from "bun:test";
import { contextOf, type Session, settingOf } from "../../../test/samples_context.ts";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import type { Acl } from "../../config/haproxy/model.ts";
import { checkAcl, compileAcl, splitAclWords } from "./acl.ts";

const aclOf = (criterion: string, ...words: string[]): Acl => ({
  name: "a",
  criterion,
  ...splitAclWords(words),
  place: { file: "", line: 1, column: 1 },
});

const FILES = {
  "/nets": "# offices\n  10.0.0.0/8\n\n2001:db8::/32\n",
  "/words": "alpha\nBeta\n",
  "/map": "alpha 1\nbeta 2\n",
  "/ops": "gt 5\n",
};

// The rules of matching are held against haproxy itself in test/samples-differential.test.ts; here what needs a session.
const matches: [session: Session, words: string[], want: boolean][] = [
  [{ client: "10.1.2.3" }, ["src", "10.0.0.0/8"], true],
  [{ client: "11.1.2.3" }, ["src", "10.0.0.0/8"], false],
  [{ client: "10.1.2.3" }, ["src", "192.0.2.1", "10.0.0.0/8", "10.1.0.0/16"], true],
  [{ client: "10.1.2.3" }, ["src", "::ffff:10.0.0.0/104"], true],
  [{ client: "2001:db8::5" }, ["src", "2001:db8::/32"], true],
  [{ client: "2001:db9::5" }, ["src", "2001:db8::/32"], false],
  [{ client: "2001:db8::5" }, ["src", "0.0.0.0/0"], false],
  [{ client: "::ffff:10.1.2.3" }, ["src", "10.0.0.0/8"], true],
  [{ client: "2002:a01:203::9" }, ["src", "10.0.0.0/8"], true],
  [{ client: "::10.1.2.3" }, ["src", "10.0.0.0/8"], true],
  [{ client: "10.1.2.3" }, ["src", "-f", "/nets"], true],
  [{ client: "2001:db8::1" }, ["src", "-f", "/nets", "--", "192.0.2.1"], true],
  [{ client: null }, ["src", "0.0.0.0/0", "::/0"], false],
  [{ client: null }, ["src", "-m", "found"], false],
  [{ client: null }, ["src_port", "0:65535"], false],
  [{ clientPort: 1023 }, ["src_port", ":1023"], true],
  [{ clientPort: 1024 }, ["src_port", ":1023"], false],
  [{ clientPort: 1024 }, ["src_port", "gt", "1023"], true],
  [{ clientPort: 1023 }, ["src_port", "ge", "1024", "lt", "80"], false],
  [{ client: "2001:db8::5" }, ["src,add(1)", "0:"], false], // no integer comes of it: no match, not an error
  [{ client: "10.1.2.3" }, ["src,ipmask(8)", "10.0.0.0"], true],
  [{ local: "127.0.0.1" }, ["dst_is_local"], true],
  [{ local: "192.0.2.9" }, ["dst_is_local"], false],
  [{}, ["fe_name", "-i", "WWW"], true],
  [{}, ["fe_name", "WWW"], false],
  [{}, ["str(alpha)", "-M", "-f", "/map"], true],
  [{}, ["str(BETA)", "-i", "-f", "/words"], true],
  [{}, ["str(BETA)", "-f", "/words", "-i"], false],
  [{}, ["str(alpha)", "-f", "/words", "-i", "ALPHA"], true],
  [{}, ["nbsrv(all)", "ge", "2"], true],
];

test.each(matches)("%j: acl %j is %p", (session, [criterion = "", ...words], want) => {
  const compiled = compileAcl(aclOf(criterion, ...words), settingOf("log", 0, FILES));
  if (!compiled.ok) throw new Error(compiled.message);
  expect(compiled.test(contextOf(session))).toBe(want);
});

const refusals: [words: string[], message: RegExp][] = [
  [["sorce"], /Unknown ACL keyword "sorce"/],
  [["req.rdp_cookie_cnt", "gt", "0"], /The ACL keyword "req.rdp_cookie_cnt" is not supported yet/],
  [["path_begin", "/"], /Unknown ACL keyword "path_begin". Did you mean "path_beg"/],
  [["src upper", "x"], /end of the criterion, not " "/],
  [["src", "10.0.0.0/33"], /Cannot read "10.0.0.0\/33": expected an address or a network/],
  [["src", "2001:db8::/ffff::"], /expected an address or a network/],
  [["src", "example.com"], /host names are not supported yet/],
  [["src_port", "80-90"], /Cannot read "80-90": expected a whole number or a range/],
  [["src_port", "90:80"], /a whole number or a range/],
  [["src_port", ":"], /a whole number or a range/],
  [["src_port", "ne", "80"], /Cannot read "ne"/],
  [["src_port", "99999999999999999999"], /a whole number or a range/],
  [["src_port", "-f", "/ops"], /Cannot read "gt 5"/],
  [["src", "-x", "1"], /Unknown flag "-x"/],
  [["src", "-m", "constructor", "x"], /Unknown matching method "constructor"/],
  [["src", "-m", "strr", "x"], /Unknown matching method "strr". Did you mean "str"/],
  [["src", "-m"], /Unknown matching method ""/],
  [["src", "-f", "/none"], /Cannot read pattern file "\/none"/],
  [["src", "-f", "virt@x"], /not supported yet/],
  [["src", "-f", "/nets", "-m", "str"], /Cannot use "-m" after "-f"/],
  [["src", "-u", "x", "y"], /Cannot use "-u" with "x"/],
  [["bin(41)", "A"], /Cannot match bin without "-m"/],
  [["bin(41)", "-m", "int", "1"], /Cannot use matching method "int" on bin/],
  [["str(a)", "-m", "bin", "4"], /an even number of hex digits/],
  [["str(a)", "-m", "reg", "("], /Cannot read regex "\("/],
  [["str(a)", "-m", "reg", "a++"], /a possessive quantifier is not supported/],
];

test.each(refusals)("acl %j is refused: %p", ([criterion = "", ...words], message) => {
  const compiled = compileAcl(aclOf(criterion, ...words), settingOf("log", 0, FILES));
  expect(compiled.ok ? "accepted" : compiled.message).toMatch(message);
});

test("an ACL that can never match is warned about, unless -- says it is meant", () => {
  const warning = (...words: string[]) => {
    const compiled = compileAcl(aclOf("src", ...words), settingOf("log", 0, { "/empty": "# none yet\n" }));
    return compiled.ok && compiled.warning;
  };
  expect(warning()).toMatch(/never matches/);
  expect(warning("--")).toBe("");
  expect(warning("-f", "/empty")).toBe("");
  expect(warning("-m", "found")).toBe("");
  expect(warning("10.0.0.1")).toBe("");
});

test("words are parted into flags and patterns", () => {
  const cases: [words: string[], flags: string[], patterns: string[]][] = [
    [[], [], []],
    [["a", "-i"], [], ["a", "-i"]],
    [["-i", "-m", "beg", "a"], ["-i", "-m", "beg"], ["a"]],
    [["-f", "-x", "a"], ["-f", "-x"], ["a"]],
    [["-i", "--", "-i"], ["-i", "--"], ["-i"]],
    [["-m"], ["-m"], []],
    [["gt", "-5"], [], ["gt", "-5"]],
  ];
  for (const [words, flags, patterns] of cases) expect(splitAclWords(words)).toEqual({ flags, patterns });
});

test("long lists answer as short ones do", () => {
  const random = randomFrom(7);
  const networks = Array.from({ length: 3000 }, () => `10.${random(256)}.${random(256)}.0/${17 + random(15)}`);
  const ends = Array.from({ length: 300 }, () => String(random(2000)));
  const ports = Array.from({ length: 200 }, () => `${random(1000)}:${1000 + random(10)}`).concat("5000", "5002:5004");
  const each = (criterion: string, flags: string[], patterns: string[], session: Session) => {
    const context = contextOf(session);
    const run = (list: string[]) => {
      const compiled = compileAcl(aclOf(criterion, ...flags, ...list), settingOf());
      if (!compiled.ok) throw new Error(compiled.message);
      return compiled.test(context);
    };
    return [run(patterns), patterns.some((pattern) => run([pattern]))];
  };
  let hits = 0;
  for (let i = 0; i < 8; i++) {
    const [whole, parts] = each("src", [], networks, { client: `10.${random(256)}.${random(256)}.${random(256)}` });
    expect(whole).toBe(parts!);
    const word = `str(${random(2000)})`;
    for (const method of ["beg", "end", "sub", "str"]) {
      const [all, some] = each(word, ["-m", method], ends, {});
      expect([method, all]).toEqual([method, some!]);
      hits += Number(all);
    }
    const [inList, inOne] = each("src_port", [], ports, {
      clientPort: [5, 1005, 1011, 5000, 5001, 5002, 5004, 5005][i]!,
    });
    expect(inList).toBe(inOne!);
  }
  expect(hits).toBeGreaterThan(0);
});

test("any words are read or refused, never thrown at", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const words = [
    ...["src", "src_port", "str(a)", "bin(41)", "always_true", "fe_name,lower", "src,ipmask(8)", "(", "x"],
    ...[
      "-i",
      "-f",
      "-m",
      "-n",
      "-u",
      "-M",
      "--",
      "/nets",
      "/map",
      "str",
      "beg",
      "int",
      "ip",
      "reg",
      "dom",
      "len",
      "found",
    ],
    ...[
      "10.0.0.0/8",
      "::1",
      "1:2",
      "gt",
      "5",
      "",
      "(",
      "[",
      "a*",
      "\\",
      "\\Q",
      "(?<a>b)",
      "[[:alpha:]]",
      "[^]]",
      "\0",
      "4142",
    ],
  ];
  const end = performance.now() + 500;
  while (performance.now() < end) {
    const [criterion = "", ...rest] = Array.from({ length: 1 + random(7) }, () => words[random(words.length)]!);
    try {
      const acl = aclOf(criterion, ...rest);
      const compiled = compileAcl(acl, settingOf("log", 0, FILES));
      if (compiled.ok) compiled.test(contextOf());
      expect(checkAcl(acl, () => "", "http") === null || !compiled.ok || rest.includes("-f")).toBe(true);
    } catch (cause) {
      throw new Error(`FUZZ_SEED=${seed} ${JSON.stringify([criterion, ...rest])}`, { cause });
    }
  }
});
