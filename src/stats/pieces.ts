/**
 * A long dump is handed on in pieces of bounded size, so that a slow reader costs no more than one of them.
 */
export const PIECE_CHARS = 16_384;

/** Joins small texts into pieces that are at least PIECE_CHARS long, the last one excepted. */
export function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
