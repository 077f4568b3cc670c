/** `appliance agent --config PATH`: checks xinetd's files, opens what they name, and runs their services until told to end. */
import { hasErrors, newDiagnostics, quote, renderDiagnostic } from "../../config/diagnostics.ts";
import { loadXinetd } from "../../config/xinetd/load.ts";
import type { XinetdService } from "../../config/xinetd/model.ts";
import { closeDescriptor } from "../../linux/descriptors.ts";
import { identityProblem } from "../../linux/identity.ts";
import { createLoop } from "../../linux/loop.ts";
import type { Log } from "../log.ts";
import { openAgentSocket } from "../sockets.ts";
import { told } from "../signals.ts";
import { runService } from "./service.ts";
import { systemLookups, systemSources } from "./system.ts";

/** How long programs may take to end after SIGTERM. */
const GRACE_MS = 2000;

export async function runServices(paths: readonly string[], check: boolean, log: Log): Promise<number> {
  const diagnostics = newDiagnostics();
  const services = loadXinetd(paths, systemSources, systemLookups(), diagnostics);
  for (const one of diagnostics.list) process.stderr.write(`${renderDiagnostic(one, process.pid)}\n`);
  if (hasErrors(diagnostics)) {
    log.alert("config : Fatal errors found in configuration.");
    return 1;
  }
  if (check) return 0;
  const problem = services.map(identityProblemOf).find((one) => one !== null);
  if (problem !== undefined) {
    log.alert(problem!);
    return 1;
  }
  const sockets = openAll(services, log);
  if (sockets === null) return 1;
  const loop = createLoop();
  const running = services.map((service, at) => runService(service, sockets[at]!, loop, log));
  loop.start({ nextAt: () => Infinity, turn() {} });
  log.notice(`Serving ${services.map(({ id, port }) => `${id} on port ${port}`).join(", ")}`);
  await told();
  await Promise.race([Promise.all(running.map((one) => one.stop())), Bun.sleep(GRACE_MS)]);
  return 0;
}

function identityProblemOf({ id, uid, gid }: XinetdService): string | null {
  const problem = identityProblem({ chroot: null, uid, gid });
  return problem === null ? null : `Cannot run service ${quote(id)}: ${problem}`;
}

/** All or none; null: one could not be opened, which has been said. */
function openAll(services: readonly XinetdService[], log: Log): number[] | null {
  const sockets: number[] = [];
  for (const service of services) {
    try {
      sockets.push(openService(service));
    } catch (error) {
      log.alert(`Cannot listen on port ${service.port} for service ${quote(service.id)}: ${(error as Error).message}`);
      sockets.forEach(closeDescriptor);
      return null;
    }
  }
  return sockets;
}

/** On all addresses of both families where nothing else is asked; of IPv4 where the machine knows no IPv6. */
function openService({ bind, ipv4Only, v6only, port }: XinetdService): number {
  if (bind !== null) return openAgentSocket({ kind: "ip", ...bind, port }, v6only);
  if (ipv4Only) return openAgentSocket({ kind: "ip", family: 4, host: "0.0.0.0", port });
  try {
    return openAgentSocket({ kind: "ip", family: 6, host: "::", port }, v6only);
  } catch (error) {
    if (v6only || (error as { code?: string }).code !== "EAFNOSUPPORT") throw error;
    return openAgentSocket({ kind: "ip", family: 4, host: "0.0.0.0", port });
  }
}
