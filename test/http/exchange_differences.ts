/**
 * Where the program under test goes its own way on purpose: why, and what haproxy's fate becomes with us. And the rows
 * whose words are not supported yet.
 */
import type { Fate } from "./exchange_fate.ts";

export interface Difference {
  reason: string;
  /** Status and termination states, where they differ. */
  log?: readonly string[];
  /** Our fate, made of haproxy's. */
  instead: (fate: Fate) => Fate;
}

/** Every text of the fate with the first of each pair replaced by its second. */
const edited = (...pairs: readonly (readonly [from: string | RegExp, to: string])[]) => (fate: Fate): Fate =>
  JSON.parse(
    JSON.stringify(fate),
    (_, value: unknown) =>
      typeof value === "string" ? pairs.reduce((text, [from, to]) => text.replaceAll(from, to), value) : value,
  ) as Fate;

const page = (status: string, length: number, text: string, ...fields: string[]) => [
  `HTTP/1.1 ${status}`,
  `  content-length: ${length}`,
  "  cache-control: no-cache",
  ...fields,
  `  (length) ${JSON.stringify(`<html><body><h1>${status}</h1>\n${text}\n</body></html>\n`)}`,
];
/** The page, and behind it the connection ends. */
const closing = (lines: readonly string[]) => lines.toSpliced(-1, 0, CLOSE);
const CLOSE = "  connection: close";
/** What a server sees of a request of ours. */
const asked = (path: string) => [`GET ${path} HTTP/1.1`, "  host: h", '  (none) ""'];
const HTML = "  content-type: text/html";

/** haproxy lets it pass; we answer 400, and no server sees it. */
const badRequest = (name: string, reason: string): Record<string, Difference> => ({
  [name]: {
    reason,
    log: ["400 PR--"],
    instead: () => ({
      clients: [[...page("400 Bad request", 90, "Your browser sent an invalid request.", CLOSE, HTML), "fin"]],
      servers: { s1: [] },
      log: [`client 0 127.0.0.1 f_${name} f_${name}/<NOSRV> -1/-1/-1/-1/N 400 0 - - PR-- 1/0/0/0 0/0 "<BADREQ>"`],
      stats: [
        `f_${name} FRONTEND: smax=1 stot=1 ereq=1 hrsp_4xx=1 req_tot=1`,
        `b_${name} s1: `,
        `b_${name} BACKEND: `,
      ],
    }),
  },
});

const BAD_GATEWAY = page("502 Bad Gateway", 107, "The server returned an invalid or incomplete response.", HTML);
const GATEWAY_TIMEOUT = page("504 Gateway Time-out", 92, "The server didn't respond in time.", HTML);

/** haproxy passes the answer on; we say 502 in its place. */
const badGateway = (name: string, reason: string): Record<string, Difference> => ({
  [name]: {
    reason,
    log: ["502 PH--"],
    instead: ({ servers }) => ({
      clients: [[...closing(BAD_GATEWAY), "fin"]],
      servers,
      log: [`client 0 127.0.0.1 f_${name} b_${name}/s1 N/N/N/-1/N 502 209 - - PH-- 1/0/0/0 0/0 "GET / HTTP/1.1"`],
      stats: [
        `f_${name} FRONTEND: smax=1 stot=1 bin=38 bout=209 hrsp_5xx=1 req_tot=1`,
        `b_${name} s1: smax=1 stot=1 bin=38 bout=209 eresp=1 lbtot=1 connect=1`,
        `b_${name} BACKEND: smax=1 stot=1 bin=38 bout=209 eresp=1 lbtot=1 hrsp_5xx=1 req_tot=1 connect=1`,
      ],
    }),
  },
});

/** haproxy closes the client's connection without a word, and mostly without a line; we answer. */
const told = (name: string, reason: string, { log, answer, line, again = [], stats }: {
  log: readonly string[];
  answer: readonly string[];
  /** What stands behind the names in the line of the last request. */
  line: string;
  /** What another connection of the server sees. */
  again?: readonly string[];
  stats: readonly [frontend: string, server: string, backend: string];
}): Record<string, Difference> => ({
  [name]: {
    reason,
    log,
    instead: (fate) => ({
      clients: fate.clients.map((lines) => [...lines.slice(0, -1), ...answer]),
      servers: { s1: [...fate.servers["s1"] ?? [], ...(again.length > 0 ? [again] : [])] },
      log: [...fate.log.slice(0, log.length - 1), `client 0 127.0.0.1 f_${name} b_${name}/s1 ${line}`],
      stats: [`f_${name} FRONTEND: ${stats[0]}`, `b_${name} s1: ${stats[1]}`, `b_${name} BACKEND: ${stats[2]}`],
    }),
  },
});

