/**
 * Odd TCP servers inside the test: each shows one way in which a real server may behave or misbehave.
 */
import { waitFor } from "./conditions.ts";
import { newPeer, type Peer, peerHandlers } from "./peer.ts";
import { freePort, freePorts } from "./ports.ts";

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** Every connection accepted so far, oldest first. */
  readonly peers: readonly Peer[];
  /** Resolves with the connection of that number (from 0) once it has been accepted. */
  peer(index?: number): Promise<Peer>;
  stop(): Promise<void>;
}

export type Behaviour = (peer: Peer) => void;

/** What a server does with a connection. All answer an end of file by closing, unless they say otherwise. */
export const behaviours = {
  /** Sends back what it gets, and its FIN after the client's. */
  echo: () => (peer: Peer) => {
    peer.onData = (data) => peer.send(data);
    peer.onEnding = () => peer.shutdown();
  },
  /** Says its name at once and closes after the client did. */
  saysFirst: (name: string) => (peer: Peer) => {
    peer.send(name);
    peer.onEnding = () => peer.shutdown();
  },
  /** Says its name and half-closes at once. */
  saysAndEnds: (name: string) => (peer: Peer) => {
    peer.send(name);
    peer.shutdown();
    peer.onEnding = () => peer.close();
  },
  /** Waits for a request, answers with the text and closes. */
  answersAndCloses: (text: string) => (peer: Peer) => {
    peer.onData = () => {
      peer.send(text);
      peer.shutdown();
    };
    peer.onEnding = () => peer.close();
  },
  /** Waits for a request, answers with the text and leaves the rest to the client. */
  answers: (text: string) => (peer: Peer) => {
    peer.onData = () => peer.send(text);
    peer.onEnding = () => peer.close();
  },
  /** Accepts and never says a word, not even at the client's end of file. */
  mute: () => () => {},
  /** Sends `text` after the first bytes, then RST once the peer has had time to read: on its second message. */
  resetsOnSecond: (text: string) => (peer: Peer) => {
    let messages = 0;
    peer.onData = () => {
      messages += 1;
      if (messages === 1) peer.send(text);
      else peer.reset();
    };
  },
  /** RST as soon as any byte arrives. */
  resetsOnData: () => (peer: Peer) => {
    peer.onData = () => peer.reset();
  },
  /** RST at once. */
  resetsAtOnce: () => (peer: Peer) => peer.reset(),
  /** Never reads: its receive buffer fills up. */
  neverReads: () => (peer: Peer) => {
    peer.socket.pause();
  },
  /** Does whatever the test asks of the peers. */
  scripted: (onOpen: Behaviour) => onOpen,
} as const;

/** Listens on a free port of 127.0.0.1 (or the port and address, or unix socket path given) and treats each connection alike. */
export function startServer(
  behave: Behaviour,
  where: number | string = freePort(),
  hostname: string = "127.0.0.1",
): TestServer {
  const peers: Peer[] = [];
  const socket = {
    ...peerHandlers,
    open(opened: Bun.Socket<Peer>) {
      const peer = opened.data = newPeer(opened);
      peers.push(peer);
      behave(peer);
    },
  };
  const listener = typeof where === "number"
    ? Bun.listen<Peer>({ hostname, port: where, allowHalfOpen: true, socket })
    : Bun.listen<Peer>({ unix: where, allowHalfOpen: true, socket });
  const stop = () => {
    listener.stop(true);
    for (const peer of peers) peer.socket.terminate();
    return Promise.resolve();
  };
  return {
    port: typeof where === "number" ? where : 0,
    peers,
    async peer(index = 0) {
      return await waitFor(() => peers[index], () => `connection ${index} at the server; it had ${peers.length}`);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

export interface FullServers extends AsyncDisposable {
  readonly ports: readonly number[];
}

/** Each listens with a queue of one that it fills itself and never accepts from: further connections hang in SYN-SENT. */
export async function startFullServers(count: number): Promise<FullServers> {
  const ports = freePorts(count);
  const script = `
    use Socket;
    my @keep;
    for my $port (@ARGV) {
      my $to = sockaddr_in($port, inet_aton("127.0.0.1"));
      socket(my $l, PF_INET, SOCK_STREAM, 0) or die $!;
      setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
      bind($l, $to) or die $!;
      listen($l, 0) or die $!;
      socket(my $c, PF_INET, SOCK_STREAM, 0) or die $!;
      connect($c, $to) or die $!;
      push @keep, $l, $c;
    }
    $| = 1; print "full\\n";
    <STDIN>; # until the test closes our standard input
  `;
  const child = Bun.spawn(["perl", "-e", script, ...ports.map(String)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const first = await child.stdout.getReader().read();
  if (!first.value?.length) throw new Error("Cannot start the servers with full queues");
  return {
    ports,
    async [Symbol.asyncDispose]() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
