/**
 * Fetches of the request line (configuration.txt 7.3.6): the target, its parts and parameters, method and version; and
 * of target and host together.
 */
import { avalanche } from "../../balance/hash.ts";
import { METHOD } from "../../http1/head.ts";
import { leadingIPv4 } from "../address.ts";
import type { SampleContext } from "../context.ts";
import { addressText, baseHash, baseText } from "../http/base.ts";
import { eachParameter } from "../http/parameters.ts";
import { setSpan, span, type Spans, spanText, takeFirst, textOf } from "../http/span.ts";
import { authorityStart, pathStart, queryMark } from "../http/uri.ts";
import { bytes32, leadingInt64 } from "../integer.ts";
import type { ArgSpec, FetchRow, SampleType, Value } from "../types.ts";
import { requestPart, spansRow, valueRow } from "./rows.ts";

const METHOD_NAMES: readonly string[] = Object.keys(METHOD);

/** As received: a rule that sets another does not change it. One without a number is known as long as its request is. */
function method({ request, exchange }: SampleContext): string | undefined {
  const known = exchange?.method ?? request?.method;
  if (known === undefined) return undefined;
  if (known !== METHOD.other) return METHOD_NAMES[known];
  return request === null ? undefined : textOf(request.bytes, request.methodAt, request.methodEnd);
}

function version({ request, exchange }: SampleContext): string | undefined {
  const minor = request?.minor ?? exchange?.minor;
  return minor === undefined ? undefined : minor === 1 ? "1.1" : "1.0";
}

const base = (query: boolean) => ({ request }: SampleContext) =>
  request === null ? undefined : baseText(request, query);

const hashOf = (query: boolean) => ({ request }: SampleContext) =>
  request === null ? undefined : avalanche(baseHash(request, query));

/** The hash and the client's address, in bytes. */
const hashAndSource = (query: boolean) => (context: SampleContext) => {
  const { request } = context;
  const address = context.clientAddress();
  if (request === null || address === null) return undefined;
  return bytes32(avalanche(baseHash(request, query))) + addressText(address);
};

/** Behind `scheme://`, where an IPv4 address stands. */
const authority = (head: Parameters<typeof baseText>[0]): boolean => {
  const at = authorityStart(head.bytes, head.uriAt, head.uriEnd);
  return at >= 0 && setSpan(head.bytes, at, head.uriEnd);
};

/** Letter and digits of "255.255.255.255:65535x". */
const LONGEST_ADDRESS = 24;
const authorityText = () => textOf(span.bytes, span.at, Math.min(span.end, span.at + LONGEST_ADDRESS));

function port(): number | undefined {
  const text = authorityText();
  if (leadingIPv4(text) === null) return undefined;
  const written = /^[0-9.]+:([0-9]+)/.exec(text)?.[1];
  if (written !== undefined) return Number(written) & 0xffff;
  // "https://" ends where the authority begins.
  return span.bytes[span.at - 4] === 0x73 ? 443 : 80;
}

const PARAMETER: readonly ArgSpec[] = [
  { name: "name", type: "string", optional: true },
  { name: "delimiter", type: "string", optional: true },
];
const QUESTION = 0x3f;

const parameters = (name: string, type: SampleType, read: () => Value | undefined): FetchRow =>
  spansRow(name, PARAMETER, type, "request", ([wanted, delimiter]) => {
    const parameter = {
      name: Buffer.from(wanted!.text, "latin1"),
      delimiter: delimiter!.text === "" ? QUESTION : delimiter!.text.charCodeAt(0),
    };
    const each: Spans["each"] = (context, take) =>
      context.request !== null && eachParameter(context.request, parameter, context, take);
    return { each, find: (context) => each(context, takeFirst), read };
  });

export const REQUEST_LINE: readonly FetchRow[] = [
  valueRow("base", "str", "request", base(false)),
  valueRow("base32", "int", "request", hashOf(false)),
  valueRow("base32+src", "bin", "request", hashAndSource(false)),
  valueRow("baseq", "str", "request", base(true)),
  {
    name: "meth",
    args: [{ name: "method", type: "string" }],
    type: "meth",
    needs: "constant",
    evaluate: ([name]) => () => name!.text,
  },
  valueRow("method", "meth", "request kept", method),
  requestPart("path", "str", ({ bytes, uriAt, uriEnd }) => {
    const at = pathStart(bytes, uriAt, uriEnd);
    return at >= 0 && setSpan(bytes, at, queryMark(bytes, at, uriEnd));
  }),
  requestPart("pathq", "str", ({ bytes, uriAt, uriEnd }) => {
    const at = pathStart(bytes, uriAt, uriEnd);
    return at >= 0 && setSpan(bytes, at, uriEnd);
  }),
  requestPart("query", "str", ({ bytes, uriAt, uriEnd }) => {
    const mark = queryMark(bytes, uriAt, uriEnd);
    return mark < uriEnd && setSpan(bytes, mark + 1, uriEnd);
  }),
  valueRow("req.ver", "str", "request kept", version),
  valueRow("req_ver", "str", "request kept", version),
  requestPart("url", "str", ({ bytes, uriAt, uriEnd }) => setSpan(bytes, uriAt, uriEnd)),
  valueRow("url32", "int", "request", hashOf(true)),
  valueRow("url32+src", "bin", "request", hashAndSource(true)),
  requestPart("url_ip", "ipv4", authority, () => leadingIPv4(authorityText()) ?? undefined),
  parameters("url_param", "str", spanText),
  requestPart("url_port", "int", authority, port),
  parameters("urlp", "str", spanText),
  parameters("urlp_val", "int", () => span.at === span.end ? 0 : leadingInt64(spanText())),
];
