/** Users and groups of the system by name, from /etc/passwd and /etc/group, for the keywords that take one. */
import { readFileSync } from "node:fs";
import type { Accounts } from "./draft.ts";

/** Reads the two files once; one that cannot be read has no names. */
export function readAccounts(passwd = "/etc/passwd", group = "/etc/group"): Accounts {
  const users = readIds(passwd);
  const groups = readIds(group);
  return { user: (name) => users.get(name) ?? null, group: (name) => groups.get(name) ?? null };
}

/** Both files have the name first and its id third (passwd(5), group(5)); the first entry of a name counts. */
function readIds(path: string): Map<string, number> {
  const ids = new Map<string, number>();
  let text = "";
  try {
    text = readFileSync(path, "latin1");
  } catch {
    return ids;
  }
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (/^[0-9]+$/.test(id) && !ids.has(name)) ids.set(name, Number(id));
  }
  return ids;
}
