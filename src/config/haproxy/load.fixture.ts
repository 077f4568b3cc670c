/** For tests: loads a text as a lone configuration file, with nothing from the command line and no hook complaining. */
import { newEnvironment } from "./environment.ts";
import { type Checks, loadConfig, type LoadContext, type Loaded, NO_OVERRIDES } from "./load.ts";

export const NO_CHECKS: Checks = { logFormat: () => null, expression: () => null, acl: () => null };

export function testContext(change: Partial<LoadContext> = {}): LoadContext {
  return {
    environment: newEnvironment({}, { version: "3.5.0", localPeer: "local", masterWorker: false, files: ["test.cfg"] }),
    condition: { features: new Set(), enabled: new Set(), version: "3.5.0", ssl: null },
    checks: NO_CHECKS,
    // The machine the tests run on may have any users.
    accounts: { user: (name) => name === "root" ? 0 : null, group: (name) => name === "root" ? 0 : null },
    limits: { nofile: 20_000, cores: 2 },
    overrides: NO_OVERRIDES,
    ...change,
  };
}

export function loadText(text: string, change: Partial<LoadContext> = {}): Loaded {
  return loadConfig([{ path: "test.cfg", text }], testContext(change));
}
