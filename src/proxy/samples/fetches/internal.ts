/**
 * Fetches of internal state (configuration.txt 7.3.2): the clock, the process, and the present numbers of proxies and
 * servers, which are read from the board by whoever implements Counts.
 */
import { quote } from "../../../config/diagnostics.ts";
import type { Counts } from "../context.ts";
import { add, low32 } from "../integer.ts";
import { type Arg, type ArgSpec, badArgument, type FetchRow, type Int } from "../types.ts";

/** µs in one unit of `date(offset,unit)`. */
const UNITS = new Map([["", 1_000_000], ["s", 1_000_000], ["ms", 1000], ["us", 1]]);

const FRONTEND: readonly ArgSpec[] = [{ name: "frontend", type: "frontend", optional: true }];
const BACKEND: readonly ArgSpec[] = [{ name: "backend", type: "backend", optional: true }];
const SERVER: readonly ArgSpec[] = [{ name: "[backend/]server", type: "server" }];

const ofProxy = (name: string, args: readonly ArgSpec[], read: (counts: Counts, proxy: number) => Int): FetchRow => ({
  name,
  args,
  type: "int",
  needs: "internal",
  evaluate([arg]: readonly Arg[]) {
    const { proxy } = arg!;
    return (context) => read(context.process.counts, proxy);
  },
});

const ofServer = (
  name: string,
  type: "int" | "bool",
  read: (counts: Counts, proxy: number, server: number) => number | boolean,
): FetchRow => ({
  name,
  args: SERVER,
  type,
  needs: "internal",
  evaluate([arg]: readonly Arg[]) {
    const { proxy, server } = arg!;
    return (context) => read(context.process.counts, proxy, server);
  },
});

/** Without a usable server, twice the queue (configuration.txt, `avg_queue`). */
function averageQueue(counts: Counts, proxy: number): number {
  const queued = counts.backendQueued(proxy);
  const servers = counts.usableServers(proxy);
  return servers > 0 ? Math.ceil(queued / servers) : queued * 2;
}

export const INTERNAL: readonly FetchRow[] = [
  {
    name: "act_conn",
    args: [],
    type: "int",
    needs: "any",
    evaluate: () => (context) => context.process.counts.processConnections(),
  },
  ofProxy("avg_queue", BACKEND, averageQueue),
  ofProxy("be_conn", BACKEND, (counts, proxy) => counts.backendConnections(proxy)),
  ofProxy("be_conn_free", BACKEND, (counts, proxy) => counts.freeConnections(proxy)),
  ofProxy("be_sess_rate", BACKEND, (counts, proxy) => counts.backendSessionRate(proxy)),
  ofProxy("connslots", BACKEND, (counts, proxy) => counts.freeSlots(proxy)),
  {
    name: "date",
    args: [{ name: "offset", type: "integer", optional: true }, { name: "unit", type: "string", optional: true }],
    type: "int",
    needs: "any",
    evaluate([offset, unit]: readonly Arg[]) {
      const perUnit = UNITS.get(unit!.text);
      if (perUnit === undefined) return badArgument(1, `Unknown unit ${quote(unit!.text)}: expected s, ms or us`);
      const shift = offset!.int;
      return (context) => add(Math.floor(context.process.nowUs() / perUnit), shift);
    },
  },
  {
    name: "date_us",
    args: [],
    type: "int",
    needs: "any",
    evaluate: () => (context) => context.process.nowUs() % 1_000_000,
  },
  ofProxy("fe_conn", FRONTEND, (counts, proxy) => counts.frontendConnections(proxy)),
  ofProxy("fe_req_rate", FRONTEND, (counts, proxy) => counts.frontendRequestRate(proxy)),
  ofProxy("fe_sess_rate", FRONTEND, (counts, proxy) => counts.frontendSessionRate(proxy)),
  { name: "hostname", args: [], type: "str", needs: "any", evaluate: () => (context) => context.process.hostname },
  ofProxy("nbsrv", BACKEND, (counts, proxy) => counts.usableServers(proxy)),
  // 0 as long as no rule can set them (set-priority-class, set-priority-offset).
  { name: "prio_class", args: [], type: "int", needs: "internal", evaluate: () => () => 0 },
  { name: "prio_offset", args: [], type: "int", needs: "internal", evaluate: () => () => 0 },
  ofProxy("queue", BACKEND, (counts, proxy) => counts.backendQueued(proxy)),
  {
    name: "rand",
    args: [{ name: "range", type: "integer", optional: true }],
    type: "int",
    needs: "any",
    evaluate([range]: readonly Arg[]) {
      const span = range!.given ? low32(range!.int) : 2 ** 32;
      return (context) => Math.floor((context.process.random32() / 2 ** 32) * span);
    },
  },
  ofServer("srv_conn", "int", (counts, proxy, server) => counts.serverConnections(proxy, server)),
  ofServer("srv_conn_free", "int", (counts, proxy, server) => counts.serverFreeConnections(proxy, server)),
  ofServer("srv_is_up", "bool", (counts, proxy, server) => counts.serverIsUp(proxy, server)),
  {
    name: "srv_iweight",
    args: SERVER,
    type: "int",
    needs: "internal",
    evaluate([arg]: readonly Arg[]) {
      const { proxy, server } = arg!;
      return (context) => context.process.model.proxies[proxy]?.servers[server]?.weight;
    },
  },
  ofServer("srv_queue", "int", (counts, proxy, server) => counts.serverQueued(proxy, server)),
  ofServer("srv_sess_rate", "int", (counts, proxy, server) => counts.serverSessionRate(proxy, server)),
  // The weight a user sees and the one in force part with `slowstart` alone.
  ofServer("srv_uweight", "int", (counts, proxy, server) => counts.serverWeight(proxy, server)),
  ofServer("srv_weight", "int", (counts, proxy, server) => counts.serverWeight(proxy, server)),
  {
    name: "stopping",
    args: [],
    type: "bool",
    needs: "internal",
    evaluate: () => (context) => context.process.stopping(),
  },
  { name: "thread", args: [], type: "int", needs: "any", evaluate: () => (context) => context.process.thread },
  {
    name: "uuid",
    args: [{ name: "version", type: "integer", optional: true }],
    type: "str",
    needs: "any",
    evaluate([version]: readonly Arg[]) {
      if (version!.given && version!.int !== 4) return badArgument(0, `Cannot use ${quote(version!.text)}: expected 4`);
      return (context) => context.process.uuid();
    },
  },
];
