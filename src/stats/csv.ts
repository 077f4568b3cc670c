/**
 * `show stat` as CSV: the header, then a line per object (management.txt 9.1). Every line ends with a comma.
 */
import { type Cell, COLUMNS, EXTRA_COLUMNS, MARK } from "./fields.ts";
import { inPieces } from "./pieces.ts";
import { type Kind, type Row, rowsOf, type View } from "./rows.ts";

const CSV_COLUMNS = [...COLUMNS, MARK, ...EXTRA_COLUMNS];
export const CSV_HEADER = `# ${CSV_COLUMNS.map(({ name }) => name).join(",")},\n`;

/** Cells of each kind in the columns' order; null: always empty. */
const CELLS = Object.fromEntries(
  (["frontend", "listener", "server", "backend"] as const).map((
    kind,
  ) => [kind, CSV_COLUMNS.map((column) => column === MARK ? "-" : column.cells[kind] ?? null)]),
) as Record<Kind, (Cell | "-" | null)[]>;

export function renderCsv(view: View): Iterable<string> {
  return inPieces(lines(view));
}

function* lines(view: View): Generator<string> {
  yield CSV_HEADER;
  for (const row of rowsOf(view)) yield line(row);
}

function line(row: Row): string {
  let text = "";
  for (const cell of CELLS[row.kind]) {
    if (cell === "-") text += "-";
    else if (cell !== null) text += field(cell.value(row));
    text += ",";
  }
  return text + "\n";
}

function field(value: string | number | null): string {
  if (value === null) return "";
  return typeof value === "number" ? String(value) : quoteCsv(value);
}

/** Quoted only where the text would be ambiguous, quotes doubled. */
export const quoteCsv = (text: string): string => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
