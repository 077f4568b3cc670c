/**
 * Looks up proxies and servers of a model by name, for the arguments of fetches.
 */
import { hasBackend, hasFrontend } from "../../board/layout.ts";
import type { Model } from "../../config/haproxy/model.ts";
import type { Names } from "./types.ts";

/** @param current index of the proxy in which the text stands; -1: in none */
export function namesOf(model: Model, current: number): Names {
  const { proxies } = model;
  const isSide = { frontend: hasFrontend, backend: hasBackend };
  const find = (side: "frontend" | "backend", name: string) =>
    proxies.findIndex((proxy) => proxy.name === name && isSide[side](proxy));
  return {
    current,
    proxyName: (index) => proxies[index]?.name ?? "",
    hasFrontend: (index) => proxies[index] !== undefined && hasFrontend(proxies[index]),
    hasBackend: (index) => proxies[index] !== undefined && hasBackend(proxies[index]),
    frontend: (name) => find("frontend", name),
    backend: (name) => find("backend", name),
    server: (backend, name) => proxies[backend]?.servers.findIndex((server) => server.name === name) ?? -1,
    all: (kind) => proxies.filter(isSide[kind]).map((proxy) => proxy.name),
  };
}
