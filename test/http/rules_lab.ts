/** Plays the groups of rules_cases.ts through a program: what server, client and log saw of each request. */
import { waitFor } from "../harness/conditions.ts";
import { connect } from "../harness/client.ts";
import { type Message, methodsIn, readAnswers, readRequests } from "../harness/http.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { start } from "../harness/processes.ts";
import { startServer, type TestServer } from "../harness/servers.ts";
import { startSyslog } from "../harness/syslog.ts";
import { ANSWER, type Group } from "./rules_cases.ts";

/** Messages with the names of their fields in lower case, which say the same. */
export interface Seen {
  server: string | null;
  client: string | null;
  log: string;
}

function configuration(groups: readonly Group[], ports: readonly number[], servers: readonly number[], log: number) {
  const lines = (all: readonly string[] = []) => all.map((line) => `  ${line}\n`).join("");
  return `global\n  nbthread 1\n  log 127.0.0.1:${log} local0\ndefaults\n  mode http\n  log global\n  timeout client 5s
  timeout server 5s\n  timeout connect 5s\n  log-format "%f %ST %ts <%hr> <%hs> %b/%s"\n` +
    groups.map(({ rules, backend }, i) =>
      `frontend f${i}\n  bind 127.0.0.1:${ports[i]}\n${lines(rules)}  default_backend b${i}\n` +
      `backend b${i}\n${lines(backend)}  server s 127.0.0.1:${servers[i]}\n`
    ).join("");
}

const text = ({ line, fields, body }: Message): string =>
  [line, ...fields.map(([name, value]) => `${name.toLowerCase()}: ${value}`), "", body].join("\n");

/** By group and request, in the order of the table. */
export async function playRules(program: string, groups: readonly Group[]): Promise<Seen[][]> {
  await using syslog = await startSyslog();
  const ports = freePorts(groups.length);
  const arrived: string[][] = groups.map(() => []);
  const servers: TestServer[] = groups.map((group, i) => serve(group, arrived[i]!));
  try {
    const config = configuration(groups, ports, servers.map(({ port }) => port), syslog.port);
    await using _running = await start(config, { program, ready: ports });
    return await Promise.all(groups.map(async ({ requests }, i) => {
      const all: Seen[] = [];
      for (const request of requests) {
        const before = arrived[i]!.length;
        const client = await answerTo(ports[i]!, request);
        const logged = () => syslog.lines.filter((line) => line.includes(`: f${i} `))[all.length];
        const line = await waitFor(logged, `the log line of ${JSON.stringify(request)}`);
        const server = arrived[i]![before] ?? null;
        all.push({ server, client, log: line.slice(line.indexOf(`: f${i} `) + 2).trim() });
      }
      return all;
    }));
  } finally {
    for (const server of servers) await server.stop();
  }
}

function serve({ response = ANSWER }: Group, arrived: string[]): TestServer {
  return startServer((peer) => {
    let answered = 0;
    peer.onData = () => {
      const { messages } = readRequests(peer.received());
      for (; answered < messages.length; answered++) {
        const message = messages[answered]!;
        arrived.push(text(message));
        peer.send(message.line.startsWith("HEAD ") ? response.slice(0, response.indexOf("\r\n\r\n") + 4) : response);
      }
    };
    peer.onEnding = () => peer.close();
  }, freePort());
}

async function answerTo(port: number, request: string): Promise<string | null> {
  const client = await connect(port);
  client.send(request);
  const read = () => readAnswers(client.received(), methodsIn(request), client.ending !== "open").messages[0];
  await waitFor(() => read() !== undefined || client.ending !== "open", `an answer to ${JSON.stringify(request)}`);
  const answer = read();
  client.close();
  return answer === undefined ? null : text(answer);
}
