/**
 * One xinetd service: a program started for each connection, with the connection as its stdin, stdout and stderr.
 *
 * On our own event loop: the accepted socket must belong to nobody else, because it is closed here without a word to the
 * client as soon as the program has it.
 */
import { getPriority, setPriority } from "node:os";
import type { XinetdService } from "../../config/xinetd/model.ts";
import { setKeepAlive } from "../../linux/connect.ts";
import { closeDescriptor } from "../../linux/descriptors.ts";
import { errnoName } from "../../linux/errors.ts";
import type { Loop } from "../../linux/loop.ts";
import { readSockaddr } from "../../linux/sockaddr.ts";
import { createPlaces } from "../limits.ts";
import type { Log } from "../log.ts";
import { type Failure, serviceLines } from "./lines.ts";

/** Connections taken before others have their turn. */
const AT_ONCE = 16;

export interface RunningService {
  /** Accepts nobody any more and ends the programs; resolves when the last has ended. */
  stop(): Promise<void>;
}

const FAILURES: Readonly<Record<"address" | "instances" | "per_source", Failure>> = {
  address: "address",
  instances: "service_limit",
  per_source: "per_source_limit",
};

export function runService(service: XinetdService, fd: number, loop: Loop, log: Log): RunningService {
  const places = createPlaces({
    onlyFrom: service.onlyFrom,
    noAccess: service.noAccess,
    instances: service.instances ?? Infinity,
    perSource: service.perSource ?? Infinity,
  });
  const lines = serviceLines(service, log);
  const tooFast = rateLimit(service.cps);
  const children = new Set<Bun.Subprocess>();
  const environment = environmentOf(service);

  const stopAccepting = loop.accept(fd, AT_ONCE, (connection, name, length) => {
    if (connection < 0) return log.client(`${service.id}: cannot accept: ${errnoName(-connection)}`);
    const peer = readSockaddr(name, length);
    const source = peer.kind === "ip" ? peer.host : "";
    const state = tooFast(loop.now);
    if (state !== "no") {
      if (state === "first") {
        log.warning(
          `${service.id}: more than ${service.cps.perSecond} connections per second: refuses for ${service.cps.waitSeconds} s`,
        );
      }
      lines.failed("connections per second", source);
      return closeDescriptor(connection);
    }
    const refused = places.take(source);
    if (refused !== null) {
      lines.failed(FAILURES[refused], source);
      return closeDescriptor(connection);
    }
    start(connection, source);
  });

  function start(connection: number, source: string): void {
    const began = performance.now();
    try {
      if (service.keepAlive) setKeepAlive(connection, { idleSec: 0, intervalSec: 0, count: 0 });
      const child = changed(service, () =>
        Bun.spawn({
          cmd: [service.server, ...service.argv.slice(1)],
          argv0: service.argv[0] ?? service.server,
          env: { ...environment, REMOTE_HOST: source },
          cwd: "/",
          // The runtime makes it one that waits in read and write, as programs expect of stdin and stdout.
          stdio: [connection, connection, connection],
          ...(root ? { uid: service.uid, gid: service.gid } : {}),
          onExit(ended, code, signal) {
            children.delete(ended);
            places.giveBack(source);
            lines.ended(ended.pid, source, { code, signal }, (performance.now() - began) / 1000);
          },
        }));
      children.add(child);
      if (!root && service.nice !== null) lowerPriority(child.pid, service.nice);
      lines.started(child.pid, source);
    } catch (error) {
      places.giveBack(source);
      log.client(`${service.id}: cannot start ${service.server}: ${(error as Error).message}`);
      lines.failed("fork", source);
    } finally {
      closeDescriptor(connection);
    }
  }

  function lowerPriority(pid: number, nice: number): void {
    try {
      setPriority(pid, nice);
    } catch (error) {
      log.client(`${service.id}: cannot set nice ${nice}: ${(error as Error).message}`);
    }
  }

  return {
    async stop() {
      stopAccepting();
      closeDescriptor(fd);
      const ends = [...children].map((child) => child.exited);
      for (const child of children) child.kill("SIGTERM");
      await Promise.all(ends);
    },
  };
}

/** Whether this connection comes too soon; "first": the one that begins the wait (xinetd.conf(5), cps). */
export function rateLimit(
  { perSecond, waitSeconds }: { perSecond: number; waitSeconds: number },
): (nowMs: number) => "no" | "first" | "yes" {
  let began = -Infinity;
  let count = 0;
  let until = -Infinity;
  return (nowMs) => {
    if (nowMs < until) return "yes";
    if (nowMs - began >= 1000) {
      began = nowMs;
      count = 0;
    }
    if (++count <= perSecond) return "no";
    until = nowMs + waitSeconds * 1000;
    return "first";
  };
}

function environmentOf({ env, passenv }: XinetdService): Record<string, string> {
  const passed = Object.entries(process.env).filter(([name]) => passenv === null || passenv.includes(name));
  return Object.fromEntries([...passed, ...env].filter((pair): pair is [string, string] => pair[1] !== undefined));
}

const root = process.getuid!() === 0;
const ownMask = process.umask();
/** What xinetd adds to its own mask. */
const OTHERS_MAY_NOT_WRITE = 0o022;

/** Mask and priority are inherited from us: changed for the moment of the start. Only root may take its priority back. */
function changed<T>({ umask, nice }: XinetdService, run: () => T): T {
  const oldMask = process.umask(umask ?? ownMask | OTHERS_MAY_NOT_WRITE);
  const oldNice = getPriority();
  if (root && nice !== null) setPriority(nice);
  try {
    return run();
  } finally {
    process.umask(oldMask);
    if (root && nice !== null) setPriority(oldNice);
  }
}
