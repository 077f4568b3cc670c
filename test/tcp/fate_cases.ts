/**
 * The exchanges of fate.test.ts: each row is a frontend, a backend, what its servers do and what its clients do.
 * Every row has its own proxies and servers, so that all run at the same time.
 */
import { waitFor } from "../harness/conditions.ts";
import type { Peer } from "../harness/peer.ts";
import { type Behaviour, behaviours } from "../harness/servers.ts";

/** What stands behind a `server` line. */
export type Stand =
  | Behaviour
  /** Nothing listens on its port. */
  | "refuses"
  /** Listens, but its queue is full: connections hang. */
  | "full";

export interface Scene {
  /** Opens the next client connection; clients are numbered in this order. */
  connect(from?: string): Promise<Peer>;
  /** The connection of that number at that server. */
  server(name: string, index?: number): Promise<Peer>;
  /** Connections that server has seen. */
  seen(name: string): number;
  /** Resolves once the program tries to connect to that server, which has a full queue. */
  connecting(name: string): Promise<void>;
  /** Resolves once that many connections wait in the backend's queue, as the stats socket tells. */
  queued(count: number): Promise<void>;
  /** The same of the queue of the backend's only busy server. */
  queuedAtServer(count: number): Promise<void>;
  /** Resolves once the servers have had that many connections in all. */
  served(count: number): Promise<void>;
  /** Resolves once that many log lines of this frontend have come. */
  logged(count: number): Promise<void>;
}

export interface Case {
  name: string;
  /** Lines of the frontend and of the backend; null: the frontend has no default_backend. */
  frontend?: readonly string[];
  backend?: readonly string[] | null;
  servers?: Record<string, { is: Stand; options?: string; unix?: true }>;
  /** The frontend listens on a unix socket. */
  unixBind?: true;
  clients: (scene: Scene) => Promise<void>;
  /** The termination state of each client's log line, in the order of the clients; "": no line. */
  termination: readonly string[];
  /** A time of the last client's line that cannot be below so many ms. */
  atLeast?: { field: "queueMs" | "connectMs" | "totalMs"; ms: number };
  /** The frontend has a log-format of its own: lines are compared as they are. */
  ownFormat?: true;
  /** The order in which bytes and the end of a connection meet is not fixed: leave out what the server saw. */
  ignoreServerEnd?: true;
}

/** Sends, waits for `bytes` of answer, ends in the orderly way from this side. */
async function talk(peer: Peer, bytes: number): Promise<void> {
  peer.send("ping");
  await peer.untilBytes(bytes);
  peer.shutdown();
  await peer.untilEnded();
}

const echo = behaviours.echo();
const mute = behaviours.mute();
const one = (is: Stand, options = "") => ({ s1: { is, options } });
const named = (names: string[], options: Record<string, string> = {}) =>
  Object.fromEntries(names.map((name) => [name, { is: behaviours.saysFirst(name), options: options[name] ?? "" }]));

/** `count` clients one after the other, each gets a two-letter name from its server and leaves. */
const sequence = (count: number, from: readonly string[] = []) => async (scene: Scene) => {
  for (let i = 0; i < count; i++) {
    const client = await scene.connect(from[i]);
    await client.untilBytes(2);
    client.shutdown();
    await client.untilEnded();
    await scene.logged(i + 1); // the connection counts of the next line depend on this one having ended
  }
};
/** `count` clients at the same time, opened one by one, each after the one before reached its server. */
const together = (count: number) => async (scene: Scene) => {
  const clients: Peer[] = [];
  for (let i = 0; i < count; i++) {
    const client = await scene.connect();
    await client.untilBytes(2);
    clients.push(client);
  }
  for (const [i, client] of clients.entries()) {
    client.shutdown();
    await client.untilEnded();
    await scene.logged(i + 1);
  }
};

