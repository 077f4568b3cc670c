/**
 * How a successor gets the listening sockets (`-x SOCKET`, `-sf PID`): as descriptors, so that none is ever closed.
 *
 * Each running program offers them on an abstract socket named after its pid, to its own user and to root alone; a
 * program without one (haproxy) is followed over SO_REUSEPORT, or its stats socket with `-x`.
 */
import { closeDescriptor } from "../linux/descriptors.ts";
import {
  type FetchedListener,
  fetchListeners,
  type Offered,
  peerProcess,
  startTransfer,
  type Transfer,
} from "../linux/passing.ts";
import { interfaceOf } from "../linux/listen.ts";
import type { Pool } from "./listeners.ts";
import type { Complain } from "./roles.ts";

const nameOf = (pid: number): string => `appliance-handover-${pid}`;

/** Offers what the pool holds at the time of asking. Without the name, which anybody may take, there is no offer. */
export function offerListeners(pool: () => Pool, complain: Complain): { stop(): void } {
  try {
    return listen(() => [...pool().values()].flat().map((fd) => ({ fd, namespace: "", interface: interfaceOf(fd) })));
  } catch (error) {
    complain(`Cannot offer the listening sockets to a successor: ${(error as Error).message}`, "WARNING");
    return { stop() {} };
  }
}

function listen(offered: () => Offered[]): { stop(): void } {
  const listener = Bun.listen<{ transfer: Transfer | null }>({
    unix: `\0${nameOf(process.pid)}`,
    socket: {
      open(socket) {
        socket.data = { transfer: null };
        const { uid } = peerProcess((socket as unknown as { fd: number }).fd);
        if (uid !== 0 && uid !== process.getuid!()) socket.terminate();
      },
      // The first bytes ask (`_getsocks`), each further message acknowledges a batch.
      data(socket) {
        try {
          socket.data.transfer ??= startTransfer(offered());
          if (!socket.data.transfer.step((socket as unknown as { fd: number }).fd)) socket.end();
        } catch {
          socket.terminate(); // It asked and went away.
        }
      },
      error() {},
    },
  });
  return { stop: () => listener.stop(true) };
}

/** From the stats socket named by -x, else from the first of the old processes that offers them; [] when nobody does. */
export async function fetchFrom(socketsFrom: string | null, oldPids: readonly number[]): Promise<FetchedListener[]> {
  if (socketsFrom !== null) return await fetchListeners(socketsFrom);
  for (const pid of oldPids) {
    try {
      return await fetchListeners(`@${nameOf(pid)}`, pid);
    } catch {
      // Not one of ours, or gone: its addresses are bound beside it.
    }
  }
  return [];
}

export const discard = (fds: Iterable<number>): void => [...fds].forEach(closeDescriptor);
