/**
 * Checks the arguments of a fetch or converter against its row and gives them their values: numbers, addresses,
 * masks, indexes of proxies and servers.
 */
import { didYouMean, quote } from "../../config/diagnostics.ts";
import { maskOf, parseIPv4, parseIPv6 } from "./address.ts";
import { parseInt64 } from "./integer.ts";
import type { SyntaxCall } from "./syntax.ts";
import type { Arg, ArgSpec, ArgType, Names, Problem, Setting } from "./types.ts";

const NO_BYTES = new Uint8Array(0);
const blank = (text: string, given: boolean): Arg => ({ given, text, int: 0, bytes: NO_BYTES, proxy: -1, server: -1 });

export function checkArgs(call: SyntaxCall, specs: readonly ArgSpec[], setting: Setting): Arg[] | Problem {
  if (call.args.length > specs.length) {
    return {
      message: `Cannot use ${quote(call.name)} so: ${signature(specs)}`,
      offset: call.args[specs.length]!.offset,
    };
  }
  const args: Arg[] = [];
  for (const [i, spec] of specs.entries()) {
    const written = call.args[i];
    const text = written?.text ?? "";
    const arg = blank(text, written !== undefined);
    const offset = written?.offset ?? call.offset;
    // An empty string is a string: str(), concat(a,,b).
    const missing = text === "" && (spec.type !== "string" || written === undefined);
    // Proxies have a default, and `str` alone is the empty string to haproxy.
    if (missing && spec.type !== "frontend" && spec.type !== "backend") {
      if (spec.optional === undefined && !(spec.type === "string" && i === 0 && specs.length === 1)) {
        return { message: `Cannot use ${quote(call.name)} without ${spec.name}: ${signature(specs)}`, offset };
      }
      // `field(1,_,)` counts as a count of 0, a mask left empty as none.
      arg.given = written !== undefined && spec.type === "integer";
    } else {
      const problem = READERS[spec.type](arg, setting.names, call.name);
      if (problem !== null) return { message: problem, offset };
    }
    args.push(arg);
  }
  return args;
}

function signature(specs: readonly ArgSpec[]): string {
  if (specs.length === 0) return "it takes no argument";
  return `expected (${specs.map((spec) => spec.optional ? `[${spec.name}]` : spec.name).join(",")})`;
}

/** Each fills in what its type makes of the text, or says what is wrong with it. */
const READERS: Record<ArgType, (arg: Arg, names: Names | null, keyword: string) => string | null> = {
  string: () => null,
  integer(arg) {
    const value = parseInt64(arg.text);
    if (value === null) return `Cannot read ${quote(arg.text)}: expected a whole number`;
    arg.int = value;
    return null;
  },
  ipv4: (arg) => setBytes(arg, parseIPv4(arg.text), "an IPv4 address"),
  ipv6: (arg) => setBytes(arg, parseIPv6(arg.text), "an IPv6 address"),
  mask4: (arg) => setBytes(arg, readMask(arg.text, 4), "0 to 32 bits or a mask such as 255.255.255.0"),
  mask6: (arg) => setBytes(arg, readMask(arg.text, 16), "0 to 128 bits or a mask such as ffff:ffff::"),
  frontend: (arg, names, keyword) => findProxy(arg, names, "frontend", keyword),
  backend: (arg, names, keyword) => findProxy(arg, names, "backend", keyword),
  server(arg, names, keyword) {
    const slash = arg.text.indexOf("/");
    const name = arg.text.slice(slash + 1);
    const backend = { ...arg, text: slash < 0 ? "" : arg.text.slice(0, slash) };
    const problem = findProxy(backend, names, "backend", keyword);
    if (problem !== null || names === null) return problem;
    arg.proxy = backend.proxy;
    arg.server = names.server(arg.proxy, name);
    return arg.server < 0 ? `Unknown server ${quote(name)} in ${quote(names.proxyName(arg.proxy))}` : null;
  },
};

function setBytes(arg: Arg, bytes: Uint8Array | null, expected: string): string | null {
  if (bytes === null) return `Cannot read ${quote(arg.text)}: expected ${expected}`;
  arg.bytes = bytes;
  return null;
}

export function readMask(text: string, length: 4 | 16): Uint8Array | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= length * 8 ? maskOf(Number(text), length) : null;
  return length === 4 ? parseIPv4(text) : parseIPv6(text);
}

function findProxy(arg: Arg, names: Names | null, side: "frontend" | "backend", keyword: string): string | null {
  if (names === null) return null;
  if (arg.text === "") {
    const has = names.current >= 0 && (side === "frontend" ? names.hasFrontend : names.hasBackend)(names.current);
    if (!has) return `Cannot use ${quote(keyword)} here without the name of a ${side}`;
    arg.proxy = names.current;
    return null;
  }
  arg.proxy = names[side](arg.text);
  if (arg.proxy >= 0) return null;
  const hint = didYouMean(arg.text, names.all(side));
  return `Unknown ${side} ${quote(arg.text)}${hint === null ? "" : `. ${hint}`}`;
}
