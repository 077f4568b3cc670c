/** Values of keywords and their refusals. */
import { expect, test } from "bun:test";
import {
  type Parsed,
  parseInteger,
  parseOnOff,
  parsePercentage,
  parseSize,
  parseThreadSet,
  parseTime,
  type TimeUnit,
} from "./values.ts";

function check(result: Parsed<unknown>, want: unknown): void {
  if (!(want instanceof RegExp)) return expect(result).toEqual({ value: want });
  if (!("error" in result)) throw new Error(`accepted as ${JSON.stringify(result.value)}`);
  expect(`${result.error} | ${result.hint}`).toMatch(want);
}

const times: [text: string, unit: TimeUnit, want: number | RegExp][] = [
  ["0", "ms", 0],
  ["10", "ms", 10],
  ["10", "s", 10],
  ["10s", "ms", 10_000],
  ["10ms", "s", 1], // part of a unit is one
  ["1500ms", "s", 2],
  ["1us", "ms", 1],
  ["0us", "ms", 0],
  ["1000us", "ms", 1],
  ["1001us", "ms", 2],
  ["5m", "ms", 300_000],
  ["2h", "s", 7_200],
  ["24d", "ms", 2_073_600_000],
  ["010", "ms", 10],
  ["2147483647", "ms", 2_147_483_647],
  ["2147483648", "ms", /Timer overflow.*2147483647 ms or about 24.8 days/],
  ["25d", "ms", /Timer overflow/],
  ["25d", "s", 2_160_000],
  ["9".repeat(400), "ms", /Timer overflow/],
  ["10x", "ms", /Unknown unit "x"/],
  ["10S", "ms", /Unknown unit "S".*Did you mean "10s"/],
  ["1m30s", "ms", /Unexpected "30s"/],
  ["1.5s", "ms", /Unexpected "\.5s"/],
  ["10 s", "ms", /Unexpected/],
  ["-1", "ms", /Cannot read time/],
  ["+1", "ms", /Cannot read time/],
  ["s", "ms", /Cannot read time/],
  ["", "ms", /Cannot read time/],
  ["1constructor", "ms", /Unknown unit/],
];
test.each(times)("parseTime %p in %p", (text, unit, want) => check(parseTime(text, unit), want));

const sizes: [text: string, want: number | RegExp][] = [
  ["0", 0],
  ["100", 100],
  ["1k", 1024],
  ["1K", 1024],
  ["20m", 20_971_520],
  ["3g", 3_221_225_472],
  ["4g", /must be 0 to 4294967295/],
  ["1kb", /Cannot read size/],
  ["1.5k", /Cannot read size/],
  ["k", /Cannot read size/],
  ["-1", /Cannot read size/],
  ["", /Cannot read size/],
];
test.each(sizes)("parseSize %p", (text, want) => check(parseSize(text), want));
test("a size has the range of its keyword", () => check(parseSize("1k", { min: 2048 }), /must be 2048 to/));

const integers: [text: string, want: number | RegExp][] = [
  ["5", 5],
  ["+5", 5],
  ["05", 5],
  ["1", 1],
  ["10", 10],
  ["0", /must be 1 to 10/],
  ["11", /must be 1 to 10/],
  ["-5", /must be 1 to 10/],
  ["1k", /whole number from 1 to 10/],
  ["1e1", /whole number/],
  ["0x5", /whole number/],
  ["5 ", /whole number/],
  ["", /whole number/],
];
test.each(integers)("parseInteger %p", (text, want) => check(parseInteger(text, { min: 1, max: 10 }), want));

const percentages: [text: string, want: number | RegExp][] = [
  ["30", 30],
  ["30%", 30],
  ["100%", 100],
  ["101", /must be 0 to 100/],
  ["%", /Cannot read percentage/],
  ["1.5%", /Cannot read percentage/],
];
test.each(percentages)("parsePercentage %p", (text, want) => check(parsePercentage(text), want));

const threads: [text: string, want: number[] | null | RegExp][] = [
  ["1", [1]],
  ["1-4", [1, 2, 3, 4]],
  ["4-1", [1, 2, 3, 4]], // haproxy turns it round
  ["6-", [6, 7, 8]],
  ["odd", [1, 3, 5, 7]],
  ["even", [2, 4, 6, 8]],
  ["all", null],
  ["1/all", null],
  ["1/2-3", [2, 3]],
  ["3,1-2,2", [1, 2, 3]],
  ["0", /must be 1 to 8/],
  ["9", /must be 1 to 8/],
  ["1-9", /must be 1 to 8/],
  ["2/1", /thread group "2"/],
  ["-2", /Cannot read threads/],
  ["", /Cannot read threads/],
  ["1,", /Cannot read threads/],
  ["evn", /Cannot read threads.*Did you mean "even"/],
];
test.each(threads)("parseThreadSet %p", (text, want) => check(parseThreadSet(text, 8), want));

test("parseOnOff", () => {
  check(parseOnOff("on"), true);
  check(parseOnOff("off"), false);
  check(parseOnOff("of"), /Unknown word "of": expected one of "on", "off".*Did you mean/);
  check(parseOnOff("toString"), /Unknown word/);
});
