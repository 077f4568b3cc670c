/**
 * Fetches of cookies (configuration.txt 7.3.6): of the request's Cookie and the response's Set-Cookie fields.
 */
import { fieldName } from "../../http1/edit.ts";
import type { SampleContext } from "../context.ts";
import { type CookieName, eachCookie } from "../http/cookies.ts";
import { findLast, type Spans, spanText, TAKE, type Take, takeFirst } from "../http/span.ts";
import { leadingInt64 } from "../integer.ts";
import type { Arg, ArgSpec, FetchRow, Need, SampleType, Value } from "../types.ts";
import { requestOf, responseOf, spansRow } from "./rows.ts";

const COOKIE: readonly ArgSpec[] = [{ name: "name", type: "string", optional: true }];
const COOKIE_FIELD = fieldName("cookie");
const SET_COOKIE_FIELD = fieldName("set-cookie");

type MakeEach = (name: Uint8Array) => Spans["each"];

const ofRequest: MakeEach = (name) => {
  const cookie: CookieName = { field: COOKIE_FIELD, name, list: true };
  return (context, take) => {
    const head = requestOf(context);
    return head !== null && eachCookie(head, cookie, context, take);
  };
};

const ofResponse: MakeEach = (name) => {
  const cookie: CookieName = { field: SET_COOKIE_FIELD, name, list: false };
  return (context, take) => {
    const head = responseOf(context);
    return head !== null && eachCookie(head, cookie, context, take);
  };
};

/** Of the side that is being processed. */
const ofPresent: MakeEach = (name) => {
  const request = ofRequest(name);
  const response = ofResponse(name);
  return (context, take) => (context.response === null ? request : response)(context, take);
};

const bytesOf = (arg: Arg): Uint8Array => Buffer.from(arg.text, "latin1");

const values = (name: string, needs: Need, make: MakeEach, type: SampleType, read: () => Value): FetchRow =>
  spansRow(name, COOKIE, type, needs, ([wanted]) => {
    const each = make(bytesOf(wanted!));
    // The last one of a name counts, and of any name the first.
    const find: Spans["find"] = wanted!.text === ""
      ? (context) => each(context, takeFirst)
      : (context) => findLast(each, context);
    return { each, find, read };
  });

let counted = 0;
const countOn: Take = () => {
  counted++;
  return TAKE.next;
};

const count = (name: string, needs: Need, make: MakeEach): FetchRow => ({
  name,
  args: COOKIE,
  type: "int",
  needs,
  evaluate([wanted]) {
    const each = make(bytesOf(wanted!));
    return (context: SampleContext) => {
      if (context.request === null && context.response === null) return undefined;
      counted = 0;
      each(context, countOn);
      return counted;
    };
  },
});

const readInt = () => leadingInt64(spanText());

const family = (prefix: string, needs: Need, make: MakeEach): FetchRow[] => [
  values(prefix, needs, make, "str", spanText),
  count(`${prefix}_cnt`, needs, make),
  values(`${prefix}_val`, needs, make, "int", readInt),
];

export const COOKIES: readonly FetchRow[] = [
  ...family("cook", "request", ofRequest),
  ...family("req.cook", "request", ofRequest),
  ...family("scook", "response", ofResponse),
  ...family("res.cook", "response", ofResponse),
  values("cookie", "message", ofPresent, "str", spanText),
];
