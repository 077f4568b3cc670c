/**
 * A session made up for tests of samples: addresses, a small model, and counts that say who was asked.
 */
import type { Model, Proxy, Server } from "../src/config/haproxy/model.ts";
import { requestLine } from "../src/proxy/http1/edit.ts";
import { type Head, METHOD, newHead } from "../src/proxy/http1/head.ts";
import { PARSED, parseRequest, parseResponse } from "../src/proxy/http1/parse.ts";
import { parseIPv4, parseIPv6 } from "../src/proxy/samples/address.ts";
import type { Counts, Exchange, ProcessContext, SampleContext } from "../src/proxy/samples/context.ts";
import { namesOf } from "../src/proxy/samples/names.ts";
import type { Scope, Setting } from "../src/proxy/samples/types.ts";

const server = (name: string, id: number): Server => ({ name, id, weight: id * 10, maxconn: 0, maxqueue: 0 }) as Server;

function proxy(name: string, kind: Proxy["kind"], id: number, servers: Server[], defaultBackend: string | null): Proxy {
  const binds = kind === "backend" ? [] : [{ id: 7, name: "door" }, { id: 8, name: null }];
  const timeouts = { client: 30_000, server: 60_000, tunnel: null };
  return {
    name,
    kind,
    id,
    servers,
    binds,
    timeouts,
    defaultBackend,
    options: { allbackups: false },
  } as unknown as Proxy;
}

/** www (frontend, 2 listeners) → app (backend, s1 s2); all (listen, s3). Ids 2, 3, 4. */
export const MODEL = {
  proxies: [
    proxy("www", "frontend", 2, [], "app"),
    proxy("app", "backend", 3, [server("s1", 1), server("s2", 2)], null),
    proxy("all", "listen", 4, [server("s3", 3)], null),
  ],
} as unknown as Model;

/** Each number tells what was asked for: 100 × the question + 10 × the proxy + the server. */
const COUNTS: Counts = {
  processConnections: () => 5,
  frontendConnections: (p) => 100 + p * 10,
  frontendSessionRate: (p) => 200 + p * 10,
  frontendRequestRate: (p) => 300 + p * 10,
  listenerConnections: (p, l) => 400 + p * 10 + l,
  backendConnections: (p) => 500 + p * 10,
  backendSessionRate: (p) => 600 + p * 10,
  backendQueued: (p) => 700 + p * 10,
  usableServers: (p) => p, // app: 1, all: 2
  freeConnections: (p) => 800 + p * 10,
  freeSlots: () => -1,
  serverConnections: (p, s) => 900 + p * 10 + s,
  serverFreeConnections: (p, s) => 1000 + p * 10 + s,
  serverQueued: (p, s) => 1100 + p * 10 + s,
  serverSessionRate: (p, s) => 1200 + p * 10 + s,
  serverIsUp: (_p, s) => s === 1,
  serverWeight: (p, s) => 1300 + p * 10 + s,
};

export const PROCESS: ProcessContext = {
  model: MODEL,
  counts: COUNTS,
  hostname: "lb1",
  thread: 1,
  nowUs: () => 1_700_000_000_123_456,
  random32: () => 0x8000_0000,
  uuid: () => "00000000-0000-4000-8000-000000000000",
  stopping: () => false,
  isLocal: (address) => address[0] === 127,
};

export interface Session {
  client?: string | null;
  clientPort?: number;
  local?: string | null;
  localPort?: number;
  frontend?: number;
  listener?: number;
  backend?: number;
  server?: number;
  process?: Partial<ProcessContext>;
  /** Whole heads: with one of them it is a session in HTTP mode. */
  request?: string;
  response?: string;
  exchange?: Partial<Exchange>;
}

function headOf(text: string, kind: "request" | "response"): Head {
  const bytes = Buffer.from(text, "latin1");
  const head = newHead(1000, 4096);
  const parsed = kind === "request"
    ? parseRequest(head, bytes, 0, bytes.length, 1000)
    : parseResponse(head, bytes, 0, bytes.length, METHOD.GET, 1000);
  if (parsed !== PARSED.done) throw new Error(`Cannot parse ${JSON.stringify(text)}`);
  return head;
}

/** As it is when the answer's head has come, or the request's without one. */
function exchangeOf(request: Head | null, response: Head | null): Exchange {
  return {
    count: 1,
    method: request?.method ?? METHOD.other,
    minor: request?.minor ?? 1,
    requestLine: request === null ? "" : requestLine(request, 1024),
    status: response?.status ?? -1,
    requestCaptures: [],
    responseCaptures: [],
    uniqueId: "",
    body: request?.bytes ?? null,
    bodyAt: request?.end ?? 0,
    bodyEnd: request?.bytes.length ?? 0,
  };
}

const addressOf = (text: string | null) => text === null ? null : parseIPv4(text) ?? parseIPv6(text);

export function contextOf(session: Session = {}): SampleContext {
  const { client = "192.0.2.1", clientPort = 40_000, local = "127.0.0.1", localPort = 443 } = session;
  const [clientBytes, localBytes] = [addressOf(client), addressOf(local)];
  return {
    process: { ...PROCESS, ...session.process },
    clientAddress: () => clientBytes,
    clientPort: () => clientPort,
    localAddress: () => localBytes,
    localPort: () => localPort,
    frontend: session.frontend ?? 0,
    listener: session.listener ?? 0,
    backend: session.backend ?? 1,
    server: session.server ?? 0,
    ...messagesOf(session),
  };
}

function messagesOf(session: Session): Pick<SampleContext, "request" | "response" | "exchange"> {
  const request = session.request === undefined ? null : headOf(session.request, "request");
  const response = session.response === undefined ? null : headOf(session.response, "response");
  const http = request !== null || response !== null || session.exchange !== undefined;
  return { request, response, exchange: http ? { ...exchangeOf(request, response), ...session.exchange } : null };
}

/** As if the text stood in proxy `current` of the model. */
export function settingOf(scope: Scope = "log", current = 0, files: Record<string, string> = {}): Setting {
  return {
    scope,
    names: namesOf(MODEL, current),
    environment: (name) => name === "HOME" ? "/root" : undefined,
    readFile: (path) => files[path] ?? null,
  };
}
