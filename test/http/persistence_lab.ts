/**
 * Plays the table of persistence_cases.ts through a program, and tells what server, client
 * and log saw of each. `applied` does the same with our functions alone, for a server that is known to have answered.
 */
import type { Proxy } from "../../src/config/haproxy/model.ts";
import { composeHead } from "../../src/proxy/http1/compose.ts";
import { type Head, newHead } from "../../src/proxy/http1/head.ts";
import { PARSED, parseRequest, parseResponse } from "../../src/proxy/http1/parse.ts";
import { compileCaptures } from "../../src/proxy/rules/captures.ts";
import { createPersistence, newFound } from "../../src/proxy/rules/persistence.ts";
import { dateText, readDate, unitsOf } from "../../src/proxy/rules/persistence_dates.ts";
import type { Exchange } from "../../src/proxy/samples/context.ts";
import { waitFor } from "../harness/conditions.ts";
import { connect } from "../harness/client.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { start } from "../harness/processes.ts";
import { startServer } from "../harness/servers.ts";
import { startSyslog } from "../harness/syslog.ts";
import { type Farm, FARMS, type Play } from "./persistence_cases.ts";

/** What was seen of one exchange. Names of fields in lower case, dates as offsets. */
export interface Seen {
  /** Which server it was; "-": none. */
  server: string;
  /** Third and fourth letter of the termination state. */
  letters: string;
  /** Captured cookies, and header fields by slot. */
  captured: string;
  up: string[];
  down: string[];
}

/** Fields that tell nothing of cookies. */
const LEFT_OUT = ["host", "connection", "content-length", "etag", "location", "x-farm"];
const SERVERS = ["a", "b", "c", "d", "e"] as const;
/** Third is one without a cookie, fourth one that is down, fifth one that cannot be reached and gets only whom a cookie leads there. */
const serverLines = (port: number, closed: number): string =>
  [
    `a 127.0.0.1:${port} cookie sa`,
    `b 127.0.0.1:${port} cookie sb`,
    `c 127.0.0.1:${port}`,
    `d 127.0.0.1:${port} cookie sd disabled`,
    `e 127.0.0.1:${closed} cookie se weight 0`,
  ].map((line) => `  server ${line}\n`).join("");

export function configuration(
  farms: readonly Farm[],
  ports: readonly number[],
  server: number,
  closed: number,
  log: string,
): string {
  return `global\n  nbthread 1\n${log}defaults\n  mode http\n  log global\n  timeout client 5s\n  timeout server 5s
  timeout connect 1s\n  retries 0\n  log-format "%f %tsc %s [%CC] [%CS] <%hr> <%hs>"\n` +
    farms.map(({ lines }, i) => {
      const own = lines.split("; ").map((line) => `  ${line}\n`).join("");
      return `frontend f${i}\n  bind 127.0.0.1:${ports[i]}\n  capture cookie AP len 20\n` +
        "  capture request header X-A len 8\n  capture request header X-B len 20\n  capture response header X-R len 6\n" +
        `  default_backend b${i}\nbackend b${i}\n${own}${serverLines(server, closed)}`;
    }).join("");
}

const dated = (text: string, nowSec: number): string =>
  text.replace(/now\((-?\d+)\)/g, (_, offset: string) => dateText(unitsOf(nowSec + Number(offset))));

const requestText = (play: Play, nowSec: number, farm: number): string =>
  `${play.method} / HTTP/1.1\r\nHost: h\r\nX-Farm: ${farm}\r\n${dated(play.request, nowSec)}Connection: close\r\n` +
  `${play.method === "POST" ? "Content-Length: 0\r\n" : ""}\r\n`;

const responseText = ({ response }: Play): string =>
  response.startsWith("HTTP/") ? response : `HTTP/1.1 200 OK\r\n${response}Content-Length: 0\r\n\r\n`;

/** The fields of a head that matter, blanks around values left out. */
function fieldsOf(message: string, nowSec: number): string[] {
  const head = message.slice(0, message.indexOf("\r\n\r\n"));
  return head.split("\r\n").slice(1).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")] as const;
  }).filter(([name]) => !LEFT_OUT.includes(name)).map(([name, value]) => `${name}: ${undated(value, nowSec)}`);
}

/** Dates as how many units from now they are. */
const undated = (value: string, nowSec: number): string =>
  value.replace(/\|( ?)([A-Za-z0-9+/]{5})/g, (_, blank: string, date: string) => {
    const offset = readDate(Buffer.from(date), 0, 5) - unitsOf(nowSec);
    return Math.abs(offset) < 100_000 ? `|${blank}<${offset}>` : `|${blank}${date}`;
  });

export interface Played {
  rows: Map<string, Seen>;
  /** When each row was played, in seconds since 1970. */
  times: Map<string, number>;
  /** Port of the servers that answer: dynamic cookies are made of it. */
  port: number;
}

