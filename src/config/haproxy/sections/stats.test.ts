/** `stats` of a proxy: what each line says, what is taken over from `defaults`, what is warned about. */
import { expect, test } from "bun:test";
import { accepted, loadText, TIMEOUTS } from "../../../../test/config_fixture.ts";
import type { StatsPage } from "../model.ts";
import { DEFAULT_STATS } from "./stats.ts";

const GLOBAL = "global\n  description whole\n";
const lined = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join("");

/** The page of a lone listen named "l". */
const pageOf = (...lines: string[]): StatsPage | null =>
  accepted(loadText(`${GLOBAL}listen l\n  mode http\n  bind :1\n${TIMEOUTS}${lined(lines)}`)).proxies[0]!.stats;

const cases: [lines: string[], page: Partial<StatsPage>][] = [
  [["stats enable"], {}],
  [["stats uri /x?y"], { uri: "/x?y" }],
  [["stats uri /a", "stats uri /b"], { uri: "/b" }],
  [['stats realm "The realm"'], { realm: "The realm" }],
  [["stats auth a:b:c", "stats auth d", "stats auth e:"], {
    users: [{ user: "a", password: "b:c" }, { user: "d", password: "" }, { user: "e", password: "" }],
  }],
  [["stats refresh 5"], { refreshSec: 5 }],
  [["stats refresh 2m"], { refreshSec: 120 }],
  [["stats refresh 500ms"], { refreshSec: 1 }],
  [["stats refresh 0"], { refreshSec: 0 }],
  [["stats scope .", "stats scope other"], { scope: ["l", "other"] }],
  [["stats hide-version", "stats show-legends"], { hideVersion: true, showLegends: true }],
  [["stats show-node", "stats show-desc"], { node: "", description: "" }],
  [["stats show-node n.1", "stats show-desc two  words"], { node: "n.1", description: "two words" }],
];
test.each(cases)("%p", (lines, page) => expect(pageOf(...lines)).toEqual({ ...DEFAULT_STATS, ...page }));

test("without a line there is no page", () => expect(pageOf()).toBeNull());

/** Pages of all proxies of a text, by name. */
function pages(text: string): Record<string, StatsPage | null> {
  return Object.fromEntries(accepted(loadText(text)).proxies.map(({ name, stats }) => [name, stats]));
}

const DEFAULTS = `defaults base
  mode http
${TIMEOUTS}  stats uri /base
  stats auth a:b
  stats scope .
`;

test("a proxy that says nothing takes the page of its defaults, and is itself its scope", () => {
  const { one, two } = pages(`${DEFAULTS}listen one from base\n  bind :1\nbackend two from base\n`);
  expect(one).toMatchObject({ uri: "/base", users: [{ user: "a", password: "b" }], scope: ["one"] });
  expect(two).toMatchObject({ uri: "/base", scope: ["two"] });
});

test("a proxy that says anything starts with nothing of its defaults", () => {
  const { own } = pages(`${DEFAULTS}listen own from base\n  bind :1\n  stats refresh 3s\n  stats hide-version\n`);
  expect(own).toEqual({ ...DEFAULT_STATS, refreshSec: 3, hideVersion: true });
});

test("a further defaults adds to what it takes over, and leaves that as it was", () => {
  const text = `${DEFAULTS}defaults more from base\n  stats realm R\n  stats auth c:d\n`;
  const { one, two } = pages(`${text}listen one from base\n  bind :1\nlisten two from more\n  bind :2\n`);
  expect(one).toMatchObject({ realm: DEFAULT_STATS.realm, users: [{ user: "a", password: "b" }] });
  expect(two).toMatchObject({ uri: "/base", realm: "R" });
  expect(two!.users.map(({ user }) => user)).toEqual(["a", "c"]);
});

const warnings: [mode: string, lines: string[], message: RegExp][] = [
  ["http", ["stats auth a:b", "stats auth a:c"], /ignoring duplicated user 'a'/],
  ["http", ["stats realm Two words"], /'words' is ignored, don't forget to escape spaces/],
  ["http", ["stats show-desc"], /requires a parameter or 'description' to be set/],
  ["tcp", ["stats enable"], /'stats' statement ignored for proxy 'l' as it requires HTTP mode/],
];
test.each(warnings)("in mode %s %p is warned about", (mode, lines, message) => {
  const { model, diagnostics } = loadText(`listen l\n  mode ${mode}\n  bind :1\n${TIMEOUTS}${lined(lines)}`);
  expect(diagnostics.list.map((one) => [one.severity, one.message])).toEqual([
    ["warning", expect.stringMatching(message)],
  ]);
  if (mode === "tcp") expect(model!.proxies[0]!.stats).toBeNull();
});

test.each(["stats admin if TRUE", "stats http-request auth", "stats show-modules"])("%s comes later", (line) => {
  const { diagnostics } = loadText(`listen l\n  mode http\n  bind :1\n${TIMEOUTS}  ${line}\n`);
  expect(diagnostics.list.map(({ message }) => message)).toEqual([expect.stringContaining("is not supported yet")]);
});

test("a name nobody knows is given the nearest", () => {
  const { diagnostics } = loadText(`listen l\n  mode http\n  bind :1\n${TIMEOUTS}  stats hide-verson\n`);
  expect(diagnostics.list[0]!.hint).toContain("hide-version");
});
