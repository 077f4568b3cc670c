/**
 * What is wrong with a row of the statistics, in words and in an order: the worst first. The page's summary is made of it.
 */
import { CHECKED } from "../check_fields.ts";
import { readWord, type Row, serverStatus } from "../rows.ts";
import { LISTEN_STATE, WORD } from "../../board/words.ts";
import { duration, short } from "./figures.ts";

/** How a state looks: its colour and the sign before it. */
export type Look = "ok" | "plain" | "warn" | "bad" | "off";

export interface Status {
  text: string;
  look: Look;
  /** Seconds since it is so; null: not known. */
  since: number | null;
}

export interface Trouble {
  /** 0 is the worst. */
  rank: number;
  look: Look;
  proxy: string;
  /** Empty: the proxy itself. */
  object: string;
  state: string;
  words: string;
  /** Of the row it is about. */
  id: string;
}

const SERVER_LOOK: Readonly<Record<string, Look>> = {
  "no check": "plain",
  UP: "ok",
  DOWN: "bad",
  NOLB: "warn",
  DRAIN: "warn",
  MAINT: "off",
};
const LISTEN_STATUS: Readonly<Record<number, string>> = {
  [LISTEN_STATE.open]: "OPEN",
  [LISTEN_STATE.full]: "FULL",
  [LISTEN_STATE.paused]: "PAUSED",
  [LISTEN_STATE.stopped]: "STOP",
};

const read = ({ view, entity }: Row, word: number): number => readWord(view.board, entity, word);

export function statusOf(row: Row): Status {
  const { view, kind, entity, server, sum } = row;
  if (kind === "frontend" || kind === "listener") {
    const text = LISTEN_STATUS[read(row, WORD.state)] ?? "OPEN";
    return { text, look: text === "OPEN" ? "ok" : "warn", since: null };
  }
  const sinceBoard = read(row, WORD.stateSince);
  const since = Math.max(0, Math.floor((view.nowMs - view.board.madeAtMs) / 1000) - sinceBoard);
  if (kind === "backend") {
    const up = sum!.weight > 0 || sum!.servers === 0;
    return { text: up ? "UP" : "DOWN", look: up ? "ok" : "bad", since };
  }
  const text = serverStatus(view.board, entity, server!);
  // "UP 1/3" and "DOWN 1/2" are on their way.
  return { text, look: SERVER_LOOK[text] ?? "warn", since: text === "no check" ? null : since };
}

/** Ids of rows; the proxy's number keeps a frontend and a backend of one name apart. */
export function rowId({ kind, proxy, server, bind }: Row): string {
  return `${proxy.id}-${kind === "server" ? `s${server!.id}` : kind === "listener" ? `l${bind!.id}` : kind[0]}`;
}

const isFull = (current: number, limit: number): boolean => limit > 0 && current >= limit;

/** null: nothing is wrong. */
export function troubleOf(row: Row, status: Status): Trouble | null {
  const found = TROUBLE[row.kind](row, status);
  if (found === null) return null;
  const [rank, state, words, look] = found;
  const object = row.kind === "server" ? row.server!.name : row.kind === "listener" ? `sock-${row.bind!.id}` : "";
  return { rank, state, words, look, proxy: row.proxy.name, object, id: rowId(row) };
}

type Found = [rank: number, state: string, words: string, look: Look] | null;

const forSince = ({ since }: Status): string => since === null ? "" : `for ${duration(since)}`;

/** Why: ": Layer7 wrong status, 404 Not Found". */
function lastCheck(row: Row): string {
  const [text, code, info] = [CHECKED.text, CHECKED.code, CHECKED.info].map((value) => value(row));
  if (!text) return "";
  const more = [code, info].filter((one) => one !== null && one !== "").join(" ");
  return `: ${text}${more === "" ? "" : `, ${more}`}`;
}

const full = (row: Row, limit: number): string => {
  const queued = read(row, WORD.queued);
  const held = `${short(read(row, WORD.cur))} of ${short(limit)} sessions`;
  return queued > 0 ? `${held}, ${short(queued)} waiting` : held;
};

const TROUBLE: Readonly<Record<Row["kind"], (row: Row, status: Status) => Found>> = {
  frontend(row, { text, look }) {
    const own = read(row, WORD.maxconn);
    const limit = own === 0 ? row.view.maxconn : Math.max(0, own);
    if (text === "FULL" || isFull(read(row, WORD.cur), limit)) return [2, "FULL", full(row, limit), "warn"];
    return text === "OPEN" ? null : [2, text, "accepts no connection", look];
  },
  listener: (row, { text }) => text === "FULL" ? [3, "FULL", full(row, row.bind!.maxconn), "warn"] : null,
  backend(row, status) {
    const { servers, up } = row.sum!;
    if (status.look === "bad") {
      return [0, "DOWN", `${forSince(status)}, no usable server: ${up} of ${servers} up`, "bad"];
    }
    const queued = read(row, WORD.queued);
    return queued > 0 ? [3, "QUEUE", `${short(queued)} waiting for a server`, "warn"] : null;
  },
  server(row, status) {
    if (status.look === "bad") return [1, status.text, `${forSince(status)}${lastCheck(row)}`, "bad"];
    const limit = read(row, WORD.maxconn);
    if (status.look !== "off" && isFull(read(row, WORD.cur), limit)) return [3, "FULL", full(row, limit), "warn"];
    if (status.look === "warn") return [4, status.text, forSince(status), "warn"];
    return status.look === "off" ? [5, status.text, forSince(status), "off"] : null;
  },
};
