/**
 * The listener of an agent: takes connections within its limits, reads what is asked, and gives each one answer.
 *
 * On Bun's sockets: an agent has a handful of clients per second. The clients of the scripts' days send nothing and wait, or
 * send a request and never end; so silence is answered after a moment, and an answer is never lost to a reset.
 */
import type { Socket } from "bun";
import { setBacklog } from "../linux/listen.ts";
import { type Answer, mayAsk, renderAnswer } from "./answer.ts";
import { createPlaces, type Limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { type Asked, MAX_REQUEST_BYTES, readRequest } from "./request.ts";
import type { Responder } from "./responder.ts";

/** Who has sent nothing by then sends nothing at all. */
export const SILENCE_MS = 200;
/** For the rest of a request that has begun. */
export const REQUEST_MS = 2000;
/** How long a client may take to close after its answer. */
const LINGER_MS = 1000;
const BACKLOG = 128;

interface State {
  source: string;
  text: string;
  stage: "asking" | "answering" | "closing";
  /** The client has ended its side. */
  ended: boolean;
  placed: boolean;
  timer: ReturnType<typeof setTimeout> | null;
}

export interface Service {
  /** Takes nobody any more; resolves when the last has its answer. */
  stop(): Promise<void>;
}

export function serveAgent(fd: number, limits: Limits, responder: Responder, log: Log): Service {
  const places = createPlaces(limits);
  let idle: (() => void) | null = null;

  function opened(socket: Socket<State>): void {
    const source = plainAddress(socket.remoteAddress);
    const state: State = { source, text: "", stage: "asking", ended: false, placed: false, timer: null };
    socket.data = state;
    const refused = places.take(source);
    if (refused !== null) {
      log.client(`Refused ${source || "a local client"}: ${REFUSALS[refused]}`);
      state.stage = "closing";
      return void socket.end();
    }
    state.placed = true;
    after(state, SILENCE_MS, () => answer(socket, readRequest(state.text, true)));
  }

  function received(socket: Socket<State>, bytes: Buffer): void {
    const { data: state } = socket;
    if (state.stage !== "asking") return;
    const first = state.text === "";
    state.text += bytes.toString("latin1", 0, MAX_REQUEST_BYTES + 1);
    const asked = readRequest(state.text, false);
    if (asked.kind !== "partial") answer(socket, asked);
    else if (first) after(state, REQUEST_MS, () => answer(socket, readRequest(state.text, true)));
  }

  function answer(socket: Socket<State>, asked: Asked): void {
    const { data: state } = socket;
    if (state.stage !== "asking") return;
    state.stage = "answering";
    if (state.timer !== null) clearTimeout(state.timer);
    state.timer = null;
    void verdict(asked).then((got) =>
      finish(socket, renderAnswer(got, !("method" in asked && asked.method === "HEAD")))
    );
  }

  async function verdict(asked: Asked): Promise<Answer> {
    if (asked.kind === "tooLong") return { status: 431, text: "The request is too long." };
    if (asked.kind !== "request") return await responder.answer("/", "");
    if (!mayAsk(asked.method)) return { status: 405, text: "Expected GET, HEAD or OPTIONS." };
    return await responder.answer(asked.path, asked.query);
  }

  function finish(socket: Socket<State>, text: string): void {
    const { data: state } = socket;
    if (state.stage !== "answering") return;
    state.stage = "closing";
    // A few hundred bytes into an empty send buffer: they are taken whole.
    socket.write(text);
    if (state.ended) return void socket.end();
    // Closing with unread input would reset the connection and could cost the client its answer.
    socket.shutdown();
    after(state, LINGER_MS, () => socket.end());
  }

  const options = {
    fd,
    allowHalfOpen: true,
    socket: {
      open: opened,
      data: received,
      end(socket: Socket<State>) {
        const { data: state } = socket;
        state.ended = true;
        if (state.stage === "asking") answer(socket, readRequest(state.text, true));
        else if (state.stage === "closing") socket.end();
      },
      close({ data: state }: Socket<State>) {
        if (state.timer !== null) clearTimeout(state.timer);
        state.stage = "closing";
        if (state.placed) places.giveBack(state.source);
        if (places.count() === 0) idle?.();
      },
      error(socket: Socket<State>) {
        socket.terminate();
      },
      binaryType: "buffer" as const,
    },
  };
  // The types of Bun.listen do not know `fd`.
  const listener = Bun.listen<State>(options as unknown as Parameters<typeof Bun.listen<State>>[0]);
  setBacklog(fd, BACKLOG);

  return {
    async stop() {
      listener.stop(false);
      if (places.count() > 0) await new Promise<void>((resolve) => idle = resolve);
    },
  };
}

export const REFUSALS = {
  address: "its address is not allowed",
  instances: "too many connections (instances)",
  per_source: "too many connections from this address (per_source)",
} as const;

function after(state: State, ms: number, run: () => void): void {
  if (state.timer !== null) clearTimeout(state.timer);
  state.timer = setTimeout(run, ms);
}

/** An IPv4 client of an IPv6 listener by its IPv4 address. */
const plainAddress = (address: string | undefined): string => (address ?? "").replace(/^::ffff:(?=[0-9.]+$)/, "");
