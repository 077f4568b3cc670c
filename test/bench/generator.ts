/**
 * The benchmark's own load, as a process of its own so that its time is nobody else's.
 *
 *   generator.ts idle PORT CONNECTIONS    one request on each connection, then silence
 *   generator.ts busy PORT KEPT NEW       requests without end on kept and on new connections
 *
 * Writes "ready" once the load stands; ends at the end of its standard input; `busy` then writes its counts as JSON.
 */
import { waitFor } from "../harness/conditions.ts";
import { startLoad } from "../harness/load.ts";

const SOURCES = 8; // local ports of one address alone do not carry many connections to one port
const BATCH = 64; // no more at a time than a listen queue holds

const [kind, port = 0, ...counts] = process.argv.slice(2).map((word, index) => index === 0 ? word : Number(word));

async function idle(port: number, connections: number): Promise<void> {
  let answered = 0;
  let lost = 0;
  const request = Buffer.from("GET /small.txt HTTP/1.1\r\nHost: idle\r\n\r\n");
  const socket = {
    open: (it: Bun.Socket<{ answered: boolean }>) => void it.write(request),
    data(it: Bun.Socket<{ answered: boolean }>) {
      if (!it.data.answered) answered += 1;
      it.data.answered = true;
    },
    close: () => void (lost += 1),
    error() {},
  };
  for (let opened = 0; opened < connections;) {
    const batch = Math.min(BATCH, connections - opened);
    await Promise.all(Array.from({ length: batch }, (_, i) => {
      const localAddress = `127.0.0.${1 + (opened + i) % SOURCES}`;
      return Bun.connect({ hostname: "127.0.0.1", port, socket, data: { answered: false }, ...{ localAddress } });
    }));
    opened += batch;
    await waitFor(
      () => answered >= opened,
      () => `${opened} answers; ${answered} came, ${lost} connections were closed`,
    );
  }
  console.log("ready");
  await Bun.stdin.text();
  if (lost > 0) throw new Error(`${lost} idle connections were closed`);
}

async function busy(port: number, kept: number, fresh: number): Promise<void> {
  const loads = [
    startLoad({ port, connections: kept, keepAlive: true }),
    startLoad({ port, connections: fresh, keepAlive: false }),
  ];
  const from = performance.now();
  await waitFor(() => loads.every((load) => load.done() > 0), "the first answers");
  console.log("ready");
  await Bun.stdin.text();
  const seconds = (performance.now() - from) / 1_000;
  await Promise.all(loads.map((load) => load.stop()));
  const done = loads.reduce((sum, load) => sum + load.done(), 0);
  const failed = loads.reduce((sum, load) => sum + load.failed(), 0);
  console.log(JSON.stringify({ rate: done / seconds, failed }));
}

if (kind === "idle") await idle(Number(port), Number(counts[0]));
else if (kind === "busy") await busy(Number(port), Number(counts[0]), Number(counts[1]));
else throw new Error(`Unknown load "${kind}": expected idle or busy`);
process.exit(0);
