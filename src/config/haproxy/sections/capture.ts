/** `capture` and `declare capture`: what of a message a frontend keeps for its log line, and how much of it. */
import { alert, didYouMean } from "../../diagnostics.ts";
import type { Load, ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { Word } from "../words.ts";
import { MAX_INT, wholeNumber } from "./arguments.ts";

const ROW = { side: "frontend", elsewhere: "ignored", defaults: "no" } as const;

export const captureRows: ProxyRow[] = [
  // haproxy passes over what stands behind the length of a cookie.
  { name: "capture cookie", args: [0, Infinity], ...ROW, parse: captureCookie },
  { name: "capture request", args: [0, 4], ...ROW, parse: captureHeader("request") },
  { name: "capture response", args: [0, 4], ...ROW, parse: captureHeader("response") },
  { name: "declare capture", args: [0, Infinity], ...ROW, elsewhere: "refused", parse: declareCapture },
];

/** "capture cookie <name> len <length>": a name that ends in "=" is the whole name, any other how one begins. */
function captureCookie(args: Word[], { target, load, keyword }: Call<ProxyDraft>): void {
  const [name, , length] = args;
  if (name === undefined || length === undefined) {
    return alert(load.diagnostics, keyword, "'capture' expects 'cookie' <cookie_name> 'len' <len>");
  }
  if (!expectLen(args[1], load)) return;
  const most = wholeNumber(length, "capture cookie ... len", load, 0, MAX_INT);
  if (most === null) return;
  const whole = name.text.endsWith("=");
  target.proxy.captureCookie = { name: whole ? name.text.slice(0, -1) : name.text, prefix: !whole, length: most };
  target.places.captureCookie = keyword;
}

/** "capture request header <name> len <length>" */
function captureHeader(direction: "request" | "response") {
  return (args: Word[], { target, load, keyword, name }: Call<ProxyDraft>): void => {
    const [kind, header, , length] = args;
    if (kind === undefined || kind.text !== "header") {
      const expected = "'capture' expects 'cookie' or 'request header' or 'response header'";
      return alert(load.diagnostics, kind ?? keyword, expected, kind === undefined ? null : near(kind));
    }
    if (header === undefined || length === undefined) {
      return alert(load.diagnostics, kind, `'${name}' expects 'header' <header_name> 'len' <len>`);
    }
    if (!expectLen(args[2], load)) return;
    const most = wholeNumber(length, `${name} header ... len`, load, 0, MAX_INT);
    if (most === null) return;
    slots(target, direction).push({ name: header.text, length: most });
    target.places.capture ??= keyword;
  };
}

/** "declare capture request len <length>": a slot that only rules fill, so it has no header's name. */
function declareCapture(args: Word[], { target, load, keyword, name }: Call<ProxyDraft>): void {
  const d = load.diagnostics;
  const [direction, len, length, extra] = args;
  if (direction === undefined || (direction.text !== "request" && direction.text !== "response")) {
    return alert(
      d,
      direction ?? keyword,
      "'declare capture' requires a direction ('request' or 'response')",
      direction === undefined ? null : didYouMean(direction.text, ["request", "response"]),
    );
  }
  if (len === undefined || len.text !== "len") {
    return alert(d, len ?? direction, "'declare capture' requires a capture length ('len')");
  }
  if (length === undefined) {
    return alert(d, len, "'declare capture': 'len' requires a numeric value that represents the capture length");
  }
  if (extra !== undefined) return alert(d, extra, `'${name}' cannot handle unexpected argument '${extra.text}'`);
  const most = wholeNumber(length, "declare capture ... len", load, 1, MAX_INT);
  if (most === null) return;
  slots(target, direction.text).push({ name: "", length: most });
  target.places.capture ??= keyword;
}

const slots = ({ proxy }: ProxyDraft, direction: "request" | "response") =>
  direction === "request" ? proxy.requestCaptures : proxy.responseCaptures;

const near = (word: Word): string | null => didYouMean(word.text, ["header"]);

function expectLen(word: Word | undefined, load: Load): boolean {
  if (word?.text === "len") return true;
  if (word !== undefined) {
    alert(load.diagnostics, word, `'capture' expects 'len' <len> behind the name (got '${word.text}')`);
  }
  return false;
}
