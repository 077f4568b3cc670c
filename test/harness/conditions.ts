/**
 * Waiting for something to become true. Tests wait for conditions, never for time to pass: the limit is only there
 * so that a broken program ends a test with a sentence that says what was missing.
 */

/** Far above what any condition needs on a busy machine; a test that reaches it has failed. */
export const LIMIT_MS = 15_000;
const POLL_MS = 5;

type Falsy = false | null | undefined | 0 | "";

/** Resolves with the first truthy value of `condition`; rejects after the limit, naming `what`. */
export async function waitFor<T>(
  condition: () => T | Falsy | Promise<T | Falsy>,
  what: string | (() => string),
  limitMs: number = LIMIT_MS,
): Promise<T> {
  const end = performance.now() + limitMs;
  while (true) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) {
      throw new Error(`Waited ${limitMs} ms in vain for ${typeof what === "string" ? what : what()}`);
    }
    await Bun.sleep(POLL_MS);
  }
}

/** Resolves once `read` has given the same number `times` times in a row: something that moved has come to rest. */
export async function waitForRest(read: () => number, what: string, times: number = 40): Promise<number> {
  let last = read();
  let same = 0;
  await waitFor(() => {
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= times;
  }, `${what} to come to rest`);
  return last;
}
