/**
 * Converters from string to string or number (configuration.txt 7.3.1): case, cutting, fields, URL coding, replacing.
 */
import { quote } from "../../../config/diagnostics.ts";
import { lowerAscii, upperAscii } from "../ascii.ts";
import { leadingInt64, wrap } from "../integer.ts";
import { compileReplacement, toRegExp } from "../../../config/regex.ts";
import { type Arg, type BadArgument, badArgument, type ConverterRow } from "../types.ts";
import { VARIABLE } from "./arithmetic.ts";
import { fromStr } from "./rows.ts";

/** A text of single-byte delimiters as a table by byte. */
function byteSet(chars: string): Uint8Array {
  const set = new Uint8Array(256);
  for (let i = 0; i < chars.length; i++) set[chars.charCodeAt(i) & 255] = 1;
  return set;
}

const isIn = (set: Uint8Array, text: string, at: number) => set[text.charCodeAt(at) & 255] === 1;

/**
 * The index-th piece between delimiters and the pieces behind it (before it, for a negative index), `count` in all;
 * a count below one: all there are. undefined: there is no such piece.
 */
export function cutField(text: string, index: number, delimiters: Uint8Array, count: number): string | undefined {
  const forward = index > 0;
  const step = forward ? 1 : -1;
  const last = forward ? text.length : -1;
  let piece = step;
  let from = forward ? 0 : text.length - 1;
  let at = from;
  for (;; at += step) {
    if (at !== last && !isIn(delimiters, text, at)) continue;
    // A piece ends here.
    if (piece === index || (count < 1 && Math.abs(piece) >= Math.abs(index))) {
      let left = count;
      for (; at !== last; at += step) if (isIn(delimiters, text, at) && --left === 0) break;
      return forward ? text.slice(from, at) : text.slice(at + 1, from + 1);
    }
    if (at === last) return undefined;
    piece += step;
    from = at + step;
  }
}

/** As cutField(), but runs of delimiters are one and those at the ends none. */
export function cutWord(text: string, index: number, delimiters: Uint8Array, count: number): string {
  const forward = index > 0;
  const step = forward ? 1 : -1;
  const last = forward ? text.length : -1;
  let at = forward ? 0 : text.length - 1;
  for (let word = 1;; word++) {
    while (at !== last && isIn(delimiters, text, at)) at += step;
    if (at === last) return "";
    const from = at;
    if (word < Math.abs(index)) {
      while (at !== last && !isIn(delimiters, text, at)) at += step;
      continue;
    }
    if (count < 1) at = last;
    for (let left = count; at !== last;) {
      while (at !== last && !isIn(delimiters, text, at)) at += step;
      if (--left === 0) break;
      let next = at;
      while (next !== last && isIn(delimiters, text, next)) next += step;
      at = next; // fewer words than wanted: what follows the last one belongs to it
    }
    return forward ? text.slice(from, at) : text.slice(at + 1, from + 1);
  }
}

const PIECE = [
  { name: "index", type: "integer" },
  { name: "delimiters", type: "string" },
  { name: "count", type: "integer", optional: true },
] as const;

function pieces(name: string, cut: typeof cutField): ConverterRow {
  return fromStr(name, "str", PIECE, ([index, delimiters, count]) => {
    if (index!.int === 0) return badArgument(0, "Cannot use index 0: pieces count from 1, or from -1 at the end");
    if (delimiters!.text === "") return badArgument(1, "Expected at least one delimiter");
    const set = byteSet(delimiters!.text);
    const nth = Number(index!.int);
    const wanted = count!.given ? Number(count!.int) : 1;
    return (text) => cut(text, nth, set, wanted);
  });
}

const HEX_DIGIT = /^[0-9a-fA-F]*$/;

/** undefined: a percent sign without two hex digits. */
function urlDecode(text: string, inForm: boolean): string | undefined {
  let out = "";
  let form = inForm;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "%") {
      const digits = text.slice(i + 1, i + 3);
      if (digits.length < 2 || !HEX_DIGIT.test(digits)) return undefined;
      out += String.fromCharCode(parseInt(digits, 16));
      i += 2;
      continue;
    }
    if (char === "?") form = true;
    out += char === "+" && form ? " " : char;
  }
  return out;
}

