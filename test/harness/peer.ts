/**
 * One end of a TCP connection as a test sees it: what arrived, how the other side ended, and a queue for what is sent.
 * Client and server ends of the tests are both made of it.
 */
import type { Socket, SocketHandler } from "bun";
import { waitFor } from "./conditions.ts";

/** How it ended: not yet, the other side's FIN, its RST, or closed by the test itself before either came. */
export type Ending = "open" | "fin" | "reset" | "closed here";

export interface Peer {
  readonly socket: Socket<Peer>;
  /** All bytes received, unless `keep` was set to false. */
  received(): string;
  bytes: number;
  keep: boolean;
  /** Set it to have received bytes hashed, for transfers too large to keep. */
  hasher: Bun.CryptoHasher | null;
  ending: Ending;
  /** Bytes the kernel has taken. */
  sent: number;
  /** Queues the bytes; latin1 for strings. */
  send(data: string | Uint8Array): void;
  /** Half-closes once everything queued has been sent. */
  shutdown(): void;
  /** Closes both directions in the orderly way; what is still queued is lost. */
  close(): void;
  /** Ends with RST. */
  reset(): void;
  untilBytes(count: number): Promise<void>;
  /** Resolves with how the other side ended. */
  untilEnded(): Promise<Ending>;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remotePort: number;
  /** Set by makers of peers; called after the state above was brought up to date. */
  onData: ((data: Buffer) => void) | null;
  onEnding: (() => void) | null;
}

const chunksOf = new WeakMap<Peer, Buffer[]>();
const queues = new WeakMap<Peer, { waiting: Uint8Array[]; fin: boolean }>();

/** Makes the peer of a socket just opened; `peerHandlers` does the rest. */
export function newPeer(socket: Socket<Peer>): Peer {
  const chunks: Buffer[] = [];
  const queue = { waiting: [] as Uint8Array[], fin: false };
  const peer: Peer = {
    socket,
    received: () => Buffer.concat(chunks).toString("latin1"),
    bytes: 0,
    keep: true,
    hasher: null,
    ending: "open",
    sent: 0,
    send(data) {
      queue.waiting.push(typeof data === "string" ? Buffer.from(data, "latin1") : data);
      if (queue.waiting.length === 1) flush(peer);
    },
    shutdown() {
      queue.fin = true;
      if (queue.waiting.length === 0) socket.shutdown();
    },
    close() {
      if (peer.ending === "open") peer.ending = "closed here";
      socket.end();
    },
    reset() {
      if (peer.ending === "open") peer.ending = "closed here";
      socket.terminate();
    },
    async untilBytes(count) {
      await waitFor(
        () => peer.bytes >= count,
        () => `${count} bytes; ${peer.bytes} came, the other side ${peer.ending}`,
      );
    },
    async untilEnded() {
      await waitFor(() => peer.ending !== "open", () => `an end of the connection after ${peer.bytes} bytes`);
      return peer.ending;
    },
    localAddress: socket.localAddress, // kept: a closed socket no longer knows
    localPort: socket.localPort,
    remotePort: socket.remotePort,
    onData: null,
    onEnding: null,
  };
  chunksOf.set(peer, chunks);
  queues.set(peer, queue);
  return peer;
}

function flush(peer: Peer): void {
  const queue = queues.get(peer);
  if (queue === undefined) return;
  const { waiting } = queue;
  while (waiting.length > 0) {
    const chunk = waiting[0] as Uint8Array;
    const written = peer.socket.write(chunk);
    if (written < 0) return;
    peer.sent += written;
    if (written < chunk.length) {
      waiting[0] = chunk.subarray(written);
      return; // drain calls again
    }
    waiting.shift();
  }
  if (queue.fin) peer.socket.shutdown();
}

function ended(peer: Peer, how: Ending): void {
  if (peer.ending !== "open") return;
  peer.ending = how;
  peer.onEnding?.();
}

/** The handlers of every socket of the tests; `data` holds the peer. */
export const peerHandlers: Omit<SocketHandler<Peer, "buffer">, "open"> = {
  binaryType: "buffer",
  data(socket, data) {
    const peer = socket.data;
    if (peer.keep) chunksOf.get(peer)?.push(data);
    peer.hasher?.update(data);
    peer.bytes += data.length;
    peer.onData?.(data);
  },
  drain(socket) {
    if (socket.data) flush(socket.data);
  },
  end(socket) {
    ended(socket.data, "fin");
  },
  close(socket, error) {
    if (socket.data) ended(socket.data, error ? "reset" : "fin");
  },
  error() {}, // a reset is told by close
};
