/** Checks of a table of servers through one program: its log lines per server, its columns, and what differs from run to run. */
import { join } from "node:path";
import { waitFor } from "../harness/conditions.ts";
import { type Running, start, temporaryDirectory } from "../harness/processes.ts";
import { startSyslog, type Syslog } from "../harness/syslog.ts";
import { stat } from "../process/lab.ts";
import { type Behaviour, openSite, type Site } from "./behaviours.ts";

export interface Case {
  name: string;
  behaviour: Behaviour;
  /** Lines of its backend. */
  lines?: readonly string[];
  /** Parameters of its server behind the address. */
  server?: string;
  /** Its state is settled when this holds of its row; by default once a check has ended. */
  settled?: (row: Record<string, string>) => boolean;
}

export interface Lab extends AsyncDisposable {
  running: Running;
  syslog: Syslog;
  site: Site;
  socket: string;
  stat(): Promise<Map<string, Record<string, string>>>;
  /** Lines about the proxy and its servers, with their levels, without what changes from run to run. */
  linesOf(proxy: string): string[];
}

export const normalized = (line: string): string =>
  line.replace(/^(<\d+>).*?\]: /, "$1").replace(/check duration: \d+ms/, "check duration: Nms").trim();

/** Often, with patience for answers (`timeout check`): a busy machine must not look like a slow server. */
export const COMMON = "check inter 300ms rise 2 fall 3";

export async function startLab(cases: readonly Case[], program?: string): Promise<Lab> {
  const site = openSite(cases.map(({ name, behaviour }) => ({ ...behaviour, name })));
  const syslog = await startSyslog();
  const socket = join(temporaryDirectory(), "stats.sock");
  const backends = cases.map(({ name, lines = [], server = COMMON }) =>
    [`backend ${name}`, ...lines, `server s 127.0.0.1:${site.ports.get(name)} ${server}`].join("\n  ")
  );
  const config = `global
  stats socket ${socket} level admin
  nbthread 1
  log 127.0.0.1:${syslog.port} local0
defaults
  log global
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout check 2s
${backends.join("\n")}
`;
  const options = program === undefined ? {} : { program };
  const running = await start(config, { ...options, ready: [socket] });
  return {
    running,
    syslog,
    site,
    socket,
    stat: () => stat(socket),
    linesOf: (proxy) =>
      syslog.lines.filter((line) => line.includes(` ${proxy}/s `) || line.includes(`backend ${proxy} `)).map(
        normalized,
      ),
    async [Symbol.asyncDispose]() {
      await running.stop().catch(() => running.kill());
      await syslog[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
    },
  };
}

const checkEnded = (row: Record<string, string>): boolean =>
  row["status"] === "MAINT" || !["INI", "* INI"].includes(row["check_status"] ?? "");

/** Waits until every case has come to rest: its own condition, and no line on its way. */
export async function settle(lab: Lab, cases: readonly Case[]): Promise<void> {
  let left: string[] = [];
  await waitFor(async () => {
    const rows = await lab.stat();
    left = cases.filter(({ name, settled = checkEnded }) => !settled(rows.get(`${name}/s`) ?? {})).map(({ name }) =>
      name
    );
    return left.length === 0;
  }, () => `checks of ${left.join(", ")} to settle`);
  // A change on the board comes before its line: each server that is down has its lines.
  await waitFor(async () => {
    for (const [key, row] of await lab.stat()) {
      if (!key.endsWith("/s") || row["chkdown"] === "0") continue;
      if (!lab.linesOf(row["pxname"]!).some((line) => line.includes("is DOWN"))) return false;
    }
    return true;
  }, "lines of the servers that are down");
}

const COLUMNS = ["status", "weight", "act", "bck", "chkfail", "chkdown", "check_status", "check_code"];
const MORE = ["last_chk", "check_desc", "check_rise", "check_fall", "check_health"];

/** What a row tells of checks, but for times. */
export const told = (row: Record<string, string>): Record<string, string> =>
  Object.fromEntries([...COLUMNS, ...MORE].map((name) => [name, row[name] ?? ""]));

/** Every row at a moment at which its check is not under way: haproxy forgets the text of the last one meanwhile. */
export async function rowsAtRest(lab: Lab): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  await waitFor(async () => {
    const rows = await lab.stat();
    for (const [key, row] of rows) if (!row["check_status"]!.startsWith("* ")) found.set(key, row);
    return found.size === rows.size;
  }, "a moment between two checks of each server");
  return found;
}
