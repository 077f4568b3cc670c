/** The bytes of answers that rules make: deny, return, redirect. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lines, run } from "../../../test/rules_fixture.ts";
import { reasonOf } from "./reasons.ts";

const GET = lines("GET /p HTTP/1.1", "Host: h", "A: x");

const page = (status: string, text: string, ...connection: string[]) => {
  const body = `<html><body><h1>${status}</h1>\n${text}\n</body></html>\n`;
  const length = `content-length: ${body.length}`;
  return lines(`HTTP/1.1 ${status}`, length, "cache-control: no-cache", "content-type: text/html", ...connection) +
    body;
};
const FORBIDDEN = ["403 Forbidden", "Request forbidden by administrative rules."] as const;
const GONE = ["410 Gone", "The resource is no longer available and will not be available again."] as const;

/** The bytes of haproxy 2.6. */
const REPLIES: [rule: string, want: string, status: number, termination: string][] = [
  ["deny", page(...FORBIDDEN), 403, "PR"],
  ["deny deny_status 410", page(...GONE), 410, "PR"],
  ["deny status 410 default-errorfiles", page(...GONE), 410, "PR"],
  ["deny status 410", lines("HTTP/1.1 410 Gone", "content-length: 0"), 410, "PR"],
  ["deny status 410 hdr X-Y z", lines("HTTP/1.1 410 Gone", "x-y: z", "content-length: 0"), 410, "PR"],
  [
    'deny status 404 content-type text/plain string "no such\\n" hdr X-A %[path] hdr X-B b',
    lines("HTTP/1.1 404 Not Found", "x-a: /p", "x-b: b", "content-length: 8", "content-type: text/plain") + "no such\n",
    404,
    "PR",
  ],
  ["return", lines("HTTP/1.1 200 OK", "content-length: 0"), 200, "LR"],
  ["return status 204", lines("HTTP/1.1 204 No Content"), 204, "LR"],
  ["return status 304", lines("HTTP/1.1 304 Not Modified", "content-length: 0"), 304, "LR"],
  ["return default-errorfiles status 403", page(...FORBIDDEN), 403, "LR"],
  [
    'return status 299 content-type text/plain lf-string "hello %[path] %ci %%\\n"',
    lines("HTTP/1.1 299 Success", "content-length: 21", "content-type: text/plain") + "hello /p 192.0.2.1 %\n",
    299,
    "LR",
  ],
  // In a string a percent sign is one.
  [
    'return content-type a string "%[path] %ci"',
    lines("HTTP/1.1 200 OK", "content-length: 11", "content-type: a") + "%[path] %ci",
    200,
    "LR",
  ],
  ['return content-type a lf-string "%[hdr(nope)]"', lines("HTTP/1.1 200 OK", "content-length: 0"), 200, "LR"],
];

test.each(REPLIES)("http-request %s", (rule, text, status, termination) => {
  const { answer } = run([`http-request ${rule}`], { request: GET });
  expect(answer).toEqual({ text, status, termination, closes: false });
});

test("what the head says of the connection", () => {
  const rule = ["http-request return hdr A %[path]"];
  const head = ["HTTP/1.1 200 OK", "a: /p", "content-length: 0"];
  expect(run(rule, { request: GET }, true).answer?.text).toBe(lines(...head, "connection: close"));
  const old = lines("GET /p HTTP/1.0");
  expect(run(rule, { request: old }).answer?.text).toBe(lines(...head, "connection: keep-alive"));
  expect(run(rule, { request: old }, true).answer?.text).toBe(lines(...head, "connection: close"));
  const closing = run(["http-request return hdr Connection close hdr A b"], { request: GET }).answer;
  expect(closing?.text).toBe(lines("HTTP/1.1 200 OK", "a: b", "content-length: 0", "connection: close"));
  expect(closing?.closes).toBe(true);
});

test("HEAD is answered without the body", () => {
  const rules = ["http-request return content-type a string x if { path /s }", "http-request deny"];
  const answerTo = (path: string) => run(rules, { request: lines(`HEAD ${path} HTTP/1.1`, "Host: h") }).answer?.text;
  expect(answerTo("/s")).toBe(lines("HTTP/1.1 200 OK", "content-length: 1", "content-type: a"));
  expect(answerTo("/d")).toEndWith("content-type: text/html\r\n\r\n");
});

test("an answer may itself be denied or replaced", () => {
  const session = { request: GET, response: lines("HTTP/1.1 201 Created") };
  const answer = (rule: string) => run([`http-response ${rule}`], session).answer;
  expect(answer("deny")).toMatchObject({ status: 502, termination: "PH" });
  expect(answer("deny deny_status 403")).toMatchObject({ status: 403, termination: "PH" });
  expect(answer("return hdr A %[status]")).toMatchObject({
    text: lines("HTTP/1.1 200 OK", "a: 201", "content-length: 0"),
    termination: "LH",
  });
  expect(answer("redirect location /x%[status]")).toMatchObject({ status: 302, termination: "LH" });
});

