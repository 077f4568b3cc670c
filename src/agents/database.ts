/**
 * One question to one database: a connection kept between askers, a time within which every asker has an answer.
 *
 * Askers that come while a question is under way share its answer: however many ask, the database sees one. What the
 * client library cannot bound (a server that has stopped inside a query) is given up with its connection.
 */
import type { SQL } from "bun";

export type Outcome<T> = { value: T } | { problem: string };

export interface Asker<T> {
  ask(): Promise<Outcome<T>>;
  close(): Promise<void>;
}

const LATE = Symbol("late");

/**
 * @param connect makes a client; nothing is connected before its first query
 * @param secret the password, which no text of ours may hold, whatever the database says
 */
export function createAsker<T>(
  connect: () => SQL,
  question: (sql: SQL) => Promise<T>,
  limitMs: number,
  secret: () => string,
): Asker<T> {
  let kept: SQL | null = null;
  let proven = false;
  let asking: Promise<Outcome<T>> | null = null;

  function drop(): void {
    const sql = kept;
    kept = null;
    proven = false;
    // Neither its success nor its failure changes anything: the connection is not ours any more.
    sql?.close({ timeout: 0 }).catch(() => {});
  }

  async function attempt(late: Promise<typeof LATE>): Promise<Outcome<T> | "again"> {
    const wasProven = proven;
    try {
      kept ??= connect();
      const got = await Promise.race([question(kept), late]);
      if (got !== LATE) {
        proven = true;
        return { value: got };
      }
      drop();
      return { problem: `no answer within ${limitMs} ms` };
    } catch (error) {
      drop();
      // The database was restarted between two questions, or the password was changed: that alone does not make it down.
      if (wasProven) return "again";
      return { problem: describe(error, secret()) };
    }
  }

  async function once(): Promise<Outcome<T>> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<typeof LATE>((resolve) => timer = setTimeout(() => resolve(LATE), limitMs));
    try {
      const first = await attempt(late);
      const last = first === "again" ? await attempt(late) : first;
      return last === "again" ? { problem: "the connection was lost twice" } : last;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    ask() {
      asking ??= once().finally(() => asking = null);
      return asking;
    },
    async close() {
      await asking;
      drop();
    },
  };
}

const LONGEST_REASON = 200;

function describe(error: unknown, secret: string): string {
  const { code, errno, message } = error as { code?: unknown; errno?: unknown; message?: unknown };
  const number = errno === undefined || errno === null ? "" : ` ${errno}`;
  const text = `${code ?? "error"}${number}: ${message ?? error}`;
  return (secret === "" ? text : text.replaceAll(secret, "***")).slice(0, LONGEST_REASON);
}
