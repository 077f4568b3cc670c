/**
 * Raw TCP clients of the tests, from any source address, and a check of what curl says.
 */
import { newPeer, type Peer, peerHandlers } from "./peer.ts";

export interface Target {
  port?: number;
  host?: string;
  unix?: string;
  /** Source address; any of 127.0.0.0/8. */
  from?: string;
}

/** Resolves with the connected peer; rejects when refused. */
export async function connect(target: number | Target): Promise<Peer> {
  const to: Target = typeof target === "number" ? { port: target } : target;
  let peer: Peer | undefined;
  const socket = {
    ...peerHandlers,
    open(opened: Bun.Socket<Peer>) {
      opened.data = peer = newPeer(opened);
    },
  };
  if (to.unix !== undefined) await Bun.connect<Peer>({ unix: to.unix, allowHalfOpen: true, socket });
  else {
    await Bun.connect<Peer>({
      hostname: to.host ?? "127.0.0.1",
      port: to.port ?? 0,
      allowHalfOpen: true,
      socket,
      ...(to.from === undefined ? {} : { localAddress: to.from }), // honoured by Bun, absent from its types
    });
  }
  if (peer === undefined) throw new Error("The connection opened without an open event");
  return peer;
}

/** Sends, half-closes, and resolves with all that came back before the other side ended. */
export async function exchange(target: number | Target, data: string): Promise<string> {
  const peer = await connect(target);
  peer.send(data);
  peer.shutdown();
  await peer.untilEnded();
  const received = peer.received();
  peer.close();
  return received;
}

export interface CurlResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs curl with proxies of the environment out of the way. */
export async function curl(...args: string[]): Promise<CurlResult> {
  const child = Bun.spawn(["curl", "-sS", "--noproxy", "*", "--max-time", "15", ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
