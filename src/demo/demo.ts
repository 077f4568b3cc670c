/**
 * `appliance demo`: six small back ends inside the process and a configuration that balances over them.
 *
 * Needs no root and no other program. The configuration is an ordinary file that a person can read and change.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BACKENDS = ["apple", "banana", "cherry", "damson", "elder", "fig"];
export const TCP_PORT = 9002;

function page(name: string, request: Request, peer: string): Response {
  if (new URL(request.url).pathname === "/health") return new Response("ok\n");
  const body = `Served by ${name}\nto ${peer}\n${request.method} ${new URL(request.url).pathname}\n`;
  return new Response(body, { headers: { "content-type": "text/plain; charset=utf-8", server: name } });
}

function configuration(servers: { name: string; port: number }[], directory: string): string {
  return `# The demo's configuration: edit it and send SIGHUP to the process to see a reload.
global
    maxconn 2000
    stats socket ${directory}/stats.sock mode 600 level admin expose-fd listeners

defaults
    mode tcp
    timeout connect 2s
    timeout client 1m
    timeout server 1m

listen l4
    bind :${TCP_PORT}
    balance roundrobin
${servers.map(({ name, port }) => `    server ${name} 127.0.0.1:${port} maxconn 300`).join("\n")}
`;
}

/** Starts the back ends and writes the configuration; returns its path. Both go when the process does. */
export function startDemo(): string {
  const servers = BACKENDS.map((name) => {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, self) => page(name, request, self.requestIP(request)?.address ?? "somebody"),
    });
    return { name, port: server.port! };
  });
  const directory = mkdtempSync(join(tmpdir(), "appliance-demo-"));
  const path = join(directory, "demo.cfg");
  writeFileSync(path, configuration(servers, directory));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  process.stdout.write(
    `Appliance demo: six back ends behind one address. Each new connection goes to the next one.

  L4 service   http://127.0.0.1:${TCP_PORT}/
  statistics   socat ${directory}/stats.sock - <<< "show stat"
  configuration ${path}

Ctrl-C ends it.
`,
  );
  return path;
}
