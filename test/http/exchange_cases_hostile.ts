/**
 * Rows of exchange.test.ts: requests that are odd, broken or meant to be understood in two ways.
 */
import { chunked, get, head, ok } from "../harness/http.ts";
import { type Case, one, saysUntilEnd, stands } from "./exchange_scene.ts";

const okays = one(stands.answers(ok()));
/** Every row ends its connection by itself if the program does not: a request behind says so. */
const LAST = get("/last", "Connection: close");
const POST = ["POST / HTTP/1.1", "Host: h"];
const te = (value: string, ...fields: string[]) => head(...POST, `Transfer-Encoding: ${value}`, ...fields);
const length = (...values: string[]) => head(...POST, ...values.map((value) => `Content-Length: ${value}`));

const REQUESTS: Readonly<Record<string, string>> = {
  // ---- two lengths, or none that is one
  equal_lengths: length("3", "3") + "one" + LAST,
  list_of_equal_lengths: length("3, 3") + "one" + LAST,
  differing_lengths: length("3", "4") + "one" + LAST,
  list_of_differing_lengths: length("3, 4") + "one" + LAST,
  negative_length: length("-3") + "one" + LAST,
  length_with_a_sign: length("+3") + "one" + LAST,
  length_in_hex: length("0x3") + "one" + LAST,
  length_then_letters: length("3a") + "one" + LAST,
  length_with_zeros: length("0003") + "one" + LAST,
  empty_length: length("") + "one" + LAST,
  huge_length: length("18446744073709551616") + "one",
  huge_length_over_signed: length("9223372036854775808") + "one",
  length_in_two_words: length("3 4") + "one" + LAST,
  // ---- a length and chunks
  length_and_chunks: te("chunked", "Content-Length: 3") + chunked(["one"]) + LAST,
  length_before_chunks: head(...POST, "Content-Length: 5", "Transfer-Encoding: chunked") + chunked([]) + LAST,
  chunks_http10: head("POST / HTTP/1.0", "Transfer-Encoding: chunked") + chunked(["one"]),
  chunks_and_length_http10: head("POST / HTTP/1.0", "Content-Length: 3", "Transfer-Encoding: chunked") +
    chunked(["one"]),
  // ---- codings that are nearly chunked
  coding_capital: te("CHUNKED") + chunked(["one"]) + LAST,
  coding_twice_in_a_line: te("chunked, chunked") + chunked(["one"]) + LAST,
  coding_in_two_lines: te("chunked", "Transfer-Encoding: chunked") + chunked(["one"]) + LAST,
  coding_identity: te("identity") + LAST,
  coding_identity_and_chunked: te("identity, chunked") + chunked(["one"]) + LAST,
  coding_gzip_and_chunked: te("gzip, chunked") + chunked(["one"]) + LAST,
  coding_chunked_and_gzip: te("chunked, gzip") + chunked(["one"]) + LAST,
  coding_with_prefix: te("xchunked") + chunked(["one"]) + LAST,
  coding_with_parameter: te("chunked;q=1") + chunked(["one"]) + LAST,
  coding_quoted: te(`"chunked"`) + chunked(["one"]) + LAST,
  coding_behind_tab: te("\tchunked") + chunked(["one"]) + LAST,
  coding_before_blanks: te("chunked  ") + chunked(["one"]) + LAST,
  coding_empty: te("") + LAST,
  coding_empty_and_chunked: te("", "Transfer-Encoding: chunked") + chunked(["one"]) + LAST,
  coding_behind_vertical_tab: te("\x0bchunked") + chunked(["one"]) + LAST,
  coding_on_a_folded_line: te("\r\n chunked") + chunked(["one"]) + LAST,
  coding_field_before_blank: head(...POST, "Transfer-Encoding : chunked") + chunked(["one"]) + LAST,
  coding_get: head("GET / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + chunked(["one"]) + LAST,
  // ---- chunks
  chunk_size_of_no_number: te("chunked") + "xyz\r\none\r\n0\r\n\r\n" + LAST,
  chunk_size_negative: te("chunked") + "-3\r\none\r\n0\r\n\r\n" + LAST,
  chunk_size_with_prefix: te("chunked") + "0x3\r\none\r\n0\r\n\r\n" + LAST,
  chunk_size_behind_blank: te("chunked") + " 3\r\none\r\n0\r\n\r\n" + LAST,
  chunk_size_before_blank: te("chunked") + "3 \r\none\r\n0\r\n\r\n" + LAST,
  chunk_size_too_large: te("chunked") + "FFFFFFFFFFFFFFFFF\r\none\r\n0\r\n\r\n" + LAST,
  chunk_size_of_2_pow_32: te("chunked") + "100000003\r\none\r\n0\r\n\r\n",
  chunk_size_empty: te("chunked") + "\r\none\r\n0\r\n\r\n" + LAST,
  chunk_longer_than_its_size: te("chunked") + "3\r\nfour\r\n0\r\n\r\n" + LAST,
  chunk_lines_end_in_line_feeds: te("chunked") + "3\none\n0\n\n" + LAST,
  chunk_size_line_ends_in_line_feed: te("chunked") + "3\none\r\n0\r\n\r\n" + LAST,
  chunk_extension_with_line_feed: te("chunked") + "3;a\nb\r\none\r\n0\r\n\r\n" + LAST,
  chunk_extension_with_carriage_return: te("chunked") + "3;a\rb\r\none\r\n0\r\n\r\n" + LAST,
  trailer_without_colon: te("chunked") + "0\r\nnothing\r\n\r\n" + LAST,
  trailer_with_length: te("chunked") + chunked(["one"], "Content-Length: 9", "Host: other") + LAST,
  // ---- the request line
  no_version: "GET /\r\n\r\n",
  version_09: "GET / HTTP/0.9\r\n\r\n",
  version_12: head("GET / HTTP/1.2", "Host: h") + LAST,
  version_20: head("GET / HTTP/2.0", "Host: h") + LAST,
  version_110: head("GET / HTTP/1.10", "Host: h") + LAST,
  version_small: head("GET / http/1.1", "Host: h") + LAST,
  version_of_letters: head("GET / HTTP/a.b", "Host: h") + LAST,
  two_blanks_in_the_request_line: head("GET  / HTTP/1.1", "Host: h") + LAST,
  blanks_before_version: head("GET /   HTTP/1.1", "Host: h") + LAST,
  blank_behind_version: head("GET / HTTP/1.1 ", "Host: h") + LAST,
  blank_before_method: head(" GET / HTTP/1.1", "Host: h") + LAST,
  tab_in_the_request_line: head("GET\t/ HTTP/1.1", "Host: h") + LAST,
  method_with_odd_letters: head("GE@T / HTTP/1.1", "Host: h") + LAST,
  path_without_slash: head("GET path HTTP/1.1", "Host: h") + LAST,
  path_with_high_bytes: head("GET /\xe4\xff HTTP/1.1", "Host: h") + LAST,
  path_with_controls: head("GET /\x01\x7f HTTP/1.1", "Host: h") + LAST,
  path_with_nul: head("GET /\x00 HTTP/1.1", "Host: h") + LAST,
  path_with_fragment: head("GET /a#b HTTP/1.1", "Host: h") + LAST,
  path_with_odd_letters: head(`GET /"<>\\^\`{|} HTTP/1.1`, "Host: h") + LAST,
  no_http: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
  words_only: "hello\r\n\r\n",
  // ---- whose host
  no_host: head("GET / HTTP/1.1") + LAST,
  empty_host: head("GET / HTTP/1.1", "Host:") + LAST,
  two_equal_hosts: head("GET / HTTP/1.1", "Host: h", "Host: h") + LAST,
  two_hosts: head("GET / HTTP/1.1", "Host: h", "Host: other") + LAST,
  host_with_blank: head("GET / HTTP/1.1", "Host: h other") + LAST,
  host_with_path: head("GET / HTTP/1.1", "Host: h/path") + LAST,
  absolute_uri: head("GET http://h/path HTTP/1.1", "Host: h") + LAST,
  absolute_uri_with_port: head("GET http://h:80/path HTTP/1.1", "Host: h") + LAST,
  absolute_uri_other_host: head("GET http://h/path HTTP/1.1", "Host: other") + LAST,
  absolute_uri_without_host: head("GET http://h/path HTTP/1.1") + LAST,
  absolute_uri_https: head("GET https://h/path HTTP/1.1", "Host: h") + LAST,
  absolute_uri_with_user: head("GET http://me@h/path HTTP/1.1", "Host: h") + LAST,
  absolute_uri_other_case: head("GET HTTP://H/path HTTP/1.1", "Host: h") + LAST,
  absolute_uri_without_path: head("GET http://h HTTP/1.1", "Host: h") + LAST,
  connect_with_path: head("CONNECT /path HTTP/1.1", "Host: h") + LAST,
  // ---- fields
  field_before_blank: head("GET / HTTP/1.1", "Host: h", "X-A : 1") + LAST,
  field_without_colon: head("GET / HTTP/1.1", "Host: h", "nothing") + LAST,
  field_without_name: head("GET / HTTP/1.1", "Host: h", ": value") + LAST,
  field_without_value: head("GET / HTTP/1.1", "Host: h", "X-A:", "X-B:   ") + LAST,
  field_name_with_odd_letters: head("GET / HTTP/1.1", "Host: h", "X(A): 1") + LAST,
  field_name_with_underscore: head("GET / HTTP/1.1", "Host: h", "X_A.b~!: 1") + LAST,
  field_name_with_high_byte: head("GET / HTTP/1.1", "Host: h", "X\xe4: 1") + LAST,
  field_name_with_nul: head("GET / HTTP/1.1", "Host: h", "X\x00: 1") + LAST,
  field_value_with_nul: head("GET / HTTP/1.1", "Host: h", "X-A: a\x00b") + LAST,
  field_value_with_carriage_return: head("GET / HTTP/1.1", "Host: h", "X-A: a\rb") + LAST,
  field_value_with_controls: head("GET / HTTP/1.1", "Host: h", "X-A: a\x01\x0b\x7fb") + LAST,
  field_value_with_high_bytes: head("GET / HTTP/1.1", "Host: h", "X-A: \xe4\xff") + LAST,
  field_value_with_blanks_around: head("GET / HTTP/1.1", "Host: h", "X-A: \t a  b \t ") + LAST,
  field_folded: head("GET / HTTP/1.1", "Host: h", "X-A: a", "  b", "\tc") + LAST,
  first_field_folded: head("GET / HTTP/1.1", " Host: h") + LAST,
  lines_end_in_line_feeds: "GET /1 HTTP/1.1\nHost: h\nX-A: 1\n\n" + LAST,
  one_line_ends_in_line_feed: "GET /1 HTTP/1.1\r\nHost: h\nX-A: 1\r\n\r\n" + LAST,
  empty_line_is_a_line_feed: "GET /1 HTTP/1.1\r\nHost: h\r\n\n" + LAST,
  two_carriage_returns: "GET /1 HTTP/1.1\r\r\nHost: h\r\n\r\n" + LAST,
  // ---- too much
  a_hundred_fields: head("GET / HTTP/1.1", "Host: h", ...many(99)) + LAST,
  too_many_fields: head("GET / HTTP/1.1", "Host: h", ...many(101)) + LAST,
  long_path: get(`/${"p".repeat(8_000)}`) + LAST,
  path_too_long: get(`/${"p".repeat(20_000)}`) + LAST,
  long_field: get("/", `X-A: ${"v".repeat(14_000)}`) + LAST,
  field_too_long: get("/", `X-A: ${"v".repeat(20_000)}`) + LAST,
  fields_too_long: get("/", ...many(30).map((field) => field + "v".repeat(600))) + LAST,
  request_over_the_buffer: sized(16_385),
};

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);
}

/** A request of just so many bytes. */
function sized(bytes: number): string {
  return get("/", `X-A: ${"v".repeat(bytes - get("/", "X-A: ").length)}`);
}

/** Where the body that was announced does not come. */
const ENDLESS = ["huge_length", "chunk_size_of_2_pow_32"];

export const HOSTILE: readonly Case[] = Object.entries(REQUESTS).map(([name, text]): Case => ({
  name: `asked_${name}`,
  frontend: ENDLESS.includes(name) ? ["timeout client 1s"] : [],
  backend: ENDLESS.includes(name) ? ["timeout server 1s"] : [],
  servers: okays,
  clients: saysUntilEnd(text),
}));
