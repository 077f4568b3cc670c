/**
 * The stats socket on a listening descriptor: accepts up to the limit of connections and gives each its session.
 *
 * The descriptor stays its owner's. Accepting goes on with a duplicate of it, which is closed while the limit is
 * reached: who comes then waits in the kernel's queue.
 */
import type { Socket, TCPSocketListener, UnixSocketListener } from "bun";
import type { Bind } from "../config/haproxy/model.ts";
import { duplicate } from "../linux/descriptors.ts";
import { setBacklog } from "../linux/listen.ts";
import { type Connection, openConnection } from "./connection.ts";
import type { RuntimeContext } from "./context.ts";

/** How long a client may go on sending after its last answer before the connection is closed under it. */
const LINGER_MS = 1000;
/** Of a stats socket that names none. */
const DEFAULT_BACKLOG = 128;

/** The limit that all stats sockets share (`stats maxconn`). */
export interface Gate {
  max: number;
  open: number;
  /** Told when the limit is reached, and when there is room again. */
  sockets: Set<{ close(): void; reopen(): void }>;
}

export const createGate = (max: number): Gate => ({ max, open: 0, sockets: new Set() });

interface State {
  connection: Connection | null;
  timer: ReturnType<typeof setTimeout> | null;
  /** The client has ended its side; ours is ended. */
  ended: boolean;
  finished: boolean;
}

export function serveStatsSocket(
  fd: number,
  bind: Bind,
  context: RuntimeContext,
  gate: Gate = createGate(context.model.global.statsMaxconn),
): { stop(): void } {
  let listener: TCPSocketListener<State> | UnixSocketListener<State> | null = null;
  const member = {
    close(): void {
      listener?.stop(false);
      listener = null;
    },
    reopen(): void {
      listener ??= listen(duplicate(fd));
    },
  };

  function listen(own: number) {
    const options = {
      fd: own,
      allowHalfOpen: true,
      socket: {
        open(socket: Socket<State>) {
          if (++gate.open >= gate.max) { for (const other of gate.sockets) other.close(); }
          socket.data = accept(socket);
        },
        data(socket: Socket<State>, bytes: Buffer) {
          socket.data.connection?.received(bytes.toString("latin1"));
        },
        end(socket: Socket<State>) {
          socket.data.ended = true;
          if (socket.data.finished) socket.end();
          else socket.data.connection?.receivedEnd();
        },
        drain(socket: Socket<State>) {
          socket.data.connection?.writable();
        },
        close({ data: state }: Socket<State>) {
          if (state.timer !== null) clearTimeout(state.timer);
          state.connection = null;
          if (--gate.open < gate.max) { for (const other of gate.sockets) other.reopen(); }
        },
        error(socket: Socket<State>) {
          socket.terminate();
        },
        binaryType: "buffer" as const,
      },
    };
    // The types of Bun.listen do not know `fd`.
    const listener = Bun.listen<State>(options as unknown as Parameters<typeof Bun.listen<State>>[0]) as
      | TCPSocketListener<State>
      | UnixSocketListener<State>;
    // Adopting has set Bun's own backlog of 511.
    setBacklog(fd, bind.backlog || DEFAULT_BACKLOG);
    return listener;
  }

  function accept(socket: Socket<State>): State {
    const state: State = { connection: null, timer: null, ended: false, finished: false };
    const endAfter = (delayMs: number): void => {
      if (state.timer !== null) clearTimeout(state.timer);
      state.timer = delayMs === 0 ? null : setTimeout(() => socket.end(), delayMs);
    };
    const timeoutMs = context.model.global.statsTimeoutMs;
    state.connection = openConnection(
      {
        fd: (socket as unknown as { fd: number }).fd,
        write: (bytes) => socket.write(bytes),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        finish() {
          state.finished = true;
          if (state.ended) return void socket.end();
          // Closing with unread input would reset the connection and could cost the client its answer.
          socket.shutdown();
          socket.resume();
          endAfter(LINGER_MS);
        },
        restartTimer: endAfter,
      },
      {
        level: bind.level,
        mode: "once",
        timed: false,
        timeoutMs,
        quit: false,
        exposesListeners: bind.exposeFdListeners && bind.address.kind !== "ip",
        transfer: null,
      },
      context,
    );
    endAfter(timeoutMs);
    return state;
  }

  gate.sockets.add(member);
  if (gate.open < gate.max) member.reopen();
  return {
    stop() {
      gate.sockets.delete(member);
      member.close();
    },
  };
}
