/**
 * What the control role has this process do: each task is one function, whose answer is a text (board/boot.ts, Task).
 */
import { COUNTERS, COUNTERS_PER_ROW, PRESENT } from "../board/words.ts";
import { rowAt } from "../board/board.ts";
import type { Task } from "../board/boot.ts";
import type { Backend, Plane, Target } from "./plane.ts";
import type { Service } from "./service.ts";
import { sessionId, showSession } from "./session_list.ts";

type Tasks = { [Name in Task["task"]]: (task: Extract<Task, { task: Name }>) => string };

export function createTasks(plane: Plane, service: Service): (task: Task) => string {
  const target = ({ proxy, server }: { proxy: number; server: number }): Target | undefined =>
    plane.backends.find((backend: Backend) => backend.index === proxy)?.servers[server];

  /** In a list first: ending one may begin others. */
  function endSessions(of: Target, cause: "K" | "D"): void {
    const served = [...service.living()].filter((session) => session.target === of && session.holdsServer);
    for (const session of served) service.kill(session, cause);
  }

  const tasks: Tasks = {
    followFrontend({ proxy }) {
      const frontend = plane.frontends.find(({ index }) => index === proxy);
      if (frontend !== undefined) service.gates.follow(frontend);
      return "";
    },
    leaveServer(task) {
      const of = target(task);
      if (of === undefined) return "0";
      const left = service.leave(of);
      if (task.ends) endSessions(of, "D");
      return String(left);
    },
    endSessions(task) {
      const of = target(task);
      if (of !== undefined) endSessions(of, "K");
      return "";
    },
    endSession({ id }) {
      const found = [...service.living()].find((session) => sessionId(plane, session) === id);
      if (found === undefined) return "";
      service.kill(found, "K");
      return "1";
    },
    listSessions: () => [...service.living()].map((session) => showSession(plane, session)).join(""),
    clearCounters({ all }) {
      clearRows(plane, all);
      return "";
    },
  };
  return (task) => (tasks[task.task] as (task: Task) => string)(task);
}

/** The rows that this process alone writes; what it holds at present stays. */
function clearRows({ board, worker }: Plane, all: boolean): void {
  for (let entity = 0; entity < board.layout.entities; entity++) {
    const row = rowAt(board.layout, worker, entity);
    for (let column = 0; column < COUNTERS_PER_ROW; column++) {
      const [name, fold] = COUNTERS[column]!;
      if (!PRESENT.has(name) && (all || fold === "max")) board.rows[row + column] = 0;
    }
  }
}
