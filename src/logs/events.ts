/**
 * What is logged of a proxy besides its sessions: haproxy's words, and the level they are written at.
 */
import { LEVEL } from "./syslog.ts";

export interface LogEvent {
  level: number;
  text: string;
}

export const frontendPaused = (name: string): LogEvent => ({
  level: LEVEL.warning,
  text: `Paused frontend ${name}.`,
});

export const frontendResumed = (name: string): LogEvent => ({
  level: LEVEL.warning,
  text: `Resumed frontend ${name}.`,
});

/** Connections since the start, as frontend and as backend. */
export const proxyStopped = (name: string, frontend: number, backend: number): LogEvent => ({
  level: LEVEL.warning,
  text: `Proxy ${name} stopped (cumulated conns: FE: ${frontend}, BE: ${backend}).`,
});
