/** The typed model of an xinetd configuration: the services to be run, each complete, defaults worked in. Plain data. */
import type { Network } from "../networks.ts";
import type { Place } from "../place.ts";

export type SuccessDetail = "PID" | "HOST" | "EXIT" | "DURATION";
export type FailureDetail = "HOST" | "ATTEMPT";

/** Where the lines of a service go. */
export type LogTarget =
  | { kind: "stderr" }
  | { kind: "file"; path: string }
  | { kind: "syslog"; facility: number; level: number };

export interface XinetdService {
  name: string;
  /** As lines name it; tells services of one name apart. */
  id: string;
  place: Place;
  port: number;
  /** null: all addresses, of IPv4 alone with the flag IPv4. */
  bind: { family: 4 | 6; host: string } | null;
  ipv4Only: boolean;
  v6only: boolean;
  keepAlive: boolean;
  uid: number;
  gid: number;
  /** Path of the program. */
  server: string;
  /** With argv[0]. */
  argv: string[];
  env: [name: string, value: string][];
  /** Names of variables that are handed on; null: all. */
  passenv: string[] | null;
  /** null: everybody. */
  onlyFrom: Network[] | null;
  noAccess: Network[];
  /** null: no limit. */
  instances: number | null;
  perSource: number | null;
  cps: { perSecond: number; waitSeconds: number };
  nice: number | null;
  umask: number | null;
  logType: LogTarget;
  logOnSuccess: SuccessDetail[];
  logOnFailure: FailureDetail[];
}

/** What the system knows by name; handed in, as this folder reads no files. */
export interface Lookups {
  /** By name or number. */
  user(name: string): { uid: number; gid: number } | null;
  group(name: string): number | null;
  /** Of a TCP service (services(5)). */
  port(service: string): number | null;
}

/** Files as the configuration names them. */
export interface Sources {
  /** null: it cannot be read. */
  file(path: string): string | null;
  /** Names in a directory; null: it is none. */
  directory(path: string): string[] | null;
}
