/**
 * Makers of converter rows by the type they take, so that the body of a row has its value already typed: the engine
 * casts what comes before to `from`.
 */
import type { Arg, ArgSpec, BadArgument, ConverterRow, Int, SampleType, Value } from "../types.ts";

type Make<Input> = (args: readonly Arg[]) => ((value: Input) => Value | undefined) | BadArgument;

function maker<Input extends Value>(from: SampleType) {
  return (name: string, to: SampleType, args: readonly ArgSpec[], make: Make<Input>): ConverterRow => ({
    name,
    args,
    from,
    to,
    // The one place that trusts the cast.
    convert: make as ConverterRow["convert"],
  });
}

export const fromBool = maker<boolean>("bool");
export const fromInt = maker<Int>("int");
export const fromAddr = maker<Uint8Array>("addr");
export const fromStr = maker<string>("str");
export const fromBin = maker<string>("bin");
