/**
 * The server or frontend that the words of a command name, by name or `#id`, or haproxy's words for why there is none.
 */
import { hasBackend, hasFrontend, type ProxyEntities } from "../board/layout.ts";
import type { Model, Proxy, Server } from "../config/haproxy/model.ts";
import type { RuntimeContext } from "./context.ts";

export interface ServerPlace {
  proxy: Proxy;
  /** Index in the model, and of the server in its proxy. */
  index: number;
  server: Server;
  number: number;
  entities: ProxyEntities;
  /** Of the server. */
  entity: number;
}

const isNamed = (word: string) => (one: { id: number; name: string }): boolean => {
  const byId = /^#([0-9]+)$/.exec(word);
  return byId === null ? one.name === word : one.id === Number(byId[1]);
};

/** `backend/server`; a text says why not. */
export function chosenServer({ model, board }: RuntimeContext, word: string | undefined): ServerPlace | string {
  const parts = /^([^/]+)\/(.+)$/.exec(word ?? "");
  if (parts === null) return "Require 'backend/server'.\n";
  const named = isNamed(parts[1]!);
  const index = model.proxies.findIndex((proxy) => hasBackend(proxy) && !proxy.disabled && named(proxy));
  if (index < 0) return "No such backend.\n";
  const proxy = model.proxies[index]!;
  const number = proxy.servers.findIndex(isNamed(parts[2]!));
  if (number < 0) return "No such server.\n";
  const entities = board.layout.proxies[index]!;
  return { proxy, index, server: proxy.servers[number]!, number, entities, entity: entities.firstServer + number };
}

/** Index of the frontend in the model; a text says why not. */
export function chosenFrontend(model: Model, word: string | undefined): number | string {
  if (word === undefined) return "A frontend name is expected.\n";
  const named = isNamed(word);
  const index = model.proxies.findIndex((proxy) => hasFrontend(proxy) && named(proxy));
  return index < 0 ? "No such frontend.\n" : index;
}

/** What atoi makes of a word. */
export const leadingNumber = (text: string): number => Number(/^\s*([+-]?[0-9]+)/.exec(text)?.[1] ?? 0);
