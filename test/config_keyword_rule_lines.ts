/** Lines of rules for config-keywords.test.ts, in proxies of mode http. */

const all = (start: string, ends: readonly string[]): string[] => ends.map((end) => `${start} ${end}`.trimEnd());

const CHANGES = [
  ...all("http-request", ["", "bogus", "set-heder a b", "ALLOW", "allow", "allow x", "allow if", "allow unless TRUE"]),
  ...all("http-request allow if", ["nosuch", "TRUE or nosuch", "{ src 10.0.0.0/8 }"]),
  ...all("http-request set-header", ["", "a", "a b", "a b c", "a b if TRUE", '"" b', 'a ""', '"a b" c', "a: b"]),
  ...all("http-request set-header", ["host x", "connection close", "content-length 5", "transfer-encoding chunked"]),
  ...all("http-request set-header", ['"a\\nb" x', 'a "x\\ny"', "a %ci", "a %{+Q}ci"]),
  ...all("http-request add-header", ["a", "a b", "a b if TRUE"]),
  ...all("http-request del-header", ["", '""', "a", "a b", "a if TRUE", "content-length"]),
  ...all("http-request del-header a -m", [
    "",
    "str",
    "beg",
    "end",
    "sub",
    "reg",
    "reg if TRUE",
    "beg b",
    "found",
    "len",
  ]),
  ...["replace-header", "replace-value"].flatMap((action) =>
    all(`http-request ${action}`, ["", "a", "a b", "a b c", "a b c if TRUE", "a b c d", 'a b ""', 'a "" c', '"" b c'])
  ),
  ...["set-method", "set-path", "set-pathq", "set-query", "set-uri"].flatMap((action) => [
    ...all(`http-request ${action}`, ["", '""', "x", "x if TRUE", "x y"]),
    `http-response ${action} x`,
  ]),
  "http-request set-status 200",
  ...all("http-response", ["", "bogus", "allow", "set-header a b", "add-header a b", "del-header a"]),
  ...all("http-response", ["replace-header a b c", "replace-value a b c"]),
  ...all("http-response set-status", [
    "",
    "x",
    "99",
    "100",
    "200",
    "999",
    "1000",
    "200x",
    "200 reason",
    "200 reason x",
  ]),
  ...all("http-response set-status", ['200 reason "x y" if TRUE', "200 foo", "204", "304"]),
  ...all("http-request capture path", ["", "len", "len x", "len 0", "len -1", "len 10", "len 10 if TRUE", "len 10 x"]),
  ...all("http-request capture path", ["foo 10", "id x", "lower len 10", "len 5x", "id -1"]),
  "http-request capture path,lower len 10",
  "http-request capture",
  ...all("http-response capture", ["", "status", "status len 10", "status id x"]),
];

const LATER = [
  ...all("http-request", ["tarpit", "auth", "set-var(txn.x) path", "unset-var(txn.x)", "unset-var", "add-acl(x) y"]),
  ...all("http-request", ["track-sc0 src", "track-sc9 src", "sc-inc-gpc0(0)", "set-map(x) y z", "set-headers-bin"]),
  ...all("http-request", ["do-log", "pause 1s", "early-hint a b", "set-bc-mark 1", "replace-path a b"]),
  ...all("http-response", ["track-sc0 src", "set-log-level err"]),
];

