/**
 * The stats socket over real sockets: against haproxy 2.6 with the same configuration, with socat as a client, and with
 * listening sockets handed over in both directions.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { closeSync, readdirSync, readlinkSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Bind } from "../src/config/haproxy/model.ts";
import { closeDescriptor, duplicate } from "../src/linux/descriptors.ts";
import { fetchListeners } from "../src/linux/passing.ts";
import { createContext, startStatsSocket } from "../src/runtime/control.ts";
import type { PassedListener, RuntimeContext } from "../src/runtime/context.ts";
import { serveStatsSocket } from "../src/runtime/server.ts";
import { waitFor } from "./harness/conditions.ts";
import { freePort } from "./harness/ports.ts";
import { cleanUp, HAPROXY, type Running, start, temporaryDirectory } from "./harness/processes.ts";
import { bind, context, cookie, ip, model, proxy, server } from "./stats_fixture.ts";

const directory = temporaryDirectory();
const inDirectory = (name: string): string => join(directory, name);
const stops: (() => void)[] = [];
afterAll(() => {
  stops.forEach((stop) => stop());
  cleanUp();
});

const fdOf = (socket: object): number => (socket as { fd: number }).fd;

/** A listening unix socket as a plain descriptor, as the supervisor hands it over. */
function listenUnix(path: string): number {
  const listener = Bun.listen({ unix: path + ".tmp", socket: { data() {} } });
  renameSync(path + ".tmp", path); // stopping it would remove the file
  const fd = duplicate(fdOf(listener));
  listener.stop();
  return fd;
}

/** Serves a stats socket of its own; returns its path. */
function serve(name: string, given: Partial<Bind>, of: RuntimeContext): string {
  const path = inDirectory(name);
  const fd = listenUnix(path);
  const served = serveStatsSocket(fd, bind({ kind: "unix", path }, given), of);
  stops.push(() => {
    served.stop();
    closeDescriptor(fd);
  });
  return path;
}

/** Sends the text, ends its side, and gives all that comes until the other side ends. */
function ask(to: string | number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  let unsent = Buffer.from(text);
  const send = (socket: Socket): void => {
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
    if (unsent.length === 0) socket.shutdown();
  };
  const socket = {
    open: send,
    drain: (socket: Socket) => unsent.length > 0 ? send(socket) : undefined,
    data: (_socket: Socket, bytes: Buffer) => void (answer += bytes.toString("latin1")),
    end: (socket: Socket) => void socket.end(),
    close: (_socket: Socket, error?: Error) => error === undefined ? resolve(answer) : reject(error),
    error: (_socket: Socket, error: Error) => reject(error),
  };
  const connected = typeof to === "string"
    ? Bun.connect({ unix: to, allowHalfOpen: true, socket })
    : Bun.connect({ hostname: "127.0.0.1", port: to, allowHalfOpen: true, socket });
  connected.catch(reject);
  return promise;
}

