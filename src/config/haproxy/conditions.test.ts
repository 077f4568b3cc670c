/** Conditions: values, precedence, and where each mistake is found. */
import { expect, test } from "bun:test";
import { type ConditionContext, evaluateArgument, evaluateCondition } from "./conditions.ts";
import { ENABLED, featureList, FEATURES } from "./features.ts";

const context: ConditionContext = {
  environment: new Map([["V", "x y"], ["E", ""], ["N", "5"]]),
  features: new Set(["EPOLL", "THREAD"]),
  enabled: new Set(["EPOLL"]),
  version: "3.5.0",
  ssl: null,
};
const boring = { name: "BoringSSL", version: "1.1.1f", awslcApi: null, fips: false };
const awslc = { name: "AWS-LC", version: "3.0.2", awslcApi: 32, fips: true };

const cases: [text: string, want: boolean | RegExp][] = [
  ["", false],
  ["0", false],
  ["00", false],
  ["1", true],
  ["-1", true],
  ["+0", false],
  ["0x10", true],
  ["0x0", false],
  ["010", true],
  ["99999999999999999999", true],
  [" 1 ", true],
  ["!0", true],
  ["! ! 0", false],
  ["(1)", true],
  ["!(1)", false],
  ["((0) || ( 1 ))", true],
  ["1&&0", false],
  ["0 || 1", true],
  ["1 || 0 && 0", true], // && binds more
  ["(1||0)&&0", false],
  ["1 && 1 && 0 || 0 || 1", true],
  ["defined(V)", true],
  ["defined(E)", true],
  ["defined(U)", false],
  ["defined()", false],
  ["feature(EPOLL)", true],
  ["feature(epoll)", false],
  ["feature(OPENSSL)", false],
  ["enabled(EPOLL)", true],
  ["enabled(SPLICE)", false],
  ["streq(a,a)", true],
  ["streq(a, a)", false], // blanks count
  ["streq(,)", true],
  ["streq('a,b',a\\ b)", false],
  ["streq(\"a,b)\",'a,b)')", true],
  ['streq(a\\nb,"a\\nb")', true],
  ["strneq(a,b)", true],
  ["strstr(haystack,stack)", true],
  ["strstr(a,b)", false],
  ["version_atleast(2.4-dev19)", true],
  ["version_atleast(3.5)", true],
  ["version_atleast(3.5.0)", true],
  ["version_atleast(3.5.1)", false],
  ["version_atleast(3.5-dev5)", true], // a release comes after its own development
  ["version_atleast()", true],
  ["version_before(3.5)", false],
  ["version_before(3.6-dev0)", true],
  ["version_before(10)", true],
  ["openssl_version_atleast(1.1.1)", false], // there is none
  ["openssl_version_before(9)", false],
  ["ssllib_name_startswith(OpenSSL)", false],
  ["awslc_api_atleast(1)", false],
  ["fips_mode", false],
  ["fips_mode()", false],
  // mistakes
  ["foo", /^1: Unknown predicate "foo"/],
  ["1 && featrue(X)", /^6: Unknown predicate "featrue".*\| Did you mean "feature"/],
  ["!", /^2: Unexpected the end/],
  ["1 &&", /^5: Unexpected the end/],
  ["&& 1", /^1: Unexpected "&"/],
  ["1 & 0", /^3: Unexpected "& 0" after/],
  ["1 1", /^3: Unexpected "1" after/],
  ["12a", /^3: Unexpected "a"/],
  ["08", /^2: Unexpected "8"/],
  ["(1", /^1: Unmatched "\("/],
  ["1)", /^2: Unexpected "\)"/],
  ["()", /^2: Unexpected "\)"/],
  ["defined", /^1: Cannot evaluate defined with 0: expected 1 argument/],
  ["defined (V)", /^1: Cannot evaluate defined/],
  ["defined(V", /^8: Unmatched "\("/],
  ["defined(V)x", /^11: Unexpected "x"/],
  ["defined(V,W)", /^1: Cannot evaluate defined with 2/],
  ["streq(a)", /^1: Cannot evaluate streq with 1: expected 2/],
  ['streq("a,b)', /^7: Unmatched quote/],
  ["version_before(x)", /^1: Cannot read version "x"/],
  ["openssl_version_atleast(new)", /^1: Cannot read version/],
  ["awslc_api_atleast(x)", /^1: Cannot read API version/],
  ["1 || foo", /^6: Unknown predicate/], // read though it does not matter
  ["0 && foo", /^6: Unknown predicate/],
  ["fips_mode(1)", /^1: Cannot evaluate fips_mode with 1/],
  ["toString(1)", /^1: Unknown predicate/],
  ["(".repeat(5000), /^201: Cannot nest/],
];
test.each(cases)("evaluateCondition %p", (text, want) => {
  const result = evaluateCondition(text, context);
  if (!(want instanceof RegExp)) return expect(result).toEqual({ value: want });
  if (!("error" in result)) throw new Error(`accepted as ${result.value}`);
  expect(`${result.column}: ${result.error} | ${result.hint}`).toMatch(want);
});

const tls: [text: string, ssl: ConditionContext["ssl"], want: boolean][] = [
  ["openssl_version_atleast(1.1.1)", boring, true],
  ["openssl_version_atleast(1.1.1g)", boring, false],
  ["openssl_version_before(3.0.0-beta1)", boring, true],
  ["openssl_version_before(3.0.2)", awslc, false],
  ["ssllib_name_startswith(Boring)", boring, true],
  ["ssllib_name_startswith(OpenSSL)", boring, false],
  ["awslc_api_atleast(32)", awslc, true],
  ["awslc_api_before(32)", awslc, false],
  ["awslc_api_before(32)", boring, false],
  ["fips_mode", awslc, true],
];
test.each(tls)("with a TLS library: %p", (text, ssl, want) => {
  expect(evaluateCondition(text, { ...context, ssl })).toEqual({ value: want });
});

const args: [text: string, want: boolean | RegExp][] = [
  ['"1"', true],
  ['"$N"', true],
  ['streq("$V","x y")', true],
  ['"$U"', false],
  ["streq(\\x41,A)", true],
  ["'", /Unmatched single quote/],
  ["1 # c", /Unexpected "# c"/],
];
test.each(args)("evaluateArgument %p", (text, want) => {
  const result = evaluateArgument(text, context);
  if (want instanceof RegExp) expect("error" in result ? result.error : "").toMatch(want);
  else expect(result).toEqual({ value: want });
});

test("the list of -vv shows what works with a plus and the rest with a minus", () => {
  const list = featureList().split(" ");
  for (const name of FEATURES) expect(list).toContain(`+${name}`);
  expect(list).toContain("-LUA");
  expect(list.filter((entry) => entry.startsWith("+")).length).toBe(FEATURES.length);
  expect(new Set(list.map((entry) => entry.slice(1))).size).toBe(list.length);
  expect(ENABLED).toContain("EPOLL");
});
