/**
 * Fetches whose value is written in the configuration or fixed when it is loaded (configuration.txt 7.3.2).
 */
import { quote } from "../../../config/diagnostics.ts";
import { type Arg, badArgument, type FetchRow, type Setting, type Value } from "../types.ts";

const fixed = (value: Value | undefined) => () => value;

/** An even number of hex digits as bytes; null: it is something else. */
export function readHex(text: string): string | null {
  return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, "hex").toString("latin1") : null;
}

const BOOLS = new Map([["true", true], ["1", true], ["false", false], ["0", false]]);

export const CONSTANTS: readonly FetchRow[] = [
  { name: "always_false", args: [], type: "bool", needs: "constant", evaluate: () => fixed(false) },
  { name: "always_true", args: [], type: "bool", needs: "constant", evaluate: () => fixed(true) },
  {
    name: "bin",
    args: [{ name: "hex", type: "string" }],
    type: "bin",
    needs: "constant",
    evaluate([hex]: readonly Arg[]) {
      const bytes = hex!.text === "" ? null : readHex(hex!.text);
      return bytes === null
        ? badArgument(0, `Cannot read ${quote(hex!.text)}: expected an even number of hex digits`)
        : fixed(bytes);
    },
  },
  {
    name: "bool",
    args: [{ name: "bool", type: "string" }],
    type: "bool",
    needs: "constant",
    evaluate([bool]: readonly Arg[]) {
      const value = BOOLS.get(bool!.text.toLowerCase());
      return value === undefined
        ? badArgument(0, `Cannot read ${quote(bool!.text)}: expected true, false, 1 or 0`)
        : fixed(value);
    },
  },
  {
    // Sampled once: the environment is that of the start (configuration.txt, `env`).
    name: "env",
    args: [{ name: "name", type: "string" }],
    type: "str",
    needs: "constant",
    evaluate: ([name]: readonly Arg[], setting: Setting) => fixed(setting.environment(name!.text)),
  },
  {
    name: "int",
    args: [{ name: "integer", type: "integer" }],
    type: "int",
    needs: "constant",
    evaluate: ([int]: readonly Arg[]) => fixed(int!.int),
  },
  {
    name: "ipv4",
    args: [{ name: "address", type: "ipv4" }],
    type: "ipv4",
    needs: "constant",
    evaluate: ([address]: readonly Arg[]) => fixed(address!.bytes),
  },
  {
    name: "ipv6",
    args: [{ name: "address", type: "ipv6" }],
    type: "ipv6",
    needs: "constant",
    evaluate: ([address]: readonly Arg[]) => fixed(address!.bytes),
  },
  // Both kept by haproxy for old configurations, and both always 1.
  { name: "nbproc", args: [], type: "int", needs: "constant", evaluate: () => fixed(1) },
  { name: "proc", args: [], type: "int", needs: "constant", evaluate: () => fixed(1) },
  {
    name: "str",
    args: [{ name: "string", type: "string" }],
    type: "str",
    needs: "constant",
    evaluate: ([text]: readonly Arg[]) => fixed(text!.text),
  },
];
