/**
 * Makers of fetch rows for HTTP: from a search in a message's bytes, and from the message as a whole.
 */
import type { Head } from "../../http1/head.ts";
import type { SampleContext } from "../context.ts";
import { single, type Spans, spanText } from "../http/span.ts";
import type { Arg, ArgSpec, BadArgument, FetchRow, Need, SampleType, Value } from "../types.ts";

export type HeadOf = (context: SampleContext) => Head | null;
export const requestOf: HeadOf = (context) => context.request;
export const responseOf: HeadOf = (context) => context.response;
/** For fetches that take their side from the place where they stand. */
export const presentOf: HeadOf = (context) => context.response ?? context.request;

/** A fetch of bytes: its row has both forms, one value for expressions and one after the other for ACLs. */
export function spansRow(
  name: string,
  args: readonly ArgSpec[],
  type: SampleType,
  needs: Need,
  make: (args: readonly Arg[]) => Spans | BadArgument,
): FetchRow {
  return {
    name,
    args,
    type,
    needs,
    spans: make,
    evaluate(given) {
      const spans = make(given);
      return "message" in spans ? spans : (context) => spans.find(context) ? spans.read() : undefined;
    },
  };
}

/** A part of the request, of which there is one. */
export const requestPart = (
  name: string,
  type: SampleType,
  find: (head: Head) => boolean,
  read: Spans["read"] = spanText,
): FetchRow => {
  const spans = single(({ request }) => request !== null && find(request), read);
  return spansRow(name, [], type, "request", () => spans);
};

/** Some value that is no stretch of bytes. */
export const valueRow = (
  name: string,
  type: SampleType,
  needs: Need,
  evaluate: (context: SampleContext) => Value | undefined,
): FetchRow => ({ name, args: [], type, needs, evaluate: () => evaluate });
