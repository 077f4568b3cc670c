/**
 * What the lexical layer hands to the section tables: the words of one logical line, each with its place.
 *
 * Text is a byte string, one character per byte (see src/config/byte_strings.ts); so is `line`, and columns count its characters.
 */
import type { Place } from "../place.ts";

export interface Word {
  /** After quotes, escapes and variables are resolved. */
  text: string;
  place: Place;
  /** Characters it takes in the source, quotes included. */
  length: number;
  /** The source line as written. */
  line: string;
}

export interface ConfigLine {
  /** At least one. */
  words: Word[];
  /** That of the first word. */
  place: Place;
  line: string;
}
