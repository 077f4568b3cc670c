/**
 * Fetches of an HTTP exchange that are known to its end (configuration.txt 7.3.6): what was captured, the status, the
 * unique id; and of its place on the connection.
 */
import type { Exchange, SampleContext } from "../context.ts";
import type { ArgSpec, FetchRow, Need, SampleType, Value } from "../types.ts";
import { valueRow } from "./rows.ts";

const row = (
  name: string,
  type: SampleType,
  needs: Need,
  read: (exchange: Exchange, context: SampleContext) => Value | undefined,
): FetchRow =>
  valueRow(name, type, needs, (context) => {
    const { exchange } = context;
    return exchange === null ? undefined : read(exchange, context);
  });

const SLOT: readonly ArgSpec[] = [{ name: "index", type: "integer" }];

const capture = (
  name: string,
  needs: Need,
  slots: (exchange: Exchange) => readonly (string | null)[],
): FetchRow => ({
  name,
  args: SLOT,
  type: "str",
  needs,
  evaluate([index]) {
    const slot = Number(index!.int);
    return ({ exchange }) => exchange === null ? undefined : slots(exchange)[slot] ?? undefined;
  },
});

/** Method and target; there may be several blanks between them. */
const LINE = /^(\S+)\s+(\S*)/;

const capturedMethod = ({ requestLine }: Exchange) => LINE.exec(requestLine)?.[1];

/** Without scheme and host; undefined: there is nothing else. */
function capturedUri({ requestLine }: Exchange): string | undefined {
  const target = LINE.exec(requestLine)?.[2] ?? "";
  return /^(?:[^/*:]*:\/\/[^/]*)?(\/.*)$/.exec(target)?.[1];
}

/** In HTTP mode nothing else gets this far. */
const isHttp = ({ request }: SampleContext) => request === null ? undefined : true;

/** Of a head that is being processed, which a rule may have changed; else what became of it. */
function status({ response, exchange }: SampleContext): number | undefined {
  const known = response?.status ?? exchange?.status ?? -1;
  return known < 0 ? undefined : known;
}

const version = ({ response }: SampleContext) => response === null ? undefined : response.minor === 1 ? "1.1" : "1.0";

export const EXCHANGE: readonly FetchRow[] = [
  capture("capture.req.hdr", "request kept", (exchange) => exchange.requestCaptures),
  row("capture.req.method", "str", "request kept", capturedMethod),
  row("capture.req.uri", "str", "request kept", capturedUri),
  row("capture.req.ver", "str", "request kept", (exchange) => exchange.minor === 1 ? "HTTP/1.1" : "HTTP/1.0"),
  capture("capture.res.hdr", "response kept", (exchange) => exchange.responseCaptures),
  row("http_first_req", "bool", "request kept", (exchange) => exchange.count <= 1),
  valueRow("req.proto_http", "bool", "request kept", isHttp),
  valueRow("req_proto_http", "bool", "request kept", isHttp),
  valueRow("res.ver", "str", "response", version),
  valueRow("resp_ver", "str", "response", version),
  valueRow("status", "int", "response kept", status),
  row("unique-id", "str", "request kept", (exchange) => exchange.uniqueId === "" ? undefined : exchange.uniqueId),
];
