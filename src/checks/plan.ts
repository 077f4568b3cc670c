/** What is checked, from the model: each server with `check`, where it is connected to, how, and how long that may take. */
import type { ProxyEntities } from "../board/layout.ts";
import type { Model, Proxy, Server, SourceAddress } from "../config/haproxy/model.ts";
import type { Board } from "../board/board.ts";
import { type ConnectPlan, familyOf } from "../linux/connect.ts";
import { ipSockaddr, unixSockaddr } from "../linux/sockaddr.ts";
import { httpScript } from "./http_talk.ts";
import { connectScript, tcpScript } from "./tcp_talk.ts";
import type { Script } from "./talk.ts";

export interface Checked {
  proxy: Proxy;
  proxyIndex: number;
  entities: ProxyEntities;
  server: Server;
  index: number;
  entity: number;
  script: Script;
  plan: ConnectPlan;
  /** A connection that only shows that there is one is reset: nothing stays behind of it (haproxy does so). */
  resets: boolean;
  /** For the connection; from then on for an answer, null: what is left. */
  connectMs: number;
  answerMs: number | null;
}

export function planChecks(model: Model, board: Board): Checked[] {
  return model.proxies.flatMap((proxy, proxyIndex) => {
    if (proxy.disabled || !proxy.servers.some(({ check }) => check)) return [];
    const entities = board.layout.proxies[proxyIndex]!;
    const script = scriptOf(proxy);
    const { check, connect } = proxy.timeouts;
    return proxy.servers.flatMap((server, index): Checked[] =>
      !server.check ? [] : [{
        proxy,
        proxyIndex,
        entities,
        server,
        index,
        entity: entities.firstServer + index,
        script,
        plan: planOf(proxy, server),
        resets: proxy.healthChecks.kind === "connect",
        // configuration.txt, "timeout check": without it the interval is for all together.
        connectMs: check === null ? server.interMs : Math.min(server.interMs, connect ?? Infinity),
        answerMs: check,
      }]
    );
  });
}

function scriptOf({ healthChecks: { kind, http, tcp } }: Proxy): Script {
  return kind === "http" ? httpScript(http) : kind === "tcp" ? tcpScript(tcp) : connectScript();
}

function planOf(proxy: Proxy, server: Server): ConnectPlan {
  const bytes = addressOf(proxy, server);
  const { address } = server;
  const source = address.kind === "ip" || server.checkAddress !== null ? server.source ?? proxy.source : null;
  return {
    family: familyOf(bytes),
    address: bytes,
    source: source === null ? null : sourceOf(source),
    // Those of a range are the traffic's.
    sourcePorts: false,
    interface: source?.interface == null ? null : new TextEncoder().encode(`${source.interface}\0`),
    keepAlive: null,
    tfo: false,
    userTimeoutMs: 0,
    sndbuf: 0,
    rcvbuf: 0,
  };
}

const sourceOf = ({ host, family }: SourceAddress): Uint8Array => ipSockaddr(host, family, 0);

function addressOf({ healthChecks: { kind, tcp } }: Proxy, { address, checkAddress, checkPort }: Server): Uint8Array {
  if (checkAddress === null && address.kind === "unix") return unixSockaddr(address.path, false, false);
  if (checkAddress === null && address.kind === "abstract") return unixSockaddr(address.name, true, address.padded);
  const { host, family } = checkAddress ?? (address.kind === "ip" ? address : { host: "", family: 4 as const });
  const first = kind === "tcp" ? tcp[0] : undefined;
  const named = first?.kind === "connect" ? first.port : null;
  // A name without an address yet: what would be connected to is this machine, but for the port.
  if (host === "") return ipSockaddr("0.0.0.0", 4, 0);
  return ipSockaddr(host, family, named ?? (checkPort || (address.kind === "ip" ? address.port : 0)));
}
