/**
 * A session as samples see it (samples/context.ts): addresses are asked of the kernel when a sample asks for them, or taken
 * from what was kept for the log line.
 */
import { localName, peerAddress, SAVED_NAME, savedName, savePeerName } from "../linux/connect.ts";
import { addressBytes, type SocketName } from "../linux/sockaddr.ts";
import type { Plane } from "./plane.ts";
import type { ProcessContext, SampleContext } from "./samples/context.ts";
import type { Head } from "./http1/head.ts";
import { NAME, type Session } from "./session.ts";

const bytes = new Uint8Array(new ArrayBuffer(16));
const views = { 4: bytes.subarray(0, 4), 16: bytes };
const scratch = new Uint8Array(SAVED_NAME);

export interface CurrentSample extends SampleContext {
  session: Session | null;
  request: Head | null;
  response: Head | null;
}

/** One context per process: it is set to a session for the time of one evaluation. */
export function createSampleContext(process: ProcessContext): CurrentSample {
  const current = (): Session => context.session!;

  function client(): SocketName | null {
    const { client, names } = current();
    if (client.fd < 0) return names === null ? null : savedName(names, NAME.client);
    savePeerName(client.fd, scratch, 0);
    return savedName(scratch, 0);
  }
  function local(): SocketName | null {
    const { client, names } = current();
    if (client.fd < 0) return names === null ? null : savedName(names, NAME.local);
    return localName(client.fd);
  }
  const addressOf = (name: SocketName | null): Uint8Array | null =>
    name?.kind === "ip" ? addressBytes(name.host, name.family) : null;
  const portOf = (name: SocketName | null): number => name?.kind === "ip" ? name.port : 0;

  const context: CurrentSample = {
    session: null,
    request: null,
    response: null,
    process,
    clientAddress() {
      const { fd } = current().client;
      // The way of `balance source`, on the path of each connection: no string.
      if (fd < 0) return addressOf(client());
      const length = peerAddress(fd, bytes);
      return length === 4 || length === 16 ? views[length] : null;
    },
    clientPort: () => portOf(client()),
    localAddress: () => addressOf(local()),
    localPort: () => portOf(local()),
    get frontend() {
      return current().frontend!.index;
    },
    get listener() {
      return current().listener!.index;
    },
    get backend() {
      return (current().backend ?? current().frontend!).index;
    },
    get server() {
      return current().target?.index ?? -1;
    },
    get exchange() {
      return current().http;
    },
  };
  return context;
}

export function asSample(plane: Plane, session: Session): SampleContext {
  plane.samples.session = session;
  return plane.samples;
}
