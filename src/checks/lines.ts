/** The lines about checks and servers, word for word haproxy's. Pure. */
import { hasCode, type Result } from "../board/check_results.ts";

export interface Finding {
  result: Result;
  code: number;
  /** "": nothing to say. */
  info: string;
  durationMs: number;
}

/** ", reason: Layer7 wrong status, code: 404, info: "Not Found", check duration: 2ms" */
function reason({ result, code, info, durationMs }: Finding): string {
  const parts = [`, reason: ${result.text}`];
  if (hasCode(result.number)) parts.push(`code: ${code}`);
  if (info !== "") parts.push(`info: "${printable(info)}"`);
  if (durationMs >= 0) parts.push(`check duration: ${durationMs}ms`);
  return parts.join(", ");
}

/** What a server said ends neither the line nor the quotes. */
const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e]|"/g, (char) => `<${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}>`);

export interface Named {
  proxy: string;
  server: string;
  backup: boolean;
}

export function checkLine(
  { proxy, server, backup }: Named,
  finding: Finding,
  progress: string,
  state: "UP" | "DOWN" | "DRAIN",
): string {
  const { meaning } = finding.result;
  const how = meaning === "failed" ? "failed" : meaning === "conditional" ? "conditionally succeeded" : "succeeded";
  const who = `${backup ? "backup " : ""}server ${proxy}/${server}`;
  return `Health check for ${who} ${how}${reason(finding)}, status: ${progress} ${state}.`;
}

export interface Counts {
  active: number;
  backup: number;
  /** At the server. */
  sessions: number;
  queued: number;
  /** Sessions that left a queue. */
  requeued: number;
}

/** @param finding null where a line of its own has told it already (`option log-health-checks`) */
export function stateLine(
  { proxy, server, backup }: Named,
  change: "up" | "down" | "stopping",
  finding: Finding | null,
  counts: Counts,
): string {
  const words = { up: "UP", down: "DOWN", stopping: "stopping" }[change];
  const who = `${backup ? "Backup " : ""}Server ${proxy}/${server} is ${words}${
    finding === null ? "" : reason(finding)
  }.`;
  const servers = `${counts.active} active and ${counts.backup} backup servers ${
    change === "down" ? "left" : "online"
  }.`;
  const onBackup = counts.active === 0 && counts.backup > 0 ? " Running on backup." : "";
  const sessions = change === "down"
    ? `${counts.sessions} sessions active, ${counts.requeued} requeued, ${counts.queued} remaining in queue.`
    : `${counts.requeued} sessions requeued, ${counts.queued} total in queue.`;
  return `${who} ${servers}${onBackup} ${sessions}`;
}

/** On the terminal its name is quoted. */
export const backendDownLine = ({ kind, name }: { kind: string; name: string }, quote = ""): string =>
  `${kind === "listen" ? "proxy" : "backend"} ${quote}${name}${quote} has no server available!`;