const PORTS = { fe1: freePort(), fe1b: freePort(), web: freePort(), both: freePort(), li: freePort() };
const CONFIG = `global
  stats socket ${inDirectory("haproxy.sock")} level admin expose-fd listeners
  stats socket ${inDirectory("haproxy-user.sock")} level user
  maxconn 1000
  node n1
  description some text
  nbthread 2
defaults
  mode tcp
  timeout client 10s
  timeout server 10s
  timeout connect 1s
frontend fe1
  bind 127.0.0.1:${PORTS.fe1}
  bind 127.0.0.1:${PORTS.fe1b} name two maxconn 11
  bind ${inDirectory("fe1.sock")}
  maxconn 77
  option socket-stats
  rate-limit sessions 12
  default_backend be1
frontend off
  bind 127.0.0.1:1
  disabled
backend be1
  balance leastconn
  fullconn 50
  server s1 127.0.0.1:18701 weight 10 maxconn 5
  server s2 127.0.0.1:18702 backup disabled
  server s3 127.0.0.1:18703 minconn 2 maxconn 9 maxqueue 7
  server s4 127.0.0.1
  server s5 127.0.0.1:+10
backend be2
  balance source
frontend web
  mode http
  bind 127.0.0.1:${PORTS.web}
  use_backend webs
backend webs
  mode http
  balance first
  option allbackups
  cookie SRV insert indirect
  server w1 127.0.0.1:1 weight 0
  server w2 [::1]:2 backup weight 3 cookie c2
  server w3 127.0.0.1:3 backup weight 4
listen li
  bind 127.0.0.1:${PORTS.li}
  balance static-rr
  server l1 127.0.0.1:18701 weight 0
  server l2 unix@/none.sock
  server l3 127.0.0.1:18701 disabled
listen both
  mode http
  bind 127.0.0.1:${PORTS.both}
  option socket-stats
  balance uri
  server h1 127.0.0.1:1 cookie h1
`;
/** The same as the parser is to give it. */
const MODEL = model([
  proxy("frontend", "fe1", 2, {
    binds: [
      bind(ip("127.0.0.1", PORTS.fe1), { id: 1 }),
      bind(ip("127.0.0.1", PORTS.fe1b), { id: 2, name: "two", maxconn: 11 }),
      bind({ kind: "unix", path: inDirectory("fe1.sock") }, { id: 3 }),
    ],
    maxconn: 77,
    options: { socketStats: true },
    rateLimitSessions: 12,
    defaultBackend: "be1",
  }),
  proxy("frontend", "off", 3, { disabled: true, binds: [bind(ip("127.0.0.1", 1))] }),
  proxy("backend", "be1", 4, {
    balance: { kind: "leastconn" },
    fullconn: 50,
    servers: [
      server("s1", 1, "127.0.0.1", 18701, { weight: 10, maxconn: 5 }),
      server("s2", 2, "127.0.0.1", 18702, { backup: true, disabled: true }),
      server("s3", 3, "127.0.0.1", 18703, { minconn: 2, maxconn: 9, maxqueue: 7 }),
      server("s4", 4, "127.0.0.1", 0, {
        address: { kind: "ip", family: 4, host: "127.0.0.1", port: 0, portMode: "map", portOffset: 0 },
      }),
      server("s5", 5, "127.0.0.1", 0, {
        address: { kind: "ip", family: 4, host: "127.0.0.1", port: 0, portMode: "map", portOffset: 10 },
      }),
    ],
  }),
  proxy("backend", "be2", 5, { balance: { kind: "source" } }),
  proxy("frontend", "web", 6, {
    mode: "http",
    binds: [bind(ip("127.0.0.1", PORTS.web))],
    useBackends: [{ backend: "webs", dynamic: false, condition: null, place: { file: "", line: 1, column: 1 } }],
  }),
  proxy("backend", "webs", 7, {
    mode: "http",
    balance: { kind: "first" },
    options: { allbackups: true },
    cookie: cookie("SRV"),
    servers: [
      server("w1", 1, "127.0.0.1", 1, { weight: 0 }),
      server("w2", 2, "::1", 2, { backup: true, weight: 3, cookie: "c2" }),
      server("w3", 3, "127.0.0.1", 3, { backup: true, weight: 4 }),
    ],
  }),
  proxy("listen", "li", 8, {
    binds: [bind(ip("127.0.0.1", PORTS.li))],
    balance: { kind: "static-rr" },
    servers: [
      server("l1", 1, "127.0.0.1", 18701, { weight: 0 }),
      server("l2", 2, "", 0, { address: { kind: "unix", path: "/none.sock" } }),
      server("l3", 3, "127.0.0.1", 18701, { disabled: true }),
    ],
  }),
  proxy("listen", "both", 9, {
    mode: "http",
    binds: [bind(ip("127.0.0.1", PORTS.both))],
    options: { socketStats: true },
    balance: { kind: "uri", whole: false, pathOnly: false, len: 0, depth: 0 },
    servers: [server("h1", 1, "127.0.0.1", 1, { cookie: "h1" })],
  }),
], { node: "n1", description: "some text" });

type Table = Map<string, Map<string, string>>;
function parseCsv(text: string): Table {
  const lines = text.split("\n").filter((line) => line !== "");
  const names = lines[0]!.slice(2).split(",");
  return new Map(
    lines.slice(1).map((line) => {
      const fields = line.split(",");
      return [`${fields[0]}/${fields[1]}`, new Map(names.map((name, i) => [name, fields[i]!]))];
    }),
  );
}
const columnsOf = (text: string): string[] => text.slice(2, text.indexOf("\n")).split(",");

/** Typed lines by object and field name: position, tags and type; persistence is younger than 2.6. */
function parseTyped(text: string): Map<string, string> {
  return new Map(
    text.split("\n").filter((line) => line !== "").map((line) => {
      const [, object, position, name, tags, type] = /^((?:[FBLS]\.\d+\.\d+\.)?)(\d+)\.([^.]+)\.1:(...)V?:([^:]*):/
        .exec(line)!;
      return [object! + name!, `${position} ${tags} ${type}`];
    }),
  );
}

