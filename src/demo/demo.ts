/**
 * `appliance demo`: six small back ends inside the process and a configuration that balances over them.
 *
 * Needs no root and no other program. The configuration is an ordinary file that a person can read and change.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BACKENDS = ["apple", "banana", "cherry", "damson", "elder", "fig"];
export const HTTP_PORT = 9001;
export const TCP_PORT = 9002;
export const STATS_PORT = 1080;

interface Server {
  name: string;
  port: number;
}

function page(name: string, request: Request, peer: string): Response {
  // A health check of HTTP/1.0 names no host.
  const { pathname } = new URL(request.url, "http://demo");
  if (pathname === "/health") return new Response("ok\n");
  const client = request.headers.get("x-forwarded-for") ?? peer;
  const body = `Served by ${name}\nto ${client}\n${request.method} ${pathname}\n`;
  return new Response(body, { headers: { "content-type": "text/plain; charset=utf-8", server: name } });
}

function configuration(servers: readonly Server[], directory: string): string {
  const lines = (from: number, to: number, options: (server: Server) => string) =>
    servers.slice(from, to).map((server) => `    server ${server.name} 127.0.0.1:${server.port}${options(server)}\n`)
      .join("");
  const kept = ({ name }: Server) => ` cookie ${name} maxconn 300 check`;
  return `# The demo's configuration: edit it and send SIGHUP to the process to see a reload.
global
    maxconn 2000
    stats socket ${directory}/stats.sock mode 600 level admin expose-fd listeners

defaults
    mode http
    timeout connect 2s
    timeout client 1m
    timeout server 1m
    option httpchk GET /health

# The path decides which back ends answer; a cookie keeps a browser with one of them.
frontend l7
    bind :${HTTP_PORT}
    option forwardfor
    acl is_images path_beg -i /images
    acl is_api path_beg -i /api
    use_backend images if is_images
    use_backend api if is_api
    default_backend web

backend web
    balance roundrobin
    cookie SERVER insert indirect nocache
${lines(0, 2, kept)}
backend images
    balance leastconn
${lines(2, 4, () => " maxconn 300 check")}
backend api
    balance roundrobin
    http-request set-header X-Api yes
${lines(4, 6, () => " maxconn 300 check")}
# Bytes, whatever they mean: each new connection goes to the next server.
listen l4
    bind :${TCP_PORT}
    mode tcp
    balance roundrobin
${lines(0, 6, () => " maxconn 300")}
listen stats
    bind :${STATS_PORT}
    stats enable
    stats uri /
    stats refresh 5s
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
    `Appliance demo: six back ends behind one address.

  L7 service    http://127.0.0.1:${HTTP_PORT}/   the path decides: try /images and /api
  L4 service    http://127.0.0.1:${TCP_PORT}/   each new connection goes to the next back end
  statistics    http://127.0.0.1:${STATS_PORT}/
  stats socket  socat ${directory}/stats.sock - <<< "show stat"
  configuration ${path}

Ctrl-C ends it.
`,
  );
  return path;
}
