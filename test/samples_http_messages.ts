/**
 * Requests and answers of many shapes for the tests that compare samples of HTTP with haproxy: chosen ones, and random ones
 * from pieces that are hard to read.
 */
const request = (line: string, ...fields: string[]) => `${[line, ...fields].join("\r\n")}\r\n\r\n`;
const get = (target: string, ...fields: string[]) => request(`GET ${target} HTTP/1.1`, "Host: example.org", ...fields);

export const REQUESTS: readonly string[] = [
  get("/a"),
  get("/"),
  get("/static/img/x.png?a=1&b=2"),
  get("/STATIC/IMG/X.PNG?A=1&a="),
  get("/a?a=1;a=2&a=3&aa=4"),
  get("/a?aa=1&b"),
  get("/a?"),
  get("/a??a=1"),
  get("/a?b=1?a=2"),
  get("/a?=5&a"),
  get("/a;a=1;b=2?a=3/4"),
  get("/a?a=%41+b%zz"),
  get("/a?a=99999999999&b=-7"),
  get("//double//x"),
  get("/%61/..//."),
  request("GET http://1.2.3.4:81/a?a=1 HTTP/1.1", "Host: 1.2.3.4:81"),
  request("GET http://1.2.3.4/a HTTP/1.1", "Host: 1.2.3.4"),
  request("GET https://1.2.3.4/a HTTP/1.1", "Host: 1.2.3.4"),
  request("GET http://1.2.3.4:99999/a HTTP/1.1", "Host: 1.2.3.4:99999"),
  request("GET http://1.2.3.4x/a HTTP/1.1", "Host: 1.2.3.4x"),
  request("GET http://1.2.3.256/a HTTP/1.1", "Host: 1.2.3.256"),
  request("GET http://1.2.3.4.5/a HTTP/1.1", "Host: 1.2.3.4.5"),
  request("GET http://user@1.2.3.4/a HTTP/1.1", "Host: user@1.2.3.4"),
  request("GET http://www.example.org HTTP/1.1", "Host: www.example.org"),
  request("GET http://www.example.org?a=1/b HTTP/1.1", "Host: www.example.org"),
  request("GET http://[::1]:80/a HTTP/1.1", "Host: [::1]"),
  request("GET http:///x?a=1 HTTP/1.1", "Host: "),
  request("CONNECT 1.2.3.4:443 HTTP/1.1", "Host: 1.2.3.4"),
  request("CONNECT a.b:443 HTTP/1.1", "Host: a.b"),
  request("OPTIONS * HTTP/1.1", "Host: example.org"),
  request("TRACE /a HTTP/1.0"),
  request("FOO /a HTTP/1.0", "host: a, b"),
  request("foo /a HTTP/1.1", "host: h:80"),
  request("get /a HTTP/1.1", "host: h"),
  request("POST /a?a=1 HTTP/1.1", "Host: h", "Content-Length: 0"),
  request("PUT /a HTTP/1.1", "Host: example.org:8080", "Content-Length: 0"),
  request("GET /a HTTP/1.1", "Host:"),
  request("GET /a HTTP/1.1", "Host: WWW.Example.ORG"),
  request("GET ftp:foo?a=-5 HTTP/1.1", "Host: h"),
  get("/a", "x: a, b", "X: d"),
  get("/a", "x: a,b"),
  get("/a", "x:", "x: ,", "x: ,,"),
  get("/a", 'x: "a,b\\"",c, '),
  get("/a", 'x: "a,b'),
  get("/a", "x: 1.2.3.4, ::1"),
  get("/a", "x: ::1", "x: junk", "x: 1.2.3.4:80"),
  get("/a", "x: 1.2.3.4:99999"),
  get("/a", "x: [::1]"),
  get("/a", "x: ::ffff:1.2.3.4"),
  get("/a", "x: 5"),
  get("/a", "x: -5, 05, +5, 5x"),
  get("/a", "x: b:80, a:b"),
  get("/a", "x: a:b, b:80"),
  get("/a", "x: \tb \t"),
  get("/a", "x: YQ==, YQ"),
  get("/a", "x: 1,2,3,4,5,6,7,8,9,10,11,12"),
  get("/a", "Cookie: a=1; b=2; a=3"),
  get("/a", "Cookie: a=1"),
  get("/a", "Cookie: b=2;a ; a= "),
  get("/a", "Cookie: a="),
  get("/a", "Cookie: a"),
  get("/a", "Cookie: a=1,a=2", "cookie: a=3"),
  get("/a", 'Cookie: $a=1; =5; a="x;y" ; c=4'),
  get("/a", "Cookie: =", "Cookie:", "Cookie: a=b=c ;;a"),
  get("/a", "Cookie: A=1; aa=2"),
  get("/a", "cap: v"),
  get("/a", "X-Forwarded-For: 1.2.3.4", "Accept: a, b;q=0.5"),
];

