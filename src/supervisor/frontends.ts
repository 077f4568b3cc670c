/**
 * The supervisor's part of `disable frontend`, `enable frontend` and `shutdown frontend`: the sockets stop listening, and listen again.
 *
 * They are not closed: a role that has to be started again inherits descriptors by number, and a socket that does not listen
 * leaves its address to others, as with SIGTTOU.
 */
import { type Board, wordAt } from "../board/board.ts";
import type { Task } from "../board/boot.ts";
import { WORD } from "../board/words.ts";
import { resumeListener, suspendListener } from "../linux/listen.ts";
import type { Opened } from "./listeners.ts";

/** Does what is to be done before the proxies have heard of a task; what is to be done when all have answered is returned. */
export function takeTask(task: Task, board: Board, opened: Opened): () => void {
  if (task.task !== "followFrontend") return () => {};
  const { frontend } = board.layout.proxies[task.proxy]!;
  const fds = new Set(opened.accepts.flat().filter(({ proxy }) => proxy === task.proxy).map(({ fd }) => fd));
  if (board.words[wordAt(frontend, WORD.admin)] === 0) {
    move(opened.resting, opened.backlogs, fds, (fd, backlog) => resumeListener(fd, backlog));
    return () => {};
  }
  // Only when nobody accepts on them any more.
  return () => move(opened.backlogs, opened.resting, fds, (fd) => suspendListener(fd));
}

function move(
  from: Map<number, number>,
  to: Map<number, number>,
  fds: ReadonlySet<number>,
  each: (fd: number, backlog: number) => void,
): void {
  for (const [fd, backlog] of [...from]) {
    if (!fds.has(fd)) continue;
    from.delete(fd);
    to.set(fd, backlog);
    each(fd, backlog);
  }
}
