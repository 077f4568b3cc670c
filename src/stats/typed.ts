/**
 * `show stat typed` and `show stat json`: one value per line or object, with its tags and type (management.txt 9.2).
 */
import { ALL_COLUMNS, type Cell } from "./fields.ts";
import { inPieces } from "./pieces.ts";
import { type Kind, type Row, rowsOf, type View } from "./rows.ts";

const OBJECT: Record<Kind, [letter: string, name: string]> = {
  frontend: ["F", "Frontend"],
  backend: ["B", "Backend"],
  listener: ["L", "Listener"],
  server: ["S", "Server"],
};
const ORIGIN = { M: "Metric", S: "Status", K: "Key", C: "Config", P: "Product" } as Record<string, string>;
const NATURE = {
  A: "Age",
  a: "Avg",
  C: "Counter",
  D: "Duration",
  G: "Gauge",
  L: "Limit",
  M: "Max",
  m: "Min",
  N: "Name",
  O: "Output",
  R: "Rate",
  T: "Time",
} as Record<string, string>;
const SCOPE = { C: "Cluster", P: "Process", S: "Service", s: "System" } as Record<string, string>;

const idOf = ({ server, bind }: Row): number => server?.id ?? bind?.id ?? 0;

export function renderTyped(view: View, descriptions: boolean): Iterable<string> {
  return inPieces(typedRows(view, descriptions));
}

function* typedRows(view: View, descriptions: boolean): Generator<string> {
  for (const row of rowsOf(view)) {
    const object = `${OBJECT[row.kind][0]}.${row.proxy.id}.${idOf(row)}`;
    let text = "";
    ALL_COLUMNS.forEach(({ name, description, cells }, position) => {
      const cell = cells[row.kind];
      const value = cell?.value(row) ?? null;
      if (value === null) return;
      text += typedLine(`${object}.${position}.${name}.1`, cell!, value, descriptions ? description : null);
    });
    yield text;
  }
}

/** `<key>:<tags>:<type>:<value>`, and the quoted description where one is given. */
export function typedLine(
  key: string,
  { tags, type }: Omit<Cell, "value">,
  value: string | number,
  description: string | null,
): string {
  return `${key}:${tags}:${type}:${value}${description === null ? "" : `:${JSON.stringify(description)}`}\n`;
}

export function renderJson(view: View): Iterable<string> {
  return inPieces(jsonRows(view));
}

function* jsonRows(view: View): Generator<string> {
  let separator = "[";
  for (const row of rowsOf(view)) {
    const values: unknown[] = [];
    const object = { objType: OBJECT[row.kind][1], proxyId: row.proxy.id, id: idOf(row) };
    ALL_COLUMNS.forEach(({ name, cells }, position) => {
      const cell = cells[row.kind];
      const value = cell?.value(row) ?? null;
      if (value !== null) values.push({ ...object, ...jsonValue(position, name, cell!, value) });
    });
    yield separator + JSON.stringify(values);
    separator = ",";
  }
  yield separator === "[" ? "[]\n" : "]\n";
}

export function jsonValue(
  position: number,
  name: string,
  { tags, type }: Omit<Cell, "value">,
  value: string | number,
): object {
  return {
    field: { pos: position, name },
    processNum: 1,
    tags: { origin: ORIGIN[tags[0]!], nature: NATURE[tags[1]!], scope: SCOPE[tags[2]!] },
    value: { type, value },
  };
}
