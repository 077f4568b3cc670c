/**
 * What a proxy process knows: frontends, listeners, backends and servers as the data plane uses them, built once at load.
 *
 * All that can be decided from the configuration is decided here; on the path of a connection these are only read.
 */
import type { Board } from "../board/board.ts";
import type { Cell } from "../board/cells.ts";
import type { Bind, Model, Proxy, Server as ServerModel } from "../config/haproxy/model.ts";
import type { ConnectPlan, KeepAlive } from "../linux/connect.ts";
import type { Loop } from "../linux/loop.ts";
import type { PipePool } from "../linux/pipes.ts";
import type { ProxyLogger } from "../logs/logger.ts";
import type { SessionRecord } from "../logs/record.ts";
import type { Outlets } from "../logs/targets.ts";
import type { StatsSource } from "../stats/source.ts";
import type { Balancer } from "./balance/balancer.ts";
import type { PortRing } from "./ports.ts";
import type { AclTest } from "./samples/acl.ts";
import type { CurrentSample } from "./sample_context.ts";
import type { SampleContext } from "./samples/context.ts";
import type { Queue } from "./queue.ts";
import type { BackendHttp, FrontendHttp } from "./http1/site.ts";
import type { ServerLeg } from "./session.ts";
import type { Wheel } from "./timers.ts";

export interface Plane {
  model: Model;
  board: Board;
  /** Position of this process among the proxy processes, from 0. */
  worker: number;
  process: Cell;
  loop: Loop;
  pipes: PipePool;
  wheel: Wheel;
  outlets: Outlets;
  frontends: Frontend[];
  backends: Backend[];
  /** Filled anew for each log line. */
  record: SessionRecord;
  /** Sessions begun by this process, for %rt. */
  sequence: number;
  /** Sessions alive in this process. */
  sessions: number;
  /** Sessions waiting in a queue in this process. */
  queued: number;
  stopping: boolean;
  /** It holds more memory than -m leaves it, and accepts nobody until sessions have gone. */
  crowded: boolean;
  samples: CurrentSample;
  /** For the statistics page. */
  stats: StatsSource;
}

export interface Frontend {
  proxy: Proxy;
  /** Index in the model. */
  index: number;
  cell: Cell;
  /** ms; Infinity: none. */
  clientMs: number;
  clientFinMs: number;
  keepAlive: KeepAlive | null;
  logger: ProxyLogger;
  rules: BackendRule[];
  http: FrontendHttp | null;
  defaultBackend: Backend | null;
  listeners: Listener[];
}

/** A `use_backend` line. */
export interface BackendRule {
  test: AclTest | null;
  /** null: there is no backend of that name now. */
  choose: (context: SampleContext) => Backend | null;
}

export interface Listener {
  frontend: Frontend;
  bind: Bind;
  /** Position among the frontend's binds. */
  index: number;
  cell: Cell;
  fd: number;
  /** Stops accepting; null while it does not accept. */
  close: (() => void) | null;
}

export interface Backend {
  proxy: Proxy;
  index: number;
  cell: Cell;
  servers: Target[];
  balancer: Balancer;
  queue: Queue;
  /** ms; Infinity: none. */
  connectMs: number;
  queueMs: number;
  serverMs: number;
  serverFinMs: number;
  /** null: not set, so that client and server keep their own. */
  tunnelMs: number | null;
  /** Wait before the same server is tried again after a refusal. */
  turnaroundMs: number;
  fullconn: number;
  /** A failed connection may go to another server at once (configuration.txt "option redispatch"). */
  roundRobinKind: boolean;
  http: BackendHttp | null;
  /** Index of the server that a use-server rule names, -1 when none does; null: there are no such rules. */
  useServer: ((context: SampleContext) => number) | null;
  /** Key of the choice; null: the algorithm has none. */
  key: ((context: SampleContext) => number) | null;
}

/** A server as the data plane sees it. */
export interface Target {
  server: ServerModel;
  backend: Backend;
  index: number;
  cell: Cell;
  queue: Queue;
  plan: ConnectPlan;
  /** The port is the client's destination port plus this; null: it is in the plan. */
  portOffset: number | null;
  /** Source ports of our own; null: the kernel's. */
  ports: PortRing | null;
  /** Kept connections that nobody uses now (http1/pool.ts), those idle the longest first. */
  idle: ServerLeg[];
  /** It is on this machine: connections come about at once. */
  instant: boolean;
  /** Connections to it in use by this process, and the most of late. */
  inUse: number;
  mostInUse: number;
}