const TOLD = "the client is told, haproxy closes its connection without a word";
const SENT_AGAIN =
  "RFC 9110 §9.2.2: an idempotent request that meets a kept connection just being closed is sent once " +
  `more on a new one; if that fails too, ${TOLD}`;
const SENT_TWICE = {
  log: ["200 ----", "502 SH--"],
  answer: [...BAD_GATEWAY, "open"],
  line: 'N/N/N/-1/N 502 209 - - SH-- 1/0/0/0 0/0 "GET /2 HTTP/1.1"',
  stats: [
    "smax=1 stot=1 bin=78 bout=260 hrsp_2xx=1 hrsp_5xx=1 req_tot=2",
    "smax=1 stot=3 bin=78 bout=260 eresp=1 lbtot=2 hrsp_2xx=1 req_tot=1 connect=2 reuse=1",
    "smax=1 stot=2 bin=78 bout=260 eresp=1 lbtot=2 hrsp_2xx=1 hrsp_5xx=1 req_tot=2 connect=2 reuse=1",
  ],
} as const;

/** haproxy counts a Content-Length that it does not send with an answer that has no body. */
const NOT_SENT = "haproxy counts the bytes of a field that it takes out of the answer";
const AS_SENT = "a body's chunks are looked at and passed on as they came; haproxy writes them anew";
const NOTICED = "haproxy does not look at the client while it waits for the server, and ends with the server's timeout";

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  // ---- refused by us
  ...badRequest("asked_field_value_with_nul", "RFC 9110 §5.5: NUL in a value is refused or replaced"),
  ...badRequest("asked_chunk_lines_end_in_line_feeds", "RFC 9112 §7.1: a chunk's lines end in CRLF"),
  ...badRequest("asked_chunk_size_line_ends_in_line_feed", "RFC 9112 §7.1: a chunk's lines end in CRLF"),
  ...badRequest("asked_huge_length", "2^64 overflows haproxy's counter to 0"),
  ...badGateway("answered_field_value_with_nul", "RFC 9110 §5.5: NUL in a value is refused or replaced"),
  ...badGateway("answered_status_of_two_digits", "RFC 9112 §4: a status has three digits"),
  ...badGateway("answered_status_of_four_digits", "RFC 9112 §4: a status has three digits"),
  ...badGateway("answered_status_below_100", "RFC 9110 §15: a status is from 100 to 599"),
  // ---- passed on otherwise
  asked_version_09: {
    reason: "what we send on in a head with fields is at least HTTP/1.0",
    instead: edited(["GET / HTTP/0.9", "GET / HTTP/1.0"], [`"GET / HTTP/1.0"`, `"GET / HTTP/0.9"`]),
  },
  interim_answer_to_http10: {
    reason: "RFC 9110 §15.2: no interim answer to an HTTP/1.0 client",
    instead: (fate) => {
      const { clients, ...rest } = edited([" 200 93 ", " 200 51 "], ["bout=93", "bout=51"])(fate);
      return { ...rest, clients: clients.map((lines) => lines.slice(2)) };
    },
  },
  chunk_extensions: { reason: AS_SENT, instead: edited([`(chunked) "onetwo"`, `(chunked, extensions) "onetwo"`]) },
  chunked_answer_with_extensions: {
    reason: AS_SENT,
    instead: edited([`(chunked) "one"`, `(chunked, extensions) "one"`]),
  },
  asked_chunk_size_before_blank: {
    reason: AS_SENT,
    instead: edited([`(chunked) "one"`, `(chunked, extensions) "one"`]),
  },
  server_closes_in_trailers: {
    reason: "what came of a trailer is counted",
    instead: edited([" 200 63 ", " 200 69 "], ["bout=63", "bout=69"]),
  },
  // ---- counted otherwise
  no_content_with_length: { reason: NOT_SENT, instead: edited([" 204 57 ", " 204 42 "], ["bout=108", "bout=93"]) },
  no_content_with_a_body: { reason: NOT_SENT, instead: edited([" 204 57 ", " 204 42 "], ["bout=110", "bout=95"]) },
  no_content_chunked: { reason: NOT_SENT, instead: edited([" 204 66 ", " 204 42 "], ["bout=119", "bout=95"]) },
  return_204: { reason: NOT_SENT, instead: edited([" 204 57 ", " 204 42 "], ["bout=114", "bout=84"]) },
  answered_switch_nobody_asked_for: {
    reason: "haproxy counts the refused answer with its own",
    instead: edited([" 502 285 ", " 502 209 "], ["bout=285", "bout=209"], [" hrsp_1xx=1 req_tot=1", ""]),
  },
  server_resets_on_request: { reason: "haproxy counts a reset twice", instead: edited(["eresp=2", "eresp=1"]) },
  server_resets_in_head: { reason: "haproxy counts a reset twice", instead: edited(["eresp=2", "eresp=1"]) },
  // ---- ended otherwise
  client_resets_in_answer: {
    reason: NOTICED,
    log: ["200 CD--"],
    instead: edited(["sD--", "CD--"], ["srv_abrt", "cli_abrt"]),
  },
  client_resets_in_chunked_answer: {
    reason: NOTICED,
    log: ["200 CD--"],
    instead: edited(["sD--", "CD--"], ["srv_abrt", "cli_abrt"]),
  },
  asked_chunks_http10: { reason: "the answer leaves the connection whole", instead: edited(["ended", "open"]) },
  asked_chunks_and_length_http10: {
    reason: "the answer leaves the connection whole",
    instead: edited(["ended", "open"]),
  },
  ...told("kept_server_connection_reset_by_the_next_request", SENT_AGAIN, {
    ...SENT_TWICE,
    again: [...asked("/2"), "closed here"],
  }),
  ...told("kept_server_connection_closed_by_the_next_request", SENT_AGAIN, {
    ...SENT_TWICE,
    again: [...asked("/2"), "ended"],
  }),
  ...told("kept_server_connection_reset_by_a_post", `RFC 9110 §9.2.2: a POST is not sent twice; ${TOLD}`, {
    ...SENT_TWICE,
    line: 'N/N/N/-1/N 502 209 - - SH-- 1/0/0/0 0/0 "POST / HTTP/1.1"',
    stats: [
      "smax=1 stot=1 bin=102 bout=260 hrsp_2xx=1 hrsp_5xx=1 req_tot=2",
      "smax=1 stot=2 bin=102 bout=260 eresp=1 lbtot=2 hrsp_2xx=1 req_tot=1 connect=1 reuse=1",
      "smax=1 stot=2 bin=102 bout=260 eresp=1 lbtot=2 hrsp_2xx=1 hrsp_5xx=1 req_tot=2 connect=1 reuse=1",
    ],
  }),
  ...told("server_closes_on_request_of_a_kept_client", TOLD, {
    ...SENT_TWICE,
    log: ["502 SH--", "502 SH--"],
    stats: [
      "smax=1 stot=1 bin=78 bout=418 hrsp_5xx=2 req_tot=2",
      "smax=1 stot=2 bin=78 bout=418 eresp=2 lbtot=2 connect=2",
      "smax=1 stot=2 bin=78 bout=418 eresp=2 lbtot=2 hrsp_5xx=2 req_tot=2 connect=2",
    ],
  }),
  ...told("server_does_not_read", TOLD, {
    log: ["504 sH--"],
    answer: [...closing(GATEWAY_TIMEOUT), "fin"],
    line: 'N/N/N/-1/N 504 … - - sH-- 1/0/0/0 0/0 "POST / HTTP/1.1"',
    stats: [
      "smax=1 stot=1 hrsp_5xx=1 req_tot=1",
      "smax=1 stot=1 eresp=1 lbtot=1 connect=1",
      "smax=1 stot=1 eresp=1 lbtot=1 hrsp_5xx=1 req_tot=1 connect=1",
    ],
  }),
  ...told("server_resets_while_the_body_comes", TOLD, {
    log: ["502 SH--"],
    answer: [...closing(BAD_GATEWAY), "fin"],
    line: 'N/N/N/-1/N 502 209 - - SH-- 1/0/0/0 0/0 "POST / HTTP/1.1"',
    stats: [
      "smax=1 stot=1 bin=60 bout=209 hrsp_5xx=1 req_tot=1",
      "smax=1 stot=1 bin=60 bout=209 eresp=1 lbtot=1 connect=1",
      "smax=1 stot=1 bin=60 bout=209 eresp=1 lbtot=1 hrsp_5xx=1 req_tot=1 connect=1",
    ],
  }),
  // ---- carried by other connections
  max_reuse: {
    reason: "configuration.txt 5.2 (max-reuse): haproxy 2.6 obeys it for HTTP/2 only",
    instead: (fate) => ({
      ...edited(["connect=1 reuse=3", "connect=2 reuse=2"])(fate),
      servers: { s1: [["/1", "/2"], ["/3", "/4"]].map((paths) => [...paths.flatMap(asked), "ended"]) },
    }),
  },
  kept_to_its_server_with_prefer_last_server: {
    reason: "configuration.txt 4.2: haproxy 2.6 does so only with a connection that no other client may use",
    instead: (fate) => {
      const { clients, log } = edited(["s2", "s1"])(fate);
      const counts = "smax=1 stot=3 bin=117 bout=153 lbtot=1 hrsp_2xx=3 req_tot=3 connect=1 reuse=2";
      return {
        clients,
        servers: { s1: [[...["/1", "/2", "/3"].flatMap(asked), "open"]], s2: [] },
        log,
        stats: fate.stats.map((line) =>
          line.replace(/ (s1|s2|BACKEND): .*/, (_, of) => ` ${of}: ${of === "s2" ? "" : counts}`)
        ),
      };
    },
  },
  // ---- logged otherwise
  no_backend: {
    reason: "the time of the request (TR) is known, haproxy logs -1",
    instead: edited([" -1/-1/-1/-1/N 503", " N/-1/-1/-1/N 503"]),
  },

  // ---- the statistics page is our own
  ...Object.fromEntries(
    ["stats_auth_missing", "stats_auth_wrong"].map((name): [string, Difference] => [name, {
      reason: "a 401 is logged as one and counted as denied, and the connection stays",
      log: ["401 PR--"],
      instead: edited(
        ["N/N/N/-1/N 400 … - - LR--", "N/N/N/N/N 401 … - - PR--"],
        ["fin", "open"],
        [/hrsp_4xx=1 req_tot=1 intercepted=1/g, "dreq=1 hrsp_4xx=1 req_tot=1"],
      ),
    }]),
  ),
};

