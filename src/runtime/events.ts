/**
 * What happens to proxies and servers, as lines in the log of the proxy: the control role's own loggers, made when there is
 * something to say.
 */
import { type Board, rowAt } from "../board/board.ts";
import type { Boot } from "../board/boot.ts";
import { PROCESS } from "../board/layout.ts";
import { COUNTER } from "../board/words.ts";
import { aimUdp, openUdp, openUnixDatagram, sendDatagrams } from "../linux/datagram.ts";
import { setNonBlocking } from "../linux/descriptors.ts";
import { createProxyLogger, type ProxyLogger } from "../logs/logger.ts";
import { LEVEL } from "../logs/syslog.ts";
import { createOutlets } from "../logs/targets.ts";

export interface Events {
  /** @param proxy its index in the model @param level one of LEVEL (logs/syslog.ts) */
  log(proxy: number, level: number, text: string): void;
  /** The same, and on stderr, where haproxy has other words for some. */
  tell(proxy: number, level: number, text: string, shown?: string): void;
  /** Before the process ends. */
  flush(): void;
}

export const NO_EVENTS: Events = { log() {}, tell() {}, flush() {} };

export function createEvents(boot: Boot, board: Board): Events {
  const { model } = boot;
  const outlets = createOutlets({ aimUdp, openUdp, openUnixDatagram, sendDatagrams, setNonBlocking }, (lines) => {
    // Not a proxy's row: that of what was counted before.
    board.rows[rowAt(board.layout, board.layout.workers, PROCESS) + COUNTER.failedLogs]! += lines;
  });
  const loggers = new Map<number, ProxyLogger>();
  // Sockets are opened before the process changes its root and its user.
  for (const { log, disabled } of model.proxies) if (!disabled) { for (const { to } of log.targets) outlets.open(to); }

  function loggerOf(index: number): ProxyLogger {
    const known = loggers.get(index);
    if (known !== undefined) return known;
    const { log, options, mode } = model.proxies[index]!;
    // Events have no format: those of sessions, which may need the data plane's compilers, are left out.
    const settings = { ...log, format: null, errorFormat: null, sdFormat: null, uniqueIdFormat: null };
    const logger = createProxyLogger(settings, { ...options, tcplog: false, httplog: false, httplogClf: false }, {
      pid: boot.pid,
      hostname: boot.hostname,
      sendHostname: model.global.logSendHostname,
      tag: model.global.logTag,
      outlets,
      mode,
      expression: () => ({ error: "an event shows none" }),
    });
    loggers.set(index, logger);
    return logger;
  }

  const log: Events["log"] = (proxy, level, text) => loggerOf(proxy).logEvent(level, text);
  return {
    log,
    tell(proxy, level, text, shown = text) {
      log(proxy, level, text);
      // Rare, and there before the command is answered.
      outlets.flush();
      const severity = level === LEVEL.emerg ? "[ALERT]" : "[WARNING]";
      if (!model.global.quiet) process.stderr.write(`${severity.padEnd(10)} (${boot.pid}) : ${shown}\n`);
    },
    flush: outlets.flush,
  };
}
