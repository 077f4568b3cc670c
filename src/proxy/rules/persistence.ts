/**
 * Cookie persistence (configuration.txt, "cookie"): which server a request's cookie names, and the cookie the answer brings.
 *
 * This file holds what is known of one backend and of one exchange; the two directions are in persistence_request.ts and
 * persistence_response.ts. Both read and change message heads in place, through http1/edit.ts.
 */
import type { Persistence, Proxy } from "../../config/haproxy/model.ts";
import type { Head } from "../http1/head.ts";
import { dynamicValue } from "./persistence_dates.ts";
import { readRequest } from "./persistence_request.ts";
import { writeResponse } from "./persistence_response.ts";

/** What was found in an exchange; one per session, used again for each request. */
export interface Found {
  /** Index of the server that the cookie names and that can be used; -1: none. */
  server: number;
  /** Third and fourth letter of the termination state (configuration.txt 8.5); "-": the backend has no cookie. */
  request: "-" | "N" | "I" | "D" | "V" | "E" | "O" | "U";
  response: "-" | "N" | "I" | "U" | "P" | "R" | "D";
  /** Set before fromRequest: `use-server` has chosen, so that cookies are only looked at. */
  forced: boolean;
  /** Dates in the request's cookie, in the cookie's own units; 0: none. */
  lastDate: number;
  firstDate: number;
}

export const newFound = (): Found => ({
  server: -1,
  request: "-",
  response: "-",
  forced: false,
  lastDate: 0,
  firstDate: 0,
});

export function resetFound(found: Found): void {
  found.server = -1;
  found.request = "-";
  found.response = "-";
  found.forced = false;
  found.lastDate = 0;
  found.firstDate = 0;
}

/** The server that the cookie names cannot be reached and another one is tried: the log says D, not V. */
export function redispatched(found: Found): void {
  found.server = -1;
  if (found.request === "V") found.request = "D";
}

export interface Persist {
  /** The backend has been chosen: what ends the request from now on is logged with "NN", not "--". */
  begin(found: Found): void;
  /**
   * Finds the server, and takes the cookie out of the request where it is ours alone (`insert indirect`, `prefix`).
   *
   * @param usable is a server up? One that gets no new clients (weight 0) is
   * @return false: there was no room for the changed head
   */
  fromRequest(head: Head, found: Found, usable: (server: number) => boolean, nowSec: number): boolean;
  /**
   * Changes, takes out or adds cookies of the answer.
   *
   * @param server that has answered: another than found.server is one of a redispatch
   * @param method of the request, one of METHOD
   * @return false: there was no room for the changed head
   */
  toResponse(head: Head, found: Found, server: number, method: number, nowSec: number): boolean;
}

/** What is made of a `cookie` line at load. */
export interface Site {
  settings: Persistence;
  name: Uint8Array;
  /** Servers by cookie value; several may share one. */
  serversOf: Map<string, readonly number[]>;
  /** By server; null: it has no cookie. */
  values: readonly (string | null)[];
  /** `option persist`: a server is asked for even while it is down. */
  evenDown: boolean;
  /** What follows the value in an inserted cookie. */
  attributes: string;
  /** No byte of a message is changed. */
  readOnly: boolean;
}

/** Null: no `cookie` line. */
export function createPersistence(proxy: Proxy): Persist | null {
  const settings = proxy.cookie;
  if (settings === null) return null;
  const values = cookieValues(proxy);
  const serversOf = new Map<string, number[]>();
  values.forEach((value, server) => {
    if (value !== null) serversOf.set(value, [...(serversOf.get(value) ?? []), server]);
  });
  const site: Site = {
    settings,
    name: Buffer.from(settings.name, "latin1"),
    serversOf,
    values,
    evenDown: proxy.options.persist,
    attributes: attributesOf(settings),
    readOnly: settings.mode === "passive" && !settings.indirect,
  };
  if (site.readOnly) return createReader(site);
  const begin = (found: Found): void => {
    if (found.request === "-") found.request = "N";
    if (found.response === "-") found.response = "N";
  };
  return {
    begin,
    fromRequest(head, found, usable, nowSec) {
      begin(found);
      return readRequest(site, head, found, usable, nowSec);
    },
    toResponse: (head, found, server, method, nowSec) => writeResponse(site, head, found, server, method, nowSec),
  };
}

/** A name without `insert`, `rewrite`, `prefix` and `indirect`: the cookie leads to its server, and the log says nothing of it. */
function createReader(site: Site): Persist {
  return {
    begin() {},
    fromRequest(head, found, usable, nowSec) {
      const fits = readRequest(site, head, found, usable, nowSec);
      found.request = "-";
      return fits;
    },
    toResponse: () => true,
  };
}

/** A server's own word wins over a computed one. */
export function cookieValues({ cookie, servers }: Proxy): (string | null)[] {
  const key = cookie?.dynamicKey ?? null;
  return servers.map((server) => server.cookie ?? (key === null ? null : dynamicValue(key, server)));
}

function attributesOf({ domains, httponly, secure, attributes }: Persistence): string {
  const parts = ["path=/", ...domains.map((domain) => `domain=${domain}`)];
  if (httponly) parts.push("HttpOnly");
  if (secure) parts.push("Secure");
  return [...parts, ...attributes].map((part) => `; ${part}`).join("");
}
