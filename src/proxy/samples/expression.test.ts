/** Expressions over a made-up session: values, types, refusals with their place, and any text at all. */
import { describe, expect, test } from "bun:test";
import { contextOf, settingOf } from "../../../test/samples_context.ts";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import { asString, checkExpression, compileAt, compileExpression } from "./expression.ts";
import { FETCHES } from "./fetches/index.ts";
import type { SampleType, Value } from "./types.ts";

const bytes = (...list: number[]) => Uint8Array.from(list);

// What only this process can know; constants and converters are held against haproxy (test/samples-differential.test.ts).
const values: [text: string, type: SampleType, value: Value | undefined][] = [
  ["src", "addr", bytes(192, 0, 2, 1)],
  ["src_port", "int", 40_000],
  ["dst", "addr", bytes(127, 0, 0, 1)],
  ["dst_port", "int", 443],
  ["dst_is_local", "bool", true],
  ["src_is_local", "bool", false],
  ["fc_src_port", "int", 40_000],
  ["fe_id", "int", 2],
  ["fe_name", "str", "www"],
  ["fe_defbe", "str", "app"],
  ["fe_client_timeout", "int", 30_000],
  ["be_id", "int", 3],
  ["be_name", "str", "app"],
  ["be_server_timeout", "int", 60_000],
  ["be_tunnel_timeout", "int", 0],
  ["so_id", "int", 7],
  ["so_name", "str", "door"],
  ["srv_id", "int", 1],
  ["srv_name", "str", "s1"],
  ["act_conn", "int", 5],
  ["fe_conn", "int", 100],
  ["fe_conn(all)", "int", 120],
  ["fe_sess_rate", "int", 200],
  ["fe_req_rate", "int", 300],
  ["dst_conn", "int", 400],
  ["be_conn(app)", "int", 510],
  ["be_sess_rate(app)", "int", 610],
  ["queue(app)", "int", 710],
  ["avg_queue(all)", "int", 360],
  ["avg_queue(app)", "int", 710],
  ["nbsrv(all)", "int", 2],
  ["be_conn_free(app)", "int", 810],
  ["connslots(app)", "int", -1],
  ["srv_conn(app/s2)", "int", 911],
  ["srv_conn_free(app/s2)", "int", 1011],
  ["srv_queue(all/s3)", "int", 1120],
  ["srv_sess_rate(app/s1)", "int", 1210],
  ["srv_is_up(app/s1)", "bool", false],
  ["srv_is_up(app/s2)", "bool", true],
  ["srv_weight(app/s2)", "int", 1311],
  ["srv_iweight(app/s2)", "int", 20],
  ["date", "int", 1_700_000_000],
  ["date(-10)", "int", 1_699_999_990],
  ["date(5,ms)", "int", 1_700_000_000_128],
  ["date(0,us)", "int", 1_700_000_000_123_456],
  ["date_us", "int", 123_456],
  ["rand", "int", 0x8000_0000],
  ["rand(10)", "int", 5],
  ["hostname", "str", "lb1"],
  ["thread", "int", 1],
  ["uuid", "str", "00000000-0000-4000-8000-000000000000"],
  ["stopping", "bool", false],
  ["env(HOME)", "str", "/root"],
  ["env(NONE)", "str", undefined],
  ["src,ipmask(24)", "addr", bytes(192, 0, 2, 0)],
  ["src,add(1)", "int", 0xc0000202],
];

test.each(values)("%s gives %s %p", (text, type, value) => {
  const compiled = compileExpression(text, "any", settingOf());
  if (!compiled.ok) throw new Error(compiled.message);
  expect(compiled.type).toBe(type);
  expect(compiled.evaluate(contextOf())).toEqual(value as Value);
});

