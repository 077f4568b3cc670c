/** When an agent is told to end. */

/** Resolves with the first signal that ends a service. */
export function told(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
