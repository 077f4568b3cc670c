/** The machine's monotonic clock (clock_gettime(2)): what all processes read alike, whenever they began. */
import { dlopen } from "bun:ffi";
import { check } from "./errors.ts";

const libc = dlopen("libc.so.6", {
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
}).symbols;

const CLOCK_MONOTONIC = 1;

/** ms since the machine's start. */
export function monotonicMs(): number {
  const time = new BigInt64Array(2);
  check(libc.clock_gettime(CLOCK_MONOTONIC, time), "clock_gettime");
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}
