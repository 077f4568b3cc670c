/** What a check came to. */
import type { ResultName } from "../board/check_results.ts";

/** `info` is a byte string, "" when there is nothing to say. */
export interface Outcome {
  result: ResultName;
  code: number;
  info: string;
}

export const outcome = (result: ResultName, info = "", code = 0): Outcome => ({ result, code, info });