test("a unix socket has no addresses, a session without server no server", () => {
  const nobody = contextOf({ client: null, local: null, server: -1, listener: -1 });
  for (
    const name of ["src", "src_port", "dst", "dst_port", "src_is_local", "srv_id", "srv_name", "so_id", "dst_conn"]
  ) {
    const compiled = compileExpression(name, "any", settingOf());
    expect([name, compiled.ok && compiled.evaluate(nobody)]).toEqual([name, undefined]);
  }
});

const refusals: [text: string, message: RegExp, offset: number][] = [
  ["", /Expected the name of a fetch/, 0],
  ["(x)", /Expected the name of a fetch, not "\("/, 0],
  ["srcc", /Unknown fetch "srcc". Did you mean "src"/, 0],
  ["req.body", /"req.body" is not supported yet/, 0],
  ["src,", /Expected the name of a converter/, 4],
  ["src,uper", /Unknown converter "uper". Did you mean "upper"/, 4],
  ["src,lower,table_idle(x)", /"table_idle" is not supported yet/, 10],
  ["src upper", /Expected "," or the end of the expression, not " "/, 3],
  ["str(a)b", /not "b"/, 6],
  ["str(a", /Expected "\)" after the arguments of "str"/, 3],
  ["str('a)", /Cannot find the end of the quote '/, 4],
  ["str(a,b)", /Cannot use "str" so: expected \(string\)/, 6],
  ["src(x)", /it takes no argument/, 4],
  ["int(x)", /Cannot read "x": expected a whole number/, 4],
  ["int()", /without integer/, 0],
  ["ipv4(1.2.3)", /expected an IPv4 address/, 5],
  ["ipv6(1::2::3)", /expected an IPv6 address/, 5],
  ["bool(constructor)", /expected true, false, 1 or 0/, 5],
  ["date(0,constructor)", /Unknown unit "constructor"/, 7],
  ["bin(4)", /an even number of hex digits/, 4],
  ["uuid(3)", /expected 4/, 5],
  ["src,ipmask(33)", /0 to 32 bits/, 11],
  ["str(a),field(0,b)", /count from 1/, 13],
  ["str(a),add(txn.x)", /variables are not supported yet/, 11],
  ["str(a),sha2(5)", /224, 256, 384 or 512/, 12],
  ["str(a),regsub([,x)", /regex/, 14],
  ["bin(41),add(1)", /Cannot use converter "add" on bin: expected int/, 8],
  ["ipv6(::1),add(1)", /on ipv6/, 10],
  ["fe_conn(app)", /Unknown frontend "app"/, 8],
  ["be_conn(ap)", /Unknown backend "ap". Did you mean "app"/, 8],
  ["be_conn", /Cannot use "be_conn" here without the name of a backend/, 0],
  ["srv_conn(app/s9)", /Unknown server "s9" in "app"/, 9],
  ["srv_conn(s1)", /without the name of a backend/, 9],
];

test.each(refusals)("%s is refused: %p at %d", (text, message, offset) => {
  const compiled = compileExpression(text, "any", settingOf());
  expect(compiled.ok).toBe(false);
  if (compiled.ok) return;
  expect(compiled.message).toMatch(message);
  expect(compiled.offset).toBe(offset);
});

describe("places", () => {
  test("a fetch that needs what is not there yet is refused", () => {
    expect(checkExpression("srv_id", "log")).toBeNull();
    expect(checkExpression("srv_id", "balance")).toEqual({
      message: 'Cannot use fetch "srv_id" here: it needs the server, which is not chosen yet',
      offset: 0,
    });
    expect(checkExpression("be_name", "use_backend")?.message).toMatch(/backend, which is not chosen yet/);
    expect(checkExpression("src", "cli")?.message).toMatch(/a client's connection/);
    expect(checkExpression("fe_id", "tcp-check")?.message).toMatch(/a frontend/);
    expect(checkExpression("stopping", "configuration")?.message).toMatch(/state of the process/);
    expect(checkExpression("hostname", "configuration")).toBeNull();
  });

  test("names are left to the loading", () => {
    expect(checkExpression("be_conn(nobody)", "log")).toBeNull();
    expect(checkExpression("srv_conn(a/b)", "log")).toBeNull();
  });

  test("the current proxy is the one in which the text stands", () => {
    const compiled = compileExpression("be_conn", "int", settingOf("log", 2));
    expect(compiled.ok && compiled.evaluate(contextOf())).toBe(520);
    const server = compileExpression("srv_conn(s3)", "int", settingOf("log", 2));
    expect(server.ok && server.evaluate(contextOf())).toBe(920);
  });
});

test("a wanted type is cast to, or refused", () => {
  const asText = compileExpression("src", "str", settingOf());
  expect(asText.ok && asText.evaluate(contextOf())).toBe("192.0.2.1");
  const asBytes = compileExpression("src", "bin", settingOf());
  expect(asBytes.ok && asBytes.evaluate(contextOf())).toBe("\xc0\x00\x02\x01");
  expect(compileExpression("ipv6(::1)", "int", settingOf())).toMatchObject({ ok: false, offset: 0 });
  const block = compileExpression("bin(410042)", "any", settingOf());
  if (!block.ok) throw new Error(block.message);
  expect(asString(block, "str")(contextOf())).toBe("A");
  expect(asString(block, "bin")(contextOf())).toBe("A\0B");
});

test("an expression within a text ends before the bracket", () => {
  const text = '%[str("a]b"),upper] rest';
  const compiled = compileAt(text, 2, "str", settingOf());
  expect(compiled.ok && [compiled.end, compiled.evaluate(contextOf())]).toEqual([text.indexOf("] rest"), "A]B"]);
});

test("what cannot change is computed at load", () => {
  const compiled = compileExpression("str(abc),sha1,hex", "str", settingOf());
  const noSession = undefined as never;
  expect(compiled.ok && compiled.evaluate(noSession)).toBe("A9993E364706816ABA3E25717850C26C9CD0D89D");
});

test("names that objects have by nature are no words", () => {
  for (const word of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    expect(checkExpression(word, "log")?.message).toMatch(/Unknown fetch/);
    expect(checkExpression(`src,${word}`, "log")?.message).toMatch(/Unknown converter/);
  }
});

test("every row of the tables has a name of its own that the language knows", () => {
  for (const [name, row] of FETCHES) expect(name).toBe(row.name);
});

test("any text is read or refused with a place in it, never thrown at", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const pieces = [
    ...["src", "str", "int", "bin", "ipv4", "date", "env", "rand", "be_conn", "srv_conn", "req.hdr"],
    ...[
      "add",
      "field",
      "word",
      "ipmask",
      "regsub",
      "bytes",
      "utime",
      "be2dec",
      "sha2",
      "hex",
      "xxh3",
      "concat",
      "hmac",
    ],
    ...[
      "(",
      ")",
      ",",
      ",",
      "(",
      ")",
      "'",
      '"',
      "\\",
      " ",
      "]",
      "-",
      "1",
      "-1",
      "0",
      "9223372036854775807",
      "%Y",
      "a*",
      "[",
      "\0",
      "\xe9",
    ],
  ];
  const end = performance.now() + 700;
  let compiledOnce = 0;
  while (performance.now() < end) {
    const text = Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)]).join("");
    const note = `FUZZ_SEED=${seed} ${JSON.stringify(text)}`;
    try {
      const compiled = compileExpression(text, "any", settingOf());
      if (compiled.ok) {
        compiledOnce++;
        compiled.evaluate(contextOf({ client: random(2) === 0 ? "2001:db8::1" : null }));
      } else if (!(compiled.offset >= 0 && compiled.offset <= text.length && compiled.message !== "")) {
        throw new Error(`offset ${compiled.offset}`);
      }
    } catch (cause) {
      throw new Error(note, { cause });
    }
  }
  expect(compiledOnce).toBeGreaterThan(10);
});
