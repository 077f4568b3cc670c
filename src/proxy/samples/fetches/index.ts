/**
 * All fetches there are, by name. A new family is one more table here.
 */
import type { FetchRow } from "../types.ts";
import { CONSTANTS } from "./constants.ts";
import { COOKIES } from "./cookies.ts";
import { EXCHANGE } from "./exchange.ts";
import { HEADERS } from "./headers.ts";
import { INTERNAL } from "./internal.ts";
import { LAYER4 } from "./layer4.ts";
import { REQUEST_LINE } from "./request_line.ts";

export const FETCHES: ReadonlyMap<string, FetchRow> = new Map(
  [...CONSTANTS, ...COOKIES, ...EXCHANGE, ...HEADERS, ...INTERNAL, ...LAYER4, ...REQUEST_LINE]
    .map((row) => [row.name, row]),
);
