/**
 * Commands that list back ends and their servers: show backend, show servers state, show servers conn.
 */
import type { Board } from "../board/board.ts";
import { hasBackend } from "../board/layout.ts";
import { ADMIN, WORD } from "../board/words.ts";
import type { Model, Proxy, Server, ServerAddress } from "../config/haproxy/model.ts";
import { serverPort } from "../stats/addresses.ts";
import { MAINTENANCE, readWord } from "../stats/rows.ts";
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
/** Bit of srv_check_state: paused by maintenance. */
const CHECK_PAUSED = 8;

/** The back ends meant by a name or `#id`; all of them without; null: no such. */
function chosenBackends(model: Model, word: string | undefined): Set<Proxy> | null {
  const backends = model.proxies.filter((proxy) => hasBackend(proxy) && !proxy.disabled);
  if (word === undefined) return new Set(backends);
  const byId = /^#([0-9]+)$/.exec(word);
  const found = backends.filter((proxy) => byId === null ? proxy.name === word : proxy.id === Number(byId[1]));
  return found.length === 0 ? null : new Set(found);
}

/** Runs `line` for each server; the answer is handed on in pieces. */
function perServer(header: string, line: (place: Place, context: Call["context"]) => string) {
  return ({ args, context }: Call): string | Iterable<string> => {
    const backends = chosenBackends(context.model, args[0]);
    return backends === null ? "Can't find backend.\n" : inPieces(lines(backends));

    function* lines(backends: Set<Proxy>): Generator<string> {
      yield header;
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

/** A server that the configuration disables is in forced maintenance too, as haproxy counts the reasons. */
function adminState(board: Board, entity: number): number {
  const admin = readWord(board, entity, WORD.admin);
  return (admin & ADMIN.configMaint) !== 0 ? admin | ADMIN.forcedMaint : admin;
}

function stateLine({ proxy, server, entity }: Place, context: Call["context"]): string {
  const { board } = context;
  const admin = adminState(board, entity);
  const inMaintenance = (admin & MAINTENANCE) !== 0;
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
    CHECK_INITIAL,
    0, // no result
    inMaintenance ? 0 : server.rise,
    (admin & ADMIN.configMaint) !== 0 ? CHECK_PAUSED : 0,
    0, // no agent
    0, // ids: whether they were given or assigned is not kept
    0,
    server.fqdn ?? "-",
    serverPort(server.address),
    "-",
    0, // no TLS
    0,
    "-",
    "-",
    0,
  ].join(" ") + "\n";
}

/** Idle connections are not kept: their columns are 0, and the purge delay is haproxy's default. */
const CONN_HEADER = "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb " +
  "idle_lim idle_cur idle_per_thr[1]\n";

function connLine({ proxy, server, entity }: Place, { board }: Call["context"]): string {
  const { id, name, address } = server;
  const used = readWord(board, entity, WORD.cur);
  const most = readWord(board, entity, WORD.max);
  const head = `${proxy.name}/${name} ${proxy.id}/${id} ${addressOf(address)} ${serverPort(address)}`;
  return `${head} - 5000 ${used} ${most} ${used} 0 0 -1 0 0\n`;
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
    run: perServer("1\n" + STATE_HEADER, stateLine),
  },
  {
    words: ["show", "servers", "conn"],
    level: "user",
    usage: "[<backend>]",
    description: "show the connections of the servers, of all back ends or of one",
    run: perServer(CONN_HEADER, connLine),
  },
];
