/** Who the process is and where its root lies: chroot(2), setgroups(2). */
import { dlopen } from "bun:ffi";
import { openSync, statSync } from "node:fs";
import { closeDescriptor, replaceDescriptor } from "./descriptors.ts";
import { check } from "./errors.ts";

const libc = dlopen("libc.so.6", {
  chroot: { args: ["cstring"], returns: "i32" },
  setgroups: { args: ["u64", "ptr"], returns: "i32" },
}).symbols;

export function changeRoot(path: string): void {
  check(libc.chroot(new TextEncoder().encode(`${path}\0`)), "chroot", `Cannot chroot to "${path}"`);
  process.chdir("/");
}

/** Forgets the groups of whoever started us, before the group itself is changed. */
export const dropGroups = (): void => void check(libc.setgroups(0, null), "setgroups");

/** What will keep becomeUser from succeeding, asked before anything is started; null: nothing. */
export function identityProblem(to: { chroot: string | null; uid: number | null; gid: number | null }): string | null {
  const root = process.getuid!() === 0;
  if (to.chroot !== null) {
    if (!root) return `Cannot chroot to "${to.chroot}": only root may`;
    if (!statSync(to.chroot, { throwIfNoEntry: false })?.isDirectory()) {
      return `Cannot chroot to "${to.chroot}": no such directory`;
    }
  }
  if (root) return null;
  if (to.gid !== null && to.gid !== process.getgid!() && !process.getgroups!().includes(to.gid)) {
    return `Cannot set gid ${to.gid}: only root may`;
  }
  return to.uid !== null && to.uid !== process.getuid!() ? `Cannot set uid ${to.uid}: only root may` : null;
}

/** Gives up root: chroot first (it needs root), then groups, group and user. Does nothing for what is not asked. */
export function becomeUser(to: { chroot: string | null; uid: number | null; gid: number | null }): void {
  if (to.chroot !== null) changeRoot(to.chroot);
  if (to.gid !== null && to.gid !== process.getgid!()) {
    if (process.getuid!() === 0) dropGroups();
    process.setgid!(to.gid);
  }
  if (to.uid !== null && to.uid !== process.getuid!()) process.setuid!(to.uid);
}

/** Lets go of the terminal or pipe that started us: whoever waits for its end waits no longer for us. */
export function detachOutput(): void {
  const nowhere = openSync("/dev/null", "r+");
  for (const fd of [0, 1, 2]) replaceDescriptor(nowhere, fd);
  closeDescriptor(nowhere);
}
