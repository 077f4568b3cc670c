/**
 * What the statistics show of a board whose cells the test has written.
 */
import { expect, test } from "bun:test";
import { bind, context, ip, model, proxy, server } from "../../test/stats_fixture.ts";
import { type Board, rowAt, wordAt } from "../board/board.ts";
import { WORDS_PER_WORKER, WORKER_WORD } from "../board/layout.ts";
import { countEvent } from "../board/rates.ts";
import { ADMIN, COUNTER, type Counter, LISTEN_STATE, SERVER_STATE, WORD } from "../board/words.ts";
import type { Model, Proxy } from "../config/haproxy/model.ts";
import { CSV_HEADER, quoteCsv, renderCsv } from "./csv.ts";
import { COLUMNS, EXTRA_COLUMNS } from "./fields.ts";
import { INFO_NAMES, renderInfo, uptimeText } from "./info.ts";
import { createMeters } from "./meters.ts";
import { inPieces, PIECE_CHARS } from "./pieces.ts";
import { fullconnOf } from "../config/haproxy/limits.ts";
import { serverStatus, sumBackend, type View } from "./rows.ts";
import { renderJson, renderTyped } from "./typed.ts";

type Words = Partial<Record<keyof typeof WORD, number>>;
const setWords = (board: Board, entity: number, words: Words): void => {
  for (const [name, value] of Object.entries(words)) {
    board.words[wordAt(entity, WORD[name as keyof typeof WORD])] = value;
  }
};
const setCounter = (board: Board, worker: number, entity: number, counter: Counter, value: number): void => {
  board.rows[rowAt(board.layout, worker, entity) + COUNTER[counter]] = value;
};
const viewOf = (of: ReturnType<typeof context>, given: Partial<View> = {}): View => ({
  model: of.model,
  board: of.board,
  nowMs: of.now(),
  maxconn: of.maxconn,
  legends: true,
  select: null,
  shows: () => true,
  hide: "none",
  ...given,
});

/** Rows by `pxname/svname`, each by column name; empty fields are left out. */
function csv(view: View): Record<string, Record<string, string>> {
  const names = CSV_HEADER.slice(2).split(",");
  const rows: Record<string, Record<string, string>> = {};
  for (const line of [...renderCsv(view)].join("").split("\n").slice(1, -1)) {
    const fields = line.split(",");
    expect(fields.length).toBe(names.length);
    rows[`${fields[0]}/${fields[1]}`] = Object.fromEntries(
      names.map((name, i) => [name, fields[i]!]).filter(([, value]) => value !== ""),
    );
  }
  return rows;
}

const SMALL = model([
  proxy("frontend", "fe", 2, { binds: [bind(ip("127.0.0.1", 80), { maxconn: 7 })], options: { socketStats: true } }),
  proxy("backend", "be", 3, {
    servers: [
      server("a", 1, "127.0.0.1", 80, { weight: 10 }),
      server("b", 2, "127.0.0.1", 81, { backup: true, weight: 3 }),
      server("c", 3, "127.0.0.1", 82, { backup: true, weight: 4 }),
      server("d", 4, "::1", 83, { disabled: true }),
    ],
  }),
]);
const [FE, LISTENER, A, B, C, , BE] = [1, 2, 3, 4, 5, 6, 7] as const;

