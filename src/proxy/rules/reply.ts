/**
 * An answer of the proxy's own, from an error page, a rule or a redirect: what the HTTP service needs to know to send it.
 */
import type { Head } from "../http1/head.ts";
import type { SampleContext } from "../samples/context.ts";

export interface Reply {
  status: number;
  /** Letters of the termination state when this answer ends the request: "PR" denied or bad, "LR" by our own hand. */
  termination: "PR" | "LR" | "PH" | "LH";
  /**
   * Writes the whole message into `out` from `at` on, and returns where it ends; `at` itself when there is nothing to send.
   * `close`: the connection ends behind it, which the head must say. The body is left out for HEAD.
   */
  write(context: SampleContext, request: Head | null, out: Buffer, at: number, close: boolean): number;
  /** Bytes it may need at most, head and body: `out` has that much. */
  size: number;
}