describe.skipIf(HAPROXY === null)("as haproxy, with the same configuration", () => {
  let haproxy: Running;
  const theirs = inDirectory("haproxy.sock");
  const of = context(MODEL, { environment: process.env });
  let ours: string;
  beforeAll(async () => {
    haproxy = await start(CONFIG, { program: HAPROXY!, ready: [theirs, PORTS.li] });
    ours = serve("ours.sock", {}, of);
  });
  const both = (text: string): Promise<[string, string]> => Promise.all([ask(ours, text), ask(theirs, text)]);

  /** Ages: the two were not started in the same second. */
  const VOLATILE = ["lastchg", "downtime"];

  test("show stat: the columns are haproxy's as far as 2.6 knows them", async () => {
    const [our, their] = (await both("show stat\n")).map(columnsOf) as [string[], string[]];
    const known = their.slice(0, their.indexOf("-"));
    expect(our.slice(0, known.length)).toEqual(known);
    for (const name of their) expect(our).toContain(name);
  });

  test.each(["show stat", "show stat up", "show stat no-maint", "show stat -1 4 2", "show stat be1 -1 -1"])(
    "%s: the same rows with the same values",
    async (command) => {
      const [our, their] = (await both(`${command}\n`)).map(parseCsv) as [Table, Table];
      expect([...our.keys()]).toEqual([...their.keys()]);
      for (const [object, fields] of their) {
        const mine = our.get(object)!;
        for (const [name, value] of fields) {
          const shown = (text: string): string =>
            `${object} ${name} ${VOLATILE.includes(name) && text !== "" ? 0 : text}`;
          expect(shown(mine.get(name)!)).toBe(shown(value));
        }
      }
    },
  );

  test("show stat at level user", async () => {
    const user = serve("ours-user.sock", { level: "user" }, of);
    const [our, their] = [await ask(user, "show stat\n"), await ask(inDirectory("haproxy-user.sock"), "show stat\n")]
      .map(parseCsv) as [Table, Table];
    for (const object of ["be1/s1", "fe1/two", "be1/BACKEND", "webs/w2"]) {
      for (const name of ["addr", "cookie", "algo", "mode"]) {
        expect(`${object} ${name} ${our.get(object)!.get(name)}`).toBe(
          `${object} ${name} ${their.get(object)!.get(name)}`,
        );
      }
    }
  });

  test("show stat typed: the same tags and types", async () => {
    const [our, their] = (await both("show stat typed\n")).map(parseTyped) as [
      Map<string, string>,
      Map<string, string>,
    ];
    for (const [key, tags] of their) {
      // The columns behind the mark have moved.
      const moved = Number(tags.split(" ")[0]) >= 103;
      const comparable = (text: string): string => moved ? text.slice(text.indexOf(" ")) : text;
      expect(key + comparable(our.get(key)!)).toBe(key + comparable(tags));
    }
  });

  const selections = [
    "-1 1 0",
    "-1 -1 0",
    "-1 -1 1",
    "3 4 3",
    "2 8 -1",
    "-1 a b",
    "#4 7 -1",
    "99 1 1",
    "nope 1 1",
    "0 1 1",
    "2",
    "2 1",
  ];
  test.each(selections)("show stat %s: the same objects", async (words) => {
    const [our, their] = await both(`show stat ${words}\n`);
    const names = (text: string): string[] => text.split("\n").map((line) => line.split(",", 2).join(","));
    expect(names(our)).toEqual(names(their));
  });

  test.each(["show servers state", "show servers state li", "show servers state #4", "show servers state fe1"])(
    "%s",
    async (command) => {
      const [our, their] = await both(`${command}\n`);
      /** Without the age, the tenth column. */
      const stable = (text: string): string[][] =>
        text.split("\n").map((line) => line.split(" ").filter((_, i) => i !== 9 || line.startsWith("#")));
      expect(stable(our)).toEqual(stable(their));
    },
  );

  test("show servers conn, for the threads there are", async () => {
    const [our, their] = await both("show servers conn be1\n");
    const lines = (text: string): string[] => text.replace(/\[\d\]/, "").split("\n").map((line) => line.slice(0, 40));
    expect(lines(our)).toEqual(lines(their));
  });

  test("show info: the same fields in the same order", async () => {
    const names = (text: string): string[] => text.split("\n").map((line) => line.split(":")[0]!);
    const [our, their] = (await both("show info\n")).map(names) as [string[], string[]];
    // Spelt so from 2.7 on.
    expect(our).toEqual(their.map((name) => name === "TotalSplicdedBytesOut" ? "TotalSplicedBytesOut" : name));
    const [typed, theirTyped] = (await both("show info typed\n")).map(parseTyped) as [
      Map<string, string>,
      Map<string, string>,
    ];
    for (const [name, tags] of theirTyped) {
      if (name !== "TotalSplicdedBytesOut") expect(`${name} ${typed.get(name)}`).toBe(`${name} ${tags}`);
    }
  });

  const same = [
    "show backend",
    "show cli level",
    "show cli level;operator;show cli level;user;operator",
    "prompt\nshow cli level\nquit",
    "prompt;prompt;show cli level",
    "set timeout cli 10s;set timeout cli x;set timeout cli;set timeout foo",
    "show servers state nope",
    "show stat domain dns",
    "show env HOME;show env NO_SUCH_VARIABLE",
    "show cli level <<\na\nb\n",
    "prompt\nshow cli level <<\na\nb\n\nquit",
    "quit;show cli level",
    "user;show env HOME",
  ];
  test.each(same)("%j is answered alike", async (text) => {
    const [our, their] = await both(`${text}\n`);
    expect(our).toBe(their);
  });

  test("a running haproxy's listeners are fetched", async () => {
    const listeners = await fetchListeners(theirs);
    const inodes = new Set(socketsOf(haproxy.pid));
    expect(listeners.length).toBe(8); // six of proxies, two of stats sockets
    for (const listener of listeners) {
      expect(inodes).toContain(readlinkSync(`/proc/self/fd/${listener.fd}`));
      expect(listener).toMatchObject({ namespace: "", interface: null });
      closeSync(listener.fd);
    }
  });

  test("a socket that exposes nothing is refused with a reason", () => {
    const fetched = fetchListeners(inDirectory("haproxy-user.sock"));
    return expect(fetched).rejects.toThrow(/needs "level admin" and "expose-fd listeners"/);
  });

  test("haproxy takes our listeners over with -x", async () => {
    const port = freePort();
    const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    const passed: PassedListener = {
      fd: fdOf(listener),
      namespace: "",
      interface: null,
      address: ip("127.0.0.1", port),
    };
    const path = serve("passing.sock", { exposeFdListeners: true }, context(MODEL, { listeners: [passed] }));
    // Bound without SO_REUSEPORT: whoever wants to bind it again fails.
    const config =
      `defaults\n mode tcp\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend f\n bind 127.0.0.1:${port}\n`;
    await using successor = await start(config, { program: HAPROXY!, args: ["-db", "-x", path] });
    const inode = readlinkSync(`/proc/self/fd/${passed.fd}`);
    await waitFor(
      () => socketsOf(successor.pid).includes(inode),
      () => `haproxy to hold ${inode}: ${successor.stderr()}`,
    );
    listener.stop(true);
    const client = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    client.terminate();
  });
});

const socketsOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return target.startsWith("socket:") ? [target] : [];
    } catch {
      return []; // closed meanwhile
    }
  });

describe("passing listeners on between two of ours", () => {
  const listeners = Array.from({ length: 600 }, (_, i): PassedListener => {
    const listener = Bun.listen({ unix: `\0stats-${process.pid}-${i}`, socket: { data() {} } });
    stops.push(() => listener.stop(true));
    return { fd: fdOf(listener), namespace: "", interface: i % 2 ? `eth${i}` : null, address: ip("::", i) };
  });

  test.each([0, 1, 252, 253, 600])("%p of them arrive in order", async (count) => {
    const path = serve(
      `pass${count}.sock`,
      { exposeFdListeners: true },
      context(MODEL, {
        listeners: listeners.slice(0, count),
      }),
    );
    // The blocking client needs the server in another process.
    const script = `
      const { fetchListeners } = await import(${JSON.stringify(join(import.meta.dir, "../src/linux/passing.ts"))});
      const { readlinkSync } = await import("node:fs");
      const got = await fetchListeners(${JSON.stringify(path)});
      console.log(JSON.stringify(got.map((one) => [readlinkSync("/proc/self/fd/" + one.fd), one.interface])));`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
    const text = await new Response(child.stdout).text();
    expect(await new Response(child.stderr).text()).toBe("");
    expect(JSON.parse(text)).toEqual(
      listeners.slice(0, count).map((one) => [readlinkSync(`/proc/self/fd/${one.fd}`), one.interface]),
    );
  });

  const refusals: [name: string, given: Partial<Bind>][] = [
    ["without expose-fd", {}],
    ["below level admin", { exposeFdListeners: true, level: "operator" }],
  ];
  test.each(refusals)("nothing is passed on %s", async (name, given) => {
    const path = serve(`refused-${name.length}.sock`, given, context(MODEL, { listeners }));
    expect(await ask(path, "_getsocks\n")).toBe("");
  });
});

