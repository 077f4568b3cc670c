/**
 * Rows of exchange.test.ts: what rules make of requests and answers, and where they send them.
 */
import { answer, get, head, ok, post } from "../harness/http.ts";
import { type Case, inTurn, named, one, oneByOne, says, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok("ok", "X-From: server", "Set-Cookie: a=1", "Set-Cookie: b=2")));

/** Lines of the frontend and of the backend, and the requests of one client. */
const ruled = (name: string, frontend: readonly string[], backend: readonly string[], ...requests: string[]): Case => ({
  name,
  frontend,
  backend,
  servers: okays,
  clients: inTurn(...(requests.length > 0 ? requests : [get("/1")])),
});
const FULL = get("/a/b.html?x=1&y=two", "X-One: 1", "X-List: a, b", "X-List: c", "Cookie: id=7; other=8");

export const RULES: readonly Case[] = [
  // ---- where to
  {
    name: "use_backend",
    frontend: [
      "use_backend b_use_backend.a if { path_beg /a }",
      "use_backend b_use_backend.b if { hdr(x-b) -m found }",
    ],
    more: ["backend b_use_backend.a", "server s2 @s2@", "backend b_use_backend.b", "server s3 @s3@"],
    servers: {
      ...named(["s1"]),
      s2: { is: stands.answers(ok("s2")), apart: true },
      s3: { is: stands.answers(ok("s3")), apart: true },
    },
    clients: inTurn(get("/"), get("/a/b"), get("/c", "X-B:"), get("/A"), get("/a", "X-B: 1")),
  },
  {
    name: "use_backend_by_name",
    frontend: ["use_backend b_use_backend_by_name.%[req.hdr(x-to)]"],
    more: ["backend b_use_backend_by_name.a", "server s2 @s2@"],
    servers: { ...named(["s1"]), s2: { is: stands.answers(ok("s2")), apart: true } },
    clients: inTurn(get("/", "X-To: a"), get("/", "X-To: nowhere"), get("/")),
  },
  {
    name: "use_server",
    backend: ["use-server s2 if { path_end .png }", "use-server s3 if { path /gone }"],
    servers: named(["s1", "s2", "s3"], { s3: "disabled" }),
    clients: inTurn(get("/x.png"), get("/y.png"), get("/1"), get("/gone")),
  },
  {
    name: "acls",
    frontend: [
      "acl is_api path_beg -i /api /v1",
      "acl has_host hdr(host) -i h other",
      "acl is_big req.hdr_val(content-length) gt 3",
      "acl from_here src 127.0.0.0/8",
      "http-request set-header X-Is api if is_api has_host !is_big from_here",
      "http-request set-header X-Is big if is_big or { url_param(big) -m bool }",
      "http-request set-header X-Dots 1 if { path_reg ^/[a-z]+\\.[a-z]+$ }",
    ],
    servers: okays,
    clients: inTurn(get("/API/x"), post("four"), get("/v1?big=1"), get("/file.txt"), get("/none")),
  },
  {
    name: "predefined_acls",
    frontend: [
      "http-request set-header X-Get 1 if METH_GET HTTP_1.1",
      "http-request set-header X-Content 1 if HTTP_CONTENT",
      "http-request set-header X-Root 1 if HTTP_URL_SLASH",
      "http-request set-header X-Abs 1 if HTTP_URL_ABS",
    ],
    servers: okays,
    clients: inTurn(get(), post("x"), head("GET http://h/ HTTP/1.1", "Host: h")),
  },
  ...(["uri", "url_param id", "hdr(x-user)", "uri depth 1", "uri whole"] as const).map((how): Case => ({
    name: `balance_${how.replaceAll(/\W/g, "_")}`,
    backend: [`balance ${how}`],
    servers: named(["s1", "s2", "s3"]),
    clients: inTurn(
      ...["/a?id=1", "/b?id=2", "/c/d?id=1&x=3", "/a?id=9", "/e", "/f?id=", "/g?x=1"].map((path, i) =>
        get(path, `X-User: user${i % 3}`)
      ),
      get("/without"),
    ),
  })),
  {
    name: "balance_url_param_check_post",
    backend: ["balance url_param id check_post"],
    servers: named(["s1", "s2", "s3"]),
    clients: inTurn(post("id=1&x=2"), post("x=2&id=5"), post("nothing")),
  },
  // ---- what becomes of requests
  ruled(
    "set_header",
    ["http-request set-header X-One new", "http-request add-header X-Two %[src]:%[dst_port]"],
    [],
    FULL,
  ),
  ruled("del_header", ["http-request del-header X-List", "http-request del-header cookie"], [], FULL),
  ruled("del_header_by_pattern", ["http-request del-header X- -m beg"], [], FULL),
  ruled(
    "replace_header",
    ["http-request replace-header Cookie other=([0-9]) \\1", "http-request replace-header X-List b.* B"],
    [],
    FULL,
  ),
  ruled("replace_value", ["http-request replace-value X-List ^[abc]$ z"], [], FULL),
  ruled("set_path", ["http-request set-path /new%[path]"], [], FULL),
  ruled("set_pathq", ["http-request set-pathq /new?q=1"], [], FULL),
  ruled("set_query", ["http-request set-query z=%[query,length]"], [], FULL, get("/plain")),
  ruled("set_uri", ["http-request set-uri http://other/%[query]"], [], FULL),
  ruled("set_method", ["http-request set-method PUT if { path /1 }"], [], get("/1"), post("x")),
  ruled("replace_path", ["http-request replace-path (.*)\\.html \\1.txt"], [], FULL),
  ruled("replace_pathq", ["http-request replace-pathq ([^?]*)\\?(.*) /q/\\2"], [], FULL),
  ruled("replace_uri", ["http-request replace-uri ^/a/(.*) /c/\\1"], [], FULL),
  ruled(
    "variables",
    [
      "http-request set-var(txn.p) path,lower",
      "http-request set-var(req.n) int(3),add(4)",
      "http-request set-header X-N %[var(req.n)]",
      "http-response set-header X-P %[var(txn.p)]",
      "http-response set-header X-Gone %[var(req.n)]",
    ],
    [],
    get("/ABC"),
  ),
  ruled("rules_in_order_over_sections", ["http-request set-header X-A front", "http-request set-path /f%[path]"], [
    "http-request set-header X-B %[req.hdr(x-a)]-back",
    "http-request set-path %[path]/b",
    "http-response set-header X-C back",
  ]),
  ruled("host_rewritten", ["http-request set-header Host other"], []),
  ruled("early_hint", [`http-request early-hint Link "</a.css>; rel=preload"`], [], get("/1")),
  ruled(
    "capture",
    [
      "http-request capture req.hdr(user-agent) len 8",
      "capture request header Host len 10",
      "capture request header X-None len 10",
      "capture response header X-From len 4",
    ],
    [],
    get("/1", "User-Agent: a long name, and {odd}"),
  ),
  ruled("capture_cookie", ["capture cookie id len 4"], [], get("/1", "Cookie: id=123456; x=y"), get("/2")),
  // ---- what becomes of answers
  ruled("response_headers", [], [
    "http-response set-header X-From proxy",
    "http-response add-header X-More 1",
    "http-response del-header Set-Cookie",
  ]),
  ruled("response_replace", [], [
    "http-response replace-header X-From (.*)er \\1ice",
    "http-response replace-value Set-Cookie (.*)=(.*) \\2=\\1",
  ]),
  ruled("response_status", [], ["http-response set-status 503 reason Nope if { status 200 }"]),
  ruled("response_status_without_reason", [], ["http-response set-status 404"]),
  {
    ...ruled("response_rules_by_status", [], [
      "http-response set-header X-Bad 1 if { status ge 500 }",
      "http-response set-header X-Len %[res.hdr(content-length)]",
    ]),
    servers: one(stands.answers(answer("500 Oops", "oops"), ok())),
    clients: inTurn(get("/1"), get("/2")),
  },
  {
    ...ruled("rules_on_interim_answers", ["http-response set-header X-A 1"], []),
    servers: one(stands.answers(head("HTTP/1.1 103 Early Hints", "Link: x") + ok())),
    clients: says(get(), 2),
  },
  // ---- addresses
  ruled("forwardfor", ["option forwardfor"], [], get("/1"), get("/2", "X-Forwarded-For: 1.2.3.4")),
  ruled("forwardfor_except", ["option forwardfor except 127.0.0.0/8"], [], get("/1")),
  ruled(
    "forwardfor_named",
    ["option forwardfor header X-Client if-none"],
    [],
    get("/1"),
    get("/2", "X-Client: 1.2.3.4"),
  ),
  ruled("forwardfor_of_the_backend", ["option forwardfor except 10.0.0.0/8"], ["option forwardfor header X-Back"]),
  ruled("originalto", ["option originalto"], ["option originalto header X-Dst"]),
  ruled("send_name_header", [], ["http-send-name-header X-Server"], get("/1", "X-Server: mine")),
  // ---- odd messages let through
  ruled(
    "accept_invalid_request",
    ["option accept-invalid-http-request"],
    [],
    head("GET /\x01\xff HTTP/1.1", "Host: h", "X(A): 1"),
  ),
  {
    ...ruled("accept_invalid_response", [], ["option accept-invalid-http-response"]),
    servers: one(stands.answers(head("HTTP/1.1 200 OK", "X(A): 1", "Content-Length: 0"))),
  },
  ruled("restrict_names_delete", ["option http-restrict-req-hdr-names delete"], [], get("/1", "X_A: 1", "X-B: 2")),
  ruled("restrict_names_reject", ["option http-restrict-req-hdr-names reject"], [], get("/1", "X-B: 2")),
  {
    ...ruled("restrict_names_rejected", ["option http-restrict-req-hdr-names reject"], []),
    clients: inTurn(get("/1", "X_A: 1")),
  },
  // ---- unique ids
  {
    ...ruled(
      "unique_id",
      ["unique-id-format %ci.%fp.%[path]", "unique-id-header X-Id", `log-format "%ID %ST %r"`],
      [],
      get("/1"),
      get("/2", "X-Id: mine"),
    ),
    ownFormat: true,
  },
  // ---- cookies
  ...Object.entries({
    insert: "cookie SRV insert",
    insert_indirect: "cookie SRV insert indirect",
    insert_nocache: "cookie SRV insert indirect nocache httponly secure domain .h",
    insert_preserve: "cookie SRV insert preserve",
    rewrite: "cookie a rewrite",
    prefix: "cookie a prefix",
    passive: "cookie SRV",
    dynamic_attr: `cookie SRV insert attr "SameSite=Lax"`,
    postonly: "cookie SRV insert postonly",
  }).map(([name, line]): Case => ({
    name: `cookie_${name}`,
    backend: [line],
    servers: {
      s1: { is: stands.answers(ok("s1", "Set-Cookie: a=1")), options: "cookie one" },
      s2: { is: stands.answers(ok("s2", "Set-Cookie: a=2; path=/")), options: "cookie two" },
    },
    clients: inTurn(
      get("/1"),
      get("/2", "Cookie: SRV=two"),
      get("/3", "Cookie: x=y; SRV=one; z=1"),
      get("/4", "Cookie: SRV=unknown"),
      get("/5", "Cookie: a=two~9; SRV=two; SRV=one"),
      post("x"),
    ),
  })),
  {
    name: "cookie_of_a_server_that_is_down",
    backend: ["cookie SRV insert indirect", "option redispatch", "retries 1", "timeout connect 300ms"],
    servers: {
      s1: { is: "refuses", options: "cookie one" },
      s2: { is: stands.answers(ok("s2")), options: "cookie two" },
    },
    clients: inTurn(get("/1", "Cookie: SRV=one")),
  },
  {
    name: "cookie_of_a_disabled_server",
    backend: ["cookie SRV insert indirect"],
    servers: { ...named(["s1", "s2"], { s1: "cookie one disabled", s2: "cookie two" }) },
    clients: inTurn(get("/1", "Cookie: SRV=one"), get("/2", "Cookie: SRV=two")),
  },
  {
    name: "cookie_force_and_ignore_persist",
    backend: [
      "cookie SRV insert indirect",
      "force-persist if { path /forced }",
      "ignore-persist if { path_beg /static }",
    ],
    servers: { ...named(["s1", "s2"], { s1: "cookie one disabled", s2: "cookie two" }) },
    clients: inTurn(get("/forced", "Cookie: SRV=one"), get("/static/x", "Cookie: SRV=two")),
  },
  {
    name: "rules_by_client",
    frontend: ["http-request deny if { src 127.0.0.9 }"],
    servers: okays,
    clients: async ({ connect, logged }) => {
      for (const [i, from] of ["127.0.0.8", "127.0.0.9"].entries()) {
        const client = await connect(from);
        client.send(get("/", "Connection: close"));
        await client.ended();
        await logged(i + 1);
      }
    },
  },
];

