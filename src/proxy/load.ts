/**
 * Builds the plane of a proxy process from what it was booted with. Everything is compiled here, once: formats,
 * conditions, expressions, addresses; a later step only reads.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Board } from "../board/board.ts";
import type { Boot } from "../board/boot.ts";
import { cellOf } from "../board/cells.ts";
import { hasBackend, hasFrontend, PROCESS } from "../board/layout.ts";
import { COUNTER } from "../board/words.ts";
import { fromByteString } from "../config/byte_strings.ts";
import { fullconnOf } from "../config/haproxy/limits.ts";
import type { Model, Proxy, Server, SourceAddress } from "../config/haproxy/model.ts";
import { type ConnectPlan, familyOf, type KeepAlive } from "../linux/connect.ts";
import { aimUdp, openUdp, openUnixDatagram, sendDatagrams } from "../linux/datagram.ts";
import { setNonBlocking } from "../linux/descriptors.ts";
import { createLoop, type Loop } from "../linux/loop.ts";
import { createPipePool } from "../linux/pipes.ts";
import { addressBytes, ipSockaddr, unixSockaddr } from "../linux/sockaddr.ts";
import type { FormatHooks } from "../logs/format.ts";
import type { FormatContext } from "../logs/values.ts";
import { createProxyLogger } from "../logs/logger.ts";
import { newRecord, type RecordNeeds } from "../logs/record.ts";
import { createOutlets } from "../logs/targets.ts";
import { createBalancer } from "./balance/balancer.ts";
import { createMeters } from "../stats/meters.ts";
import { type Compilers, loadBackendHttp, loadFrontendHttp, loadUseServer, ruleSite } from "./http1/load.ts";
import { hashKey } from "./key.ts";
import type { Backend, BackendRule, Frontend, Listener, Plane, Target } from "./plane.ts";
import { createPortRing } from "./ports.ts";
import { newQueue } from "./queue.ts";
import { createSampleContext } from "./sample_context.ts";
import { compileAcls, compileCondition } from "./samples/conditions.ts";
import type { SampleContext } from "./samples/context.ts";
import { boardCounts } from "./samples/counts.ts";
import { asString, compileExpression } from "./samples/expression.ts";
import { namesOf } from "./samples/names.ts";
import { type Need, type Scope, scopeIn, type Setting } from "./samples/types.ts";
import { createWheel } from "./timers.ts";

const NONE_MS = Infinity;
const orNever = (ms: number | null): number => ms ?? NONE_MS;

export function loadPlane(boot: Boot, board: Board, worker: number, descriptors: ReadonlyMap<string, number[]>): Plane {
  const loop = createLoop();
  const { model } = boot;
  const process = cellOf(board, worker, PROCESS);
  const context = createSampleContext({
    model,
    counts: boardCounts(board, model, Date.now),
    hostname: boot.hostname,
    thread: worker,
    nowUs: () => Date.now() * 1000,
    random32: () => Math.floor(Math.random() * 2 ** 32),
    uuid: randomUUID,
    stopping: () => plane.stopping,
    isLocal: localAddresses(),
  });
  const plane: Plane = {
    model,
    board,
    worker,
    process,
    loop,
    pipes: createPipePool(pipesFor(boot.ulimitN)),
    wheel: createWheel(loop.now, () => {}),
    outlets: createOutlets({ aimUdp, openUdp, openUnixDatagram, sendDatagrams, setNonBlocking }, (lines) => {
      board.rows[process.row + COUNTER.failedLogs]! += lines;
    }, { soon: loop.atTurnEnd, later: (ms, run) => once(loop, ms, run) }),
    frontends: [],
    backends: [],
    record: newRecord(),
    sequence: 0,
    sessions: 0,
    queued: 0,
    stopping: false,
    crowded: false,
    samples: context,
    stats: {
      model,
      board,
      startedAtMs: boot.startedAtMs,
      pid: boot.pid,
      version: boot.version,
      releaseDate: boot.releaseDate,
      workers: boot.workers,
      maxconn: boot.maxconn,
      ulimitN: boot.ulimitN,
      memMaxMb: boot.memMaxMb,
      listenerCount: () => model.proxies.reduce((sum, { binds }) => sum + binds.length, 0),
      stopping: () => plane.stopping,
      now: Date.now,
      meters: createMeters(board),
    },
  };
  const backends = new Map<string, Backend>();
  const fullconn = fullconnOf(model, boot.maxconn);
  model.proxies.forEach((proxy, index) => {
    if (!hasBackend(proxy) || proxy.disabled) return;
    const backend = loadBackend(plane, boot, { ...proxy, fullconn: fullconn(proxy) }, index);
    plane.backends.push(backend);
    backends.set(proxy.name, backend);
  });
  model.proxies.forEach((proxy, index) => {
    if (hasFrontend(proxy) && !proxy.disabled) {
      plane.frontends.push(loadFrontend(plane, boot, proxy, index, backends, descriptors));
    }
  });
  return plane;
}

const MOST_PIPES = 256;

/** Pipes for bulk take two descriptors each: at most an eighth of what the process may open. */
export const pipesFor = (ulimitN: number): number => Math.min(MOST_PIPES, Math.floor(ulimitN / 16));

