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
  peerUser,
  startTransfer,
  type Transfer,
} from "../linux/passing.ts";

const nameOf = (pid: number): string => `appliance-handover-${pid}`;

/** Offers what `offered` returns at the time of asking. */
export function offerListeners(offered: () => Offered[]): { stop(): void } {
  const listener = Bun.listen<{ transfer: Transfer | null }>({
    unix: `\0${nameOf(process.pid)}`,
    socket: {
      open(socket) {
        socket.data = { transfer: null };
        const user = peerUser((socket as unknown as { fd: number }).fd);
        if (user !== 0 && user !== process.getuid!()) socket.terminate();
      },
      // The first bytes ask (`_getsocks`), each further message acknowledges a batch.
      data(socket) {
        socket.data.transfer ??= startTransfer(offered());
        if (!socket.data.transfer.step((socket as unknown as { fd: number }).fd)) socket.end();
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
      return await fetchListeners(`@${nameOf(pid)}`);
    } catch {
      // Not one of ours, or gone: its addresses are bound beside it.
    }
  }
  return [];
}

export const discard = (fds: Iterable<number>): void => [...fds].forEach(closeDescriptor);
