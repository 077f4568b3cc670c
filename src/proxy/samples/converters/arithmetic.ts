/**
 * Converters that calculate with integers and truth (configuration.txt 7.3.1).
 */
import { quote } from "../../../config/diagnostics.ts";
import { add, and, cpl, div, isOdd, mod, mul, neg, or, parseInt64, sub, xor } from "../integer.ts";
import { type Arg, type ArgSpec, type BadArgument, badArgument, type ConverterRow, type Int } from "../types.ts";
import { fromBool, fromInt } from "./rows.ts";

/** Scopes of variables (configuration.txt 2.8): what a name that is no number begins with. */
export const VARIABLE = /^(?:proc|sess|txn|req|res|check)\.[A-Za-z0-9_.]*$/;

const OPERAND: readonly ArgSpec[] = [{ name: "value", type: "string" }];

function operand(arg: Arg): Int | BadArgument {
  const value = parseInt64(arg.text);
  if (value !== null) return value;
  return badArgument(
    0,
    VARIABLE.test(arg.text)
      ? `Cannot use ${quote(arg.text)}: variables are not supported yet`
      : `Cannot read ${quote(arg.text)}: expected a whole number`,
  );
}

const binary = (name: string, operate: (a: Int, b: Int) => Int): ConverterRow =>
  fromInt(name, "int", OPERAND, ([arg]) => {
    const b = operand(arg!);
    return typeof b === "object" ? b : (a) => operate(a, b);
  });

export const ARITHMETIC: readonly ConverterRow[] = [
  binary("add", add),
  binary("and", and),
  fromInt("bool", "bool", [], () => (value) => value !== 0),
  fromInt("cpl", "int", [], () => cpl),
  binary("div", div),
  fromInt("even", "bool", [], () => (value) => !isOdd(value)),
  fromBool(
    "iif",
    "str",
    [{ name: "true", type: "string" }, { name: "false", type: "string" }],
    ([yes, no]) => (value) => value ? yes!.text : no!.text,
  ),
  binary("mod", mod),
  binary("mul", mul),
  fromInt("neg", "int", [], () => neg),
  fromInt("not", "bool", [], () => (value) => value === 0),
  fromInt("odd", "bool", [], () => isOdd),
  binary("or", or),
  binary("sub", sub),
  binary("xor", xor),
];
