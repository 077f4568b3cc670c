/**
 * Commands that list back ends and their servers: show backend, show servers state, show servers conn.
 */
import { type Board, rowAt } from "../board/board.ts";
import { CHECK, readCheck } from "../board/check_cells.ts";
import { hasBackend } from "../board/layout.ts";
import { ADMIN, COUNTER, MAINTENANCE, WORD } from "../board/words.ts";
import type { Model, Proxy, Server, ServerAddress } from "../config/haproxy/model.ts";
import { serverPort } from "../stats/addresses.ts";
import { readWord } from "../stats/rows.ts";
import { inPieces } from "../stats/pieces.ts";
import type { Call, Command } from "./command.ts";

interface Place {
  proxy: Proxy;
  server: Server;
  entity: number;
}

const STATE_HEADER = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight " +
  "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state " +
  "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr " +
  "srv_agent_addr srv_agent_port\n";

/** Check status of a server that none has seen (haproxy's INI). */
const CHECK_INITIAL = 1;
/** Bits of srv_check_state: under way, configured, enabled, paused by maintenance. */
const CHECK_STATE = { running: 1, configured: 2, enabled: 4, paused: 8 };

/** srv_check_status, srv_check_result, srv_check_health, srv_check_state */
function checkColumns(board: Board, entity: number, server: Server, admin: number): number[] {
  const paused = (admin & MAINTENANCE) !== 0;
  if (!server.check) {
    const pausedFromStart = (admin & ADMIN.configMaint) !== 0;
    return [CHECK_INITIAL, 0, paused ? 0 : server.rise, pausedFromStart ? CHECK_STATE.paused : 0];
  }
  const running = readCheck(board, entity, CHECK.running) === 1 ? CHECK_STATE.running : 0;
  const state = CHECK_STATE.configured + CHECK_STATE.enabled + running + (paused ? CHECK_STATE.paused : 0);
  const cells = [CHECK.status, CHECK.result, CHECK.health].map((cell) => readCheck(board, entity, cell));
  return [...cells, state];
}

/** The back ends meant by a name or `#id`; all of them without; null: no such. */
function chosenBackends(model: Model, word: string | undefined): Set<Proxy> | null {
  const backends = model.proxies.filter((proxy) => hasBackend(proxy) && !proxy.disabled);
  if (word === undefined) return new Set(backends);
  const byId = /^#([0-9]+)$/.exec(word);
  const found = backends.filter((proxy) => byId === null ? proxy.name === word : proxy.id === Number(byId[1]));
  return found.length === 0 ? null : new Set(found);
}

/** Runs `line` for each server; the answer is handed on in pieces. */
function perServer(
  header: (context: Call["context"]) => string,
  line: (place: Place, context: Call["context"]) => string,
) {
  return ({ args, context }: Call): string | Iterable<string> => {
    const backends = chosenBackends(context.model, args[0]);
    return backends === null ? "Can't find backend.\n" : inPieces(lines(backends));

    function* lines(backends: Set<Proxy>): Generator<string> {
      yield header(context);
      for (const [p, proxy] of context.model.proxies.entries()) {
        if (!backends.has(proxy)) continue;
        const { firstServer } = context.board.layout.proxies[p]!;
        for (const [s, server] of proxy.servers.entries()) {
          yield line({ proxy, server, entity: firstServer + s }, context);
        }
      }
    }
  };
}

const addressOf = (address: ServerAddress): string => address.kind === "ip" && address.host !== "" ? address.host : "-";

function stateLine({ proxy, server, entity }: Place, context: Call["context"]): string {
  const { board } = context;
  const admin = readWord(board, entity, WORD.admin);
  const seconds = Math.floor((context.now() - board.madeAtMs) / 1000) - readWord(board, entity, WORD.stateSince);
  return [
    proxy.id,
    proxy.name,
    server.id,
    server.name,
    addressOf(server.address),
    readWord(board, entity, WORD.state),
    admin,
    readWord(board, entity, WORD.weight),
    server.weight,
    Math.max(0, seconds),
    ...checkColumns(board, entity, server, admin),
    0, // no agent
    0, // ids: whether they were given or assigned is not kept
    0,
    server.fqdn ?? "-",
    serverPort(server.address),
    "-",
    0, // no TLS
    server.checkPort,
    server.checkAddress?.host ?? "-",
    "-",
    0,
  ].join(" ") + "\n";
}

/** As many as are in use now are taken to be needed; kept connections are all of the safe kind. */
const CONN_HEADER = "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb " +
  "idle_lim idle_cur idle_per_thr";

function connLine({ proxy, server, entity }: Place, { board }: Call["context"]): string {
  const { layout, rows } = board;
  const { id, name, address } = server;
  const used = readWord(board, entity, WORD.cur);
  const most = readWord(board, entity, WORD.max);
  const head = `${proxy.name}/${name} ${proxy.id}/${id} ${addressOf(address)} ${serverPort(address)}`;
  const idle = Array.from(
    { length: layout.workers },
    (_, worker) => rows[rowAt(layout, worker, entity) + COUNTER.idle]!,
  );
  const all = idle.reduce((sum, count) => sum + count, 0);
  const kept = `${server.poolPurgeDelayMs} ${used} ${most} ${used} 0 ${all} ${server.poolMaxConn} ${all}`;
  return `${head} - ${kept} ${idle.join(" ")}\n`;
}

export const SERVER_COMMANDS: readonly Command[] = [
  {
    words: ["show", "backend"],
    level: "user",
    usage: "",
    description: "list the back ends",
    *run({ context }) {
      yield "# name\n";
      for (const proxy of chosenBackends(context.model, undefined)!) yield `${proxy.name}\n`;
    },
  },
  {
    words: ["show", "servers", "state"],
    level: "user",
    usage: "[<backend>]",
    description: "show the state of the servers, of all back ends or of one",
    run: perServer(() => "1\n" + STATE_HEADER, stateLine),
  },
  {
    words: ["show", "servers", "conn"],
    level: "user",
    usage: "[<backend>]",
    description: "show the connections of the servers, of all back ends or of one",
    run: perServer(({ workers }) => `${CONN_HEADER}[${workers}]\n`, connLine),
  },
];
