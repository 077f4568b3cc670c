/**
 * All fetches there are, by name. A new family is one more table here.
 */
import type { FetchRow } from "../types.ts";
import { CONSTANTS } from "./constants.ts";
import { INTERNAL } from "./internal.ts";
import { LAYER4 } from "./layer4.ts";

export const FETCHES: ReadonlyMap<string, FetchRow> = new Map(
  [...CONSTANTS, ...INTERNAL, ...LAYER4].map((row) => [row.name, row]),
);