/** By the names of the rows: the words that are refused with "not supported yet". */
export const NOT_YET: Readonly<Record<string, string>> = {
  accept_invalid_request: "'option accept-invalid-http-request'",
  accept_invalid_response: "'option accept-invalid-http-response'",
  auth: "'http-request auth'",
  auth_without_realm: "'http-request auth'",
  buffered_request: "'option http-buffer-request'",
  buffered_request_expecting: "'option http-buffer-request'",
  buffered_request_times_out: "'option http-buffer-request'",
  cookie_force_and_ignore_persist: "'force-persist'",
  early_hint: "'http-request early-hint'",
  fields_on_own_answers: "'http-after-response set-header'",
  http_error: "'http-error'",
  http_use_proxy_header: "'option http-use-proxy-header'",
  log_level_silent: "'http-request set-log-level'",
  pretend_keepalive: "'option http-pretend-keepalive'",
  reject: "'http-request reject'",
  replace_path: "'http-request replace-path'",
  replace_pathq: "'http-request replace-pathq'",
  replace_uri: "'http-request replace-uri'",
  restrict_names_delete: "'option http-restrict-req-hdr-names'",
  restrict_names_reject: "'option http-restrict-req-hdr-names'",
  restrict_names_rejected: "'option http-restrict-req-hdr-names'",
  retry_disabled_by_a_rule: "'http-request disable-l7-retry'",
  send_name_header: "'http-send-name-header'",
  silent_drop: "'http-request silent-drop'",
  tarpit: "'timeout tarpit'",
  tarpit_and_client_leaves: "'timeout tarpit'",
  variables: "'http-request set-var'",
  wait_for_body: "'http-request wait-for-body'",
};
