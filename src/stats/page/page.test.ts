/** The statistics page as text: who is let in, what is asked for, what stands in it, and that nothing in it is markup. */
import { expect, test } from "bun:test";
import { fill, page, set, setWords, site, trouble } from "../../../test/stats_page_fixture.ts";
import { bind, context, ip, model, proxy, server } from "../../../test/stats_fixture.ts";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import type { StatsPage } from "../../config/haproxy/model.ts";
import { LISTEN_STATE } from "../../board/words.ts";
import { answerStats, type StatsAnswer } from "./answer.ts";
import { challenge, mayEnter } from "./authorize.ts";
import { bitRate, duration, escapeHtml, short } from "./figures.ts";
import { addressOf, isStatsUri, readWanted, type Wanted } from "./request.ts";
import { SCRIPT } from "./script.ts";
import { DARK, LIGHT, type Tokens } from "./style.ts";

const get = (
  uri: string,
  settings: Partial<StatsPage> = {},
  given: { method?: string; authorization?: string; of?: ReturnType<typeof site> } = {},
): StatsAnswer => {
  const { method = "GET", authorization = null, of = site() } = given;
  return answerStats(of, page(settings), { method, uri, authorization });
};
const header = (answer: StatsAnswer, name: string): string | null =>
  answer.headers.find(([field]) => field === name)?.[1] ?? null;
const basic = (text: string): string => `Basic ${Buffer.from(text, "latin1").toString("base64")}`;

const uris: [prefix: string, uri: string, is: boolean][] = [
  ["/haproxy?stats", "/haproxy?stats", true],
  ["/haproxy?stats", "/haproxy?stats;csv", true],
  ["/haproxy?stats", "/haproxy?stat", false],
  ["/haproxy?stats", "/HAPROXY?stats", false],
  ["/haproxy?stats", "http://host.example:80/haproxy?stats;up", true],
  ["/haproxy?stats", "http://host.example", false],
  ["/", "/anything", true],
  ["/", "*", false],
  ["plain", "plain;csv", true],
];
test.each(uris)("prefix %s, %s: %p", (prefix, uri, is) => expect(isStatsUri({ uri: prefix }, uri)).toBe(is));

const wishes: [rest: string, wanted: Partial<Wanted>][] = [
  ["", { form: "html", hide: "none", refresh: true, scope: "", outcome: "" }],
  [";csv", { form: "csv" }],
  [";csv;norefresh", { form: "csv", refresh: false }],
  [";json", { form: "json" }],
  [";typed", { form: "typed" }],
  [";json-schema", { form: "html" }],
  [";up", { hide: "down" }],
  [";no-maint", { hide: "maintenance" }],
  ["&scope=We%62+x;up", { scope: "web x", hide: "down" }],
  ["?scope=100%;csv", { scope: "100%", form: "csv" }],
  [";st=DENY", { outcome: "DENY" }],
];
test.each(wishes)(
  "behind the prefix %p",
  (rest, wanted) => expect(readWanted(page(), `/haproxy?stats${rest}`)).toMatchObject(wanted),
);

test("the address of a wish is read back as that wish", () => {
  for (const uri of ["/haproxy?stats", "/stats"]) {
    for (const form of ["html", "csv", "json", "typed"] as const) {
      for (const hide of ["none", "down", "maintenance"] as const) {
        const wanted: Wanted = { form, hide, refresh: hide === "none", scope: "a&b;c é", outcome: "" };
        expect(readWanted({ uri }, addressOf({ uri }, wanted))).toEqual(wanted);
      }
    }
  }
});

const users = [{ user: "a", password: "b:c" }, { user: "d", password: "" }, { user: "\xe9", password: "\xe8" }];
const entries: [authorization: string | null, may: boolean][] = [
  [null, false],
  ["", false],
  [basic("a:b:c"), true],
  [basic("d:"), true],
  [basic("\xe9:\xe8"), true],
  [basic("a:b:c").replace("Basic", "bASIC"), true],
  [basic("d"), false],
  [basic("a:b"), false],
  [basic("A:b:c"), false],
  [basic(""), false],
  ["Basic", false],
  ["Basic !", false],
  ["Bearer YTpiOmM=", false],
];
test.each(entries)("%p: %p", (authorization, may) => expect(mayEnter({ users }, authorization)).toBe(may));
test("without users everybody enters", () => expect(mayEnter({ users: [] }, null)).toBe(true));
test("a realm stays within its quotes", () =>
  expect(challenge({ realm: 'a "b" \\\r\nx: y' })).toBe('Basic realm="a \\"b\\" \\\\  x: y"'));

