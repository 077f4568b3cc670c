/** The key of the balance kinds that have one: from a session to the number that places it among the servers. */
import type { Balance, HashType, Proxy } from "../config/haproxy/model.ts";
import { hashBytes, hashInteger, hashSource, hashString } from "./balance/hash.ts";
import { hashBodyParam, hashHeader, hashUri, hashUrlParam, NO_KEY } from "./balance/request_key.ts";
import { CHUNK, newChunks, resetChunks, scanChunks } from "./http1/chunked.ts";
import { fieldName, findField } from "./http1/edit.ts";
import { BODY, METHOD, STRIDE, VALUE_AT, VALUE_END } from "./http1/head.ts";
import type { SampleContext } from "./samples/context.ts";
import { compileExpression } from "./samples/expression.ts";
import type { Setting } from "./samples/types.ts";

export type Key = (context: SampleContext) => number;

/** null: the algorithm has no key. */
export function hashKey({ balance, hashType, name }: Proxy, setting: Setting): Key | null {
  switch (balance.kind) {
    case "source":
      return (context) => {
        const address = context.clientAddress();
        return address === null ? NO_KEY : hashSource(hashType, address);
      };
    case "uri":
      return ({ request }) =>
        request === null ? NO_KEY : hashUri(hashType, balance, request.bytes, request.uriAt, request.uriEnd);
    case "url_param":
      return parameterKey(balance, hashType);
    case "hdr":
      return headerKey(balance, hashType);
    case "hash":
      return expressionKey(balance.expression, hashType, name, setting);
    default:
      return null;
  }
}

type Of<Kind extends Balance["kind"]> = Extract<Balance, { kind: Kind }>;

/** The first field of that name counts. */
function headerKey({ name, domainOnly }: Of<"hdr">, type: HashType): Key {
  const field = fieldName(name);
  return ({ request }) => {
    const i = request === null ? -1 : findField(request, field, 0);
    if (request === null || i < 0) return NO_KEY;
    const { entries, bytes } = request;
    return hashHeader(type, domainOnly, bytes, entries[i * STRIDE + VALUE_AT], entries[i * STRIDE + VALUE_END]);
  };
}

/** In the body of a POST too, as far as it has come: `check_post` waits for more of it, which is another's business. */
function parameterKey({ name }: Of<"url_param">, type: HashType): Key {
  const parameter = Buffer.from(name, "latin1");
  return ({ request, exchange }) => {
    if (request === null) return NO_KEY;
    const key = hashUrlParam(type, parameter, request.bytes, request.uriAt, request.uriEnd);
    if (key !== NO_KEY || exchange === null || exchange.method !== METHOD.POST || exchange.body === null) return key;
    const { body, bodyAt, bodyEnd } = exchange;
    if (request.body !== BODY.chunked) return hashBodyParam(type, parameter, body, bodyAt, bodyEnd);
    const length = unchunk(body, bodyAt, bodyEnd); // first: it may put another buffer in place
    return hashBodyParam(type, parameter, plain, 0, length);
  };
}

const chunks = newChunks();
let plain = Buffer.alloc(0);

/** The data of chunks without their frames, at the start of `plain`; returns how much there is. */
function unchunk(body: Buffer, from: number, end: number): number {
  if (plain.length < end - from) plain = Buffer.alloc(end - from);
  resetChunks(chunks);
  let length = 0;
  for (let at = from; at < end && chunks.phase < CHUNK.done;) {
    const inData = chunks.phase === CHUNK.data;
    const next = scanChunks(chunks, body, at, inData ? Math.min(end, at + chunks.left) : at + 1);
    if (inData) length += body.copy(plain, length, at, next);
    at = next;
  }
  return length;
}

function expressionKey(expression: string, type: HashType, backend: string, setting: Setting): Key {
  const compiled = compileExpression(expression, "any", setting);
  if (!compiled.ok) throw new Error(`Cannot use balance hash in "${backend}": ${compiled.message}`);
  return (context) => {
    const value = compiled.evaluate(context);
    switch (typeof value) {
      case "undefined":
        return NO_KEY;
      case "string":
        return hashString(type, value);
      case "object":
        return hashBytes(type, value);
      default:
        return hashInteger(type, Number(value));
    }
  };
}
