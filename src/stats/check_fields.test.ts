/** What the columns of checks and `status` show for each state of a check; haproxy's are compared in test/checks. */
import { expect, test } from "bun:test";
import { context, model, proxy, server } from "../../test/stats_fixture.ts";
import { wordAt } from "../board/board.ts";
import { CHECK, checkAt, writeCheckText } from "../board/check_cells.ts";
import { ADMIN, SERVER_STATE, WORD } from "../board/words.ts";
import { CHECKED } from "./check_fields.ts";
import { type Row, rowsOf, serverStatus } from "./rows.ts";

interface Given {
  health?: number;
  status?: number;
  running?: number;
  code?: number;
  durationMs?: number;
  text?: string;
  state?: keyof typeof SERVER_STATE;
  admin?: number;
  check?: boolean;
}

function rowOf({ state = "up", admin = 0, check = true, text = "", ...cells }: Given): Row {
  const of = context(model([proxy("backend", "b", 2, { servers: [server("s", 1, "127.0.0.1", 80, { check })] })]));
  const { firstServer } = of.board.layout.proxies[0]!;
  of.board.words[wordAt(firstServer, WORD.state)] = SERVER_STATE[state];
  of.board.words[wordAt(firstServer, WORD.admin)] = admin;
  for (const [name, value] of Object.entries(cells)) {
    of.board.checks[checkAt(firstServer, CHECK[name as keyof typeof CHECK])] = value;
  }
  writeCheckText(of.board, firstServer, text);
  const view = {
    model: of.model,
    board: of.board,
    nowMs: of.now(),
    maxconn: 100,
    legends: true,
    select: null,
    shows: () => true,
    hide: "none",
  } as const;
  for (const row of rowsOf(view)) if (row.kind === "server") return { ...row };
  throw new Error("no server");
}

const STATUS: [given: Given, status: string][] = [
  [{ check: false }, "no check"],
  [{ health: 4 }, "UP"],
  [{ health: 2 }, "UP 1/3"],
  [{ health: 3 }, "UP 2/3"],
  [{ health: 0, state: "down" }, "DOWN"],
  [{ health: 1, state: "down" }, "DOWN 1/2"],
  [{ health: 4, state: "stopping" }, "NOLB"],
  [{ health: 3, state: "stopping" }, "NOLB 2/3"],
  [{ health: 4, admin: ADMIN.forcedDrain }, "DRAIN"],
  [{ health: 3, admin: ADMIN.forcedDrain }, "DRAIN 2/3"],
  [{ health: 4, admin: ADMIN.forcedMaint, state: "down" }, "MAINT"],
];
test.each(STATUS)("%j is %s", (given, status) => {
  const row = rowOf(given);
  expect(serverStatus(row.view.board, row.entity, row.server!)).toBe(status);
});

/** status, code, duration, info, text, rise, fall, health */
const COLUMNS: [given: Given, shown: (string | number | null)[]][] = [
  [{ check: false }, [null, null, null, null, null, null, null, null]],
  [{ health: 2 }, ["INI", null, null, null, "Initializing", 2, 3, 2]],
  [{ health: 2, running: 1 }, ["* INI", null, null, null, "Initializing", 2, 3, 2]],
  [{ health: 4, status: 15, code: 200, durationMs: 7 }, ["L7OK", 200, 7, "", "Layer7 check passed", 2, 3, 4]],
  [{ health: 4, status: 6, durationMs: 0 }, ["L4OK", null, 0, "", "Layer4 check passed", 2, 3, 4]],
  [
    { health: 0, status: 17, code: 404, durationMs: 2, text: "Not Found", running: 1, state: "down" },
    ["* L7STS", 404, 2, "Not Found", "Layer7 wrong status", 2, 3, 0],
  ],
  [{ status: 17, admin: ADMIN.forcedMaint }, [null, null, null, null, null, null, null, null]],
];
test.each(COLUMNS)("%j shows %j", (given, shown) => {
  const row = rowOf(given);
  const { status, code, duration, info, text, rise, fall, health } = CHECKED;
  expect([status, code, duration, info, text, rise, fall, health].map((value) => value(row))).toEqual(shown);
});
