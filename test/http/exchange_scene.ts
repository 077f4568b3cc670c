/**
 * What the rows of the exchange tables are made of: the two ends of a connection as readers of HTTP/1 messages, the
 * servers behind a row, and what a row's clients may ask of the scene they play in.
 */
import { waitFor } from "../harness/conditions.ts";
import { fieldOf, methodsIn, readAnswers, type Reading, readRequests } from "../harness/http.ts";
import type { Ending, Peer } from "../harness/peer.ts";

/** One end of a connection that reads messages: a client its answers, a server its requests. */
export interface End {
  readonly peer: Peer;
  send(data: string | Uint8Array): void;
  /** Sends byte after byte, each in a turn of its own. */
  drip(text: string): Promise<void>;
  reading(): Reading;
  /** Resolves once that many messages are whole; those with a status of 1xx count. */
  until(count: number): Promise<void>;
  /** Resolves once the text has come, whatever it is part of. */
  untilText(part: string): Promise<void>;
  untilBytes(count: number): Promise<void>;
  /** Resolves once the other side has ended the connection. */
  ended(): Promise<Ending>;
  shutdown(): void;
  reset(): void;
  close(): void;
  /** A server's: it has agreed to another protocol, what follows the last request is no request. */
  switched: boolean;
}

function newEnd(peer: Peer, readNow: (end: End) => Reading): End {
  let known: { key: string; reading: Reading } | null = null;
  const end: End = {
    peer,
    switched: false,
    send(data) {
      peer.send(data);
    },
    async drip(text) {
      for (const byte of text) {
        peer.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    reading() {
      const key = `${peer.bytes} ${peer.ending} ${end.switched}`;
      if (known?.key !== key) known = { key, reading: readNow(end) };
      return known.reading;
    },
    async until(count) {
      await waitFor(
        () => end.reading().messages.length >= count,
        () => `${count} messages; there came (${peer.ending}) ${JSON.stringify(peer.received().slice(0, 2_000))}`,
      );
    },
    async untilText(part) {
      await waitFor(
        () => peer.bytes >= part.length && peer.received().includes(part),
        () => `${JSON.stringify(part)}; there came (${peer.ending}) ${JSON.stringify(peer.received().slice(0, 2_000))}`,
      );
    },
    untilBytes: (count) => peer.untilBytes(count),
    ended: () => peer.untilEnded(),
    shutdown: () => peer.shutdown(),
    reset: () => peer.reset(),
    close: () => peer.close(),
  };
  return end;
}

export interface Client extends End {
  readonly said: () => string;
}

export function newClient(peer: Peer): Client {
  let said = "";
  const end = newEnd(peer, () => readAnswers(peer.received(), methodsIn(said), peer.ending === "fin"));
  return {
    ...end,
    said: () => said,
    send(data) {
      if (typeof data === "string") said += data;
      peer.send(data);
    },
    async drip(text) {
      said += text;
      await end.drip(text);
    },
  };
}

/** What a server is between its connections; fresh for every time a row is played. */
export interface ServerState {
  /** Requests it has had in full, over all its connections. */
  requests: number;
}

export type Behaviour = (end: End, state: ServerState) => void;

/** What stands behind a `server` line. */
export type Stand =
  | Behaviour
  /** Nothing listens on its port. */
  | "refuses"
  /** Listens, but its queue is full: connections hang. */
  | "full";

export function newServerEnd(peer: Peer, behave: Behaviour, state: ServerState): End {
  const end = newEnd(
    peer,
    (self) =>
      readRequests(
        peer.received(),
        (head) => self.switched && (head.line.startsWith("CONNECT ") || fieldOf(head, "upgrade") !== null),
      ),
  );
  behave(end, state);
  return end;
}

/** Calls back for each request that has come in full; the other side's end is answered with ours. */
export function onRequests(handle: (end: End, nth: number, state: ServerState) => void): Behaviour {
  return (end, state) => {
    let handled = 0;
    end.peer.onData = () => {
      while (!end.switched && handled < end.reading().messages.length) {
        handled += 1;
        handle(end, state.requests++, state);
      }
    };
    end.peer.onEnding = () => end.shutdown();
  };
}

/** Servers that play by a text. All answer an end of the connection with theirs. */
export const stands = {
  /** The n-th request the server gets is answered with the n-th text, those behind with the last; the connection stays. */
  answers: (...texts: string[]) => onRequests((end, nth) => end.send(texts[Math.min(nth, texts.length - 1)] ?? "")),
  /** The same; then the connection ends. */
  answersAndCloses: (...texts: string[]) =>
    onRequests((end, nth) => {
      end.send(texts[Math.min(nth, texts.length - 1)] ?? "");
      end.shutdown();
    }),
  /** Sends the text byte after byte. */
  drips: (text: string) => onRequests((end) => void end.drip(text)),
  /** Reads and is silent. */
  mute: onRequests(() => {}),
  /** As soon as a connection stands. */
  closesAtOnce: (end: End) => end.shutdown(),
  resetsOnRequest: onRequests((end) => end.reset()),
  closesOnRequest: onRequests((end) => end.shutdown()),
  /** Speaks before it is asked. */
  speaksFirst: (text: string): Behaviour => (end) => {
    end.send(text);
    end.peer.onEnding = () => end.shutdown();
  },
  /** Agrees to another protocol, says so, and sends back what follows. */
  switches: (text: string, fromThen = ""): Behaviour => (end) => {
    let before = -1;
    end.peer.onData = (data) => {
      if (before >= 0) return end.send(new Uint8Array(data)); // the buffer is used again
      if (!end.peer.received().includes("\r\n\r\n")) return;
      before = end.peer.bytes;
      end.switched = true;
      end.send(text + fromThen);
    };
    end.peer.onEnding = () => end.shutdown();
  },
} as const;

export interface Scene {
  /** Opens the next client connection; clients are numbered in this order. */
  connect(from?: string): Promise<Client>;
  /** The connection of that number at that server. */
  server(name: string, index?: number): Promise<End>;
  /** Connections that server has seen. */
  seen(name: string): number;
  /** Resolves once the program tries to connect to that server, which has a full queue. */
  connecting(name: string): Promise<void>;
  /** Resolves once that many requests wait in the backend's own queue, as the stats socket tells. */
  queued(count: number): Promise<void>;
  /** The same of the queues of the backend's servers. */
  queuedAtServer(count: number): Promise<void>;
  /** Resolves once that many log lines of this frontend have come. */
  logged(count: number): Promise<void>;
  /** A connection through another frontend, there and back: what was ready before it began has been handled. */
  settled(): Promise<void>;
}

export interface Case {
  name: string;
  /** Lines of the frontend and of the backend; null: the frontend has no default_backend. "@NAME@" is NAME's address. */
  frontend?: readonly string[];
  backend?: readonly string[] | null;
  /** Both are one section, `listen`: haproxy looks for some options only where the connection came in. */
  listen?: true;
  /** `apart`: it stands in no `server` line of the row's own backend, but in `more`. */
  servers?: Record<string, { is: Stand; options?: string; apart?: true }>;
  /** Further sections; "@NAME@" is a server's address, or the path of a file of `files`. Names begin with "b_CASE.". */
  more?: readonly string[];
  files?: Record<string, string>;
  clients: (scene: Scene) => Promise<void>;
  /** A time of the last line that cannot be below so many ms. */
  atLeast?: { field: "queueMs" | "connectMs" | "responseMs" | "activeMs" | "requestMs"; ms: number };
  /** The frontend has a format of its own: lines are compared nearly as they are. */
  ownFormat?: true;
  /** What the order of bytes and ends, of two sides that act at the same time, leaves open. */
  leaveOut?: readonly LeftOut[];
}

export type LeftOut =
  /** Bodies the client got. */
  | "bodies"
  /** Those and the fields of the answers: of a page that each program has its own way with. */
  | "fields"
  /** How the servers' connections ended. */
  | "serverEnds"
  /** What the servers received. */
  | "requests"
  /** Byte counts. */
  | "bytes";

/** One server named s1. */
export const one = (is: Stand, options = "") => ({ s1: { is, options } });

/** Each says its own name in the body. */
export const named = (names: readonly string[], options: Record<string, string> = {}) =>
  Object.fromEntries(
    names.map((name) => [name, {
      is: stands.answers(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`),
      options: options[name] ?? "",
    }]),
  );

/** One client that sends all texts at once and leaves once so many messages have come. */
export const says = (text: string, messages = 1) => async ({ connect }: Scene): Promise<void> => {
  const client = await connect();
  client.send(text);
  await client.until(messages);
};

/** One client that sends the text and waits for the other side to end. */
export const saysUntilEnd = (text: string) => async ({ connect }: Scene): Promise<void> => {
  const client = await connect();
  client.send(text);
  await client.ended();
};

/** One client and one connection: a text, its answer, the next text. */
export const inTurn = (...texts: string[]) => async ({ connect }: Scene): Promise<void> => {
  const client = await connect();
  for (const [i, text] of texts.entries()) {
    client.send(text);
    await client.until(i + 1);
  }
};

/** A client for each text, one after the other; each leaves before the next comes. */
export const oneByOne = (...texts: string[]) => async ({ connect, logged, settled }: Scene): Promise<void> => {
  for (const [i, text] of texts.entries()) {
    const client = await connect();
    client.send(text);
    await client.until(1);
    await logged(i + 1);
    client.close();
    await settled(); // the connection counts of the next line
  }
};
