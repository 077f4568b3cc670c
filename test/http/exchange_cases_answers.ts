/**
 * Rows of exchange.test.ts: answers that are the program's own. Rules, redirects, error files, monitoring, statistics.
 */
import { chunked, get, head, ok, post } from "../harness/http.ts";
import { type Case, inTurn, named, one, says, saysUntilEnd, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));
const page = (status: string, body: string, ...fields: string[]) => head(`HTTP/1.0 ${status}`, ...fields) + body;

/** Lines of the frontend, and the requests of one client that come back to it in turn. */
const ruled = (name: string, frontend: readonly string[], ...requests: string[]): Case => ({
  name,
  frontend,
  servers: okays,
  clients: inTurn(...(requests.length > 0 ? requests : [get("/1"), get("/2")])),
});
const ends = (row: Case, text = get()): Case => ({ ...row, clients: saysUntilEnd(text) });

export const ANSWERS: readonly Case[] = [
  // ---- deny, return and what else ends a request
  ruled("deny", ["http-request deny if { path /1 }"]),
  ruled("deny_status", ["http-request deny deny_status 429 if { path /1 }"]),
  ruled("deny_of_a_post", ["http-request deny if METH_POST"], post("body"), get()),
  ruled(
    "deny_of_a_chunked_post",
    ["http-request deny if METH_POST"],
    head("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + chunked(["x"]),
    get(),
  ),
  ruled("deny_of_a_head", ["http-request deny if { method HEAD }"], head("HEAD / HTTP/1.1", "Host: h"), get()),
  ends(ruled("deny_http10", ["http-request deny"]), head("GET / HTTP/1.0")),
  ends(ruled("deny_and_client_closes", ["http-request deny"]), get("/", "Connection: close")),
  {
    ...ruled("deny_before_the_body_is_there", ["http-request deny"]),
    clients: says(head("POST / HTTP/1.1", "Host: h", "Content-Length: 10") + "01234"),
  },
  ruled("deny_with_content", ["http-request deny status 400 content-type text/plain string no hdr X-Why because"]),
  { ...ruled("deny_in_the_backend", []), backend: ["http-request deny if { path /1 }"] },
  ruled("return_200", ["http-request return"]),
  ruled("return_string", ["http-request return status 200 content-type text/plain string hello if { path /1 }"]),
  ruled("return_formatted", [
    `http-request return status 201 content-type text/plain lf-string "%[path] of %[method]" hdr X-A "%[src]"`,
  ]),
  ruled("return_204", ["http-request return status 204"]),
  ruled(
    "return_to_head",
    ["http-request return content-type text/plain string hello"],
    head("HEAD / HTTP/1.1", "Host: h"),
    get(),
  ),
  {
    ...ruled("return_file", [`http-request return status 200 content-type text/plain file @text@`]),
    files: { text: "a file\n" },
  },
  {
    ...ends(ruled("return_errorfile", [`http-request return errorfile @text@`])),
    files: { text: page("418 Teapot", "tea", "X-Tea: yes") },
  },
  ends(ruled("reject", ["http-request reject"])),
  {
    ...ruled("silent_drop", ["http-request silent-drop"]),
    clients: async ({ connect, logged }) => {
      const client = await connect();
      client.send(get());
      await logged(1);
    },
  },
  {
    ...ruled("tarpit", ["timeout tarpit 400ms", "http-request tarpit if { path /1 }"]),
    clients: says(get("/1")),
    atLeast: { field: "activeMs", ms: 390 },
  },
  {
    ...ruled("tarpit_and_client_leaves", ["timeout tarpit 3s", "http-request tarpit"]),
    clients: async ({ connect, settled, logged }) => {
      const client = await connect();
      client.send(get());
      await settled();
      client.reset();
      await logged(1);
    },
  },
  ruled(
    "auth",
    ["http-request auth realm Private unless { req.hdr(authorization) -m found }"],
    get(),
    get("/", "Authorization: Basic x"),
  ),
  ruled("auth_without_realm", ["http-request auth"]),
  { ...ruled("response_deny", ["http-response deny if { status 200 }"]), clients: inTurn(get("/1"), get("/2")) },
  ruled("response_deny_status", ["http-response deny deny_status 503 if { status 200 }"]),
  ruled("response_return", ["http-response return status 200 content-type text/plain string instead"]),
  ruled("fields_on_own_answers", ["http-after-response set-header X-After 1", "http-request deny if { path /1 }"]),
  // ---- redirects
  ruled("redirect_location", ["http-request redirect location /there if { path /1 }"]),
  ruled("redirect_code", ["http-request redirect location /there code 301"]),
  ruled("redirect_prefix", ["http-request redirect prefix https://other code 307"], get("/a?b=c")),
  ruled("redirect_prefix_drop_query", ["http-request redirect prefix /p drop-query append-slash"], get("/a?b=c")),
  ruled("redirect_scheme", ["http-request redirect scheme https code 308"], get("/a?b=c")),
  ruled("redirect_cookies", [
    "http-request redirect location / set-cookie SEEN=1 if { path /1 }",
    "http-request redirect location / clear-cookie USER=",
  ]),
  ruled("redirect_formatted", [`http-request redirect location http://%[req.hdr(host)]%[path]/x`], get("/a")),
  ends(ruled("redirect_of_a_post", ["redirect location /there if METH_POST"]), post("body")),
  ends(ruled("redirect_http10", ["redirect location /there"]), head("GET / HTTP/1.0")),
  ruled("redirect_of_a_head", ["redirect location /there"], head("HEAD / HTTP/1.1", "Host: h")),
  ruled("response_redirect", ["http-response redirect location /moved if { status 200 }"]),
  // ---- errors
  {
    name: "errorfile_503",
    frontend: ["errorfile 503 @text@"],
    backend: ["retries 0"],
    files: { text: page("503 Down", "down\n", "Content-Type: text/plain") },
    servers: one("refuses"),
    clients: saysUntilEnd(get()),
  },
  {
    name: "errorfile_of_the_backend",
    frontend: ["errorfile 503 @first@"],
    backend: ["retries 0", "errorfile 503 @second@"],
    files: { first: page("503 One", "one"), second: page("503 Two", "two") },
    servers: one("refuses"),
    clients: inTurn(get("/1")),
  },
  {
    ...ends(ruled("errorfile_400", ["errorfile 400 @text@"]), "nonsense\r\n\r\n"),
    files: { text: page("400 What", "what", "Connection: close") },
  },
  {
    ...ends(ruled("errorfile_of_nothing", ["errorfile 400 @text@"]), "nonsense\r\n\r\n"),
    files: { text: "" },
  },
  {
    ...ruled("errorfile_408", ["timeout http-request 300ms", "errorfile 408 @text@"]),
    files: { text: page("408 Slow", "slow") },
    clients: async ({ connect }) => void await (await connect()).ended(),
  },
  {
    ...ends(ruled("errorfile_of_a_deny", ["errorfile 403 @text@", "http-request deny"])),
    files: { text: page("200 Fine", "not forbidden") },
  },
  {
    name: "errorloc302",
    backend: ["retries 0", "errorloc302 503 /sorry"],
    servers: one("refuses"),
    clients: inTurn(get("/1")),
  },
  {
    name: "errorloc303",
    backend: ["retries 0", "errorloc303 503 http://sorry/"],
    servers: one("refuses"),
    clients: inTurn(post("x")),
  },
  {
    name: "http_error",
    backend: ["retries 0", `http-error status 503 content-type text/plain lf-string "sorry %[src]" hdr X-A b`],
    servers: one("refuses"),
    clients: inTurn(get("/1")),
  },
  // ---- monitoring and statistics
  ruled("monitor_uri", ["monitor-uri /alive"], get("/alive"), get("/1")),
  ends(ruled("monitor_uri_http10", ["monitor-uri /alive"]), head("GET /alive HTTP/1.0")),
  ruled("monitor_fail", ["monitor-uri /alive", "monitor fail if { nbsrv(b_monitor_fail) lt 2 }"], get("/alive")),
  {
    ...ruled(
      "monitor_fail_not",
      ["monitor-uri /alive", "monitor fail if { nbsrv(b_monitor_fail_not) lt 2 }"],
      get("/alive"),
    ),
    servers: named(["s1", "s2"]),
  },
  ruled("monitor_before_rules", ["monitor-uri /alive", "http-request deny"], get("/alive")),
  ...["http-buffer-request"].map((option): Case => ({
    ...ruled("buffered_request", [`option ${option}`]),
    clients: async ({ connect, settled }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 10") + "01234");
      await settled();
      client.send("56789");
      await client.until(1);
    },
  })),
  {
    ...ruled("buffered_request_times_out", ["option http-buffer-request", "timeout http-request 500ms"]),
    clients: saysUntilEnd(head("POST / HTTP/1.1", "Host: h", "Content-Length: 10") + "01234"),
  },
  {
    ...ruled("buffered_request_expecting", ["option http-buffer-request"]),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send(head("POST / HTTP/1.1", "Host: h", "Content-Length: 4", "Expect: 100-continue"));
      await client.until(1);
      client.send("body");
      await client.until(2);
    },
  },
  ruled(
    "wait_for_body",
    ["http-request wait-for-body time 1s", "http-request deny if { req.body -m str bad }"],
    post("bad"),
    post("good"),
  ),
  {
    ...ruled("stats", ["stats uri /stats", "stats scope .", "stats enable"], get("/stats"), get("/1")),
    leaveOut: ["fields", "bytes"],
  },
  { ...ruled("stats_csv", ["stats uri /stats", "stats scope ."], get("/stats;csv")), leaveOut: ["fields", "bytes"] },
  {
    ...ruled(
      "stats_auth_missing",
      ["stats uri /stats", "stats scope .", "stats realm Private", "stats auth me:secret"],
      get("/stats"),
    ),
    leaveOut: ["fields", "bytes"],
  },
  {
    ...ruled(
      "stats_auth",
      ["stats uri /stats", "stats scope .", "stats auth me:secret"],
      get("/stats", "Authorization: Basic bWU6c2VjcmV0"),
    ),
    leaveOut: ["fields", "bytes"],
  },
  {
    ...ruled(
      "stats_auth_wrong",
      ["stats uri /stats", "stats scope .", "stats auth me:secret"],
      get("/stats", "Authorization: Basic bWU6d3Jvbmc="),
    ),
    leaveOut: ["fields", "bytes"],
  },
  {
    ...ends(ruled("stats_http10", ["stats uri /stats", "stats scope ."]), head("GET /stats HTTP/1.0")),
    leaveOut: ["fields", "bytes"],
  },
  {
    ...ruled("stats_head", ["stats uri /stats", "stats scope ."], head("HEAD /stats HTTP/1.1", "Host: h")),
    leaveOut: ["fields", "bytes"],
  },
  {
    ...ruled("stats_by_beginning", ["stats uri /stats", "stats scope ."], get("/statsx")),
    leaveOut: ["fields", "bytes"],
  },
];
