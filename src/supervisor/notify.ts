/** The service manager's channel (sd_notify(3)): one datagram per change of state to $NOTIFY_SOCKET. */
import { monotonicMs } from "../linux/clock.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import { openUnixDatagram, sendDatagrams } from "../linux/datagram.ts";

export type Notify = (state: "serving" | "reloading" | "stopping") => void;

const TEXTS = {
  serving: () => `READY=1\nMAINPID=${process.pid}\nSTATUS=Ready.\n`,
  reloading: () => `RELOADING=1\nMONOTONIC_USEC=${Math.floor(monotonicMs() * 1000)}\nSTATUS=Reloading.\n`,
  stopping: () => "STOPPING=1\n",
} as const;

/** Does nothing without $NOTIFY_SOCKET (-Ws started by hand). */
export function createNotify(path: string | undefined): Notify {
  if (path === undefined || path === "") return () => {};
  return (state) => {
    const abstract = path.startsWith("@");
    const fd = openUnixDatagram(abstract ? path.slice(1) : path, abstract);
    if (fd < 0) return;
    const bytes = Buffer.from(TEXTS[state]());
    sendDatagrams(fd, bytes, [bytes.length], 1, null);
    closeDescriptor(fd);
  };
}
