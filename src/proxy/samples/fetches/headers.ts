/**
 * Fetches of header fields (configuration.txt 7.3.6), the same for both sides of an exchange: `req.` and `res.`, and
 * their older names.
 */
import { LOWER } from "../../http1/characters.ts";
import { fieldName } from "../../http1/edit.ts";
import { type Head, NAME_AT, NAME_END, STRIDE } from "../../http1/head.ts";
import { parseIPv4, parseIPv6 } from "../address.ts";
import { ELEMENTS, nextField, valueAt, valueEnd, type Walk, WHOLE } from "../http/fields.ts";
import { spanText, textOf } from "../http/span.ts";
import { leadingInt64 } from "../integer.ts";
import {
  type Arg,
  type ArgSpec,
  badArgument,
  type FetchRow,
  type Need,
  type SampleType,
  type Value,
} from "../types.ts";
import { type HeadOf, presentOf, requestOf, responseOf, spansRow } from "./rows.ts";

const FIELD: readonly ArgSpec[] = [
  { name: "name", type: "string", optional: true },
  { name: "occurrence", type: "integer", optional: true },
];
const NAME: readonly ArgSpec[] = [{ name: "name", type: "string", optional: true }];
const DELIMITER: readonly ArgSpec[] = [{ name: "delimiter", type: "string", optional: true }];

/** So many values haproxy remembers on its way to the last one. */
const MOST_FROM_LAST = 10;

const nameOf = (arg: Arg) => arg.text === "" ? null : fieldName(arg.text);

interface Side {
  needs: Need;
  headOf: HeadOf;
}

const fields = (name: string, { needs, headOf }: Side, walk: Walk, type: SampleType, read: () => Value | undefined) =>
  spansRow(name, FIELD, type, needs, ([wanted, occurrence]) => {
    const field = nameOf(wanted!);
    const place = Number(occurrence!.int);
    if (place < -MOST_FROM_LAST) {
      return badArgument(1, `Cannot use occurrence ${occurrence!.text}: expected at least -${MOST_FROM_LAST}`);
    }
    const find = (head: Head | null) => head !== null && walk.nth(head, field, place === 0 ? -1 : place);
    return {
      find: (context) => find(headOf(context)),
      // With a place there is one value, for ACLs too.
      each: place === 0
        ? (context, take) => {
          const head = headOf(context);
          return head !== null && walk.each(head, field, context, take);
        }
        : (context, take) => find(headOf(context)) && take(context) === 1,
      read,
    };
  });

const count = (name: string, { needs, headOf }: Side, walk: Walk): FetchRow => ({
  name,
  args: NAME,
  type: "int",
  needs,
  evaluate([wanted]) {
    const field = nameOf(wanted!);
    return (context) => {
      const head = headOf(context);
      return head === null ? undefined : walk.count(head, field);
    };
  },
});

const readInt = () => leadingInt64(spanText());

/** An IPv4 address may have a port, which does not count. */
function readAddress(): Uint8Array | undefined {
  const text = spanText();
  const v6 = parseIPv6(text);
  if (v6 !== null) return v6;
  const colon = text.indexOf(":");
  if (colon < 0) return parseIPv4(text) ?? undefined;
  const port = text.slice(colon + 1);
  return /^[0-9]+$/.test(port) && Number(port) <= 65535 ? parseIPv4(text.slice(0, colon)) ?? undefined : undefined;
}

/** In lower case, as haproxy keeps and sends them. */
function nameText(head: Head, i: number): string {
  const end = head.entries[i * STRIDE + NAME_END]!;
  let text = "";
  for (let at = head.entries[i * STRIDE + NAME_AT]!; at < end; at++) {
    text += String.fromCharCode(LOWER[head.bytes[at]!]!);
  }
  return text;
}

const names = (name: string, { needs, headOf }: Side): FetchRow => ({
  name,
  args: DELIMITER,
  type: "str",
  needs,
  evaluate([delimiter]) {
    const between = delimiter!.text.charAt(0) || ",";
    return (context) => {
      const head = headOf(context);
      if (head === null) return undefined;
      let text = "";
      for (let i = nextField(head, null, 0); i >= 0; i = nextField(head, null, i + 1)) {
        text += (text === "" ? "" : between) + nameText(head, i);
      }
      return text;
    };
  },
});

/** All fields, with the empty line behind them. */
const block = (name: string, { needs, headOf }: Side): FetchRow => ({
  name,
  args: [],
  type: "str",
  needs,
  evaluate: () => (context) => {
    const head = headOf(context);
    if (head === null) return undefined;
    let text = "";
    for (let i = nextField(head, null, 0); i >= 0; i = nextField(head, null, i + 1)) {
      text += `${nameText(head, i)}: ${textOf(head.bytes, valueAt(head, i), valueEnd(head, i))}\r\n`;
    }
    return `${text}\r\n`;
  },
});

const REQUEST: Side = { needs: "request", headOf: requestOf };
const RESPONSE: Side = { needs: "response", headOf: responseOf };

const family = (prefix: string, side: Side): FetchRow[] => [
  fields(`${prefix}hdr`, side, ELEMENTS, "str", spanText),
  count(`${prefix}hdr_cnt`, side, ELEMENTS),
  fields(`${prefix}hdr_ip`, side, ELEMENTS, "addr", readAddress),
  fields(`${prefix}hdr_val`, side, ELEMENTS, "int", readInt),
];

const newer = (prefix: string, side: Side): FetchRow[] => [
  fields(`${prefix}fhdr`, side, WHOLE, "str", spanText),
  count(`${prefix}fhdr_cnt`, side, WHOLE),
  ...family(prefix, side),
  names(`${prefix}hdr_names`, side),
  block(`${prefix}hdrs`, side),
];

export const HEADERS: readonly FetchRow[] = [
  ...newer("req.", REQUEST),
  ...newer("res.", RESPONSE),
  ...family("", REQUEST).filter((row) => row.name !== "hdr"),
  ...family("s", RESPONSE),
  // In an expression it is of the side where it stands; as an ACL it is req.hdr (acl_keywords.ts).
  fields("hdr", { needs: "message", headOf: presentOf }, ELEMENTS, "str", spanText),
];
