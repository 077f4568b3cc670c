/**
 * TCP ports that are free on all addresses.
 *
 * Taken from below the range of outgoing connections (ip_local_port_range starts at 32768): a port the kernel chooses
 * itself may become some connection's local port before the program under test binds it.
 */
const FIRST = 10_000;
const LAST = 32_000;
const given = new Set<number>();

/** A port on which nothing listens and no connection lives; never given twice by one process. */
export function freePort(): number {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port)) continue;
    given.add(port);
    if (canListen(port)) return port;
  }
  throw new Error(`No free port found between ${FIRST} and ${LAST}`);
}

export function freePorts(count: number): number[] {
  return Array.from({ length: count }, freePort);
}

function canListen(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
