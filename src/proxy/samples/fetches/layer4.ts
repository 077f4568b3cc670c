/**
 * Fetches of layer 4 (configuration.txt 7.3.3): addresses and ports of the client's connection, and the names and ids
 * of what serves it.
 */
import type { Proxy } from "../../../config/haproxy/model.ts";
import type { SampleContext } from "../context.ts";
import type { Evaluate, FetchRow, Need, SampleType, Value } from "../types.ts";

const row = (name: string, type: SampleType, needs: Need, evaluate: Evaluate): FetchRow => ({
  name,
  args: [],
  type,
  needs,
  evaluate: () => evaluate,
});

/** A value of the frontend's or backend's configuration; null in the model: none. */
const ofSide = (
  name: string,
  type: SampleType,
  side: "frontend" | "backend",
  read: (proxy: Proxy) => Value | null,
): FetchRow =>
  row(name, type, side, (context) => {
    const proxy = context.process.model.proxies[context[side]];
    return proxy === undefined ? undefined : read(proxy) ?? undefined;
  });

const source: Evaluate = (context) => context.clientAddress() ?? undefined;
const sourcePort: Evaluate = (context) => context.clientAddress() === null ? undefined : context.clientPort();
const destination: Evaluate = (context) => context.localAddress() ?? undefined;
const destinationPort: Evaluate = (context) => context.localAddress() === null ? undefined : context.localPort();
const isLocal = (context: SampleContext, address: Uint8Array | null) =>
  address === null ? undefined : context.process.isLocal(address);
const sourceIsLocal: Evaluate = (context) => isLocal(context, context.clientAddress());
const destinationIsLocal: Evaluate = (context) => isLocal(context, context.localAddress());

const listener = (context: SampleContext) => context.process.model.proxies[context.frontend]?.binds[context.listener];
const server = (context: SampleContext) => context.process.model.proxies[context.backend]?.servers[context.server];

export const LAYER4: readonly FetchRow[] = [
  ofSide("be_id", "int", "backend", (proxy) => proxy.id),
  ofSide("be_name", "str", "backend", (proxy) => proxy.name),
  ofSide("be_server_timeout", "int", "backend", (proxy) => proxy.timeouts.server ?? 0),
  ofSide("be_tunnel_timeout", "int", "backend", (proxy) => proxy.timeouts.tunnel ?? 0),
  row("dst", "addr", "client", destination),
  row("dst_conn", "int", "frontend", (context) => {
    const { frontend, listener } = context;
    return listener < 0 ? undefined : context.process.counts.listenerConnections(frontend, listener);
  }),
  row("dst_is_local", "bool", "client", destinationIsLocal),
  row("dst_port", "int", "client", destinationPort),
  // Those of the connection itself: no rule can change src and dst yet, so the two are one.
  row("fc_dst", "addr", "client", destination),
  row("fc_dst_is_local", "bool", "client", destinationIsLocal),
  row("fc_dst_port", "int", "client", destinationPort),
  row("fc_src", "addr", "client", source),
  row("fc_src_is_local", "bool", "client", sourceIsLocal),
  row("fc_src_port", "int", "client", sourcePort),
  ofSide("fe_client_timeout", "int", "frontend", (proxy) => proxy.timeouts.client ?? 0),
  ofSide("fe_defbe", "str", "frontend", (proxy) => proxy.defaultBackend),
  ofSide("fe_id", "int", "frontend", (proxy) => proxy.id),
  ofSide("fe_name", "str", "frontend", (proxy) => proxy.name),
  row("so_id", "int", "frontend", (context) => listener(context)?.id),
  row("so_name", "str", "frontend", (context) => listener(context)?.name ?? undefined),
  row("src", "addr", "client", source),
  row("src_is_local", "bool", "client", sourceIsLocal),
  row("src_port", "int", "client", sourcePort),
  row("srv_id", "int", "server", (context) => server(context)?.id),
  row("srv_name", "str", "server", (context) => server(context)?.name),
];
