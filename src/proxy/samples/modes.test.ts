/** What a configuration may ask of a session in either mode; and the ACLs nobody has to declare (configuration.txt 7.4). */
import { expect, test } from "bun:test";
import { accepted, loadText, TIMEOUTS } from "../../../test/config_fixture.ts";
import { contextOf, type Session, settingOf } from "../../../test/samples_context.ts";
import { configChecks } from "../checks.ts";
import { compileAcls, compileCondition } from "./conditions.ts";

const get = (line: string, ...fields: string[]): Session => ({
  request: `${[line, "Host: h", ...fields].join("\r\n")}\r\n\r\n`,
});

const cases: [name: string, session: Session, want: boolean][] = [
  ["TRUE", {}, true],
  ["FALSE", {}, false],
  ["LOCALHOST", { client: "127.0.0.9" }, true],
  ["LOCALHOST", { client: "::1" }, true],
  ["LOCALHOST", { client: "::ffff:127.0.0.1" }, true],
  ["LOCALHOST", { client: "128.0.0.1" }, false],
  ["HTTP", get("GET / HTTP/1.1"), true],
  ["HTTP_1.0", get("GET / HTTP/1.0"), true],
  ["HTTP_1.0", get("GET / HTTP/1.1"), false],
  ["HTTP_1.1", get("GET / HTTP/1.1"), true],
  ["HTTP_2.0", get("GET / HTTP/1.1"), false],
  ["HTTP_CONTENT", get("POST / HTTP/1.1", "Content-Length: 1"), true],
  ["HTTP_CONTENT", get("POST / HTTP/1.1", "Content-Length: 0"), false],
  ["HTTP_CONTENT", get("POST / HTTP/1.1"), false],
  ["HTTP_URL_ABS", get("GET http://h/ HTTP/1.1"), true],
  ["HTTP_URL_ABS", get("GET / HTTP/1.1"), false],
  ["HTTP_URL_SLASH", get("GET /x HTTP/1.1"), true],
  ["HTTP_URL_SLASH", get("OPTIONS * HTTP/1.1"), false],
  ["HTTP_URL_STAR", get("OPTIONS * HTTP/1.1"), true],
  ["HTTP_URL_STAR", get("GET /* HTTP/1.1"), false],
  ["METH_CONNECT", get("CONNECT h:443 HTTP/1.1"), true],
  ["METH_DELETE", get("DELETE / HTTP/1.1"), true],
  ["METH_GET", get("GET / HTTP/1.1"), true],
  ["METH_GET", get("HEAD / HTTP/1.1"), true],
  ["METH_GET", get("get / HTTP/1.1"), false],
  ["METH_HEAD", get("GET / HTTP/1.1"), false],
  ["METH_OPTIONS", get("OPTIONS / HTTP/1.1"), true],
  ["METH_POST", get("POST / HTTP/1.1"), true],
  ["METH_PUT", get("PUT / HTTP/1.1"), true],
  ["METH_TRACE", get("TRACE / HTTP/1.1"), true],
];

test.each(cases)("%s of %j: %p", (name, session, want) => {
  const text = `listen l\n  mode http\n  bind :1\n  use_backend l2 if ${name}\n${TIMEOUTS}backend l2\n  mode http\n`;
  const proxy = accepted(loadText(text, { checks: configChecks })).proxies[0]!;
  const setting = settingOf("http use_backend");
  const { acls, problems } = compileAcls(proxy.acls, setting);
  expect(problems).toEqual([]);
  const compiled = compileCondition(proxy.useBackends[0]!.condition!, acls, setting);
  expect(compiled.ok && compiled.test(contextOf(session))).toBe(want);
});

const refused: [line: string, mode: string, message: RegExp][] = [
  ["use_backend l2 if RDP_COOKIE", "http", /"req.rdp_cookie_cnt" is not supported yet/],
  ["use_backend l2 if WAIT_END", "http", /"wait_end" is not supported yet/],
  ["use_backend l2 if METH_GET", "tcp", /ACL 'METH_GET' of proxy 'l' : "method" in mode tcp is not supported yet/],
  [
    "use_backend l2 if { path_beg /x }",
    "tcp",
    /anonymous ACL of proxy 'l' : "path_beg" in mode tcp is not supported yet/,
  ],
  ["use_backend l2 if { status 200 }", "tcp", /"status" in mode tcp is not supported yet: it needs an HTTP response/],
  ["use_backend %[hdr(host)]", "tcp", /use_backend rule in proxy 'l' : Cannot use fetch "hdr" here: it needs an HTTP/],
  ["use_backend %[status]", "http", /use_backend rule : Cannot use fetch "status" here: it needs an HTTP response/],
  ["balance hash path", "tcp", /'balance hash' expression 'path' in proxy 'l' : Cannot use fetch "path" here/],
  ["log-format %[method]", "tcp", /log-format in proxy 'l' : Cannot use fetch "method" here/],
  ["log-format %[path]", "http", /log-format : Cannot use fetch "path" here: it needs an HTTP request/],
];

test.each(refused)("%s in mode %s is refused", (line, mode, message) => {
  const text = `listen l\n  bind :1\n  ${line}\n${TIMEOUTS}  mode ${mode}\nbackend l2\n  mode ${mode}\n`;
  const { model, diagnostics } = loadText(text, { checks: configChecks });
  expect(model).toBeNull();
  expect(diagnostics.list.map((one) => one.message).join("\n")).toMatch(message);
});

test("what needs HTTP is taken in mode http", () => {
  const lines = ["use_backend %[hdr(host)]", "balance hash path", "log-format %[method]%[status]%[capture.req.uri]"];
  const text = `listen l\n  bind :1\n${lines.map((line) => `  ${line}\n`).join("")}${TIMEOUTS}  mode http\n`;
  expect(accepted(loadText(text, { checks: configChecks })).proxies[0]!.balance.kind).toBe("hash");
});