function once(loop: Loop, ms: number, run: () => void): () => void {
  const stop = loop.every(ms, () => {
    stop();
    run();
  });
  return stop;
}

function settingFor(model: Model, scope: Scope, index: number): Setting {
  return {
    scope,
    names: namesOf(model, index),
    environment: (name) => model.environment[name],
    readFile: readPatterns,
  };
}

/** A pattern file (`-f`), one char per byte. Read before the process changes its root. */
export function readPatterns(path: string): string | null {
  try {
    return readFileSync(fromByteString(path), "latin1");
  } catch {
    return null;
  }
}

function loadFrontend(
  plane: Plane,
  boot: Boot,
  proxy: Proxy,
  index: number,
  backends: ReadonlyMap<string, Backend>,
  descriptors: ReadonlyMap<string, number[]>,
): Frontend {
  const { board, worker, model } = plane;
  const entities = board.layout.proxies[index]!;
  const frontend: Frontend = {
    proxy,
    index,
    cell: cellOf(board, worker, entities.frontend),
    clientMs: orNever(proxy.timeouts.client),
    clientFinMs: orNever(proxy.timeouts.clientFin),
    keepAlive: keepAliveOf(proxy, "clitcpka"),
    logger: createProxyLogger(proxy.log, proxy.options, {
      pid: boot.pid,
      hostname: boot.hostname,
      sendHostname: model.global.logSendHostname,
      tag: model.global.logTag,
      outlets: plane.outlets,
      mode: proxy.mode,
      expression: logExpressions(plane, index, scopeIn(proxy.mode, "log")),
      idExpression: logExpressions(plane, index, proxy.mode === "http" ? "frontend http-request" : "log"),
    }),
    rules: [],
    http: null,
    defaultBackend: backends.get(proxy.defaultBackend ?? (proxy.kind === "listen" ? proxy.name : "")) ?? null,
    listeners: [],
  };
  const compilers = compilersOf(model, proxy, index);
  frontend.rules = loadRules(proxy, compilers, backends, plane.samples);
  if (proxy.mode === "http") {
    frontend.http = loadFrontendHttp(plane, frontend, ruleSite(plane, proxy, compilers, formatOf(boot)));
  }
  proxy.binds.forEach((bind, b) => {
    for (const fd of descriptors.get(`${index}/${b}`) ?? []) {
      const listener: Listener = {
        frontend,
        bind,
        index: b,
        cell: cellOf(board, worker, entities.firstListener + b),
        fd,
        close: null,
      };
      frontend.listeners.push(listener);
    }
  });
  return frontend;
}

function logExpressions(plane: Plane, index: number, scope: Scope): FormatHooks["expression"] {
  return (text) => {
    const compiled = compileExpression(text, "any", settingFor(plane.model, scope, index));
    if (!compiled.ok) return { error: compiled.message };
    const value = asString(compiled, "str");
    return { evaluate: () => value(plane.samples) ?? "", needs: NEEDS_OF[compiled.needs] ?? [] };
  };
}

/** What expressions take from what was kept of sockets and request that are gone when the line is written. */
const NEEDS_OF: Partial<Record<Need, readonly (keyof RecordNeeds)[]>> = {
  client: ["client", "local"],
  "request kept": ["requestLine"],
};

const formatOf = ({ hostname, pid }: Boot): FormatContext => ({ hostname, pid, lineCount: () => 0 });

function compilersOf(model: Model, proxy: Proxy, index: number): Compilers {
  const setting = settingFor(model, scopeIn(proxy.mode, "use_backend"), index);
  const { acls, problems } = compileAcls(proxy.acls, setting);
  const fatal = problems.find((problem) => problem.severity === "alert");
  if (fatal !== undefined) throw new Error(`Cannot use ACL "${fatal.acl.name}": ${fatal.message}`);
  return { acls, setting };
}

function loadRules(
  proxy: Proxy,
  { acls, setting: common }: Compilers,
  backends: ReadonlyMap<string, Backend>,
  context: SampleContext,
): BackendRule[] {
  const setting: Setting = { ...common, scope: scopeIn(proxy.mode, "use_backend") };
  return proxy.useBackends.map((rule): BackendRule => {
    const condition = rule.condition === null ? null : compileCondition(rule.condition, acls, setting);
    if (condition !== null && !condition.ok) {
      throw new Error(`Cannot use use_backend "${rule.backend}": ${condition.message}`);
    }
    const test = condition === null ? null : condition.test;
    if (!rule.dynamic) {
      const backend = backends.get(rule.backend) ?? null;
      return { test, choose: () => backend };
    }
    const name = dynamicName(rule.backend, setting);
    return { test, choose: () => backends.get(name(context)) ?? null };
  });
}