test("401 shows nothing of the figures", () => {
  const answer = get("/haproxy?stats;csv", { users, realm: "R" }, { authorization: basic("a:x") });
  expect(answer.status).toBe(401);
  expect(header(answer, "www-authenticate")).toBe('Basic realm="R"');
  expect(answer.body).not.toContain("shop");
  expect(get("/haproxy?stats", { users }, { authorization: basic("a:b:c") }).status).toBe(200);
});

test("refresh is a header of what programs read, and the page's own affair in HTML", () => {
  const refreshed = (rest: string) => header(get(`/haproxy?stats${rest}`, { refreshSec: 7 }), "refresh");
  expect([refreshed(";csv"), refreshed(";json"), refreshed(";csv;norefresh"), refreshed("")]).toEqual([
    "7",
    "7",
    null,
    null,
  ]);
  expect(get("/haproxy?stats", { refreshSec: 7 }).body).toContain(
    "<noscript><meta http-equiv=refresh content=7></noscript>",
  );
  expect(get("/haproxy?stats").body).not.toContain("http-equiv");
  expect(get("/haproxy?stats;norefresh", { refreshSec: 7 }).body).not.toContain("http-equiv");
});

test("HEAD has the headers of GET and no body; POST leads back", () => {
  for (const rest of ["", ";csv"]) {
    const [head, whole] = ["HEAD", "GET"].map((method) => get(`/haproxy?stats${rest}`, {}, { method }));
    expect(head!.headers).toEqual(whole!.headers);
    expect(head!.body).toBe("");
    expect(whole!.body).not.toBe("");
  }
  const order = get("/haproxy?stats", {}, { method: "POST" });
  expect([order.status, header(order, "location"), order.body]).toEqual([303, "/haproxy?stats;st=DENY", ""]);
  expect(get("/haproxy?stats;st=DENY").body).toContain("The order was refused");
});

test("scope of the settings and scope of the request both hold", () => {
  const names = (
    rest: string,
    scope: string[] = [],
  ): string[] => [
    ...new Set(
      get(`/haproxy?stats;csv${rest}`, { scope }).body.split("\n").slice(1, -1).map((line) => line.split(",")[0]!),
    ),
  ];
  expect(names("", ["shop", "www", "none"])).toEqual(["www", "shop"]);
  expect(names("?scope=S", ["shop", "www"])).toEqual(["shop"]);
  expect(names("?scope=nothing")).toEqual([]);
  expect(get("/haproxy?stats?scope=nothing").body).toContain("<p id=none>");
});

test("legends are shown only when asked for", () => {
  expect(get("/haproxy?stats").body).not.toContain("10.20.5.11");
  const shown = get("/haproxy?stats", { showLegends: true }).body;
  for (const text of ["10.20.5.11:8080", "cookie k0", "balance leastconn", "0.0.0.0:443"]) {
    expect(shown).toContain(text);
  }
});

test("node, description and version are shown as the settings say", () => {
  expect(get("/haproxy?stats").body).toContain("<h1>Statistics</h1><p>appliance 9.8.7</p>");
  const { body } = get("/haproxy?stats", { node: "", description: "", hideVersion: true });
  expect(body).toContain("<h1>lb1.fra.example.net</h1><p>Statistics of appliance &middot; Edge, Frankfurt</p>");
});

test("the summary is worst first and says what is down", () => {
  const of = site();
  fill(of);
  trouble(of);
  const { body } = get("/haproxy?stats;up", {}, { of });
  expect(body).toContain("<h2>1 backend down, 4 servers down, 1 at the limit, 1 queue waiting</h2>");
  expect(body).toContain("<title>1 backend down, 4 servers down, 1 at the limit, 1 queue waiting - Statistics</title>");
  const states = [...body.matchAll(/<li><b class=\w+>(\w+)<\/b><div><a href="#r([^"]+)">([^<]+)/g)];
  expect(states.map(([, state, , name]) => `${state} ${name}`)).toEqual([
    "DOWN search",
    "DOWN shop / web-fra-02",
    "DOWN search / search-1",
    "DOWN search / search-2",
    "DOWN search / search-fallback",
    "FULL shop / web-fra-03",
    "QUEUE shop",
    "DRAIN shop / web-ams-01",
    "MAINT shop / web-ams-02",
  ]);
  // ";up" hides rows of servers that are down, not the news of them.
  expect(body).not.toContain("id=r5-s1");
  const whole = get("/haproxy?stats", {}, { of }).body;
  for (const [, , id] of states) expect(whole).toContain(` id=r${id} `);
});

test("nothing down, and a frontend that is closed", () => {
  const of = site();
  expect(get("/haproxy?stats", {}, { of }).body).toContain("<h2>Nothing is down</h2>");
  setWords(of.board, of.board.layout.proxies[0]!.frontend, { state: LISTEN_STATE.paused });
  expect(get("/haproxy?stats", {}, { of }).body).toContain("<h2>1 frontend closed</h2>");
  set(of, "web-fra-01", { state: 0 });
  expect(get("/haproxy?stats", {}, { of }).body).toContain("<h2>1 server down, 1 frontend closed</h2>");
});

