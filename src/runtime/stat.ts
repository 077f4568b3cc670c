/**
 * `show stat`: its arguments (management.txt 9.3) and the choice of a rendering.
 */
import type { Model } from "../config/haproxy/model.ts";
import { renderCsv } from "../stats/csv.ts";
import type { Selection, View } from "../stats/rows.ts";
import { renderJson, renderTyped } from "../stats/typed.ts";
import { type Call, type Command, mayUse } from "./command.ts";

/** Whole number at the start of the text, else 0: what haproxy makes of these arguments. */
const leadingNumber = (text: string): number => Number(/^[+-]?[0-9]+/.exec(text)?.[0] ?? 0);

/** `<iid>|<name>|#<iid>` as an id; null: no such proxy. */
function proxyId(model: Model, text: string): number | null {
  const id = leadingNumber(text);
  if (id !== 0) return id;
  const byId = /^#([0-9]+)$/.exec(text);
  const found = model.proxies.find((proxy) => byId === null ? proxy.name === text : proxy.id === Number(byId[1]));
  return found?.id ?? null;
}

/** Words that are no selection; with fewer than three others haproxy shows everything. */
const MODIFIERS: readonly string[] = ["typed", "json", "desc", "up", "no-maint"];

function showStat({ args, session, context }: Call): string | Iterable<string> {
  let rest = args;
  if (rest[0] === "domain") {
    if (rest[1] !== "proxy") return "Invalid statistics domain.\n";
    rest = rest.slice(2);
  }
  const numbers = rest.slice(0, 3);
  let select: Selection | null = null;
  if (numbers.length === 3 && !numbers.some((word) => MODIFIERS.includes(word))) {
    const id = proxyId(context.model, numbers[0]!);
    if (id === null) return "No such proxy.\n";
    select = { proxyId: id, types: leadingNumber(numbers[1]!), id: leadingNumber(numbers[2]!) };
  }
  const view: View = {
    model: context.model,
    board: context.board,
    nowMs: context.now(),
    maxconn: context.maxconn,
    legends: mayUse(session.level, "operator"),
    select,
    shows: () => true,
    hide: rest.includes("up") ? "down" : rest.includes("no-maint") ? "maintenance" : "none",
  };
  if (rest.includes("json")) return renderJson(view);
  return rest.includes("typed") ? renderTyped(view, rest.includes("desc")) : renderCsv(view);
}

export const STAT_COMMANDS: readonly Command[] = [{
  words: ["show", "stat"],
  level: "user",
  usage: "[desc|json|no-maint|typed|up]*",
  description: "show the counters of each proxy and server",
  run: showStat,
}];
