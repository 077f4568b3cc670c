/** A session as samples see it (samples/context.ts): addresses are asked of the kernel when a sample asks for them. */
import { localName, peerAddress } from "../linux/connect.ts";
import { addressBytes } from "../linux/sockaddr.ts";
import { peerName } from "../linux/connect.ts";
import { fdOf } from "./finish.ts";
import type { Plane } from "./plane.ts";
import type { ProcessContext, SampleContext } from "./samples/context.ts";
import type { Leg, Session } from "./session.ts";

const bytes = new Uint8Array(new ArrayBuffer(16));
const views = { 4: bytes.subarray(0, 4), 16: bytes };

interface Current extends SampleContext {
  session: Session | null;
}

/** One context per process: it is set to a session for the time of one evaluation. */
export function createSampleContext(process: ProcessContext): Current {
  const current = (): Session => context.session!;
  const leg = (): Leg | null => current().client;
  const context: Current = {
    session: null,
    process,
    clientAddress() {
      const client = leg();
      const length = client === null ? 0 : peerAddress(fdOf(client), bytes);
      return length === 4 || length === 16 ? views[length] : null;
    },
    clientPort() {
      const client = leg();
      const name = client === null ? null : peerName(fdOf(client));
      return name?.kind === "ip" ? name.port : 0;
    },
    localAddress() {
      const client = leg();
      const name = client === null ? null : localName(fdOf(client));
      return name?.kind === "ip" ? addressBytes(name.host, name.family) : null;
    },
    localPort() {
      const client = leg();
      const name = client === null ? null : localName(fdOf(client));
      return name?.kind === "ip" ? name.port : 0;
    },
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
  };
  return context;
}

export function asSample(plane: Plane, session: Session): SampleContext {
  plane.samples.session = session;
  return plane.samples;
}