const ANSWERS = [
  ...all("http-request deny", ["", "if TRUE", "foo", "deny_status", "deny_status 200", "deny_status 403 if TRUE"]),
  ...all("http-request deny deny_status", ["x", "99", "299", "418", "403x", "403 content-type y string x"]),
  ...all("http-request deny status", ["418", "600", "403 status 404", "410", "410 default-errorfiles"]),
  ...all("http-request deny status", ["418 default-errorfiles", "403 default-errorfiles deny_status 404"]),
  ...all("http-request deny", ["content-type", "content-type a", "content-type a hdr a b", "string", "string x"]),
  ...all("http-request deny", ['string ""', "lf-string x", "errorfile", "errorfile /dev/null", "errorfiles", "file"]),
  ...all("http-request deny", ["file /dev/null", "hdr", "hdr a", "hdr a b", "default-errorfiles hdr a b"]),
  ...all("http-request deny content-type a", ["string x lf-string y", "string x default-errorfiles", "string x"]),
  ...all("http-request deny content-type a", ["default-errorfiles", "errorfile /dev/null", "file /dev/null"]),
  ...all("http-request deny content-type a", ["lf-file /dev/null", "lf-string x", 'lf-string ""']),
  ...all("http-request deny content-type a", ["string x status 204", "string x status 304", "string x foo"]),
  ...all("http-request return", ["", "if TRUE", "status", "status x", "status 199", "status 100", "status 200"]),
  ...all("http-request return", ["status 600", "deny_status 403", "hdr a b", "content-type a", "default-errorfiles"]),
  ...all("http-request return", ["status 418 default-errorfiles", "string x", "content-type a string x if TRUE"]),
  ...all("http-request return hdr", ['"a b" x', "content-length 5", "transfer-encoding x", "content-type x"]),
  "http-request return hdr connection close",
  ...all("http-response", ["deny", "deny status 410", "deny if TRUE", "return", "return status 201 hdr a b"]),
];

const redirects = (keyword: string) => [
  ...all(keyword, ["", "bogus", "/x", "code 301", "location", "prefix", "scheme", 'location ""', 'prefix ""']),
  ...all(keyword, ["prefix / code 301 drop-query", "scheme https if TRUE", "code 301 location /x"]),
  ...all(`${keyword} location /x`, ["", "prefix /y", "foo", "code", "code 304", "code x", "code 301x", "ignore-empty"]),
  ...all(`${keyword} location /x`, ["code 301 drop-query append-slash ignore-empty", "set-cookie", "set-cookie A"]),
  ...all(`${keyword} location /x`, ["set-cookie A set-cookie B", "clear-cookie", "clear-cookie A=", "if TRUE"]),
  ...all(`${keyword} location /x`, ["if", "if nosuch"]),
];

/** Where rules may stand. */
export const RULE_PLACE_LINES = [
  ...all("http-request", ["allow", "deny if TRUE", "set-header a b", "bogus", "capture path len 10"]),
  ...all("http-response", ["allow", "deny if TRUE", "set-status 404", "bogus"]),
  ...all("redirect location /", ["", "if TRUE", "bogus"]),
  ...all("use-server %[src]", ["", "if TRUE"]),
];

/** What rules may say, in a frontend alone: haproxy stops at the first mistake, and is asked again for each. */
export const RULE_LINES = [
  ...CHANGES,
  ...LATER,
  ...ANSWERS,
  ...redirects("redirect"),
  ...redirects("http-request redirect"),
  ...redirects("http-response redirect"),
];

const refused = (reason: string, lines: readonly string[]) =>
  Object.fromEntries(lines.map((line) => [line, ["r", reason] as const]));

/** Where we differ, as we decide it, and why. */
export const RULE_DIFFERENCES: Readonly<Record<string, readonly [ours: string, reason: string]>> = {
  ...refused("not supported yet", [
    ...all("http-request", ["tarpit", "auth", "set-var(txn.x) path", "unset-var(txn.x)", "add-acl(x) y"]),
    ...all("http-request", ["track-sc0 src", "sc-inc-gpc0(0)", "set-map(x) y z", "early-hint a b", "replace-path a b"]),
    ...all("http-response", ["track-sc0 src", "set-log-level err"]),
  ]),
  ...refused("the proxy says where a message ends", [
    "http-request set-header content-length 5",
    "http-request set-header transfer-encoding chunked",
    "http-request del-header content-length",
    ...all("http-response set-status", ["100", "204", "304"]),
  ]),
  ...refused("haproxy would write the end of a line into the message", [
    'http-request set-header "a\\nb" x',
    'http-request set-header a "x\\ny"',
  ]),
  ...refused("haproxy reads as much of a number as there is", [
    "http-request capture path len 5x",
    "http-request capture path id -1",
    "http-request deny deny_status 403x",
    ...["redirect", "http-request redirect", "http-response redirect"].map((rule) => `${rule} location /x code 301x`),
  ]),
};