// All cases begin at once: a timeout that something has to come before is long enough for a machine that is busy.
export const CASES: readonly Case[] = [
  // ---- both sides behave
  {
    name: "client_ends_first",
    servers: one(echo),
    clients: async ({ connect }) => talk(await connect(), 4),
    termination: ["--"],
  },
  {
    name: "server_ends_first",
    servers: one(behaviours.answersAndCloses("answer")),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilEnded();
      client.close();
    },
    termination: ["--"],
  },
  {
    name: "server_speaks_first_and_ends",
    servers: one(behaviours.saysAndEnds("banner")),
    clients: async ({ connect }) => {
      const client = await connect();
      await client.untilEnded();
      client.close();
    },
    termination: ["--"],
  },
  {
    name: "client_sends_nothing",
    servers: one(echo),
    clients: async ({ connect, server }) => {
      const client = await connect();
      await server("s1");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["--"],
  },
  {
    name: "answer_after_half_close",
    servers: one(behaviours.scripted((peer) => {
      peer.onEnding = () => {
        peer.send("late answer");
        peer.shutdown();
      };
    })),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("question");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["--"],
  },
  {
    name: "client_speaks_after_server_half_close",
    servers: one(behaviours.scripted((peer) => {
      peer.send("hello");
      peer.shutdown();
    })),
    clients: async ({ connect, server }) => {
      const client = await connect();
      await client.untilEnded();
      client.send("still here");
      await (await server("s1")).untilBytes(10);
      client.shutdown();
    },
    termination: ["--"],
  },
  {
    name: "large_answer",
    servers: one(behaviours.answersAndCloses("x".repeat(300_000))),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilEnded();
      client.close();
    },
    termination: ["--"],
  },
  // ---- what is logged
  {
    name: "dontlognull",
    frontend: ["option dontlognull"],
    servers: one(echo),
    clients: async ({ connect, server }) => {
      const silent = await connect();
      await server("s1");
      silent.shutdown();
      await silent.untilEnded();
      await talk(await connect(), 4);
    },
    termination: ["", "--"],
  },
  {
    name: "dontlog_normal",
    frontend: ["option dontlog-normal"],
    servers: one(echo),
    clients: async ({ connect }) => {
      await talk(await connect(), 4);
      const rude = await connect();
      rude.send("ping");
      await rude.untilBytes(4);
      rude.reset();
    },
    termination: ["", "CD"],
  },
  {
    name: "logasap",
    frontend: ["option logasap"],
    servers: one(echo),
    clients: async ({ connect, logged }) => {
      const client = await connect();
      client.send("ping");
      await logged(1);
      await client.untilBytes(4);
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["--"],
  },
  {
    name: "own_log_format",
    frontend: [`log-format "%ft %b/%s %ts %U/%B %fc/%bc/%sc/%rc %sq/%bq"`],
    servers: one(echo),
    clients: async ({ connect }) => talk(await connect(), 4),
    termination: ["--"],
    ownFormat: true,
  },
  // ---- resets
  {
    name: "client_resets",
    servers: one(echo),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilBytes(4);
      client.reset();
    },
    termination: ["CD"],
  },
  {
    name: "client_resets_after_half_close",
    backend: ["timeout server 1500ms"], // a half-closed client is not listened to any more
    servers: one(mute),
    clients: async ({ connect, server }) => {
      const client = await connect();
      client.send("ping");
      client.shutdown();
      await (await server("s1")).untilEnded();
      client.reset();
    },
    termination: ["sD"],
  },
  {
    name: "server_resets_mid_stream",
    servers: one(behaviours.resetsOnSecond("half an ans")),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilBytes(11);
      client.send("pong");
      await client.untilEnded();
    },
    termination: ["SD"],
  },
  {
    name: "server_resets_on_request",
    servers: one(behaviours.resetsOnData()),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilEnded();
    },
    termination: ["SD"],
  },
  // ---- connecting
  {
    name: "refused",
    backend: ["retries 0"],
    servers: one("refuses"),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "refused_with_retries",
    backend: ["retries 2", "timeout connect 600ms"],
    servers: one("refuses"),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "refused_then_redispatched",
    backend: ["retries 1", "option redispatch", "timeout connect 600ms"],
    servers: { s1: { is: "refuses" }, s2: { is: behaviours.saysFirst("s2") } },
    clients: sequence(1),
    termination: ["--"],
  },
  {
    name: "refused_without_redispatch",
    backend: ["retries 1", "no option redispatch", "timeout connect 600ms"],
    servers: { s1: { is: "refuses" }, s2: { is: behaviours.saysFirst("s2") } },
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "redispatch_every_retry",
    backend: ["retries 3", "option redispatch 1", "timeout connect 600ms"],
    servers: { s1: { is: "refuses" }, s2: { is: "refuses" }, s3: { is: behaviours.saysFirst("s3") } },
    clients: sequence(1),
    termination: ["--"],
  },
  {
    name: "all_refuse_with_redispatch",
    backend: ["retries 2", "option redispatch", "timeout connect 600ms"],
    servers: { s1: { is: "refuses" }, s2: { is: "refuses" } },
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "connect_timeout",
    backend: ["retries 0", "timeout connect 200ms"],
    servers: one("full"),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["sC"],
    atLeast: { field: "totalMs", ms: 195 },
  },
  {
    name: "connect_timeout_with_retries",
    backend: ["retries 2", "timeout connect 150ms"],
    servers: one("full"),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["sC"],
    atLeast: { field: "totalMs", ms: 440 },
  },
  {
    name: "connect_timeout_then_redispatched",
    backend: ["retries 1", "option redispatch", "timeout connect 300ms"],
    servers: { s1: { is: "full" }, s2: { is: behaviours.saysFirst("s2") } },
    clients: sequence(1),
    termination: ["--"],
    atLeast: { field: "totalMs", ms: 295 },
  },
  {
    name: "client_resets_before_server_connected",
    backend: ["retries 0", "timeout connect 1s"],
    servers: one("full"),
    clients: async ({ connect, connecting }) => {
      const client = await connect();
      await connecting("s1");
      client.reset();
    },
    termination: ["CD"],
  },
  {
    name: "client_ends_before_server_connected",
    backend: ["retries 0", "timeout connect 1s", "no option abortonclose"],
    servers: one("full"),
    clients: async ({ connect, connecting }) => {
      const client = await connect();
      client.send("ping");
      await connecting("s1");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["sC"],
  },
  {
    name: "client_ends_before_server_connected_abortonclose",
    backend: ["retries 0", "timeout connect 1s", "option abortonclose"],
    servers: one("full"),
    clients: async ({ connect, connecting }) => {
      const client = await connect();
      client.send("ping");
      await connecting("s1");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["CC"],
  },
  {
    name: "silent_client_ends_before_server_connected",
    backend: ["retries 0", "timeout connect 1s"],
    servers: one("full"),
    clients: async ({ connect, connecting }) => {
      const client = await connect();
      await connecting("s1");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["CC"],
  },
  // ---- no server to go to
  {
    name: "no_server_in_backend",
    servers: {},
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "no_backend",
    backend: null,
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "only_server_disabled",
    servers: one(echo, "disabled"),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "only_server_weight_zero",
    servers: one(echo, "weight 0"),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "disabled_server_passed_over",
    servers: named(["s1", "s2"], { s1: "disabled" }),
    clients: sequence(2),
    termination: ["--", "--"],
  },
  // ---- timeouts
  {
    name: "client_timeout_before_data",
    frontend: ["timeout client 200ms"],
    servers: one(echo),
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["cD"],
    atLeast: { field: "totalMs", ms: 195 },
  },
  {
    name: "client_timeout_after_data",
    frontend: ["timeout client 1500ms"],
    servers: one(echo),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilBytes(4);
      await client.untilEnded();
    },
    termination: ["cD"],
    atLeast: { field: "totalMs", ms: 1_490 },
  },
  {
    name: "server_timeout_before_data",
    backend: ["timeout server 700ms"],
    servers: one(mute),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilEnded();
    },
    termination: ["sD"],
    atLeast: { field: "totalMs", ms: 690 },
  },
  {
    name: "server_timeout_after_data",
    backend: ["timeout server 1500ms"],
    servers: one(behaviours.answers("part")),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilBytes(4);
      await client.untilEnded();
    },
    termination: ["sD"],
    atLeast: { field: "totalMs", ms: 1_490 },
  },
  {
    name: "server_timeout_after_client_half_close",
    backend: ["timeout server 700ms"],
    servers: one(mute),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["sD"],
  },
  {
    name: "tunnel_timeout",
    backend: ["timeout tunnel 1500ms"],
    servers: one(echo),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilBytes(4);
      await client.untilEnded();
    },
    termination: ["cD"],
    atLeast: { field: "totalMs", ms: 1_490 },
  },
  {
    name: "tunnel_timeout_outlives_short_sides",
    frontend: ["timeout client 1s"],
    backend: ["timeout server 1s", "timeout tunnel 2500ms"],
    servers: one(echo),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilBytes(4);
      await client.untilEnded();
    },
    termination: ["cD"],
    atLeast: { field: "totalMs", ms: 2_490 },
  },
  {
    name: "server_fin_timeout_after_client_half_close",
    backend: ["timeout server-fin 700ms"],
    servers: one(mute),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      client.shutdown();
      await client.untilEnded();
    },
    termination: ["sD"],
    atLeast: { field: "totalMs", ms: 690 },
  },
  {
    name: "client_fin_timeout_after_server_half_close",
    frontend: ["timeout client-fin 700ms"],
    servers: one(behaviours.scripted((peer) => {
      peer.send("bye");
      peer.shutdown();
    })),
    clients: async ({ connect, server }) => {
      const client = await connect();
      await client.untilEnded();
      await (await server("s1")).untilEnded();
    },
    termination: ["cD"],
    atLeast: { field: "totalMs", ms: 690 },
  },
  // ---- limits and queues
  {
    name: "queue_timeout",
    backend: ["timeout queue 300ms"],
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      await second.untilEnded();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "sQ"],
    atLeast: { field: "queueMs", ms: 295 },
  },
  {
    name: "queue_timeout_falls_back_to_connect",
    backend: ["timeout connect 300ms", "timeout queue 0"],
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      await second.untilEnded();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "sQ"],
  },
  {
    name: "queued_then_served",
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: async ({ connect, logged, queued, seen }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      second.send("early");
      await queued(1);
      first.shutdown();
      await first.untilEnded();
      await logged(1);
      await waitFor(() => seen("s1") === 2, "the second connection to be served");
      await second.untilBytes(2);
      second.shutdown();
      await second.untilEnded();
    },
    termination: ["--", "--"],
  },
  {
    name: "client_resets_in_queue",
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: async ({ connect, logged, queued }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      second.send("early");
      await queued(1);
      second.reset();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "CD"],
  },
  {
    name: "client_ends_in_queue_abortonclose",
    backend: ["option abortonclose"],
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      second.send("early");
      second.shutdown();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "CQ"],
  },
  {
    name: "full_server_passed_over",
    backend: ["balance first"],
    servers: named(["s1", "s2"], { s1: "maxconn 1", s2: "maxconn 1" }),
    clients: together(2),
    termination: ["--", "--"],
  },
  {
    name: "frontend_maxconn",
    frontend: ["maxconn 1"],
    servers: one(behaviours.saysFirst("s1")),
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect(); // connected by the kernel, accepted by no one yet
      first.shutdown();
      await first.untilEnded();
      await logged(1);
      await second.untilBytes(2);
      second.shutdown();
      await second.untilEnded();
    },
    termination: ["--", "--"],
  },
  // ---- which server
  {
    name: "roundrobin",
    servers: named(["s1", "s2", "s3"]),
    clients: sequence(5),
    termination: ["--", "--", "--", "--", "--"],
  },
  {
    name: "roundrobin_weighted",
    servers: named(["s1", "s2"], { s1: "weight 3", s2: "weight 1" }),
    clients: sequence(8),
    termination: Array(8).fill("--"),
  },
  {
    name: "static_rr_weighted",
    backend: ["balance static-rr"],
    servers: named(["s1", "s2", "s3"], { s1: "weight 1", s2: "weight 2", s3: "weight 3" }),
    clients: sequence(6),
    termination: Array(6).fill("--"),
  },
  {
    name: "leastconn",
    backend: ["balance leastconn"],
    servers: named(["s1", "s2", "s3"]),
    clients: together(4),
    termination: Array(4).fill("--"),
  },
  {
    name: "leastconn_weighted",
    backend: ["balance leastconn"],
    servers: named(["s1", "s2"], { s1: "weight 1", s2: "weight 2" }),
    clients: together(6),
    termination: Array(6).fill("--"),
  },
  {
    name: "first",
    backend: ["balance first"],
    servers: named(["s1", "s2"]),
    clients: together(2),
    termination: ["--", "--"],
  },
  {
    name: "source",
    backend: ["balance source"],
    servers: named(["s1", "s2", "s3", "s4"]),
    clients: sequence(6, ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.9.8.7", "127.0.0.1", "127.200.1.1"]),
    termination: Array(6).fill("--"),
  },
  {
    name: "source_consistent",
    backend: ["balance source", "hash-type consistent"],
    servers: named(["s1", "s2", "s3", "s4"]),
    clients: sequence(6, ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.9.8.7", "127.0.0.1", "127.200.1.1"]),
    termination: Array(6).fill("--"),
  },
  {
    name: "source_djb2_avalanche",
    backend: ["balance source", "hash-type map-based djb2 avalanche"],
    servers: named(["s1", "s2", "s3", "s4"]),
    clients: sequence(5, ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.9.8.7", "127.200.1.1"]),
    termination: Array(5).fill("--"),
  },
  {
    name: "backup_idle_while_primary_serves",
    servers: named(["s1", "s2"], { s2: "backup" }),
    clients: sequence(2),
    termination: ["--", "--"],
  },
  {
    name: "first_backup_only",
    servers: named(["s1", "s2", "s3"], { s1: "disabled", s2: "backup", s3: "backup" }),
    clients: sequence(3),
    termination: ["--", "--", "--"],
  },
  {
    name: "all_backups",
    backend: ["option allbackups"],
    servers: named(["s1", "s2", "s3"], { s1: "disabled", s2: "backup", s3: "backup" }),
    clients: sequence(4),
    termination: ["--", "--", "--", "--"],
  },
  {
    name: "default_server_options",
    backend: ["default-server weight 2 disabled"],
    servers: named(["s1", "s2"], { s2: "enabled" }),
    clients: sequence(2),
    termination: ["--", "--"],
  },
  {
    name: "source_address_towards_server",
    servers: one(
      behaviours.scripted((peer) => {
        peer.send(peer.socket.remoteAddress);
        peer.onEnding = () => peer.shutdown();
      }),
      "source 127.0.0.77",
    ),
    clients: async ({ connect }) => talk(await connect(), 10),
    termination: ["--"],
  },
  {
    name: "nolinger_towards_the_client",
    frontend: ["option nolinger"],
    servers: one(behaviours.answersAndCloses("answer")),
    clients: async ({ connect }) => {
      const client = await connect();
      client.send("ping");
      await client.untilEnded();
      client.shutdown();
    },
    termination: ["--"],
  },
  // ---- queues of a server, limits that shrink, sources that run out
  {
    name: "hash_queues_at_its_server",
    backend: ["balance source"],
    servers: named(["s1", "s2"], { s1: "maxconn 1", s2: "maxconn 1" }),
    clients: async ({ connect, logged, queuedAtServer, served }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      await queuedAtServer(1);
      const third = await connect();
      await queuedAtServer(2);
      first.shutdown();
      await first.untilEnded();
      await second.untilBytes(2);
      await logged(1);
      second.shutdown();
      await third.untilBytes(2);
      await logged(2);
      third.shutdown();
      await third.untilEnded();
      await served(3);
    },
    termination: ["--", "--", "--"],
  },
  {
    name: "maxqueue_refuses",
    backend: ["balance source"],
    servers: one(behaviours.saysFirst("s1"), "maxconn 1 maxqueue 1"),
    clients: async ({ connect, logged, queuedAtServer }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      await queuedAtServer(1);
      const third = await connect();
      await third.untilEnded();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
      await second.untilBytes(2);
      await logged(2);
      second.shutdown();
      await second.untilEnded();
    },
    termination: ["--", "--", "SQ"],
  },
  {
    name: "maxqueue_leaves_the_backend_queue_alone",
    servers: one(behaviours.saysFirst("s1"), "maxconn 1 maxqueue 1"),
    clients: async ({ connect, logged, queued }) => {
      const clients: Peer[] = [];
      for (let i = 0; i < 4; i++) {
        clients.push(await connect());
        if (i === 0) await clients[0]!.untilBytes(2);
        else await queued(i);
      }
      for (const [i, client] of clients.entries()) {
        await client.untilBytes(2);
        client.shutdown();
        await client.untilEnded();
        await logged(i + 1);
      }
    },
    termination: ["--", "--", "--", "--"],
  },
  {
    name: "queue_timeout_at_its_server",
    backend: ["balance source", "timeout queue 300ms"],
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      second.send("early");
      await second.untilEnded();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "sQ"],
  },
  {
    name: "minconn_below_fullconn",
    backend: ["fullconn 10"],
    servers: one(behaviours.saysFirst("s1"), "minconn 1 maxconn 4"),
    clients: async ({ connect, logged, queued }) => {
      const clients: Peer[] = [];
      for (const waiting of [0, 1, 2, 3]) { // 4 x beconn / 10, and at least 1
        const client = await connect();
        clients.push(client);
        if (waiting === 0) await client.untilBytes(2);
        else await queued(waiting);
      }
      for (const [i, client] of clients.entries()) {
        await client.untilBytes(2);
        client.shutdown();
        await client.untilEnded();
        await logged(i + 1);
      }
    },
    termination: Array(4).fill("--"),
  },
  {
    name: "all_refuse_with_an_idle_backup",
    backend: ["retries 2", "option redispatch", "timeout connect 300ms"],
    servers: { s1: { is: "refuses" }, s2: { is: behaviours.saysFirst("s2"), options: "backup" } },
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "backups_refuse_with_redispatch",
    backend: ["retries 2", "option redispatch", "option allbackups", "timeout connect 300ms"],
    servers: { s1: { is: "refuses", options: "backup" }, s2: { is: "refuses", options: "backup" } },
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "hash_refused_then_redispatched",
    backend: ["balance source", "hash-type consistent", "retries 2", "option redispatch", "timeout connect 300ms"],
    servers: { s1: { is: "refuses" }, s2: { is: "refuses" } },
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "redispatched_to_a_full_server",
    backend: ["retries 1", "option redispatch", "timeout connect 300ms"],
    servers: {
      s1: { is: behaviours.saysFirst("s1"), options: "maxconn 1" },
      s2: { is: "refuses", options: "maxconn 1" },
    },
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      await second.untilEnded();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "SC"],
  },
  {
    name: "refused_while_others_wait",
    backend: ["retries 0"],
    servers: one("refuses", "maxconn 1"),
    clients: async ({ connect }) => {
      const clients = await Promise.all([connect(), connect(), connect()]);
      for (const client of clients) await client.untilEnded();
    },
    termination: ["SC", "SC", "SC"],
  },
  {
    name: "one_source_port_for_two",
    backend: ["retries 2"],
    servers: one(behaviours.saysFirst("s1"), "source 127.0.0.1:@PORT@-@PORT@"),
    clients: async ({ connect, logged }) => {
      const first = await connect();
      await first.untilBytes(2);
      const second = await connect();
      await second.untilEnded();
      await logged(1);
      first.shutdown();
      await first.untilEnded();
    },
    termination: ["--", "SC"],
  },
  {
    name: "random_single_server",
    backend: ["balance random(2)"],
    servers: one(behaviours.saysFirst("s1"), "maxconn 1"),
    clients: sequence(2),
    termination: ["--", "--"],
  },
  {
    name: "rate_limit_sessions",
    frontend: ["rate-limit sessions 2"],
    servers: one(behaviours.saysFirst("s1")),
    clients: sequence(5),
    termination: Array(5).fill("--"),
  },
  // ---- unix sockets on either side
  {
    name: "unix_server",
    servers: { s1: { is: echo, unix: true } },
    clients: async ({ connect }) => talk(await connect(), 4),
    termination: ["--"],
  },
  {
    name: "unix_server_refuses",
    backend: ["retries 2", "timeout connect 600ms"],
    servers: { s1: { is: "refuses", unix: true } },
    clients: async ({ connect }) => void await (await connect()).untilEnded(),
    termination: ["SC"],
  },
  {
    name: "unix_bind",
    unixBind: true,
    servers: one(echo),
    clients: async ({ connect }) => talk(await connect(), 4),
    termination: ["--"],
  },
];