type Random = (limit: number) => number;

const PATHS = ["/", "/a", "/b/", "static", "img", ".png", "%2f", ";a=1", "x", "//", "."];
const QUERIES = ["a", "b", "aa", "=", "=1", "&", ";", "?", "/", "=5", "%41", "+", ","];
const VALUES = ["a", "b", "5", "1.2.3.4", "::1", ",", ", ", '"', "\\", " ", "\t", ":", "=", ";", "-", "8"];
const COOKIES = ["a", "b", "=", "=", ";", "; ", " ", '"', "\\", ",", "$", "1", "x"];
const HOSTS = ["example.org", "EXAMPLE.org", "www.example.org:8080", "a", "1.2.3.4", ""];

const pick = <One>(list: readonly One[], random: Random): One => list[random(list.length)]!;
const some = (list: readonly string[], most: number, random: Random): string =>
  Array.from({ length: random(most) }, () => pick(list, random)).join("");

export function randomRequest(random: Random): string {
  const method = pick(["GET", "GET", "OPTIONS", "DELETE", "PURGE"], random);
  const path = `/${some(PATHS, 5, random)}`;
  const query = random(2) === 0 ? "" : `?${some(QUERIES, 10, random)}`;
  const fields = [`Host: ${pick(HOSTS, random)}`];
  for (let i = random(3); i > 0; i--) fields.push(`${pick(["x", "X"], random)}: ${some(VALUES, 8, random).trim()}`);
  for (let i = random(3); i > 0; i--) fields.push(`Cookie: ${some(COOKIES, 12, random).trim()}`);
  return request(`${method} ${path}${query} HTTP/1.${random(2)}`, ...fields);
}

/** Without a body: its length is said, or there can be none. */
const answer = (line: string, ...fields: string[]) => request(line, ...fields);
const ok = (...fields: string[]) => answer("HTTP/1.1 200 OK", "Content-Length: 0", ...fields);

export const RESPONSES: readonly string[] = [
  ok(),
  answer("HTTP/1.1 304 Not Modified"),
  answer("HTTP/1.1 404", "Content-Length: 0"),
  answer("HTTP/1.1 204 "),
  answer("HTTP/1.0 302 Found", "Content-Length: 0", "Location: /x"),
  answer("HTTP/1.1 500 Internal Server Error", "content-length: 0"),
  ok("x: a, b", "X: c"),
  ok("x: a"),
  ok("x: 1.2.3.4"),
  ok("x: 5", "cap: w"),
  ok("x:"),
  ok("Set-Cookie: a=1"),
  ok("Set-Cookie: a=1; path=/; b=2"),
  ok("Set-Cookie: b=2", "set-cookie: a=1; HttpOnly", "Set-Cookie: a=3"),
  ok("Set-Cookie: a=1, a=2; path=/"),
  ok("Set-Cookie: a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
  ok("Set-Cookie: a", "Set-Cookie: a; b=2", "Set-Cookie: $a=1; a=2"),
  ok('Set-Cookie: a="1;2"; x', "Set-Cookie: a="),
  ok("Cookie: a=5"),
];

export function randomResponse(random: Random): string {
  const fields: string[] = [];
  for (let i = random(3); i > 0; i--) fields.push(`${pick(["x", "X"], random)}: ${some(VALUES, 8, random).trim()}`);
  for (let i = random(3); i > 0; i--) fields.push(`Set-Cookie: ${some(COOKIES, 12, random).trim()}`);
  return answer(
    `HTTP/1.${random(2)} ${pick(["200", "201", "299", "302", "404", "503"], random)} x`,
    "Content-Length: 0",
    ...fields,
  );
}
