/**
 * The configurations of the benchmark's rows: in haproxy's language, which both programs read, and in nginx's.
 */
import type { Plan } from "./rows.ts";

const serverLines = (servers: readonly number[]) =>
  servers.map((server, i) => `  server s${i + 1} 127.0.0.1:${server}\n`).join("");

const head = (more: readonly string[] = []) => `
global
  nbthread 1
  maxconn 9000
${more.map((line) => `  ${line}\n`).join("")}
defaults
  timeout connect 10s
  timeout client 1h
  timeout server 1h
`;

export const tcp = ({ port, servers }: Plan) =>
  `${head()}
listen tcp
  mode tcp
  bind 127.0.0.1:${port}
${serverLines(servers)}`;

/** One worker process, as the others have one thread. The idle time is nginx's own 10 minutes. */
export const tcpNginx = ({ port, servers, directory }: Plan) => `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${directory}/pid; error_log stderr crit;
events { worker_connections 19000; }
stream {
  upstream servers { ${servers.map((server) => `server 127.0.0.1:${server};`).join(" ")} }
  server { listen 127.0.0.1:${port} backlog=4096; proxy_pass servers; tcp_nodelay on; }
}
`;

const withStats = (config: string, { directory }: Plan) =>
  config.replace(head(), head([`stats socket ${directory}/stats mode 600 level admin expose-fd listeners`]));

export const tcpWithStats = (plan: Plan) => withStats(tcp(plan), plan);

/** Ten thousand servers over a hundred back ends; one of them is asked. */
export const manyServers = ({ port, servers }: Plan) => {
  const backends = Array.from({ length: 100 }, (_, backend) => {
    const lines = Array.from(
      { length: 100 },
      (_, i) => `  server s${i} 127.0.0.1:${servers[0]} weight ${1 + i % 100}\n`,
    );
    return `backend b${backend}\n  mode tcp\n  balance roundrobin\n${lines.join("")}`;
  });
  return `${head()}
frontend tcp
  mode tcp
  bind 127.0.0.1:${port}
  default_backend b7
${backends.join("")}`;
};

/** Lines of the section in front of its servers. */
const httpWith = ({ port, servers }: Plan, lines: readonly string[] = []) =>
  `${head()}
listen http
  mode http
  bind 127.0.0.1:${port}
${lines.map((line) => `  ${line}\n`).join("")}${serverLines(servers)}`;

export const http = (plan: Plan) => httpWith(plan);
export const httpWithStats = (plan: Plan) => withStats(http(plan), plan);
export const httpLogged = (plan: Plan) => httpWith(plan, [`log 127.0.0.1:${plan.logPort} local0`, "option httplog"]);

/** One worker process; connections to servers are kept, which is not nginx's default. */
const httpNginxWith = (
  { port, servers, directory }: Plan,
  lines: readonly string[],
  outside: readonly string[] = [],
) => `
daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${directory}/pid; error_log stderr crit;
events { worker_connections 19000; }
http {
${
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `  ${kind}_temp_path ${directory}/${kind};\n`)
    .join("")
}
  keepalive_timeout 1h; keepalive_requests 100000000; tcp_nodelay on;
${outside.map((line) => `  ${line}\n`).join("")}
  upstream servers {
    ${servers.map((server) => `server 127.0.0.1:${server};`).join(" ")}
    keepalive 64; keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
${lines.map((line) => `      ${line}\n`).join("")}
      proxy_pass http://servers; proxy_http_version 1.1; proxy_set_header Connection "";
    }
  }
}
`;

export const httpNginx = (plan: Plan) => httpNginxWith(plan, ["access_log off;"]);
export const httpLoggedNginx = (plan: Plan) =>
  httpNginxWith(plan, [`access_log syslog:server=127.0.0.1:${plan.logPort} combined;`]);

/** Twenty conditions of the kinds that configurations are full of; none holds, so each request meets them all. */
const CONDITIONS: readonly string[] = [
  "path_beg /api/",
  "path_beg /static/ /assets/ /images/",
  "path_beg -i /Admin",
  "path_end .php",
  "path_end .jpg .jpeg .png .gif",
  "path /health",
  "path_sub /../",
  "path_reg ^/users/[0-9]+/orders$",
  "url_sub session=",
  "url_param(debug) -m found",
  "query -m sub select",
  "method POST PUT DELETE",
  "hdr(host) -i admin.example.com",
  "hdr_end(host) -i .internal",
  "hdr_sub(user-agent) -i bot crawler",
  "req.hdr(upgrade) -m found",
  "req.hdr_cnt(x-forwarded-for) gt 1",
  "cook(maintenance) -m found",
  "src 10.0.0.0/8 192.168.0.0/16",
  "dst_port 1",
];

export const httpRules = (plan: Plan) =>
  httpWith(plan, [
    ...CONDITIONS.map((condition, i) => `acl c${i} ${condition}`),
    ...CONDITIONS.map((_, i) => `http-request deny if c${i}`),
    "http-request set-header X-Forwarded-Proto http",
    "http-request set-header X-Client %[src]",
    "http-request del-header X-Secret",
    "http-response set-header X-Served-By %s",
    "http-response del-header Server",
  ]);

/** Its nearest relatives: variables that regular expressions set, and fields. */
export const httpRulesNginx = (plan: Plan) =>
  httpNginxWith(plan, [
    "access_log off;",
    ...Array.from({ length: 20 }, (_, i) => `if ($c${i}) { return 403; }`),
    "proxy_set_header X-Forwarded-Proto http;",
    "proxy_set_header X-Client $remote_addr;",
    `proxy_set_header X-Secret "";`,
    "add_header X-Served-By $upstream_addr;",
    "proxy_hide_header Server;",
  ], [
    ...["/api/", "/static/", "/assets/", "/images/", "/Admin", "/health"].map((path, i) =>
      `map $uri $c${i} { default 0; ~*^${path} 1; }`
    ),
    ...["php$", "jpe?g$", "/../", "^/users/[0-9]+/orders$"].map((path, i) =>
      `map $uri $c${6 + i} { default 0; "~${path}" 1; }`
    ),
    ...["session=", "debug", "select"].map((part, i) => `map $args $c${10 + i} { default 0; ~${part} 1; }`),
    ...["admin.example.com", "internal$"].map((part, i) => `map $host $c${13 + i} { default 0; ~*${part} 1; }`),
    "map $request_method $c15 { default 0; POST 1; PUT 1; DELETE 1; }",
    "map $http_user_agent $c16 { default 0; ~*(bot|crawler) 1; }",
    "map $http_upgrade $c17 { default 0; ~. 1; }",
    "map $cookie_maintenance $c18 { default 0; ~. 1; }",
    "map $remote_addr $c19 { default 0; ~^(10|192[.]168)[.] 1; }",
  ]);
