/**
 * Random numbers for fuzzing that a seed repeats: FUZZ_SEED=N in the environment runs a failure again.
 */
export const fuzzSeed = (): number => Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Whole numbers below the limit asked for (xorshift32). */
export function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