/** A backend's name as a format string: literal text and `%[expression]`. */
function dynamicName(text: string, setting: Setting): (context: SampleContext) => string {
  const parts = text.split(/(%\[[^\]]*\])/).map((part): (context: SampleContext) => string => {
    if (!part.startsWith("%[")) return () => part;
    const compiled = compileExpression(part.slice(2, -1), "any", setting);
    if (!compiled.ok) throw new Error(`Cannot use use_backend "${text}": ${compiled.message}`);
    const value = asString(compiled, "str");
    return (context) => value(context) ?? "";
  });
  return (context) => parts.map((part) => part(context)).join("");
}

function loadBackend(plane: Plane, boot: Boot, proxy: Proxy, index: number): Backend {
  const { board, worker } = plane;
  const entities = board.layout.proxies[index]!;
  const { timeouts } = proxy;
  const { workers } = boot;
  const connectMs = orNever(timeouts.connect);
  const backend: Backend = {
    proxy,
    index,
    cell: cellOf(board, worker, entities.backend),
    servers: [],
    balancer: createBalancer(proxy, board, entities),
    queue: newQueue(),
    connectMs,
    queueMs: timeouts.queue ?? connectMs,
    serverMs: orNever(timeouts.server),
    serverFinMs: orNever(timeouts.serverFin),
    tunnelMs: timeouts.tunnel,
    turnaroundMs: Math.min(1000, connectMs),
    fullconn: proxy.fullconn,
    roundRobinKind: ["roundrobin", "static-rr", "random"].includes(proxy.balance.kind),
    key: hashKey(proxy, settingFor(plane.model, scopeIn(proxy.mode, "balance"), index)),
    http: null,
    useServer: null,
  };
  backend.servers = proxy.servers.map((server, s): Target => {
    const { address } = server;
    // A unix socket has no address of ours to connect from.
    const source = address.kind === "ip" ? server.source ?? proxy.source : null;
    return {
      server,
      backend,
      index: s,
      cell: cellOf(board, worker, entities.firstServer + s),
      queue: newQueue(),
      plan: planOf(plane.model, proxy, server, source),
      portOffset: address.kind === "ip" && address.portMode === "map" ? address.portOffset : null,
      ports: source !== null && source.portLow > 0
        ? createPortRing(source.portLow, source.portHigh, worker, source.portLow === source.portHigh ? 1 : workers)
        : null,
      idle: [],
      instant: address.kind !== "ip" || isLoopback(address.host),
      inUse: 0,
      mostInUse: 0,
    };
  });
  const site = ruleSite(plane, proxy, compilersOf(plane.model, proxy, index), formatOf(boot));
  backend.useServer = loadUseServer(proxy, site);
  if (proxy.mode === "http") backend.http = loadBackendHttp(plane, backend, site);
  return backend;
}

function planOf({ global }: Model, proxy: Proxy, server: Server, source: SourceAddress | null): ConnectPlan {
  const { address } = server;
  const bytes = address.kind === "ip"
    ? ipSockaddr(address.host === "" ? "0.0.0.0" : address.host, address.family, address.port)
    : address.kind === "unix"
    ? unixSockaddr(address.path, false, false)
    : unixSockaddr(address.name, true, address.padded);
  return {
    family: familyOf(bytes),
    address: bytes,
    source: source === null ? null : ipSockaddr(source.host, source.family, source.portLow),
    sourcePorts: source !== null && source.portLow > 0,
    interface: source?.interface == null ? null : new TextEncoder().encode(`${source.interface}\0`),
    keepAlive: address.kind === "ip" ? keepAliveOf(proxy, "srvtcpka") : null,
    tfo: server.tfo,
    userTimeoutMs: server.tcpUserTimeoutMs,
    sndbuf: global.tune.sndbufServer,
    rcvbuf: global.tune.rcvbufServer,
  };
}

function keepAliveOf({ options }: Proxy, side: "clitcpka" | "srvtcpka"): KeepAlive | null {
  if (!options[side]) return null;
  return {
    idleSec: Math.ceil(options[`${side}IdleMs`] / 1000),
    intervalSec: Math.ceil(options[`${side}IntvlMs`] / 1000),
    count: options[`${side}Cnt`],
  };
}

const isLoopback = (host: string): boolean => host === "::1" || host.startsWith("127.");

/** The machine's addresses are looked up when the process starts. */
function localAddresses(): (address: Uint8Array) => boolean {
  const local = new Set<string>();
  for (const list of Object.values(networkInterfaces())) {
    for (const { address, family } of list ?? []) {
      local.add(addressBytes(address.split("%", 1)[0]!, family === "IPv4" ? 4 : 6).join("."));
    }
  }
  return (address) => (address.length === 4 && address[0] === 127) || local.has(address.join("."));
}
