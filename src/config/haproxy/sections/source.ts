/** `source`: the address servers are reached from, as a keyword of a backend and as a parameter of a server. */
import { alert } from "../../diagnostics.ts";
import { parseSourceAddress } from "../addresses.ts";
import type { Load, ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { SourceAddress } from "../model.ts";
import type { Word } from "../words.ts";
import { badAddress, inside } from "./arguments.ts";

export const sourceRows: ProxyRow[] = [
  {
    name: "source",
    args: [1, Infinity],
    usage: "<addr>[:<port>], and optionally 'interface' <name>",
    side: "backend",
    elsewhere: "ignored",
    defaults: "yes",
    parse: source,
  },
];

function source(args: Word[], { target, load, name }: Call<ProxyDraft>): void {
  const read = readSource(args, 0, name, load);
  if (read === null) return;
  const extra = args[read.next];
  if (extra !== undefined) {
    return alert(
      load.diagnostics,
      extra,
      `'source' only supports optional keywords 'interface' and 'usesrc' (got '${extra.text}')`,
    );
  }
  if (read.source.portHigh > read.source.portLow) {
    const at = args[0] === undefined ? null : inside(args[0], args[0].text.lastIndexOf(":") + 1);
    return alert(load.diagnostics, at, "'source' : port range not permitted here, only on a 'server' line");
  }
  target.proxy.source = read.source;
}

/** Address and what belongs to it, from `args[start]` on; `next` is the first word that does not. */
export function readSource(
  args: Word[],
  start: number,
  name: string,
  load: Load,
): { source: SourceAddress; next: number } | null {
  const word = args[start];
  if (word === undefined) return null;
  const parsed = parseSourceAddress(word.text);
  if ("error" in parsed) {
    badAddress(word, name, parsed, load);
    return null;
  }
  const { portLow, portHigh } = parsed.value;
  const source: SourceAddress = { host: "", family: 4, portLow, portHigh, interface: null };
  if (parsed.value.kind === "ip") {
    source.host = parsed.value.host;
    source.family = parsed.value.family;
  } else {
    load.names.push({
      name: parsed.value.name,
      family: parsed.value.family,
      at: word,
      target: source,
      who: `'${name}'`,
      server: null,
      proxy: null,
    });
  }
  let next = start + 1;
  for (; next < args.length; next += 2) {
    const option = args[next];
    const value = args[next + 1];
    if (option?.text === "usesrc") {
      alert(load.diagnostics, option, "'source ... usesrc' is not supported yet");
      return null;
    }
    if (option?.text !== "interface") break;
    if (value === undefined) {
      alert(load.diagnostics, option, `'${name}' : 'interface' : missing interface name`);
      return null;
    }
    source.interface = value.text;
  }
  return { source, next };
}
