/** Source ports of a `source addr:low-high`: each free port is handed out once until it is given back. */

export interface PortRing {
  /** A free port, or 0 when all are in use. */
  take(): number;
  giveBack(port: number): void;
}

/** Takes every `of`th port from `share` on, so that processes never reach for the same one. */
export function createPortRing(low: number, high: number, share: number, of: number): PortRing {
  const ports: number[] = [];
  for (let port = low + share; port <= high; port += of) ports.push(port);
  const ring = Uint16Array.from(ports);
  let first = 0;
  let count = ring.length;
  return {
    take() {
      if (count === 0) return 0;
      const port = ring[first]!;
      first = (first + 1) % ring.length;
      count--;
      return port;
    },
    giveBack(port) {
      ring[(first + count) % ring.length] = port;
      count++;
    },
  };
}
