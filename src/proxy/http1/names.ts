/**
 * Names the parser knows by number: methods, and the header fields the proxy itself acts upon.
 */
import { sameText } from "./characters.ts";
import { FIELD, METHOD } from "./head.ts";

const KNOWN: readonly [name: string, id: number][] = [
  ["connection", FIELD.connection],
  ["content-length", FIELD.contentLength],
  ["transfer-encoding", FIELD.transferEncoding],
  ["host", FIELD.host],
  ["upgrade", FIELD.upgrade],
  ["expect", FIELD.expect],
  ["cookie", FIELD.cookie],
  ["set-cookie", FIELD.setCookie],
  ["keep-alive", FIELD.keepAlive],
  ["te", FIELD.te],
  ["proxy-connection", FIELD.proxyConnection],
];

/** Length and first letter name at most one of them: that one is compared. 32 places per length, lengths below 32. */
const CANDIDATE = new Uint8Array(32 * 32);
const TEXT: Uint8Array[] = [];
for (const [name, id] of KNOWN) {
  CANDIDATE[name.length * 32 + (name.charCodeAt(0) & 31)] = id;
  TEXT[id] = Buffer.from(name, "latin1");
}

/** The number of the field whose name is bytes[at,end): FIELD.other for most. */
export function fieldId(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at;
  if (length > 31) return FIELD.other;
  const id = CANDIDATE[length * 32 + ((bytes[at] as number) & 31)] as number;
  return id === FIELD.other || sameText(bytes, at, end, TEXT[id] as Uint8Array) ? id : FIELD.other;
}

const METHODS: (Uint8Array | undefined)[] = [];
/** As above; of those with the same length the first letters differ, but for POST and PUT, which differ in length. */
const METHOD_CANDIDATE = new Uint8Array(8 * 32);
for (const [name, number] of Object.entries(METHOD)) {
  if (number === METHOD.other) continue;
  METHODS[number] = Buffer.from(name, "latin1");
  METHOD_CANDIDATE[name.length * 32 + (name.charCodeAt(0) & 31)] = number;
}

/** Methods are told apart by case (RFC 9110 §9.1). */
export function methodNumber(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at;
  if (length > 7) return METHOD.other;
  const number = METHOD_CANDIDATE[length * 32 + ((bytes[at] as number) & 31)] as number;
  const text = METHODS[number];
  if (text === undefined) return METHOD.other;
  for (let i = 0; i < length; i++) {
    if (bytes[at + i] !== text[i]) return METHOD.other;
  }
  return number;
}
