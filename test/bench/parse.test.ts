/** What wrk and h2load print must be read to the letter: a unit misread is a wrong figure nobody notices. */
import { expect, test } from "bun:test";
import { median, parseH2loadLog, parseWrk, quantile } from "./parse.ts";
import { compare, table } from "./report.ts";
import { ROWS } from "./rows.ts";

const WRK = `Running 5s test @ http://127.0.0.1:18000/small.txt
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   756.29us  293.30us   9.62ms   80.99%
    Req/Sec    64.92k     5.35k   70.72k    84.00%
  Latency Distribution
     50%  712.00us
     75%    0.88ms
     90%    1.05ms
     99%    1.62ms
  322880 requests in 5.00s, 112.39MB read
Requests/sec:  64547.88
Transfer/sec:     22.47MB
`;

test("parseWrk", () => {
  expect(parseWrk(WRK)).toEqual({ requests: 322_880, rate: 64_547.88, p50Ms: 0.712, p99Ms: 1.62, errors: 0 });
  const errors = "  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 50000\n";
  expect(parseWrk(WRK.replace("Requests/sec", `${errors}Requests/sec`)).errors).toBe(54_321);
  expect(() => parseWrk("unable to connect to 127.0.0.1:1 Connection refused\n")).toThrow(/Cannot read wrk's output/);
});

test("parseH2loadLog", () => {
  const log = Array.from({ length: 101 }, (_, i) => `1700000000000000\t200\t${i * 1_000}\n`).join("");
  expect(parseH2loadLog(`${log}1700000000000000\t503\t5\n`)).toEqual({
    requests: 101,
    p50Ms: 50,
    p99Ms: 99,
    errors: 1,
  });
  expect(() => parseH2loadLog("")).toThrow(/Cannot find a request/);
});

test("median and quantile", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  expect(median([])).toBeNaN();
});

test("compare: the ratio is the median over pairs, and a missed target shows", () => {
  const row = { ...ROWS[0]!, metrics: { cpu: { ratio: 1.0 }, p99: null } };
  const lines = compare(row, [
    { haproxy: { cpu: 10, p99: 1 }, tested: { cpu: 9, p99: 1 } },
    { haproxy: { cpu: 10, p99: 1 }, tested: { cpu: 11, p99: 1 } },
    { haproxy: { cpu: 20, p99: 1 }, tested: { cpu: 30, p99: 1 } },
  ]);
  expect(lines[0]).toMatchObject({ metric: "cpu", ratio: 1.1, target: "≤ 1.00×", met: false });
  expect(lines[1]).toMatchObject({ metric: "p99", ratio: 1, target: "", met: null });
  expect(table(lines, "appliance")).toContain("MISSED");
});