test("the header has the 118 columns of the manual, the mark, and ends with a comma", () => {
  expect(COLUMNS.length).toBe(118);
  expect(CSV_HEADER.startsWith("# pxname,svname,qcur,")).toBe(true);
  expect(CSV_HEADER.endsWith(",h1_spliced_bytes_out,\n")).toBe(true);
  const names = CSV_HEADER.slice(2).trim().split(",");
  expect(names.length).toBe(146); // with the empty one behind the last comma
  expect(names.indexOf("-")).toBe(118);
  expect(names.slice(119, -1)).toEqual(EXTRA_COLUMNS.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});

test("counters of all processes are added up under their columns", () => {
  const of = context(SMALL);
  setCounter(of.board, 0, FE, "bytesIn", 2 ** 40);
  setCounter(of.board, 1, FE, "bytesIn", 5);
  setCounter(of.board, 1, A, "chosen", 3);
  setCounter(of.board, 0, BE, "retries", 4);
  setCounter(of.board, 0, LISTENER, "sessions", 9);
  const rows = csv(viewOf(of));
  expect(rows["fe/FRONTEND"]).toMatchObject({ bin: "1099511627781", reqbin: "1099511627781", stot: "0" });
  expect(rows["be/a"]).toMatchObject({ lbtot: "3", wretr: "0" });
  expect(rows["be/BACKEND"]).toMatchObject({ wretr: "4", lbtot: "0" });
  expect(rows["fe/sock-1"]).toMatchObject({ stot: "9", slim: "7", proto: "tcpv4" });
});

test("times are means over what each process has seen", () => {
  const of = context(SMALL);
  // 10 sessions of 100 ms in one process; 30 of 20 ms in the other: 40 ms. A full window counts 1024.
  setCounter(of.board, 0, A, "sessions", 10);
  setCounter(of.board, 0, A, "connectTimeSum", 1000);
  setCounter(of.board, 1, A, "sessions", 30);
  setCounter(of.board, 1, A, "connectTimeSum", 600);
  setCounter(of.board, 0, B, "sessions", 4096);
  setCounter(of.board, 0, B, "connectTimeSum", 1024 * 7);
  setCounter(of.board, 0, B, "connectTimeMax", 70);
  setCounter(of.board, 1, B, "connectTimeMax", 90);
  const rows = csv(viewOf(of));
  expect(rows["be/a"]!["ctime"]).toBe("40");
  expect(rows["be/b"]).toMatchObject({ ctime: "7", ctime_max: "90", ttime: "0" });
});

test("ages and rates are those of the moment shown", () => {
  const of = context(SMALL);
  const nowMs = of.now();
  setWords(of.board, A, { lastSession: 60 + 1, stateSince: 5, cur: 3, max: 8, maxconn: 20 });
  for (let i = 0; i < 12; i++) countEvent(of.board.words, wordAt(FE, WORD.sessSec), Math.floor(nowMs / 1000));
  const rows = csv(viewOf(of));
  expect(rows["be/a"]).toMatchObject({ lastsess: "5", lastchg: "60", scur: "3", smax: "8", slim: "20" });
  expect(rows["be/b"]!["lastsess"]).toBe("-1");
  expect(rows["fe/FRONTEND"]).toMatchObject({ rate: "12", rate_max: "12", conn_rate: "0" });
});

const frontStates: [state: keyof typeof LISTEN_STATE, frontend: string, listener: string][] = [
  ["open", "OPEN", "OPEN"],
  ["full", "OPEN", "FULL"],
  ["paused", "PAUSED", "PAUSED"],
  ["stopped", "STOP", "STOP"],
];
test.each(frontStates)("a listener that is %s", (state, frontend, listener) => {
  const of = context(SMALL);
  for (const entity of [FE, LISTENER]) setWords(of.board, entity, { state: LISTEN_STATE[state] });
  const rows = csv(viewOf(of));
  expect([rows["fe/FRONTEND"]!["status"], rows["fe/sock-1"]!["status"]]).toEqual([frontend, listener]);
});

const serverStates: [state: keyof typeof SERVER_STATE, admin: number, status: string][] = [
  ["up", 0, "no check"],
  ["starting", 0, "no check"],
  ["stopping", 0, "NOLB"],
  ["down", 0, "DOWN"],
  ["up", ADMIN.forcedDrain, "DRAIN"],
  ["down", ADMIN.inheritedDrain, "DOWN"],
  ["down", ADMIN.configMaint | ADMIN.forcedMaint, "MAINT"],
  ["up", ADMIN.configMaint, "no check"],
  ["down", ADMIN.forcedMaint | ADMIN.forcedDrain, "MAINT"],
];
test.each(serverStates)("a server that is %s with admin state %p", (state, admin, status) => {
  const of = context(SMALL);
  setWords(of.board, A, { state: SERVER_STATE[state], admin });
  expect(serverStatus(of.board, A, of.model.proxies[1]!.servers[0]!)).toBe(status);
});

const sums: [name: string, change: (board: Board) => void, allbackups: boolean, sum: object][] = [
  ["all as configured", () => {}, false, { servers: 4, up: 3, active: 1, backup: 2, weight: 10 }],
  ["active server down", (b) => setWords(b, A, { state: 0 }), false, { up: 2, active: 0, backup: 2, weight: 3 }],
  ["the same with allbackups", (b) => setWords(b, A, { state: 0 }), true, { active: 0, backup: 2, weight: 7 }],
  ["active server drains", (b) => setWords(b, A, { admin: ADMIN.forcedDrain }), false, { up: 3, active: 0, weight: 3 }],
  ["active server without weight", (b) => setWords(b, A, { weight: 0 }), false, { up: 3, active: 0, weight: 3 }],
  [
    "first backup without weight",
    (b) => {
      setWords(b, A, { state: 0 });
      setWords(b, B, { weight: 0 });
    },
    false,
    { up: 2, backup: 1, weight: 4 },
  ],
  ["none left", (b) => [A, B, C].forEach((entity) => setWords(b, entity, { state: 0 })), true, { up: 0, weight: 0 }],
];
test.each(sums)("sum of a back end: %s", (_name, change, allbackups, sum) => {
  const of = context(SMALL);
  change(of.board);
  const backend = { ...of.model.proxies[1]!, options: { ...of.model.proxies[1]!.options, allbackups } };
  expect(sumBackend(of.board, backend, of.board.layout.proxies[1]!)).toMatchObject(sum);
});

test("a back end without usable servers is down, and its down time grows", () => {
  const of = context(SMALL);
  for (const entity of [A, B, C]) setWords(of.board, entity, { state: SERVER_STATE.down });
  setWords(of.board, BE, { stateSince: 60, downtime: 100 });
  expect(csv(viewOf(of))["be/BACKEND"]).toMatchObject({ status: "DOWN", downtime: "105", weight: "0" });
});

const shown = (given: Partial<View>): string[] =>
  Object.keys(csv(viewOf(context(SMALL), given))).map((name) => name.slice(name.indexOf("/") + 1));
const selections: [select: NonNullable<View["select"]>, names: string[]][] = [
  [{ proxyId: -1, types: -1, id: -1 }, ["FRONTEND", "sock-1", "a", "b", "c", "d", "BACKEND"]],
  [{ proxyId: 2, types: -1, id: -1 }, ["FRONTEND", "sock-1"]],
  [{ proxyId: -1, types: 3, id: -1 }, ["FRONTEND", "BACKEND"]],
  [{ proxyId: -1, types: 8, id: -1 }, ["sock-1"]],
  [{ proxyId: 3, types: 4, id: 2 }, ["b"]],
  [{ proxyId: -1, types: -1, id: 4 }, ["FRONTEND", "d", "BACKEND"]],
  [{ proxyId: 9, types: -1, id: -1 }, []],
];
test.each(selections)("selection %p", (select, names) => expect(shown({ select })).toEqual(names));
test.each([["down", ["a", "b", "c"]], ["maintenance", ["a", "b", "c"]], ["none", ["a", "b", "c", "d"]]] as const)(
  "hiding what is %p",
  (hide, names) => expect(shown({ hide }).filter((name) => name.length === 1)).toEqual([...names]),
);

test("level user sees neither addresses nor algorithms", () => {
  const rows = csv(viewOf(context(SMALL), { legends: false }));
  expect(rows["be/a"]!["addr"]).toBeUndefined();
  expect(rows["be/BACKEND"]!["algo"]).toBeUndefined();
  expect(csv(viewOf(context(SMALL)))["be/d"]!["addr"]).toBe("[::1]:83");
});

const limits: [name: string, proxies: Proxy[], of: string, fullconn: number][] = [
  ["configured", [proxy("backend", "b", 2, { fullconn: 5 })], "b", 5],
  ["nobody names it", [proxy("backend", "b", 2)], "b", 1],
  ["listen by itself", [proxy("listen", "l", 2, { maxconn: 256 })], "l", 26],
  ["listen that hands on", [proxy("listen", "l", 2, { defaultBackend: "b" }), proxy("backend", "b", 3)], "l", 1],
  [
    "two frontends, one twice",
    [
      proxy("frontend", "f", 2, {
        defaultBackend: "b",
        maxconn: 50,
        useBackends: [{ backend: "b", dynamic: false, condition: null, place: { file: "", line: 1, column: 1 } }],
      }),
      proxy("frontend", "g", 3, { defaultBackend: "b" }),
      proxy("backend", "b", 4),
    ],
    "b",
    105,
  ],
];
test.each(limits)("fullconn: %s", (_name, proxies, name, fullconn) => {
  const of: Model = model(proxies);
  expect(fullconnOf(of, 1000)(of.proxies.find((one) => one.name === name)!)).toBe(fullconn);
});

test.each([["a b", "a b"], ["a,b", '"a,b"'], ['say "x"', '"say ""x"""'], ["a\nb", '"a\nb"'], ["", ""]])(
  "quoteCsv %p",
  (text, quoted) => expect(quoteCsv(text)).toBe(quoted),
);

test("pieces are bounded and nothing is lost", () => {
  const texts = Array.from({ length: 1000 }, (_, i) => `${i},`.repeat(20));
  const pieces = [...inPieces(texts)];
  expect(pieces.join("")).toBe(texts.join(""));
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(PIECE_CHARS + 200);
  expect([...inPieces([])]).toEqual([]);
});

test("JSON holds the values of the typed form, and nothing selected is an empty list", () => {
  const view = viewOf(context(SMALL));
  const objects = JSON.parse([...renderJson(view)].join("")) as { field: { pos: number; name: string } }[][];
  const lines = [...renderTyped(view, false)].join("").trim().split("\n");
  expect(objects.flat().length).toBe(lines.length);
  expect(objects[0]![0]).toEqual({
    objType: "Frontend",
    proxyId: 2,
    id: 0,
    field: { pos: 0, name: "pxname" },
    processNum: 1,
    tags: { origin: "Key", nature: "Name", scope: "Service" },
    value: { type: "str", value: "fe" },
  } as never);
  const none = viewOf(context(SMALL), { select: { proxyId: 99, types: -1, id: -1 } });
  expect([...renderJson(none)].join("")).toBe("[]\n");
});

const uptimes: [seconds: number, text: string][] = [
  [0, "0d 0h00m00s"],
  [59.9, "0d 0h00m59s"],
  [3_661, "0d 1h01m01s"],
  [86_400 * 12 + 3_600 * 23 + 60 * 59 + 59, "12d 23h59m59s"],
];
test.each(uptimes)("uptime of %p s", (seconds, text) => expect(uptimeText(seconds)).toBe(text));

test("show info in its forms", () => {
  const of = context(SMALL, { stopping: () => true });
  setCounter(of.board, 0, FE, "connections", 6);
  setCounter(of.board, 1, FE, "sessions", 5);
  setCounter(of.board, 1, FE, "bytesOut", 1000);
  of.board.words[wordAt(0, WORD.cur)] = 4;
  const plain = renderInfo(of, { form: "plain", descriptions: false, float: false });
  for (
    const line of [
      "Version: 9.8.7",
      "Uptime_sec: 65",
      "CurrConns: 4",
      "CumConns: 6",
      "CumReq: 5",
      "Stopping: 1",
      "Jobs: 7",
    ]
  ) expect(plain).toContain(`\n${line}\n`);
  expect(plain).toContain("\nTotalBytesOut: 1000\n");
  expect(plain).not.toContain("description");
  const float = renderInfo(of, { form: "plain", descriptions: false, float: true });
  expect(float).toContain("\nUptime_sec: 65.432000\n");
  const typed = renderInfo(of, { form: "typed", descriptions: true, float: false });
  expect(typed).toContain('\n47.Tasks.1:MGPV:u32:0:"Tasks"\n');
  const json = JSON.parse(renderInfo(of, { form: "json", descriptions: false, float: false })) as unknown[];
  expect(json.length).toBe(plain.trim().split("\n").length);
  expect(INFO_NAMES.length).toBe(72);
});

test("meters compare two samples", () => {
  const of = context(SMALL);
  let ticks = 1000;
  const meters = createMeters(of.board, () => ticks);
  of.board.workerWords[WORKER_WORD.pid] = 11;
  of.board.workerWords[WORDS_PER_WORKER + WORKER_WORD.pid] = 12;
  meters.sample(0);
  expect([meters.bytesOutPerSecond, meters.idlePercent]).toEqual([0, 100]);
  setCounter(of.board, 0, FE, "bytesOut", 500);
  ticks += 50; // half a second of CPU in each of the two, over two seconds
  meters.sample(2000);
  expect([meters.bytesOutPerSecond, meters.idlePercent]).toEqual([250, 75]);
  ticks = 0; // replaced
  meters.sample(3000);
  expect([meters.idlePercent, meters.seconds]).toEqual([100, 1]);
});

test("two looks too close together or too far apart say nothing", () => {
  const of = context(SMALL);
  const meters = createMeters(of.board, () => 0);
  const looks: [atMs: number, seconds: number][] = [[0, 0], [1000, 1], [1100, 1], [3000, 2], [200_000, 0], [
    201_000,
    1,
  ]];
  for (const [atMs, seconds] of looks) {
    meters.sample(atMs);
    expect([atMs, meters.seconds]).toEqual([atMs, seconds]);
  }
});

test("where no process can be looked at, nothing is said of idle time", () => {
  const of = context(SMALL);
  of.board.workerWords[WORKER_WORD.pid] = 11;
  const meters = createMeters(of.board, () => null);
  meters.sample(0);
  meters.sample(1000);
  expect([meters.seconds, meters.idlePercent]).toEqual([1, null]);
});