/** Farms at the same time, the rows of each in order: every one asks its servers in turn. */
export async function playAll(program: string, where: number = freePort()): Promise<Played> {
  const played: Played = { rows: new Map(), times: new Map(), port: where };
  const closed = freePort();
  const ports = freePorts(FARMS.length);
  const answers: string[] = [];
  const arrived: string[] = [];
  await using syslog = await startSyslog();
  await using _server = startServer((peer) => {
    peer.onData = () => {
      const request = peer.received();
      if (!request.includes("\r\n\r\n")) return;
      const farm = Number(/^x-farm: (\d+)\r$/im.exec(request)?.[1]);
      arrived[farm] = request;
      peer.send(answers[farm] ?? "");
      peer.shutdown();
    };
    peer.onEnding = () => peer.close();
  }, where);
  const text = configuration(FARMS, ports, where, closed, `  log 127.0.0.1:${syslog.port} local0\n`);
  await using _running = await start(text, { program, ready: ports });

  async function playRow(farm: number, play: Play, row: string, lines: number): Promise<void> {
    // The program must not see another second than we do.
    await waitFor(() => Date.now() % 1000 < 800, "a second that is not over at once");
    const nowSec = Math.floor(Date.now() / 1000);
    answers[farm] = responseText(play);
    arrived[farm] = "";
    const client = await connect(ports[farm] as number);
    client.send(Buffer.from(requestText(play, nowSec, farm), "latin1"));
    await client.untilEnded();
    const said = client.received();
    client.close();
    const logged = () => syslog.lines.filter((line) => line.includes(`: f${farm} `));
    const line = await waitFor(() => logged()[lines], `a line for ${row}`);
    played.times.set(row, nowSec);
    played.rows.set(row, {
      ...readLine(line),
      up: fieldsOf(arrived[farm] ?? "", nowSec),
      down: fieldsOf(said, nowSec),
    });
  }
  await Promise.all(FARMS.map(async (farm, i) => {
    for (const [n, play] of farm.plays.entries()) await playRow(i, play, name(farm, play, played.rows), n);
  }));
  return played;
}

/** Names of repeated rows differ by a number. */
export function name({ lines }: Farm, play: Play, taken: { has(name: string): boolean }): string {
  const plain = `${lines} | ${play.method} ${JSON.stringify(play.request)} ${JSON.stringify(play.response)}`;
  for (let n = 1;; n++) {
    const numbered = n === 1 ? plain : `${plain} (${n})`;
    if (!taken.has(numbered)) return numbered;
  }
}

function readLine(line: string): Omit<Seen, "up" | "down"> {
  const read = /: f\d+ ..(\S\S) (\S+) (.*?)\n?$/.exec(line);
  if (read === null) throw new Error(`Cannot read the log line ${line}`);
  return { letters: read[1] ?? "", server: read[2] ?? "", captured: read[3] ?? "" };
}

const head = newHead(101, 16_384);
const out = Buffer.alloc(32_768);

function composed(request: boolean): string {
  const end = composeHead(head, request, out, 0);
  return out.toString("latin1", 0, end);
}

function parsed(text: string, request: boolean, method: number): Head {
  const bytes = Buffer.from(text, "latin1");
  const result = request
    ? parseRequest(head, bytes, 0, bytes.length, 101)
    : parseResponse(head, bytes, 0, bytes.length, method, 101);
  if (result !== PARSED.done) throw new Error(`Cannot read ${JSON.stringify(text)}`);
  return head;
}

/** The same exchange by our functions, as if `server` had answered; unless the cookie leads to another one that is reached. */
export function applied(
  proxy: Proxy,
  frontend: Proxy,
  farm: Farm,
  play: Play,
  server: string,
  nowSec: number,
): Seen {
  const persist = createPersistence(proxy);
  const captures = compileCaptures(frontend);
  const found = newFound();
  const exchange: Exchange & { requestCookie: string; responseCookie: string } = {
    count: 1,
    method: 0,
    minor: 1,
    requestLine: "",
    status: -1,
    requestCaptures: [],
    responseCaptures: [],
    uniqueId: "",
    body: null,
    bodyAt: 0,
    bodyEnd: 0,
    requestCookie: "",
    responseCookie: "",
  };
  found.forced = farm.lines.includes("use-server");
  parsed(requestText(play, nowSec, 0), true, 0);
  const { method } = head;
  captures?.request(head, exchange);
  captures?.requestCookie(head, exchange);
  const usable = (index: number) => proxy.servers[index]?.disabled === false;
  if (persist?.fromRequest(head, found, usable, nowSec) === false) throw new Error("no room in the request");
  const chosen = SERVERS[found.server];
  const up = composed(true);
  parsed(responseText(play), false, method);
  captures?.response(head, exchange);
  captures?.responseCookie(head, exchange);
  const index = SERVERS.indexOf(server as "a");
  if (persist?.toResponse(head, found, index, method, nowSec) === false) throw new Error("no room in the response");
  const down = composed(false);
  const slots = (values: (string | null)[]) => values.map((value) => value ?? "").join("|");
  return {
    server: chosen === undefined || chosen === "e" ? server : chosen,
    letters: found.request + found.response,
    captured: `[${exchange.requestCookie || "-"}] [${exchange.responseCookie || "-"}] ` +
      `<{${slots(exchange.requestCaptures)}}> <{${slots(exchange.responseCaptures)}}>`,
    up: fieldsOf(up, nowSec),
    down: fieldsOf(down, nowSec),
  };
}
