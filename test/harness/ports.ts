/**
 * TCP ports that are free on all addresses and that no other test process on this machine is given.
 *
 * Taken from below the range of outgoing connections (ip_local_port_range starts at 32768): a port the kernel chooses
 * itself may become some connection's local port before the program under test binds it. And since that program
 * binds with SO_REUSEPORT, two processes that chose alike would share a port without an error: so each claims
 * blocks of ports for itself, by a socket of that block's name in the abstract namespace, which ends with the process.
 */
const FIRST = 10_000;
const LAST = 32_000;
const BLOCK = 200;

let next = 0;
let end = 0;

/** A port on which nothing listens and no connection lives; never given twice by one process. */
export function freePort(): number {
  while (true) {
    if (next === end) claimBlock();
    const port = next++;
    if (canListen(port)) return port;
  }
}

export function freePorts(count: number): number[] {
  return Array.from({ length: count }, freePort);
}

function claimBlock(): void {
  const blocks = (LAST - FIRST) / BLOCK;
  const start = Math.floor(Math.random() * blocks); // those used last are full of TIME-WAIT
  for (let i = 0; i < blocks; i++) {
    const first = FIRST + (start + i) % blocks * BLOCK;
    try {
      Bun.listen({ unix: `\0appliance-test-ports-${first}`, socket: { data() {} } }).unref();
    } catch {
      continue; // another process', or ours already
    }
    next = first;
    end = first + BLOCK;
    return;
  }
  throw new Error(`No free ports left between ${FIRST} and ${LAST}`);
}

function canListen(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
