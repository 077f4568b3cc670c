/**
 * What the commands of the stats socket may look at: the statistics' source, and what is this process's own.
 */
import type { ListenAddress } from "../config/haproxy/model.ts";
import type { Task } from "../board/boot.ts";
import type { StatsSource } from "../stats/source.ts";
import type { Events } from "./events.ts";

/** A listening descriptor that `_getsocks` may pass on. */
export interface PassedListener {
  fd: number;
  /** Network namespace by name; always the present one. */
  namespace: "";
  interface: string | null;
  address: ListenAddress;
}

export interface RuntimeContext extends StatsSource {
  events: Events;
  /** Has every proxy process do something; resolves with what they answered, those that did. */
  ask(task: Task): Promise<string[]>;
  listeners: readonly PassedListener[];
  environment: Readonly<Record<string, string | undefined>>;
}
