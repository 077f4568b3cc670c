/**
 * The proxy processes as the control role reaches them: a task goes to the supervisor, which passes it to all of them and brings
 * their answers.
 */
import type { Order, Report, Task } from "../board/boot.ts";

/** A supervisor that does not answer costs the answer, not the command. */
const PATIENCE_MS = 3_000;

export interface Proxies {
  ask(task: Task): Promise<string[]>;
  /** An order has come; true: it was an answer. */
  heard(order: Order): boolean;
}

export function createProxies(send: (report: Report) => void): Proxies {
  const open = new Map<number, (answers: string[]) => void>();
  let last = 0;

  function end(id: number, answers: string[]): void {
    const resolve = open.get(id);
    open.delete(id);
    resolve?.(answers);
  }

  return {
    ask(task) {
      const id = ++last;
      const { promise, resolve } = Promise.withResolvers<string[]>();
      const timer = setTimeout(() => end(id, []), PATIENCE_MS);
      open.set(id, (answers) => {
        clearTimeout(timer);
        resolve(answers);
      });
      send({ report: "ask", id, task });
      return promise;
    },
    heard(order) {
      if (order.order !== "done") return false;
      end(order.id, order.answers);
      return true;
    },
  };
}
