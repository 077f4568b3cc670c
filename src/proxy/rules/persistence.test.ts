/** Persistence without haproxy: one table of letters, dates and dynamic values, and bytes that mean nothing. */
import { expect, test } from "bun:test";
import { listen, TIMEOUTS } from "../../../test/config_fixture.ts";
import { fuzzSeed, randomFrom } from "../../../test/samples_fuzz.ts";
import { composeHead } from "../http1/compose.ts";
import { METHOD, newHead } from "../http1/head.ts";
import { parseRequest, parseResponse } from "../http1/parse.ts";
import { createPersistence, type Found, newFound, redispatched, resetFound } from "./persistence.ts";
import { dateText, isOutdated, readDate, unitsOf } from "./persistence_dates.ts";

const NOW = 1_795_178_733;
const SERVERS = [
  "server a 127.0.0.1:19100 cookie sa",
  "server b 127.0.0.1:19101 cookie sb",
  "server c 127.0.0.1:19102",
  "server d 127.0.0.1:19103 cookie sd disabled",
  "server a2 127.0.0.1:19104 cookie sa",
];

const head = newHead(30, 8000);
const out = Buffer.alloc(16_000);
const fields = (request: boolean): string[] => {
  const end = composeHead(head, request, out, 0);
  return out.toString("latin1", 0, end).split("\r\n").slice(1, -2);
};

interface Played {
  found: Found;
  up: string[];
  down: string[];
}

/** @param server that answers; -1: the one that the cookie names */
function play(lines: string, cookie: string, answer: string, server = -1, down: readonly number[] = [3]): Played {
  const persist = createPersistence(listen("mode http", ...lines.split("; "), ...SERVERS))!;
  const found = newFound();
  const request = Buffer.from(`GET / HTTP/1.1\r\n${cookie === "" ? "" : `Cookie: ${cookie}\r\n`}\r\n`, "latin1");
  parseRequest(head, request, 0, request.length, 30);
  expect(persist.fromRequest(head, found, (index) => !down.includes(index), NOW)).toBe(true);
  const up = fields(true);
  const response = Buffer.from(`HTTP/1.1 200 OK\r\n${answer === "" ? "" : `Set-Cookie: ${answer}\r\n`}\r\n`, "latin1");
  parseResponse(head, response, 0, response.length, METHOD.GET, 30);
  expect(persist.toResponse(head, found, server < 0 ? found.server : server, METHOD.GET, NOW)).toBe(true);
  return { found, up, down: fields(false) };
}

const today = dateText(unitsOf(NOW));
const before = dateText(unitsOf(NOW - 32));
const old = dateText(unitsOf(NOW - 7200));
const CASES: readonly (readonly [
  lines: string,
  cookie: string,
  answer: string,
  server: number,
  letters: string,
  up: string,
  down: string,
])[] = [
  ["cookie SRV insert", "", "", 0, "NI", "", "set-cookie: SRV=sa; path=/"],
  ["cookie SRV insert", "SRV=sa", "", -1, "VN", "Cookie: SRV=sa", ""],
  ["cookie SRV insert", "SRV=sa", "SRV=own", -1, "VD", "Cookie: SRV=sa", ""],
  ["cookie SRV insert", "SRV=zz", "", 1, "II", "Cookie: SRV=zz", "set-cookie: SRV=sb; path=/"],
  ["cookie SRV insert", "SRV=sd", "", 1, "DI", "Cookie: SRV=sd", "set-cookie: SRV=sb; path=/"],
  ["cookie SRV insert", "SRV=sa", "", 1, "DI", "Cookie: SRV=sa", "set-cookie: SRV=sb; path=/"], // redispatched
  ["cookie SRV insert indirect", "x=1; SRV=sb; y=2", "", -1, "VN", "Cookie: x=1; y=2", ""],
  ["cookie SRV insert indirect", "SRV=sb", "", -1, "VN", "", ""],
  ["cookie SRV insert indirect", "SRV=sb; y=2", "", -1, "VN", "Cookie: y=2", ""],
  ["cookie SRV insert preserve", "", "SRV=own", 0, "NP", "", "Set-Cookie: SRV=own"],
  ["cookie SRV insert preserve", "SRV=sa", "SRV=own", -1, "VP", "Cookie: SRV=sa", "Set-Cookie: SRV=own"],
  ["cookie SRV insert postonly", "", "", 0, "NN", "", ""],
  ["cookie SRV rewrite", "SRV=sa", "SRV=own; a", -1, "VR", "Cookie: SRV=sa", "Set-Cookie: SRV=sa; a"],
  ["cookie SRV rewrite", "", "SRV=own", 2, "NP", "", "Set-Cookie: SRV=own"],
  ["cookie SRV prefix", "SRV=sb~own", "SRV=new", -1, "VR", "Cookie: SRV=own", "Set-Cookie: SRV=sb~new"],
  ["cookie SRV indirect", "SRV=sa", "SRV=own", -1, "VD", "Cookie: SRV=sa", ""],
  ["cookie SRV", "SRV=sa", "SRV=own", -1, "--", "Cookie: SRV=sa", "Set-Cookie: SRV=own"],
  ["cookie SRV insert maxidle 1h", `SRV=sa|${today}`, "", -1, "VN", `Cookie: SRV=sa|${today}`, ""],
  [
    "cookie SRV insert indirect maxidle 1h maxlife 8h",
    `SRV=sa|${before}|${old}`,
    "",
    -1,
    "VU",
    "",
    `set-cookie: SRV=sa|${today}|${old}; path=/`,
  ],
  ["cookie SRV insert indirect maxidle 1h", `SRV=sa|${old}`, "", 1, "EI", "", `set-cookie: SRV=sb|${today}; path=/`],
  [
    "cookie SRV insert indirect maxlife 1h",
    `SRV=sa||${old}`,
    "",
    1,
    "OI",
    "",
    `set-cookie: SRV=sb|${today}|${today}; path=/`,
  ],
];
test.each([...CASES])("%s | %s | %s | %d", (lines, cookie, answer, server, letters, up, down) => {
  const played = play(lines, cookie, answer, server);
  expect([played.found.request + played.found.response, played.up.join(), played.down.join()]).toEqual([
    letters,
    up,
    down,
  ]);
});

