/**
 * Real nginx servers as back ends: one process each, in the foreground, access logs off.
 *
 * Each serves /small.txt (128 bytes), /name (its own name) and /1m (1 MiB); and under any path .../name and
 * .../forwarded, which tells the field X-Forwarded-For it got.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { listening } from "./proc.ts";
import { launch, temporaryDirectory } from "./processes.ts";
import { waitFor } from "./conditions.ts";

export const NGINX = Bun.which("nginx", { PATH: "/usr/sbin:/usr/local/sbin:/usr/bin" });

export interface Nginx extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

export interface NginxFarm extends AsyncDisposable {
  readonly servers: readonly Nginx[];
  readonly ports: readonly number[];
}

/** Starts one nginx for each name and waits until all serve. */
export async function startNginx(...names: string[]): Promise<NginxFarm> {
  const servers = await Promise.all(names.map(startOne));
  return {
    servers,
    ports: servers.map((server) => server.port),
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

async function startOne(name: string): Promise<Nginx> {
  if (NGINX === null) throw new Error("Cannot find nginx: install the Debian package nginx-light");
  const prefix = temporaryDirectory();
  const root = join(prefix, "root");
  mkdirSync(root);
  writeFileSync(join(root, "small.txt"), `${"s".repeat(127)}\n`);
  writeFileSync(join(root, "name"), `${name}\n`);
  writeFileSync(join(root, "1m"), new Uint8Array(1 << 20).fill(0x6d));
  const port = freePort();
  writeFileSync(join(prefix, "nginx.conf"), configuration(prefix, root, port));
  const running = launch([NGINX, "-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", join(prefix, "error.log")]);
  await waitFor(() => {
    if (running.exitCode() !== null) throw new Error(`Cannot start nginx:\n${running.stderr()}`);
    return listening(port);
  }, "nginx to serve");
  return { name, port, pid: running.pid, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

function configuration(prefix: string, root: string, port: number): string {
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${prefix}/${kind};`).join("\n");
  return `daemon off;
master_process off;
pid ${prefix}/pid;
error_log ${prefix}/error.log crit;
events { worker_connections 18000; }
http {
${scratch}
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  keepalive_timeout 3600s;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port} backlog=4096 reuseport;
    root ${root};
    location ~ ./name$ { rewrite ^ /name break; }
    location ~ /forwarded$ { return 200 "$http_x_forwarded_for\\n"; }
  }
}
`;
}
