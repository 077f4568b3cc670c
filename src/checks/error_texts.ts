/** The C library's words for errors of connections (strerror), as log lines show them. */
import { constants } from "node:os";

const { errno } = constants;

const TEXTS: Readonly<Record<number, string>> = {
  [errno.EACCES]: "Permission denied",
  [errno.EADDRINUSE]: "Address already in use",
  [errno.EADDRNOTAVAIL]: "Cannot assign requested address",
  [errno.ECONNABORTED]: "Software caused connection abort",
  [errno.ECONNREFUSED]: "Connection refused",
  [errno.ECONNRESET]: "Connection reset by peer",
  [errno.EHOSTUNREACH]: "No route to host",
  [errno.EMFILE]: "Too many open files",
  [errno.ENETUNREACH]: "Network is unreachable",
  [errno.ENFILE]: "Too many open files in system",
  [errno.ENOENT]: "No such file or directory",
  [errno.EPERM]: "Operation not permitted",
  [errno.EPIPE]: "Broken pipe",
  [errno.ETIMEDOUT]: "Connection timed out",
};

export const errorText = (number: number): string => TEXTS[number] ?? `Error ${number}`;
