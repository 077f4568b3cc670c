/**
 * Follows a chunked body (RFC 9112 §7.1) that is passed on as it comes: says how far the bytes belong to the message, and
 * makes sure that whoever gets them reads the same. Data of chunks is jumped over, not looked at.
 */
import { COLON, CR, HEX, LF, REASON, SEMICOLON, SPACE, TAB, TOKEN } from "./characters.ts";

/** Phases: what the next byte belongs to. */
export const CHUNK = {
  firstDigit: 0,
  digits: 1,
  blanks: 2,
  extension: 3,
  sizeLf: 4,
  data: 5,
  dataCr: 6,
  dataLf: 7,
  /** Begin of a trailer line, or of the empty line that ends the message. */
  line: 8,
  name: 9,
  valueBlanks: 10,
  value: 11,
  valueLf: 12,
  lastLf: 13,
  done: 14,
  bad: 15,
} as const;

export interface Chunks {
  /** One of CHUNK. */
  phase: number;
  /** Of the chunk: its size as far as read, then what is to come of its data. */
  left: number;
  /** Bytes of this chunk's size line, or of the trailers, so far. */
  extra: number;
  /** Chunk data announced and trailers seen so far, without framing. */
  data: number;
}

/** What senders may spend on the line of one chunk's size, and on all trailers: nobody keeps them, so little is enough. */
const MOST_SIZE_LINE = 4096;
const MOST_TRAILERS = 16384;
/** haproxy refuses larger chunks. */
const MOST_SIZE = 2 ** 52 - 1;

export function newChunks(): Chunks {
  return { phase: CHUNK.firstDigit, left: 0, extra: 0, data: 0 };
}

export function resetChunks(chunks: Chunks): void {
  chunks.phase = CHUNK.firstDigit;
  chunks.left = 0;
  chunks.extra = 0;
  chunks.data = 0;
}

function bad(chunks: Chunks, at: number): number {
  chunks.phase = CHUNK.bad;
  return at;
}

/**
 * Goes on where the call before ended. Returns how far the bytes belong to this message: `end` as long as more is
 * expected. Then the phase is `done`, or `bad` when the byte there is wrong.
 */
export function scanChunks(chunks: Chunks, bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end) {
    if (chunks.phase === CHUNK.data) {
      const here = Math.min(chunks.left, end - p);
      chunks.left -= here;
      p += here;
      if (chunks.left > 0) return p;
      chunks.phase = CHUNK.dataCr;
      continue;
    }
    if (chunks.phase >= CHUNK.done) return p;
    const byte = bytes[p] as number;
    switch (chunks.phase) {
      case CHUNK.firstDigit:
      case CHUNK.digits: {
        const digit = HEX[byte] as number;
        if (digit < 16) {
          chunks.left = chunks.left * 16 + digit;
          if (chunks.left > MOST_SIZE || ++chunks.extra > MOST_SIZE_LINE) return bad(chunks, p);
          chunks.phase = CHUNK.digits;
        } else if (chunks.phase === CHUNK.firstDigit) return bad(chunks, p);
        else if (!behindSize(chunks, byte)) return bad(chunks, p);
        break;
      }
      case CHUNK.blanks:
        if (++chunks.extra > MOST_SIZE_LINE || !behindSize(chunks, byte)) return bad(chunks, p);
        break;
      case CHUNK.extension:
        if (byte === CR) chunks.phase = CHUNK.sizeLf;
        else if (REASON[byte] === 0 || ++chunks.extra > MOST_SIZE_LINE) return bad(chunks, p);
        break;
      case CHUNK.sizeLf:
        if (byte !== LF) return bad(chunks, p);
        chunks.extra = 0;
        chunks.data += chunks.left;
        chunks.phase = chunks.left > 0 ? CHUNK.data : CHUNK.line;
        break;
      case CHUNK.dataCr:
        if (byte !== CR) return bad(chunks, p);
        chunks.phase = CHUNK.dataLf;
        break;
      case CHUNK.dataLf:
        if (byte !== LF) return bad(chunks, p);
        chunks.phase = CHUNK.firstDigit;
        break;
      default:
        if (!trailerByte(chunks, byte)) return bad(chunks, p);
    }
    p++;
    if (chunks.phase === CHUNK.done) return p;
  }
  return p;
}

/** Blanks, an extension or the end of the line may follow the size. */
function behindSize(chunks: Chunks, byte: number): boolean {
  if (byte === CR) chunks.phase = CHUNK.sizeLf;
  else if (byte === SEMICOLON) chunks.phase = CHUNK.extension;
  else if (byte === SPACE || byte === TAB) chunks.phase = CHUNK.blanks;
  else return false;
  return true;
}

/** Trailers are as header fields are, without line folding. */
function trailerByte(chunks: Chunks, byte: number): boolean {
  if (++chunks.extra > MOST_TRAILERS) return false;
  switch (chunks.phase) {
    case CHUNK.line:
      chunks.phase = byte === CR ? CHUNK.lastLf : CHUNK.name;
      if (byte !== CR) chunks.data++;
      return byte === CR || TOKEN[byte] === 1;
    case CHUNK.name:
      if (byte === COLON) chunks.phase = CHUNK.valueBlanks;
      else chunks.data++;
      return byte === COLON || TOKEN[byte] === 1;
    case CHUNK.valueBlanks:
    case CHUNK.value:
      if (chunks.phase === CHUNK.valueBlanks && (byte === SPACE || byte === TAB)) return true;
      chunks.phase = byte === CR ? CHUNK.valueLf : CHUNK.value;
      if (byte !== CR) chunks.data++;
      return byte === CR || REASON[byte] === 1;
    case CHUNK.valueLf:
      chunks.phase = CHUNK.line;
      return byte === LF;
    default:
      chunks.phase = CHUNK.done;
      return byte === LF;
  }
}