test("files are read with the configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "rules-"));
  try {
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const answer = (rule: string) => run([`http-request ${rule}`], { request: GET }).answer;
    const message = file("message", "HTTP/1.1 404 Nope\r\nX-File: 1\r\nContent-Length: 4\r\n\r\nfile");
    // The log shows the status of the rule, the client that of the file.
    expect(answer(`deny errorfile ${message}`)).toMatchObject({
      text: lines("HTTP/1.1 404 Nope", "x-file: 1", "content-length: 4") + "file",
      status: 403,
      termination: "PR",
    });
    expect(answer(`deny errorfile ${file("empty", "")}`)).toMatchObject({ text: "", status: 403, closes: true });
    const text = file("text", "a %[path]\n");
    const head = (length: number) => lines("HTTP/1.1 200 OK", `content-length: ${length}`, "content-type: t");
    expect(answer(`return content-type t file ${text}`)?.text).toBe(`${head(10)}a %[path]\n`);
    expect(answer(`return content-type t lf-file ${text}`)?.text).toBe(`${head(5)}a /p\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an answer longer than a buffer is an error", () => {
  const request = lines("GET / HTTP/1.1", "Host: h", `V: ${"x".repeat(3000)}`);
  const { answer } = run([`http-request return content-type t lf-string ${"%[hdr(v)]".repeat(6)}`], { request });
  expect(answer).toMatchObject({ status: 500, termination: "LR" });
});

/** The bytes of haproxy 2.6 behind "HTTP/1.1 302 Found" and content-length. */
const REDIRECTS: [rule: string, line: string, want: string[]][] = [
  ["location /x", "GET /a", ["location: /x", "cache-control: no-cache"]],
  ["location %[hdr(nope)]", "GET /a", ["location: ", "cache-control: no-cache"]],
  ["location /lq?x=y drop-query append-slash", "GET /a", ["location: /lq?x=y", "cache-control: no-cache"]],
  ["prefix http://e%[path]", "GET /a?b=c", ["location: http://e/a/a?b=c", "cache-control: no-cache"]],
  ["prefix /", "GET /a?b=c", ["location: /a?b=c", "cache-control: no-cache"]],
  ["prefix %[str(/)]", "GET /a?b", ["location: //a?b", "cache-control: no-cache"]],
  ["prefix %[hdr(nope)] ignore-empty", "GET /a?b", ["location: /a?b", "cache-control: no-cache"]],
  ["prefix /p", "OPTIONS *", ["location: /p/", "cache-control: no-cache"]],
  ["prefix /p", "OPTIONS http://h", ["location: /p/", "cache-control: no-cache"]],
  ["prefix /q drop-query", "GET /a?b?c", ["location: /q/a", "cache-control: no-cache"]],
  ["prefix /q drop-query append-slash", "GET /a?b", ["location: /q/a/", "cache-control: no-cache"]],
  ["prefix /q drop-query append-slash", "GET /a/?b", ["location: /q/a/", "cache-control: no-cache"]],
  ["scheme https", "GET /a?b", ["location: https://h/a?b", "cache-control: no-cache"]],
  ["scheme https", "GET http://h/a?b", ["location: https://h/a?b", "cache-control: no-cache"]],
  ["scheme https drop-query append-slash", "GET /a?b", ["location: https://h/a/", "cache-control: no-cache"]],
  ["location /c set-cookie A=b", "GET /a", ["location: /c", "cache-control: no-cache", "set-cookie: A=b; path=/;"]],
  ["location /c clear-cookie A=", "GET /a", [
    "location: /c",
    "cache-control: no-cache",
    "set-cookie: A=; path=/; Max-Age=0;",
  ]],
];

test.each(REDIRECTS)("http-request redirect %s on %s", (rule, line, want) => {
  const { answer } = run([`http-request redirect ${rule}`], { request: lines(`${line} HTTP/1.1`, "Host: h") });
  expect(answer?.text).toBe(lines("HTTP/1.1 302 Found", "content-length: 0", ...want));
  expect(answer?.termination).toBe("LR");
});

test("codes of redirects", () => {
  const answer = (code: number) => run([`redirect location /%[path] code ${code}`], { request: GET }).answer?.text;
  const head = (line: string) => [`HTTP/1.1 ${line}`, "content-length: 0", "location: /%[path]"];
  expect(answer(301)).toBe(lines(...head("301 Moved Permanently")));
  expect(answer(303)).toBe(lines(...head("303 See Other"), "cache-control: no-cache"));
  expect(answer(307)).toBe(lines(...head("307 Temporary Redirect"), "cache-control: no-cache"));
  expect(answer(308)).toBe(lines(...head("308 Permanent Redirect")));
});

test("a redirect to nowhere is passed over where it is asked for, and Host may be missing or a list", () => {
  const request = lines("GET /a HTTP/1.0");
  expect(run(["http-request redirect location %[hdr(nope)] ignore-empty"], { request }).answer).toBeNull();
  const to = (request: string) => /location: (.*)\r/.exec(run(["redirect scheme s"], { request }).answer!.text)?.[1];
  expect(to(request)).toBe("s:///a");
  expect(to(lines("PUT * HTTP/1.1", "Host: a , b"))).toBe("s://a/");
});

test("a reason for every status", () => {
  expect([200, 299, 302, 399, 418, 499, 599, 600, 999].map(reasonOf)).toEqual([
    ...["OK", "Success", "Moved Temporarily", "Redirection", "I'm a teapot"],
    ...["client has closed connection", "Server Error", "Other", "Other"],
  ]);
});