test("of servers with one cookie the first that is up is asked", () => {
  expect(play("cookie SRV insert", "SRV=sa", "").found.server).toBe(0);
  expect(play("cookie SRV insert", "SRV=sa", "", -1, [0]).found.server).toBe(4);
  expect(play("cookie SRV insert; option persist", "SRV=sa", "", -1, [0]).found).toMatchObject({
    server: 0,
    request: "D",
  });
});

test("a server chosen by a rule is kept, and the log says U", () => {
  const persist = createPersistence(listen("mode http", "cookie SRV insert", ...SERVERS))!;
  const found = { ...newFound(), forced: true };
  const request = Buffer.from("GET / HTTP/1.1\r\nCookie: SRV=sa\r\n\r\n");
  parseRequest(head, request, 0, request.length, 30);
  persist.fromRequest(head, found, () => true, NOW);
  expect(found).toMatchObject({ server: -1, request: "U" });
});

test("a server that cannot be reached is no longer the one of the cookie", () => {
  const found: Found = { ...newFound(), server: 1, request: "V" };
  redispatched(found);
  expect(found).toMatchObject({ server: -1, request: "D" });
  resetFound(found);
  expect(found).toEqual(newFound());
});

test("no cookie line, no persistence", () => expect(createPersistence(listen(TIMEOUTS, ...SERVERS))).toBe(null));

test("dates are written as haproxy writes them, and read to their fifth digit", () => {
  expect(dateText(unitsOf(1_795_178_732))).toBe("awBA7"); // seen
  expect(unitsOf(1_795_178_732) + 1).toBe(unitsOf(1_795_178_733));
  const read = (text: string) => readDate(Buffer.from(text), 0, text.length);
  expect(["awBA7", "awBA7xx", "awBA", "aw A7", ""].map(read)).toEqual([448_794_683, 448_794_683, 0, 0, 0]);
});

test("dates are outdated when they are too old, or from more than a day ahead", () => {
  const outdated = (offset: number, most: number) => isOutdated((NOW - 1 + offset) / 4, NOW - 1, most);
  expect([outdated(-3600, 3600), outdated(-3604, 3600), outdated(86_400, 3600), outdated(86_404, 3600)])
    .toEqual([false, true, false, true]);
  expect([isOutdated(0, NOW, 3600), outdated(-3604, 0)]).toEqual([false, false]);
});

test("dynamic values are those of haproxy", () => {
  const { down } = play("cookie SRV insert dynamic; dynamic-cookie-key MYKEY", "", "", 2);
  expect(down).toEqual(["set-cookie: SRV=1da53a3023a7acc3; path=/"]); // seen
});

test("any cookies leave heads that can be sent, and ours is gone from the request", () => {
  const seed = fuzzSeed();
  const random = randomFrom(seed);
  const parts = ["SRV", "=", "sa", ";", " ", ",", '"', "\\", "$", "|", "~", "a", before, "\xff", "SRV=sb", "; "];
  const text = () => Array.from({ length: random(10) }, () => parts[random(parts.length)]).join("");
  for (let i = 0; i < 3_000; i++) {
    const cookie = text();
    const answer = text();
    for (const lines of ["cookie SRV insert indirect maxidle 1h", "cookie SRV prefix", "cookie SRV rewrite"]) {
      const what = `FUZZ_SEED=${seed} ${lines} ${JSON.stringify([cookie, answer])}`;
      const { found, up, down } = play(lines, cookie, answer, 1);
      expect([...up, ...down].every((line) => /^[A-Za-z-]+: ?[^\r\n]*$/.test(line)), what).toBe(true);
      expect(found.request + found.response, what).toMatch(/^[NIDVEO][NIUPRD]$/);
      if (!lines.includes("indirect") || up.length === 0) continue;
      // What is left has none of ours: read again, nobody is found.
      const again = play(lines, up[0]!.slice("Cookie:".length), "", 1);
      expect(again.found.request, what).toBe("N");
    }
  }
});
