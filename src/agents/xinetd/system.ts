/** What an xinetd configuration refers to on this machine: files and directories, users, groups, ports of services. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { toByteString } from "../../config/byte_strings.ts";
import { readNamedFile } from "../../config/files.ts";
import type { Lookups, Sources } from "../../config/xinetd/model.ts";

export const systemSources: Sources = {
  file: readNamedFile,
  directory(path) {
    try {
      return statSync(path).isDirectory() ? readdirSync(path).map(toByteString) : null;
    } catch {
      return null;
    }
  },
};

/** Reads the three files once; one that cannot be read knows nothing. */
export function systemLookups(): Lookups {
  const users = rows("/etc/passwd", ":");
  const groups = rows("/etc/group", ":");
  const services = rows("/etc/services", /\s+/);
  const isId = (text: string): boolean => /^[0-9]{1,9}$/.test(text);
  return {
    user(name) {
      const row = users.find((one) => one[0] === name) ??
        (isId(name) ? users.find((one) => one[2] === name) : undefined);
      return row === undefined ? null : { uid: Number(row[2]), gid: Number(row[3]) };
    },
    group(name) {
      const row = groups.find((one) => one[0] === name);
      return row === undefined ? (isId(name) ? Number(name) : null) : Number(row[2]);
    },
    port(service) {
      const row = services.find(([name, port, ...aliases]) =>
        port?.endsWith("/tcp") === true && (name === service || aliases.includes(service))
      );
      return row === undefined ? null : parseInt(row[1]!, 10);
    },
  };
}

function rows(path: string, separator: string | RegExp): string[][] {
  try {
    return readFileSync(path, "latin1").split("\n").map((line) => line.replace(/#.*$/, "").trim())
      .filter((line) => line !== "").map((line) => line.split(separator));
  } catch {
    return [];
  }
}
