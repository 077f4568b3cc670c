/**
 * Host names of a loaded configuration become addresses, once, at start (`init-addr`): the only I/O between reading
 * and running. Each name is asked for once, however many servers bear it.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { alert, type Diagnostics, warning } from "../diagnostics.ts";
import type { PendingName } from "./draft.ts";

export interface Address {
  host: string;
  family: 4 | 6;
}

/** null: the name has no address of that family (0: of any). */
export type Lookup = (name: string, family: 0 | 4 | 6) => Promise<Address | null>;

/** As the C library answers: its first address. */
export async function systemLookup(name: string, family: 0 | 4 | 6): Promise<Address | null> {
  try {
    const answer = await lookup(name, { family, order: "verbatim" });
    return { host: answer.address, family: answer.family === 6 ? 6 : 4 };
  } catch {
    return null;
  }
}

/** Fills the addresses in the model. What cannot be resolved is reported as `init-addr` says. */
export async function resolveNames(
  loaded: { diagnostics: Diagnostics; names: PendingName[] },
  ask: Lookup = systemLookup,
): Promise<void> {
  const answers = new Map<string, Promise<Address | null>>();
  const answerOf = (one: PendingName) => {
    const key = `${one.family} ${one.name}`;
    let answer = answers.get(key);
    if (answer === undefined) answers.set(key, answer = ask(one.name, one.family));
    return answer;
  };
  const wanted = loaded.names.filter((one) => one.server === null || one.server.initAddr.includes("libc"));
  await Promise.all(wanted.map(answerOf));
  for (const one of loaded.names) {
    if (one.server !== null) await resolveServer(one, one.server, answerOf, loaded.diagnostics);
    else fill(one, await answerOf(one), loaded.diagnostics);
  }
}

function fill(one: PendingName, answer: Address | null, diagnostics: Diagnostics): void {
  if (answer !== null) Object.assign(one.target, answer);
  else alert(diagnostics, one.at, `${one.who} : could not resolve address '${one.name}'.`);
}

/** Goes through the methods in order; "last" needs a state file, which comes later, and yields nothing. */
async function resolveServer(
  one: PendingName,
  { server, initAddr }: NonNullable<PendingName["server"]>,
  answerOf: (one: PendingName) => Promise<Address | null>,
  diagnostics: Diagnostics,
): Promise<void> {
  let failed = false;
  for (const method of initAddr) {
    if (method === "libc") {
      const answer = await answerOf(one);
      if (answer !== null) {
        Object.assign(one.target, answer);
        return;
      }
      failed = true;
    } else if (method === "none") {
      if (failed) {
        warning(diagnostics, one.at, `${one.who} : could not resolve address '${one.name}', disabling server.`);
      }
      server.disabled = true;
      return;
    } else if (isIP(method) !== 0) {
      if (failed) {
        warning(
          diagnostics,
          one.at,
          `${one.who} : could not resolve address '${one.name}', falling back to configured address.`,
        );
      }
      Object.assign(one.target, { host: method, family: isIP(method) });
      return;
    }
  }
  alert(diagnostics, one.at, `${one.who} : could not resolve address '${one.name}'.`);
}
