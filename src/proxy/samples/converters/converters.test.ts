/** Converters by table, where a standard or the manual fixes the value. */
import { expect, test } from "bun:test";
import { settingOf } from "../../../../test/samples_context.ts";
import { compileExpression } from "../expression.ts";

// Values from standards and manuals; haproxy's own answers to these and more are in test/samples-differential.test.ts.
const cases: [text: string, value: string | undefined][] = [
  ["int(9223372036854775807),add(1)", "9223372036854775807"],
  ["int(-9223372036854775808),neg", "9223372036854775807"],
  ["int(9007199254740993),add(1)", "9007199254740994"],
  ["int(-7),mod(3)", "-1"],
  ["int(0),mul(-5)", "0"],
  ["int(7),div(0)", "9223372036854775807"],
  ["str(123456789),crc32", "3421780262"], // the check values of the two polynomials
  ["str(123456789),crc32c", "3808858755"],
  ["str(abc),xxh32", "852579327"],
  ["str(abc),sha2(256),hex", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"],
  ["str(f1_f2_f3__f5),field(-2,_,3)", "f2_f3_"], // configuration.txt, `field`
  ["str(f1_f2_f3__f5),word(-2,_,3)", "f1_f2_f3"],
  ["str(a),field(2,_)", undefined],
  ["str(f),word(2,_)", ""],
  ["str(YW=j),b64dec", undefined],
  ["str(a%2),url_dec", undefined],
  ["str(a%20b?c+d),url_dec", "a b?c d"],
  ["int(1700000000),utime(%Y-%m-%dT%H:%M:%S%z)", "2023-11-14T22:13:20+0000"],
  ["int(1700000000),http_date", "Tue, 14 Nov 2023 22:13:20 GMT"],
  ["int(1700000000123),http_date(0,ms)", "Tue, 14 Nov 2023 22:13:20.123 GMT"],
  ["int(1104537600),utime(%G-W%V-%u)", "2004-W53-6"], // ISO 8601: 2005 began in the last week of 2004
  ["int(951782400),utime(%j)", "060"],
  ["str(AbC\xc9),lower", "abc\xc9"], // bytes above 127 have no case
  ["ipv6(2001:db8::1:2:3:4),ipmask(24)", undefined], // no mask of its own
  ["ipv6(::ffff:1.2.3.4),ipmask(24)", "1.2.3.0"],
  ["str(abc),reverse", "cba"],
];

test.each(cases)("%s gives %p", (text, value) => {
  const compiled = compileExpression(text, "str", settingOf());
  if (!compiled.ok) throw new Error(compiled.message);
  expect(compiled.evaluate(undefined as never)).toBe(value as string);
});

test("ltime is of the zone of the process", () => {
  const script = `
    import { compileDate } from "${import.meta.dir}/../strftime.ts";
    console.log(compileDate("%F %T %z", true)(1700000000), compileDate("%H", true)(1690000000));`;
  const run = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ: "Europe/Berlin" } });
  expect(run.stdout.toString().trim()).toBe("2023-11-14 23:13:20 +0100 06");
});
