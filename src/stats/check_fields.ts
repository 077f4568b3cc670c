/** The values of the columns that tell of checks; nothing of servers without any. */
import { CHECK, readCheck, readCheckText } from "../board/check_cells.ts";
import { hasCode, resultOf } from "../board/check_results.ts";
import { MAINTENANCE, SERVER_STATE, WORD } from "../board/words.ts";
import { ageSec, type Value } from "./column.ts";
import { readWord, type Row } from "./rows.ts";

/** Numbers below are of results that no check has come to. */
const FIRST_RESULT = 4;

/** Of servers with a check. */
const checked = (value: Value): Value => (row) => row.server!.check ? value(row) : null;
/** In maintenance there are no checks, and what the last one said is not shown. */
const running = (value: Value): Value =>
  checked((row) => (readWord(row.view.board, row.entity, WORD.admin) & MAINTENANCE) === 0 ? value(row) : null);
/** Once there has been one. */
const known = (value: Value): Value => running((row) => statusOf(row) >= FIRST_RESULT ? value(row) : null);

const cell = (which: number): Value => ({ view, entity }) => readCheck(view.board, entity, which);
const statusOf = ({ view, entity }: Row): number => readCheck(view.board, entity, CHECK.status);

/** What was, and since when it is down, if it is. */
export function downtime({ view, entity }: Row, isDown: boolean): number {
  const before = readWord(view.board, entity, WORD.downtime);
  return isDown ? before + ageSec(view, readWord(view.board, entity, WORD.stateSince)) : before;
}

const isDown = ({ view: { board }, entity }: Row): boolean =>
  readWord(board, entity, WORD.state) === SERVER_STATE.down ||
  (readWord(board, entity, WORD.admin) & MAINTENANCE) !== 0;

export const CHECKED = {
  failed: checked(cell(CHECK.failed)),
  downs: (row) => row.kind === "backend" || row.server!.check ? cell(CHECK.downs)(row) : null,
  downtime: checked((row) => downtime(row, isDown(row))),
  status: running((row) => {
    const { name } = resultOf(statusOf(row));
    return readCheck(row.view.board, row.entity, CHECK.running) === 1 ? `* ${name}` : name;
  }),
  code: known((row) => hasCode(statusOf(row)) ? cell(CHECK.code)(row) : null),
  duration: known(cell(CHECK.durationMs)),
  info: known(({ view, entity }) => readCheckText(view.board, entity)),
  text: running((row) => resultOf(statusOf(row)).text),
  rise: running(({ server }) => server!.rise),
  fall: running(({ server }) => server!.fall),
  health: running(cell(CHECK.health)),
} satisfies Record<string, Value>;