describe("over a real socket", () => {
  const MANY = model([
    proxy("backend", "be", 2, {
      servers: Array.from({ length: 10_000 }, (_, i) => server(`server-${i}`, i + 1, "127.0.0.1", 80)),
    }),
  ]);

  test("socat gets the whole answer although it ends its side at once", async () => {
    const path = serve("socat.sock", {}, context(MANY));
    const child = Bun.spawn(["socat", "-", path], { stdin: new Blob(["show stat\n"]), stdout: "pipe" });
    const text = await new Response(child.stdout).text();
    expect(text.split("\n").length).toBe(10_000 + 2 + 2);
    expect(text.endsWith(",\n\n")).toBe(true);
  });

  test("a reader that pauses gets all of it", async () => {
    const path = serve("slow.sock", {}, context(MANY));
    const { promise, resolve } = Promise.withResolvers<number>();
    let bytes = 0;
    await Bun.connect({
      unix: path,
      socket: {
        open: (socket) => void socket.write("show stat\n"),
        data(socket, chunk) {
          bytes += chunk.length;
          socket.pause();
          setImmediate(() => socket.resume());
        },
        close: () => resolve(bytes),
      },
    });
    expect(await promise).toBe((await ask(path, "show stat\n")).length);
  });

  test("input after the first line does not reset the connection", async () => {
    const tcp = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = tcp;
    const fd = duplicate(fdOf(tcp));
    tcp.stop();
    const served = serveStatsSocket(fd, bind(ip("127.0.0.1", port)), context(MODEL));
    expect(await ask(port, "show version\n" + "rubbish\n".repeat(300_000))).toBe("9.8.7\n\n");
    served.stop();
    closeDescriptor(fd);
  });

  test("stats maxconn: one more waits until another leaves", async () => {
    const few = model([], { statsMaxconn: 1 });
    const path = serve("few.sock", {}, context(few));
    const held = await Bun.connect({ unix: path, socket: { data() {} } });
    held.write("prompt\n");
    let answered = false;
    const second = ask(path, "show version\n").then((text) => {
      answered = true;
      return text;
    });
    // A third connection's answer proves nothing; that the first still is answered proves the server had its turn.
    const echo = Promise.withResolvers<void>();
    held.reload({ socket: { data: () => echo.resolve() } });
    held.write("show version\n");
    await echo.promise;
    expect(answered).toBe(false);
    held.end();
    expect(await second).toBe("9.8.7\n\n");
  });

  test("an idle connection is closed after stats timeout", async () => {
    const path = serve("idle.sock", {}, context(model([], { statsTimeoutMs: 20 })));
    const { promise, resolve } = Promise.withResolvers<string>();
    await Bun.connect({ unix: path, socket: { data() {}, close: () => resolve("closed") } });
    expect(await promise).toBe("closed");
  });

  test("all sockets of the configuration together share the limit, on TCP as well", async () => {
    const path = inDirectory("control.sock");
    const tcp = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const port = tcp.port;
    const sockets = [
      { fd: listenUnix(path), bind: bind({ kind: "unix", path }) },
      { fd: duplicate(fdOf(tcp)), bind: bind(ip("127.0.0.1", port), { level: "user" }) },
    ];
    tcp.stop();
    const of = context(model([], { statsMaxconn: 1, statsSockets: sockets.map((one) => one.bind) }));
    const control = createContext({ ...of, stopping: () => true });
    const served = startStatsSocket(sockets, control);
    stops.push(() => {
      served.stop();
      sockets.forEach(({ fd }) => closeDescriptor(fd));
    });
    const answers: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data(socket, bytes) {
          answers.push(bytes.toString("latin1"));
          if (answers.length === 1) socket.write("show info\n");
          else resolve();
        },
      },
    });
    client.write("prompt;show cli level\n");
    const other = ask(path, "show cli level\n").then((text) => answers.push(text));
    await promise;
    client.end();
    await other;
    expect(answers[0]).toContain("user\n");
    expect(answers[1]).toContain("\nStopping: 1\n");
    expect(answers.at(-1)).toBe("admin\n\n");
  });
});
