/** Texts of rules: every way of compiling one says the same. */
import { expect, test } from "bun:test";
import { frontendOf, lines, siteOf } from "../../../test/rules_fixture.ts";
import { contextOf, type Session } from "../../../test/samples_context.ts";
import { lineBuffer } from "../../logs/line_buffer.ts";
import { CHECK_ONLY, compileLogFormat, MESSAGE } from "../../logs/format.ts";
import { newRecord } from "../../logs/record.ts";
import { asString, compileExpression } from "../samples/expression.ts";
import { settingFor } from "./site.ts";
import { compileText } from "./text.ts";

const SCOPE = "frontend http-request";
const REQUEST = lines("GET /p%0a?q HTTP/1.1", "Host: h", "X: a\tb\x01\x7f\xff");
const site = siteOf(frontendOf([]));

const textOf = (text: string, session: Session = { request: REQUEST }) =>
  compileText(text, site, SCOPE).string(contextOf(session));

const TEXTS: [text: string, want: string, constant: boolean][] = [
  ["", "", true],
  ["plain", "plain", true],
  ["100%% %%ci", "100% %ci", true],
  ["%ci", "192.0.2.1", false],
  ["<%ci>", "<192.0.2.1>", false],
  ["%[path]", "/p%0a", false],
  ["%[path,url_dec]", "/p%0A", false],
  ["%[hdr(x)]", "a\tb%01%7F\xff", false],
  ["%[hdr(nope)]", "", false],
  ["%[src]:%[int(5)]", "192.0.2.1:5", false],
  ["a %[path] b", "a /p%0a b", false],
  ["%f-%[path]", "f-/p%0a", false],
  ["%{+X}ci", "C0000201", false],
];

test.each(TEXTS)("%p", (text, want, constant) => {
  expect(textOf(text)).toBe(want);
  expect(compileText(text, site, SCOPE).constant).toBe(constant ? want : null);
});

test("the address of an IPv6 client, and of one on a unix socket", () => {
  expect(textOf("%ci", { request: REQUEST, client: "2001:db8::1" })).toBe("2001:db8::1");
  expect(textOf("%ci", { request: REQUEST, client: null })).toBe("unix");
});

test("what does not fit is cut off, and no field is made of it", () => {
  const small = siteOf(frontendOf([]), { bufsize: 64 });
  const out = lineBuffer(8);
  compileText("%[path]%[path]", small, SCOPE).put(contextOf({ request: REQUEST }), out);
  expect(out.bytes.toString("latin1", 0, out.at)).toBe("/p%0a/p%");
  compileText("%[hdr(x),url_dec]", small, SCOPE).put(contextOf({ request: REQUEST }), Object.assign(out, { at: 5 }));
  expect(out.bytes.toString("latin1", 5, out.at)).toBe("a\tb");
});

test("what is taken apart here says what the log's own compiler says", () => {
  const context = contextOf({ request: REQUEST });
  const record = Object.assign(newRecord(), { clientHost: "192.0.2.1", frontendName: "f" });
  for (const [text] of TEXTS) {
    const whole = compileLogFormat(text, {
      ...CHECK_ONLY,
      mode: "http",
      expression(source) {
        const compiled = compileExpression(source, "any", settingFor(site, SCOPE));
        if (!compiled.ok) return { error: compiled.message };
        const value = asString(compiled, "str");
        return { evaluate: () => value(context) ?? "" };
      },
    }, MESSAGE);
    if (!whole.ok) throw new Error(whole.message);
    const out = lineBuffer(1024);
    whole.format.write(record, out);
    expect(textOf(text)).toBe(out.bytes.toString("latin1", 0, out.at));
  }
});
