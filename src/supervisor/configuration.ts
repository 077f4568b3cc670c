/**
 * From the command line's files to an accepted model: reads, parses, resolves names, and says what is wrong.
 *
 * Used by `-c`, at the start and at each reload; nothing is kept from one to the next.
 */
import { availableParallelism, hostname } from "node:os";
import type { Invocation } from "../cli/invocation.ts";
import {
  alert,
  type Diagnostics,
  hasErrors,
  hasWarnings,
  newDiagnostics,
  renderDiagnostic,
} from "../config/diagnostics.ts";
import { readConfigFiles } from "../config/files.ts";
import { readAccounts } from "../config/haproxy/accounts.ts";
import { newEnvironment } from "../config/haproxy/environment.ts";
import { ENABLED, FEATURES } from "../config/haproxy/features.ts";
import { type Checks, loadConfig, NO_OVERRIDES } from "../config/haproxy/load.ts";
import type { Model } from "../config/haproxy/model.ts";
import { resolveNames, systemLookup } from "../config/haproxy/resolve.ts";
import { LANGUAGE_VERSION } from "../version.ts";

/** haproxy stops there; the rest is counted. */
const MOST_SHOWN = 50;

export interface Accepted {
  /** null: refused; the diagnostics say why. */
  model: Model | null;
  diagnostics: Diagnostics;
}

export const conditionContext = () => ({
  features: new Set(FEATURES),
  enabled: new Set(ENABLED),
  version: LANGUAGE_VERSION,
  ssl: null,
});

export const environmentFor = (asked: Invocation, files: readonly string[]) =>
  newEnvironment(process.env, {
    version: LANGUAGE_VERSION,
    localPeer: asked.localPeer ?? hostname(),
    masterWorker: asked.masterWorker,
    files: [...files],
  });

/** @param checks compilers of expressions and formats, which the configuration's own folder does not know */
export async function acceptConfiguration(asked: Invocation, checks: Checks): Promise<Accepted> {
  const reading = newDiagnostics();
  const files = readConfigFiles(asked.files, reading);
  if (hasErrors(reading)) return { model: null, diagnostics: reading };
  const loaded = loadConfig(files, {
    environment: environmentFor(asked, files.map((file) => file.path)),
    condition: conditionContext(),
    checks,
    accounts: readAccounts(),
    limits: { cores: availableParallelism() },
    overrides: {
      ...NO_OVERRIDES,
      maxconn: asked.maxconn ?? 0,
      frontendMaxconn: asked.proxyMaxconn ?? 0,
      pidfile: asked.pidfile,
      daemon: asked.daemon,
      masterWorker: asked.masterWorker,
      quiet: asked.quiet,
      zeroWarning: asked.zeroWarning,
      foreground: asked.foreground || asked.debug,
    },
  });
  const { diagnostics } = loaded;
  if (loaded.model !== null) {
    await resolveNames(loaded, (name, family) => systemLookup(name, asked.ipv4Only ? 4 : family));
    if (asked.ignoreResolveFailures) forgiveUnresolved(loaded.model, diagnostics);
  }
  const strict = asked.zeroWarning || loaded.model?.global.zeroWarning === true;
  if (strict && hasWarnings(diagnostics) && !hasErrors(diagnostics)) {
    alert(diagnostics, null, "Some warnings were found and 'zero-warning' is set. Aborting.");
  } else if (hasErrors(diagnostics)) alert(diagnostics, null, "Fatal errors found in configuration.");
  return { model: hasErrors(diagnostics) ? null : loaded.model, diagnostics };
}

/** -dr: a server without an address starts out of service. */
function forgiveUnresolved(model: Model, diagnostics: Diagnostics): void {
  const unresolved = model.proxies.flatMap((proxy) => proxy.servers).filter((server) =>
    server.address.kind === "ip" && server.address.host === ""
  );
  if (unresolved.length === 0) return;
  for (const server of unresolved) server.disabled = true;
  for (const one of diagnostics.list) {
    if (one.severity === "alert" && one.message.includes("could not resolve address")) one.severity = "warning";
  }
}

/** -q or the configuration's `quiet`; -V wins over both. */
export const isQuiet = (asked: Invocation, model: Model | null): boolean =>
  asked.quiet || (model?.global.quiet === true && !asked.verbose);

/** Writes the diagnostics to stderr: nothing at all when it is to be quiet, as haproxy does. */
export function showDiagnostics({ list }: Diagnostics, asked: Invocation, quiet: boolean): void {
  if (quiet) return;
  const shown = list.filter(({ severity }) => severity !== "diag" || asked.diagnostics);
  const lines = shown.slice(0, MOST_SHOWN).map((one) => renderDiagnostic(one, process.pid));
  if (shown.length > MOST_SHOWN) {
    lines.push(`[ALERT]    (${process.pid}) : ${shown.length - MOST_SHOWN} more problems are not shown`);
  }
  if (lines.length > 0) process.stderr.write(`${lines.join("\n")}\n`);
}
