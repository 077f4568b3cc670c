/** The control role: serves the stats sockets. It sits in nobody's path: its death costs a command, no request. */
import { BOARD_FD, FIRST_LISTENER, type Order, readBoot, type Report } from "../board/boot.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import { becomeUser, detachOutput } from "../linux/identity.ts";
import { createContext, startStatsSocket } from "./control.ts";

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
  const context = createContext({ ...boot, model, board, listeners, stopping: () => stopping });
  becomeUser(model.global);
  const served = startStatsSocket(sockets, context);

  const report = (report: Report["report"]): void => void process.send?.({ report } satisfies Report);
  const orders: Record<Order["order"], () => void> = {
    pause: () => report("paused"),
    resume: () => report("resumed"),
    drain() {
      stopping = true;
      served.stop();
      // Our copies alone would keep the addresses listening, with nobody to accept.
      context.listeners = [];
      for (const { fd } of listeners) closeDescriptor(fd);
      report("stopped");
      // What is being answered ends within a moment: nothing of ours lasts longer than a slow reader.
      setTimeout(() => process.exit(0), 200);
    },
    detach() {
      detachOutput();
      report("detached");
    },
    kill: () => process.exit(0),
  };
  process.on("message", (message: Order) => orders[message.order]());
  process.on("disconnect", () => {
    detachOutput();
    process.exit(0);
  });
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTTOU", "SIGTTIN"] as const) {
    process.on(signal, () => {});
  }
  report("ready");
}
