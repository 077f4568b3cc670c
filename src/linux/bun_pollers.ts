/** Finds the epoll descriptors of Bun's own loop, which ours has for members (loop.ts). Undocumented, held by loop.test.ts. */
import { readdirSync, readlinkSync } from "node:fs";

/** The descriptors Bun polls on: found by what they are, before ours is made. */
export function bunPollers(): number[] {
  return readdirSync("/proc/self/fd").map(Number).filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[eventpoll]";
    } catch {
      return false; // The directory's own descriptor is closed again.
    }
  });
}
