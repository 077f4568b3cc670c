/**
 * Commands about what was counted: clear counters, show errors.
 */
import { rowAt, wordAt } from "../board/board.ts";
import { CHECK, checkAt } from "../board/check_cells.ts";
import { COUNTERS, MOST, PRESENT, WORD } from "../board/words.ts";
import { type Call, type Command, mayUse } from "./command.ts";

/** The highest values ever; with `all` everything. Each process clears what it alone writes. */
async function clearCounters({ args, session, context }: Call): Promise<string> {
  const all = args[0] === "all";
  if (all && !mayUse(session.level, "admin")) return "Permission denied\n";
  const { board } = context;
  const { layout, rows, words } = board;
  await context.ask({ task: "clearCounters", all });
  for (let entity = 0; entity < layout.entities; entity++) {
    // What was carried over from before a reload.
    const row = rowAt(layout, layout.workers, entity);
    COUNTERS.forEach(([name, fold], column) => {
      if (!PRESENT.has(name) && (all || fold === "max")) rows[row + column] = 0;
    });
    for (const word of MOST) words[wordAt(entity, word)] = 0;
    if (!all) continue;
    words[wordAt(entity, WORD.lastSession)] = 0;
    for (const cell of [CHECK.failed, CHECK.downs]) board.checks[checkAt(entity, cell)] = 0;
  }
  return "";
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function momentText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${day}:${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Malformed messages are answered and logged, not kept. */
function showErrors({ args: [name], context }: Call): string {
  const known = name === undefined || /^-?[0-9]+$/.test(name) ||
    context.model.proxies.some((proxy) => proxy.name === name);
  return known ? `Total events captured on [${momentText(context.now())}] : 0\n` : "No such proxy.\n";
}

export const COUNTER_COMMANDS: readonly Command[] = [
  {
    words: ["clear", "counters"],
    level: "operator",
    usage: "[all]",
    description: "clear the highest values of the statistics, or all counters",
    run: clearCounters,
  },
  {
    words: ["show", "errors"],
    level: "operator",
    usage: "[<proxy>] [request|response]",
    description: "show malformed messages: none is kept",
    run: showErrors,
  },
];
