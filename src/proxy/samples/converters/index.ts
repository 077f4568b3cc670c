/**
 * All converters there are, by name. A new family is one more table here.
 */
import type { ConverterRow } from "../types.ts";
import { ADDRESS } from "./address.ts";
import { ARITHMETIC } from "./arithmetic.ts";
import { BINARY } from "./binary.ts";
import { HASH } from "./hash.ts";
import { TEXT } from "./text.ts";
import { TIME } from "./time.ts";

export const CONVERTERS: ReadonlyMap<string, ConverterRow> = new Map(
  [...ADDRESS, ...ARITHMETIC, ...BINARY, ...HASH, ...TEXT, ...TIME].map((row) => [row.name, row]),
);
