/**
 * The lines xinetd writes about a service (xinetd.log(5)), with the details its attributes ask for, to where log_type says.
 *
 * stderr where nothing is said: the service manager has it then.
 */
import { appendFileSync } from "node:fs";
import type { LogTarget, XinetdService } from "../../config/xinetd/model.ts";
import { closeDescriptor } from "../../linux/descriptors.ts";
import { openUnixDatagram, sendDatagrams } from "../../linux/datagram.ts";
import type { Log } from "../log.ts";

export type Failure = "address" | "service_limit" | "per_source_limit" | "connections per second" | "fork";

export interface ServiceLines {
  started(pid: number, source: string): void;
  ended(
    pid: number,
    source: string,
    exit: { code: number | null; signal: string | number | null },
    seconds: number,
  ): void;
  failed(why: Failure, source: string): void;
}

export function serviceLines(service: XinetdService, log: Log): ServiceLines {
  const success = new Set(service.logOnSuccess);
  const failure = new Set(service.logOnFailure);
  const write = writer(service.logType, log.notice, log);
  // Programs are started as often as cps lets them; whoever is refused may come as often as he likes.
  const refuse = writer(service.logType, log.client, log);
  return {
    started(pid, source) {
      if (success.size === 0) return;
      write(
        `START: ${service.id}${success.has("PID") ? ` pid=${pid}` : ""}${success.has("HOST") ? ` from=${source}` : ""}`,
      );
    },
    ended(pid, _source, { code, signal }, seconds) {
      if (!success.has("EXIT") && !success.has("DURATION")) return;
      const how = !success.has("EXIT") ? "" : signal === null ? ` status=${code}` : ` signal=${signal}`;
      write(
        `EXIT: ${service.id}${how}${success.has("PID") ? ` pid=${pid}` : ""}${
          success.has("DURATION") ? ` duration=${Math.round(seconds)}(sec)` : ""
        }`,
      );
    },
    failed(why, source) {
      if (failure.size === 0) return;
      refuse(`FAIL: ${service.id} ${why}${failure.has("HOST") ? ` from=${source}` : ""}`);
    },
  };
}

function writer(target: LogTarget, toStderr: (line: string) => void, log: Log): (line: string) => void {
  switch (target.kind) {
    case "stderr":
      return toStderr;
    case "file":
      return (line) => {
        try {
          appendFileSync(target.path, `${date(new Date())}: ${line}\n`, { mode: 0o600 });
        } catch (error) {
          log.client(`Cannot write to ${target.path}: ${(error as Error).message}: ${line}`);
        }
      };
    case "syslog":
      return (line) => {
        const bytes = Buffer.from(`<${target.facility * 8 + target.level}>xinetd[${process.pid}]: ${line}`, "latin1");
        const fd = openUnixDatagram("/dev/log");
        if (fd < 0 || sendDatagrams(fd, bytes, [bytes.length], 1, null) < 0) {
          log.client(`Cannot write to /dev/log: ${line}`);
        }
        if (fd >= 0) closeDescriptor(fd);
      };
  }
}

/** As xinetd dates the lines of a file: 26/11/20@14:03:00. */
function date(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(now.getFullYear() % 100)}/${now.getMonth() + 1}/${now.getDate()}@` +
    `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}
