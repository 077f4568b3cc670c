/** The checks as a part of the control role: a loop of their own, which Bun's is a member of, and the lines they have to say. */
import type { Board } from "../board/board.ts";
import type { Boot, Task } from "../board/boot.ts";
import { hasChecks } from "../board/layout.ts";
import { createLoop } from "../linux/loop.ts";
import { createEngine } from "./engine.ts";

export interface Role {
  /** A line into the log of a proxy. */
  log(proxy: number, level: number, text: string): void;
  flush(): void;
  /** Has every proxy process do something. */
  ask(task: Task): Promise<string[]>;
}

/** Starts them, if there are any; returns what stops them. */
export function startChecks({ model, pid }: Pick<Boot, "model" | "pid">, board: Board, role: Role): () => void {
  if (!hasChecks(model)) return () => {};
  const loop = createLoop();
  let collecting = false;

  /** Lines of one turn leave together, and at once: Bun's own turn may be a tenth of a second away. */
  function flushSoon(): void {
    if (collecting) return;
    collecting = true;
    loop.atTurnEnd(() => {
      collecting = false;
      role.flush();
    });
  }

  const engine = createEngine({
    model,
    board,
    loop,
    random: Math.random,
    tell(proxy, level, severity, text, shown = text) {
      role.log(proxy, level, text);
      flushSoon();
      if (!model.global.quiet) process.stderr.write(`${`[${severity}]`.padEnd(10)} (${pid}) : ${shown}\n`);
    },
    async leave(proxy, server, ends) {
      const answers = await role.ask({ task: "leaveServer", proxy, server, ends });
      return answers.reduce((sum, answer) => sum + Number(answer), 0);
    },
  });
  loop.start(engine.timers);
  return engine.stop;
}
