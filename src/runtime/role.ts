/** The control role: serves the stats sockets and checks servers. It sits in nobody's path: its death costs a command, no request. */
import { BOARD_FD, FIRST_LISTENER, type Order, readBoot, renumberLogs, type Report } from "../board/boot.ts";
import { startChecks } from "../checks/start.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import { becomeUser, detachOutput } from "../linux/identity.ts";
import { createContext, startStatsSocket } from "./control.ts";
import { createEvents } from "./events.ts";
import { createProxies } from "./proxies.ts";

export function runControl(): void {
  const { boot, board } = readBoot();
  closeDescriptor(BOARD_FD);
  let stopping = false;
  const { model } = boot;
  const sockets = boot.statsSockets.map((index, i) => ({
    fd: FIRST_LISTENER + i,
    bind: model.global.statsSockets[index]!,
  }));
  const listeners = boot.offered.map(({ proxy, bind }, i) => {
    const { address, interface: device } = model.proxies[proxy]!.binds[bind]!;
    return { fd: FIRST_LISTENER + sockets.length + i, namespace: "" as const, interface: device, address };
  });
  renumberLogs(boot, FIRST_LISTENER + sockets.length + listeners.length);
  const events = createEvents(boot, board);
  const tell = (report: Report): void => void process.send?.(report);
  const proxies = createProxies(tell);
  const context = createContext({
    ...boot,
    model,
    board,
    listeners,
    events,
    ask: proxies.ask,
    stopping: () => stopping,
  });
  becomeUser(model.global);
  const served = startStatsSocket(sockets, context);
  const stopChecks = startChecks(boot, board, { log: events.log, flush: events.flush, ask: proxies.ask });

  const report = (report: Exclude<Report["report"], "ask" | "did">): void => tell({ report });
  function exit(): void {
    events.flush();
    process.exit(0);
  }
  const orders: Record<Exclude<Order["order"], "do" | "done">, () => void> = {
    pause: () => report("paused"),
    resume: () => report("resumed"),
    drain() {
      stopping = true;
      served.stop();
      stopChecks();
      // Our copies alone would keep the addresses listening, with nobody to accept.
      context.listeners = [];
      for (const { fd } of listeners) closeDescriptor(fd);
      report("stopped");
      // What is being answered ends within a moment: nothing of ours lasts longer than a slow reader.
      setTimeout(exit, 200);
    },
    detach() {
      detachOutput();
      report("detached");
    },
    kill: exit,
  };
  process.on("message", (message: Order) => {
    if (message.order === "do" || proxies.heard(message)) return;
    if (message.order !== "done") orders[message.order]();
  });
  process.on("disconnect", () => {
    detachOutput();
    exit();
  });
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTTOU", "SIGTTIN"] as const) {
    process.on(signal, () => {});
  }
  report("ready");
}