test("names and texts are no markup", () => {
  const evil = `<img src=x onerror="a()">'&`;
  const of = context(
    model([
      proxy("listen", evil, 2, {
        mode: "http",
        description: evil,
        options: { socketStats: true },
        binds: [bind(ip("", 80), { name: evil })],
        servers: [server(evil, 1, evil, 1, { cookie: evil, disabled: true })],
      }),
    ], { node: evil, description: evil }),
    { version: evil },
  );
  const settings = { uri: `/${evil}?x=${evil}`, node: "", description: "", showLegends: true };
  const { body } = answerStats(of, page(settings), { method: "GET", uri: settings.uri, authorization: null });
  expect(body.replace(SCRIPT, "")).not.toContain("<img");
  expect(body.replace(SCRIPT, "")).not.toContain(`"a()`);
  expect(body).toContain(escapeHtml(evil));
});

test("ten thousand servers are rendered in well under a second", () => {
  const servers = Array.from({ length: 10_000 }, (_, i) => server(`server-${i}`, i + 1, "10.0.0.1", 80));
  const of = site([proxy("backend", "be", 2, { mode: "http", servers })]);
  fill(of);
  const start = performance.now();
  const { body } = get("/haproxy?stats", {}, { of });
  expect(performance.now() - start).toBeLessThan(1000);
  expect(body.match(/<tr/g)!.length).toBeGreaterThan(10_000);
});

const figures: [amount: number, text: string][] = [
  [0, "0"],
  [9999, "9999"],
  [10_000, "10k"],
  [12_345, "12.3k"],
  [99_951, "100k"],
  [999_499, "999k"],
  [999_500, "1M"],
  [1_234_567, "1.23M"],
  [8.5e14, "850T"],
  [1e19, "10E"],
];
test.each(figures)("%p is %s", (amount, text) => expect(short(amount)).toBe(text));
const spans: [seconds: number, text: string][] = [
  ...[[0, "0s"], [59, "59s"], [60, "1m00s"], [3599, "59m59s"], [3600, "1h00m"], [86_399, "23h59m"]] as [
    number,
    string,
  ][],
  ...[[86_400, "1d00h"], [8_640_000 - 1, "99d23h"], [8_640_000, "100d"]] as [number, string][],
];
test.each(spans)("%p seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));
test("bits per second", () => expect([bitRate(10), bitRate(34_500_000)]).toEqual(["80 bit/s", "276 Mbit/s"]));

/** WCAG 2.1: relative luminance, contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
/** Letters and the grounds they stand on. */
const PAIRS: [letters: keyof Tokens, grounds: (keyof Tokens)[]][] = [
  ["ink", ["ground", "card", "head", "group", "badGround", "warnGround", "plainGround"]],
  ["dim", ["ground", "card", "head", "group", "plainGround"]],
  ["link", ["ground", "card"]],
  ["bad", ["card", "ground"]],
  ["warn", ["card", "group", "warnGround", "badGround"]],
  ["ok", ["okGround"]],
  ["plain", ["plainGround"]],
];
test.each([["light", LIGHT], ["dark", DARK]] as const)("every text of the %s page has contrast AA", (_name, tokens) => {
  for (const [letters, grounds] of PAIRS) {
    for (const ground of grounds) {
      expect([letters, ground, contrast(tokens[letters], tokens[ground]) >= 4.5]).toEqual([letters, ground, true]);
    }
  }
});

test("any request is answered, and nothing of it becomes markup", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const PARTS = [
    ";csv",
    ";json",
    ";up",
    ";st=",
    "?scope=",
    "&scope=",
    "%3Cscript%3E",
    "<script>",
    '"',
    "'",
    "%",
    "+",
    "\xff",
    "\0",
    "a",
  ];
  const of = site();
  const end = performance.now() + 300;
  while (performance.now() < end) {
    const rest = Array.from({ length: random(8) }, () => PARTS[random(PARTS.length)]!).join("");
    const authorization = random(2) === 0 ? null : `Basic ${rest}`;
    const { body } = get(`/haproxy?stats${rest}`, random(4) === 0 ? { users } : {}, {
      of,
      ...(authorization === null ? {} : { authorization }),
    });
    const scripts = body.match(/<script/g)?.length ?? 0;
    if (body.startsWith("<!DOCTYPE html>\n") && scripts !== 1) {
      throw new Error(`FUZZ_SEED=${seed}: ${JSON.stringify(rest)}`);
    }
  }
});
