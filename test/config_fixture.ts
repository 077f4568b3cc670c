/** For tests: loads a text as a lone configuration file, with nothing from the command line and no hook complaining. */
import { newEnvironment } from "../src/config/haproxy/environment.ts";
import { renderDiagnostic } from "../src/config/diagnostics.ts";
import { type Checks, loadConfig, type LoadContext, type Loaded, NO_OVERRIDES } from "../src/config/haproxy/load.ts";

import type { Bind, Model, Proxy, Server } from "../src/config/haproxy/model.ts";

export const NO_CHECKS: Checks = {
  logFormat: () => null,
  expression: () => null,
  acl: () => null,
  aclFits: () => true,
  regex: () => null,
  errorMessage: () => null,
  readFile: () => "",
};

export function testContext(change: Partial<LoadContext> = {}): LoadContext {
  return {
    environment: newEnvironment({}, { version: "3.5.0", localPeer: "local", masterWorker: false, files: ["test.cfg"] }),
    condition: { features: new Set(), enabled: new Set(), version: "3.5.0", ssl: null },
    checks: NO_CHECKS,
    // The machine the tests run on may have any users.
    accounts: { user: (name) => name === "root" ? 0 : null, group: (name) => name === "root" ? 0 : null },
    limits: { cores: 8 },
    overrides: NO_OVERRIDES,
    ...change,
  };
}

export function loadText(text: string, change: Partial<LoadContext> = {}): Loaded {
  return loadConfig([{ path: "test.cfg", text }], testContext(change));
}

export const TIMEOUTS = "  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n";

export function accepted(loaded: Loaded): Model {
  const shown = loaded.diagnostics.list.map((one) => renderDiagnostic(one, 1)).join("\n");
  if (loaded.model === null) throw new Error(shown);
  return loaded.model;
}
export function model(text: string): Model {
  return accepted(loadText(text));
}
/** The proxy of a `listen` that says this; there is a backend "b" besides. */
export function listen(...lines: string[]): Proxy {
  const text = lines.map((line) => `  ${line}\n`).join("");
  const proxy = model(`listen l\n  bind :1\n${TIMEOUTS}${text}backend b\n`).proxies[0];
  if (proxy === undefined) throw new Error("no proxy");
  return proxy;
}
export function server(parameters: string, address = "10.0.0.1:80"): Server {
  return listen(`server s ${address} ${parameters}`).servers[0] as Server;
}
export function binds(words: string): Bind[] {
  return model(`frontend f\n  bind ${words}\n  timeout client 1s\n`).proxies[0]?.binds ?? [];
}