/** All but the unreserved characters of RFC 3986 §2.3. */
const urlEncode = (text: string): string =>
  text.replace(/[^A-Za-z0-9._~-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

/** Length of the host in `host:port`: a colon inside brackets is no port's. */
function hostLength(text: string): number {
  const colon = text.lastIndexOf(":");
  return colon < 0 || text.endsWith("]") ? text.length : colon;
}

function noVariable(arg: Arg, index: number): BadArgument | null {
  if (arg.text === "") return null;
  const what = VARIABLE.test(arg.text) ? "variables are not supported yet" : "expected the name of a variable";
  return badArgument(index, `Cannot use ${quote(arg.text)}: ${what}`);
}

export const TEXT: readonly ConverterRow[] = [
  fromStr(
    "add_item",
    "str",
    [
      { name: "delimiter", type: "string" },
      { name: "variable", type: "string", optional: true },
      { name: "suffix", type: "string", optional: true },
    ],
    ([delimiter, variable, suffix]) => {
      if (variable!.text === "" && suffix!.text === "") return badArgument(1, "Expected a variable or a suffix");
      return noVariable(variable!, 1) ?? ((text) => text + (text === "" ? "" : delimiter!.text) + suffix!.text);
    },
  ),
  fromStr(
    "concat",
    "str",
    [
      { name: "start", type: "string", optional: true },
      { name: "variable", type: "string", optional: true },
      { name: "end", type: "string", optional: true },
    ],
    ([start, variable, end]) => noVariable(variable!, 1) ?? ((text) => text + start!.text + end!.text),
  ),
  fromStr("cut_crlf", "str", [], () => (text) => {
    const end = text.search(/[\r\n]/);
    return end < 0 ? text : text.slice(0, end);
  }),
  pieces("field", cutField),
  fromStr("hex2i", "int", [], () => (text) => {
    if (!HEX_DIGIT.test(text)) return undefined;
    return text.length < 13 ? parseInt(text || "0", 16) : wrap(BigInt(`0x${text}`));
  }),
  fromStr("host_only", "str", [], () => (text) => lowerAscii(text.slice(0, hostLength(text)))),
  fromStr("length", "int", [], () => (text) => text.length),
  fromStr("lower", "str", [], () => lowerAscii),
  fromStr("ltrim", "str", [{ name: "chars", type: "string" }], ([chars]) => {
    const set = byteSet(chars!.text);
    return (text) => {
      let from = 0;
      while (from < text.length && isIn(set, text, from)) from++;
      return text.slice(from);
    };
  }),
  fromStr("port_only", "int", [], () => (text) => leadingInt64(text.slice(hostLength(text) + 1))),
  fromStr(
    "regsub",
    "str",
    [
      { name: "regex", type: "string" },
      { name: "replacement", type: "string" },
      { name: "flags", type: "string", optional: true },
    ],
    ([regex, replacement, flags]) => {
      if (!/^[gi]*$/.test(flags!.text)) {
        return badArgument(2, `Unknown flags ${quote(flags!.text)}: expected "g", "i" or both`);
      }
      const pattern = toRegExp(regex!.text, flags!.text.includes("i"), flags!.text.includes("g"));
      if (typeof pattern === "string") return badArgument(0, pattern);
      const replace = compileReplacement(replacement!.text);
      return (text) => text.replace(pattern, replace);
    },
  ),
  fromStr("reverse", "str", [], () => (text) => {
    let out = "";
    for (let i = text.length - 1; i >= 0; i--) out += text[i];
    return out;
  }),
  fromStr("rtrim", "str", [{ name: "chars", type: "string" }], ([chars]) => {
    const set = byteSet(chars!.text);
    return (text) => {
      let to = text.length;
      while (to > 0 && isIn(set, text, to - 1)) to--;
      return text.slice(0, to);
    };
  }),
  fromStr("upper", "str", [], () => upperAscii),
  fromStr("url_dec", "str", [{ name: "in_form", type: "integer", optional: true }], ([inForm]) => {
    const form = inForm!.int !== 0;
    return (text) => urlDecode(text, form);
  }),
  fromStr("url_enc", "str", [{ name: "type", type: "string", optional: true }], ([type]) => {
    if (type!.text !== "" && type!.text !== "query") {
      return badArgument(0, `Unknown encoding ${quote(type!.text)}: expected "query"`);
    }
    return urlEncode;
  }),
  pieces("word", cutWord),
];
