/**
 * Cases of the balancing comparison: each is a backend of ours and the section that says the same to haproxy.
 */
import type { Balance, HashType } from "../src/config/haproxy/model.ts";
import { type BackendOptions, hashType } from "./balance_fixture.ts";
import type { Farm } from "./balance_lab.ts";

export interface Case {
  name: string;
  ours: BackendOptions;
  theirs: Farm;
}

export type ServerOptions = BackendOptions["servers"][number];

export const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

function balanceLine(balance: Balance): string {
  if (balance.kind === "random") return `balance random(${balance.draws})`;
  return balance.kind === "hash" ? `balance ${balance.expression}` : `balance ${balance.kind}`;
}

function hashTypeLines(type: Partial<HashType> | undefined): string[] {
  if (type === undefined) return [];
  const { method, function: name, avalanche, balanceFactor } = hashType(type);
  const lines = [`hash-type ${method} ${name}${avalanche ? " avalanche" : ""}`];
  if (balanceFactor > 0) lines.push(`hash-balance-factor ${balanceFactor}`);
  return lines;
}

function serverWords(server: ServerOptions): string {
  const words: string[] = [];
  for (const name of ["weight", "id", "maxconn", "minconn"] as const) {
    if (server[name] !== undefined) words.push(`${name} ${server[name]}`);
  }
  for (const name of ["backup", "disabled"] as const) if (server[name]) words.push(name);
  return words.join(" ");
}

export interface CaseList {
  cases: Case[];
  /** Adds a case and returns its number, which is also that of haproxy's section. */
  add(name: string, ours: BackendOptions, mode?: Farm["mode"]): number;
}

export function caseList(): CaseList {
  const cases: Case[] = [];
  return {
    cases,
    add(name, ours, mode = "tcp") {
      const lines = [balanceLine(ours.balance), ...hashTypeLines(ours.hashType)];
      if (ours.allbackups) lines.push("option allbackups");
      if (ours.fullconn !== undefined) lines.push(`fullconn ${ours.fullconn}`);
      return cases.push({ name, ours, theirs: { mode, lines, servers: ours.servers.map(serverWords) } }) - 1;
    },
  };
}

export const weights = (...list: number[]): ServerOptions[] => list.map((weight) => ({ weight }));
export const backup = (weight: number): ServerOptions => ({ weight, backup: true });
const disabled = (weight: number): ServerOptions => ({ weight, disabled: true });

export const FARMS: [name: string, servers: ServerOptions[], allbackups?: boolean][] = [
  ["equal", weights(1, 1, 1)],
  ["equal, with a divisor", weights(10, 10, 10, 10)],
  ["3 1 2", weights(3, 1, 2)],
  ["10 1", weights(10, 1)],
  ["1 10", weights(1, 10)],
  ["100 7 33", weights(100, 7, 33)],
  ["whose first round is unlike the next", weights(6, 4, 6)],
  ["six", weights(5, 2, 3, 2, 2, 6)],
  ["weight 0", weights(2, 0, 1)],
  ["256", weights(256, 1, 5)],
  ["one disabled", [{ weight: 2 }, disabled(5), { weight: 3 }]],
  ["backups idle", [{ weight: 2 }, backup(3), { weight: 1 }]],
  ["only backups: the first", [disabled(1), backup(2), backup(3)]],
  ["only backups: all", [disabled(1), backup(2), backup(3), backup(1)], true],
  ["ids against the order", [{ id: 30 }, { id: 10 }, { id: 20 }]],
];

/** A script of connections that stay and go, the same at each run. */
export function* script(seed: number, length: number): Generator<number> {
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state / 2 ** 32;
  }
}

/** `PROXY` lines with addresses of many shapes, and the address's bytes. */
export const SOURCES: [line: string, address: Uint8Array][] = [];
for (const dice of script(7, 120)) {
  const number = Math.floor(dice * 2 ** 32);
  const v4 = [127, (number >>> 16) & 255, (number >>> 8) & 255, (number >>> 4) & 255];
  SOURCES.push([`PROXY TCP4 ${v4.join(".")} 127.0.0.1 1000 80\r\n`, Uint8Array.from(v4)]);
  if (number % 3 !== 0) continue;
  const groups = [0x2001, 0xdb8, number >>> 20, 0, 0, number & 0xfff, 0, number >>> 16];
  const v6 = groups.flatMap((group) => [group >> 8, group & 255]);
  SOURCES.push([`PROXY TCP6 ${groups.map((g) => g.toString(16)).join(":")} ::1 1000 80\r\n`, Uint8Array.from(v6)]);
}
