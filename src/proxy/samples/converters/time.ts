/**
 * Converters from a date, an integer since 1970, to text (configuration.txt 7.3.1).
 */
import { quote } from "../../../config/diagnostics.ts";
import { add, div, mod } from "../integer.ts";
import { compileDate } from "../strftime.ts";
import { badArgument, type ConverterRow, type Int } from "../types.ts";
import { fromInt } from "./rows.ts";

/** Units in one second, and the digits of a fraction in them. */
const UNITS = new Map([
  ["", { perSecond: 1, digits: 0 }],
  ["s", { perSecond: 1, digits: 0 }],
  ["ms", { perSecond: 1000, digits: 3 }],
  ["us", { perSecond: 1_000_000, digits: 6 }],
]);

const FORMAT = [{ name: "format", type: "string" }, { name: "offset", type: "integer", optional: true }] as const;

const written = (name: string, local: boolean, unit: number): ConverterRow =>
  fromInt(name, "str", FORMAT, ([format, offset]) => {
    const write = compileDate(format!.text, local);
    const shift = offset!.int;
    return (value) => write(Number(div(add(value, shift), unit)));
  });

export const TIME: readonly ConverterRow[] = [
  fromInt(
    "http_date",
    "str",
    [{ name: "offset", type: "integer", optional: true }, { name: "unit", type: "string", optional: true }],
    ([offset, unit]) => {
      const known = UNITS.get(unit!.text);
      if (known === undefined) return badArgument(1, `Unknown unit ${quote(unit!.text)}: expected s, ms or us`);
      const { perSecond, digits } = known;
      const shift = offset!.int;
      const day = compileDate("%a, %d %b %Y %T", false);
      const fraction = (value: Int) => digits === 0 ? "" : `.${String(mod(value, perSecond)).padStart(digits, "0")}`;
      return (value) => {
        const when = add(value, shift);
        const text = day(Number(div(when, perSecond)));
        return text === undefined ? undefined : `${text}${fraction(when)} GMT`;
      };
    },
  ),
  written("ltime", true, 1),
  written("utime", false, 1),
];
