/**
 * Traffic follows what is said on the stats socket. What is not skipped then holds of haproxy
 * itself: APPLIANCE=/usr/sbin/haproxy.
 */
import { afterAll, expect, test } from "bun:test";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { get } from "../harness/http.ts";
import type { Peer } from "../harness/peer.ts";
import { cleanUp, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { type Site, startSite } from "./lab.ts";

afterAll(cleanUp);

test("maintenance stops new connections, leaves the old ones, and enabling brings the server back", async () => {
  await using site = await startSite({ servers: { a: "", b: "" } });
  expect(await site.names(4)).toEqual(["a", "a", "b", "b"]);
  const old = [await site.client(), await site.client()];
  await site.done("set server web/a state maint");
  expect(await site.names(4)).toEqual(["b", "b", "b", "b"]);
  expect(old.map(({ peer }) => peer.ending)).toEqual(["open", "open"]);
  expect(await site.field("web/a", "status")).toBe("MAINT");
  await site.done("enable server web/a");
  expect(await site.names(4)).toEqual(["a", "a", "b", "b"]);
  for (const { peer } of old) peer.close();
});

test("weight 0 and drain take no new connections, weights share them out", async () => {
  await using site = await startSite({ servers: { a: "weight 10", b: "weight 10" } });
  await site.done("set weight web/a 0");
  expect(await site.names(3)).toEqual(["b", "b", "b"]);
  await site.done("set server web/a weight 300%");
  expect(await site.say("get weight web/a")).toBe("30 (initial 10)\n");
  expect(await site.names(8)).toEqual(["a", "a", "a", "a", "a", "a", "b", "b"]);
  await site.done("set server web/a state drain");
  expect(await site.names(3)).toEqual(["b", "b", "b"]);
  expect(await site.field("web/a", "status")).toMatch(/^DRAIN|no check$/);
  await site.done("set server web/a state ready");
  await site.done("set server web/b health down");
  expect(await site.names(3)).toEqual(["a", "a", "a"]);
});

test("without a server left connections fail, and a backup steps in where there is one", async () => {
  await using site = await startSite({ servers: { a: "", spare: "backup" } });
  await site.done("disable server web/a");
  expect(await site.names(2)).toEqual(["spare", "spare"]);
  await site.done("disable server web/spare");
  const peer = await connect(site.port);
  await peer.untilEnded();
  expect(peer.received()).toBe("");
  expect(await site.field("web/BACKEND", "status")).toBe("DOWN");
  await site.done("enable server web/a");
  expect(await site.names(2)).toEqual(["a", "a"]);
});

/** The server that answers a request on its own connection, with a cookie if there is one. */
async function whoAnswers({ port }: Site, cookie: string): Promise<string> {
  const peer = await connect(port);
  peer.send(get("/", ...(cookie === "" ? [] : [`Cookie: S=${cookie}`])));
  await waitFor(() => peer.received().includes("\r\n\r\n") && /[ab]$/.test(peer.received()), () => peer.received());
  peer.close();
  return peer.received().at(-1)!;
}

test("a server that drains, or has weight 0, keeps the clients that have its cookie; one in maintenance does not", async () => {
  await using site = await startSite({
    mode: "http",
    web: "cookie S insert indirect",
    servers: { a: "cookie a", b: "cookie b" },
  });
  for (const command of ["set server web/a state drain", "set weight web/a 0"]) {
    await site.done(command);
    expect([await whoAnswers(site, "a"), await whoAnswers(site, "a")]).toEqual(["a", "a"]);
    expect([await whoAnswers(site, ""), await whoAnswers(site, "")]).toEqual(["b", "b"]);
    await site.done("set weight web/a 100%");
    await site.done("set server web/a state ready");
  }
  await site.done("set server web/a state maint");
  expect([await whoAnswers(site, "a"), await whoAnswers(site, "a")]).toEqual(["b", "b"]);
  await site.done("set server web/a state ready");
  expect(await whoAnswers(site, "a")).toBe("a");
});

test("a raised maxconn frees who waits for the server", async () => {
  await using site = await startSite({ servers: { a: "maxconn 1" } });
  const first = await site.client();
  const waiting = await connect(site.port);
  await waitFor(async () => await site.field("web/BACKEND", "qcur") === "1", "somebody in the queue");
  expect(waiting.received()).toBe("");
  await site.done("set maxconn server web/a 2");
  // haproxy looks at the queue at once, and where it does not, when a connection ends.
  await waiting.untilBytes(1);
  expect(await site.field("web/a", "slim")).toBe("2");
  first.peer.close();
  waiting.close();
});

test("who waits for a server that goes into maintenance goes to another with option redispatch", async () => {
  await using site = await startSite({
    web: "balance source\n  option redispatch",
    servers: { a: "maxconn 1", b: "maxconn 1" },
  });
  const { peer, name } = await site.client();
  const other = name === "a" ? "b" : "a";
  const waiting = await connect(site.port);
  await waitFor(async () => await site.field(`web/${name}`, "qcur") === "1", "somebody in the server's queue");
  await site.done(`set server web/${name} state maint`);
  await waiting.untilBytes(1);
  expect(waiting.received()).toBe(other);
  expect(peer.ending).toBe("open");
  peer.close();
  waiting.close();
});

test("shutdown sessions server ends those of this server alone", async () => {
  await using site = await startSite({ servers: { a: "", b: "" } });
  const clients = [await site.client(), await site.client(), await site.client(), await site.client()];
  await site.done("shutdown sessions server web/a");
  const of = (name: string): Peer[] => clients.filter((one) => one.name === name).map(({ peer }) => peer);
  for (const peer of of("a")) await peer.untilEnded();
  expect(of("b").map((peer) => peer.ending)).toEqual(["open", "open"]);
  await waitFor(async () => await site.field("web/a", "scur") === "0", "no session of a");
  expect(await site.field("web/b", "scur")).toBe("2");
  for (const peer of of("b")) peer.close();
});

test("on-marked-down shutdown-sessions ends the sessions of a server that goes into maintenance", async () => {
  await using site = await startSite({ servers: { a: "on-marked-down shutdown-sessions", b: "" } });
  const clients = [await site.client(), await site.client()];
  await site.done("disable server web/a");
  await clients.find(({ name }) => name === "a")!.peer.untilEnded();
  expect(clients.find(({ name }) => name === "b")!.peer.ending).toBe("open");
});

const ENDS: [command: string, termination: string][] = [
  ["shutdown sessions server web/a", "K-"],
  ["set server web/a state maint", "D-"],
  ["set server web/a health down", "D-"],
];
test.each(ENDS)("%s: the line of a session that it ends says %s", async (command, termination) => {
  await using site = await startSite({
    web: "option tcplog\n  log stderr format raw local0",
    servers: { a: "on-marked-down shutdown-sessions" },
  });
  const { peer } = await site.client();
  await site.done(command);
  await peer.untilEnded();
  const { localPort } = peer;
  const line = await waitFor(
    () => site.running.stderr().split("\n").find((line) => line.startsWith(`127.0.0.1:${localPort} `)),
    "the line",
  );
  expect(line.split(" ")[6]).toBe(termination);
});

test("the line of a session that is ended while it waits says KQ", async () => {
  await using site = await startSite({
    web: "option tcplog\n  log stderr format raw local0",
    servers: { a: "maxconn 1" },
  });
  const { peer } = await site.client();
  const waiting = await connect(site.port);
  await waitFor(async () => await site.field("web/BACKEND", "qcur") === "1", "somebody in the queue");
  const { localPort } = waiting;
  const sessions = (await site.say("show sess")).split("\n");
  const mine = sessions.find((line) => line.includes(`src=127.0.0.1:${localPort} `))!;
  await site.done(`shutdown session ${mine.split(":")[0]}`);
  await waiting.untilEnded();
  const line = await waitFor(
    () => site.running.stderr().split("\n").find((line) => line.startsWith(`127.0.0.1:${localPort} `)),
    "the line",
  );
  expect(line.split(" ")[6]).toBe("KQ");
  expect(await site.field("web/BACKEND", "qcur")).toBe("0");
  peer.close();
});

test("an HTTP request in progress on a server is ended with it", async () => {
  await using site = await startSite({
    mode: "http",
    web: "option httplog\n  log stderr format raw local0",
    servers: { a: "" },
  });
  site.servers["a"]!.peers.forEach((peer) => peer.onData = null);
  const peer = await connect(site.port);
  peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  await peer.untilBytes(1);
  const lines = (): string[] => site.running.stderr().split("\n").filter((line) => line.includes(" web web/a "));
  expect(lines()).toEqual([]);
  await site.done("shutdown sessions server web/a");
  await peer.untilEnded();
  const line = await waitFor(() => lines()[0], "the line");
  expect(line).toContain(" 200 ");
  expect(line.split(" ").find((word) => /^[A-Z-]{4}$/.test(word))!.slice(0, 2)).toBe("K-");
});

test("show sess lists the sessions, shutdown session ends one of them", async () => {
  await using site = await startSite({ servers: { a: "" } });
  const clients = [await site.client(), await site.client()];
  const lines = (await site.say("show sess")).split("\n").filter((line) => line.includes(" fe=web be=web srv=a "));
  expect(lines.length).toBe(2);
  const mine = lines.find((line) => line.includes(`src=127.0.0.1:${clients[0]!.peer.localPort} `))!;
  const id = mine.split(":")[0]!;
  expect(mine).toMatch(/^0x[0-9a-f]+: proto=tcpv4 .* age=\ds /);
  await site.done(`shutdown session ${id}`);
  await clients[0]!.peer.untilEnded();
  expect(clients[1]!.peer.ending).toBe("open");
  await waitFor(async () => await site.field("web/a", "scur") === "1", "one session of a");
  expect(await site.say("shutdown session 0x1")).toBe("No such session (use 'show sess').\n");
  clients[1]!.peer.close();
});

test("a disabled frontend refuses new connections and keeps the old ones; enabled it serves again", async () => {
  await using site = await startSite({ servers: { a: "" } });
  const { peer } = await site.client();
  await site.done("disable frontend web");
  await expect(connect(site.port)).rejects.toThrow();
  expect(await site.field("web/FRONTEND", "status")).toBe("PAUSED");
  expect(await site.say("disable frontend web")).toBe("All sockets are already disabled.\n");
  expect(peer.ending).toBe("open");
  await site.done("enable frontend web");
  expect(await site.names(2)).toEqual(["a", "a"]);
  await site.done("shutdown frontend web");
  await expect(connect(site.port)).rejects.toThrow();
  expect(await site.field("web/FRONTEND", "status")).toBe("STOP");
  expect(await site.say("enable frontend web")).toBe("Frontend was previously shut down, cannot enable.\n");
  expect(peer.ending).toBe("open");
  peer.close();
});

test.skipIf(UNDER_TEST_IS_HAPROXY).each(["set maxconn frontend web", "set maxconn global"])(
  "%s holds back who comes, and lets in when raised",
  async (command) => {
    await using site = await startSite({ servers: { a: "" }, global: "maxconn 50" });
    const { peer } = await site.client();
    await site.done(`${command} 1`);
    const waiting = await connect(site.port);
    // Somebody else's answer shows that there was time for this one.
    await site.field("web/FRONTEND", "scur");
    expect([await site.field("web/FRONTEND", "scur"), waiting.received()]).toEqual(["1", ""]);
    await site.done(`${command} 10`);
    await waiting.untilBytes(1);
    peer.close();
    waiting.close();
  },
);

test.skipIf(UNDER_TEST_IS_HAPROXY)("set rate-limit connections holds back who comes", async () => {
  await using site = await startSite({ servers: { a: "" } });
  await site.done("set rate-limit connections global 1");
  const begun = performance.now();
  await site.names(3);
  // One in the first second, which may have begun long ago, and one in each that follows.
  expect(performance.now() - begun).toBeGreaterThan(900);
  await site.done("set rate-limit connections global 0");
  expect(await site.names(5)).toEqual(["a", "a", "a", "a", "a"]);
});

test("clear counters clears what was most, with all everything", async () => {
  await using site = await startSite({ servers: { a: "" } });
  const clients = [await site.client(), await site.client()];
  clients.forEach(({ peer }) => peer.close());
  await waitFor(async () => await site.field("web/a", "scur") === "0", "no sessions");
  const total = Number(await site.field("web/a", "stot"));
  expect(Number(await site.field("web/a", "smax"))).toBeGreaterThan(0);
  await site.done("clear counters");
  expect([await site.field("web/a", "smax"), await site.field("web/BACKEND", "smax")]).toEqual(["0", "0"]);
  expect(Number(await site.field("web/a", "stot"))).toBe(total);
  await site.done("clear counters all");
  for (const column of ["stot", "bout", "lbtot"]) {
    expect(`${column} ${await site.field("web/a", column)}`).toBe(`${column} 0`);
  }
  expect(await site.field("web/FRONTEND", "stot")).toBe("0");
  expect(await site.names(1)).toEqual(["a"]);
  expect(await site.field("web/a", "stot")).toBe("1");
});

test.skipIf(UNDER_TEST_IS_HAPROXY)("a disabled frontend stays so when the process pauses and resumes", async () => {
  await using site = await startSite({ servers: { a: "" } });
  await site.done("disable frontend web");
  // Two signals at once may be delivered in either order: the supervisor, which passes this on, has heard of the first.
  site.running.signal("SIGTTOU");
  await site.say("show sess");
  site.running.signal("SIGTTIN");
  await site.say("show sess");
  await expect(connect(site.port)).rejects.toThrow();
  await site.done("enable frontend web");
  expect(await site.names(2)).toEqual(["a", "a"]);
});

test.skipIf(UNDER_TEST_IS_HAPROXY)("what was set holds when a role dies and is started again", async () => {
  await using site = await startSite({ servers: { a: "", b: "" } });
  await site.done("disable server web/a");
  const before = new Set(site.running.tree());
  const roles = [...before].filter((pid) => pid !== site.running.pid);
  for (const pid of roles) process.kill(pid, "SIGKILL");
  await waitFor(() => site.running.tree().filter((pid) => !before.has(pid)).length === roles.length, "new roles");
  await waitFor(async () => await site.say("show version").catch(() => ""), "the stats socket");
  expect(await site.names(4)).toEqual(["b", "b", "b", "b"]);
  await site.done("disable frontend web");
  const [pid] = site.running.tree().filter((pid) => pid !== site.running.pid);
  process.kill(pid!, "SIGKILL");
  await waitFor(() => !site.running.tree().includes(pid!), "it to be gone");
  await waitFor(() => site.running.tree().length === roles.length + 1, "its successor");
  await waitFor(async () => await site.say("show version").catch(() => ""), "the stats socket");
  await expect(connect(site.port)).rejects.toThrow();
  await site.done("enable frontend web");
  expect(await site.names(2)).toEqual(["b", "b"]);
});

test.skipIf(UNDER_TEST_IS_HAPROXY)("a reload begins with what the configuration says", async () => {
  await using site = await startSite({ servers: { a: "", b: "" } });
  await site.done("disable server web/a");
  await site.done("disable frontend web");
  site.running.signal("SIGUSR2");
  await waitFor(() => site.running.stderr().includes("Reloaded"), "the reload");
  await waitFor(async () => await site.field("web/a", "status").catch(() => "") === "no check", "the new generation");
  expect(await site.names(4)).toEqual(["a", "a", "b", "b"]);
});