export const LOGS: readonly Case[] = [
  {
    ...ruled("log_clf", ["option httplog clf"], [], get("/1", "Referer: http://r/", "User-Agent: me")),
    ownFormat: true,
  },
  {
    ...ruled(
      "log_own_format",
      [
        `log-format "%ST %TR/%Tw/%Tc %B %U %CC %CS %tsc %HM %HP %HQ %HU %HV %rc %sq/%bq %hr %hs %{+Q}r %b/%s %ft %[src]"`,
        "capture request header Host len 3",
        "capture response header X-From len 3",
      ],
      [],
      get("/a?b=c"),
      post("body"),
    ),
    ownFormat: true,
    leaveOut: ["serverEnds"],
  },
  { ...ruled("log_tcplog", ["option tcplog"], [], get("/1"), get("/2")), ownFormat: true, leaveOut: ["bytes"] },
  { ...ruled("log_default_format", [], [], get("/1"), get("/2")), ownFormat: true },
  ruled("log_asap", ["option logasap"], [], get("/1"), get("/2")),
  {
    ...ruled("dontlog_normal", ["option dontlog-normal"], []),
    servers: one(stands.answers(ok(), answer("500 Oops", ""), answer("404 No", ""))),
    clients: inTurn(get("/1"), get("/2"), get("/3"), head("GET http://h/ HTTP/1.1", "Host: other")),
  },
  {
    ...ruled("log_separate_errors", ["option log-separate-errors", "log-tag errors"], []),
    servers: one(stands.answers(ok(), answer("500 Oops", ""))),
    clients: inTurn(get("/1"), get("/2"), head("GET http://h/ HTTP/1.1", "Host: other")),
  },
  ruled("log_level_silent", ["http-request set-log-level silent if { path /1 }"], [], get("/1"), get("/2")),
  ruled("log_quotes_and_controls", [], [], get(`/"x"?y=\\`, "User-Agent: \x01"), get("/2")),
  ruled("no_log", ["no log"], []),
  { ...ruled("log_two_clients", [], []), clients: oneByOne(get("/1"), get("/2"), get("/3")), leaveOut: ["serverEnds"] },
];
