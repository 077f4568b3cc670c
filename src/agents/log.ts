/**
 * The lines an agent writes on stderr, where systemd and the shell look: what it serves, what has changed, who was refused.
 *
 * A client can cause lines; so what clients cause is limited per second, and the rest counted.
 */
import { visible } from "../config/diagnostics.ts";

export interface Log {
  notice(text: string): void;
  warning(text: string): void;
  alert(text: string): void;
  /** About something a client did. */
  client(text: string): void;
}

const PER_SECOND = 20;

/** @param write takes whole lines; @param nowMs a clock that does not jump */
export function createLog(write: (line: string) => void, nowMs: () => number): Log {
  let second = -1;
  let shown = 0;
  let left = 0;
  const line = (level: string, text: string): void => write(`${level.padEnd(11)}(${process.pid}) : ${visible(text)}\n`);
  return {
    notice: (text) => line("[NOTICE]", text),
    warning: (text) => line("[WARNING]", text),
    alert: (text) => line("[ALERT]", text),
    client(text) {
      const now = Math.floor(nowMs() / 1000);
      if (now !== second) {
        if (left > 0) line("[WARNING]", `${left} more lines about clients were left out`);
        second = now;
        shown = 0;
        left = 0;
      }
      if (shown < PER_SECOND) line("[NOTICE]", text);
      else left++;
      shown++;
    },
  };
}
