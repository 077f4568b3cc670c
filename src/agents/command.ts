/**
 * `appliance agent`: from the words of the command line to an exit code. Owns signals, sockets, and the order of the end.
 */
import { readFileSync } from "node:fs";
import { quote } from "../config/diagnostics.ts";
import type { ListenAddress } from "../config/haproxy/model.ts";
import { closeDescriptor } from "../linux/descriptors.ts";
import { agentHelp, agentUsage } from "./help.ts";
import { createLog, type Log } from "./log.ts";
import { type DatabaseOptions, DATABASES, parseAgentArguments } from "./options.ts";
import { createResponder } from "./responder.ts";
import { serveAgent } from "./serve.ts";
import { told } from "./signals.ts";
import { nameOf, openAgentSocket } from "./sockets.ts";

/** Resolves with the exit code once the agent has been told to end, or at once. */
export async function runAgent(words: readonly string[], program: string): Promise<number> {
  const log = createLog((line) => void process.stderr.write(line), () => performance.now());
  const asked = parseAgentArguments(words);
  switch (asked.command) {
    case "help":
      process.stdout.write(agentHelp(program, asked.kind));
      return 0;
    case "refused":
      process.stderr.write(`${asked.problem}\n${agentUsage(program)}`);
      return 1;
    case "config":
      return await (await import("./xinetd/command.ts")).runServices(asked.paths, asked.check, log);
    case "serve":
      return await serveDatabase(asked, log);
  }
}

async function serveDatabase(options: DatabaseOptions, log: Log): Promise<number> {
  let secret: string;
  try {
    secret = readSecret(options);
  } catch (error) {
    log.alert(`Cannot read the password: ${(error as Error).message}`);
    return 1;
  }
  /** A password that was changed in its file is used from the next connection on. */
  const currentSecret = (): string => {
    try {
      secret = readSecret(options);
    } catch {
      // The one that is known may still be good.
    }
    return secret;
  };
  const sockets = openAll(options.listen, log);
  if (sockets === null) return 1;
  const responder = createResponder(options, currentSecret, log);
  const limits = {
    onlyFrom: options.allow,
    noAccess: [],
    instances: options.instances,
    perSource: options.perSource,
  };
  const services = sockets.map((fd) => serveAgent(fd, limits, responder, log));
  log.notice(
    `Agent ${options.kind} for ${options.host}:${options.port} answers on ${options.listen.map(nameOf).join(", ")}`,
  );
  await told();
  await Promise.all(services.map((service) => service.stop()));
  await responder.close();
  return 0;
}

/** The first line of the file, or what the environment says; throws when the file cannot be read. */
function readSecret(options: DatabaseOptions): string {
  if (options.passwordFile === null) return process.env[DATABASES[options.kind].secret] ?? "";
  return readFileSync(options.passwordFile, "utf8").split("\n", 1)[0]!.replace(/\r$/, "");
}

/** All or none; null: one could not be opened, which has been said. */
function openAll(addresses: readonly ListenAddress[], log: Log): number[] | null {
  const sockets: number[] = [];
  for (const address of addresses) {
    try {
      sockets.push(openAgentSocket(address));
    } catch (error) {
      log.alert(`Cannot listen on ${quote(nameOf(address))}: ${(error as Error).message}`);
      sockets.forEach(closeDescriptor);
      return null;
    }
  }
  return sockets;
}
