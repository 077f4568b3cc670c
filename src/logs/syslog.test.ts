/**
 * Syslog headers, byte for byte, as haproxy 2.6 was seen to write them for the same line.
 */
import { expect, test } from "bun:test";
import type { LogFormat } from "../config/haproxy/model.ts";
import { lineBuffer, putText } from "./line_buffer.ts";
import { compileHeader, type Identity } from "./syslog.ts";

const NOW = Date.UTC(2026, 10, 2, 8, 56, 48, 19) + 0.5;
const PLAIN: Identity = { hostname: null, tag: "haproxy", pid: 12474 };
const HOST: Identity = { hostname: "vm", tag: "mytag", pid: 1 };
const NO_TAG: Identity = { hostname: null, tag: "", pid: 1 };

const cases: [format: LogFormat, facility: number, level: number, identity: Identity, sd: string, want: string][] = [
  ["local", 16, 6, PLAIN, "", "<134>Nov  2 08:56:48 haproxy[12474]: "],
  ["local", 16, 6, HOST, "[x]", "<134>Nov  2 08:56:48 mytag[1]: "],
  ["local", 0, 0, NO_TAG, "", "<0>Nov  2 08:56:48 "],
  ["rfc3164", 23, 7, HOST, "", "<191>Nov  2 08:56:48 vm mytag[1]: "],
  ["rfc3164", 3, 1, PLAIN, "", "<25>Nov  2 08:56:48 localhost haproxy[12474]: "],
  ["rfc5424", 3, 6, PLAIN, "", "<30>1 2026-11-02T08:56:48.019500+00:00 - haproxy 12474 - - "],
  ["rfc5424", 16, 6, HOST, '[a@1 b="c"]  ', '<134>1 2026-11-02T08:56:48.019500+00:00 vm mytag 1 - [a@1 b="c"] '],
  ["rfc5424", 16, 6, NO_TAG, "   ", "<134>1 2026-11-02T08:56:48.019500+00:00 - - 1 - - "],
  ["priority", 16, 6, HOST, "", "<134>"],
  ["short", 16, 6, HOST, "", "<6>"],
  ["timed", 16, 3, HOST, "", "<3>2026-11-02T08:56:48.019500+00:00 "],
  ["iso", 16, 6, HOST, "", "2026-11-02T08:56:48.019500+00:00 "],
  ["raw", 16, 6, HOST, "", ""],
];

test.each(cases)("%p header of facility %p, level %p", (format, facility, level, identity, sd, want) => {
  const out = lineBuffer(200);
  const data = lineBuffer(200);
  putText(data, sd);
  compileHeader(format, facility, identity)(out, level, NOW, data);
  expect(out.bytes.toString("latin1", 0, out.at)).toBe(want);
});

test("a header follows the clock from second to second", () => {
  const header = compileHeader("local", 16, PLAIN);
  const at = (ms: number): string => {
    const out = lineBuffer(200);
    header(out, 6, ms, lineBuffer(0));
    return out.bytes.toString("latin1", 5, out.at);
  };
  expect(at(NOW)).toStartWith("Nov  2 08:56:48");
  expect(at(NOW + 999)).toStartWith("Nov  2 08:56:49");
  expect(at(NOW + 64_000)).toStartWith("Nov  2 08:57:52"); // the same slot of the cache as the first
  expect(at(NOW)).toStartWith("Nov  2 08:56:48");
});
