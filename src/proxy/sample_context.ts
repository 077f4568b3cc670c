/**
 * A session as samples see it (samples/context.ts).
 */
import type { Plane } from "./plane.ts";
import type { ProcessContext, SampleContext } from "./samples/context.ts";
import type { Head } from "./http1/head.ts";
import { addressOf, keepLocalName, NAME, portOf } from "./session_names.ts";
import type { Session } from "./session.ts";

export interface CurrentSample extends SampleContext {
  session: Session | null;
  request: Head | null;
  response: Head | null;
}

/** One context per process: it is set to a session for the time of one evaluation. */
export function createSampleContext(process: ProcessContext): CurrentSample {
  const current = (): Session => context.session!;

  const context: CurrentSample = {
    session: null,
    request: null,
    response: null,
    process,
    clientAddress: () => addressOf(current(), NAME.client),
    clientPort: () => portOf(current(), NAME.client),
    localAddress() {
      keepLocalName(current());
      return addressOf(current(), NAME.local);
    },
    localPort() {
      keepLocalName(current());
      return portOf(current(), NAME.local);
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
