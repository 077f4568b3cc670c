/** Limits that follow from others when the configuration does not name them: backlog, fullconn. */
import type { Model, Proxy } from "./model.ts";

/**
 * The connections at which a backend counts as full: as configured, else a tenth of what the frontends that name it may
 * bring (configuration.txt, "fullconn").
 */
export function fullconnOf(model: Model, maxconn: number): (proxy: Proxy) => number {
  let brought: Map<string, number> | null = null; // computed at the first backend without a limit of its own
  return (proxy) => {
    if (proxy.fullconn > 0) return proxy.fullconn;
    brought ??= connectionsBrought(model, maxconn);
    return Math.max(1, Math.ceil((brought.get(proxy.name) ?? 0) / 10));
  };
}

function connectionsBrought(model: Model, maxconn: number): Map<string, number> {
  const brought = new Map<string, number>();
  for (const proxy of model.proxies) {
    if (proxy.kind === "backend" || proxy.disabled) continue;
    const own = proxy.kind === "listen" ? proxy.name : null;
    const named = new Set(proxy.useBackends.filter((rule) => !rule.dynamic).map((rule) => rule.backend));
    const last = proxy.defaultBackend ?? own;
    if (last !== null) named.add(last);
    for (const name of named) brought.set(name, (brought.get(name) ?? 0) + (proxy.maxconn || maxconn));
  }
  return brought;
}

/** configuration.txt "backlog": the line's, the proxy's, the frontend's maxconn, the process's. */
export const backlogOf = (proxy: Proxy, own: number, maxconn: number): number =>
  own || proxy.backlog || proxy.maxconn || maxconn || 1024;
