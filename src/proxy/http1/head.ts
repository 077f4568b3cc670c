/**
 * The head of an HTTP/1 message as offsets into the bytes it came in (RFC 9112). Reused for every message: nothing is
 * allocated for a header field, and none becomes a string unless somebody asks.
 *
 * parse.ts fills it, edit.ts changes it, compose.ts writes what is left of it.
 */

/** Numbers of Head.method; other methods are known by their text alone. */
export const METHOD = {
  other: 0,
  OPTIONS: 1,
  GET: 2,
  HEAD: 3,
  POST: 4,
  PUT: 5,
  DELETE: 6,
  TRACE: 7,
  CONNECT: 8,
} as const;

/** How the end of a message's body is found (RFC 9112 §6.3). */
export const BODY = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;

/** Header fields that the proxy itself acts upon: Head.ids. */
export const FIELD = {
  other: 0,
  connection: 1,
  contentLength: 2,
  transferEncoding: 3,
  host: 4,
  upgrade: 5,
  expect: 6,
  cookie: 7,
  setCookie: 8,
  keepAlive: 9,
  te: 10,
  proxyConnection: 11,
} as const;

/** Bits of Head.seen: tokens of Connection and fields met while parsing. */
export const SEEN = {
  /** Also: nothing must be read behind this message. */
  close: 1,
  keepAlive: 2,
  upgrade: 4,
  /** `Expect: 100-continue` */
  expect100: 8,
  host: 16,
  contentLength: 32,
  transferEncoding: 64,
  /** A Transfer-Encoding beside `chunked`; more than one Host: told apart while parsing. */
  otherCoding: 128,
  manyHosts: 256,
} as const;

/** What has become of a field: as it came, written or changed by a rule, taken out. */
export const ENTRY = { original: 0, edited: 1, deleted: 2 } as const;

/** Numbers per field in Head.entries. */
export const STRIDE = 4;
/** Places in an entry: offsets into Head.bytes, ends exclusive; the value without the blanks around it. */
export const NAME_AT = 0;
export const NAME_END = 1;
export const VALUE_AT = 2;
export const VALUE_END = 3;

export interface Head {
  /** Where all offsets point to: the buffer the message came in, or `work` once something was changed. */
  bytes: Buffer;
  /** The whole head, with the empty line that ends it; the body begins at `end`. */
  start: number;
  end: number;
  /** First header field, and the end of the last one's line (where the empty line begins). */
  fieldsAt: number;
  fieldsEnd: number;

  /** Request line. */
  method: number;
  methodAt: number;
  methodEnd: number;
  uriAt: number;
  uriEnd: number;
  /** Status line: 100–999, and the reason phrase (may be empty). Of a request 0, or what to answer when it is refused. */
  status: number;
  reasonAt: number;
  reasonEnd: number;
  /** The start line is not as it came: compose.ts writes it anew. */
  startEdited: boolean;
  /** A line of it ends in a bare LF, which servers read in different ways: compose.ts writes every line anew. */
  oddLines: boolean;
  /** Of HTTP/1.x: 0 or 1. */
  minor: number;

  /** Fields in `entries`, `states` and `ids`, deleted ones included. */
  count: number;
  entries: Int32Array;
  states: Uint8Array;
  ids: Uint8Array;
  seen: number;
  body: number;
  /** Of BODY.length: bytes. */
  length: number;

  /** Room for what rules write; edit.ts copies the head here, at the same offsets, before the first change. */
  work: Buffer;
  workAt: number;
}

/** @param most fields (tune.http.maxhdr) @param room bytes for what rules add */
export function newHead(most: number, room: number): Head {
  // Fields that rules add need places too; what has no room is not added (edit.ts tells).
  const places = most + 256;
  return {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    fieldsAt: 0,
    fieldsEnd: 0,
    method: 0,
    methodAt: 0,
    methodEnd: 0,
    uriAt: 0,
    uriEnd: 0,
    status: 0,
    reasonAt: 0,
    reasonEnd: 0,
    startEdited: false,
    oddLines: false,
    minor: 1,
    count: 0,
    entries: new Int32Array(places * STRIDE),
    states: new Uint8Array(places),
    ids: new Uint8Array(places),
    seen: 0,
    body: 0,
    length: 0,
    work: Buffer.from(new ArrayBuffer(room)),
    workAt: 0,
  };
}
