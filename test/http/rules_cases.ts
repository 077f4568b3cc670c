/** Rules and messages for rules.test.ts. */
import { get, head, post } from "../harness/http.ts";

export interface Group {
  name: string;
  /** Of the frontend, of the backend. */
  rules: readonly string[];
  backend?: readonly string[];
  requests: readonly string[];
  /** What the server answers; left out: `ANSWER`. */
  response?: string;
}

export const ANSWER = head(
  "HTTP/1.1 200 OK",
  "Server: s",
  "X-Multi: a, b",
  "X-Multi: c",
  "Set-Cookie: C=1; expires=Tue, 14-Jun-2016 01:40:45 GMT",
  "Content-Length: 2",
) + "ok";

const at = (path: string, ...rules: string[]) => rules.map((rule) => `http-request ${rule} if { path_beg ${path} }`);

export const GROUPS: readonly Group[] = [
  {
    name: "set and add",
    rules: [
      "http-request set-header X-S new",
      'http-request add-header X-S "a  b %ci  %% %[path]%HM end"',
      ...at("/empty", "set-header X-Empty %[hdr(nope)]", "add-header X-Empty %[hdr(nope)]-%[hdr(nope)]"),
      ...at("/q", 'set-header X-Q "%{+Q}[path] %{+Q}f %{+X}ci %{+E}[path] %{+Q}[hdr(nope)]"'),
      ...at("/vars", 'set-header X-V "%f|%b|%s|%HM|%HP|%HU|%HV|%HQ|%r|%ts|%tsc|%hr|%CC|%si|%fi|%ci|%rc"'),
      ...at("/bin", 'set-header X-Bin "%[path,url_dec]"', 'set-header X-Bin2 "<%[path,url_dec]>"'),
      ...at("/self", "set-header X-Self %[hdr(x-self),upper]", 'set-header X-Self "<%[hdr(x-self)]>"'),
      ...at("/many", "add-header X-M 1", "add-header X-M 2", "set-header X-M %[hdr_cnt(x-m)]"),
    ],
    requests: [
      get("/a?b=c", "X-S: 1", "x-s: 2"),
      get("/empty"),
      get('/q"x]'),
      get("/vars?q"),
      get("/bin%0a%0d%00%09%20%7f%22x"),
      get("/self", "X-Self: abc", "x-self: def"),
      get("/many", "X-M: 0"),
      post("abc", "X-S: 1"),
      head("GET /old HTTP/1.0"),
    ],
  },
  {
    name: "delete",
    rules: [
      "http-request del-header x-de -m beg",
      "http-request del-header -END -m end",
      "http-request del-header SUB -m sub",
      "http-request del-header ^r.g$ -m reg",
      "http-request del-header ^Cap -m reg",
      "http-request del-header X-ONE",
    ],
    requests: [
      get("/", "X-DEE: 1", "foo-end: 2", "xsUbx: 3", "RAG: 4", "ragg: 5", "capital: 6", "X-One: 7", "x-one: 8", "y: 9"),
      get("/", "y: 9"),
    ],
  },
  {
    name: "replace",
    rules: [
      "http-request replace-header X-R ^(a+)(b)?(.*)$ <\\\\3|\\\\1|\\\\2|\\\\0|\\\\9|%[path]\\\\x41\\\\\\\\>",
      "http-request replace-header X-P b+ Z",
      "http-request replace-value X-L ^b+ Z",
      "http-request replace-value X-Q ^q.*$ Q[\\\\0]",
      "http-request replace-value X-E ^$ EMPTY",
      "http-request replace-value X-V (.)=(.*) \\\\2=\\\\1%[hdr(host)]",
    ],
    requests: [
      get("/rep", "X-R: aabzz", "x-r: cc", "x-r: aaq"),
      get("/part", "X-P: aabbcc,bb"),
      get("/val", 'X-L: bb , bbc,"b,b", b;q ,,x', "X-L: bb", 'X-Q: a, q"x,y" ,z', "X-E: a,,b, ,", "X-E:"),
      get("/swap", "X-V: a=b,  c ,d=e,=,f="),
      get("/none"),
    ],
  },
  {
    name: "request line",
    rules: [
      ...at("/sp", "set-path /new%[path]"),
      ...at("/sq", "set-query x=1"),
      ...at("/sz", "set-query %[hdr(nope)]"),
      ...at("/pq", "set-pathq /pq?z"),
      ...at("/su", "set-uri http://other/u?v"),
      ...at("/sv", "set-uri /plain"),
      ...at("/sm", "set-method PATCH"),
      ...at("/host", "set-header Host changed"),
      ...at("/rhost", "replace-header Host (.*) x.\\\\1"),
      ...at("/two", "set-path /2%[path]", "set-query a=%[path]"),
    ],
    requests: [
      ...["/sp?x=1", "/sq?y=2", "/sq", "/sz?abc", "/sz", "/pq?abc", "/su?abc", "/sv?abc", "/sm", "/host", "/two?b"]
        .map((path) => get(path)),
      ...["sp?x=1", "pq?abc", "sv?abc", "host", "rhost", "su"].map((path) =>
        head(`GET http://h/${path} HTTP/1.1`, "Host: h")
      ),
      get("/rhost"),
      head("OPTIONS * HTTP/1.1", "Host: h"),
    ],
  },
  {
    name: "deny and return",
    rules: [
      "http-request deny if { path /deny }",
      "http-request deny deny_status 429 if { path /deny429 }",
      "http-request deny status 410 if { path /empty410 }",
      "http-request deny status 410 default-errorfiles if { path /page410 }",
      'http-request deny status 404 content-type text/plain string "no such\\n" hdr X-A %[path] hdr X-B b if { path /404 }',
      "http-request return if { path /return }",
      "http-request return status 204 if { path /204 }",
      "http-request return status 304 if { path /304 }",
      "http-request return status 201 hdr X-A 1 hdr X-A %ci if { path /201 }",
      'http-request return status 299 content-type text/plain lf-string "hello %[path] %ci\\n" if { path /lf }',
      "http-request return status 503 default-errorfiles if { path /503 }",
      "http-request return status 599 if { path /599 }",
      "http-request return hdr Connection close hdr A b if { path /close }",
      'http-request return content-type a string "%[path]" if { path /string }',
    ],
    requests: [
      ...[
        "/deny",
        "/deny429",
        "/empty410",
        "/page410",
        "/404",
        "/return",
        "/204",
        "/304",
        "/201",
        "/lf",
        "/503",
        "/599",
      ]
        .map((path) => get(path)),
      get("/close"),
      get("/string"),
      get("/deny", "Connection: close"),
      head("HEAD /deny HTTP/1.1", "Host: h"),
      head("HEAD /lf HTTP/1.1", "Host: h"),
      head("GET /deny HTTP/1.0"),
      head("GET /lf HTTP/1.0", "Connection: keep-alive"),
      head("POST /deny HTTP/1.1", "Host: h", "Content-Length: 3") + "abc",
      head("POST /deny HTTP/1.1", "Host: h", "Content-Length: 10") + "abc",
      head("POST /lf HTTP/1.1", "Host: h", "Content-Length: 10") + "abc",
      get("/through"),
    ],
  },
  {
    name: "redirect",
    rules: [
      ...at("/rl", "redirect location /x"),
      ...at("/rp", "redirect prefix http://e%[path] code 301"),
      ...at("/slash", "redirect prefix /"),
      ...at("/str", "redirect prefix %[str(/)]"),
      ...at("/rs", "redirect scheme https code 307"),
      ...at("/ds", "redirect scheme https drop-query append-slash code 308"),
      ...at("/sc", "redirect location /c set-cookie A=b"),
      ...at("/cc", "redirect location /c clear-cookie A= code 303"),
      ...at("/ie", "redirect location %[hdr(nope)] ignore-empty"),
      ...at("/re", "redirect location %[hdr(nope)]"),
      ...at("/np", "redirect prefix %[hdr(nope)] ignore-empty"),
      ...at("/as", "redirect prefix /p drop-query append-slash code 308"),
      ...at("/lq", "redirect location /lq?x=y drop-query append-slash"),
      ...at("/sp", 'redirect location "/a b%[path,url_dec]"'),
      "http-request redirect prefix /p if { method OPTIONS }",
      "redirect location /after%[path] if { path /after }",
    ],
    requests: [
      ...[
        "/rl",
        "/rp?a=b",
        "/slash?a=b",
        "/str?x",
        "/rs?a=b",
        "/ds?a",
        "/sc",
        "/cc",
        "/ie",
        "/re",
        "/np?q",
        "/as",
        "/as/?x",
      ]
        .map((path) => get(path)),
      ...["/as?x=1", "/lq?a?b", "/sp%0a%22%20x", "/after"].map((path) => get(path)),
      head("GET http://zz/rs?a=b HTTP/1.1", "Host: zz"),
      head("GET /rs HTTP/1.0"),
      head("GET /rl HTTP/1.0", "Connection: keep-alive"),
      head("GET /rs HTTP/1.1", "Host: a , b"),
      head("OPTIONS * HTTP/1.1", "Host: h"),
      head("OPTIONS http://abc HTTP/1.1", "Host: abc"),
      head("HEAD /rl HTTP/1.1", "Host: h"),
    ],
  },
  {
    name: "redirects come last, of either proxy",
    rules: ["redirect location /f if { path /changed }", "http-request set-path /changed if { path /a }"],
    backend: [
      "redirect location /b if { path /b }",
      "http-request allow if { path /c }",
      "http-request deny if { path /d }",
    ],
    requests: ["/a", "/b", "/c", "/d", "/e"].map((path) => get(path)),
  },
  {
    name: "allow ends its list alone",
    rules: ["http-request allow if { path /a }", "http-request set-header X-F 1"],
    backend: ["http-request set-header X-B 1", "http-request allow", "http-response allow"],
    requests: [get("/a"), get("/b")],
  },
  {
    name: "captures",
    rules: [
      "capture request header Host len 5",
      "declare capture response len 4",
      "http-request capture path len 5",
      "http-request capture path upper len 20",
      "http-request capture hdr(nope) id 2",
      "http-request capture hdr(x-id) id 0",
      "http-request set-header X-P %[capture.req.hdr(1)]",
      "http-response capture res.hdr(server) id 0",
      "http-response set-header X-Cap %[capture.res.hdr(0)]",
    ],
    backend: ["http-request capture hdr(x-b) id 0 if { path /b }", "http-request capture hdr(x-b) id 9"],
    requests: [get("/abcdefgh"), get("/b", "X-B: back"), get("/i", "X-Id: x{y}")],
  },
  {
    name: "answers",
    rules: [
      "http-response set-status 404 if { capture.req.uri /404 }",
      "http-response set-status 299 if { capture.req.uri /299 }",
      "http-response set-status 999 if { capture.req.uri /999 }",
      'http-response set-status 503 reason "Slow  Down" if { capture.req.uri /503 }',
      "http-response del-header x-multi if { capture.req.uri /del }",
      "http-response replace-header Set-Cookie (C=[^;]*);(.*) \\\\1;ip=%bi;\\\\2",
      "http-response replace-value x-multi ^b$ Z",
      "http-response set-header connection close if { capture.req.uri /conn }",
      "http-response deny if { capture.req.uri /deny }",
      "http-response deny deny_status 403 if { capture.req.uri /deny403 }",
      "http-response redirect location /x%[status] if { capture.req.uri /redirect }",
      "http-response add-header X-St %[status]-%ST-%[res.hdr(server)]",
      "http-response allow if { capture.req.uri /allow }",
      "http-response set-header X-After 1",
    ],
    backend: ["http-response set-header X-Be 1", "http-response set-header X-After be"],
    requests: [
      ...["/", "/404", "/299", "/999", "/503", "/del", "/conn", "/deny", "/deny403", "/redirect", "/allow"].map((
        path,
      ) => get(path)),
      head("HEAD /deny403 HTTP/1.1", "Host: h"),
      head("GET /redirect HTTP/1.0"),
    ],
  },
  {
    name: "what has no room",
    rules: [`http-request set-header X-Big "${"%[hdr(v)]".repeat(6)}"`],
    requests: [get("/", `V: ${"x".repeat(3000)}`), get("/", `V: ${"x".repeat(100)}`)],
  },
];
